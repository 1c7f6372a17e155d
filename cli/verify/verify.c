// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Holds a database against its chain: the links, the rows that they are of,
 * the sums that follow from these, and the checkpoints.
 */
#include "cli/verify/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/verify/sums.h"
#include "lib/db.h"

enum { PROGRESS_ROWS = 65536 };

const char *const verify_fault_words[FAULTS] = {
	[FAULT_NONE] = "none",
	[FAULT_CHANGED] = "row changed",
	[FAULT_REMOVED] = "row removed",
	[FAULT_INSERTED] = "row inserted",
	[FAULT_REORDERED] = "rows reordered",
	[FAULT_GAP_REMOVED] = "gap row removed",
	[FAULT_NAME] = "name changed",
	[FAULT_TAIL_CUT] = "tail cut off",
	[FAULT_SUMS] = "sums changed",
	[FAULT_SIGNATURE] = "signature wrong",
	[FAULT_KEY_UNKNOWN] = "key unknown",
	[FAULT_DAMAGED] = "file damaged",
};

bool verify_tells(const struct verify *v, int64_t seq)
{
	return v->report->n_faults == 0 || seq < v->report->fault_seq;
}

void verify_found(struct verify *v, enum verify_fault fault, int64_t seq,
		  uint64_t time_ns, const char *format, ...)
{
	struct verify_report *report = v->report;
	va_list ap;

	if (!verify_tells(v, seq)) {
		report->n_faults++;
		return;
	}
	report->n_faults++;
	report->fault = fault;
	report->fault_seq = seq;
	report->fault_ns = time_ns;
	va_start(ap, format);
	vsnprintf(report->fault_detail, sizeof(report->fault_detail), format,
		  ap);
	va_end(ap);
}

void verify_progress(struct verify *v)
{
	const struct verify_options *o = v->options;
	uint64_t done =
		v->report->events + v->report->conversations + v->report->rows;

	if (!o->progress || done < v->next_progress)
		return;
	v->next_progress = done + PROGRESS_ROWS;
	o->progress(o->arg, done, v->all_rows);
}

static int read_proof(struct verify *v)
{
	struct verify_report *report = v->report;
	sqlite3_stmt *s = NULL;
	int r = verify_prepare(v->db,
			       "SELECT log, first_event, first_conversation,"
			       " begun_ns, removed_seq, removed_conversation,"
			       " (SELECT coalesce(max(last_event), 0) -"
			       " coalesce((SELECT min(first_event) FROM batch"
			       " WHERE pruned_ns IS NULL), 1) + 1 FROM batch)"
			       " + coalesce((SELECT max(id) FROM conversation)"
			       " - (SELECT min(id) FROM conversation) + 1, 0),"
			       " removed_checkpoint, removed_ns FROM proof",
			       &s);

	if (r == 0)
		r = verify_step(s);
	if (r == 1 && sqlite3_column_bytes(s, 0) == EVIDENCE_LOG_ID) {
		memcpy(v->proof.log, sqlite3_column_blob(s, 0),
		       EVIDENCE_LOG_ID);
		v->proof.first_event = sqlite3_column_int64(s, 1);
		v->proof.first_conversation = sqlite3_column_int64(s, 2);
		v->proof.removed_seq = sqlite3_column_int64(s, 4);
		v->proof.removed_conversation = sqlite3_column_int64(s, 5);
		report->begun_ns = (uint64_t)sqlite3_column_int64(s, 3);
		v->all_rows = (uint64_t)sqlite3_column_int64(s, 6);
		v->proof.removed_checkpoint = sqlite3_column_int64(s, 7);
		report->removed_ns = (uint64_t)sqlite3_column_int64(s, 8);
		report->began = true;
	}
	sqlite3_finalize(s);
	if (r >= 0 && !report->began)
		verify_found(v, FAULT_REMOVED, 0, 0,
			     "the row of proof is gone, and with it where the "
			     "chain begins");
	return r < 0 ? r : 0;
}

/* What retention removed, by the rows that it left; these are proven. */
static int read_removed(struct verify *v)
{
	static const char sql[] =
		"SELECT coalesce(sum(coalesce(batches, 1)), 0),"
		" coalesce(sum(packets), 0), min(min_ns), max(max_ns),"
		" (SELECT coalesce(sum(gaps), 0) FROM gap),"
		" (SELECT coalesce(sum(packets), 0) FROM gap"
		" WHERE gaps IS NOT NULL) FROM batch"
		" WHERE pruned_ns IS NOT NULL";
	struct verify_report *report = v->report;
	sqlite3_stmt *s = NULL;
	int r = verify_prepare(v->db, sql, &s);

	if (r == 0)
		r = verify_step(s);
	if (r == 1) {
		report->removed_batches = (uint64_t)sqlite3_column_int64(s, 0);
		report->removed_packets = (uint64_t)sqlite3_column_int64(s, 1);
		report->removed_from_ns = (uint64_t)sqlite3_column_int64(s, 2);
		report->removed_to_ns = (uint64_t)sqlite3_column_int64(s, 3);
		report->removed_gaps = (uint64_t)sqlite3_column_int64(s, 4);
		report->removed_lost = (uint64_t)sqlite3_column_int64(s, 5);
	}
	sqlite3_finalize(s);
	return r < 0 ? r : 0;
}

static int check(struct verify *v, char *error)
{
	int r = verify_schema(v);

	if (r != 0)
		return r < 0 ? r : 0;
	r = verify_file(v);
	if (r == 0)
		r = read_proof(v);
	if (r == 0)
		r = read_removed(v);
	if (r < 0 || !v->report->began)
		return r;
	if (!v->options->only_window)
		r = verify_sums_open(v);
	if (r == 0)
		r = verify_journal_read(v);
	v->all_rows += v->n_entries;
	if (r == 0)
		r = verify_batch_open(v);
	if (r == 0)
		r = verify_chain(v);
	if (r == 0)
		r = verify_batch_end(v);
	if (r == 0)
		r = verify_sums_end(v);
	if (r == 0)
		r = verify_journal_rows(v);
	return r == 0 ? verify_checkpoints(v, error) : r;
}

int verify_database(sqlite3 *db, const struct verify_options *options,
		    struct verify_report *ret, char *error)
{
	struct verify v = { .db = db, .options = options, .report = ret };
	bool own = sqlite3_get_autocommit(db);
	int r = canonical_init();

	*ret = (struct verify_report){ 0 };
	error[0] = '\0';
	if (r == 0)
		r = verify_rows_register(db, &v.filling);
	/* one snapshot for all that is read */
	if (r == 0 && own)
		r = db_errno(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL));
	if (r == 0)
		r = check(&v, error);
	verify_sums_free(&v);
	verify_rows_free(v.events);
	verify_rows_unregister(db);
	sqlite3_finalize(v.conversation);
	sqlite3_finalize(v.was);
	sqlite3_finalize(v.batch);
	if (own)
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	free(v.entries);
	free(v.kept_first);
	return r;
}
