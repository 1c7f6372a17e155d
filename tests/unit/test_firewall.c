// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The keeper's rounds over a real kernel's tables, in a network namespace of
 * its own, with programs in front of iptables and nft that note each call, or
 * break. As root; else skipped.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/text.h"
#include "logger/channel.h"
#include "logger/netlink.h"
#include "logger/rules/profile.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/firewall_world.h"
#include "tests/unit/program_bench.h"

enum { GROUP = 4246 };

#define BRIDGE "br-0123456789ab"
#define RAW "PREROUTING -d 10.1.0.2/32 ! -i " BRIDGE " -j DROP"
#define PORT                                                                   \
	"DOCKER -d 10.1.0.2/32 ! -i " BRIDGE " -o " BRIDGE                     \
	" -p tcp -m tcp --dport 80 -j ACCEPT"

static bool allowed;
static int fds[2] = { -1, -1 };
static struct firewall *fw;

static const char *const programs[] = {
	"iptables-nft-save",
	"iptables-nft-restore",
	"ip6tables-nft-save",
	"ip6tables-nft-restore",
	"iptables-legacy-save",
	"iptables-legacy-restore",
	"nft",
};

static void forget_calls(void)
{
	free(program_calls());
}

static bool raw_has_twin(void)
{
	return program_prints("iptables-nft-save -t raw", "NFLOG");
}

static int sync_all(void)
{
	const struct firewall_round all = { 0,	  0,	true,
					    true, true, firewall_world_step,
					    NULL };

	return firewall_sync(fw, &all);
}

static void start(void)
{
	assert_int_equal(firewall_new(PROFILE_DEFAULT, GROUP, fds[0], &fw), 0);
	firewall_world_notices(fw);
	assert_int_equal(sync_all(), 0);
	firewall_world_notices(fw); /* of our own edits */
}

/* The round that follows what the notices say; returns what that was. */
static unsigned int sync_noticed(void)
{
	const struct firewall_round round = {
		firewall_world_notices(fw), 1,	 true, false, false,
		firewall_world_step,	    NULL
	};

	if (round.what)
		firewall_sync(fw, &round);
	if (firewall_world_notices(fw)) /* our own edits are nobody else's */
		assert_false(pids_are_the_kernels());
	*firewall_pids(fw) = (struct nftmon_pids){ 0 };
	return round.what;
}

/* The states of twins that were told, one letter each; and of findings. */
static void hear(char *states, size_t size, char *finding)
{
	static const char letters[] = "?pmg";
	struct channel_msg msg;
	size_t n = 0;

	finding[0] = '\0';
	while (channel_recv(fds[1], &msg) == 1) {
		if (msg.kind == CHANNEL_TWIN && n + 1 < size)
			states[n++] = letters[msg.u.twin.state % 4];
		if (msg.kind == CHANNEL_FINDING && *msg.u.finding.detail)
			str_copy(finding, CHANNEL_TEXT_MAX,
				 msg.u.finding.detail);
	}
	states[n] = '\0';
}

static int make_world(void **state)
{
	(void)state;
	return firewall_world_open(false, &allowed);
}

