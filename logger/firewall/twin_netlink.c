// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Twins by netlink: the dump of a family's rules in, one transaction that
 * deletes some of them out. It names the generation of the ruleset that was
 * dumped, so the kernel refuses it when anybody changed anything since.
 */
#include "logger/firewall/twin_netlink.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/xt_NFLOG.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "logger/firewall/nft_netlink.h"
#include "logger/netlink.h"
#include "logger/rules/rule.h"

enum {
	TRIES_MAX = 32,	    /* each meets another edit of somebody's */
	TWINS_MAX = 262144, /* of one family */
	DELETE_MAX = 512,   /* bytes of one deletion */
	PAUSE_US = 20000,
};

struct found {
	struct twin_handle *list;
	size_t len, max;
};

static bool copy_name(const struct nlattr *a, char *dst)
{
	size_t len = mnl_attr_get_payload_len(a);
	const char *name = mnl_attr_get_payload(a);

	if (len == 0 || len > TWIN_NETLINK_NAME_MAX || name[len - 1] != '\0')
		return false;
	memcpy(dst, name, len);
	return true;
}

/* The attribute of that type within a nest, or NULL. */
static const struct nlattr *find(const struct nlattr *nest, uint16_t type)
{
	const char *tail = (const char *)nest + mnl_attr_get_len(nest);
	const struct nlattr *a = mnl_attr_get_payload(nest);

	for (; mnl_attr_ok(a, (int)(tail - (const char *)a));
	     a = mnl_attr_next(a))
		if (mnl_attr_get_type(a) == type)
			return a;
	return NULL;
}

static bool is_our_prefix(const void *bytes, size_t max, uint64_t *ret_id)
{
	enum verdict verdict;

	return twin_prefix_parse(bytes, strnlen(bytes, max), &verdict,
				 ret_id) == 0;
}

/* "log" of nf_tables, or the target NFLOG as older iptables-nft write it. */
static bool logs_for_us(const struct nlattr *expr, uint64_t *ret_id)
{
	const struct nlattr *name = find(expr, NFTA_EXPR_NAME);
	const struct nlattr *data = find(expr, NFTA_EXPR_DATA);
	const struct nlattr *a;
	struct xt_nflog_info info;

	if (!data)
		return false;
	if (nft_netlink_is_text(name, "log")) {
		a = find(data, NFTA_LOG_PREFIX);
		return a && is_our_prefix(mnl_attr_get_payload(a),
					  mnl_attr_get_payload_len(a), ret_id);
	}
	if (!nft_netlink_is_text(name, "target") ||
	    !nft_netlink_is_text(find(data, NFTA_TARGET_NAME), "NFLOG"))
		return false;
	a = find(data, NFTA_TARGET_INFO);
	if (!a || mnl_attr_get_payload_len(a) < sizeof(info))
		return false;
	memcpy(&info, mnl_attr_get_payload(a), sizeof(info));
	return is_our_prefix(info.prefix, sizeof(info.prefix), ret_id);
}

/* Whether the last expression logs for us: behind it no verdict can be. */
static bool is_twin(const struct nlattr *expressions, uint64_t *ret_id)
{
	const char *tail =
		(const char *)expressions + mnl_attr_get_len(expressions);
	const struct nlattr *a = mnl_attr_get_payload(expressions);
	const struct nlattr *last = NULL;

	for (; mnl_attr_ok(a, (int)(tail - (const char *)a));
	     a = mnl_attr_next(a))
		last = a;
	return last && logs_for_us(last, ret_id);
}

static bool parse_rule(const struct nlmsghdr *nlh, struct twin_handle *ret)
{
	const char *tail = mnl_nlmsg_get_payload_tail(nlh);
	struct twin_handle t = { 0 };
	bool ours = false;
	const struct nlattr *a;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(struct nfgenmsg))
		return false;
	a = mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg));
	for (; mnl_attr_ok(a, (int)(tail - (const char *)a));
	     a = mnl_attr_next(a)) {
		switch (mnl_attr_get_type(a)) {
		case NFTA_RULE_TABLE:
			copy_name(a, t.table);
			break;
		case NFTA_RULE_CHAIN:
			copy_name(a, t.chain);
			break;
		case NFTA_RULE_HANDLE:
			t.handle = nft_netlink_u64(a);
			break;
		case NFTA_RULE_EXPRESSIONS:
			ours = is_twin(a, &t.id);
			break;
		default:
			break;
		}
	}
	*ret = t;
	return ours && *t.table && *t.chain && t.handle;
}

