// SPDX-License-Identifier: GPL-2.0-or-later
/* What the recorder is told of a plan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "logger/firewall/backend.h"
#include "logger/rules/profile.h"

static const char text[] = "*raw\n:PREROUTING ACCEPT [0:0]\n"
			   "[1:60] -A PREROUTING -d 172.17.0.2/32 ! -i docker0 "
			   "-j DROP\nCOMMIT\n"
			   "*filter\n:DOCKER - [0:0]\n"
			   "[2:120] -A DOCKER ! -i docker0 -o docker0 -j DROP\n"
			   "COMMIT\n";

/* How many messages of a kind wait, and the last twin's state. */
struct heard {
	int rules, twins;
	uint8_t state;
};

static struct heard hear(int fd)
{
	struct heard heard = { 0 };
	struct channel_msg msg;

	while (channel_recv(fd, &msg) == 1) {
		if (msg.kind == CHANNEL_RULE)
			heard.rules++;
		if (msg.kind != CHANNEL_TWIN)
			continue;
		heard.twins++;
		heard.state = msg.u.twin.state;
	}
	return heard;
}

static void rule_that_the_own_table_watches_is_told_as_it_is(void **state)
{
	const struct plan_config config = {
		.family = 4,
		.profile = PROFILE_DEFAULT,
		.group = 5,
	};
	const struct report_change change = { 1, "flushed" };
	char error[RULESET_ERROR_MAX];
	struct ruleset *rs = NULL;
	struct plan *plan = NULL;
	struct report rep;
	struct heard heard;
	int fds[2];

	(void)state;
	assert_int_equal(channel_open(fds), 0);
	assert_int_equal(ruleset_parse(text, strlen(text), &rs, error), 0);
	assert_int_equal(plan_make(rs, &config, &plan), 0);
	assert_int_equal(plan->audited_len, 2);
	report_init(&rep, fds[0], "iptables", "nft", 4);
	for (uint32_t i = 0; i < plan->audited_len; i++)
		plan->audited[i].in_place = true;
	for (int round = 0; round < 30; round++) {
		report_rules(&rep, plan);
		report_twins(&rep, plan, NULL);
		heard = hear(fds[1]);
		assert_int_equal(heard.rules, round == 0 ? 2 : 0);
		assert_in_range(heard.twins, round == 0 ? 2 : 0, 2);
		if (heard.twins)
			assert_int_equal(heard.state, TWIN_IN_PLACE);
	}
	for (uint32_t i = 0; i < plan->audited_len; i++)
		if (plan->audited[i].watch == WATCH_OWN_TABLE)
			plan->audited[i].in_place = false;
	report_twins(&rep, plan, &change);
	assert_int_equal(hear(fds[1]).state, TWIN_MISSING);
	report_removed(&rep); /* of the other one */
	assert_int_equal(hear(fds[1]).twins, 1);
	report_twins(&rep, NULL, &change);
	heard = hear(fds[1]);
	assert_int_equal(heard.twins, 2);
	assert_int_equal(heard.state, TWIN_GONE);
	report_clear(&rep);
	plan_free(plan);
	ruleset_free(rs);
	close(fds[0]);
	close(fds[1]);
}

/* A plan of one rule with a twin, and a report of it. */
struct bench {
	struct plan_audited audited;
	struct plan plan;
	struct report rep;
	int fds[2];
};

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	if (!b || channel_open(b->fds) < 0)
		return -1;
	b->audited = (struct plan_audited){
		.id = 5,
		.watch = WATCH_TWIN,
		.verdict = VERDICT_DROP,
		.table = "filter",
		.chain = "DOCKER",
		.text = "-j DROP",
		.counted = true,
	};
	b->plan = (struct plan){ .audited = &b->audited, .audited_len = 1 };
	report_init(&b->rep, b->fds[0], "iptables", "nft", 4);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	report_clear(&b->rep);
	close(b->fds[0]);
	close(b->fds[1]);
	free(b);
	return 0;
}

