// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Conversations, read once from end to end beside the chain: each was begun by
 * the link that is looked at, or has an entry in the journal.
 */
#include "cli/verify/conversation.h"

#include <string.h>

#include "cli/verify/order.h"
#include "cli/verify/sums.h"

enum { HASHED_COLUMNS = 9 }; /* all but last_hour, which follows from events */

static int next_conversation(struct verify *v)
{
	int r = verify_step(v->conversation);

	v->has_conversation = r == 1;
	return r < 0 ? r : 0;
}

int verify_conversation_open(struct verify *v)
{
	int r = verify_prepare(v->db, "SELECT was FROM endpoint WHERE id = ?1",
			       &v->was);

	if (r == 0)
		r = verify_prepare(v->db,
				   VERIFY_CONVERSATION_SELECT
				   " WHERE id >= ?1 ORDER BY id",
				   &v->conversation);

	if (r < 0)
		return r;
	/* what came before the chain is not hashed */
	sqlite3_bind_int64(v->conversation, 1, v->proof.first_conversation);
	return next_conversation(v);
}

uint8_t verify_address(sqlite3_stmt *s, int column, uint8_t ret[16])
{
	uint32_t ip4;

	switch (sqlite3_column_type(s, column)) {
	case SQLITE_NULL:
		return 0;
	case SQLITE_INTEGER:
		ip4 = (uint32_t)sqlite3_column_int64(s, column);
		if ((int32_t)ip4 != sqlite3_column_int64(s, column))
			return 1;
		for (int i = 0; i < 4; i++)
			ret[i] = (uint8_t)(ip4 >> (24 - 8 * i));
		return 4;
	case SQLITE_BLOB:
		if (sqlite3_column_bytes(s, column) != 16)
			return 1;
		memcpy(ret, sqlite3_column_blob(s, column), 16);
		return 6;
	default:
		return 1; /* no logger writes such */
	}
}

/* NULL and 0 are not the same row, but the form knows one of them only. */
static bool take_id(sqlite3_stmt *s, int column, int64_t *ret)
{
	*ret = sqlite3_column_int64(s, column);
	return (*ret == 0) == (sqlite3_column_type(s, column) == SQLITE_NULL);
}

bool verify_conversation_read(sqlite3_stmt *s,
			      struct canonical_conversation *ret,
			      uint32_t *ret_last_hour)
{
	int64_t spoofed = 0, last_hour = 0;
	bool ok;

	int64_t service = sqlite3_column_int64(s, 4);
	int64_t minute = sqlite3_column_int64(s, 5);

	*ret = (struct canonical_conversation){
		.path = sqlite3_column_int64(s, 1),
		.service = (int32_t)service,
		.minute = (uint32_t)minute,
	};
	ret->src_family = verify_address(s, 2, ret->src);
	ret->dst_family = verify_address(s, 3, ret->dst);
	ok = take_id(s, 6, &ret->src_endpoint) &&
	     take_id(s, 7, &ret->dst_endpoint) && take_id(s, 8, &spoofed) &&
	     take_id(s, 9, &last_hour) && spoofed >= 0 && spoofed <= 1;
	ret->spoofed = spoofed != 0;
	*ret_last_hour = (uint32_t)last_hour;
	ok = ok && *ret_last_hour == last_hour && ret->service == service &&
	     ret->minute == minute;
	return ok && ret->src_family != 1 && ret->dst_family != 1;
}

/* The row that a source was until it was named; the journal has its hash. */
static int64_t was(const struct verify *v, int64_t endpoint)
{
	int64_t id = 0;

	sqlite3_bind_int64(v->was, 1, endpoint);
	if (verify_step(v->was) == 1)
		id = sqlite3_column_int64(v->was, 0);
	sqlite3_reset(v->was);
	return id;
}

void verify_conversation_begun(const struct verify *v, int64_t id,
			       struct canonical_conversation *conv)
{
	const struct verify_entry *e =
		verify_journal_find(v, ITEM_CONVERSATION, id);

