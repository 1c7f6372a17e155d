/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where bridgeauditd is, seen from bridgeaudit. */
#ifndef BRIDGEAUDIT_CLI_DAEMON_PATH_H
#define BRIDGEAUDIT_CLI_DAEMON_PATH_H

#include <stddef.h>

/*
 * Looks for bridgeauditd in exe_dir, in exe_dir/../sbin, then along search, a
 * list like $PATH (NULL: none). Writes its path; returns 0 or -ENOENT.
 */
int daemon_path(const char *exe_dir, const char *search, char *buf,
		size_t size);

/* The same from where this program is, then along $PATH. */
int daemon_find(char *buf, size_t size);

#endif
