// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What removing old packets costs the writer: the same packets are committed
 * once into a database that keeps all of them, and once into one whose limit is
 * reached after a fourth of them, so that as much is removed as is written.
 * Full batches of conversations that repeat, of a scan, and single packets;
 * after these the steps that the recorder does while nothing comes, after full
 * batches only at the end. CPU time per event with all of it, the longest
 * commit or step by the clock, and the file's size.
 *
 *   prune [-n EVENTS] [-r ROUNDS] [-d DIRECTORY]
 *   prune -p LOAD [-k] [-n EVENTS] [-d DIRECTORY]   once, with load 0, 1 or 2,
 *                          with -k all is kept: for a profiler
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/db.h"
#include "logger/store/store.h"
#include "tests/bench/cost.h"

enum { MIB = 1024 * 1024 };

#define START_NS (1700000000ULL * NS_PER_S)

struct load {
	const char *name;
	unsigned int batch; /* events of a commit */
	unsigned int bytes; /* of the file per event, about */
	uint64_t divisor;   /* so many events fewer than -n */
	uint64_t step_ns;   /* from one event to the next */
	bool scan;	    /* each is a conversation of its own */
};

static const struct load loads[] = {
	{ "1000 conversations repeat", 16384, 30, 1, 1000, false },
	{ "random addresses, 1000 a second", 16384, 90, 1, 1000000, true },
	{ "single packets, a minute apart", 1, 400, 40, NS_PER_MINUTE, false },
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "prune: %s\n", what);
	exit(1);
}

static struct event make_event(const struct load *load, uint64_t i)
{
	static uint64_t seed = 1;
	struct event ev = {
		.time_ns = START_NS + i * load->step_ns,
		.rule_id = 0x3f9a2c1d77aa,
		.in_ifindex = 1,
		.out_ifindex = 2,
		.length = 60,
		.src = { 172, 18, 0, 2 },
		.dst = { 172, 19, 0, (uint8_t)(i % 100) },
		.src_port = (uint16_t)i,
		.dst_port = (uint16_t)(8000 + i / 100 % 10),
		.family = 4,
		.verdict = VERDICT_DROP,
		.proto = 6,
		.ttl = 63,
		.tcp_flags = 2,
		.have = HAVE_ADDR | HAVE_PROTO | HAVE_PORTS | HAVE_TCP_FLAGS |
			HAVE_TTL,
	};

	seed = seed * 6364136223846793005U + 1442695040888963407U;
	if (load->scan)
		memcpy(ev.dst, (const char *)&seed + 4, 4);
	return ev;
}

static void commit(struct store *st, uint64_t now_ns, struct cost *cost)
{
	uint64_t begin = cost_clock_ns(CLOCK_MONOTONIC);
	double ms;

	if (store_commit(st, now_ns) < 0)
		die(store_error(st));
	ms = (double)(cost_clock_ns(CLOCK_MONOTONIC) - begin) / 1e6;
	cost->longest_ms = ms > cost->longest_ms ? ms : cost->longest_ms;
}

/* As the recorder does while nothing comes. */
static void settle(struct store *st, uint64_t now_ns, struct cost *cost)
{
	while (store_pending(st))
		commit(st, now_ns, cost);
}

static struct cost run(const char *path, const struct load *load, uint64_t n,
		       uint64_t retain_bytes)
{
	const struct store_names names = { cost_ifname, NULL };
	const struct store_session session = { .start_ns = START_NS,
					       .pid = 1,
					       .version = "bench",
					       .retain_bytes = retain_bytes };
	struct store *st = NULL;
	struct cost cost = { 0 };
	char error[DB_ERROR_MAX];
	uint64_t begin;

	cost_remove_db(path);
	if (store_open(path, &session, &names, &st, error) < 0)
		die(error);
	begin = cost_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	for (uint64_t i = 0; i < n; i++) {
		struct event ev = make_event(load, i);

		store_add_event(st, &ev);
		if (i % load->batch == load->batch - 1)
			commit(st, ev.time_ns, &cost);
		if (load->batch == 1)
			settle(st, ev.time_ns, &cost);
	}
	commit(st, START_NS + n * load->step_ns, &cost);
	settle(st, START_NS + n * load->step_ns, &cost);
	cost.ns = (double)(cost_clock_ns(CLOCK_PROCESS_CPUTIME_ID) - begin) /
		  (double)n;
	store_close(st, START_NS + n * load->step_ns);
	cost.bytes = cost_file_bytes(path);
	if (cost.bytes < 0)
		die("no database file");
	return cost;
}

static void print(const char *name, struct cost *rounds, size_t n)
{
	const struct cost *median = cost_print(name, rounds, n);

	printf("  longest commit %6.1f ms  %7.1f MiB\n", median->longest_ms,
	       median->bytes / MIB);
}

static void bench(const char *path, const struct load *load, uint64_t n,
		  size_t rounds)
{
	struct cost all[COST_ROUNDS_MAX], some[COST_ROUNDS_MAX];
	uint64_t limit;

	n /= load->divisor;
	limit = n * load->bytes / 4;
	/* in turns, so that a noisy neighbour is everybody's */
	for (size_t i = 0; i < rounds; i++) {
		all[i] = run(path, load, n, 0);
		some[i] = run(path, load, n, limit);
	}
	printf("%s, at most %.1f MiB\n", load->name, (double)limit / MIB);
	print("all is kept", all, rounds);
	print("old ones removed", some, rounds);
	printf("  ratio of the medians %5.2f\n",
	       some[rounds / 2].ns / all[rounds / 2].ns);
	fflush(stdout);
	cost_remove_db(path);
}

static void profile(const char *path, const struct load *load, uint64_t n,
		    bool all)
{
	struct cost cost;

	n /= load->divisor;
	cost = run(path, load, n, all ? 0 : n * load->bytes / 4);
	printf("%.0f ns/event, longest commit %.1f ms, %.1f MiB\n", cost.ns,
	       cost.longest_ms, cost.bytes / MIB);
	cost_remove_db(path);
}

int main(int argc, char **argv)
{
	const char *dir = ".";
	char path[COST_PATH_SIZE];
	uint64_t n = 2000000;
	size_t rounds = 5, load = ARRAY_SIZE(loads);
	bool one = false, all = false;
	int c;

	while ((c = getopt(argc, argv, "n:r:d:p:k")) != -1) {
		if (c == 'n')
			n = strtoull(optarg, NULL, 10);
		else if (c == 'r')
			rounds = strtoul(optarg, NULL, 10);
		else if (c == 'd')
			dir = optarg;
		else if (c == 'p')
			load = strtoul(optarg, NULL, 10), one = true;
		else if (c == 'k')
			all = true;
		else
			return 2;
	}
	if (one && load >= ARRAY_SIZE(loads))
		die("which load?");
	if (n == 0 || rounds == 0 || rounds > COST_ROUNDS_MAX)
		die("how many?");
	snprintf(path, sizeof(path), "%s/bench-prune-%d.db", dir, getpid());
	if (one) {
		profile(path, &loads[load], n, all);
		return 0;
	}
	printf("%llu events, %zu rounds, SQLite %s; min, median, max\n",
	       (unsigned long long)n, rounds, sqlite3_libversion());
	for (size_t i = 0; i < ARRAY_SIZE(loads); i++)
		bench(path, &loads[i], n, rounds);
	return 0;
}
