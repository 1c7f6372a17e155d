/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes twins out of iptables-nft's tables by their handles. By their text
 * iptables-restore needs time that grows with the square of their number.
 */
#ifndef BRIDGEAUDIT_LOGGER_FIREWALL_TWIN_NETLINK_H
#define BRIDGEAUDIT_LOGGER_FIREWALL_TWIN_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TWIN_NETLINK_NAME_MAX = 128 };

struct twin_handle {
	uint64_t handle; /* in its table, and never of another rule */
	uint64_t id;	 /* of the rule that it stands for */
	char table[TWIN_NETLINK_NAME_MAX], chain[TWIN_NETLINK_NAME_MAX];
};

/*
 * Deletes all twins of that family (4, 6), all at once, and only if the
 * ruleset is still the one in which they were found. Returns 0 when none is
 * left, -EAGAIN when somebody kept changing the ruleset, or -errno.
 */
int twin_netlink_remove(int family);

/* A twin that is to go. */
struct twin_named {
	uint64_t id;
	const char *table, *chain;
};

/*
 * Deletes these twins of that family, all at once, if each is there as often as
 * it is named and the ruleset does not change meanwhile. Returns 0, or -errno
 * when nothing was deleted.
 */
int twin_netlink_delete(int family, const struct twin_named *list, size_t len);

/*
 * The rules in a buffer of the kernel's answer that are twins: they end with
 * logging under a prefix of ours and decide nothing. list has room for max.
 * Returns how many; what can't be read is none.
 */
size_t twin_netlink_parse(const void *buf, size_t len, struct twin_handle *list,
			  size_t max);

#endif
