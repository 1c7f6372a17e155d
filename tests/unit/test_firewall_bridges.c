// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which bridges the witness is for, in a real kernel: in a network namespace of
 * its own, as root; else skipped.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "logger/channel.h"
#include "logger/rules/profile.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/firewall_world.h"
#include "tests/unit/program_bench.h"

enum { GROUP = 4248 };

#define RULES                                                                  \
	"iptables-nft-restore <<'END'\n*filter\n-N DOCKER\n-N DOCKER-BRIDGE\n" \
	"-A DOCKER-BRIDGE -o br-0123456789ab -j DOCKER\n"                      \
	"-A DOCKER-BRIDGE -o docker0 -j DOCKER\nCOMMIT\nEND\n"

static bool allowed;
static int fds[2] = { -1, -1 };
static struct firewall *fw;

static const char *const programs[] = {
	"iptables-nft-save",
	"iptables-nft-restore",
	"ip6tables-nft-save",
	"ip6tables-nft-restore",
	"nft",
};

/* The round that follows what notices say, or a full one. */
static void sync_rules(bool all)
{
	const struct firewall_round round = {
		.what = firewall_world_notices(fw),
		.at_ns = all ? 0 : 1,
		.noticed = true,
		.all = all,
		.step = firewall_world_step,
	};

	assert_true(all || round.what);
	assert_int_equal(firewall_sync(fw, &round), 0);
	firewall_world_notices(fw);
}

/* How many rules were told to be in that state, since the last time. */
static int told(enum channel_twin_state state)
{
	struct channel_msg msg;
	int n = 0;

	while (channel_recv(fds[1], &msg) == 1)
		n += msg.kind == CHANNEL_TWIN && msg.u.twin.state == state;
	return n;
}

static int make_world(void **state)
{
	(void)state;
	return firewall_world_open(false, &allowed);
}

static int set_up(void **state)
{
	(void)state;
	if (!allowed)
		return 0;
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++)
		program_write_real(programs[i]);
	program_enter();
	program_shell("nft flush ruleset; " RULES);
	program_shell("ip link add br-0123456789ab type bridge; "
		      "ip link add docker0 type bridge");
	assert_int_equal(channel_open(fds), 0);
	assert_int_equal(firewall_new(PROFILE_DEFAULT, GROUP, fds[0], &fw), 0);
	sync_rules(true);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (!allowed)
		return 0;
	assert_int_equal(firewall_remove(fw), 0);
	firewall_world_end(&fw, fds);
	program_shell("ip link del br-0123456789ab; ip link del docker0 || :");
	return 0;
}

#define SKIP_UNLESS_ALLOWED() SKIP_UNLESS(allowed, "root, nft and iptables-nft")

/* Where isolation is gone, what passes is what one wants to know. */
static void without_rules_the_witness_stays(void **state)
{
	static const char *const edits[] = {
		"iptables-nft -F DOCKER-BRIDGE",
		"iptables-nft -X DOCKER-BRIDGE",
		"nft delete table inet bridgeaudit",
		"nft flush ruleset",
	};

	(void)state;
	SKIP_UNLESS_ALLOWED();
	assert_int_equal(firewall_world_counters(), 2);
	for (size_t i = 0; i < sizeof(edits) / sizeof(*edits); i++) {
		program_shell(edits[i]);
		sync_rules(false);
		assert_int_equal(firewall_world_counters(), 2);
	}
	assert_int_equal(told(TWIN_GONE), 0);
}

/* Whoever's rules it was that changed, both families are told. */
static void without_bridges_there_is_nothing_to_witness(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	program_shell("ip link del docker0; iptables-nft -F DOCKER-BRIDGE");
	sync_rules(false);
	assert_int_equal(firewall_world_counters(), 0);
	assert_int_equal(told(TWIN_GONE), 2);
	program_shell("ip link add docker0 type bridge; " RULES);
	sync_rules(false);
	assert_int_equal(firewall_world_counters(), 2);
	assert_int_equal(told(TWIN_IN_PLACE), 2);
	/* as soon as it is looked at, without a change of rules */
	program_shell("iptables-nft -F DOCKER-BRIDGE");
	sync_rules(false);
	program_shell("ip link del docker0");
	sync_rules(true);
	assert_int_equal(firewall_world_counters(), 0);
	assert_int_equal(told(TWIN_GONE), 2);
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(without_rules_the_witness_stays),
		T(without_bridges_there_is_nothing_to_witness),
	};

	return cmocka_run_group_tests(tests, make_world, firewall_world_close);
}
