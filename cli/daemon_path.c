// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds the logger that belongs to this program: a build tree and an
 * installation come before whatever $PATH has.
 */
#include "cli/daemon_path.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool try_dir(const char *dir, size_t len, const char *between, char *buf,
		    size_t size)
{
	int n = snprintf(buf, size, "%.*s%s/bridgeauditd", (int)len, dir,
			 between);

	return n > 0 && (size_t)n < size && access(buf, X_OK) == 0;
}

int daemon_path(const char *exe_dir, const char *search, char *buf, size_t size)
{
	if (try_dir(exe_dir, strlen(exe_dir), "", buf, size) ||
	    try_dir(exe_dir, strlen(exe_dir), "/../sbin", buf, size))
		return 0;
	while (search && *search) {
		size_t len = strcspn(search, ":");

		/* no empty entry: that is the working directory */
		if (len > 0 && try_dir(search, len, "", buf, size))
			return 0;
		search += len + (search[len] == ':');
	}
	return -ENOENT;
}

/* The directory of this program. */
static void exe_dir(char *buf, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", buf, size - 1);
	char *slash;

	buf[n > 0 ? n : 0] = '\0';
	slash = strrchr(buf, '/');
	if (slash)
		*slash = '\0';
}

int daemon_find(char *buf, size_t size)
{
	char dir[PATH_MAX];

	exe_dir(dir, sizeof(dir));
	return daemon_path(dir, getenv("PATH"), buf, size);
}
