// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tables of sums against what was counted from the events. Where events
 * were removed, or are from before the chain, sums can't be told; of all time
 * the sums of the batches are left then. Each table is read once, in the order
 * of its key.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/verify/conversation.h"
#include "cli/verify/rows.h"
#include "cli/verify/sums.h"
#include "lib/service.h"
#include "lib/timefmt.h"

enum { SPAN_ALL, SPAN_HOUR, SPAN_MINUTE, SPAN_TALKER, SPANS };

static const char *const span_words[SPANS] = { "tally of all time",
					       "tally of an hour",
					       "tally of a minute", "talker" };
static const uint64_t span_ns[SPANS] = { 0, NS_PER_HOUR, NS_PER_MINUTE,
					 NS_PER_HOUR };

/* A table of sums, or the part of it that is of one span. */
struct table {
	int span;
	struct verify_rows *rows; /* of tally; else */
	sqlite3_stmt *stmt;	  /* of talker */
	bool has;		  /* these are of the row it is at: */
	uint64_t start;
	struct verify_slot row;
	bool others; /* it is of some that are counted together */
	int64_t last[3];
	uint64_t n_rows;
};

/* Conversations that went on. */
struct seen_table {
	int span;
	struct verify_rows *rows;
	bool has;
	uint64_t start;
	int64_t conversation;
	uint64_t n_rows;
};

struct verify_compare {
	struct verify_rows **filling;
	struct table sums[SPANS];
	struct seen_table seen[SPAN_MINUTE + 1]; /* SPAN_ALL: none */
};

/* Rows of one path in one hour, minute or all time. */
struct group {
	uint32_t path;
	struct verify_slot sum;
	bool others; /* some are counted together */
	bool wrong;  /* some are not as they were counted */
	bool any;
};

static bool is_exact(const struct verify_sums *s, int span, uint64_t start)
{
	uint64_t unit = span_ns[span];

	if (span == SPAN_ALL)
		return s->whole_ns == 0 && s->n_loose == 0;
	if (s->whole_ns && start <= s->whole_ns / unit)
		return false;
	for (size_t i = 0; i < s->n_loose; i++)
		if (s->loose[i].from_ns / unit <= start &&
		    start <= s->loose[i].to_ns / unit)
			return false;
	return true;
}

static void wrong_sums(struct verify *v, int span, uint64_t start)
{
	verify_found(v, FAULT_SUMS, INT64_MAX, start * span_ns[span],
		     "%s: the sums are not those of the events",
		     span_words[span]);
}

/* Whether a key comes behind the one before it, which it takes the place of. */
static bool in_order(int64_t last[3], const int64_t key[3], uint64_t n)
{
	int i = 0;

	while (i < 2 && key[i] == last[i])
		i++;
	if (n > 0 && key[i] <= last[i])
		return false;
	memcpy(last, key, 3 * sizeof(last[0]));
	return true;
}

static int next_tally(struct verify *v, struct table *t)
{
	const struct verify_row *row;
	const int64_t *cell;
	int r = verify_rows_next(t->rows, &row);

	t->has = r == 1;
	if (r != 1)
		return r;
	cell = row->cell;
	t->start = (uint64_t)cell[1];
	t->others = cell[3] == SERVICE_OTHERS;
	t->row = (struct verify_slot){
		.key = (uint64_t)cell[2] << 32 | (uint32_t)cell[3],
		.packets = (uint64_t)cell[4],
		.bytes = (uint64_t)cell[5],
		.begun = (uint32_t)cell[6],
		.first_ns = (uint64_t)cell[7],
		.last_ns = (uint64_t)cell[8],
		.path = (uint32_t)cell[2],
	};
	if (row->odd || cell[0] != t->span ||
	    !in_order(t->last, cell + 1, t->n_rows) || t->start > UINT32_MAX ||
	    t->row.path != cell[2] || t->row.begun != cell[6] ||
	    (int32_t)cell[3] != cell[3])
		wrong_sums(v, t->span, 0);
	t->n_rows++;
	return 0;
}

