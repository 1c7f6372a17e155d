/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration file: "key = value" lines, comments after # or ;. */
#ifndef BRIDGEAUDIT_LIB_CONFFILE_H
#define BRIDGEAUDIT_LIB_CONFFILE_H

#include <stddef.h>

enum { CONFFILE_ERROR_MAX = 512 };

#define CONFFILE_PATH_DEFAULT "/etc/bridgeaudit/bridgeaudit.conf"

/* Takes one setting. Returns 0, or -errno with what is wrong with it, as it
 * follows the key, in error[CONFFILE_ERROR_MAX]. */
typedef int conffile_set(void *arg, const char *key, const char *value,
			 char *error);

/*
 * Gives each line of the file at path to set, in order, until the first that
 * is refused. Returns 0; -EINVAL when a line is no setting, has a [section], is
 * longer than inih takes or was refused, -EPERM when others than root and the
 * caller may write the file, or -errno when it can't be read. Then error names
 * file, line and cause.
 */
int conffile_read(const char *path, conffile_set *set, void *arg, char *error);

#endif
