// SPDX-License-Identifier: GPL-2.0-or-later
/* The flag that a signal sets; nothing else happens in the handler. */
#include "cli/interrupt.h"

static const int signals[2] = { SIGINT, SIGTERM };
static volatile sig_atomic_t flag;

const volatile sig_atomic_t *const interrupt_flag = &flag;

static void on_signal(int signo)
{
	flag = signo;
}

void interrupt_catch(struct interrupt *ret)
{
	/* without SA_RESTART: who waits for a reader is to end too */
	struct sigaction action = { .sa_handler = on_signal };

	flag = 0;
	for (int i = 0; i < 2; i++)
		sigaction(signals[i], &action, &ret->old[i]);
}

bool interrupted(void)
{
	return flag != 0;
}

int interrupt_release(const struct interrupt *saved)
{
	int signo;

	for (int i = 0; i < 2; i++)
		sigaction(signals[i], &saved->old[i], NULL);
	signo = flag;
	flag = 0;
	return signo;
}

void interrupt_kills(void)
{
	for (int i = 0; i < 2; i++)
		signal(signals[i], SIG_DFL);
}
