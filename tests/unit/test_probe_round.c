// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rounds of test packets between two bridges of a network namespace of our
 * own, which forwards all or nothing. Needs root.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "logger/channel.h"
#include "logger/clock.h"
#include "logger/probe/probe.h"
#include "tests/unit/cmocka_all.h"

enum { ROUNDS_MAX = 20, MANY = 36 };

static const char *skip;
static int fds[2];

static void write_sysctl(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(write(fd, value, strlen(value)) > 0);
	close(fd);
}

static int set_up_world(void **state)
{
	(void)state;
	if (access("/dev/net/tun", R_OK | W_OK) < 0)
		skip = "no /dev/net/tun for us";
	else if (unshare(CLONE_NEWNET) < 0)
		skip = "may not make a network namespace";
	else if (system("ip link set lo up && "
			"ip link add bra type bridge && "
			"ip link add brb type bridge && "
			"ip addr add 172.28.0.1/24 dev bra && "
			"ip addr add 172.29.0.1/24 dev brb && "
			"ip addr add fd01::1/64 dev bra nodad && "
			"ip addr add fd02::1/64 dev brb nodad && "
			"ip link add brc type bridge && "
			"ip addr add 172.30.0.1/24 dev brc && "
			"ip link set brc up && "
			"ip link set bra up && ip link set brb up") != 0)
		skip = "can't make bridges";
	return skip ? 0 : channel_open(fds);
}

/* Ports of ours that are there. */
static int ports(void)
{
	struct if_nameindex *list = if_nameindex();
	int n = 0;

	assert_non_null(list);
	for (size_t i = 0; list[i].if_index; i++)
		n += strncmp(list[i].if_name, "baprobe", 7) == 0;
	if_freenameindex(list);
	return n;
}

static struct probe *probe_of_two(void)
{
	struct probe *p = NULL;

	assert_int_equal(probe_new(fds[0], 0, &p), 0);
	probe_add_bridge(p, "bra");
	probe_add_bridge(p, "brb");
	return p;
}

static void run_to_the_end(struct probe *p)
{
	uint64_t at;

	probe_begin(p, clock_ms());
	while ((at = probe_sooner_ms(p, UINT64_MAX)) != UINT64_MAX) {
		uint64_t now = clock_ms();

		if (at > now)
			usleep((useconds_t)(at - now) * 1000);
		probe_step(p, clock_ms());
	}
}

/* What the recorder is told: how many end, and how many of them arrived. */
static void take_messages(int *ret_announced, int *ret_ended, int *ret_arrived)
{
	struct channel_msg msg;

	*ret_announced = *ret_ended = *ret_arrived = 0;
	while (channel_recv(fds[1], &msg) > 0) {
		if (msg.kind != CHANNEL_PROBE)
			continue;
		if (!msg.u.probe.ended) {
			(*ret_announced)++;
			assert_int_equal(msg.u.probe.sent_ns, 0);
			continue;
		}
		assert_true(msg.u.probe.sent_ns > 0);
		(*ret_ended)++;
		*ret_arrived += msg.u.probe.arrived;
	}
}

static void skip_if_needed(void)
{
	if (skip) {
		print_message("# SKIP %s\n", skip);
		skip();
	}
}

static void a_round(const char *forward, int arrived)
{
	struct probe *p;
	int n[3] = { 0, 0, -1 };

	skip_if_needed();
	write_sysctl("/proc/sys/net/ipv4/ip_forward", forward);
	write_sysctl("/proc/sys/net/ipv6/conf/all/forwarding", forward);
	p = probe_of_two();
	/* a second may be short for a busy machine */
	for (int i = 0; i < ROUNDS_MAX && n[2] != arrived; i++) {
		run_to_the_end(p);
		take_messages(&n[0], &n[1], &n[2]);
		/* each way over IPv4 and IPv6 */
		assert_int_equal(n[0], 4);
		assert_int_equal(n[1], 4);
	}
	assert_int_equal(n[2], arrived);
	assert_int_equal(ports(), 0);
	probe_free(p);
}

