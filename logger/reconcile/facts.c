// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the keeper says of rules and twins, into their accounts: counters, and
 * since when a rule was not watched. Judges nothing but what was too much.
 */
#include <string.h>

#include "lib/text.h"
#include "logger/reconcile/private.h"

static int variant_of(const char *name)
{
	return strcmp(name, "nft") == 0	     ? 0
	       : strcmp(name, "legacy") == 0 ? 1
					     : -1;
}

/* Since when a change may have decided about packets. */
static uint64_t in_force_ns(uint64_t change_ns)
{
	return change_ns > COVERAGE_EARLY_NS ? change_ns - COVERAGE_EARLY_NS
					     : 0;
}

/* From now on what the counters show beyond the rows was missed. */
static void begin_pending(struct account *a, const char *cause,
			  uint64_t from_ns)
{
	if (a->pending)
		return;
	a->pending = true;
	a->cause = cause;
	a->from_ns = from_ns;
	a->to_ns = 0;
	a->found = 0;
	a->checks = 0;
	a->fresh = a->kept = a->reset = false;
	a->total_then = reconcile_counted(a);
}

/* The account is not right before a quiet look: counters went back, or began
 * before it did. */
static void unknow(struct reconcile *rec, struct account *a)
{
	a->known = false;
	a->born = false;
	a->snap_ns = 0;
	a->looked = false;
	reconcile_touch(rec, a);
}

/* The last session knew the rule: it was not watched since. */
static void take_up(struct reconcile *rec, struct account *a,
		    struct account_counter *c, const struct channel_rule *r)
{
	begin_pending(a, "daemon down", rec->down_ns);
	if (r->packets >= c->rule)
		return;
	/* it began anew meanwhile: what it had counted by then is unknown, */
	reconcile_unknown(rec);
	/* and where: iptables-restore -c sets it to what it once was */
	if (r->packets > 0) {
		a->doubtful = true;
		unknow(rec, a);
	}
	c->rule = 0;
	a->total_then = reconcile_counted(a);
	a->base = (int64_t)(reconcile_counted(a) - reconcile_accounted(a));
}

/* Its twin began at 0 with this session; nothing counted before. */
static void take_up_uncounted(struct reconcile *rec, struct account *a,
			      struct account_counter *c)
{
	begin_pending(a, "daemon down", rec->down_ns);
	c->rule = 0;
	a->base = -(int64_t)reconcile_accounted(a);
}

static void take_rule(struct reconcile *rec, const struct channel_rule *r)
{
	int variant = variant_of(r->variant);
	struct account *a = accounts_get(store_accounts(rec->store), r->id);
	struct account_counter *c;

	if (!a || variant < 0)
		return;
	c = &a->counters[variant];
	if (c->claimed)
		return;
	c->claimed = true;
	a->gone = false;
	a->uncounted = r->uncounted;
	if (!c->there && a->counters[!variant].there) {
		a->base -= (int64_t)c->rule; /* it begins anew */
	} else if (!c->there) {
		/* rows of a twin that outlived the rule are still to come */
		c->rule = 0;
		a->base = -(int64_t)reconcile_accounted(a);
		a->known = true;
		a->epoch_ns = a->settled_ns = r->told_ns;
	}
	if (c->there && r->uncounted) {
		take_up_uncounted(rec, a, c);
	} else if (c->there) {
		take_up(rec, a, c, r);
	} else if (!r->appeared && rec->down_ns && !r->uncounted) {
		/* made while no logger ran: all that it counted was missed */
		begin_pending(a, "daemon down", rec->down_ns);
	} else if (!r->appeared) {
		/* older than the first logger: that is not ours to know */
		a->base += (int64_t)r->packets;
	} else if (!a->opened) {
		a->born = true;
	}
	c->there = true;
	c->rule = r->packets;
	c->twin = 0;
	c->mirror = (struct mirror_told){ 0 };
	a->opening = !a->opened;
	a->opened = true;
	reconcile_touch(rec, a);
}

/* Rows that were there before the counters were read must be in them. Which of
 * those since the account closed are not nobody knows: then t says so. */
static void find_excess(struct reconcile *rec, struct account *a,
			struct channel_twin *t)
{
	int64_t expected = (int64_t)reconcile_counted(a) - a->base;
	int64_t excess = (int64_t)a->snap - expected;