/* The one twin message that waits; state 0: there is none. */
static struct channel_twin hear_twin(const struct bench *b)
{
	struct channel_msg msg = { 0 };
	struct channel_twin twin = { 0 };

	while (channel_recv(b->fds[1], &msg) == 1) {
		if (msg.kind != CHANNEL_TWIN)
			continue;
		assert_int_equal(twin.state, 0);
		twin = msg.u.twin;
	}
	return twin;
}

/* A round that finds the rule with or without its twin, and puts it there. */
static struct channel_twin round_of(struct bench *b, bool found,
				    const struct report_change *change)
{
	b->audited.in_place = found;
	report_rules(&b->rep, &b->plan);
	b->audited.in_place = true;
	report_twins(&b->rep, &b->plan, change);
	return hear_twin(b);
}

static void a_new_rule_was_not_watched_from_the_change_to_its_twin(void **state)
{
	const struct report_change change = { 1000, "docker wrote rule" };
	struct bench *b = *state;
	struct channel_twin t = round_of(b, false, &change);

	assert_int_equal(t.state, TWIN_IN_PLACE);
	assert_int_equal(t.change_ns, 1000);
	assert_true(t.since_ns > 1000);
	assert_string_equal(t.cause, "docker wrote rule");
}

static void a_twin_that_was_there_already_tells_of_no_change(void **state)
{
	struct bench *b = *state;
	struct channel_twin t = round_of(b, true, NULL);

	assert_int_equal(t.state, TWIN_IN_PLACE);
	assert_int_equal(t.change_ns, 0);
	assert_string_equal(t.cause, "");
}

static void a_twin_put_back_within_one_round_is_an_interval(void **state)
{
	const struct report_change change = { 1000, "rule deleted" };
	struct bench *b = *state;
	struct channel_twin t;

	round_of(b, true, NULL);
	t = round_of(b, false, &change);
	assert_int_equal(t.state, TWIN_IN_PLACE);
	assert_int_equal(t.change_ns, 1000);
	/* the next round knows nothing of that any more */
	assert_int_equal(round_of(b, true, NULL).change_ns, 0);
}

static void a_disturbed_rule_was_not_its_own_from_the_change_on(void **state)
{
	const struct report_change change = { 1000, "docker wrote rule" };
	struct bench *b = *state;
	struct channel_twin t;

	b->audited.disturbed = true;
	/* one that was not watched logged nothing */
	t = round_of(b, false, &change);
	assert_int_equal(t.change_ns, 1000);
	assert_false(t.disturbed);
	t = round_of(b, true, &change);
	assert_int_equal(t.state, TWIN_IN_PLACE);
	assert_int_equal(t.change_ns, 1000);
	assert_true(t.disturbed);
	b->audited.disturbed = false;
	t = round_of(b, true, &change);
	assert_int_equal(t.change_ns, 0);
	assert_false(t.disturbed);
}

/* legacy: the plan that is told was made after the edits, and read back */
static void what_was_disturbed_before_the_edits_is_told_once(void **state)
{
	const struct report_change change = { 1000, "came between" };
	struct bench *b = *state;
	struct channel_twin t;

	round_of(b, true, NULL);
	b->audited.disturbed = true;
	report_rules(&b->rep, &b->plan);
	b->audited.disturbed = false;
	t = round_of(b, true, &change);
	assert_int_equal(t.state, TWIN_IN_PLACE);
	assert_int_equal(t.change_ns, 1000);
	assert_true(t.disturbed);
	assert_int_equal(round_of(b, true, &change).change_ns, 0);
}

static void counters_are_told_until_they_stand_still(void **state)
{
	struct bench *b = *state;

	round_of(b, true, NULL);
	assert_int_equal(round_of(b, true, NULL).state, TWIN_IN_PLACE);
	assert_int_equal(round_of(b, true, NULL).state, 0);
	b->audited.rule_packets = 3;
	assert_int_equal(round_of(b, true, NULL).rule_packets, 3);
	assert_int_equal(round_of(b, true, NULL).rule_packets, 3);
	assert_int_equal(round_of(b, true, NULL).state, 0);
}

