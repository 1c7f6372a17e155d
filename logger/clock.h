/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two clocks: CLOCK_REALTIME, which is set now and then, for what people
 * read, and CLOCK_MONOTONIC for how long things take. */
#ifndef BRIDGEAUDIT_LOGGER_CLOCK_H
#define BRIDGEAUDIT_LOGGER_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_real_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static inline uint64_t clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

#endif
