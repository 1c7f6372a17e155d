/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The events that wait, and all rows that follow from them. */
#ifndef BRIDGEAUDIT_LOGGER_STORE_BATCH_H
#define BRIDGEAUDIT_LOGGER_STORE_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "lib/canonical.h"
#include "lib/event.h"
#include "lib/evidence.h"

struct batch;
struct store;

/* Attributes the events that wait and writes all that follows.
 * Returns an SQLite code. settle: once committed; undo: after a rollback;
 * rest: none comes soon. */
int batch_write(struct store *st, uint64_t now_ns);
/* batch_row.c: event.detail, as in schema.sql; and the last part. */
int64_t batch_detail(const struct event *ev);
int batch_write_row(struct store *st, const struct evidence_batch *b,
		    const struct canonical_event *events, size_t n);
void batch_settle(struct store *st);
void batch_rest(struct batch *b);
void batch_undo(struct store *st);
/* Makes the tables that its statements select from. Returns an SQLite code. */
int batch_register(struct store *st);
struct batch *batch_new(void);
void batch_free(struct batch *b);

#endif
