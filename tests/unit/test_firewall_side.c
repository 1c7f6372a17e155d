// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The side chain in a real kernel, by either iptables: made, left for twins
 * before each rule when somebody has one between Docker's, made again, and
 * gone. In a network namespace of its own, as root; else skipped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "logger/channel.h"
#include "logger/rules/profile.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/firewall_world.h"
#include "tests/unit/program_bench.h"

enum { GROUP = 4247 };

#define STAGE "DOCKER-ISOLATION-STAGE-2"
#define SIDE "bridgeaudit-stage-2"

static bool allowed;
static int fds[2] = { -1, -1 };
static struct firewall *fw;
static const char *variant; /* nft, legacy */

static const char *const programs[] = {
	"iptables-nft-save",
	"iptables-nft-restore",
	"ip6tables-nft-save",
	"ip6tables-nft-restore",
	"iptables-legacy-save",
	"iptables-legacy-restore",
	"ip6tables-legacy-save",
	"ip6tables-legacy-restore",
	"nft",
};

static const char *by_variant(const char *format)
{
	return firewall_world_command(format, variant);
}

static void run(const char *format)
{
	program_shell(by_variant(format));
}

/* How many lines of the ruleset have that in them. */
static int count(const char *what)
{
	char command[256], *text;
	int n;

	snprintf(command, sizeof(command),
		 "iptables-%s-save | grep -c -- '%s' || :", variant, what);
	text = program_output(command);
	n = atoi(text);
	free(text);
	return n;
}

/* nft: the round that follows what notices say; legacy: that of a poll. */
static void sync_rules(uint64_t at_ns)
{
	bool nft = strcmp(variant, "nft") == 0;
	const struct firewall_round round = {
		.what = nft ? firewall_world_notices(fw) : 0,
		.at_ns = at_ns,
		.noticed = nft,
		.poll = true,
		.step = firewall_world_step,
	};

	assert_int_equal(firewall_sync(fw, &round), 0);
	firewall_world_notices(fw);
}

static void start(void)
{
	const struct firewall_round all = {
		.noticed = true,
		.poll = true,
		.all = true,
		.step = firewall_world_step,
	};

	assert_int_equal(firewall_new(PROFILE_DEFAULT, GROUP, fds[0], &fw), 0);
	firewall_world_notices(fw);
	assert_int_equal(firewall_sync(fw, &all), 0);
	firewall_world_notices(fw);
}

/* What was told of twins. */
struct heard {
	int missing, disturbed, changes;
	char cause[CHANNEL_CAUSE_MAX];
	uint64_t change_ns;
};

static struct heard hear(void)
{
	struct heard heard = { 0 };
	struct channel_msg msg;

	while (channel_recv(fds[1], &msg) == 1) {
		const struct channel_twin *t = &msg.u.twin;

		if (msg.kind != CHANNEL_TWIN)
			continue;
		heard.missing += t->state == TWIN_MISSING;
		heard.disturbed += t->disturbed;
		heard.changes += t->change_ns != 0;
		if (!t->disturbed)
			continue;
		heard.change_ns = t->change_ns;
		memcpy(heard.cause, t->cause, sizeof(heard.cause));
	}
	return heard;
}

static int make_world(void **state)
{
	(void)state;
	return firewall_world_open(true, &allowed);
}

/* Three networks of Docker's; in the other variant nothing. */
static int set_up(const char *name)
{
	if (!allowed)
		return 0;
	variant = name;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		program_write_real(programs[i]);
	program_enter();
	program_shell("nft flush ruleset; iptables-legacy -F;"
		      "iptables-legacy -X");
	run("iptables-@-restore <<'END'\n"
	    "*filter\n-N DOCKER\n-N DOCKER-ISOLATION-STAGE-1\n-N " STAGE "\n"
	    "-A DOCKER-ISOLATION-STAGE-1 -i br-a ! -o br-a -j " STAGE "\n"
	    "-A " STAGE " -o br-a -j DROP\n-A " STAGE " -o br-b -j DROP\n"
	    "-A " STAGE " -o docker0 -j DROP\n-A " STAGE " -j RETURN\n"
	    "COMMIT\nEND\n");
	assert_int_equal(channel_open(fds), 0);
	return 0;
}

static int set_up_nft(void **state)
{
	(void)state;
	return set_up("nft");
}

static int set_up_legacy(void **state)
{
	(void)state;
	return set_up("legacy");
}

static int tear_down(void **state)
{
	(void)state;
	if (!allowed)
		return 0;
	firewall_world_end(&fw, fds);
	return 0;
}

#define SKIP_UNLESS_ALLOWED() SKIP_UNLESS(allowed, "root, nft, both iptables")

