/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Of a block of events in which many conversations began, as those of a scan
 * do: their sums by path, source and port (schema.sql, digest.sums), so that
 * a question needs no look at each.
 */
#ifndef BRIDGEAUDIT_LOGGER_STORE_SUMS_H
#define BRIDGEAUDIT_LOGGER_STORE_SUMS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/canonical.h"
#include "lib/event.h"

struct store;
struct sums;

/* What there is of something: times in nanoseconds. */
struct amount {
	uint64_t packets;
	uint64_t bytes;
	int64_t first_ns;
	int64_t last_ns;
};

/* begin: before a batch. add: its next conversation, that ev begins. */
void sums_begin(struct sums *s);
void sums_add(struct sums *s, const struct event *ev, int64_t path,
	      int32_t service);

/*
 * rewind: before the blocks that a batch fills. take: a conversation of the
 * block, in the order of ids. pack: the block's sums into up to SUMS_LEN_MAX
 * bytes of to; returns how many, 0 for none. leave: these rows end the block.
 */
enum { SUMS_GROUPS_MAX = 512, SUMS_LEN_MAX = 1 + SUMS_GROUPS_MAX * 60 };

void sums_rewind(struct sums *s);
void sums_take(const struct store *st, int64_t conversation,
	       const struct amount *amount);
size_t sums_pack(struct sums *s, int64_t min_ns, uint8_t *to);
void sums_leave(const struct store *st, const struct canonical_event *rows,
		size_t n);

/* The first conversation that began in the block. */
int64_t sums_first(const struct sums *s);

/* load: at the start. settle: once the batch is committed, before the store's
 * next_conversation moves on. rest: none comes soon. */
void sums_load(struct store *st);
void sums_settle(struct store *st);
void sums_rest(struct sums *s);

struct sums *sums_new(void);
void sums_free(struct sums *s);

#endif
