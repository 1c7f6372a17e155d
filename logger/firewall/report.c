// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Plan in, messages to the recorder out: the difference between what one
 * iptables holds now and what was told of it before.
 */
#include "logger/firewall/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "logger/clock.h"
#include "logger/log.h"

/* How many times only news is sent before all is. */
enum { REFRESH_ROUNDS = 12 };

void report_init(struct report *rep, int channel_fd, const char *where,
		 const char *variant, int family)
{
	*rep = (struct report){
		.channel_fd = channel_fd,
		.where = where,
		.variant = variant,
		.family = family,
	};
}

void report_clear(struct report *rep)
{
	free(rep->told);
	rep->told = NULL;
	rep->told_len = 0;
}

static bool send_msg(const struct report *rep, const struct channel_msg *msg)
{
	return rep->channel_fd < 0 || channel_send(rep->channel_fd, msg) == 0;
}

static int by_id(const void *a, const void *b)
{
	const struct told *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static struct told *find(struct told *list, size_t len, uint64_t id)
{
	const struct told key = { .id = id };

	if (len == 0)
		return NULL;
	return bsearch(&key, list, len, sizeof(key), by_id);
}

static bool send_rule(const struct report *rep, const struct plan_audited *a,
		      uint64_t packets)
{
	struct channel_msg msg = { .kind = CHANNEL_RULE };
	struct channel_rule *r = &msg.u.rule;

	r->id = a->id;
	r->family = (uint8_t)rep->family;
	r->verdict = (uint8_t)a->verdict;
	r->appeared = rep->looked_ns != 0;
	r->packets = packets;
	r->uncounted = !a->counted;
	r->told_ns = clock_real_ns();
	str_copy(r->variant, sizeof(r->variant), rep->variant);
	str_copy(r->table, sizeof(r->table), a->table);
	str_copy(r->chain, sizeof(r->chain), a->chain);
	str_copy(r->text, sizeof(r->text), a->text);
	str_copy(r->dst_bridge, sizeof(r->dst_bridge), a->dst_bridge);
	return send_msg(rep, &msg);
}

/* Sends t as it is in state; change NULL: it was so before. */
static bool send_twin(const struct report *rep, const struct told *t,
		      uint8_t state, uint64_t since_ns,
		      const struct report_change *change)
{
	struct channel_msg msg = { .kind = CHANNEL_TWIN };
	struct channel_twin *w = &msg.u.twin;

	w->rule_id = t->id;
	w->state = state;
	w->partial = t->partial;
	w->rule_packets = t->rule_packets;
	w->twin_packets = t->twin_packets;
	w->mirror = t->mirror;
	w->after_ns = rep->looked_ns;
	w->since_ns = since_ns;
	str_copy(w->variant, sizeof(w->variant), rep->variant);
	w->disturbed = change && t->disturbed && state == TWIN_IN_PLACE;
	if (change) {
		w->change_ns =
			change->at_ns < since_ns ? change->at_ns : since_ns;
		str_copy(w->cause, sizeof(w->cause), change->cause);
	}
	return send_msg(rep, &msg);
}

/*
 * The plan's rules sorted by id. A rule that stands twice in its chain has one
 * id: counters add up, and it is in place when both are.
 */
static struct told *collect(const struct plan *plan, size_t *ret_len)
{
	size_t len = plan ? plan->audited_len : 0, kept = 0;
	struct told *list = calloc(len + 1, sizeof(*list));

	if (!list)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		const struct plan_audited *a = &plan->audited[i];

		list[i] = (struct told){
			.id = a->id,
			/* a rule that does not count is its twin's word */
			.rule_packets =
				a->counted ? a->rule_packets : a->twin_packets,
			.twin_packets = a->twin_packets,
			.mirror = a->mirror,
			.state = a->in_place ? TWIN_IN_PLACE : TWIN_MISSING,
			.partial = a->new_flows_only,
			.uncounted = !a->counted,
			.disturbed = a->disturbed,
		};
	}
	qsort(list, len, sizeof(*list), by_id);
	for (size_t i = 0; i < len; i++) {
		if (kept == 0 || list[kept - 1].id != list[i].id) {
			list[kept++] = list[i];
			continue;
		}
		list[kept - 1].rule_packets += list[i].rule_packets;
		list[kept - 1].twin_packets += list[i].twin_packets;
		if (list[i].state == TWIN_MISSING)
			list[kept - 1].state = TWIN_MISSING;
	}
	*ret_len = kept;
	return list;
}