/* Docker's rules in IPv4, and in IPv6 no more than the tables. */
static int set_up(void **state)
{
	(void)state;
	if (!allowed)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		program_write_real(programs[i]);
	program_enter();
	program_shell("nft flush ruleset; iptables-nft-restore <<'END'\n"
		      "*raw\n-A " RAW "\nCOMMIT\n"
		      "*filter\n-N DOCKER\n-N DOCKER-BRIDGE\n-A " PORT "\n"
		      "-A DOCKER ! -i " BRIDGE " -o " BRIDGE " -j DROP\n"
		      "-A DOCKER-BRIDGE -o " BRIDGE " -j DOCKER\n"
		      "-A DOCKER-BRIDGE -o docker0 -j DOCKER\nCOMMIT\nEND\n"
		      "ip6tables-nft -N DOCKER");
	assert_int_equal(channel_open(fds), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (!allowed)
		return 0;
	firewall_world_end(&fw, fds);
	return 0;
}

#define SKIP_UNLESS_ALLOWED() SKIP_UNLESS(allowed, "root, nft and iptables-nft")

static void own_table_watches_table_raw_and_the_witness_stands(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	start();
	assert_false(raw_has_twin());
	assert_int_equal(firewall_world_counters(),
			 1 + 2); /* and a witness of each family */
	assert_true(program_prints("nft list table inet bridgeaudit",
				   "10.1.0.2 . tcp . 80"));
	assert_true(program_prints("nft list table inet bridgeaudit",
				   "bridgeaudit pass"));
	assert_int_equal(firewall_remove(fw), 0);
	assert_int_equal(firewall_world_counters(), 0);
	assert_false(program_prints("iptables-nft-save", "NFLOG"));
}

static void without_nft_twins_watch_table_raw(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	program_remove("nft");
	start();
	assert_true(raw_has_twin());
	assert_int_equal(firewall_world_counters(), 0);
	assert_int_equal(firewall_remove(fw), 0);
	assert_false(raw_has_twin());
}

static void assert_before(const char *text, const char *one, const char *two)
{
	const char *a = strstr(text, one), *b = strstr(text, two);

	if (!a || !b || a > b)
		fail_msg("not '%s' before '%s' in:\n%s", one, two, text);
}

static void own_table_is_in_force_before_twins_in_raw_go(void **state)
{
	char *text;

	(void)state;
	SKIP_UNLESS_ALLOWED();
	program_remove("nft");
	start();
	assert_true(raw_has_twin());
	firewall_free(fw);
	program_write_real("nft");
	forget_calls();
	start();
	assert_false(raw_has_twin());
	assert_int_equal(firewall_world_counters(), 3);
	text = program_calls();
	assert_before(text, "nft -f", "iptables-nft-restore");
	free(text);
	assert_int_equal(firewall_remove(fw), 0);
}

static void nft_that_crashes_leaves_twins_in_raw_until_it_works(void **state)
{
	char states[64], finding[CHANNEL_TEXT_MAX];

	(void)state;
	SKIP_UNLESS_ALLOWED();
	start();
	sync_noticed();
	hear(states, sizeof(states), finding);
	program_write("nft", "kill -SEGV $$");
	program_shell(
		"iptables-nft -t raw -A PREROUTING -d 10.1.0.3/32 ! -i " BRIDGE
		" -j DROP");
	assert_int_equal(sync_noticed(), NFTMON_IPTABLES4);
	assert_int_equal(firewall_world_counters(), 0);
	assert_true(program_prints("iptables-nft-save -t raw | grep -c NFLOG",
				   "2"));
	hear(states, sizeof(states), finding);
	assert_non_null(strstr(finding, "killed by signal 11"));
	program_write_real("nft");
	for (int i = 0; i < 3; i++)
		assert_int_equal(sync_all(), 0);
	assert_int_equal(firewall_world_counters(), 4);
	assert_false(raw_has_twin());
	assert_int_equal(firewall_remove(fw), 0);
}

static void only_what_changed_is_read(void **state)
{
	static const struct {
		const char *edit;
		unsigned int what;
		const char *reads, *spares;
	} cases[] = {
		{ "iptables-nft -t nat -N DOCKER", 0, "", "save" },
		{ "nft add table inet other; nft delete table inet other", 0,
		  "", "save" },
		{ "iptables-nft -A DOCKER -j RETURN", NFTMON_IPTABLES4,
		  "iptables-nft-save", "ip6tables" },
		{ "ip6tables-nft -A DOCKER -j RETURN", NFTMON_IPTABLES6,
		  "ip6tables-nft-save", "\niptables" },
		{ "nft add table ip docker-bridges", NFTMON_DOCKER4,
		  "list table ip docker-bridges", "save" },
		{ "nft delete table inet bridgeaudit", NFTMON_OWN, "nft -f",
		  "save" },
	};

	(void)state;
	SKIP_UNLESS_ALLOWED();
	start();
	sync_noticed();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *text;

		forget_calls();
		program_shell(cases[i].edit);
		assert_int_equal(sync_noticed(), cases[i].what);
		text = program_calls();
		if (!strstr(text, cases[i].reads) ||
		    strstr(text, cases[i].spares))
			fail_msg("%s:\n%s", cases[i].edit, text);
		free(text);
	}
	assert_int_equal(firewall_remove(fw), 0);
}

