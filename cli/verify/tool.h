/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small things that the files of verify have in common. */
#ifndef BRIDGEAUDIT_CLI_VERIFY_TOOL_H
#define BRIDGEAUDIT_CLI_VERIFY_TOOL_H

#include "lib/canonical.h"

/* 0 or -errno; a step: 1 with a row, 0 at the end. */
int verify_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret);
int verify_step(sqlite3_stmt *s);

/* False for what is no blob of that length. */
bool verify_take_blob(sqlite3_stmt *s, int column, uint8_t *ret, int len);

/* Ends c. */
bool verify_same_hash(struct canonical *c, const uint8_t as[CANONICAL_HASH]);

/* list: the address of a pointer to n things of that size; *room, for how many
 * there is room, grows when it is full. 0 or -ENOMEM. */
int verify_make_room(void *list, size_t n, size_t *room, size_t size);

#endif