void report_rules(struct report *rep, const struct plan *plan)
{
	size_t len = 0;
	struct told *now = collect(plan, &len);

	rep->behind = !now;
	for (uint32_t i = 0; now && i < plan->audited_len; i++) {
		const struct plan_audited *a = &plan->audited[i];
		struct told *old = find(rep->told, rep->told_len, a->id);
		const struct told *new = find(now, len, a->id);

		/* of our own table's rules the plan does not know */
		if (old && !a->in_place && a->watch == WATCH_TWIN)
			old->unplaced = true;
		if (old && a->disturbed && a->watch == WATCH_TWIN)
			old->disturbed = true;
		if (!old && new && !send_rule(rep, a, new->rule_packets)) {
			rep->behind = true;
			break;
		}
	}
	free(now);
}

static bool same(const struct told *a, const struct told *b)
{
	return a->state == b->state && a->rule_packets == b->rule_packets &&
	       a->twin_packets == b->twin_packets &&
	       a->mirror.open == b->mirror.open &&
	       a->mirror.unknown == b->mirror.unknown &&
	       a->mirror.missed == b->mirror.missed &&
	       a->mirror.carried == b->mirror.carried;
}

/* What is told of one rule of this round; old NULL: it was not there. */
static bool tell(const struct report *rep, const struct told *old,
		 struct told *new, uint64_t since_ns, bool all,
		 const struct report_change *change)
{
	const struct report_change unknown = { since_ns, "not in place" };
	bool placed = new->state == TWIN_IN_PLACE &&
		      (!old || old->state != TWIN_IN_PLACE || old->unplaced);
	bool lost = new->state == TWIN_MISSING &&
		    (!old || old->state != TWIN_MISSING);

	if (lost)
		return send_twin(rep, new, new->state, since_ns,
				 change ? change : &unknown);
	/* before our witness was there, there was nothing to watch */
	if (placed && !old && new->uncounted)
		return send_twin(rep, new, new->state, since_ns, NULL);
	if (placed) {
		new->disturbed = false;
		return send_twin(rep, new, new->state, since_ns, change);
	}
	if (new->disturbed || (old && old->disturbed)) {
		bool sent;

		new->disturbed = true;
		sent = send_twin(rep, new, new->state, since_ns,
				 change ? change : &unknown);
		new->disturbed = false;
		return sent;
	}
	/* of two looks with the same counters the rule was quiet between */
	new->steady = old &&same(old, new);
	if (all || !new->steady || !old->steady)
		return send_twin(rep, new, new->state, since_ns, NULL);
	return true;
}

/* One rule's news. old NULL: it was not there; new NULL: it is not any more. */
static bool tell_one(const struct report *rep, const struct told *old,
		     struct told *new, uint64_t since_ns, bool all,
		     const struct report_change *change)
{
	const struct report_change owed = {
		.at_ns = old ? old->owed_ns : rep->owed_ns,
		.cause = rep->owed_cause,
	};

	if (owed.at_ns)
		change = &owed;
	if (!new)
		return send_twin(rep, old, TWIN_GONE, since_ns, change);
	return tell(rep, old, new, since_ns, all, change);
}

/* The first of now[] were told, of what was told before all from that one on
 * is as it was: their change is told by a later round. */
