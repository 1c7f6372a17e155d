// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The privileged half of nfnetlink_log: a group number in, a bound and
 * configured netlink socket out. Never reads a packet.
 */
#include "logger/capture/capture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libnetfilter_log/libnetfilter_log.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "logger/netlink.h"

enum { ACK_TIMEOUT_S = 2, CONFIG_SIZE = 256 };

/*
 * Sends a config message and, unless it wants no answer, waits for it. The
 * kernel answers inside sendto(), so a packet can hardly be queued before the
 * answer; one that is gets lost here, and its sequence number shows that.
 */
static int send_config(int fd, struct nlmsghdr *nlh)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	uint32_t seq = nlh->nlmsg_seq;
	char buf[8192];

	if (sendto(fd, nlh, nlh->nlmsg_len, 0, (struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0)
		return -errno;
	if (!(nlh->nlmsg_flags & NLM_F_ACK))
		return 0;
	for (int tries = 0; tries < 1000; tries++) {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);
		const struct nlmsghdr *ans = (const struct nlmsghdr *)buf;
		const struct nlmsgerr *err;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!netlink_ok(ans, (int)n) ||
		    ans->nlmsg_type != NLMSG_ERROR || ans->nlmsg_seq != seq ||
		    mnl_nlmsg_get_payload_len(ans) < sizeof(*err))
			continue;
		err = mnl_nlmsg_get_payload(ans);
		return err->error;
	}
	return -ETIMEDOUT;
}

static struct nlmsghdr *start_config(char *buf, unsigned int group)
{
	static uint32_t seq;
	struct nlmsghdr *nlh;

	nlh = nflog_nlmsg_put_header(buf, NFULNL_MSG_CONFIG, AF_UNSPEC,
				     (uint16_t)group);
	nlh->nlmsg_flags |= NLM_F_ACK;
	nlh->nlmsg_seq = ++seq;
	return nlh;
}

/*
 * Binds and configures in one message: after a crash twins are still in place,
 * and every packet must carry a sequence number from the first one on. The
 * conntrack flag would be refused by kernels without the glue and take the
 * whole message down with it, so it is not asked for.
 */
static int configure(int fd, unsigned int group)
{
	char buf[CONFIG_SIZE] = { 0 };
	struct nlmsghdr *nlh = start_config(buf, group);
	int r;

	nflog_attr_put_cfg_cmd(nlh, NFULNL_CFG_CMD_BIND);
	nflog_attr_put_cfg_mode(nlh, NFULNL_COPY_PACKET, CAPTURE_COPY_RANGE);
	mnl_attr_put_u32(nlh, NFULA_CFG_NLBUFSIZ, htonl(CAPTURE_BATCH_SIZE));
	mnl_attr_put_u32(nlh, NFULA_CFG_TIMEOUT, htonl(CAPTURE_FLUSH_TIMEOUT));
	/* the buffer and the timeout decide, never a number of packets */
	mnl_attr_put_u32(nlh, NFULA_CFG_QTHRESH, htonl(UINT16_MAX));
	mnl_attr_put_u16(nlh, NFULA_CFG_FLAGS, htons(NFULNL_CFG_F_SEQ));
	r = send_config(fd, nlh);
	if ((r == -EPERM || r == -EBUSY) && capture_group_holder(group))
		return -EBUSY;
	if (r == -EINVAL || r == -EOPNOTSUPP)
		return -EPROTONOSUPPORT; /* no such nfnetlink subsystem */
	return r;
}

int capture_open(unsigned int group)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	struct timeval wait = { .tv_sec = ACK_TIMEOUT_S };
	struct timeval forever = { 0 };
	int size = CAPTURE_SOCKET_BUFFER;
	int on = 1;
	int fd, r;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (fd < 0)
		return errno == EPROTONOSUPPORT ? -EPROTONOSUPPORT : -errno;
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) <
		    0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0) {
		r = -errno;
		goto fail;
	}
	/*
	 * Without this an overrun blocks the socket until it is drained, which
	 * hides how much was lost; with it the sequence numbers tell exactly.
	 */
	if (setsockopt(fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &on, sizeof(on)) <
	    0) {
		r = -errno;
		goto fail;
	}
	r = configure(fd, group);
	if (r < 0)
		goto fail;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &forever, sizeof(forever)) <
	    0) {
		r = -errno;
		goto fail;
	}
	return fd;
fail:
	close(fd);
	return r;
}

int capture_unbind(int fd, unsigned int group)
{
	char buf[CONFIG_SIZE] = { 0 };
	struct nlmsghdr *nlh = start_config(buf, group);

	nlh->nlmsg_flags &= (uint16_t)~NLM_F_ACK;
	nflog_attr_put_cfg_cmd(nlh, NFULNL_CFG_CMD_UNBIND);
	return send_config(fd, nlh);
}

int capture_group_holder(unsigned int group)
{
	FILE *f = fopen("/proc/net/netfilter/nfnetlink_log", "re");
	unsigned int number, portid;
	int pid = 0;

	if (!f)
		return 0;
	/* group, port id, then five more numbers that do not matter here */
	while (fscanf(f, "%u %u %*[^\n]", &number, &portid) == 2)
		if (number == group)
			pid = (int)portid;
	fclose(f);
	return pid;
}