static int next_talker(struct verify *v, struct table *t)
{
	uint8_t addr[16] = { 0 }, family = 0;
	int64_t path;
	int r = verify_step(t->stmt);

	t->has = r == 1;
	if (r != 1)
		return r;
	t->start = (uint64_t)sqlite3_column_int64(t->stmt, 0);
	path = sqlite3_column_int64(t->stmt, 1);
	t->others = sqlite3_column_type(t->stmt, 2) == SQLITE_TEXT &&
		    sqlite3_column_bytes(t->stmt, 2) == 0;
	if (!t->others)
		family = verify_address(t->stmt, 2, addr);
	t->row = (struct verify_slot){
		.key = verify_sums_source(v->sums, path, family, addr),
		.packets = (uint64_t)sqlite3_column_int64(t->stmt, 3),
		.bytes = (uint64_t)sqlite3_column_int64(t->stmt, 4),
		.path = (uint32_t)path,
	};
	if (t->start > UINT32_MAX || t->row.path != path)
		wrong_sums(v, t->span, 0);
	t->n_rows++;
	return 0;
}

static int next(struct verify *v, struct table *t)
{
	return t->span == SPAN_TALKER ? next_talker(v, t) : next_tally(v, t);
}

/* A talker has packets and bytes only. */
static bool same_counts(const struct verify_slot *a,
			const struct verify_slot *b, int span)
{
	return a->packets == b->packets && a->bytes == b->bytes &&
	       (span == SPAN_TALKER || a->begun == b->begun);
}

static bool same_times(const struct verify_slot *a, const struct verify_slot *b,
		       int span)
{
	return span == SPAN_TALKER ||
	       (a->first_ns == b->first_ns && a->last_ns == b->last_ns);
}

/* Returns whether such a path was counted at all. */
static bool end_group(struct verify *v, const struct table *t, uint64_t start,
		      const struct group *g, const struct verify_map *paths)
{
	const struct verify_slot *is;

	if (!g->any)
		return false;
	is = verify_map_find(paths, g->path);
	if (!is || (g->wrong && !g->others) ||
	    !same_counts(is, &g->sum, t->span) ||
	    !same_times(is, &g->sum, t->span))
		wrong_sums(v, t->span, start);
	return is != NULL;
}

/* The row that the table is at. */
static void take_row(struct verify *v, const struct table *t, struct group *g,
		     const struct verify_map *counted)
{
	const struct verify_slot *is = verify_map_find(counted, t->row.key);

	g->sum.packets += t->row.packets;
	g->sum.bytes += t->row.bytes;
	g->sum.begun += t->row.begun;
	if (t->row.first_ns < g->sum.first_ns)
		g->sum.first_ns = t->row.first_ns;
	if (t->row.last_ns > g->sum.last_ns)
		g->sum.last_ns = t->row.last_ns;
	if (!t->row.packets)
		wrong_sums(v, t->span, t->start);
	if (is && same_counts(is, &t->row, t->span) &&
	    same_times(is, &t->row, t->span))
		return;
	g->wrong = true;
	if (t->others)
		g->others = true;
	else if (!is || is->packets < t->row.packets)
		wrong_sums(v, t->span, t->start);
}

