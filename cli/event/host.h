/* SPDX-License-Identifier: GPL-2.0-or-later */
/* On which host a packet was logged: that of the logger which ran then. */
#ifndef BRIDGEAUDIT_CLI_EVENT_HOST_H
#define BRIDGEAUDIT_CLI_EVENT_HOST_H

#include <sqlite3.h>
#include <stdint.h>

enum { HOST_TEXT_MAX = 256 };

struct host {
	char name[HOST_TEXT_MAX]; /* any bytes, cut if longer; "": not known */
	char id[HOST_TEXT_MAX];	  /* the same */
	char log[HOST_TEXT_MAX];  /* hex: which log it is; "": not known */
	uint64_t from_ns;	  /* it was so in from_ns <= time < until_ns; */
	uint64_t until_ns;	  /* both 0: nothing was read yet */
};

/* Of that time, unless ret has it already. 0 or -errno; ret stays then. */
int host_read(sqlite3 *db, uint64_t time_ns, struct host *ret);

#endif
