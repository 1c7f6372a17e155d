// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The links that a bundle has, computed again. A link whose neighbour before
 * it is not here only lends its hash to the one behind it.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bundle/prove.h"
#include "cli/query/query.h"
#include "cli/verify/chain.h"
#include "cli/verify/tool.h"

struct walk {
	sqlite3_stmt *chain, *journal;
	bool more; /* journal is at a row */
	struct evidence_entry *entries;
	size_t room;
};

int bundle_fault(struct bundle_prove *p, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(p->error, BUNDLE_ERROR_MAX, format, ap);
	va_end(ap);
	return -EBADMSG;
}

struct bundle_link *bundle_link_find(const struct bundle_prove *p, int64_t seq)
{
	size_t low = 0, high = p->n_links;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (p->links[mid].seq < seq)
			low = mid + 1;
		else
			high = mid;
	}
	return low < p->n_links && p->links[low].seq == seq ? &p->links[low]
							    : NULL;
}

static int next_entry(struct walk *w)
{
	int r = query_step(w->journal);

	w->more = r == 1;
	return r < 0 ? r : 0;
}

static int read_entries(struct bundle_prove *p, struct walk *w,
			struct evidence_link *link)
{
	int r = 0;

	while (r == 0 && w->more &&
	       sqlite3_column_int64(w->journal, 0) <= link->seq) {
		struct evidence_entry *e;

		r = verify_make_room(&w->entries, link->n_entries, &w->room,
				     sizeof(*e));
		if (r < 0)
			return r;
		e = &w->entries[link->n_entries++];
		e->item = sqlite3_column_int64(w->journal, 1);
		e->key = sqlite3_column_int64(w->journal, 2);
		if (sqlite3_column_int64(w->journal, 0) < link->seq ||
		    sqlite3_column_bytes(w->journal, 3) != CANONICAL_HASH)
			return bundle_fault(p,
					    "the journal before link %lld is "
					    "of no link that is here",
					    (long long)link->seq);
		memcpy(e->hash, sqlite3_column_blob(w->journal, 3),
		       sizeof(e->hash));
		r = next_entry(w);
	}
	link->entries = w->entries;
	return r;
}

static int check_link(struct bundle_prove *p, struct walk *w)
{
	uint8_t hash[CANONICAL_HASH], before[CANONICAL_HASH];
	struct bundle_link *at, *last;
	struct evidence_link link;
	int r = verify_make_room(&p->links, p->n_links, &p->room, sizeof(*at));

	if (r < 0)
		return r;
	last = p->n_links > 0 ? &p->links[p->n_links - 1] : NULL;
	at = &p->links[p->n_links];
	*at = (struct bundle_link){ 0 };
	if (!verify_chain_read(w->chain, &link, at->hash) || link.seq < 1)
		return bundle_fault(p, "link %lld is as no logger writes it",
				    (long long)link.seq);
	at->seq = link.seq;
	at->time_ns = link.time_ns;
	at->first_event = link.has_batch ? link.first_event : 0;
	r = read_entries(p, w, &link);
	if (r < 0)
		return r;
	/* the highest item of all, and in order */
	at->census = link.n_entries > 0 &&
		     link.entries[link.n_entries - 1].item == ITEM_CENSUS;
	at->whole = link.seq == 1 || (last && last->seq == link.seq - 1);
	if (link.seq == 1)
		evidence_root(p->proof->log, before);
	else if (at->whole)
		memcpy(before, last->hash, sizeof(before));
	if (at->whole) {
		evidence_hash(before, &link, hash);
		if (memcmp(hash, at->hash, sizeof(hash)) != 0)
			return bundle_fault(
				p,
				"link %lld of the chain, its journal or the "
				"one before is not as it was",
				(long long)link.seq);
	}
	p->n_links++;
	return 0;
}

int bundle_chain(struct bundle_prove *p)
{
	struct walk w = { 0 };
	int r = query_prepare_text(p->db, VERIFY_CHAIN_SELECT " ORDER BY seq",
				   &w.chain);

	if (r == 0)
		r = query_prepare_text(p->db,
				       "SELECT seq, item, key, hash"
				       " FROM journal ORDER BY seq, item, key",
				       &w.journal);
	if (r == 0)
		r = next_entry(&w);
	while (r == 0 && (r = query_step(w.chain)) == 1)
		r = check_link(p, &w);
	if (r == 0 && w.more)
		r = bundle_fault(p, "the journal goes on behind the chain");
	sqlite3_finalize(w.chain);
	sqlite3_finalize(w.journal);
	free(w.entries);
	return r;
}
