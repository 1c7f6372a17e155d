/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which numbers are drawn for the packets of a log that is laid down. */
#ifndef BRIDGEAUDIT_TESTS_BENCH_RANDOM_H
#define BRIDGEAUDIT_TESTS_BENCH_RANDOM_H

#include <stdint.h>

/* xorshift64: each run has the same packets. *state is not 0. */
static inline unsigned int random_number(uint64_t *state, unsigned int n)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (unsigned int)(*state >> 16) % n;
}

#endif
