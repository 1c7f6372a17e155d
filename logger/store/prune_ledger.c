// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Removes what the ledger has of times whose packets are gone: coverage,
 * findings, probes and sessions that ended before the horizon, then names that
 * nothing refers to any more. What was lost stays counted: gaps become one per
 * cause and 30 days, with their sum, and so do the rows of removed batches.
 */
#include "logger/store/prune_ledger.h"

#include "lib/text.h"
#include "lib/timefmt.h"
#include "logger/store/endpoint.h"
#include "logger/store/private.h"

enum { STEP_ROWS = 512 }; /* of one table in one transaction */

#define UNIT "2592000000000000" /* 30 days */

/* Parameters: 1 the horizon, 2 STEP_ROWS, 3 what find gives, 4 the id of the
 * next conversation. */
struct stage {
	const char *find; /* NULL: not needed. Nothing or 0: it is over */
	const char *sql[2];
};

/* Those until some, and those that are sums already. */
#define OLD_GAP "to_ns < ?1 AND (gaps IS NOT NULL OR id <= ?3)"
#define GAP_GROUP "cause, packets IS NULL, from_ns / " UNIT

#define REMOVE(table, which)                                                   \
	{                                                                      \
		NULL,                                                          \
		{                                                              \
			"DELETE FROM \"" table "\" WHERE rowid IN"             \
			" (SELECT t.rowid FROM \"" table "\" t WHERE " which   \
			" LIMIT ?2)"                                           \
		}                                                              \
	}
/* Of a rule that is gone, and whose coverage is. */
#define RULE_GONE                                                              \
	"NOT EXISTS (SELECT 1 FROM twin w WHERE w.rule = t.rule"               \
	" AND (w.state <> 'gone' OR w.since_ns >= ?1))"                        \
	" AND NOT EXISTS (SELECT 1 FROM coverage c WHERE c.rule = t.rule)"

static const struct stage stages[] = {
	{ "SELECT max(id) FROM (SELECT id FROM gap WHERE to_ns < ?1"
	  " AND gaps IS NULL ORDER BY id LIMIT ?2)",
	  { "UPDATE gap SET from_ns = s.from_ns, to_ns = s.to_ns,"
	    " packets = s.packets, rule = s.rule, gaps = s.gaps, detail ="
	    " iif(s.gaps = 1, detail, s.gaps || ' gaps, made one when the"
	    " packets of their time were removed') FROM (SELECT min(id) AS id,"
	    " min(from_ns) AS from_ns, max(to_ns) AS to_ns,"
	    " sum(packets) AS packets, sum(coalesce(gaps, 1)) AS gaps,"
	    " iif(min(coalesce(rule, 0)) = max(rule), max(rule), NULL) AS rule"
	    " FROM gap WHERE " OLD_GAP " GROUP BY " GAP_GROUP
	    " HAVING max(gaps IS NULL)) s WHERE gap.id = s.id",
	    "DELETE FROM gap WHERE " OLD_GAP " AND id NOT IN (SELECT min(id)"
	    " FROM gap WHERE " OLD_GAP " GROUP BY " GAP_GROUP ")" } },
	/* one at a time: what goes on from the row before, of the same unit */
	{ "SELECT first_event FROM (SELECT first_event, max_ns,"
	  " min_ns / " UNIT " AS unit, lag(min_ns / " UNIT ") OVER (ORDER BY"
	  " first_event) AS before FROM batch WHERE pruned_ns IS NOT NULL)"
	  " WHERE unit = before AND max_ns < ?1 - 3 * " UNIT " LIMIT 1",
	  { "UPDATE batch SET last_event = b.last_event,"
	    " min_ns = min(batch.min_ns, b.min_ns),"
	    " max_ns = max(batch.max_ns, b.max_ns),"
	    " batches = coalesce(batch.batches, 1) + coalesce(b.batches, 1),"
	    " packets = batch.packets + b.packets,"
	    " bytes = batch.bytes + b.bytes, commit_ns = b.commit_ns,"
	    " last_conversation = b.last_conversation, pruned_ns = b.pruned_ns"
	    " FROM (SELECT * FROM batch WHERE first_event = ?3) b"
	    " WHERE batch.first_event = (SELECT max(first_event) FROM batch"
	    " WHERE first_event < ?3)",
	    "DELETE FROM batch WHERE first_event = ?3" } },
	REMOVE("coverage", "to_ns < ?1"),
	REMOVE("finding", "to_ns < ?1"),
	REMOVE("probe", "sent_ns < ?1"),
	REMOVE("reading", "coalesce(to_ns, from_ns) < ?1"),
	/* by the first a reader knows the log, and the last one runs */
	REMOVE("session", "id > (SELECT min(id) FROM session)"
			  " AND coalesce(stop_ns, start_ns) < ?1"
			  " AND (SELECT start_ns FROM session n"
			  " WHERE n.id > t.id ORDER BY id LIMIT 1) < ?1"),
	/* ids until ?3 are looked through: all, if they are not too many */
	{ "SELECT iif(?4 - removed_conversation < 65536, ?4,"
	  " removed_conversation) FROM proof",
	  { "DELETE FROM endpoint WHERE id IN (SELECT id FROM endpoint INDEXED"
	    " BY endpoint_ended WHERE to_ns < ?1 AND last_conversation < ?3"
	    " AND id NOT IN (SELECT src_endpoint FROM conversation"
	    " WHERE id < ?3 AND src_endpoint IS NOT NULL UNION"
	    " SELECT dst_endpoint FROM conversation WHERE id < ?3"
	    " AND dst_endpoint IS NOT NULL) LIMIT ?2)" } },
	REMOVE("container", "to_ns < ?1 AND NOT EXISTS (SELECT 1"
			    " FROM endpoint e WHERE e.container = t.id)"),
	REMOVE("account", RULE_GONE),
	REMOVE("twin", RULE_GONE),
	REMOVE("rule", "first_ns < ?1 AND id NOT IN (SELECT rule FROM twin"
		       " UNION SELECT rule FROM path UNION SELECT rule"
		       " FROM coverage UNION SELECT rule FROM account UNION"
		       " SELECT rule FROM gap WHERE rule IS NOT NULL UNION"
		       " SELECT rule FROM probe WHERE rule IS NOT NULL)"),
	REMOVE("network",
	       "gone_ns < ?1 AND id NOT IN (SELECT network FROM endpoint"
	       " WHERE network IS NOT NULL UNION"
	       " SELECT src_network FROM path WHERE src_network IS NOT NULL"
	       " UNION SELECT dst_network FROM path"
	       " WHERE dst_network IS NOT NULL UNION SELECT src_network"
	       " FROM probe WHERE src_network IS NOT NULL UNION SELECT"
	       " dst_network FROM probe WHERE dst_network IS NOT NULL)"),
};

