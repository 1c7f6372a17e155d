/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long this thread was ready to run and had no processor. */
#ifndef BRIDGEAUDIT_LOGGER_SCHED_DELAY_H
#define BRIDGEAUDIT_LOGGER_SCHED_DELAY_H

#include <stdint.h>

/*
 * In all, in ns: what it grew by while the thread waited for an event is how
 * long before its return the event was. The kernel's run_delay, see its
 * Documentation/scheduler/sched-stats.rst. Returns 0, or -errno on a kernel
 * that does not tell (CONFIG_SCHED_INFO).
 */
int sched_delay(uint64_t *ret_ns);

#endif
