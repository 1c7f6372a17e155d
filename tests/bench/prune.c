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
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/db.h"
#include "lib/text.h"
#include "lib/timefmt.h"
#include "logger/store.h"

enum { ROUNDS_MAX = 99, PATH_SIZE = 512, MIB = 1024 * 1024 };

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

struct cost {
	double ns;	/* CPU per event */
	double longest; /* commit, ms by the clock */
	double mib;	/* of the file */
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "prune: %s\n", what);
	exit(1);
}

static uint64_t now_of(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static void ifname(void *arg, uint32_t ifindex, char *name, size_t size)
{
	(void)arg;
	snprintf(name, size, "br-%012x", ifindex);
}

static void remove_db(const char *path)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", ".lock" };
	char name[PATH_SIZE + 8];

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		unlink(name);
	}
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

static double file_mib(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		die("no database file");
	return (double)st.st_size / MIB;
}

static void commit(struct store *st, uint64_t now_ns, struct cost *cost)
{
	uint64_t begin = now_of(CLOCK_MONOTONIC);
	double ms;

	if (store_commit(st, now_ns) < 0)
		die(store_error(st));
	ms = (double)(now_of(CLOCK_MONOTONIC) - begin) / 1e6;
	cost->longest = ms > cost->longest ? ms : cost->longest;
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
	const struct store_names names = { ifname, NULL };
	const struct store_session session = { .start_ns = START_NS,
					       .pid = 1,
					       .version = "bench",
					       .retain_bytes = retain_bytes };
	struct store *st = NULL;
	struct cost cost = { 0 };
	char error[DB_ERROR_MAX];
	uint64_t begin;

	remove_db(path);
	if (store_open(path, &session, &names, &st, error) < 0)
		die(error);
	begin = now_of(CLOCK_PROCESS_CPUTIME_ID);
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
	cost.ns =
		(double)(now_of(CLOCK_PROCESS_CPUTIME_ID) - begin) / (double)n;
	store_close(st, START_NS + n * load->step_ns);
	cost.mib = file_mib(path);
	return cost;
}

static int compare(const void *a, const void *b)
{
	const struct cost *x = a, *y = b;

	return (x->ns > y->ns) - (x->ns < y->ns);
}

static void print(const char *name, struct cost *costs, size_t n)
{
	qsort(costs, n, sizeof(*costs), compare);
	printf("  %-18s %7.0f %7.0f %7.0f ns/event  longest commit %6.1f ms"
	       "  %7.1f MiB\n",
	       name, costs[0].ns, costs[n / 2].ns, costs[n - 1].ns,
	       costs[n / 2].longest, costs[n / 2].mib);
}

static void bench(const char *path, const struct load *load, uint64_t n,
		  size_t rounds)
{
	struct cost all[ROUNDS_MAX], some[ROUNDS_MAX];
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
	remove_db(path);
}

static void profile(const char *path, const struct load *load, uint64_t n,
		    bool all)
{
	struct cost cost;

	n /= load->divisor;
	cost = run(path, load, n, all ? 0 : n * load->bytes / 4);
	printf("%.0f ns/event, longest commit %.1f ms, %.1f MiB\n", cost.ns,
	       cost.longest, cost.mib);
	remove_db(path);
}

int main(int argc, char **argv)
{
	const char *dir = ".";
	char path[PATH_SIZE];
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
	if (n == 0 || rounds == 0 || rounds > ROUNDS_MAX)
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