static int add_paths(const struct verify_map *counted, struct verify_map *ret)
{
	for (size_t i = 0; i < counted->room; i++) {
		struct verify_slot path = counted->slots[i];

		path.key = path.path;
		if (path.packets && verify_map_add(ret, &path) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* All rows of a start, which the table is at unless it has none of it. */
static int compare_start(struct verify *v, struct table *t, uint64_t start,
			 const struct verify_map *counted)
{
	bool exact = is_exact(v->sums, t->span, start);
	struct verify_map paths = { .secret = counted->secret };
	struct group g = { 0 };
	size_t met = 0;
	int r = exact ? add_paths(counted, &paths) : 0;

	while (r == 0 && t->has && t->start == start) {
		if (exact && (!g.any || g.path != t->row.path)) {
			met += end_group(v, t, start, &g, &paths);
			g = (struct group){ .path = t->row.path,
					    .sum.first_ns = UINT64_MAX,
					    .any = true };
		}
		if (exact)
			take_row(v, t, &g, counted);
		r = next(v, t);
	}
	met += end_group(v, t, start, &g, &paths);
	if (r == 0 && exact && met < paths.n)
		wrong_sums(v, t->span, start);
	verify_map_free(&paths);
	return r;
}

/* Rows before that time, of which nothing was counted, and then its own. */
static int compare(struct verify *v, struct table *t, uint64_t start,
		   const struct verify_map *counted)
{
	static const struct verify_map none;
	int r = 0;

	while (r == 0 && t->has && t->start < start)
		r = compare_start(v, t, t->start, &none);
	return r == 0 ? compare_start(v, t, start, counted) : r;
}

static int next_seen(struct verify *v, struct seen_table *t)
{
	int64_t last[3] = { (int64_t)t->start, t->conversation };
	const struct verify_row *row;
	const int64_t *cell;
	int r = verify_rows_next(t->rows, &row);

	t->has = r == 1;
	if (r != 1)
		return r;
	cell = row->cell;
	t->start = (uint64_t)cell[1];
	t->conversation = cell[2];
	if (row->odd || cell[0] != t->span || t->start > UINT32_MAX ||
	    !in_order(last, (const int64_t[]){ cell[1], cell[2], 1 },
		      t->n_rows))
		wrong_sums(v, t->span, 0);
	t->n_rows++;
	return 0;
}

/* A late packet may have been of the minute of its conversation's begin. */
static bool began_then(const struct verify_sums *s, const struct seen_table *t)
{
	const struct verify_conversation *conv =
		verify_sums_find(s, t->conversation);
	uint64_t begun = conv ? conv->begun : 0;

	return t->start == (t->span == SPAN_HOUR ? begun / 60 : begun);
}

static int compare_seen(struct verify *v, struct seen_table *t, uint64_t start,
			const struct verify_map *counted)
{
	size_t met = 0;
	int r = 0;

	while (r == 0 && t->has && t->start <= start) {
		if (t->start == start &&
		    verify_map_find(counted, (uint64_t)t->conversation))
			met++;
		else if (!began_then(v->sums, t) &&
			 is_exact(v->sums, t->span, t->start))
			verify_found(v, FAULT_SUMS, INT64_MAX,
				     t->start * span_ns[t->span],
				     "seen: conversation %lld was not then",
				     (long long)t->conversation);
		r = next_seen(v, t);
	}
	if (r == 0 && met < counted->n && is_exact(v->sums, t->span, start))
		verify_found(v, FAULT_SUMS, INT64_MAX, start * span_ns[t->span],
			     "seen: %zu conversations are missing",
			     counted->n - met);
	return r;
}

int verify_compare_minute(struct verify *v, const struct verify_window *w)
{
	struct verify_compare *c = v->sums->compare;
	int r = compare(v, &c->sums[SPAN_MINUTE], w->start, &w->services);

	return r == 0 ? compare_seen(v, &c->seen[SPAN_MINUTE], w->start,
				     &w->seen)
		      : r;
}

int verify_compare_hour(struct verify *v, const struct verify_window *w)
{
	struct verify_compare *c = v->sums->compare;
	int r = compare(v, &c->sums[SPAN_HOUR], w->start, &w->services);

	if (r == 0)
		r = compare(v, &c->sums[SPAN_TALKER], w->start, &w->talkers);
	return r == 0 ? compare_seen(v, &c->seen[SPAN_HOUR], w->start, &w->seen)
		      : r;
}

static void compare_last_hours(struct verify *v)
{
	const struct verify_sums *s = v->sums;

	for (size_t i = 0; i < s->n_conversations; i++) {
		const struct verify_conversation *conv = &s->conversations[i];
		uint64_t last = conv->hour > conv->last_hour ? conv->hour
							     : conv->last_hour;

		if (conv->hour != conv->last_hour &&
		    is_exact(s, SPAN_HOUR, last))
			verify_found(v, FAULT_SUMS, INT64_MAX,
				     last * NS_PER_HOUR,
				     "conversation %lld: last_hour is not "
				     "that of its events",
				     (long long)conv->id);
	}
}

/* Rows of spans that there are not would have been read by nobody. */
static int compare_numbers(struct verify *v)
{
	const struct verify_compare *c = v->sums->compare;
	uint64_t tally = c->sums[SPAN_ALL].n_rows + c->sums[SPAN_HOUR].n_rows +
			 c->sums[SPAN_MINUTE].n_rows;
	uint64_t seen = c->seen[SPAN_HOUR].n_rows + c->seen[SPAN_MINUTE].n_rows;
	sqlite3_stmt *s = NULL;
	int r = verify_prepare(v->db,
			       "SELECT (SELECT count(*) FROM tally),"
			       " (SELECT count(*) FROM seen)",
			       &s);

	if (r == 0)
		r = verify_step(s);
	if (r == 1 && (uint64_t)sqlite3_column_int64(s, 0) != tally)
		wrong_sums(v, SPAN_ALL, 0);
	if (r == 1 && (uint64_t)sqlite3_column_int64(s, 1) != seen)
		verify_found(v, FAULT_SUMS, INT64_MAX, 0,
			     "seen: there are rows of no hour or minute");
	sqlite3_finalize(s);
	return r < 0 ? r : 0;
}

int verify_compare_end(struct verify *v)
{
	static const struct verify_map none;
	struct verify_compare *c = v->sums->compare;
	int r = compare(v, &c->sums[SPAN_ALL], 0, &v->sums->all.services);

	for (int span = 0; span < SPANS && r == 0; span++)
		r = compare(v, &c->sums[span], UINT64_MAX, &none);
	for (int span = SPAN_HOUR; span <= SPAN_MINUTE && r == 0; span++)
		r = compare_seen(v, &c->seen[span], UINT64_MAX, &none);
	if (r == 0)
		compare_last_hours(v);
	return r == 0 ? compare_numbers(v) : r;
}

/* Until when something was removed, or was there before the chain. */
static int find_whole(struct verify *v)
{
	sqlite3_stmt *s = NULL;
	int r = verify_prepare(v->db,
			       "SELECT max(iif(pruned_ns IS NOT NULL OR"
			       " first_event < ?1, max_ns, 0)),"
			       " sum(packets) IS (SELECT sum(packets)"
			       " FROM tally WHERE span = 0) AND sum(bytes) IS"
			       " (SELECT sum(bytes) FROM tally WHERE span = 0)"
			       " FROM batch",
			       &s);

	if (r < 0)
		return r;
	sqlite3_bind_int64(s, 1, v->proof.first_event);
	r = verify_step(s);
	if (r == 1) {
		v->sums->whole_ns = (uint64_t)sqlite3_column_int64(s, 0);
		if (!sqlite3_column_int(s, 1))
			verify_found(v, FAULT_SUMS, INT64_MAX, 0,
				     "the sums of all time are not those of "
				     "the batches");
	}
	sqlite3_finalize(s);
	return r < 0 ? r : 0;
}

/* Not span = ?1: SQLite would hand on that, and not what is in the row. */
static int open_table(struct verify *v, struct table *t, int span)
{
	static const char tally[] =
		"SELECT 1 FROM tally WHERE span BETWEEN ?1 AND ?1 AND"
		" verify_take(span, start, path, service, packets, bytes,"
		" begun, first_ns, last_ns)"
		" ORDER BY span, start, path, service";
	static const char talker[] =
		"SELECT hour, path, src_ip, packets, bytes FROM talker"
		" ORDER BY hour, path, src_ip";
	int r;

	t->span = span;
	if (span == SPAN_TALKER)
		r = verify_prepare(v->db, talker, &t->stmt);
	else
		r = verify_rows_open(v->db, tally, span, &v->filling, &t->rows);
	return r == 0 ? next(v, t) : r;
}

static int open_seen(struct verify *v, struct seen_table *t, int span)
{
	static const char seen[] =
		"SELECT 1 FROM seen WHERE span BETWEEN ?1 AND ?1 AND"
		" verify_take(span, start, conversation)"
		" ORDER BY span, start, conversation";
	int r = verify_rows_open(v->db, seen, span, &v->filling, &t->rows);

	t->span = span;
	return r == 0 ? next_seen(v, t) : r;
}

int verify_compare_open(struct verify *v)
{
	struct verify_compare *c = calloc(1, sizeof(*c));
	int r;

	v->sums->compare = c;
	if (!c)
		return -ENOMEM;
	r = find_whole(v);
	for (int span = 0; span < SPANS && r == 0; span++)
		r = open_table(v, &c->sums[span], span);
	for (int span = SPAN_HOUR; span <= SPAN_MINUTE && r == 0; span++)
		r = open_seen(v, &c->seen[span], span);
	return r;
}

void verify_compare_free(struct verify_compare *c)
{
	if (!c)
		return;
	for (int span = 0; span < SPANS; span++) {
		verify_rows_free(c->sums[span].rows);
		sqlite3_finalize(c->sums[span].stmt);
	}
	for (int span = SPAN_HOUR; span <= SPAN_MINUTE; span++)
		verify_rows_free(c->seen[span].rows);
	free(c);
}
