/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How hard packets press, from what waits in the NFLOG socket. */
#ifndef BRIDGEAUDIT_LOGGER_CAPTURE_PRESSURE_H
#define BRIDGEAUDIT_LOGGER_CAPTURE_PRESSURE_H

#include <stdint.h>

#include "logger/store/store.h"

struct pressure {
	enum store_pressure level;
	bool sharing; /* what is read now is shared among who sent it */
	bool shared;  /* somebody got less than all, since the last look */
	uint64_t calm_since_ms; /* monotonic; 0: it is not */
};

/*
 * The level for a socket buffer that is full to fill percent. Up at once, from
 * 25 and from 50 percent on; down when for 5 seconds it was below 5 percent and
 * nothing was shared.
 */
enum store_pressure pressure_next(struct pressure *p, unsigned int fill,
				  uint64_t now_ms);

/* Percent of a socket's buffer that is full; 0 when it can't be told. */
unsigned int pressure_fill(int fd);

/* Whether a buffer full to fill percent has to be shared: from 50 on, until it
 * is below 25. */
bool pressure_shares(const struct pressure *p, unsigned int fill);

/* Looks at the socket, tells the store, and notes a change in the ledger as
 * the finding "load". */
void pressure_update(struct pressure *p, int nflog_fd, struct store *st,
		     uint64_t now_ms);

#endif
