// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What one change of Docker's costs the keeper: CPU of its own and of the
 * programs that it runs, and the time until the change is watched, on a host
 * with many containers. Everything is in a network namespace of its own, with
 * the rules that Docker 29 writes through iptables-nft; needs root.
 *
 *	replan [CONTAINERS [NETWORKS]]		1000 and 100, if not given
 *
 * Prints a table of "what, min, median, max in ms of CPU, median of the time
 * that passes" over ROUNDS rounds each:
 *
 *	save		iptables-nft-save -c alone: the yardstick
 *	start		the first round, in which everything is new
 *	container	one more container: a DROP in table raw
 *	published	one more with a port: a DROP in raw, an ACCEPT in DOCKER
 *	removed		the same rules deleted
 *	nat		a rule in table nat: must cost next to nothing
 *	counters	the round every five seconds, in which nothing changed
 *
 * Exit status 1 when what was added is not watched after its round.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "lib/text.h"
#include "logger/firewall/firewall.h"
#include "logger/firewall/iptables.h"
#include "logger/firewall/nftmon.h"
#include "logger/firewall/own_netlink.h"
#include "logger/rules/profile.h"

enum { ROUNDS = 9, TIMEOUT_MS = 60000, GROUP = 4245 };
enum { SAVE, START, CONTAINER, PUBLISHED, REMOVED, NAT, COUNTERS, KINDS };

static const char *const names[KINDS] = {
	[SAVE] = "save",	   [START] = "start",
	[CONTAINER] = "container", [PUBLISHED] = "published",
	[REMOVED] = "removed",	   [NAT] = "nat",
	[COUNTERS] = "counters",
};

struct sample {
	double cpu_ms, wall_ms;
};

static struct sample samples[KINDS][ROUNDS];
static size_t samples_len[KINDS];
static struct iptables ipt;
static int notices;

static void die(const char *what)
{
	fprintf(stderr, "replan: %s\n", what);
	exit(EXIT_FAILURE);
}

static double ms_of(const struct timeval *tv)
{
	return (double)tv->tv_sec * 1e3 + (double)tv->tv_usec / 1e3;
}

static struct sample now(void)
{
	struct rusage self, children;
	struct timespec ts;

	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (struct sample){
		ms_of(&self.ru_utime) + ms_of(&self.ru_stime) +
			ms_of(&children.ru_utime) + ms_of(&children.ru_stime),
		(double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6,
	};
}

static void take(int kind, const struct sample *before)
{
	struct sample after = now();

	if (samples_len[kind] == ROUNDS)
		return;
	samples[kind][samples_len[kind]++] = (struct sample){
		after.cpu_ms - before->cpu_ms,
		after.wall_ms - before->wall_ms,
	};
}

static void restore(const char *batch)
{
	char error[IPTABLES_ERROR_MAX];
	pid_t pid;

	if (iptables_restore(&ipt, batch, TIMEOUT_MS, &pid, error) < 0)
		die(error);
}

/* What Docker 29 writes for that many, in its order. */
static char *make_rules(int containers, int networks)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		die("out of memory");
	fputs("*raw\n", out);
	for (int i = 0; i < containers; i++)
		fprintf(out,
			"-A PREROUTING -d 10.%d.%d.2/32 ! -i br-%012x -j DROP\n",
			i / 250, i % 250, i % networks);
	fputs("COMMIT\n*nat\n-N DOCKER\nCOMMIT\n*filter\n-N DOCKER\n"
	      "-N DOCKER-BRIDGE\n-N DOCKER-CT\n-N DOCKER-FORWARD\n"
	      "-N DOCKER-INTERNAL\n-N DOCKER-USER\n-A FORWARD -j DOCKER-USER\n"
	      "-A FORWARD -j DOCKER-FORWARD\n-A DOCKER-FORWARD -j DOCKER-CT\n"
	      "-A DOCKER-FORWARD -j DOCKER-INTERNAL\n"
	      "-A DOCKER-FORWARD -j DOCKER-BRIDGE\n",
	      out);
	for (int i = 0; i < containers; i++)
		fprintf(out,
			"-A DOCKER -d 10.%d.%d.2/32 ! -i br-%012x -o br-%012x "
			"-p tcp -m tcp --dport 80 -j ACCEPT\n",
			i / 250, i % 250, i % networks, i % networks);
	for (int i = 0; i < networks; i++)
		fprintf(out,
			"-A DOCKER ! -i br-%012x -o br-%012x -j DROP\n"
			"-A DOCKER-BRIDGE -o br-%012x -j DOCKER\n"
			"-A DOCKER-CT -o br-%012x -m conntrack --ctstate "
			"RELATED,ESTABLISHED -j ACCEPT\n"
			"-A DOCKER-FORWARD -i br-%012x -j ACCEPT\n",
			i, i, i, i, i);
	fputs("COMMIT\n", out);
	fclose(out);
	return text;
}

static void nothing(void *arg)
{
	(void)arg;
}

