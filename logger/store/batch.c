// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The events of a batch to rows: attributed first, in memory, then written
 * with one INSERT ... SELECT per table. Ids are given here: the first row of a
 * statement names its id, each further one is the next.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/rows.h"
#include "lib/timefmt.h"
#include "logger/memory.h"
#include "logger/store/address.h"
#include "logger/store/bind.h"
#include "logger/store/digest.h"
#include "logger/store/private.h"
#include "logger/store/sums.h"

enum {
	AHEAD = 8,   /* events whose memory is fetched before it is needed */
	HASHED = 64, /* conversations that are hashed at once */
};

enum { SPAN_HOUR = 1, SPAN_MINUTE = 2 };

/* Rows to be written, in the order of schema.sql. */
struct conversation_row {
	int64_t path;
	uint32_t event; /* index of its first one, which has the addresses */
	int32_t service;
	uint32_t minute;
	struct identity_who who;
	int64_t sender;	     /* the row of its source; 0: none */
	int64_t networks[2]; /* source, destination */
};

struct seen_row {
	int64_t conversation;
	uint32_t span;
	uint32_t start;
};

struct batch {
	size_t n_events, n_conversations, n_seen;
	int64_t first_conversation;
	uint64_t min_ns, max_ns, bytes;
	bool plain; /* of the new conversations only the source is known */
	bool alike; /* and they are of one path, sender and minute */
	bool late;  /* one of them is of an endpoint that had ended */
	struct rows event_source;
	struct rows conversation_source;
	struct rows seen_source;
	struct canonical_event events[STORE_EVENTS_MAX];
	struct conversation_row conversations[STORE_EVENTS_MAX];
	struct seen_row seen[2 * STORE_EVENTS_MAX];
};

static void event_column(sqlite3_context *ctx, const void *arg, size_t row,
			 int column)
{
	const struct canonical_event *r =
		&((const struct batch *)arg)->events[row];

	switch (column) {
	case 0:
		sqlite3_result_int64(ctx, r->conversation);
		break;
	case 1:
		sqlite3_result_int64(ctx, r->time_ns);
		break;
	case 2:
		sqlite3_result_int64(ctx, r->detail);
		break;
	default:
		sqlite3_result_int64(ctx, r->packets);
	}
}

static void conversation_column(sqlite3_context *ctx, const void *arg,
				size_t row, int column)
{
	const struct store *st = arg;
	const struct conversation_row *r = &st->batch->conversations[row];
	const struct event *ev = &st->events[r->event];

	switch (column) {
	case 0:
		sqlite3_result_int64(ctx, r->path);
		break;
	case 1:
		rows_result_address(ctx, ev->family, ev->src);
		break;
	case 2:
		rows_result_address(ctx, ev->family, ev->dst);
		break;
	case 3:
		sqlite3_result_int(ctx, r->service);
		break;
	case 4:
		sqlite3_result_int64(ctx, r->minute);
		break;
	case 5:
		if (r->sender)
			sqlite3_result_int64(ctx, r->sender);
		break;
	case 6:
		if (r->who.dst)
			sqlite3_result_int64(ctx, r->who.dst);
		break;
	default:
		if (r->who.spoofed)
			sqlite3_result_int(ctx, 1);
	}
}

static void seen_column(sqlite3_context *ctx, const void *arg, size_t row,
			int column)
{
	const struct seen_row *r = &((const struct batch *)arg)->seen[row];

	switch (column) {
	case 0:
		sqlite3_result_int64(ctx, r->span);
		break;
	case 1:
		sqlite3_result_int64(ctx, r->start);
		break;
	default:
		sqlite3_result_int64(ctx, r->conversation);
	}
}

static void add_seen(struct batch *b, int64_t conversation, uint32_t span,
		     uint32_t start)
{
	b->seen[b->n_seen++] = (struct seen_row){ conversation, span, start };
}

