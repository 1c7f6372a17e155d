// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * That no row of the time was left out. Links without a hole say what was
 * written, changed and removed in them; the first of them has all that lasted
 * then (docs/evidence.md, census), or the chain begins with it.
 */
#include <errno.h>
#include <stdio.h>

#include "cli/bundle/prove.h"
#include "cli/query/query.h"

enum { SQL_MAX = 320 };

/* Of these a bundle has each row that its links name; choose.c. */
static const enum canonical_item records[] = {
	ITEM_SESSION, ITEM_NETWORK, ITEM_INTERFACE, ITEM_RULE,	 ITEM_COVERAGE,
	ITEM_GAP,     ITEM_FINDING, ITEM_PROBE,	    ITEM_READING
};

/* Every link from first to last is here, and proven by the one before. */
static int check_links(struct bundle_prove *p, const struct bundle_link **first,
		       const struct bundle_link **last)
{
	*first = bundle_link_find(p, p->first_link);
	*last = bundle_link_find(p, p->last_link);
	if (!*first || !*last || *last < *first ||
	    *last - *first != p->last_link - p->first_link)
		return bundle_fault(p,
				    "links %lld to %lld are not all here, so "
				    "records of this time may be missing",
				    (long long)p->first_link,
				    (long long)p->last_link);
	for (const struct bundle_link *l = *first; l <= *last; l++)
		if (!l->whole)
			return bundle_fault(p,
					    "of link %lld the one before is "
					    "not here",
					    (long long)l->seq);
	return 0;
}

/*
 * Whether these links have the commit, and it is signed, that says where the
 * chain begins: it and those before it wrote again what lasted from before.
 */
static int begin_signed(struct bundle_prove *p, bool *ret)
{
	const struct bundle_link *link = NULL;
	sqlite3_stmt *s = NULL;
	int r = query_prepare_text(
		p->db,
		"SELECT min(seq) FROM journal WHERE key = 1 AND item = 15"
		" AND seq BETWEEN ?1 AND ?2 AND hash = (SELECT hash"
		" FROM journal WHERE key = 1 AND item = 15"
		" ORDER BY seq DESC LIMIT 1)",
		&s);

	if (r == 0) {
		sqlite3_bind_int64(s, 1, p->first_link);
		sqlite3_bind_int64(s, 2, p->last_link);
		r = query_step(s);
	}
	if (r == 1)
		link = bundle_link_find(p, sqlite3_column_int64(s, 0));
	*ret = link && link->sealed;
	sqlite3_finalize(s);
	return r < 0 ? r : 0;
}

static int check_begin(struct bundle_prove *p, const struct bundle_link *first)
{
	struct bundle_proof *proof = p->proof;

	proof->records_begin =
		first->seq == 1 ||
		(first->census && (uint64_t)first->time_ns < p->since_ns);
	if (proof->records_begin)
		return 0;
	if (first->seq != p->removed_seq + 1)
		return bundle_fault(p,
				    "link %lld does not say what lasted when "
				    "the time began, so records of it may be "
				    "missing",
				    (long long)first->seq);
	return begin_signed(p, &proof->records_begin);
}

/* Of a row that is not here: 1 when the last commit that names it, of those
 * that are proven, removed it; *ret_held: and a signature holds that. */
static int was_removed(struct bundle_prove *p, sqlite3_stmt *s, int64_t item,
		       int64_t key, bool *ret_held)
{
	const struct bundle_link *link = NULL;
	int r;

	sqlite3_bind_int64(s, 1, item);
	sqlite3_bind_int64(s, 2, key);
	while ((r = query_step(s)) == 1) {
		link = bundle_link_find(p, sqlite3_column_int64(s, 0));
		if (link && link->whole)
			break;
	}
	if (r == 1) {
		r = sodium_is_zero(sqlite3_column_blob(s, 1), CANONICAL_HASH);
		*ret_held = link->sealed;
	}
	sqlite3_reset(s);
	return r;
}

static int check_item(struct bundle_prove *p, enum canonical_item item,
		      sqlite3_stmt *last)
{
	const char *table = canonical_tables[item].name;
	sqlite3_stmt *s = NULL;
	char sql[SQL_MAX];
	int r;

	snprintf(sql, sizeof(sql),
		 "SELECT DISTINCT key FROM journal j WHERE item = ?1"
		 " AND seq BETWEEN ?2 AND ?3 AND NOT EXISTS (SELECT 1"
		 " FROM \"%s\" t WHERE t.rowid = j.key)",
		 table);
	r = query_prepare_text(p->db, sql, &s);
	if (r == 0) {
		sqlite3_bind_int64(s, 1, item);
		sqlite3_bind_int64(s, 2, p->first_link);
		sqlite3_bind_int64(s, 3, p->last_link);
	}
	while (r == 0 && (r = query_step(s)) == 1) {
		int64_t key = sqlite3_column_int64(s, 0);
		bool held = false;

		r = was_removed(p, last, item, key, &held);
		if (r == 0)
			r = bundle_fault(p, "%s %lld is gone", table,
					 (long long)key);
		if (r < 0)
			break;
		p->proof->records_removed.all++;
		p->proof->records_removed.held += held;
		r = 0;
	}
	sqlite3_finalize(s);
	return r;
}

/* Packets that were committed and are not here, where no batch of another time
 * shows that they are of before or after. */
static int check_packets(struct bundle_prove *p,
			 const struct bundle_link *first,
			 const struct bundle_link *last)
{
	const struct bundle_proof *proof = p->proof;

	for (const struct bundle_link *l = first; l <= last; l++)
		if (l->first_event &&
		    ((!proof->before && l->first_event < proof->first_event) ||
		     (!proof->behind && l->first_event > proof->last_event)))
			return bundle_fault(p,
					    "the batch of events from %lld on "
					    "is gone",
					    (long long)l->first_event);
	return 0;
}

/* A row that another refers to. */
static int check_references(struct bundle_prove *p)
{
	static const char *const tables[] = { "event",	  "conversation",
					      "path",	  "endpoint",
					      "coverage", "probe" };
	int r = 0;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && r == 0;
	     i++) {
		sqlite3_stmt *s = NULL;
		char sql[SQL_MAX];

		snprintf(sql, sizeof(sql), "PRAGMA foreign_key_check(%s)",
			 tables[i]);
		r = query_prepare_text(p->db, sql, &s);
		if (r == 0 && (r = query_step(s)) == 1)
			r = bundle_fault(p, "%s %lld names a %s that is gone",
					 tables[i], sqlite3_column_int64(s, 1),
					 sqlite3_column_text(s, 2));
		sqlite3_finalize(s);
	}
	return r;
}

int bundle_whole(struct bundle_prove *p)
{
	const struct bundle_link *first, *last;
	sqlite3_stmt *s = NULL;
	int r = check_links(p, &first, &last);

	if (r == 0)
		r = check_begin(p, first);
	if (r == 0)
		r = query_prepare_text(p->db,
				       "SELECT seq, hash FROM journal WHERE"
				       " item = ?1 AND key = ?2"
				       " ORDER BY seq DESC",
				       &s);
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]) && r == 0;
	     i++)
		r = check_item(p, records[i], s);
	sqlite3_finalize(s);
	if (r == 0)
		r = check_packets(p, first, last);
	if (r == 0)
		r = check_references(p);
	while (r == 0 && last > first && !last->sealed)
		last--;
	if (r == 0 && last->sealed)
		p->proof->records_ns = (uint64_t)last->time_ns;
	return r;
}
