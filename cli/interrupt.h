/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ctrl-C: what runs comes to a clean end instead of being cut off. */
#ifndef BRIDGEAUDIT_CLI_INTERRUPT_H
#define BRIDGEAUDIT_CLI_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

struct interrupt {
	struct sigaction old[2];
};

/* From now on SIGINT and SIGTERM only set a flag; ret has what was before. */
void interrupt_catch(struct interrupt *ret);

/* The flag: the signal that came, 0 for none. */
extern const volatile sig_atomic_t *const interrupt_flag;
bool interrupted(void);

/* As it was before; the signal that came is forgotten, and returned. */
int interrupt_release(const struct interrupt *saved);

/* For what has nothing to bring to an end: signals kill it. */
void interrupt_kills(void);

#endif