size_t twin_netlink_parse(const void *buf, size_t len, struct twin_handle *list,
			  size_t max)
{
	const struct nlmsghdr *nlh = buf;
	int left = (int)len;
	size_t n = 0;

	for (; netlink_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
		if (nlh->nlmsg_type ==
			    (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE) &&
		    n < max && parse_rule(nlh, &list[n]))
			n++;
	return n;
}

static int make_room(struct found *found, size_t more)
{
	size_t max = found->max == 0 ? 1024 : 2 * found->max;
	struct twin_handle *grown;

	if (found->len + more <= found->max)
		return 0;
	while (max < found->len + more)
		max *= 2;
	if (max > 2 * TWINS_MAX)
		return -E2BIG;
	grown = realloc(found->list, max * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	found->list = grown;
	found->max = max;
	return 0;
}

static int dump(int fd, uint8_t family, struct found *found)
{
	static char buf[NFT_NETLINK_RECV]
		__attribute__((aligned(NLMSG_ALIGNTO)));
	/* of one buffer: a rule takes more than 64 bytes of it */
	enum { MORE = NFT_NETLINK_RECV / 64 };
	int r;

	r = nft_netlink_send(
		fd, buf,
		nft_netlink_put(buf,
				NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE,
				NLM_F_DUMP, family)
			->nlmsg_len);
	while (r == 0) {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);

		if (n < 0)
			return -errno;
		r = make_room(found, MORE);
		if (r < 0)
			return r;
		found->len += twin_netlink_parse(buf, (size_t)n,
						 found->list + found->len,
						 found->max - found->len);
		r = nft_netlink_ends(buf, (size_t)n);
	}
	return r < 0 ? r : 0;
}

static int delete_all(int fd, uint8_t family, const struct found *found,
		      uint32_t generation)
{
	char *buf = calloc(found->len + 2, DELETE_MAX);
	int size, r;
	struct nlmsghdr *nlh;
	size_t len;

	if (!buf)
		return -ENOMEM;
	nlh = nft_netlink_batch(buf, NFNL_MSG_BATCH_BEGIN);
	mnl_attr_put_u32(nlh, NFNL_BATCH_GENID, htonl(generation));
	len = nlh->nlmsg_len;
	for (size_t i = 0; i < found->len; i++) {
		const struct twin_handle *t = &found->list[i];

		nlh = nft_netlink_put(
			buf + len, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELRULE,
			i + 1 == found->len ? NLM_F_ACK : 0, family);
		mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, t->table);
		mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, t->chain);
		mnl_attr_put_u64(nlh, NFTA_RULE_HANDLE, htobe64(t->handle));
		len += nlh->nlmsg_len;
	}
	len += nft_netlink_batch(buf + len, NFNL_MSG_BATCH_END)->nlmsg_len;
	size = (int)(2 * len);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	r = nft_netlink_send(fd, buf, len);
	free(buf);
	return r < 0 ? r : nft_netlink_answer(fd);
}

static bool is_named(const struct twin_handle *t, const struct twin_named *list,
		     size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (list[i].id == t->id &&
		    strcmp(list[i].chain, t->chain) == 0 &&
		    strcmp(list[i].table, t->table) == 0)
			return true;
	return false;
}

/* Leaves those that are named. As often as they are, or -EAGAIN. */
static int keep_named(struct found *found, const struct twin_named *list,
		      size_t len)
{
	size_t kept = 0;

	for (size_t i = 0; i < found->len; i++)
		if (is_named(&found->list[i], list, len))
			found->list[kept++] = found->list[i];
	found->len = kept;
	return kept == len ? 0 : -EAGAIN;
}

/*
 * One try, for those that are named or for all (NULL): 0 when there was none to
 * delete, 1 when there were some.
 */
static int remove_once(uint8_t family, const struct twin_named *list,
		       size_t len)
{
	struct found found = { 0 };
	uint32_t generation = 0;
	int fd = nft_netlink_open();
	int r;

	if (fd < 0)
		return fd;
	r = nft_netlink_generation(fd, &generation);
	if (r == 0)
		r = dump(fd, family, &found);
	if (r == 0 && list)
		r = keep_named(&found, list, len);
	if (r == 0 && found.len > 0) {
		r = delete_all(fd, family, &found, generation);
		r = r < 0 ? r : 1;
	}
	free(found.list);
	close(fd);
	return r;
}

static uint8_t nfproto_of(int family)
{
	return family == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
}

int twin_netlink_delete(int family, const struct twin_named *list, size_t len)
{
	int r = remove_once(nfproto_of(family), list, len);

	return r < 0 ? r : 0;
}

int twin_netlink_remove(int family)
{
	for (int i = 0; i < TRIES_MAX; i++) {
		int r = remove_once(nfproto_of(family), NULL, 0);

		if (r == 0)
			return 0;
		if (r != 1 && r != -EINTR && r != -ERESTART && r != -ENOENT)
			return r;
		if (r < 0)
			usleep(PAUSE_US); /* somebody edits */
	}
	return -EAGAIN;
}