static int begin_conversation(struct store *st, size_t i,
			      const struct lookup *l, uint32_t minute)
{
	struct batch *b = st->batch;
	struct conversation_row *row = &b->conversations[b->n_conversations++];
	int rc;

	*row = (struct conversation_row){
		.path = l->path.id,
		.event = (uint32_t)i,
		.service = l->key.service,
		.minute = minute,
		.networks = { l->path.src_network, l->path.dst_network },
	};
	address_add(st->addresses, &st->events[i]);
	sums_add(st->sums, &st->events[i], l->path.id, l->key.service);
	identity_attribute(st->identity, &st->events[i], &l->path, &row->who);
	rc = sender_get(st, &st->events[i], &row->who, l->path.src_network, 0,
			&row->sender);
	b->late = b->late || row->who.ended;
	b->plain = b->plain && !row->who.dst && !row->who.spoofed;
	b->alike = b->alike && row->path == b->conversations[0].path &&
		   row->sender == b->conversations[0].sender &&
		   minute == b->conversations[0].minute;
	return rc;
}

/* The conversation of an event, made when it is new. */
static int take_conversation(struct store *st, size_t i, struct lookup *l,
			     uint32_t minute, struct tallied *as, int64_t *ret)
{
	struct conversation *conv = lookup_end(st, &st->events[i], l);
	struct batch *b = st->batch;
	int rc = SQLITE_OK;

	as->begun = conv->id == 0;
	if (as->begun) {
		conv->id = b->first_conversation + (int64_t)b->n_conversations;
		conv->minute = minute;
		rc = begin_conversation(st, i, l, minute);
	} else if (conv->minute != minute) {
		if (conv->minute / 60 != minute / 60)
			add_seen(b, conv->id, SPAN_HOUR, minute / 60);
		add_seen(b, conv->id, SPAN_MINUTE, minute);
		conversation_remember(st->conversations, conv);
		conv->minute = minute;
	}
	if (!as->begun) /* a scan's never come again */
		lookup_remember(st, conv, l);
	*ret = conv->id;
	return rc;
}

static int take_event(struct store *st, size_t i, struct lookup *l)
{
	const struct event *ev = &st->events[i];
	struct batch *b = st->batch;
	const struct more *more = &st->more[i];
	struct tallied as = {
		.path = (int64_t)l->key.path,
		.service = l->key.service,
		.packets = 1 + more->packets,
		.last_ns = more->last_ns > ev->time_ns ? more->last_ns
						       : ev->time_ns,
	};
	uint32_t minute = (uint32_t)(ev->time_ns / NS_PER_MINUTE);
	int64_t conversation;
	int rc = take_conversation(st, i, l, minute, &as, &conversation);

	tally_add(st->tallies, ev, &as);
	b->min_ns = ev->time_ns < b->min_ns ? ev->time_ns : b->min_ns;
	b->max_ns = as.last_ns > b->max_ns ? as.last_ns : b->max_ns;
	b->bytes += (uint64_t)ev->length * as.packets;
	b->events[b->n_events++] = (struct canonical_event){
		.conversation = conversation,
		.time_ns = (int64_t)ev->time_ns,
		.detail = batch_detail(ev),
		.packets = as.packets,
	};
	return rc;
}

static void begin(struct store *st)
{
	struct batch *b = st->batch;

	conversation_begin(st->conversations, st->n_events);
	tally_begin(st->tallies, st->n_events);
	address_begin(st->addresses);
	sums_begin(st->sums);
	b->n_events = b->n_conversations = b->n_seen = 0;
	b->first_conversation = st->next_conversation;
	b->min_ns = UINT64_MAX;
	b->max_ns = b->bytes = 0;
	b->plain = b->alike = true;
	b->late = false;
}

/* The memory of each event is on its way while those before it are looked at.
 * Not that of a block at once: more than some ten lines make the CPU wait. */
static int attribute(struct store *st)
{
	struct lookup ahead[AHEAD];
	int rc = SQLITE_OK;

	for (size_t i = 0; i < st->n_events + AHEAD && rc == SQLITE_OK; i++) {
		struct lookup *l = &ahead[i % AHEAD];

		if (i >= AHEAD)
			rc = take_event(st, i - AHEAD, l);
		if (i < st->n_events && rc == SQLITE_OK)
			rc = lookup_begin(st, &st->events[i], l);
	}
	return rc;
}

