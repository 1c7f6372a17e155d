/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small log with something in every table, and verify over copies of it. */
#ifndef BRIDGEAUDIT_TESTS_UNIT_VERIFY_WORLD_H
#define BRIDGEAUDIT_TESTS_UNIT_VERIFY_WORLD_H

#include <sqlite3.h>

#include "cli/verify/verify.h"
#include "tests/unit/store_world.h"

/* Bytes of a database file. */
struct image {
	unsigned char *bytes;
	sqlite3_int64 len;
};

/* Two sessions over three hours: names, rules, gaps, findings, packets of
 * which some were named later. Leaves the store closed. */
void verify_world_fill(const struct world *w);
/* Or one with a block of events that was digested. */
void verify_world_fill_block(const struct world *w);
struct image verify_world_image(const struct world *w);
/* A writable copy in memory, to be closed. */
sqlite3 *verify_world_open(const struct image *image);
/* Runs SQL; false when the database refuses it. */
bool verify_world_try(sqlite3 *db, const char *sql);
/* With the options, or NULL for none. */
struct verify_report verify_world_check(sqlite3 *db,
					const struct verify_options *options);
/* The log itself, with its sums; round is for the message. */
void verify_world_must_be_proven(const struct world *w, unsigned int round);

#endif
