/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our own table without nft: what it counted, and its end. nft reads every
 * table of the host first, which takes long and may crash it.
 */
#ifndef BRIDGEAUDIT_LOGGER_FIREWALL_OWN_NETLINK_H
#define BRIDGEAUDIT_LOGGER_FIREWALL_OWN_NETLINK_H

#include <stddef.h>
#include <stdint.h>

enum { OWN_COUNTERS_MAX = 131072 };

struct own_counter {
	uint64_t id; /* of the rule that it is named after */
	uint64_t packets, bytes;
};

/*
 * All counters of our table, sorted by id; none when there is no table.
 * Returns 0 and *ret, which the caller frees, or -errno.
 */
int own_netlink_counters(struct own_counter **ret, size_t *ret_len);

/*
 * The counters in a buffer of the kernel's answer, for which list has room for
 * max. Returns how many there were; what is none is passed over.
 */
size_t own_netlink_parse(const void *buf, size_t len, struct own_counter *list,
			 size_t max);

/* Deletes our table. Returns 0, also when there is none, or -errno. */
int own_netlink_delete(void);

#endif
