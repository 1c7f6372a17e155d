// SPDX-License-Identifier: GPL-2.0-or-later
/* The row of a batch, and the hash of it and its events for the chain. */
#include "logger/store_private.h"

int batch_write_row(struct store *st, const struct evidence_batch *b,
		    const struct canonical_event *events, size_t n)
{
	struct evidence_link *link = chain_link(st);
	sqlite3_stmt *s = st->stmts[STMT_BATCH];
	struct canonical c;

	evidence_events(&c, b);
	canonical_events(&c, events, n);
	canonical_end(&c, link->events);
	link->has_batch = true;
	link->first_event = b->first_event;
	sqlite3_bind_int64(s, 1, b->first_event);
	sqlite3_bind_int64(s, 2, b->last_event);
	sqlite3_bind_int64(s, 3, b->min_ns);
	sqlite3_bind_int64(s, 4, b->max_ns);
	sqlite3_bind_int64(s, 5, b->packets);
	sqlite3_bind_int64(s, 6, b->bytes);
	sqlite3_bind_int64(s, 7, b->commit_ns);
	sqlite3_bind_int64(s, 8, b->last_conversation);
	return store_run(st, STMT_BATCH, NULL);
}