	if (e && e->named_src) {
		conv->src_endpoint = was(v, conv->src_endpoint);
		conv->spoofed = false;
	}
	if (e && e->named_dst)
		conv->dst_endpoint = 0;
}

/* Its row is held against the journal, when that has one; how it began goes
 * to ret. */
static void check_named(struct verify *v, struct canonical_conversation *ret)
{
	sqlite3_stmt *s = v->conversation;
	int64_t id = sqlite3_column_int64(s, 0);
	struct verify_entry *e = verify_journal_find(v, ITEM_CONVERSATION, id);
	uint8_t hash[CANONICAL_HASH];
	int64_t key = 0;
	bool order;

	if (!e)
		return;
	e->met = true;
	verify_conversation_begun(v, id, ret);
	canonical_row(s, 0, HASHED_COLUMNS, hash);
	if (memcmp(hash, e->hash, sizeof(hash)) == 0)
		return;
	order = verify_tells(v, e->seq) &&
		verify_order_row(v, ITEM_CONVERSATION, s, 0, HASHED_COLUMNS,
				 &key);
	verify_found(v, order ? FAULT_REORDERED : FAULT_CHANGED, e->seq, 0,
		     order ? "conversation %lld is in the place of %lld"
			   : "conversation %lld is not as this commit left it",
		     (long long)id, (long long)key);
}

int verify_conversation_skip(struct verify *v, int64_t before, int64_t seq)
{
	int r = 0;

	while (r == 0 && v->has_conversation) {
		struct canonical_conversation conv;
		uint32_t last_hour;
		int64_t id = sqlite3_column_int64(v->conversation, 0);

		if (id >= before)
			return 0;
		verify_conversation_read(v->conversation, &conv, &last_hour);
		verify_sums_conversation(v, id, last_hour, &conv);
		if (verify_journal_find(v, ITEM_CONVERSATION, id))
			check_named(v, &conv);
		else
			verify_found(v, FAULT_INSERTED, seq, 0,
				     "conversation %lld was begun by no commit",
				     (long long)id);
		r = next_conversation(v);
	}
	return r;
}

static void wrong_conversations(struct verify *v,
				const struct evidence_link *link)
{
	bool order = verify_tells(v, link->seq) &&
		     verify_order_conversations(v, link);

	verify_found(v, order ? FAULT_REORDERED : FAULT_CHANGED, link->seq,
		     (uint64_t)link->time_ns,
		     order ? "the conversations from %lld to %lld are those "
			     "that were begun, in another order"
			   : "a conversation from %lld to %lld was changed",
		     (long long)link->first_conversation,
		     (long long)link->last_conversation);
}

int verify_conversation_link(struct verify *v, const struct evidence_link *link)
{
	uint64_t faults = v->report->n_faults;
	struct canonical c;
	int r = 0;

	if (link->last_conversation < v->proof.removed_conversation)
		return 0;
	evidence_conversations(&c);
	for (int64_t id = link->first_conversation;
	     r == 0 && id <= link->last_conversation; id++) {
		struct canonical_conversation conv;
		uint32_t last_hour;

		r = verify_conversation_skip(v, id, link->seq);
		if (r < 0)
			return r;
		if (!v->has_conversation ||
		    sqlite3_column_int64(v->conversation, 0) != id) {
			verify_found(v, FAULT_REMOVED, link->seq,
				     (uint64_t)link->time_ns,
				     "conversation %lld is gone",
				     (long long)id);
			return 0;
		}
		if (!verify_conversation_read(v->conversation, &conv,
					      &last_hour))
			verify_found(v, FAULT_CHANGED, link->seq,
				     (uint64_t)link->time_ns,
				     "conversation %lld is as no logger "
				     "writes it",
				     (long long)id);
		verify_sums_conversation(v, id, last_hour, &conv);
		check_named(v, &conv);
		canonical_conversations(&c, &conv, 1);
		v->report->conversations++;
		verify_progress(v);
		r = next_conversation(v);
	}
	if (r == 0 && !verify_same_hash(&c, link->conversations) &&
	    faults == v->report->n_faults)
		wrong_conversations(v, link);
	return r;
}
