/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Docker 29's own nftables tables, watched from a table of ours beside them:
 * Docker flushes and refills its chains, so nothing of ours may be in them.
 */
#ifndef BRIDGEAUDIT_LOGGER_FIREWALL_OWN_H
#define BRIDGEAUDIT_LOGGER_FIREWALL_OWN_H

#include <stdint.h>
#include <sys/types.h>

struct own;

/* profile, group and channel_fd as for firewall_new(). NULL: no memory. */
struct own *own_new(unsigned int profile, uint16_t group, int channel_fd);
void own_free(struct own *own);

/* dockerd was started: the next own_sync() looks whether it has tables. */
void own_look(struct own *own);

/*
 * Mirrors Docker's tables, when there are any, into ours; does nothing on a
 * host without them. *last_pid becomes the process that made an edit. Returns
 * 0, or -errno when another try is worth it; then a finding says why.
 */
int own_sync(struct own *own, pid_t *last_pid);

/* Deletes our table, if there is one. Returns 0 or -errno. */
int own_remove(struct own *own);

#endif
