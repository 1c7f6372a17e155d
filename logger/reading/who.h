/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is at the other end of a socket, by the kernel's word. */
#ifndef BRIDGEAUDIT_LOGGER_READING_WHO_H
#define BRIDGEAUDIT_LOGGER_READING_WHO_H

#include "logger/store/reading.h"

/*
 * Fills in uid, gid and pid of the process that connected, and, when that is
 * certain, who logged in (auid, as auditd calls it). Returns 0 or -errno.
 */
int reading_who(int fd, struct reading *r);

/* Names of uid and auid from /etc/passwd; no other service is asked, for it
 * might let us wait. */
void reading_names(struct reading *r);

#endif
