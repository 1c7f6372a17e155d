/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who read the log lately, for status. */
#ifndef BRIDGEAUDIT_CLI_STATUS_READS_H
#define BRIDGEAUDIT_CLI_STATUS_READS_H

#include <jansson.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/reading_row.h"

struct status_reads {
	int64_t day;		   /* readings of the last 24 hours */
	uint64_t last_ns;	   /* 0: there is none at all */
	char who[READING_WHO_MAX]; /* of the last; escaped */
	char verb[64];		   /* escaped; "": only counted */
	char command[4096];	   /* escaped */
};

/* Returns 0 or -errno. */
int status_reads_read(sqlite3 *db, uint64_t now_ns, struct status_reads *ret);

/* Two lines, each begun with a name of so many columns. */
void status_reads_print(const struct status_reads *reads, int name_width,
			FILE *out);

/* NULL without memory. */
json_t *status_reads_json(const struct status_reads *reads);

#endif
