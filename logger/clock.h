/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clocks: CLOCK_REALTIME, which is set now and then, for what people read,
 * CLOCK_MONOTONIC for how long things take, CLOCK_BOOTTIME, which is that and
 * goes on while the machine sleeps. */
#ifndef BRIDGEAUDIT_LOGGER_CLOCK_H
#define BRIDGEAUDIT_LOGGER_CLOCK_H

#include <limits.h>
#include <stdint.h>
#include <time.h>

static inline uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static inline uint64_t clock_real_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

static inline uint64_t clock_ms(void)
{
	return clock_ns(CLOCK_MONOTONIC) / 1000000;
}

/* From now until end_ms, as poll() takes it: 0 when that is over, never less,
 * with which it would wait for ever. */
static inline int clock_left_ms(uint64_t end_ms)
{
	uint64_t now_ms = clock_ms();
	uint64_t left_ms = end_ms > now_ms ? end_ms - now_ms : 0;

	return left_ms < INT_MAX ? (int)left_ms : INT_MAX;
}

#endif
