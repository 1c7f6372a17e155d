// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nf_tables notices in, "somebody changed that" out. A transaction's notices
 * end with NEWGEN, which names the process that made it: so the keeper's own
 * edits are told apart from Docker's.
 */
#include "logger/firewall/nftmon.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/text.h"
#include "logger/netlink.h"

enum {
	NFTMON_BUFFER = 4 * 1024 * 1024,
	NFTMON_RECV = 64 * 1024,
	ANSWER_TIMEOUT_S = 2,
};

int nftmon_open(void)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int group = NFNLGRP_NFTABLES;
	int size = NFTMON_BUFFER;
	int fd, r;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    NETLINK_NETFILTER);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) <
		    0 ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
		       sizeof(group)) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

bool nftmon_supported(void)
{
	char buf[512] __attribute__((aligned(NLMSG_ALIGNTO))) = { 0 };
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct timeval wait = { .tv_sec = ANSWER_TIMEOUT_S };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	const struct nlmsgerr *err;
	ssize_t n;
	int fd;

	nlh->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct nfgenmsg));
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (fd < 0)
		return errno != EPROTONOSUPPORT;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	n = sendto(fd, nlh, nlh->nlmsg_len, 0, (struct sockaddr *)&kernel,
		   sizeof(kernel));
	if (n > 0)
		n = recv(fd, buf, sizeof(buf), 0);
	close(fd);
	if (n <= 0 || !netlink_ok(nlh, (int)n) ||
	    nlh->nlmsg_type != NLMSG_ERROR ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*err))
		return true;
	/* nfnetlink answers so for a subsystem that it does not have */
	err = mnl_nlmsg_get_payload(nlh);
	return err->error != -EINVAL && err->error != -EOPNOTSUPP;
}

/* A number of the notice that ends a transaction, 0 when it has none: of the
 * process that made it, NFTA_GEN_PROC_PID, or of what it made, NFTA_GEN_ID. */
static uint32_t newgen(const struct nlmsghdr *nlh, uint16_t type)
{
	const char *tail = mnl_nlmsg_get_payload_tail(nlh);
	const struct nlattr *a;
	uint32_t number = 0;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(struct nfgenmsg))
		return 0;
	a = mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg));
	for (; mnl_attr_ok(a, (int)(tail - (const char *)a));
	     a = mnl_attr_next(a)) {
		uint32_t be;

		if (mnl_attr_get_type(a) != type ||
		    mnl_attr_get_payload_len(a) < sizeof(be))
			continue;
		memcpy(&be, mnl_attr_get_payload(a), sizeof(be));
		number = ntohl(be);
	}
	return number;
}

/* The name that comes first in notices about tables and what is in them. */
static const char *table_name(const struct nlmsghdr *nlh, size_t *ret_len)
{
	const char *tail = mnl_nlmsg_get_payload_tail(nlh);
	const struct nlattr *a;

	a = mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg));
	for (; mnl_attr_ok(a, (int)(tail - (const char *)a));
	     a = mnl_attr_next(a)) {
		if (mnl_attr_get_type(a) != NFTA_TABLE_NAME)
			continue;
		*ret_len = mnl_attr_get_payload_len(a);
		return mnl_attr_get_payload(a);
	}
	return NULL;
}

static bool is_name(const char *name, size_t len, const char *text)
{
	return len == strlen(text) + 1 && memcmp(name, text, len) == 0;
}

/* Whose table a notice is about; what can't be told is about all of them. */
static unsigned int about(const struct nlmsghdr *nlh)
{
	static const struct {
		const char *table;
		unsigned int what;
		uint8_t family;
	} tables[] = {
		{ "filter", NFTMON_IPTABLES4, NFPROTO_IPV4 },
		{ "raw", NFTMON_IPTABLES4, NFPROTO_IPV4 },
		{ "filter", NFTMON_IPTABLES6, NFPROTO_IPV6 },
		{ "raw", NFTMON_IPTABLES6, NFPROTO_IPV6 },
		{ "docker-bridges", NFTMON_DOCKER4, NFPROTO_IPV4 },
		{ "docker-bridges", NFTMON_DOCKER6, NFPROTO_IPV6 },
		{ "bridgeaudit", NFTMON_OWN, NFPROTO_INET },
	};
	const struct nfgenmsg *nfg;
	const char *name;
	size_t len = 0;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*nfg))
		return NFTMON_ALL;
	nfg = mnl_nlmsg_get_payload(nlh);
	name = table_name(nlh, &len);
	if (!name)
		return NFTMON_ALL;
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		if (nfg->nfgen_family == tables[i].family &&
		    is_name(name, len, tables[i].table))
			return tables[i].what;
	return 0;
}

void nftmon_pids_add(struct nftmon_pids *pids, pid_t pid)
{
	if (pid != 0)
		pids->list[pids->len++ % NFTMON_PIDS_MAX] = pid;
}

static bool is_ours(const struct nftmon_pids *pids, pid_t pid)
{
	for (size_t i = 0; i < pids->len && i < NFTMON_PIDS_MAX; i++)
		if (pids->list[i] == pid)
			return true;
	return false;
}

unsigned int nftmon_parse(const void *buf, size_t len,
			  const struct nftmon_pids *pids,
			  struct nft_history *history, unsigned int *pending)
{
	const struct nlmsghdr *nlh = buf;
	unsigned int what = 0;
	int left = (int)len;

	for (; netlink_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		if (nlh->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES)
			continue;
		switch (nlh->nlmsg_type & 0xff) {
		case NFT_MSG_NEWTABLE:
		case NFT_MSG_DELTABLE:
		case NFT_MSG_NEWCHAIN:
		case NFT_MSG_DELCHAIN:
		case NFT_MSG_NEWRULE:
		case NFT_MSG_DELRULE:
		case NFT_MSG_NEWSET:
		case NFT_MSG_DELSET:
		case NFT_MSG_NEWSETELEM:
		case NFT_MSG_DELSETELEM:
		case NFT_MSG_NEWOBJ:
		case NFT_MSG_DELOBJ:
			*pending |= about(nlh);
			nft_history_take(history, nlh);
			break;
		case NFT_MSG_NEWGEN:
			if (!is_ours(pids,
				     (pid_t)newgen(nlh, NFTA_GEN_PROC_PID)))
				what |= *pending;
			*pending = 0;
			nft_history_next(history, newgen(nlh, NFTA_GEN_ID));
			break;
		default:
			break;
		}
	}
	return what;
}

int nftmon_read(int fd, const struct nftmon_pids *pids,
		struct nft_history *history, unsigned int *ret_what)
{
	static char buf[NFTMON_RECV] __attribute__((aligned(NLMSG_ALIGNTO)));
	unsigned int what = 0, pending = 0;
	bool lost = false;

	for (;;) {
		ssize_t n = recv(fd, buf, sizeof(buf), MSG_TRUNC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0 && errno != ENOBUFS)
			return -errno;
		if (n < 0 || n > (ssize_t)sizeof(buf))
			lost = true; /* or cut off */
		else
			what |= nftmon_parse(buf, (size_t)n, pids, history,
					     &pending);
	}
	/* until all is read, what comes is dropped without a second word: the
	 * last that was read is not the last there was */
	if (lost) {
		what = NFTMON_ALL;
		nft_history_lose(history);
	}
	/* without its NEWGEN there is nobody to tell apart, so it counts */
	*ret_what = what | pending;
	return 0;
}
