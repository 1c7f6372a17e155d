// SPDX-License-Identifier: GPL-2.0-or-later
/* A child that runs the pager, with a pipe to its standard input. */
#include "cli/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_FOUND = 127 /* as sh has it */ };

const char *pager_command(void)
{
	static const char *const names[] = { "BRIDGEAUDIT_PAGER", "PAGER" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = getenv(names[i]);

		if (value)
			return value;
	}
	/* a small system has none */
	return "command -v less >/dev/null && exec less || exec cat";
}

/* Where there is no such program nothing was read yet: the answer is shown all
 * the same. The trap: Ctrl-C in a pager must not end the sh that waits for it.
 */
static void run_child(const char *pager, int in)
{
	static const char script[] =
		"trap : INT; (eval \"$1\"); [ $? -ne 127 ] || { cat; exit 127; }";

	signal(SIGPIPE, SIG_DFL);
	dup2(in, STDIN_FILENO);
	/* F: quit if one screen, R: colours, X: leave it on the screen */
	setenv("LESS", "FRX", 0);
	execl("/bin/sh", "sh", "-c", script, "sh", pager, (char *)NULL);
	_exit(NOT_FOUND);
}

int pager_start(struct pager *ret)
{
	const char *pager = pager_command();
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

int pager_end(struct pager *p)
{
	/* Ctrl-C is the pager's until it ends */
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old;
	int status = 0;

	sigaction(SIGINT, &ignore, &old);
	fclose(p->out);
	while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
		;
	sigaction(SIGINT, &old, NULL);
	return WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND ? -ENOENT
								     : 0;
}
