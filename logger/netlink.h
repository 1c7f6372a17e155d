/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walking a buffer of netlink messages. */
#ifndef BRIDGEAUDIT_LOGGER_NETLINK_H
#define BRIDGEAUDIT_LOGGER_NETLINK_H

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <string.h>

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

/*
 * Whether an answer ends with this message: 1, 0 for no, or its -errno; -EINTR
 * for a dump that somebody's change ran into. The end of a dump has an error of
 * its own: what came before it is a part then.
 */
static inline int netlink_ends(const struct nlmsghdr *nlh)
{
	int error = 0;

	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		return -EINTR;
	if (nlh->nlmsg_type != NLMSG_DONE && nlh->nlmsg_type != NLMSG_ERROR)
		return 0;
	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(error))
		memcpy(&error, mnl_nlmsg_get_payload(nlh), sizeof(error));
	else if (nlh->nlmsg_type == NLMSG_ERROR)
		return -EBADMSG;
	return error < 0 ? error : 1;
}

#endif
