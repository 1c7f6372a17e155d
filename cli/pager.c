// SPDX-License-Identifier: GPL-2.0-or-later
/* A child that runs the pager, with a pipe to its standard input. */
#include "cli/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *command(void)
{
	static const char *const names[] = { "BRIDGEAUDIT_PAGER", "PAGER" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = getenv(names[i]);

		if (value)
			return value;
	}
	return "less";
}

static void run_child(const char *pager, int in)
{
	signal(SIGPIPE, SIG_DFL);
	dup2(in, STDIN_FILENO);
	/* F: quit if one screen, R: colours, X: leave it on the screen */
	setenv("LESS", "FRX", 0);
	execl("/bin/sh", "sh", "-c", pager, (char *)NULL);
	_exit(127);
}

int pager_start(struct pager *ret)
{
	const char *pager = command();
	struct pager p = { .pid = -1 };
	int fds[2];

	if (*pager == '\0')
		return -ENOENT;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	p.out = fdopen(fds[1], "w");
	if (p.out)
		p.pid = fork();
	if (p.pid < 0) {
		int r = -errno;

		if (p.out)
			fclose(p.out);
		else
			close(fds[1]);
		close(fds[0]);
		return r;
	}
	if (p.pid == 0)
		run_child(pager, fds[0]);
	close(fds[0]);
	*ret = p;
	return 0;
}

void pager_end(struct pager *p)
{
	/* Ctrl-C is the pager's until it ends */
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old;

	sigaction(SIGINT, &ignore, &old);
	fclose(p->out);
	while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
		;
	sigaction(SIGINT, &old, NULL);
}