static void table_of_ours_that_somebody_changed_is_made_anew(void **state)
{
	static const char *const edits[] = {
		"nft delete table inet bridgeaudit",
		"nft flush chain inet bridgeaudit raw",
		"nft add rule inet bridgeaudit witness accept",
		"nft flush map inet bridgeaudit raw0-ip",
	};
	char states[64], finding[CHANNEL_TEXT_MAX];

	(void)state;
	SKIP_UNLESS_ALLOWED();
	start();
	sync_noticed();
	for (size_t i = 0; i < ARRAY_SIZE(edits); i++) {
		char *before =
			program_output("nft -s list table inet bridgeaudit");
		char *after;

		hear(states, sizeof(states), finding);
		program_shell(edits[i]);
		assert_int_equal(sync_noticed(), NFTMON_OWN);
		after = program_output("nft -s list table inet bridgeaudit");
		assert_string_equal(before, after);
		free(before);
		free(after);
		hear(states, sizeof(states), finding);
		assert_non_null(strchr(states, 'm'));
		assert_non_null(strchr(strchr(states, 'm'), 'p'));
	}
	assert_int_equal(firewall_remove(fw), 0);
}

static void unreadable_iptables_stops_no_other(void **state)
{
	static const char *const bodies[] = {
		"kill -SEGV $$",
		"exit 1",
		"echo nonsense",
		"echo '*filter'",
		"/usr/bin/head -c 70000000 /dev/zero",
	};
	char states[64], finding[CHANNEL_TEXT_MAX];

	(void)state;
	SKIP_UNLESS_ALLOWED();
	start();
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		program_write("ip6tables-nft-save", bodies[i]);
		program_shell(
			"iptables-nft -t raw -F; iptables-nft -t raw -A " RAW
			"; iptables-nft -F DOCKER; iptables-nft -A " PORT);
		assert_int_equal(sync_all(), -EAGAIN);
		assert_true(program_prints("iptables-nft-save", "NFLOG"));
		assert_int_equal(firewall_world_counters(), 3);
		hear(states, sizeof(states), finding);
		assert_non_null(strchr(states, 'p'));
	}
	program_write_real("ip6tables-nft-save");
	assert_int_equal(sync_all(), 0);
	/* what was read last goes on being watched */
	program_write("iptables-nft-save", "exit 1");
	assert_int_equal(sync_all(), -EAGAIN);
	assert_int_equal(firewall_world_counters(), 3);
	program_write_real("iptables-nft-save");
	assert_int_equal(firewall_remove(fw), 0);
}

static void twin_that_somebody_deleted_was_missing(void **state)
{
	char states[64], finding[CHANNEL_TEXT_MAX];

	(void)state;
	SKIP_UNLESS_ALLOWED();
	start();
	sync_noticed();
	hear(states, sizeof(states), finding);
	program_shell("iptables-nft -D DOCKER 1");
	assert_int_equal(sync_noticed(), NFTMON_IPTABLES4);
	hear(states, sizeof(states), finding);
	assert_non_null(strchr(states, 'm'));
	assert_int_equal(states[strlen(states) - 1], 'p');
	program_shell("iptables-nft -D " PORT);
	assert_int_equal(sync_noticed(), NFTMON_IPTABLES4);
	hear(states, sizeof(states), finding);
	assert_non_null(strchr(states, 'g'));
	assert_null(strchr(states, 'm'));
	assert_false(program_prints("iptables-nft-save", "accept"));
	assert_int_equal(firewall_remove(fw), 0);
}

