// SPDX-License-Identifier: GPL-2.0-or-later
/* What the recorder is told of a plan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "logger/firewall_report.h"
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
	report_removed(&rep);
	assert_int_equal(hear(fds[1]).twins, 2);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			rule_that_the_own_table_watches_is_told_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