/* The round that the notices of an edit ask for. */
static void sync_noticed(struct firewall *fw, int kind)
{
	struct firewall_round round = { .noticed = true,
					.at_ns = 1,
					.step = nothing };
	struct sample before = now();

	if (nftmon_read(notices, firewall_pids(fw), firewall_history(fw),
			&round.what) < 0)
		die("no notices");
	if (round.what && firewall_sync(fw, &round) < 0)
		die("not all was reached");
	take(kind, &before);
	/* our own edits', as the keeper reads them */
	if (nftmon_read(notices, firewall_pids(fw), firewall_history(fw),
			&round.what) < 0 ||
	    round.what)
		die("an edit of our own is taken for somebody else's");
}

static void sync_all(struct firewall *fw, int kind)
{
	const struct firewall_round round = {
		.noticed = true, .poll = true, .all = true, .step = nothing
	};
	struct sample before = now();

	if (firewall_sync(fw, &round) < 0)
		die("not all was reached");
	take(kind, &before);
}

static size_t watched(void)
{
	struct own_counter *list = NULL;
	size_t len = 0;

	if (own_netlink_counters(&list, &len) < 0)
		die("no counters");
	free(list);
	return len;
}

/* Edits as Docker does, and the round that follows. */
static void edit(struct firewall *fw, int kind, int wanted, const char *batch)
{
	size_t before = watched();

	restore(batch);
	sync_noticed(fw, kind);
	if ((int)(watched() - before) != wanted)
		die("what changed is not watched");
}

static void measure_round(struct firewall *fw)
{
#define PORT                                                                   \
	"-d 10.99.0.2/32 ! -i br-000000000001 -o br-000000000001 -p tcp "      \
	"-m tcp --dport 80 -j ACCEPT\n"
	struct sample before = now();
	char error[IPTABLES_ERROR_MAX];
	char *text = NULL;
	size_t len;

	if (iptables_save(&ipt, TIMEOUT_MS, &text, &len, error) < 0)
		die(error);
	take(SAVE, &before);
	free(text);
	edit(fw, CONTAINER, 1,
	     "*raw\n-A PREROUTING -d 10.99.0.1/32 ! -i br-000000000001 "
	     "-j DROP\nCOMMIT\n");
	edit(fw, PUBLISHED, 1,
	     "*raw\n-A PREROUTING -d 10.99.0.2/32 ! -i br-000000000001 "
	     "-j DROP\nCOMMIT\n*filter\n-I DOCKER 1 " PORT "COMMIT\n");
	edit(fw, REMOVED, -2,
	     "*raw\n-D PREROUTING -d 10.99.0.1/32 ! -i br-000000000001 "
	     "-j DROP\n-D PREROUTING -d 10.99.0.2/32 ! -i br-000000000001 "
	     "-j DROP\nCOMMIT\n*filter\n-D DOCKER " PORT "COMMIT\n");
	edit(fw, NAT, 0, "*nat\n-A DOCKER -j RETURN\nCOMMIT\n");
	sync_all(fw, COUNTERS);
}

static int by_cpu(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;

	return x->cpu_ms < y->cpu_ms ? -1 : x->cpu_ms > y->cpu_ms;
}

static int by_wall(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;

	return x->wall_ms < y->wall_ms ? -1 : x->wall_ms > y->wall_ms;
}

static void print(int kind)
{
	struct sample *list = samples[kind];
	size_t n = samples_len[kind];
	double wall;

	qsort(list, n, sizeof(*list), by_wall);
	wall = list[n / 2].wall_ms;
	qsort(list, n, sizeof(*list), by_cpu);
	printf("%-10s %6.1f %6.1f %6.1f %8.1f\n", names[kind], list[0].cpu_ms,
	       list[n / 2].cpu_ms, list[n - 1].cpu_ms, wall);
}

static void enter_namespace(void)
{
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/run", "tmpfs", 0, NULL) < 0)
		die("needs root");
	if (iptables_find(IPTABLES_NFT, 4, &ipt) < 0)
		die("needs iptables-nft");
	notices = nftmon_open();
	if (notices < 0)
		die("needs nf_tables");
}

int main(int argc, char **argv)
{
	int containers = argc > 1 ? atoi(argv[1]) : 1000;
	int networks = argc > 2 ? atoi(argv[2]) : 100;
	struct nftmon_pids nobody = { 0 };
	struct firewall *fw = NULL;
	unsigned int what;
	char *rules;

	if (containers < 1 || containers > 20000 || networks < 1)
		die("usage: replan [CONTAINERS [NETWORKS]]");
	enter_namespace();
	rules = make_rules(containers, networks);
	restore(rules);
	free(rules);
	if (firewall_new(PROFILE_DEFAULT, GROUP, -1, &fw) < 0)
		die("no firewall");
	if (nftmon_read(notices, &nobody, firewall_history(fw), &what) < 0)
		die("no notices");
	sync_all(fw, START);
	if (nftmon_read(notices, firewall_pids(fw), firewall_history(fw),
			&what) < 0)
		die("no notices");
	for (int i = 0; i < ROUNDS; i++)
		measure_round(fw);
	printf("%d containers, %d networks\n%-10s %6s %6s %6s %8s\n",
	       containers, networks, "ms of CPU", "min", "median", "max",
	       "passed");
	for (int kind = 0; kind < KINDS; kind++)
		print(kind);
	if (firewall_remove(fw) < 0)
		die("something is left");
	firewall_free(fw);
	return EXIT_SUCCESS;
}