static void removal_leaves_nothing_of_the_side_chain(void **state)
{
	char *before, *after;

	(void)state;
	SKIP_UNLESS_ALLOWED();
	before =
		program_output(by_variant("iptables-@-save | grep -v '^[#:]'"));
	start();
	assert_int_equal(count("^-A " SIDE " .*NFLOG"), 2);
	assert_int_equal(count("-o br-+ -j " SIDE), 1);
	assert_int_equal(count("^-A " STAGE " -o docker0 .*NFLOG"), 1);
	assert_int_equal(firewall_remove(fw), 0);
	assert_int_equal(count("bridgeaudit"), 0);
	after = program_output(by_variant("iptables-@-save | grep -v '^[#:]'"));
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void network_that_comes_or_goes_leaves_the_others_watched(void **state)
{
	struct heard heard;

	(void)state;
	SKIP_UNLESS_ALLOWED();
	start();
	hear();
	run("iptables-@ -w -I " STAGE " -o br-c -j DROP");
	sync_rules(1000);
	heard = hear();
	assert_int_equal(heard.missing + heard.disturbed, 0);
	assert_int_equal(heard.changes, 1); /* br-c was not watched till now */
	assert_int_equal(count("^-A " SIDE " .*NFLOG"), 3);
	assert_int_equal(count("-o br-+ -j " SIDE), 1);
	run("iptables-@ -w -D " STAGE " -o br-a -j DROP");
	sync_rules(2000);
	heard = hear();
	assert_int_equal(heard.missing + heard.disturbed, 0);
	assert_int_equal(count("^-A " SIDE " .*NFLOG"), 2);
}

static void somebodys_rule_between_disturbs_until_twins_stand_apart(
	void **state)
{
	struct heard heard;

	(void)state;
	SKIP_UNLESS_ALLOWED();
	start();
	hear();
	/* behind our jump and br-a's rule */
	run("iptables-@ -w -I " STAGE " 3 -p udp -j ACCEPT");
	sync_rules(1000);
	heard = hear();
	assert_int_equal(heard.missing, 0);
	assert_int_equal(heard.disturbed, 1);
	assert_int_equal(heard.changes, 1);
	assert_string_equal(heard.cause, "somebody's rule came between");
	if (strcmp(variant, "nft") == 0)
		assert_int_equal(heard.change_ns, 1000);
	else /* as early as the look before */
		assert_true(heard.change_ns > 0);
	assert_int_equal(count(SIDE), 0);
	assert_int_equal(count("^-A " STAGE " .*NFLOG"), 3);
	/* told once */
	sync_rules(1500);
	assert_int_equal(hear().disturbed, 0);

	run("iptables-@ -w -D " STAGE " -p udp -j ACCEPT");
	sync_rules(2000);
	heard = hear();
	assert_int_equal(heard.missing + heard.disturbed + heard.changes, 0);
	assert_int_equal(count("^-A " SIDE " .*NFLOG"), 2);
	assert_int_equal(count("^-A " STAGE " .*NFLOG"), 1);
}

static void dockerd_that_starts_finds_and_leaves_all_right(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	start();
	run("iptables-@ -w -F " STAGE " && iptables-@ -w -F "
	    "DOCKER-ISOLATION-STAGE-1 && iptables-@ -w -X " STAGE);
	sync_rules(1000);
	assert_int_equal(count("bridgeaudit"), 0);
	run("iptables-@ -w -N " STAGE " && iptables-@ -w -A " STAGE
	    " -o br-b -j DROP");
	sync_rules(2000);
	assert_int_equal(count("^-A " SIDE " -o br-b .*NFLOG"), 1);
	assert_int_equal(count("-o br-+ -j " SIDE), 1);
}

static void somebodys_rule_in_the_side_chain_is_left(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	start();
	run("iptables-@ -w -A " SIDE " -p udp -j RETURN");
	sync_rules(1000);
	assert_int_equal(count("^-A " STAGE " .*NFLOG"), 3);
	assert_int_equal(firewall_remove(fw), 0);
	assert_int_equal(count("^-A " SIDE " -p udp -j RETURN"), 1);
	assert_int_equal(count("NFLOG"), 0);
	run("iptables-@ -w -F " SIDE " && iptables-@ -w -X " SIDE);
}

#define BOTH(test)                                                             \
	cmocka_unit_test_setup_teardown(test, set_up_nft, tear_down),          \
		cmocka_unit_test_setup_teardown(test, set_up_legacy,           \
						tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(removal_leaves_nothing_of_the_side_chain),
		BOTH(network_that_comes_or_goes_leaves_the_others_watched),
		BOTH(somebodys_rule_between_disturbs_until_twins_stand_apart),
		BOTH(dockerd_that_starts_finds_and_leaves_all_right),
		BOTH(somebodys_rule_in_the_side_chain_is_left),
	};

	return cmocka_run_group_tests(tests, make_world, firewall_world_close);
}
