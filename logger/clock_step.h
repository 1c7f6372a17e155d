/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the clock was set: the times in the log jump there. */
#ifndef BRIDGEAUDIT_LOGGER_CLOCK_STEP_H
#define BRIDGEAUDIT_LOGGER_CLOCK_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clock_step {
	int64_t offset_ns; /* between the two clocks, at the last look */
	bool looked;
};

/*
 * Compares CLOCK_REALTIME with CLOCK_BOOTTIME (which goes on while the machine
 * sleeps). Returns whether it was set by two seconds or more since the last
 * look, not slewed, and not a leap second; then detail says how.
 */
bool clock_step_look(struct clock_step *cs, uint64_t real_ns, uint64_t boot_ns,
		     char *detail, size_t size);

#endif