static void what_is_stopped_does_not_arrive(void **state)
{
	(void)state;
	a_round("0", 0);
}

static void what_passes_is_seen_to_arrive(void **state)
{
	(void)state;
	a_round("1", 4);
}

static void one_without_ipv6_is_probed_over_ipv4(void **state)
{
	struct probe *p = NULL;
	int n[3];

	(void)state;
	skip_if_needed();
	assert_int_equal(probe_new(fds[0], 0, &p), 0);
	probe_add_bridge(p, "bra");
	probe_add_bridge(p, "brc");
	run_to_the_end(p);
	take_messages(&n[0], &n[1], &n[2]);
	assert_int_equal(n[0], 2);
	assert_int_equal(n[1], 2);
	probe_free(p);
}

/* The recorder takes no messages: what it does not expect it would take for
 * somebody's packet. */
static void what_could_not_be_told_is_not_sent(void **state)
{
	struct channel_msg msg = { .kind = CHANNEL_READY };
	struct probe *p;
	int n[3];

	(void)state;
	skip_if_needed();
	while (channel_send(fds[0], &msg) == 0)
		;
	p = probe_of_two();
	probe_begin(p, clock_ms());
	take_messages(&n[0], &n[1], &n[2]);
	assert_int_equal(n[0], 0);
	while (probe_sooner_ms(p, UINT64_MAX) != UINT64_MAX)
		probe_step(p, probe_sooner_ms(p, UINT64_MAX));
	take_messages(&n[0], &n[1], &n[2]);
	assert_int_equal(n[1], 0);
	assert_int_equal(ports(), 0);
	probe_free(p);
}

/* Bridges many0, many1 and so on, each with a network, or no longer. */
static void many_bridges(bool make)
{
	FILE *ip = popen("ip -batch -", "w");

	assert_non_null(ip);
	for (int i = 0; i < MANY && make; i++)
		fprintf(ip,
			"link add many%d type bridge\n"
			"addr add 172.27.%d.1/24 dev many%d\n"
			"link set many%d up\n",
			i, i, i, i);
	for (int i = 0; i < MANY && !make; i++)
		fprintf(ip, "link del many%d\n", i);
	assert_int_equal(pclose(ip), 0);
}

static int number_of(const char *bridge)
{
	int n = -1;

	assert_int_equal(sscanf(bridge, "many%d", &n), 1);
	return n;
}

/* A round to its end: how often each sent and was sent to, and how far. */
static int a_round_of_many(struct probe *p)
{
	int from[MANY] = { 0 }, to[MANY] = { 0 }, step = 0, most = 0;
	struct channel_msg msg;

	probe_begin(p, clock_ms());
	while (probe_sooner_ms(p, UINT64_MAX) != UINT64_MAX) {
		int n = ports();

		most = n > most ? n : most;
		/* what comes later is due now: nothing here is waited for */
		probe_step(p, probe_sooner_ms(p, UINT64_MAX));
		while (channel_recv(fds[1], &msg) > 0) {
			if (msg.kind != CHANNEL_PROBE || !msg.u.probe.ended)
				continue;
			from[number_of(msg.u.probe.src_bridge)]++;
			to[number_of(msg.u.probe.dst_bridge)]++;
			step = (number_of(msg.u.probe.dst_bridge) + MANY -
				number_of(msg.u.probe.src_bridge)) %
			       MANY;
		}
	}
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(from[i], 1);
		assert_int_equal(to[i], 1);
	}
	assert_in_range(most, 2, PROBE_PORTS_MAX);
	assert_int_equal(ports(), 0);
	return step;
}

