// SPDX-License-Identifier: GPL-2.0-or-later
/* The row of a batch, and the hash of it and its events for the chain. */
#include "logger/store/private.h"

enum { PROTO_TCP = 6, LENGTH_MAX = 0x1ffff };

int64_t batch_detail(const struct event *ev)
{
	uint64_t length = ev->length < LENGTH_MAX ? ev->length : LENGTH_MAX;
	uint64_t detail = length << 32 | (uint64_t)ev->marks << 52;

	if (ev->have & HAVE_TTL)
		detail |= (uint64_t)ev->ttl << 24;
	if (ev->have & HAVE_PORTS)
		detail |= ev->src_port;
	if (ev->have & HAVE_TCP_FLAGS)
		detail |= (uint64_t)ev->tcp_flags << 16;
	else if (ev->have & HAVE_PORTS && ev->proto == PROTO_TCP)
		detail |= 1ULL << 55;
	return (int64_t)detail;
}

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
