// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bridgeaudit: who tried to reach whom over Docker's bridge networks. This
 * file gives the program its streams, its clock and its manners as a process.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "lib/timefmt.h"

static bool may_color(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color) &&
	       !(term && strcmp(term, "dumb") == 0);
}

int main(int argc, char **argv)
{
	struct timespec now = { 0 };
	struct cli cli = { .out = stdout, .err = stderr };

	/* a reader that went away is seen as EPIPE */
	signal(SIGPIPE, SIG_IGN);
	clock_gettime(CLOCK_REALTIME, &now);
	cli.now_ns = (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
	cli.color = may_color();
	return cli_run(&cli, argc, argv);
}
