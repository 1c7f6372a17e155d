/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What keeper and recorder say to each other: fixed-size messages over a
 * SOCK_SEQPACKET pair. The other's end is the end of the channel. */
#ifndef BRIDGEAUDIT_LOGGER_CHANNEL_H
#define BRIDGEAUDIT_LOGGER_CHANNEL_H

#include "logger/message.h"

/* Makes the pair; the caller closes both. Returns 0 or -errno. */
int channel_open(int ret_fds[2]);
/* Sends msg whole. Returns 0, -EAGAIN when the other stays behind for 0.2 s (a
 * stalled disk must not stall the rules), and from then on at once until there
 * is room again; -EPIPE when it is gone, or -errno. */
int channel_send(int fd, const struct channel_msg *msg);
/* The last message: CHANNEL_STOP, or the end of all where there is no room for
 * it, which is taken for that as long as we are there. 0 or -errno */
int channel_send_stop(int fd);
/* Takes one message without waiting, its strings terminated. Returns 1 with it,
 * 0 for none, -EPIPE, -EBADMSG for another size or kind, or -errno. */
int channel_recv(int fd, struct channel_msg *ret);

#endif
