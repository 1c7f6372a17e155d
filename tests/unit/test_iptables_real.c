// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The real iptables of both variants, as root and in a network namespace of
 * its own: they must do what the planner thinks they do.
 */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/text.h"
#include "logger/firewall/iptables.h"
#include "logger/rules/plan.h"
#include "logger/rules/profile.h"
#include "tests/unit/plan_apply.h"
#include "tests/unit/random_rules.h"

enum { LONG_MS = 60000 };

static char error[IPTABLES_ERROR_MAX];

static char *save_real(const struct iptables *ipt)
{
	char *text = NULL;
	size_t len;

	if (iptables_save(ipt, LONG_MS, &text, &len, error) < 0)
		fail_msg("%s", error);
	return text;
}

/* Puts a whole ruleset in place, counters included. */
static void load_real(const struct iptables *ipt, const char *text)
{
	char command[IPTABLES_PATH_MAX + 8];
	FILE *pipe;

	snprintf(command, sizeof(command), "%s -c", ipt->restore);
	pipe = popen(command, "we");
	assert_non_null(pipe);
	fputs(text, pipe);
	assert_int_equal(pclose(pipe), 0);
}

/*
 * Plans for the rules in force, or their removal, and applies the plan for
 * real and in memory. Returns what is then in force.
 */
static char *apply_both(const struct iptables *ipt, const char *before,
			const struct plan_config *config)
{
	struct ruleset *rs = NULL;
	struct plan *plan = NULL;
	char *batch, *expected, *after;
	pid_t pid = 0;

	assert_int_equal(ruleset_parse(before, strlen(before), &rs, error), 0);
	assert_int_equal(config ? plan_make(rs, config, &plan)
				: plan_remove(rs, &plan),
			 0);
	assert_int_equal(plan_batch(plan, &batch), 0);
	expected = plan_apply(before, batch);
	assert_non_null(expected);
	if (plan->edits_len > 0 &&
	    iptables_restore(ipt, batch, LONG_MS, &pid, error) < 0)
		fail_msg("%s, given:\n%s", error, batch);
	after = save_real(ipt);
	assert_same_rules(after, expected);
	free(expected);
	free(batch);
	plan_free(plan);
	ruleset_free(rs);
	return after;
}

/* ipset's sets are not there. */
static bool is_set_line(const char *line)
{
	return strstr(line, " -m set ") != NULL;
}

static void check_real(const struct iptables *ipt, const char *text,
		       unsigned int profile)
{
	const struct plan_config config = {
		.family = ipt->family,
		.profile = profile,
		.group = 5,
		.raw_text_twins = profile != PROFILE_DEFAULT,
	};
	char *before, *after, *again, *removed, *others;
	char **texts[] = { &before, &after, &again, &removed, &others };

	load_real(ipt, text);
	assert_true(iptables_in_use(ipt));
	before = save_real(ipt);
	others = without_lines(before, is_our_line);
	after = apply_both(ipt, before, &config);
	again = apply_both(ipt, after, &config);
	assert_same_rules(again, after);
	removed = apply_both(ipt, after, NULL);
	/* the side chain stays when somebody uses it */
	if (strstr(others, "bridgeaudit-stage-2")) {
		char *rest = without_lines(removed, is_our_line);

		free(removed);
		removed = rest;
	}
	assert_same_rules(removed, others);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		free(*texts[i]);
}

static void skip_because(const char *why)
{
	print_message("SKIP: %s\n", why);
	skip();
}

/* Those of a network namespace of our own, which is entered once. */
static struct iptables real(enum iptables_variant variant, int family)
{
	static bool entered;
	struct iptables ipt;

	if (geteuid() != 0)
		skip_because("a network namespace takes root");
	if (!entered && unshare(CLONE_NEWNET) < 0)
		skip_because("no network namespace of our own");
	entered = true;
	if (iptables_find(variant, family, &ipt) < 0)
		skip_because("no iptables of that variant");
	return ipt;
}

static void legacy_is_not_in_use_before_it_has_a_filter_table(void **state)
{
	struct iptables nft = real(IPTABLES_NFT, 4);

	(void)state;
	assert_true(iptables_in_use(&nft));
	free(save_real(&nft));
	for (int family = 4; family <= 6; family += 2) {
		struct iptables legacy = real(IPTABLES_LEGACY, family);

		assert_false(iptables_in_use(&legacy));
	}
}

static void check_file(const struct iptables *ipt, const char *name)
{
	char file[64];
	char *text, *rules;

	snprintf(file, sizeof(file), "%s-v%d-%s.txt", name, ipt->family,
		 iptables_variant_name(ipt->variant));
	text = ruleset_file(file);
	rules = without_lines(text, is_set_line);
	check_real(ipt, rules, PROFILE_DEFAULT);
	check_real(ipt, rules, PROFILE_ALL);
	free(rules);
	free(text);
}

static void check_variant(enum iptables_variant variant, uint64_t *rng)
{
	static const char *const files[] = {
		"seed",		 "generation-a",  "generation-b0",
		"generation-b1", "generation-b2", "generation-c",
	};
	struct iptables ipt = real(variant, 4);

	for (int i = 0; i < 24; i++) {
		char *text = random_ruleset(rng, 5, false);

		check_real(&ipt, text, i % 2 ? PROFILE_ALL : PROFILE_DEFAULT);
		free(text);
	}
	for (int family = 4; family <= 6; family += 2) {
		ipt = real(variant, family);
		for (size_t i = 0; i < ARRAY_SIZE(files); i++)
			check_file(&ipt, files[i]);
	}
}