/* More than can have ports at a time. */
static void each_of_many_bridges_is_tested_in_a_round(void **state)
{
	char name[16];
	struct probe *p = NULL;
	int steps[3];

	(void)state;
	skip_if_needed();
	many_bridges(true);
	assert_int_equal(probe_new(fds[0], 0, &p), 0);
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "many%d", i);
		probe_add_bridge(p, name);
	}
	for (int i = 0; i < 3; i++)
		steps[i] = a_round_of_many(p);
	/* one place further each time, and never to itself */
	for (int i = 1; i < 3; i++)
		assert_int_equal(steps[i], steps[i - 1] % (MANY - 1) + 1);
	probe_free(p);
	many_bridges(false);
}

/* 40 bridges, none of which is there but two. */
static void what_a_round_leaves_out_is_said(void **state)
{
	struct channel_msg msg = { 0 };
	struct probe *p = NULL;
	char name[16];

	(void)state;
	skip_if_needed();
	while (channel_recv(fds[1], &msg) > 0)
		;
	p = probe_of_two();
	for (int i = 0; i < 38; i++) {
		snprintf(name, sizeof(name), "gone%d", i);
		probe_add_bridge(p, name);
	}
	probe_begin(p, clock_ms());
	assert_int_equal(channel_recv(fds[1], &msg), 1);
	assert_int_equal(msg.kind, CHANNEL_FINDING);
	assert_non_null(strstr(msg.u.finding.detail, "2 of 40 bridges"));
	probe_free(p);
}

static void ports_end_with_the_process(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	skip_if_needed();
	pid = fork();
	if (pid == 0) {
		struct probe *p = probe_of_two();

		probe_begin(p, clock_ms());
		_exit(ports() == 2 ? 0 : 1); /* nothing is closed or freed */
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(ports(), 0);
}

static void one_bridge_is_a_finding_and_no_round(void **state)
{
	struct channel_msg msg = { 0 };
	struct probe *p = NULL;

	(void)state;
	skip_if_needed();
	while (channel_recv(fds[1], &msg) > 0)
		;
	assert_int_equal(probe_new(fds[0], 0, &p), 0);
	probe_add_bridge(p, "bra");
	probe_add_bridge(p, "gone");
	probe_begin(p, clock_ms());
	assert_true(probe_sooner_ms(p, UINT64_MAX) == UINT64_MAX);
	assert_int_equal(channel_recv(fds[1], &msg), 1);
	assert_int_equal(msg.kind, CHANNEL_FINDING);
	assert_string_equal(msg.u.finding.subject, "probe");
	assert_non_null(strstr(msg.u.finding.detail, "no two bridges"));
	assert_int_equal(ports(), 0);
	probe_free(p);
}

static void it_comes_again_when_it_is_to(void **state)
{
	struct probe *p = NULL;
	uint64_t at;

	(void)state;
	assert_int_equal(probe_new(-1, 3600000, &p), 0);
	at = probe_sooner_ms(p, UINT64_MAX);
	assert_true(at > clock_ms() + 3500000);
	assert_int_equal(probe_sooner_ms(p, 5), 5);
	probe_step(p, clock_ms()); /* too soon */
	assert_true(probe_sooner_ms(p, UINT64_MAX) == at);
	probe_step(p, at); /* no bridge is known */
	assert_true(probe_sooner_ms(p, UINT64_MAX) == at + 3600000);
	probe_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_stopped_does_not_arrive),
		cmocka_unit_test(what_passes_is_seen_to_arrive),
		cmocka_unit_test(one_without_ipv6_is_probed_over_ipv4),
		cmocka_unit_test(what_could_not_be_told_is_not_sent),
		cmocka_unit_test(each_of_many_bridges_is_tested_in_a_round),
		cmocka_unit_test(what_a_round_leaves_out_is_said),
		cmocka_unit_test(ports_end_with_the_process),
		cmocka_unit_test(one_bridge_is_a_finding_and_no_round),
		cmocka_unit_test(it_comes_again_when_it_is_to),
	};

	return cmocka_run_group_tests(tests, set_up_world, NULL);
}
