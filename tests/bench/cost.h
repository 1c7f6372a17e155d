/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What programs that measure the store share: its database, anew in each
 * round, and the rounds as min, median and max. */
#ifndef BRIDGEAUDIT_TESTS_BENCH_COST_H
#define BRIDGEAUDIT_TESTS_BENCH_COST_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/text.h"
#include "lib/timefmt.h"

enum { COST_ROUNDS_MAX = 99, COST_PATH_SIZE = 512 };

struct cost {
	double ns;	   /* CPU per event */
	double kernel_ns;  /* of these */
	double longest_ms; /* commit, by the clock */
	double bytes;	   /* of the database file */
};

static inline uint64_t cost_clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* A name for each interface, as struct store_names wants them. */
static inline void cost_ifname(void *arg, uint32_t ifindex, char *name,
			       size_t size)
{
	(void)arg;
	snprintf(name, size, "br-%012x", ifindex);
}

static inline void cost_remove_db(const char *path)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", ".lock" };
	char name[COST_PATH_SIZE + 8];

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		unlink(name);
	}
}

/* Of the file without its log; negative: there is none. */
static inline double cost_file_bytes(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? -1 : (double)st.st_size;
}

static inline int cost_compare(const void *a, const void *b)
{
	const struct cost *x = a, *y = b;

	return (x->ns > y->ns) - (x->ns < y->ns);
}

/* Sorts the rounds and begins a line about them. Returns the median one. */
static inline const struct cost *cost_print(const char *name,
					    struct cost *rounds, size_t n)
{
	qsort(rounds, n, sizeof(*rounds), cost_compare);
	printf("  %-22s %7.0f %7.0f %7.0f ns/event", name, rounds[0].ns,
	       rounds[n / 2].ns, rounds[n - 1].ns);
	return &rounds[n / 2];
}

#endif
