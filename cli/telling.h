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
	int64_t told; /* of these, before the last beginning */
	uint64_t file_dev, file_ino; /* of the last beginning */
	/* the socket of the last beginning, by inode and change; 0: none was
	 * reached */
	uint64_t socket_ino, socket_ns;
};

/* The file that db has open is about to be read. */
void telling_begin(struct telling *t, sqlite3 *db);

/*
 * It is still read: begins anew where who listened is gone and another logger
 * is there since, or could not be reached until now, or db has another file
 * open than it had. One that hung up is not asked again. To be called now and
 * then by what goes on for long.
 */
void telling_go_on(struct telling *t, sqlite3 *db);

/* code: the exit code it ends with. */
void telling_end(struct telling *t, int code);

#endif
