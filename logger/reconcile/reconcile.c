// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Counters and rows in, gaps and a finding out. A counter is read before the
 * rows are: what it shows beyond them was lost for sure, and how much is exact
 * once the rule was quiet between two looks. Never writes by itself.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "lib/timefmt.h"
#include "logger/reconcile/private.h"

/* Two refreshes of the keeper's, and some. */
#define UNEVEN_MAX_NS (150 * NS_PER_S)
#define DELAY_NS (RECONCILE_DELAY_MS * (NS_PER_S / 1000))
/* By then the keeper has named every rule that is still there. */
#define START_NS (60 * NS_PER_S)

void reconcile_init(struct reconcile *rec, struct store *store, uint64_t now_ns)
{
	*rec = (struct reconcile){
		.store = store,
		.down_ns = store_down_ns(store),
		.start_ns = now_ns,
	};
}

void reconcile_touch(struct reconcile *rec, struct account *a)
{
	accounts_touch(store_accounts(rec->store), a);
}

void reconcile_gap(struct reconcile *rec, const struct account *a,
		   uint64_t packets, bool known, const char *cause,
		   uint64_t from_ns, uint64_t to_ns)
{
	const struct gap gap = {
		.from_ns = from_ns < to_ns ? from_ns : to_ns,
		.to_ns = to_ns,
		.packets = packets,
		.known = known,
		.rule_id = a->rule_id,
		.cause = cause,
	};

	store_add_gap(rec->store, &gap);
}

void reconcile_unknown(struct reconcile *rec)
{
	const struct gap gap = {
		.from_ns = rec->down_ns,
		.to_ns = rec->start_ns,
		.cause = "daemon down",
		.detail = "counters were set back, or rules removed, while no "
			  "logger ran",
	};

	if (!rec->unknown_down)
		store_add_gap(rec->store, &gap);
	rec->unknown_down = true;
}

uint64_t reconcile_hole(struct reconcile *rec, uint64_t lost)
{
	uint64_t told = lost < rec->credit ? lost : rec->credit;

	rec->credit -= told;
	rec->sequence_lost += lost - told;
	return lost - told;
}

/* Takes n packets as lost, of those that the numbers showed. */
static uint64_t attribute(struct reconcile *rec, struct account *a, uint64_t n)
{
	uint64_t open = rec->sequence_lost - rec->attributed;

	if (n > open)
		n = open;
	a->lost += n;
	rec->attributed += n;
	return n;
}

/* The number of the hole that ends is to be written, or stays unknown; with
 * one that waits for its commit it is one hole. */
static void settle(struct account *a, bool exact)
{
	bool waits = a->exact;

	a->exact = exact;
	if (exact && !waits) {
		a->exact_found = 0;
		/* the clock may have been set back meanwhile */
		a->exact_after_ns =
			a->settled_ns < a->to_ns ? a->settled_ns : a->from_ns;
	}
	a->exact_found += a->found;
	a->exact_ns = a->to_ns;
	if (a->to_ns)
		a->settled_ns = a->to_ns;
}

static void resolve(struct reconcile *rec, struct account *a, bool exact)
{
	settle(a, exact);
	a->pending = false;
	a->born = false; /* its twin may begin at 0 again, it does not */
	a->resolved = true;
	reconcile_touch(rec, a);
}

static void miss(struct reconcile *rec, struct account *a, uint64_t n,
		 uint64_t now_ns)
{
	if (n == 0)
		return;
	a->missed += n;
	a->found += n;
	reconcile_gap(rec, a, n, true, a->cause, a->from_ns,
		      a->to_ns ? a->to_ns : now_ns);
	reconcile_touch(rec, a);
}

/* Its twin counts less than the rule: only standing still proves anything. */
static void look_partial(struct reconcile *rec, struct account *a,
			 uint64_t now_ns)
{
	bool still = reconcile_counted(a) == a->total_then && !a->doubtful;

	if (!a->pending || a->to_ns == 0)
		return;
	if (!still)
		reconcile_gap(rec, a, 0, false, a->cause, a->from_ns,
			      a->to_ns < now_ns ? a->to_ns : now_ns);
	a->doubtful = false;
	resolve(rec, a, still);
}

