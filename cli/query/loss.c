// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Gaps and coverage to one sentence and an exit code: an answer with a hole in
 * it must never look like one without.
 */
#include "cli/query/loss.h"

#include <inttypes.h>

#include "cli/event/words.h"
#include "lib/db.h"
#include "lib/exitcode.h"
#include "lib/timefmt.h"

struct loss_window loss_window(const struct cli *cli, const struct filter *f)
{
	return (struct loss_window){
		.since_ns = f->since_ns,
		.until_ns = f->until_ns,
		.now_ns = cli->now_ns,
		.asked = filter_has_window(f),
		.running = db_writer_pid(f->db_path) > 0,
	};
}

static int read_gaps(sqlite3 *db, const struct loss_window *w, struct loss *ret)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare(db, QUERY_LOSS, &stmt);

	if (r < 0)
		return r;
	query_bind(stmt, ":since", (int64_t)w->since_ns);
	query_bind(stmt, ":until", (int64_t)w->until_ns);
	r = query_step(stmt);
	if (r == 1) {
		ret->gaps = sqlite3_column_int64(stmt, 0);
		ret->packets = sqlite3_column_int64(stmt, 1);
		ret->unknown = sqlite3_column_int64(stmt, 2);
		ret->removed_gaps = sqlite3_column_int64(stmt, 3);
		ret->removed_packets = sqlite3_column_int64(stmt, 4);
		r = 0;
	}
	sqlite3_finalize(stmt);
	return r;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The window's end, and until when what lasts is known to have, which is
 * returned. */
static uint64_t bind_end(sqlite3_stmt *stmt, const struct loss_window *w,
			 int64_t proven)
{
	/* follow began a while ago, and the log went on */
	int64_t now = proven > (int64_t)w->now_ns ? proven : (int64_t)w->now_ns;
	int64_t end = least((int64_t)w->until_ns, now);
	bool ended = !w->running && !w->asked;

	if (w->running && now > proven)
		proven = now;
	if (ended)
		end = least(end, proven);
	/* nothing has been yet */
	if (end < (int64_t)w->since_ns && w->until_ns >= w->since_ns)
		end = (int64_t)w->since_ns;
	query_bind(stmt, ":since", (int64_t)w->since_ns);
	query_bind(stmt, ":end", end);
	query_bind(stmt, ":proven", proven);
	query_bind(stmt, ":ended", ended);
	return (uint64_t)proven;
}

/* Whether retention removed coverage of the window. */
static int read_removed(sqlite3 *db, const struct loss_window *w,
			struct loss *ret)
{
	int64_t removed = 0;
	int r = query_numbers(db, QUERY_REMOVED, &removed, 1);

	if (r > 0 && (uint64_t)removed > w->since_ns) {
		ret->removed_ns = (uint64_t)removed;
		ret->asked = w->asked;
	}
	return r < 0 ? r : 0;
}

static int read_coverage(sqlite3 *db, const struct loss_window *w,
			 struct loss *ret)
{
	sqlite3_stmt *stmt = NULL;
	int64_t proven = (int64_t)w->proven_ns;
	int r = 0;

	if (!proven)
		r = query_numbers(db, QUERY_COVERAGE_END, &proven, 1);
	if (r >= 0 && (int64_t)w->since_ns > proven && w->since_ns > w->now_ns)
		return 0; /* of a time to come nothing can be missed */
	if (r >= 0)
		r = query_prepare(db, QUERY_COVERAGE, &stmt);
	if (r < 0)
		return r;
	ret->proven_ns = bind_end(stmt, w, proven);
	r = query_step(stmt);
	if (r == 1) {
		double all = sqlite3_column_double(stmt, 1);
		double watched = sqlite3_column_double(stmt, 2);

		ret->rules = sqlite3_column_int64(stmt, 0);
		ret->unaudited =
			ret->rules == 0 && w->until_ns > ret->removed_ns;
		ret->holes = sqlite3_column_int64(stmt, 3);
		if (all <= 0) { /* of a moment: the rules watched in it */
			all = (double)ret->rules;
			watched = all - (double)least(ret->holes, ret->rules);
		}
		ret->ppm = all > 0 ? (int64_t)(watched / all * LOSS_PPM)
				   : LOSS_PPM;
		if (watched < all && ret->ppm == LOSS_PPM)
			ret->ppm--;
		r = 0;
	}
	sqlite3_finalize(stmt);
	return r;
}

