/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sums of numbers that somebody may have written into the database. */
#ifndef BRIDGEAUDIT_LIB_SUM_H
#define BRIDGEAUDIT_LIB_SUM_H

#include <stdint.h>

/* Adds a count; what is more than can be held is the most that can. */
static inline void sum_add(int64_t *sum, int64_t more)
{
	if (__builtin_add_overflow(*sum, more, sum))
		*sum = INT64_MAX;
}

/* So many of that length, with the same end. */
static inline int64_t sum_bytes(int64_t packets, int64_t length)
{
	int64_t bytes;

	return __builtin_mul_overflow(packets, length, &bytes) ? INT64_MAX
							       : bytes;
}

/* part of all in whole percent, 0 to 100; rounded down. */
static inline int sum_percent(int64_t part, int64_t all)
{
	if (part <= 0)
		return 0;
	return part < all ? (int)(100.0 * (double)part / (double)all) : 100;
}

#endif
