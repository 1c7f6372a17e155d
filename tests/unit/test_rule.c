// SPDX-License-Identifier: GPL-2.0-or-later
/* Rule ids, twin prefixes, and the profile words. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/text.h"
#include "logger/rules/profile.h"
#include "logger/rules/rule.h"

#define ID UINT64_C(0x3f9a2c1d77aa)
#define STAGE_2 "DOCKER-ISOLATION-STAGE-2"

/* Stored in databases: these numbers may never change. */
static void id_of_a_rule_is_the_same_for_ever(void **state)
{
	(void)state;
	assert_int_equal(rule_id(4, "filter", STAGE_2, "-o docker0 -j DROP"),
			 UINT64_C(0x48486fc5c099));
	assert_int_equal(rule_id(6, "filter", STAGE_2, "-o docker0 -j DROP"),
			 UINT64_C(0xbca3702e4162));
}

static void id_depends_on_family_table_chain_and_text(void **state)
{
	const uint64_t ids[] = {
		rule_id(4, "filter", "DOCKER", "-j DROP"),
		rule_id(6, "filter", "DOCKER", "-j DROP"),
		rule_id(4, "raw", "DOCKER", "-j DROP"),
		rule_id(4, "filter", "DOCKER2", "-j DROP"),
		rule_id(4, "filter", "DOCKER", "-j DROP "),
		rule_id(4, "filterD", "OCKER", "-j DROP"),
		rule_id(4, "filter", "DOCKER-", "j DROP"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		assert_true(ids[i] > 0);
		assert_true(ids[i] < UINT64_C(1) << 48);
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(ids[i], ids[j]);
	}
}

static void prefix_comes_back_as_it_was_written(void **state)
{
	static const enum verdict verdicts[] = { VERDICT_DROP, VERDICT_ACCEPT,
						 VERDICT_PASS };
	static const uint64_t ids[] = { 1, ID, UINT64_C(0xffffffffffff) };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(ids); j++) {
			char buf[TWIN_PREFIX_MAX];
			enum verdict verdict = 0;
			uint64_t id = 0;
			size_t len;

			assert_int_equal(twin_prefix_write(buf, sizeof(buf),
							   verdicts[i], ids[j]),
					 0);
			len = strlen(buf);
			for (size_t nul = 0; nul < 2; nul++) {
				assert_int_equal(
					twin_prefix_parse(buf, len + nul,
							  &verdict, &id),
					0);
				assert_int_equal(verdict, verdicts[i]);
				assert_int_equal(id, ids[j]);
			}
		}
	}
}

static void prefix_is_the_documented_one(void **state)
{
	char buf[TWIN_PREFIX_MAX];

	(void)state;
	assert_int_equal(twin_prefix_write(buf, sizeof(buf), VERDICT_DROP, ID),
			 0);
	assert_string_equal(buf, "bridgeaudit drop 3f9a2c1d77aa");
	assert_int_equal(twin_prefix_write(buf, sizeof(buf), VERDICT_ACCEPT, 5),
			 0);
	assert_string_equal(buf, "bridgeaudit accept 000000000005");
	assert_int_equal(twin_prefix_write(buf, sizeof(buf), VERDICT_PASS, ID),
			 0);
	assert_string_equal(buf, "bridgeaudit pass 3f9a2c1d77aa");
}

static void prefix_that_can_not_be_is_not_written(void **state)
{
	char buf[TWIN_PREFIX_MAX];
	char small[29];

	(void)state;
	assert_int_equal(twin_prefix_write(buf, sizeof(buf), 0, ID), -EINVAL);
	assert_int_equal(
		twin_prefix_write(buf, sizeof(buf), VERDICT_PASS + 1, ID),
		-EINVAL);
	assert_int_equal(twin_prefix_write(buf, sizeof(buf), VERDICT_DROP, 0),
			 -EINVAL);
	assert_int_equal(twin_prefix_write(buf, sizeof(buf), VERDICT_DROP,
					   UINT64_C(1) << 48),
			 -EINVAL);
	assert_int_equal(
		twin_prefix_write(small, sizeof(small), VERDICT_DROP, ID),
		-ENOSPC);
}

