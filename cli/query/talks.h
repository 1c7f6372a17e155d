/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who talks to whom as a sorted list of keys with a count, from the database
 * or from a file, so that two of them can be compared.
 */
#ifndef BRIDGEAUDIT_CLI_QUERY_TALKS_H
#define BRIDGEAUDIT_CLI_QUERY_TALKS_H

#include "cli/query/flow.h"

enum { TALKS_MAX = 1000000, TALKS_KEY_MAX = 4096 };

/* One key: its fields in order, each with its kind, as talks_values() reads. */
struct talk {
	char *key;
	int64_t packets;
};

struct talks {
	struct talk *list;
	size_t n;
};

/*
 * All groups of the window. 0, -E2BIG beyond TALKS_MAX, or -errno;
 * talks_clear() in any case.
 */
int talks_read(sqlite3 *db, const struct selection *sel,
	       const struct group *group, struct talks *ret);

/*
 * The same from what "bridgeaudit top -o jsonl" by that group has written.
 * Returns 0, or -EINVAL after saying what is wrong with which line.
 */
int talks_load(const struct cli *cli, const char *path,
	       const struct group *group, struct talks *ret);

void talks_clear(struct talks *t);

/* The fields of a key; text is its copy of TALKS_KEY_MAX bytes that they
 * point into. Returns how many there are. */
size_t talks_values(const struct talk *talk, char *text, struct value *ret);

#endif