static void counters_were_read_after_the_round_before(void **state)
{
	struct bench *b = *state;
	uint64_t told_ns;

	assert_int_equal(round_of(b, true, NULL).after_ns, 0);
	told_ns = b->rep.looked_ns;
	assert_int_equal(round_of(b, true, NULL).after_ns, told_ns);
}

static void a_failed_edit_has_its_cause_until_it_works(void **state)
{
	const struct report_change failed = { 1000, "apply failed: no" };
	struct bench *b = *state;
	struct channel_twin t;

	report_rules(&b->rep, &b->plan);
	report_twins(&b->rep, &b->plan, &failed);
	t = hear_twin(b);
	assert_int_equal(t.state, TWIN_MISSING);
	assert_int_equal(t.change_ns, 1000);
	assert_string_equal(t.cause, "apply failed: no");
	t = round_of(b, false, &failed);
	assert_int_equal(t.state, TWIN_IN_PLACE);
}

static void what_could_not_be_sent_is_told_again(void **state)
{
	const struct report_change change = { 1000, "docker wrote rule" };
	const struct channel_msg filler = { .kind = CHANNEL_READY };
	struct bench *b = *state;
	struct channel_msg msg;
	int n = 0;

	while (channel_send(b->fds[0], &filler) == 0)
		n++;
	report_rules(&b->rep, &b->plan);
	b->audited.in_place = true;
	report_twins(&b->rep, &b->plan, &change);
	while (channel_recv(b->fds[1], &msg) == 1)
		assert_int_equal(msg.kind, CHANNEL_READY);
	assert_true(n > 0);
	report_rules(&b->rep, &b->plan);
	assert_int_equal(channel_recv(b->fds[1], &msg), 1);
	assert_int_equal(msg.kind, CHANNEL_RULE);
	report_twins(&b->rep, &b->plan, &change);
	assert_int_equal(hear_twin(b).change_ns, 1000);
}

/* Fills the channel, all but room for that many messages. */
static void fill_channel(const struct bench *b, int room)
{
	const struct channel_msg filler = { .kind = CHANNEL_READY };
	struct channel_msg msg;

	while (channel_send(b->fds[0], &filler) == 0)
		;
	for (int i = 0; i < room; i++)
		assert_int_equal(channel_recv(b->fds[1], &msg), 1);
}

/* The round after it finds all in place, and nobody edited anything. */
static void a_change_that_could_not_be_sent_is_told_by_a_later_round(
	void **state)
{
	const struct report_change first = { 1000, "flushed" };
	const struct report_change second = { 2000, "docker wrote rule" };
	struct bench *b = *state;
	struct channel_twin t;

	round_of(b, true, NULL);
	fill_channel(b, 0);
	b->audited.in_place = false;
	report_rules(&b->rep, &b->plan);
	b->audited.in_place = true;
	assert_false(report_twins(&b->rep, &b->plan, &first));
	assert_false(report_twins(&b->rep, &b->plan, &second));
	hear_twin(b);
	t = round_of(b, true, NULL);
	assert_int_equal(t.state, TWIN_IN_PLACE);
	assert_int_equal(t.change_ns, 1000);
	assert_string_equal(t.cause, "flushed");
	assert_int_equal(round_of(b, true, NULL).change_ns, 0);
}

static void what_was_sent_before_there_was_no_room_is_not_told_again(
	void **state)
{
	const struct report_change change = { 1000, "docker wrote rule" };
	struct plan_audited two[2];
	struct bench *b = *state;
	struct channel_msg msg;
	struct channel_twin t;
	int told = 0;

	two[0] = two[1] = b->audited;
	two[1].id = 6;
	two[0].in_place = two[1].in_place = true;
	b->plan.audited = two;
	b->plan.audited_len = 2;
	fill_channel(b, 3); /* both texts, and one of the states */
	report_rules(&b->rep, &b->plan);
	assert_false(report_twins(&b->rep, &b->plan, &change));
	t = hear_twin(b);
	assert_int_equal(t.rule_id, 5);
	assert_int_equal(t.change_ns, 1000);
	report_rules(&b->rep, &b->plan);
	assert_true(report_twins(&b->rep, &b->plan, NULL));
	while (channel_recv(b->fds[1], &msg) == 1) {
		if (msg.kind != CHANNEL_TWIN)
			continue;
		assert_int_equal(msg.u.twin.change_ns,
				 msg.u.twin.rule_id == 6 ? 1000 : 0);
		told++;
	}
	assert_int_equal(told, 2); /* counters are, until they stand still */
}

