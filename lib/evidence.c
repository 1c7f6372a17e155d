// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The links of the chain: hashes of rows in, the hash of a link out. Both who
 * writes the chain and who checks it take them from here.
 */
#include "lib/evidence.h"

void evidence_events(struct canonical *c, const struct evidence_batch *b)
{
	canonical_begin(c, "events");
	canonical_number(c, b->first_event);
	canonical_number(c, b->last_event);
	canonical_number(c, b->min_ns);
	canonical_number(c, b->max_ns);
	canonical_number(c, b->packets);
	canonical_number(c, b->bytes);
	canonical_number(c, b->commit_ns);
	canonical_number(c, b->last_conversation);
}

void evidence_conversations(struct canonical *c)
{
	canonical_begin(c, "conversations");
}

static void add_entries(struct canonical *c, const struct evidence_entry *e,
			size_t n)
{
	canonical_number(c, (int64_t)n);
	for (size_t i = 0; i < n; i++) {
		canonical_number(c, e[i].item);
		canonical_number(c, e[i].key);
		canonical_bytes(c, e[i].hash, sizeof(e[i].hash));
	}
}

void evidence_hash(const uint8_t before[CANONICAL_HASH],
		   const struct evidence_link *link,
		   uint8_t ret[CANONICAL_HASH])
{
	struct canonical c;

	canonical_begin(&c, "link");
	canonical_bytes(&c, before, CANONICAL_HASH);
	canonical_number(&c, link->seq);
	canonical_number(&c, link->time_ns);
	canonical_number(&c, link->has_batch);
	if (link->has_batch) {
		canonical_number(&c, link->first_event);
		canonical_bytes(&c, link->events, sizeof(link->events));
	}
	canonical_number(&c, link->has_conversations);
	if (link->has_conversations) {
		canonical_number(&c, link->first_conversation);
		canonical_number(&c, link->last_conversation);
		canonical_bytes(&c, link->conversations,
				sizeof(link->conversations));
	}
	add_entries(&c, link->entries, link->n_entries);
	canonical_end(&c, ret);
}

void evidence_root(const uint8_t log[EVIDENCE_LOG_ID],
		   uint8_t ret[CANONICAL_HASH])
{
	struct canonical c;

	canonical_begin(&c, "root");
	canonical_bytes(&c, log, EVIDENCE_LOG_ID);
	canonical_end(&c, ret);
}

void evidence_state(const struct evidence_entry *entries, size_t n,
		    uint8_t ret[CANONICAL_HASH])
{
	struct canonical c;

	canonical_begin(&c, "state");
	add_entries(&c, entries, n);
	canonical_end(&c, ret);
}

int evidence_compare(const void *a, const void *b)
{
	const struct evidence_entry *x = a, *y = b;

	if (x->item != y->item)
		return (x->item > y->item) - (x->item < y->item);
	return (x->key > y->key) - (x->key < y->key);
}