static void owe(struct report *rep, const struct told *now, size_t len,
		size_t from, const struct report_change *change)
{
	size_t left = rep->told_len - from;
	struct told *list = calloc(len + left + 1, sizeof(*list));

	if (change && !rep->owed_ns) {
		rep->owed_ns = change->at_ns;
		str_copy(rep->owed_cause, sizeof(rep->owed_cause),
			 change->cause);
	}
	for (size_t i = from; i < rep->told_len; i++)
		if (change && !rep->told[i].owed_ns)
			rep->told[i].owed_ns = change->at_ns;
	if (!list) /* then some are told twice */
		return;
	for (size_t i = 0; i < len; i++)
		list[i] = now[i];
	for (size_t i = 0; i < left; i++)
		list[len + i] = rep->told[from + i];
	free(rep->told);
	rep->told = list;
	rep->told_len = len + left;
}

bool report_twins(struct report *rep, const struct plan *plan,
		  const struct report_change *change)
{
	size_t len = 0, i = 0, j = 0;
	struct told *now = collect(plan, &len);
	uint64_t since_ns = clock_real_ns();
	bool all = rep->rounds++ % REFRESH_ROUNDS == 0;

	if (!now)
		return false;
	while (!rep->behind && (i < rep->told_len || j < len)) {
		const struct told *old =
			i < rep->told_len ? &rep->told[i] : NULL;
		struct told *new = j < len ? &now[j] : NULL;

		if (old && new && old->id > new->id)
			old = NULL;
		else if (old && new && old->id < new->id)
			new = NULL;
		if (!tell_one(rep, old, new, since_ns, all, change))
			break;
		i += old != NULL;
		j += new != NULL;
	}
	rep->behind = false;
	if (i < rep->told_len || j < len) {
		owe(rep, now, j, i, change);
		free(now);
		return false;
	}
	rep->looked_ns = since_ns;
	rep->owed_ns = 0;
	free(rep->told);
	rep->told = now;
	rep->told_len = len;
	return true;
}

bool report_passed(const struct report *rep, const struct passed *passed,
		   uint64_t from_ns, uint64_t to_ns)
{
	struct channel_msg msg = { .kind = CHANNEL_PASSED };
	struct channel_twin *t = &msg.u.twin;

	if (passed->packets == 0 && !passed->unknown)
		return true;
	str_copy(t->variant, sizeof(t->variant), rep->variant);
	t->rule_packets = passed->packets;
	t->mirror.unknown = passed->unknown;
	t->change_ns = from_ns < to_ns ? from_ns : to_ns;
	t->since_ns = to_ns;
	return send_msg(rep, &msg);
}

void report_removed(struct report *rep)
{
	const struct report_change change = { clock_real_ns(), "daemon down" };

	for (size_t i = 0; i < rep->told_len; i++) {
		struct told *t = &rep->told[i];

		if (t->state == TWIN_IN_PLACE)
			send_twin(rep, t, TWIN_MISSING, change.at_ns, &change);
		t->state = TWIN_MISSING;
		t->twin_packets = 0;
	}
}

void report_finding(struct report *rep, const struct plan *plan,
		    const char *error)
{
	struct channel_msg msg = { .kind = CHANNEL_FINDING };
	struct channel_finding *f = &msg.u.finding;
	uint32_t n = plan ? plan->problems_len : 0;

	snprintf(f->subject, sizeof(f->subject), "%s %s IPv%d", rep->where,
		 rep->variant, rep->family);
	if (*error)
		str_copy(f->detail, sizeof(f->detail), error);
	else if (n == 1)
		str_copy(f->detail, sizeof(f->detail), plan->problems[0]);
	else if (n > 1)
		snprintf(f->detail, sizeof(f->detail), "%s (and %u more)",
			 plan->problems[0], n - 1 + plan->problems_lost);
	if (strcmp(f->detail, rep->finding) == 0)
		return;
	if (*f->detail)
		log_warn("%s: not all is audited: %s", f->subject, f->detail);
	else
		log_info("%s: all is audited again", f->subject);
	if (send_msg(rep, &msg))
		str_copy(rep->finding, sizeof(rep->finding), f->detail);
}
