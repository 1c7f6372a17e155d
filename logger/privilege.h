/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each process may do. */
#ifndef BRIDGEAUDIT_LOGGER_PRIVILEGE_H
#define BRIDGEAUDIT_LOGGER_PRIVILEGE_H

#include <sys/types.h>

#define PRIVILEGE_USER_DEFAULT "bridgeaudit"

/* The user's ids. Returns 0, -ENOENT when there is no such user, -EPERM when
 * it is root. */
int privilege_lookup(const char *user, uid_t *ret_uid, gid_t *ret_gid);

/* Becomes user for good: its groups, no capability, no new privileges.
 * Returns 0 or -errno as above. */
int privilege_drop(const char *user);

/* Keeps of root's capabilities only those that rules and modules need.
 * Returns 0 or -errno. */
int privilege_keep_firewall(void);

#endif
