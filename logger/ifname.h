/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of this network namespace's interfaces by index. */
#ifndef BRIDGEAUDIT_LOGGER_IFNAME_H
#define BRIDGEAUDIT_LOGGER_IFNAME_H

#include <stddef.h>
#include <stdint.h>

struct ifname_table;

/* Reads all interfaces and listens for changes. Returns 0 or -errno. */
int ifname_open(struct ifname_table **ret);

/* Becomes readable when ifname_update() has something to do. */
int ifname_fd(const struct ifname_table *t);
void ifname_update(struct ifname_table *t);

/*
 * Writes the interface's name, or the last one it had when it is gone already
 * (its packets can be slower than its end), else "".
 */
void ifname_get(struct ifname_table *t, uint32_t ifindex, char *name,
		size_t size);

void ifname_close(struct ifname_table *t);

#endif