/* Writes n rows: the first with its id, each further one gets the next. */
static int write_rows(struct store *st, struct rows *source, size_t n,
		      enum stmt first, int64_t first_id, enum stmt others)
{
	int rc;

	if (n == 0)
		return SQLITE_OK;
	source->first = 0;
	source->end = 1;
	sqlite3_bind_int64(st->stmts[first], 1, first_id);
	rc = store_run(st, first, NULL);
	if (rc != SQLITE_OK || n == 1)
		return rc;
	source->first = 1;
	source->end = n;
	return store_run(st, others, NULL);
}

/* How all conversations but the first are written. */
static enum stmt conversations_stmt(struct store *st)
{
	const struct conversation_row *row = &st->batch->conversations[0];
	sqlite3_stmt *s = st->stmts[STMT_CONVERSATIONS_ALIKE];

	if (!st->batch->plain)
		return STMT_CONVERSATIONS;
	if (!st->batch->alike)
		return STMT_CONVERSATIONS_PLAIN;
	sqlite3_bind_int64(s, 1, row->path);
	sqlite3_bind_int64(s, 2, row->minute);
	bind_id(s, 3, row->sender);
	return STMT_CONVERSATIONS_ALIKE;
}

static void canonical_of(const struct store *st,
			 const struct conversation_row *row,
			 struct canonical_conversation *ret)
{
	const struct event *ev = &st->events[row->event];

	*ret = (struct canonical_conversation){
		.path = row->path,
		.src_endpoint = row->sender,
		.dst_endpoint = row->who.dst,
		.service = row->service,
		.minute = row->minute,
		.src_family = ev->family,
		.dst_family = ev->family,
		.spoofed = row->who.spoofed,
	};
	memcpy(ret->src, ev->src, sizeof(ret->src));
	memcpy(ret->dst, ev->dst, sizeof(ret->dst));
}

static void hash_conversations(const struct store *st,
			       struct evidence_link *link)
{
	const struct batch *b = st->batch;
	struct canonical_conversation block[HASHED];
	struct canonical c;
	size_t n = 0;

	evidence_conversations(&c);
	for (size_t i = 0; i < b->n_conversations; i++) {
		canonical_of(st, &b->conversations[i], &block[n++]);
		if (n < HASHED && i + 1 < b->n_conversations)
			continue;
		canonical_conversations(&c, block, n);
		n = 0;
	}
	canonical_end(&c, link->conversations);
	link->has_conversations = true;
	link->first_conversation = b->first_conversation;
	link->last_conversation =
		b->first_conversation + (int64_t)b->n_conversations - 1;
}

/* Endpoints that ended before they were told of these conversations. */
static int note_late(struct store *st)
{
	const struct batch *b = st->batch;
	sqlite3_stmt *s = st->stmts[STMT_ENDPOINT_LATE];
	int rc = SQLITE_OK;

	for (size_t i = 0; b->late && i < b->n_conversations && !rc; i++) {
		const struct conversation_row *r = &b->conversations[i];

		if (!r->who.ended)
			continue;
		sqlite3_bind_int64(s, 1, b->first_conversation + (int64_t)i);
		sqlite3_bind_int64(s, 2, r->sender);
		sqlite3_bind_int64(s, 3, r->who.dst);
		rc = store_run(st, STMT_ENDPOINT_LATE, NULL);
	}
	return rc;
}

/* The row of the batch, and all of it into the chain. */
static int finish(struct store *st, uint64_t now_ns)
{
	const struct batch *b = st->batch;
	const struct evidence_batch row = {
		.first_event = st->next_event,
		.last_event = st->next_event + (int64_t)b->n_events - 1,
		.min_ns = (int64_t)b->min_ns,
		.max_ns = (int64_t)b->max_ns,
		.packets = (int64_t)st->n_packets,
		.bytes = (int64_t)b->bytes,
		.commit_ns = (int64_t)now_ns,
		.last_conversation =
			b->first_conversation + (int64_t)b->n_conversations - 1,
	};

	if (b->n_conversations > 0)
		hash_conversations(st, chain_link(st));
	return batch_write_row(st, &row, b->events, b->n_events);
}

