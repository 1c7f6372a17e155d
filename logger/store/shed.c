// SPDX-License-Identifier: GPL-2.0-or-later
/* Packets that could only be counted, to gaps: one per rule and interface. */
#include "lib/timefmt.h"
#include "logger/store/private.h"

#define WINDOW_MIN_NS NS_PER_S
#define WINDOW_MAX_NS NS_PER_MINUTE

static struct shed_sum *find(struct shed *shed, const struct event *ev)
{
	uint64_t hash = (ev->rule_id ^ ev->in_ifindex) * 0x9e3779b97f4a7c15U;
	size_t at = (size_t)(hash >> 32);

	for (size_t i = 0; i < SHED_SLOTS; i++) {
		struct shed_sum *sum = &shed->sums[(at + i) % SHED_SLOTS];

		if (sum->packets == 0 || (sum->rule_id == ev->rule_id &&
					  sum->in_ifindex == ev->in_ifindex))
			return sum;
	}
	return &shed->sums[SHED_SLOTS];
}

void shed_add(struct store *st, const struct event *ev)
{
	struct account *a = accounts_find(st->accounts, ev->rule_id);
	struct shed *shed = &st->shed;
	struct shed_sum *sum = find(shed, ev);

	if (sum->packets++ == 0) {
		sum->from_ns = sum->to_ns = ev->time_ns;
		if (sum != &shed->sums[SHED_SLOTS]) {
			sum->rule_id = ev->rule_id;
			sum->in_ifindex = ev->in_ifindex;
		}
	}
	if (ev->time_ns < sum->from_ns)
		sum->from_ns = ev->time_ns;
	if (ev->time_ns > sum->to_ns)
		sum->to_ns = ev->time_ns;
	if (shed->since_ns == 0)
		shed->since_ns = ev->time_ns;
	if (shed->waiting_ns == 0)
		shed->waiting_ns = ev->time_ns;
	if (a && ev->time_ns >= a->epoch_ns)
		a->shed++;
}

bool shed_due(const struct shed *shed, uint64_t now_ns)
{
	uint64_t window_ns = (now_ns - shed->since_ns) / 8;

	if (window_ns < WINDOW_MIN_NS)
		window_ns = WINDOW_MIN_NS;
	if (window_ns > WINDOW_MAX_NS) /* also when the clock was set back */
		window_ns = WINDOW_MAX_NS;
	return shed->waiting_ns && now_ns - shed->waiting_ns >= window_ns;
}

static void add_gap(struct store *st, const struct shed_sum *sum)
{
	const struct gap gap = {
		.from_ns = sum->from_ns,
		.to_ns = sum->to_ns,
		.packets = sum->packets,
		.known = true,
		.rule_id = sum->rule_id,
		.in_ifindex = sum->in_ifindex,
		.cause = "shed under load",
	};

	store_add_gap(st, &gap);
}

void shed_flush(struct store *st, bool over)
{
	struct shed *shed = &st->shed;
	struct account *a;
	size_t at = 0;

	for (size_t i = 0; i <= SHED_SLOTS; i++)
		if (shed->sums[i].packets > 0)
			add_gap(st, &shed->sums[i]);
	while (shed->waiting_ns &&
	       (a = accounts_next(st->accounts, &at)) != NULL) {
		if (a->shed == 0)
			continue;
		a->lost += a->shed;
		a->shed = 0;
		accounts_touch(st->accounts, a);
	}
	*shed = (struct shed){ .since_ns = over ? 0 : shed->since_ns };
}