/* *ret: how many rows changed. */
static int run_stage(struct store *st, const struct stage *stage, int *ret)
{
	int64_t numbers[] = { (int64_t)st->prune.horizon_ns, STEP_ROWS, 0,
			      st->next_conversation };
	int rc = SQLITE_OK;

	*ret = 0;
	if (stage->find)
		rc = chain_run(st, stage->find, numbers, 4, &numbers[2]);
	if (rc != SQLITE_OK || (stage->find && numbers[2] == 0))
		return rc;
	for (size_t i = 0; i < 2 && stage->sql[i] && rc == SQLITE_OK; i++) {
		rc = chain_run(st, stage->sql[i], numbers, 4, NULL);
		*ret += sqlite3_changes(st->db);
	}
	return rc;
}

int ledger_prune(struct store *st)
{
	struct prune *p = &st->prune;
	int changed = 0, rc = SQLITE_OK;

	while (rc == SQLITE_OK && p->stage > 0 && changed == 0) {
		rc = run_stage(st, &stages[ARRAY_SIZE(stages) - p->stage],
			       &changed);
		p->stage -= changed == 0;
	}
	return rc;
}

static int note_horizon(struct store *st, uint64_t to_ns)
{
	static const char note[] = "UPDATE proof SET removed_ns = ?1";
	const int64_t number = (int64_t)to_ns;

	st->prune.horizon_ns = to_ns;
	return chain_run(st, note, &number, 1, NULL);
}

static int move_horizon(struct store *st, uint64_t to_ns)
{
	struct prune *p = &st->prune;

	if (to_ns <= p->horizon_ns)
		return SQLITE_OK;
	p->stage = ARRAY_SIZE(stages);
	p->links = true;
	identity_expire(st->identity, to_ns);
	return note_horizon(st, to_ns);
}

/* Once after the start: how far earlier ones came. */
static int read_horizon(struct store *st)
{
	static const char horizon[] = "SELECT removed_ns FROM proof";
	static const char gone[] = "SELECT max(max_ns) FROM batch INDEXED BY"
				   " batch_pruned WHERE pruned_ns IS NOT NULL";
	struct prune *p = &st->prune;
	int64_t horizon_ns = 0, gone_ns = 0;
	int rc = chain_run(st, horizon, NULL, 0, &horizon_ns);

	if (rc == SQLITE_OK)
		rc = chain_run(st, gone, NULL, 0, &gone_ns);
	p->horizon_ns = (uint64_t)horizon_ns;
	p->gone_ns = (uint64_t)gone_ns;
	p->known = rc == SQLITE_OK;
	return rc;
}

int ledger_look(struct store *st, uint64_t now_ns)
{
	const struct prune *p = &st->prune;
	uint64_t used_ns = p->minute / 60 * NS_PER_HOUR, until_ns = 0;
	int rc = p->known ? SQLITE_OK : read_horizon(st);

	/* the clock was ahead: what was there then is gone, the rest is not */
	if (rc == SQLITE_OK && p->horizon_ns > now_ns)
		rc = note_horizon(st, now_ns);
	if (rc != SQLITE_OK)
		return rc;
	if (p->gone_ns)
		until_ns = (p->gone_ns / NS_PER_HOUR + 1) * NS_PER_HOUR;
	if (until_ns > used_ns)
		until_ns = used_ns;
	if (p->retain_ns && now_ns > until_ns + p->retain_ns)
		until_ns = (now_ns - p->retain_ns) / NS_PER_HOUR * NS_PER_HOUR;
	return move_horizon(st, until_ns);
}

int ledger_hurry(struct store *st, uint64_t now_ns)
{
	static const char sql[] =
		"SELECT min(max(time_ns), ?1) FROM (SELECT time_ns FROM chain"
		" WHERE seq > (SELECT removed_seq FROM proof) ORDER BY seq"
		" LIMIT 4096)";
	const int64_t number = (int64_t)now_ns;
	int64_t until_ns = 0;
	int rc = chain_run(st, sql, &number, 1, &until_ns);

	return rc == SQLITE_OK ? move_horizon(st, (uint64_t)until_ns) : rc;
}
