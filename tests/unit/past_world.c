// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/past_world.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "logger/channel.h"
#include "logger/rules/profile.h"
#include "logger/rules/rule.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/firewall_world.h"
#include "tests/unit/program_bench.h"

enum { GROUP = 4248 };

struct past_world pw;

static int fds[2] = { -1, -1 }, sockets[RULES];

static const char *const programs[] = {
	"iptables-nft-save",
	"iptables-nft-restore",
	"iptables-legacy-save",
	"iptables-legacy-restore",
	"nft",
};

void pw_run(const char *format)
{
	program_shell(firewall_world_command(format, pw.variant));
}

void pw_step(void *arg)
{
	(void)arg;
	firewall_world_notices(pw.fw);
}

static void take_passed(const struct channel_msg *msg)
{
	if (msg->kind == CHANNEL_FINDING)
		pw.finding = msg->u.finding;
	if (msg->kind != CHANNEL_PASSED)
		return;
	pw.passed += msg->u.twin.rule_packets;
	pw.passed_unknown += msg->u.twin.mirror.unknown;
}

void pw_hear(void)
{
	const uint64_t ids[RULES] = {
		[A] = rule_id(4, "filter", STAGE, "-o br-a -j DROP"),
		[B] = rule_id(4, "filter", STAGE, "-o backend0 -j DROP"),
		[NAMESAKE] =
			rule_id(4, "filter", STAGE, "-o bridgeaudit0 -j DROP"),
		[COMMENTED] = rule_id(4, "filter", STAGE, COMMENTED_RULE),
		[RAW] = rule_id(4, "raw", "PREROUTING", RAW_RULE),
	};
	struct channel_msg msg;

	while (channel_recv(fds[1], &msg) == 1) {
		take_passed(&msg);
		for (int i = A; msg.kind == CHANNEL_TWIN && i < RULES; i++)
			if (msg.u.twin.rule_id == ids[i])
				pw.told[i] = msg.u.twin;
	}
}

/* A round of everything, and what it told. */
void pw_look(void)
{
	const struct firewall_round round = {
		.what = firewall_world_notices(pw.fw),
		.at_ns = 1000,
		.noticed = true,
		.poll = true,
		.all = true,
		.step = pw_step,
	};

	assert_int_equal(firewall_sync(pw.fw, &round), 0);
	firewall_world_notices(pw.fw);
	pw_hear();
}

/* n packets that a rule drops. */
void pw_drop(int rule, int n)
{
	while (n-- > 0) /* a dropped one's sender is told */
		assert_int_equal(send(sockets[rule], "x", 1, 0), -1);
}

/* What all that ever were this rule counted; and the keeper's doubts. */
void pw_assert_told(int rule, uint64_t packets, uint32_t unknown)
{
	assert_int_equal(pw.told[rule].rule_packets +
				 (uint64_t)pw.told[rule].mirror.carried,
			 packets);
	assert_int_equal(pw.told[rule].mirror.unknown, unknown);
	assert_int_equal(pw.told[rule].state, TWIN_IN_PLACE);
	assert_false(pw.told[rule].mirror.kept);
}

bool pw_is_nft(void)
{
	return strcmp(pw.variant, "nft") == 0;
}

/* A socket for packets that leave by the bridge of network 10.0.N. */
static int open_sender(int network)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr = { htonl(0x0a000002u | (uint32_t)network << 8) },
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

int pw_make(void **state)
{
	int r = firewall_world_open(true, &pw.allowed);

	(void)state;
	if (!pw.allowed)
		return r;
	program_shell("for i in 'br-a 1' 'backend0 2'; do set -- $i;"
		      "ip link add $1 type bridge mcast_snooping 0 &&"
		      "ip link set $1 up &&"
		      "ip addr add 10.0.$2.1/24 dev $1 &&"
		      "ip neigh add 10.0.$2.2 dev $1 lladdr 02:00:00:00:00:02 "
		      "nud permanent || exit 1; done");
	sockets[A] = open_sender(1);
	sockets[B] = open_sender(2);
	return 0;
}

int pw_end(void **state)
{
	return firewall_world_close(state);
}

/* Two networks of Docker's that dropped ten packets each, all watched. */
static int set_up(const char *name)
{
	if (!pw.allowed)
		return 0;
	pw.variant = name;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		program_write_real(programs[i]);
	program_enter();
	program_shell("nft flush ruleset; iptables-legacy -F;"
		      "iptables-legacy -X");
	pw_run("iptables-@ -w -N " STAGE);
	pw_run(REFILL);
	pw_run("iptables-@ -w -A OUTPUT -j " STAGE);
	assert_int_equal(channel_open(fds), 0);
	assert_int_equal(firewall_new(PROFILE_DEFAULT, GROUP, fds[0], &pw.fw),
			 0);
	pw_look();
	pw.passed = pw.passed_unknown = 0;
	pw_drop(A, 10);
	pw_drop(B, 10);
	pw_look();
	pw_assert_told(A, 10, 0);
	pw_assert_told(B, 10, 0);
	return 0;
}

int pw_set_up_nft(void **state)
{
	(void)state;
	return set_up("nft");
}

int pw_set_up_legacy(void **state)
{
	(void)state;
	return set_up("legacy");
}

int pw_tear_down(void **state)
{
	(void)state;
	if (!pw.allowed)
		return 0;
	firewall_world_end(&pw.fw, fds);
	return 0;
}