static void foreign_prefix_is_refused(void **state)
{
	static const char *const prefixes[] = {
		"",
		"bridgeaudit",
		"bridgeaudit ",
		"bridgeaudit drop",
		"bridgeaudit drop ",
		"bridgeaudit drop 3f9a2c1d77a",
		"bridgeaudit drop 3f9a2c1d77aa0",
		"bridgeaudit drop 3F9A2C1D77AA",
		"bridgeaudit drop 3f9a2c1d77ag",
		"bridgeaudit drop 000000000000",
		"bridgeaudit drop 3f9a2c1d77aa ",
		"bridgeaudit  drop 3f9a2c1d77aa",
		"bridgeaudit drop  3f9a2c1d77a",
		"bridgeaudit passed 3f9a2c1d77aa",
		"bridgeaudit pass",
		"bridgeaudit DROP 3f9a2c1d77aa",
		" bridgeaudit drop 3f9a2c1d77aa",
		"Bridgeaudit drop 3f9a2c1d77aa",
		"bridgeaudit drop -3f9a2c1d77a",
		"bridgeaudit drop 0x9a2c1d77aa",
	};
	static const char two_nuls[] = "bridgeaudit drop 3f9a2c1d77aa\0";
	enum verdict verdict = VERDICT_PASS;
	uint64_t id = 77;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		assert_int_equal(twin_prefix_parse(prefixes[i],
						   strlen(prefixes[i]),
						   &verdict, &id),
				 -EBADMSG);
	assert_int_equal(
		twin_prefix_parse(two_nuls, sizeof(two_nuls), &verdict, &id),
		-EBADMSG);
	assert_int_equal(twin_prefix_parse("\0bridgeaudit drop 3f9a2c1d77aa",
					   30, &verdict, &id),
			 -EBADMSG);
	assert_int_equal(verdict, VERDICT_PASS);
	assert_int_equal(id, 77);
}

static void profile_words_add_up(void **state)
{
	char error[PROFILE_ERROR_MAX];
	unsigned int mask = 0;

	(void)state;
	assert_int_equal(profile_parse("drops", &mask, error), 0);
	assert_int_equal(mask, PROFILE_DROPS);
	assert_int_equal(profile_parse("drops,published", &mask, error), 0);
	assert_int_equal(mask, PROFILE_DEFAULT);
	assert_int_equal(profile_parse(" published,  drops\t", &mask, error),
			 0);
	assert_int_equal(mask, PROFILE_DEFAULT);
	assert_int_equal(profile_parse("icc user", &mask, error), 0);
	assert_int_equal(mask, PROFILE_ICC | PROFILE_USER);
	assert_int_equal(
		profile_parse("drops,published,user,icc,egress", &mask, error),
		0);
	assert_int_equal(mask, PROFILE_ALL);
	assert_int_equal(profile_parse("all", &mask, error), 0);
	assert_int_equal(mask, PROFILE_ALL);
}

static void profile_that_is_none_is_refused_by_name(void **state)
{
	static const struct {
		const char *text;
		int result;
		const char *error;
	} cases[] = {
		{ "", -EINVAL, "no profile given" },
		{ " , ", -EINVAL, "no profile given" },
		{ "drop", -EINVAL, "unknown profile 'drop'" },
		{ "drops,dropsy", -EINVAL, "unknown profile 'dropsy'" },
		{ "drops egres", -EINVAL, "unknown profile 'egres'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char error[PROFILE_ERROR_MAX] = "";
		unsigned int mask = 99;

		assert_int_equal(profile_parse(cases[i].text, &mask, error),
				 cases[i].result);
		assert_string_equal(error, cases[i].error);
		assert_int_equal(mask, 99);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(id_of_a_rule_is_the_same_for_ever),
		cmocka_unit_test(id_depends_on_family_table_chain_and_text),
		cmocka_unit_test(prefix_comes_back_as_it_was_written),
		cmocka_unit_test(prefix_is_the_documented_one),
		cmocka_unit_test(prefix_that_can_not_be_is_not_written),
		cmocka_unit_test(foreign_prefix_is_refused),
		cmocka_unit_test(profile_words_add_up),
		cmocka_unit_test(profile_that_is_none_is_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
