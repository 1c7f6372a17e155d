/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walking a buffer of netlink messages. */
#ifndef BRIDGEAUDIT_LOGGER_NETLINK_H
#define BRIDGEAUDIT_LOGGER_NETLINK_H

#include <libmnl/libmnl.h>
#include <stdbool.h>

/*
 * Whether a whole message is at nlh with left bytes to go. mnl_nlmsg_ok()
 * compares lengths as signed numbers: a length over 2 GiB passes there, and
 * mnl_nlmsg_next() then stands still for ever.
 */
static inline bool netlink_ok(const struct nlmsghdr *nlh, int left)
{
	return left > 0 && mnl_nlmsg_ok(nlh, left) &&
	       nlh->nlmsg_len <= (unsigned int)left;
}

#endif