/* iptables-legacy's table goes with its module, and tells nobody. */
static void rules_that_went_while_nobody_heard_are_told_later(void **state)
{
	const struct plan_config config = { .family = 4,
					    .profile = PROFILE_DEFAULT };
	struct bench *b = *state;
	struct backend backend = { 0 };
	char error[RULESET_ERROR_MAX];

	report_init(&backend.report, b->fds[0], "iptables", "legacy", 4);
	assert_int_equal(ruleset_parse(text, strlen(text), &backend.rs, error),
			 0);
	assert_int_equal(plan_make(backend.rs, &config, &backend.plan), 0);
	report_rules(&backend.report, backend.plan);
	assert_true(report_twins(&backend.report, backend.plan, NULL));
	fill_channel(b, 0);
	backend_gone(&backend);
	assert_int_equal(hear(b->fds[1]).state, TWIN_MISSING);
	backend_gone(&backend);
	assert_int_equal(hear(b->fds[1]).state, TWIN_GONE);
	backend_gone(&backend);
	assert_int_equal(hear(b->fds[1]).twins, 0);
	backend_clear(&backend);
}

static void equal_rules_of_one_chain_are_one_with_one_counter(void **state)
{
	struct plan_audited two[2];
	struct bench *b = *state;
	struct channel_msg msg;

	two[0] = b->audited;
	two[0].rule_packets = 3;
	two[1] = b->audited;
	two[1].rule_packets = 4;
	b->plan.audited = two;
	b->plan.audited_len = 2;
	report_rules(&b->rep, &b->plan);
	assert_int_equal(channel_recv(b->fds[1], &msg), 1);
	assert_int_equal(msg.u.rule.packets, 7);
	assert_int_equal(channel_recv(b->fds[1], &msg), 1);
	report_twins(&b->rep, &b->plan, NULL);
	assert_int_equal(hear_twin(b).rule_packets, 7);
}

static void a_removed_rule_tells_how_long_its_twin_outlived_it(void **state)
{
	const struct report_change change = { 1000, "docker removed rule" };
	struct bench *b = *state;
	struct channel_twin t;

	round_of(b, true, NULL);
	report_twins(&b->rep, NULL, &change);
	t = hear_twin(b);
	assert_int_equal(t.state, TWIN_GONE);
	assert_int_equal(t.change_ns, 1000);
	assert_true(t.since_ns > 1000);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_new_rule_was_not_watched_from_the_change_to_its_twin),
		T(a_twin_that_was_there_already_tells_of_no_change),
		T(a_twin_put_back_within_one_round_is_an_interval),
		T(a_disturbed_rule_was_not_its_own_from_the_change_on),
		T(what_was_disturbed_before_the_edits_is_told_once),
		T(counters_are_told_until_they_stand_still),
		T(counters_were_read_after_the_round_before),
		T(a_failed_edit_has_its_cause_until_it_works),
		T(what_could_not_be_sent_is_told_again),
		T(a_change_that_could_not_be_sent_is_told_by_a_later_round),
		T(what_was_sent_before_there_was_no_room_is_not_told_again),
		T(rules_that_went_while_nobody_heard_are_told_later),
		T(equal_rules_of_one_chain_are_one_with_one_counter),
		T(a_removed_rule_tells_how_long_its_twin_outlived_it),
		cmocka_unit_test(
			rule_that_the_own_table_watches_is_told_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