int loss_read(sqlite3 *db, const struct loss_window *window, struct loss *ret)
{
	struct loss loss = { .utc = window->utc };
	int r = read_gaps(db, window, &loss);

	if (r == 0)
		r = read_removed(db, window, &loss);
	if (r == 0)
		r = read_coverage(db, window, &loss);
	if (r == 0)
		*ret = loss;
	return r;
}

size_t loss_members(const struct loss *loss, const char **names,
		    struct value *values)
{
	static const char *const all[LOSS_MEMBERS] = {
		"lost_packets", "gaps",	 "gaps_unknown",
		"coverage_ppm", "rules", "holes",
	};
	const int64_t numbers[LOSS_MEMBERS] = {
		loss->packets, loss->gaps,  loss->unknown,
		loss->ppm,     loss->rules, loss->holes,
	};

	for (size_t i = 0; i < LOSS_MEMBERS; i++) {
		names[i] = all[i];
		values[i] = int_value(numbers[i]);
	}
	return loss->rules > 0 ? LOSS_MEMBERS : 3;
}

const char *loss_text(const struct loss *loss, const char *lost, char *buf,
		      size_t size)
{
	char number[64];

	if (loss->unknown > 0 && loss->packets == 0)
		snprintf(number, sizeof(number), "an unknown number of");
	else
		snprintf(number, sizeof(number), "%s%" PRId64,
			 loss->unknown > 0 ? "at least " : "", loss->packets);
	snprintf(buf, size, "%s %s%s in %" PRId64 " %s", number,
		 loss->packets == 1 ? "packet" : "packets", lost, loss->gaps,
		 loss->gaps == 1 ? "gap" : "gaps");
	return buf;
}

const char *loss_share(int64_t ppm, char *buf, size_t size)
{
	if (ppm == LOSS_PPM)
		snprintf(buf, size, "100 %%");
	else
		snprintf(buf, size, "%" PRId64 ".%02" PRId64 " %%", ppm / 10000,
			 ppm / 100 % 100);
	return buf;
}

const char *loss_summary(const struct loss *loss, char *buf, size_t size)
{
	char share[LOSS_SHARE_MAX], lost[96] = "", holes[64] = "";
	char removed[TIME_TEXT_MAX + 64] = "", until[TIME_TEXT_MAX];

	if (loss->gaps > 0)
		loss_text(loss, " lost", lost, sizeof(lost));
	if (loss->holes > 0)
		snprintf(holes, sizeof(holes), "%" PRId64 " %s of unknown loss",
			 loss->holes, loss->holes == 1 ? "hole" : "holes");
	if (loss->asked)
		snprintf(removed, sizeof(removed),
			 "what was watched before %s is not kept",
			 loss->utc ? time_rfc3339(loss->removed_ns, until,
						  sizeof(until))
				   : time_local(loss->removed_ns, until,
						sizeof(until)));
	if (loss->rules > 0)
		snprintf(buf, size, "coverage %s of %" PRId64 " %s%s%s%s%s%s%s",
			 loss_share(loss->ppm, share, sizeof(share)),
			 loss->rules, loss->rules == 1 ? "rule" : "rules",
			 *lost ? ", " : "", lost, *holes ? ", " : "", holes,
			 *removed ? ", " : "", removed);
	else
		snprintf(buf, size, "%s%s%s%s%s",
			 loss->unaudited ? "no rule was audited" : "",
			 loss->unaudited && *lost ? ", " : "", lost,
			 (loss->unaudited || *lost) && *removed ? ", " : "",
			 removed);
	return buf;
}

bool loss_is_complete(const struct loss *loss)
{
	return loss->gaps == 0 && loss->holes == 0 && !loss->unaudited &&
	       !loss->asked;
}

int loss_finish(const struct cli *cli, const struct loss *loss, uint64_t n,
		const char *where)
{
	char text[LOSS_TEXT_MAX];

	if (*loss_summary(loss, text, sizeof(text)))
		fprintf(cli->err, "%s %s\n", text, where);
	if (!loss_is_complete(loss))
		return EXITCODE_INCOMPLETE;
	return n > 0 ? EXITCODE_OK : EXITCODE_NOTHING;
}
