/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's nfnetlink_log: opening a group (keeper, privileged) and taking
 * packets out of its messages (recorder, unprivileged).
 */
#ifndef BRIDGEAUDIT_LOGGER_CAPTURE_CAPTURE_H
#define BRIDGEAUDIT_LOGGER_CAPTURE_CAPTURE_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/event.h"

enum {
	CAPTURE_GROUP_DEFAULT = 4242,
	CAPTURE_GROUP_MAX = 65535,
	/* bytes of each packet that the kernel copies to us */
	CAPTURE_COPY_RANGE = 128,
	/*
	 * The kernel's batch of messages, and our buffer. The kernel rounds a
	 * batch up to a slab, so a message can be twice as long as asked for,
	 * and above 131072 the wish is acknowledged and ignored. This value
	 * fits a slab with its skb overhead.
	 */
	CAPTURE_BATCH_SIZE = 65216,
	CAPTURE_RECV_SIZE = 256 * 1024,
	CAPTURE_SOCKET_BUFFER = 64 * 1024 * 1024,
	/* hundredths of a second that the kernel holds back a batch */
	CAPTURE_FLUSH_TIMEOUT = 1,
};

/*
 * Opens a netlink socket bound to group, configured for the recorder. Needs
 * CAP_NET_ADMIN. Returns the socket (the caller closes it; the group is free
 * again when the last copy is closed) or -errno: -EBUSY when another process
 * has the group, -EPROTONOSUPPORT when the kernel has no nfnetlink_log.
 */
int capture_open(unsigned int group);

/*
 * Tells the kernel to send what it still holds back and to leave the group.
 * Needs CAP_NET_ADMIN both now and when fd was opened. Asks for no answer: the
 * other process reads the socket. Returns 0 or -errno.
 */
int capture_unbind(int fd, unsigned int group);

/*
 * The pid that has the group, read from /proc/net/netfilter/nfnetlink_log (the
 * netlink port id, which is the pid of the process that opened the socket), or
 * 0 when nobody has it or it can't be told.
 */
int capture_group_holder(unsigned int group);

struct capture_packet {
	struct event ev; /* time_ns 0: the kernel gave no time */
	uint32_t seq;	 /* number of the packet within its group */
	bool has_seq;
	bool ours; /* the prefix is a twin's; else ev has no rule */
};

/*
 * Takes the packet out of one message. Returns 0; -EAGAIN for a message that
 * is no packet (an answer, another subsystem); -EBADMSG for a malformed one.
 * Reads only within nlh->nlmsg_len, which the caller has checked.
 */
int capture_parse(const struct nlmsghdr *nlh, struct capture_packet *ret);

#endif