static void dockers_tables_are_never_touched(void **state)
{
	char *before, *after, *iptables;

	(void)state;
	SKIP_UNLESS_ALLOWED();
	program_shell("nft -f tests/data/nft/docker-29.ip; "
		      "nft -f tests/data/nft/docker-29.ip6; "
		      "nft add table inet netavark");
	before = program_output("nft list table ip docker-bridges; "
				"nft list table ip6 docker-bridges; "
				"nft list table inet netavark");
	iptables = program_output("iptables-nft-save; ip6tables-nft-save");
	start();
	assert_true(firewall_world_counters() > 20);
	after = program_output("nft list table ip docker-bridges; "
			       "nft list table ip6 docker-bridges; "
			       "nft list table inet netavark");
	assert_string_equal(before, after);
	free(after);
	/* nothing in iptables' tables that iptables does not understand */
	assert_false(program_prints("iptables-nft-save 2>&1", "incompatible"));
	program_shell("nft delete table ip docker-bridges; "
		      "nft delete table ip6 docker-bridges");
	assert_int_equal(sync_noticed(), NFTMON_DOCKER4 | NFTMON_DOCKER6);
	assert_int_equal(firewall_world_counters(), 3);
	assert_int_equal(firewall_remove(fw), 0);
	after = program_output("iptables-nft-save; ip6tables-nft-save");
	assert_int_equal(strlen(iptables), strlen(after));
	free(before);
	free(after);
	free(iptables);
}

/* Ours comes with Docker's, and its counters begin where they always did. */
static void what_docker_begins_with_has_a_number(void **state)
{
	struct channel_msg msg;
	size_t n = 0;

	(void)state;
	SKIP_UNLESS_ALLOWED();
	program_shell("nft flush ruleset");
	start();
	assert_int_equal(firewall_world_counters(), 0);
	program_shell("nft -f tests/data/nft/docker-29.ip");
	assert_int_equal(sync_noticed(), NFTMON_DOCKER4);
	assert_int_equal(sync_all(), 0);
	for (; channel_recv(fds[1], &msg) == 1; n += msg.kind == CHANNEL_TWIN)
		if (msg.kind == CHANNEL_TWIN)
			assert_int_equal(msg.u.twin.mirror.unknown, 0);
	assert_true(n > 20);
	assert_int_equal(firewall_remove(fw), 0);
}

/* As recorded from nft 1.1.3: it makes nft 1.0.6 end by signal 11. */
static void write_newer_table(void)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	FILE *file = fopen("tests/data/nft/newer-nft.bin", "re");
	char buf[1024];
	size_t len;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	assert_non_null(file);
	len = fread(buf, 1, sizeof(buf), file);
	fclose(file);
	assert_true(len > 0 && len < sizeof(buf) && fd >= 0);
	assert_int_equal(sendto(fd, buf, len, 0, (struct sockaddr *)&kernel,
				sizeof(kernel)),
			 len);
	assert_int_equal(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), -1);
	close(fd);
}

static void table_of_a_newer_nft_stops_nothing(void **state)
{
	(void)state;
	SKIP_UNLESS_ALLOWED();
	start();
	write_newer_table();
	program_shell(
		"iptables-nft -t raw -A PREROUTING -d 10.1.0.3/32 ! -i " BRIDGE
		" -j DROP");
	sync_noticed();
	sync_all();
	if (firewall_world_counters() == 0)
		assert_true(program_prints(
			"iptables-nft-save -t raw | grep -c NFLOG", "2"));
	else
		assert_int_equal(firewall_world_counters(), 4);
	assert_int_equal(firewall_remove(fw), 0);
	assert_int_equal(firewall_world_counters(), 0);
	assert_false(program_prints("iptables-nft-save", "NFLOG"));
}

#define ROUND(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROUND(own_table_watches_table_raw_and_the_witness_stands),
		ROUND(without_nft_twins_watch_table_raw),
		ROUND(own_table_is_in_force_before_twins_in_raw_go),
		ROUND(nft_that_crashes_leaves_twins_in_raw_until_it_works),
		ROUND(only_what_changed_is_read),
		ROUND(table_of_ours_that_somebody_changed_is_made_anew),
		ROUND(unreadable_iptables_stops_no_other),
		ROUND(twin_that_somebody_deleted_was_missing),
		ROUND(dockers_tables_are_never_touched),
		ROUND(what_docker_begins_with_has_a_number),
		/* the last: what it leaves, nft can't take out again */
		ROUND(table_of_a_newer_nft_stops_nothing),
	};

	return cmocka_run_group_tests(tests, make_world, firewall_world_close);
}
