// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A program of the administrator's, started and later reaped. The keeper must
 * not wait for it: rules change meanwhile.
 */
#include "logger/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "logger/log.h"

const char *program_refusal(const char *path, mode_t executable)
{
	struct stat st;

	if (*path != '/')
		return "a path that begins with '/' is needed";
	if (stat(path, &st) < 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode) || !(st.st_mode & executable))
		return "it is no program";
	if ((st.st_uid != 0 && st.st_uid != geteuid()) ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)))
		return "others than root may write it";
	return NULL;
}

/* Its own session, no signal blocked or ignored, nothing open. */
static int spawn(const char *path, const char *word, pid_t *ret_pid)
{
	static char path_var[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *const env[] = { path_var, NULL };
	char *const argv[] = { (char *)(uintptr_t)path, (char *)(uintptr_t)word,
			       NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int r;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID |
						POSIX_SPAWN_SETSIGMASK |
						POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null",
					 O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
	posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
	r = posix_spawn(ret_pid, path, &files, &attr, argv, env);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return -r;
}

void program_start(struct program *p, const char *path, const char *word,
		   uint64_t now_ms)
{
	pid_t pid;
	int r;

	if (p->pid ||
	    (p->started_ms && now_ms - p->started_ms < PROGRAM_PAUSE_MS)) {
		log_warn("'%s %s' is not run: %s", path, word,
			 p->pid ? "the last one runs yet"
				: "the last one was a moment ago");
		return;
	}
	p->started_ms = now_ms;
	r = spawn(path, word, &pid);
	if (r < 0) {
		log_warn("can't run '%s': %s", path, strerror(-r));
		return;
	}
	p->pid = pid;
	log_info("running '%s %s', pid %d", path, word, (int)pid);
}

void program_reap(struct program *p)
{
	int status = 0;

	if (!p->pid || waitpid(p->pid, &status, WNOHANG) != p->pid)
		return;
	if (WIFSIGNALED(status))
		log_warn("the program with pid %d was killed by signal %d",
			 (int)p->pid, WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		log_warn("the program with pid %d ended with %d", (int)p->pid,
			 WEXITSTATUS(status));
	p->pid = 0;
}
