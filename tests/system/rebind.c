// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Takes the NFLOG group away from process PID and gives it back after MS
 * milliseconds: the kernel makes a new instance, which numbers from 0 and knows
 * nothing of the owner's settings. Only the socket that bound a group can do
 * that, so it is borrowed from the process.
 *
 *   rebind PID GROUP MS
 */
#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FDS = 64 };

struct message {
	struct nlmsghdr nlh;
	struct nfgenmsg group;
	struct nlattr attr;
	struct nfulnl_msg_config_cmd cmd;
	char pad[3];
};

static int is_nfnetlink(int fd)
{
	int domain = 0, protocol = -1;
	socklen_t len = sizeof(int);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 &&
	       getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0 &&
	       domain == AF_NETLINK && protocol == NETLINK_NETFILTER;
}

/* A copy of its first socket of that kind; -1: it has none. */
static int borrow(int pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	for (int i = 0; pidfd >= 0 && i < FDS; i++) {
		int fd = (int)syscall(SYS_pidfd_getfd, pidfd, i, 0);

		if (fd >= 0 && is_nfnetlink(fd))
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -1;
}

static int command(int fd, int group, enum nfulnl_msg_config_cmds cmd)
{
	struct message msg = {
		.nlh = { .nlmsg_len = sizeof(msg),
			 .nlmsg_type =
				 NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG,
			 .nlmsg_flags = NLM_F_REQUEST },
		.group = { .res_id = htons((uint16_t)group) },
		.attr = { .nla_len = sizeof(msg.attr) + sizeof(msg.cmd),
			  .nla_type = NFULA_CFG_CMD },
		.cmd = { .command = (uint8_t)cmd },
	};
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	return sendto(fd, &msg, sizeof(msg), 0, (struct sockaddr *)&kernel,
		      sizeof(kernel)) < 0;
}

int main(int argc, char **argv)
{
	int fd = argc == 4 ? borrow(atoi(argv[1])) : -1;

	if (fd < 0 || command(fd, atoi(argv[2]), NFULNL_CFG_CMD_UNBIND)) {
		perror("rebind");
		return 1;
	}
	usleep((useconds_t)atoi(argv[3]) * 1000);
	if (command(fd, atoi(argv[2]), NFULNL_CFG_CMD_BIND)) {
		perror("rebind");
		return 1;
	}
	return 0;
}
