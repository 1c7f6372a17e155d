// SPDX-License-Identifier: GPL-2.0-or-later
/* Pairs of service and packets are collected, then sorted and summed up. */
#include "cli/top_service.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/db.h"

enum { SERVICE_OTHERS = -258 };

struct part {
	int64_t service;
	int64_t packets;
};

struct parts {
	struct part *list;
	size_t n;
};

static void step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	struct parts *p = sqlite3_aggregate_context(ctx, sizeof(*p));

	(void)argc;
	if (p && (p->n & (p->n - 1)) == 0) { /* full at each power of two */
		struct part *bigger = reallocarray(p->list, p->n ? 2 * p->n : 1,
						   sizeof(*bigger));

		if (!bigger)
			p = NULL;
		else
			p->list = bigger;
	}
	if (!p) {
		sqlite3_result_error_nomem(ctx);
		return;
	}
	p->list[p->n++] = (struct part){ sqlite3_value_int64(argv[0]),
					 sqlite3_value_int64(argv[1]) };
}

static int by_service(const void *a, const void *b)
{
	int64_t x = ((const struct part *)a)->service;
	int64_t y = ((const struct part *)b)->service;

	return (x > y) - (x < y);
}

static bool is_before(const struct part *a, const struct part *b)
{
	if ((a->service == SERVICE_OTHERS) != (b->service == SERVICE_OTHERS))
		return b->service == SERVICE_OTHERS;
	return a->packets > b->packets;
}

static void final(sqlite3_context *ctx)
{
	struct parts *p = sqlite3_aggregate_context(ctx, 0);
	struct part best = { SERVICE_OTHERS, -1 }, sum = { 0 };
	char text[64];

	if (!p || p->n == 0)
		return;
	qsort(p->list, p->n, sizeof(*p->list), by_service);
	for (size_t i = 0; i < p->n; i++) {
		if (i == 0 || p->list[i].service != sum.service)
			sum = (struct part){ p->list[i].service, 0 };
		sum.packets += p->list[i].packets;
		if (i + 1 < p->n && p->list[i + 1].service == sum.service)
			continue;
		if (is_before(&sum, &best))
			best = sum;
	}
	free(p->list);
	snprintf(text, sizeof(text), "%019" PRId64 "%" PRId64, best.packets,
		 best.service);
	sqlite3_result_text(ctx, text, -1, SQLITE_TRANSIENT);
}

int top_service_register(sqlite3 *db)
{
	return db_errno(sqlite3_create_function(
		db, "top_service", 2, SQLITE_UTF8, NULL, NULL, step, final));
}
