/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the NFLOG socket to the store: receives, takes apart, numbers, and
 * counts what is missing between two numbers.
 */
#ifndef BRIDGEAUDIT_LOGGER_CAPTURE_INTAKE_H
#define BRIDGEAUDIT_LOGGER_CAPTURE_INTAKE_H

#include "logger/capture/fair.h"
#include "logger/capture/gaplog.h"
#include "logger/capture/sequence.h"
#include "logger/reconcile/reconcile.h"
#include "logger/store/store.h"

struct intake {
	int nflog_fd;
	uint8_t *buf; /* CAPTURE_RECV_SIZE, the caller's */
	struct store *store;
	struct fair *fair;
	struct reconcile *rec;
	struct sequence sequence;
	struct gaplog lost, shed;
	bool sharing;	     /* the caller's: more comes than can be written */
	bool shared;	     /* and somebody got less than all, of this batch */
	uint64_t written_ns; /* until then the store could not be written */
	uint64_t foreign;    /* packets of other people's rules */
	uint64_t malformed;  /* messages that made no sense */
	/* Says detail in the log and, when there is room, in status. */
	void (*note)(void *arg, const char *detail);
	/* The store is full: commits if it can. */
	void (*full)(void *arg);
	void *arg;
};

/* Reads what is there, a bounded piece of it. now_ns is for packets that have
 * no time. Returns whether the socket was empty at the end. */
bool intake_take(struct intake *in, uint64_t now_ns);

#endif