static void real_iptables_does_what_the_plan_says(void **state)
{
	uint64_t rng = test_seed();

	(void)state;
	check_variant(IPTABLES_NFT, &rng);
	check_variant(IPTABLES_LEGACY, &rng);
}

/* What the file says, or nothing when it is not there. */
static void read_text(const char *path, char *buf, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t len = 0;

	if (file) {
		len = fread(buf, 1, size - 1, file);
		fclose(file);
	}
	buf[len] = '\0';
}

/* Runs before anything has made a table raw in our network namespace. */
static void reading_creates_no_table(void **state)
{
	static const char *const paths[] = { "/proc/net/ip_tables_names",
					     "/proc/net/ip6_tables_names" };
	static const char none[] = "*filter\n:FORWARD ACCEPT [0:0]\nCOMMIT\n";

	(void)state;
	for (int v = IPTABLES_NFT; v <= IPTABLES_LEGACY; v++) {
		for (int i = 0; i < 2; i++) {
			struct iptables ipt =
				real((enum iptables_variant)v, 4 + 2 * i);
			char names[256];
			char *text;

			load_real(&ipt, none);
			text = save_real(&ipt);
			assert_non_null(strstr(text, "*filter\n"));
			assert_null(strstr(text, "*raw\n"));
			free(text);
			text = save_real(&ipt);
			assert_null(strstr(text, "*raw\n"));
			free(text);
			read_text(paths[i], names, sizeof(names));
			assert_string_equal(
				names, v == IPTABLES_NFT ? "" : "filter\n");
		}
	}
}

/* All or nothing: the batch of a plan that came too late changes nothing. */
static void real_batch_that_came_too_late_changes_nothing(void **state)
{
	static const char text[] = "*filter\n:DOCKER - [0:0]\n"
				   "-A DOCKER -o a -j DROP\nCOMMIT\n";
	static const char late[] =
		"*filter\n"
		"-I DOCKER 1 -o a -j NFLOG --nflog-group 5\n"
		"-D DOCKER -o b -j NFLOG --nflog-group 5\nCOMMIT\n";

	(void)state;
	for (int v = IPTABLES_NFT; v <= IPTABLES_LEGACY; v++) {
		struct iptables ipt = real((enum iptables_variant)v, 4);
		char *before, *after;
		pid_t pid;

		load_real(&ipt, text);
		before = save_real(&ipt);
		assert_int_equal(
			iptables_restore(&ipt, late, LONG_MS, &pid, error),
			-EIO);
		assert_non_null(strstr(error, "line 3 failed"));
		after = save_real(&ipt);
		assert_same_rules(before, after);
		free(before);
		free(after);
	}
}

static void run_real(const struct iptables *ipt, const char *rule)
{
	char *command = NULL;

	if (asprintf(&command, "iptables-%s -A DOCKER-USER %s -j DROP",
		     iptables_variant_name(ipt->variant), rule) < 0)
		fail();
	if (system(command) != 0)
		fail_msg("failed: %s", command);
	free(command);
}

/* 64 instructions, as many as a rule can have. */
static void run_long_word(const struct iptables *ipt)
{
	char rule[2048] = "-m bpf --bytecode '64,";

	for (int i = 0; i < 63; i++)
		strcat(rule, "0 0 0 4294967295,");
	strcat(rule, "6 0 0 65535'");
	run_real(ipt, rule);
}

/* Plans and applies. Returns how many edits that took. */
static uint32_t apply_real(const struct iptables *ipt, unsigned int problems)
{
	const struct plan_config config = {
		.family = 4,
		.profile = PROFILE_ALL,
		.group = 5,
	};
	struct ruleset *rs = NULL;
	struct plan *plan = NULL;
	char *text = save_real(ipt), *batch;
	uint32_t edits;
	pid_t pid;

	if (ruleset_parse(text, strlen(text), &rs, error) < 0)
		fail_msg("%s", error);
	assert_int_equal(plan_make(rs, &config, &plan), 0);
	assert_int_equal(plan->problems_len, problems);
	assert_int_equal(plan_batch(plan, &batch), 0);
	if (iptables_restore(ipt, batch, LONG_MS, &pid, error) < 0)
		fail_msg("%s", error);
	edits = plan->edits_len;
	free(text);
	free(batch);
	plan_free(plan);
	ruleset_free(rs);
	return edits;
}

/* What iptables takes and iptables-restore does not. */
static void rules_that_can_have_no_twin_leave_theirs_to_the_others(void **state)
{
	static const char text[] = "*filter\n:DOCKER-USER - [0:0]\n"
				   "-A DOCKER-USER -s 192.0.2.1/32 -j DROP\n"
				   "COMMIT\n";

	(void)state;
	for (int v = IPTABLES_NFT; v <= IPTABLES_LEGACY; v++) {
		struct iptables ipt = real((enum iptables_variant)v, 4);

		load_real(&ipt, text);
		run_real(&ipt, "-m comment --comment 'a\nb'");
		run_real(&ipt, "-i 'a\"b'");
		run_long_word(&ipt);
		run_real(&ipt, "-s 192.0.2.2");
		assert_int_equal(apply_real(&ipt, 3), 2);
		assert_int_equal(apply_real(&ipt, 3), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			legacy_is_not_in_use_before_it_has_a_filter_table),
		cmocka_unit_test(reading_creates_no_table),
		cmocka_unit_test(real_iptables_does_what_the_plan_says),
		cmocka_unit_test(
			rules_that_can_have_no_twin_leave_theirs_to_the_others),
		cmocka_unit_test(real_batch_that_came_too_late_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