/* The counters went back before: a quiet moment makes the account right. */
static void look_anew(struct reconcile *rec, struct account *a, uint64_t now_ns)
{
	uint64_t total = reconcile_counted(a), twin = reconcile_twins(a);
	/* what was carried over is of the time before */
	bool exact = a->fresh && a->reset && account_carried(a) == 0 &&
		     total >= twin;

	if (!a->quiet || (a->pending && a->to_ns == 0))
		return;
	if (a->pending && exact)
		miss(rec, a, total - twin, now_ns);
	else if (a->pending)
		reconcile_gap(rec, a, 0, false, a->cause, a->from_ns, a->to_ns);
	a->base = (int64_t)(total - reconcile_accounted(a));
	a->known = true;
	if (a->pending)
		resolve(rec, a, exact);
	reconcile_touch(rec, a);
}

/* How many of n packets that are not in the log had no twin to log them. */
static uint64_t part_missed(struct reconcile *rec, struct account *a,
			    uint64_t n)
{
	uint64_t total = reconcile_counted(a), twin = reconcile_twins(a);

	if (a->born) { /* both began at 0: they tell it */
		uint64_t all = total > twin ? total - twin : 0;
		uint64_t part = all > a->missed ? all - a->missed : 0;

		return part < n ? part : n;
	}
	return n - attribute(rec, a, n);
}

/* What the counters show beyond the account. */
static uint64_t beyond(const struct account *a)
{
	int64_t n = (int64_t)reconcile_counted(a) - a->base -
		    (int64_t)reconcile_accounted(a);

	return n > 0 ? (uint64_t)n : 0;
}

/* How many packets a hole hides the keeper does not know yet. */
static bool is_open(const struct account *a)
{
	return a->counters[0].mirror.open || a->counters[1].mirror.open;
}

void reconcile_kept(struct reconcile *rec, struct account *a, uint64_t now_ns,
		    bool final)
{
	bool unknown = a->told_unknown > 0;
	bool open = is_open(a);

	if (!unknown && !final && (open || a->to_ns == 0))
		return;
	unknown = unknown || open;
	a->to_ns = a->to_ns ? a->to_ns : now_ns;
	if (unknown)
		reconcile_gap(rec, a, 0, false, a->cause, a->from_ns, a->to_ns);
	miss(rec, a, a->told, now_ns);
	a->told = 0;
	a->told_unknown = 0;
	resolve(rec, a, !unknown);
}

/* The keeper says that it missed some, and of no hole. */
static void look_told(struct reconcile *rec, struct account *a, uint64_t now_ns)
{
	uint64_t from_ns = a->checked_ns ? a->checked_ns : rec->start_ns;

	if (a->told_unknown > 0)
		reconcile_gap(rec, a, 0, false, "not watched", from_ns, now_ns);
	if (a->told > 0) {
		reconcile_gap(rec, a, a->told, true, "not watched", from_ns,
			      now_ns);
		a->missed += a->told;
		reconcile_touch(rec, a);
	}
	a->told = a->told_unknown = 0;
}

/* A rule that may be a new one. Returns whether it is known when its twin was
 * away. */
static bool look_doubtful(struct reconcile *rec, struct account *a,
			  uint64_t now_ns, bool final)
{
	uint64_t to_ns = a->pending && a->to_ns ? a->to_ns : now_ns;

	if (a->pending && a->to_ns == 0 && !final)
		return false;
	if (!a->pending) {
		a->from_ns = a->checked_ns ? a->checked_ns : rec->start_ns;
		a->cause = "not watched";
	}
	reconcile_gap(rec, a, 0, false, a->cause, a->from_ns, to_ns);
	miss(rec, a, a->told, to_ns);
	a->told = a->told_unknown = 0;
	a->doubtful = false;
	if (a->pending)
		resolve(rec, a, false);
	return true;
}

