/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tells the logger of a log that it is read: before the first row, and at the
 * end. It never waits, and nothing depends on whether anybody listens. */
#ifndef BRIDGEAUDIT_CLI_TELLING_H
#define BRIDGEAUDIT_CLI_TELLING_H

#include <sqlite3.h>
#include <stdint.h>

struct telling {
	const char *verb;
	int argc;
	char **argv;  /* with the program's name, which is not told */
	int fd;	      /* -1: nobody listens */
	int64_t rows; /* that were printed; -1: nobody counts them */
};

/* The file that db has open is about to be read. */
void telling_begin(struct telling *t, sqlite3 *db);

/* code: the exit code it ends with. */
void telling_end(struct telling *t, int code);

#endif
