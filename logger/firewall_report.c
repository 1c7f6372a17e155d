// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Plan in, messages to the recorder out: the difference between what one
 * iptables holds now and what was told of it before.
 */
#include "logger/firewall_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
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

static const struct told *find(const struct report *rep, uint64_t id)
{
	const struct told key = { .id = id };

	if (rep->told_len == 0)
		return NULL;
	return bsearch(&key, rep->told, rep->told_len, sizeof(key), by_id);
}

static bool send_rule(const struct report *rep, const struct plan_audited *a)
{
	struct channel_msg msg = { .kind = CHANNEL_RULE };
	struct channel_rule *r = &msg.u.rule;

	r->id = a->id;
	r->family = (uint8_t)rep->family;
	r->verdict = (uint8_t)a->verdict;
	str_copy(r->table, sizeof(r->table), a->table);
	str_copy(r->chain, sizeof(r->chain), a->chain);
	str_copy(r->text, sizeof(r->text), a->text);
	str_copy(r->dst_bridge, sizeof(r->dst_bridge), a->dst_bridge);
	return send_msg(rep, &msg);
}

/* state: enum channel_twin_state */
static bool send_twin(const struct report *rep, const struct told *t,
		      uint8_t state)
{
	struct channel_msg msg = { .kind = CHANNEL_TWIN };
	struct channel_twin *w = &msg.u.twin;

	w->rule_id = t->id;
	w->state = state;
	w->rule_packets = t->rule_packets;
	w->twin_packets = t->twin_packets;
	str_copy(w->variant, sizeof(w->variant), rep->variant);
	return send_msg(rep, &msg);
}

void report_rules(struct report *rep, const struct plan *plan)
{
	for (uint32_t i = 0; i < plan->audited_len; i++)
		if (!find(rep, plan->audited[i].id) &&
		    !send_rule(rep, &plan->audited[i])) {
			rep->behind = true;
			return;
		}
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
			.rule_packets = a->rule_packets,
			.twin_packets = a->twin_packets,
			.state = a->in_place ? TWIN_IN_PLACE : TWIN_MISSING,
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

static bool same(const struct told *a, const struct told *b)
{
	return a->state == b->state && a->rule_packets == b->rule_packets &&
	       a->twin_packets == b->twin_packets;
}

void report_twins(struct report *rep, const struct plan *plan,
		  const struct report_change *change)
{
	size_t len = 0, i = 0, j = 0;
	struct told *now = collect(plan, &len);
	bool sent = !rep->behind;
	bool all = change || rep->rounds++ % REFRESH_ROUNDS == 0;

	rep->behind = false;
	if (!now)
		return;
	while (sent && (i < rep->told_len || j < len)) {
		const struct told *old =
			i < rep->told_len ? &rep->told[i] : NULL;
		const struct told *new = j < len ? &now[j] : NULL;

		if (!new || (old && old->id < new->id)) {
			sent = send_twin(rep, old, TWIN_GONE);
			i++;
			continue;
		}
		if (all || !old || old->id != new->id || !same(old, new))
			sent = send_twin(rep, new, new->state);
		if (old && old->id == new->id)
			i++;
		j++;
	}
	if (!sent) {
		free(now);
		return;
	}
	free(rep->told);
	rep->told = now;
	rep->told_len = len;
}

void report_removed(struct report *rep)
{
	for (size_t i = 0; i < rep->told_len; i++) {
		struct told *t = &rep->told[i];

		t->state = TWIN_MISSING;
		t->twin_packets = 0;
		send_twin(rep, t, t->state);
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