/* Returns whether what is left beyond the account now was lost. */
static bool look_pending(struct reconcile *rec, struct account *a,
			 uint64_t now_ns, bool final)
{
	uint64_t n = beyond(a);
	bool untouched = reconcile_counted(a) == a->total_then && n == 0;
	bool exact = a->to_ns && (a->quiet || untouched);

	if (a->to_ns == 0 && !final)
		return false;
	a->checks++;
	if (!exact && !final && a->checks % RECONCILE_LOOKS != 0)
		return false;
	miss(rec, a, part_missed(rec, a, n), now_ns);
	if (exact || (final && a->to_ns))
		resolve(rec, a, true);
	return true;
}

/* No number of the group shows them yet, or all that did are taken. */
static uint64_t lose(struct reconcile *rec, struct account *a, uint64_t n,
		     uint64_t now_ns)
{
	if (n == 0)
		return 0;
	reconcile_touch(rec, a);
	n -= attribute(rec, a, n);
	if (n == 0)
		return 0;
	reconcile_gap(rec, a, n, true, "counter",
		      a->checked_ns ? a->checked_ns : rec->start_ns, now_ns);
	a->lost += n;
	rec->credit += n;
	return n;
}

/* Who passes while nobody witnesses it is counted nowhere. */
static void look_uncounted(struct reconcile *rec, struct account *a,
			   uint64_t now_ns, bool final)
{
	if (a->to_ns == 0 && !final)
		return;
	reconcile_gap(rec, a, 0, false, a->cause, a->from_ns,
		      a->to_ns && a->to_ns < now_ns ? a->to_ns : now_ns);
	resolve(rec, a, false);
}

/* Returns how many packets turn out to be lost that no number shows. */
static uint64_t look_at(struct reconcile *rec, struct account *a,
			uint64_t now_ns, bool final)
{
	uint64_t total = reconcile_counted(a), lost = 0;

	if (!final && now_ns < a->sampled_ns + DELAY_NS) {
		/* packets that they count may be on their way */
		rec->young = true;
		return 0;
	}
	a->quiet = a->looked && total == a->total && a->rows == a->total_rows;
	a->looked = true;
	a->total = total;
	a->total_rows = a->rows;
	a->sampled = false;
	a->epoch_ns = 0; /* what came before is in, whatever the clock says */
	if (a->partial) {
		look_partial(rec, a, now_ns);
		return 0;
	}
	if (a->pending && a->kept)
		reconcile_kept(rec, a, now_ns, final);
	if (a->pending && a->kept)
		return 0;
	if (a->pending && a->uncounted)
		look_uncounted(rec, a, now_ns, final);
	if (a->doubtful && !look_doubtful(rec, a, now_ns, final))
		return 0;
	look_told(rec, a, now_ns);
	if (!a->known) {
		look_anew(rec, a, now_ns);
		return 0;
	}
	if (!a->pending || look_pending(rec, a, now_ns, final))
		lost = lose(rec, a, beyond(a), now_ns);
	if (a->snap_ns == 0) {
		a->snap = reconcile_accounted(a);
		a->snap_ns = now_ns;
	}
	if (!is_open(a))
		a->checked_ns = a->after_ns;
	return lost;
}

/* The keeper named every rule that is there: the others are not. */
static void settle_start(struct reconcile *rec)
{
	struct accounts *accs = store_accounts(rec->store);
	struct account *a;
	size_t at = 0;

	rec->settled_start = true;
	while ((a = accounts_next(accs, &at))) {
		struct channel_msg msg = {
			.kind = CHANNEL_TWIN,
			.u.twin = { .rule_id = a->rule_id,
				    .state = TWIN_GONE,
				    .since_ns = rec->start_ns,
				    .change_ns = rec->start_ns },
		};

		if (a->counters[0].claimed || a->counters[1].claimed)
			continue;
		if (store_facts_full(rec->store)) {
			rec->settled_start = false; /* the rest next time */
			return;
		}
		reconcile_unknown(rec);
		str_copy(msg.u.twin.variant, sizeof(msg.u.twin.variant),
			 a->counters[0].there ? "nft" : "legacy");
		store_add_fact(rec->store, &msg);
		accounts_remove(accs, a);
	}
}