int batch_write(struct store *st, uint64_t now_ns)
{
	struct batch *b = st->batch;
	int rc;

	begin(st);
	rc = attribute(st);
	if (rc == SQLITE_OK)
		rc = sender_tell(st, now_ns);
	chain_pause(st);
	if (rc == SQLITE_OK)
		rc = write_rows(st, &b->conversation_source, b->n_conversations,
				STMT_CONVERSATION_FIRST, b->first_conversation,
				conversations_stmt(st));
	if (rc == SQLITE_OK)
		rc = write_rows(st, &b->event_source, b->n_events,
				STMT_EVENT_FIRST, st->next_event,
				st->n_packets == b->n_events
					? STMT_EVENTS_SINGLE
					: STMT_EVENTS);
	if (rc == SQLITE_OK && b->n_seen > 0) {
		b->seen_source.end = b->n_seen;
		rc = store_run(st, STMT_SEEN, NULL);
		if (rc == SQLITE_OK)
			rc = store_run(st, STMT_SEEN_HOUR, NULL);
	}
	if (rc == SQLITE_OK)
		rc = tally_write(st);
	if (rc == SQLITE_OK)
		rc = finish(st, now_ns);
	chain_resume(st);
	if (rc == SQLITE_OK)
		rc = note_late(st);
	if (rc == SQLITE_OK)
		rc = address_write(st);
	if (rc == SQLITE_OK)
		rc = digest_write(st, b->events, b->n_events);
	return rc;
}

/* Whoever is announced later may have been a side of it. */
static void remember_nameless(struct store *st,
			      const struct conversation_row *row, int64_t id)
{
	const struct event *ev = &st->events[row->event];

	if (!(ev->have & HAVE_ADDR))
		return;
	if (!row->who.src)
		nameless_add(st, id, ev, row->sender, row->networks[0]);
	if (!row->who.dst)
		nameless_add_dst(st, id, ev, row->networks[1]);
}

void batch_settle(struct store *st)
{
	struct batch *b = st->batch;

	for (size_t i = 0; i < b->n_conversations; i++)
		remember_nameless(st, &b->conversations[i],
				  b->first_conversation + (int64_t)i);
	conversation_settle(st->conversations);
	tally_settle(st->tallies);
	digest_settle(st, b->events, b->n_events);
	address_settle(st);
	sums_settle(st);
	st->next_event += (int64_t)b->n_events;
	st->next_conversation += (int64_t)b->n_conversations;
}

void batch_rest(struct batch *b)
{
	memory_give_back(b->events, sizeof(b->events));
	memory_give_back(b->conversations, sizeof(b->conversations));
	memory_give_back(b->seen, sizeof(b->seen));
}

void batch_undo(struct store *st)
{
	conversation_undo(st->conversations);
	recents_forget(st->recents);
	tally_undo(st->tallies);
	path_forget(st->paths);
	senders_forget(st->senders);
}

int batch_register(struct store *st)
{
	struct batch *b = st->batch;
	int rc;

	b->event_source = (struct rows){
		.schema = "CREATE TABLE x (conversation, time_ns, detail,"
			  " packets)",
		.column = event_column,
		.arg = b,
	};
	b->conversation_source = (struct rows){
		.schema = "CREATE TABLE x (path, src_ip, dst_ip, service,"
			  " minute, src_endpoint, dst_endpoint, spoofed)",
		.column = conversation_column,
		.arg = st,
	};
	b->seen_source = (struct rows){
		.schema = "CREATE TABLE x (span, start, conversation)",
		.column = seen_column,
		.arg = b,
	};
	rc = rows_register(st->db, "new_event", &b->event_source, NULL);
	if (rc == SQLITE_OK)
		rc = rows_register(st->db, "new_conversation",
				   &b->conversation_source, NULL);
	if (rc == SQLITE_OK)
		rc = rows_register(st->db, "new_seen", &b->seen_source, NULL);
	return rc;
}

struct batch *batch_new(void)
{
	return calloc(1, sizeof(struct batch));
}

void batch_free(struct batch *b)
{
	free(b);
}
