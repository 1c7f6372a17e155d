/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who read the log, as rows of the store. */
#ifndef BRIDGEAUDIT_LOGGER_STORE_READING_H
#define BRIDGEAUDIT_LOGGER_STORE_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/reading.h"

struct store;

enum { READING_USER_MAX = 64, STORE_READINGS_MAX = 64 };

/* Times are CLOCK_REALTIME ns. */
struct reading {
	int64_t id;		 /* of store_reading_id() */
	uint64_t from_ns, to_ns; /* to_ns 0: it goes on */
	uint32_t uid, gid;
	int32_t pid;  /* 0: of several */
	int64_t auid; /* the uid that logged in; -1: not known */
	char user[READING_USER_MAX], login[READING_USER_MAX]; /* "": none */
	char verb[READING_VERB_MAX]; /* "": only counted */
	char command[READING_COMMAND_MAX];
	int64_t rows;	/* -1: not said */
	int32_t exit;	/* -1: not said */
	uint64_t reads; /* that this one stands for */
};

/* The readings that wait for a commit. */
struct readings {
	size_t n;
	int64_t next_id;
	struct reading waiting[STORE_READINGS_MAX];
};

/* An id that no row ever had. */
int64_t store_reading_id(struct store *st);

/* How many more have room before the next commit. */
size_t store_readings_room(const struct store *st);

/* Takes a copy for the next commit, in the place of one with its id; the
 * caller has checked for room. */
void store_add_reading(struct store *st, const struct reading *reading);

/* For the store: the first id; those that wait, written. SQLite codes. */
int readings_load(struct store *st);
int readings_write(struct store *st);

#endif