static void say(struct reconcile *rec, const char *detail)
{
	struct channel_msg msg = { .kind = CHANNEL_FINDING };

	if (strcmp(detail, rec->said) == 0 || store_facts_full(rec->store))
		return;
	str_copy(rec->said, sizeof(rec->said), detail);
	str_copy(msg.u.finding.subject, sizeof(msg.u.finding.subject),
		 "reconciliation");
	str_copy(msg.u.finding.detail, sizeof(msg.u.finding.detail), detail);
	store_add_fact(rec->store, &msg);
}

/* What does not close. */
struct differences {
	const struct account *more; /* the log has more than it counted */
	const struct account *unknown;
	uint64_t n_more, n_unknown;
	bool all_quiet;
};

/* The worst of it in one sentence. */
static void say_differences(struct reconcile *rec, const struct differences *d)
{
	char text[CHANNEL_TEXT_MAX] = "";

	if (d->more)
		snprintf(text, sizeof(text),
			 "the log has %" PRIu64 " %s of rule %012" PRIx64
			 " that it did not count%s: another NFLOG rule has its "
			 "id, somebody's rule before it in table raw decided "
			 "about them, or Docker wrote it again unseen",
			 d->more->overlogged,
			 d->more->overlogged == 1 ? "packet" : "packets",
			 d->more->rule_id,
			 d->n_more > 1 ? " (and of others)" : "");
	else if (d->unknown)
		snprintf(text, sizeof(text),
			 "the counters of %" PRIu64 " %s were set back or "
			 "are older than the log, of %012" PRIx64
			 " for one: they can't be compared before the rule is "
			 "quiet for a moment",
			 d->n_unknown, d->n_unknown == 1 ? "rule" : "rules",
			 d->unknown->rule_id);
	else if (rec->unexplained)
		snprintf(text, sizeof(text),
			 "%" PRIu64 " %s lost that no rule counted",
			 rec->unexplained,
			 rec->unexplained == 1 ? "packet was" : "packets were");
	say(rec, text);
}

/* Both ways to count losses agree once every rule was quiet. */
static void compare_sums(struct reconcile *rec, bool all_quiet, uint64_t now_ns)
{
	if (rec->sequence_lost == rec->attributed || !all_quiet) {
		rec->uneven_ns = 0;
		return;
	}
	if (rec->uneven_ns == 0)
		rec->uneven_ns = now_ns;
	if (now_ns < rec->uneven_ns + UNEVEN_MAX_NS)
		return;
	/* who else logs to our group is a finding of its own */
	if (!rec->foreign)
		rec->unexplained += rec->sequence_lost - rec->attributed;
	rec->attributed = rec->sequence_lost;
}

/* Sums up what does not close, and drops the accounts of rules that are gone.
 */
static void sum_up(struct accounts *accs, struct differences *ret)
{
	struct differences d = { .all_quiet = true };
	struct account *a;

	for (size_t at = 0; (a = accounts_next(accs, &at));) {
		if (a->gone && !a->sampled && !a->resolved) {
			accounts_remove(accs, a);
			continue;
		}
		d.all_quiet =
			d.all_quiet && a->known && (a->quiet || a->partial);
		if (a->overlogged > 0 && ++d.n_more == 1)
			d.more = a;
		if (!a->known && !a->partial && !a->uncounted &&
		    ++d.n_unknown == 1)
			d.unknown = a;
	}
	*ret = d;
}

uint64_t reconcile_look(struct reconcile *rec, uint64_t now_ns, bool final)
{
	struct accounts *accs = store_accounts(rec->store);
	struct differences d;
	struct account *a;
	uint64_t lost = 0;

	/* those that were watched all the time take the known losses first */
	rec->more = rec->young = false;
	for (int pending = 0; pending < 2; pending++) {
		for (size_t at = 0; (a = accounts_next(accs, &at));) {
			if (!a->sampled || a->pending != (pending == 1))
				continue;
			/* one may take two */
			rec->more = rec->more || store_gaps_full(rec->store);
			if (!rec->more)
				lost += look_at(rec, a, now_ns,
						final || a->gone);
		}
	}
	sum_up(accs, &d);
	if (!rec->settled_start && now_ns > rec->start_ns + START_NS)
		settle_start(rec);
	compare_sums(rec, d.all_quiet, now_ns);
	say_differences(rec, &d);
	return lost;
}