	if (a->snap_ns == 0 || a->snap_ns >= t->after_ns || !a->known ||
	    a->partial)
		return;
	a->snap_ns = 0;
	if (excess <= 0)
		return;
	a->overlogged += (uint64_t)excess;
	reconcile_touch(rec, a);
	if (t->state != TWIN_IN_PLACE || t->change_ns)
		return;
	t->disturbed = true;
	t->change_ns = a->checked_ns ? a->checked_ns : rec->start_ns;
	str_copy(t->cause, sizeof(t->cause), "others decided");
}

static void take_change(struct account *a, const struct channel_twin *t)
{
	bool pending = a->pending;

	switch ((enum channel_twin_state)t->state) {
	case TWIN_MISSING:
		/* we took it out: the next session goes on from there */
		if (strcmp(t->cause, "daemon down") == 0)
			break;
		begin_pending(a, "not watched", in_force_ns(t->change_ns));
		a->kept = a->kept || (!pending && t->mirror.kept);
		break;
	case TWIN_IN_PLACE:
		begin_pending(a, "not watched", in_force_ns(t->change_ns));
		a->kept = a->kept || (!pending && t->mirror.kept);
		a->to_ns = t->since_ns;
		a->checks = 0;
		a->fresh = !t->disturbed;
		break;
	case TWIN_GONE:
		break;
	}
}

/* Whether what the rule counted in all is less than it was. */
static bool fell(const struct account_counter *c, const struct channel_twin *t)
{
	return (int64_t)t->rule_packets + t->mirror.carried <
	       (int64_t)c->rule + c->mirror.carried;
}

static bool take_twin(struct reconcile *rec, struct channel_twin *t)
{
	int variant = variant_of(t->variant);
	struct account *a =
		accounts_find(store_accounts(rec->store), t->rule_id);
	struct account_counter *c;

	if (!a || variant < 0 || !a->counters[variant].there)
		return false;
	c = &a->counters[variant];
	if (t->state == TWIN_GONE) {
		/* its last counters are those of the last look */
		if (a->kept && a->pending)
			reconcile_kept(rec, a, t->since_ns, true);
		*c = (struct account_counter){
			.rule = c->rule + (uint64_t)c->mirror.carried,
		};
		a->gone = !a->counters[!variant].there;
		a->sampled = true;
		return true;
	}
	if (t->change_ns)
		take_change(a, t);
	else if (t->state == TWIN_IN_PLACE && a->pending && a->to_ns == 0)
		a->to_ns = t->since_ns; /* a killed logger's twin */
	a->partial = a->partial || t->partial;
	a->reset = a->reset || (!t->mirror.kept && fell(c, t));
	if ((!t->mirror.kept && fell(c, t)) ||
	    (a->opening && !a->uncounted && t->state == TWIN_IN_PLACE &&
	     t->change_ns == 0))
		unknow(rec, a);
	/* it was written again, or may have been, while its twin was away */
	if (!t->mirror.kept && t->mirror.unknown != c->mirror.unknown) {
		a->doubtful = true;
		unknow(rec, a);
	}
	a->opening = false;
	c->rule = t->rule_packets;
	c->twin = t->twin_packets;
	a->told += t->mirror.missed - c->mirror.missed;
	a->told_unknown += t->mirror.unknown - c->mirror.unknown;
	c->mirror = t->mirror;
	if (!a->sampled || t->after_ns < a->after_ns)
		a->after_ns = t->after_ns;
	a->sampled = true;
	a->sampled_ns = t->since_ns;
	find_excess(rec, a, t);
	return true;
}

/* Rules that nobody read: no account is theirs. */
static void take_passed(struct reconcile *rec, const struct channel_twin *t)
{
	struct gap gap = {
		.from_ns = in_force_ns(t->change_ns),
		.to_ns = t->since_ns,
		.packets = t->rule_packets,
		.known = true,
		.cause = "not watched",
		.detail = "packets of rules that were written and deleted "
			  "again before they were read",
	};

	if (gap.packets > 0)
		store_add_gap(rec->store, &gap);
	gap.packets = 0;
	gap.known = false;
	gap.detail = "perhaps packets of rules that were written and deleted "
		     "again before they were read: the kernel's notices do "
		     "not tell how many";
	if (t->mirror.unknown)
		store_add_gap(rec->store, &gap);
}

bool reconcile_fact(struct reconcile *rec, struct channel_msg *msg)
{
	if (msg->kind == CHANNEL_RULE)
		take_rule(rec, &msg->u.rule);
	if (msg->kind == CHANNEL_PASSED)
		take_passed(rec, &msg->u.twin);
	return msg->kind == CHANNEL_TWIN && take_twin(rec, &msg->u.twin);
}
