// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's dump of one table's rules in, where each stands out. */
#include "logger/firewall/nft_filter.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "logger/firewall/nft_netlink.h"
#include "logger/firewall/nft_notice.h"
#include "logger/netlink.h"
#include "logger/rules/ruleset.h"

enum { LISTED = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE };

static int add(struct nft_filter *f, const struct nft_notice *n)
{
	const struct nft_filter_rule *last =
		f->len > 0 ? &f->list[f->len - 1] : NULL;
	struct nft_filter_rule *list;
	uint32_t position = 1;

	if (f->len == f->max) {
		size_t max = f->max == 0 ? 256 : 2 * f->max;

		if (max > RULESET_RULES_MAX)
			return -E2BIG;
		list = realloc(f->list, max * sizeof(*list));
		if (!list)
			return -ENOMEM;
		f->list = list;
		f->max = max;
		last = f->len > 0 ? &list[f->len - 1] : NULL;
	}
	/* a chain is listed as a whole, in its order */
	if (last && last->chain == n->chain)
		position = last->position + 1;
	f->list[f->len++] =
		(struct nft_filter_rule){ n->chain, position, n->content };
	return 0;
}

/* Takes a buffer of the answer. 1 at its end, 0 for more to come, -errno. */
static int take(struct nft_filter *f, const void *buf, size_t len)
{
	const struct nlmsghdr *nlh = buf;
	int left = (int)len, r = 0;

	for (; r == 0 && netlink_ok(nlh, left);
	     nlh = mnl_nlmsg_next(nlh, &left)) {
		struct nft_notice n;

		if (nlh->nlmsg_type != LISTED ||
		    mnl_nlmsg_get_payload_len(nlh) < sizeof(struct nfgenmsg))
			continue;
		n = nft_notice_rule(nlh);
		if (n.table == NFT_NOTICE_FILTER)
			r = add(f, &n);
	}
	return r < 0 ? r : nft_netlink_ends(buf, len);
}

static int by_place(const void *a, const void *b)
{
	const struct nft_filter_rule *x = a, *y = b;

	if (x->chain != y->chain)
		return x->chain < y->chain ? -1 : 1;
	return x->position < y->position ? -1 : x->position > y->position;
}

/* chain NULL: of all. */
static int dump(int fd, int family, const char *chain, struct nft_filter *f)
{
	static char buf[NFT_NETLINK_RECV]
		__attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *nlh;
	int r;

	nlh = nft_netlink_put(buf, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE,
			      NLM_F_DUMP,
			      family == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, "filter");
	if (chain)
		mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, chain);
	r = nft_netlink_send(fd, buf, nlh->nlmsg_len);
	while (r == 0) {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);

		r = n < 0 ? -errno : take(f, buf, (size_t)n);
	}
	return r < 0 ? r : 0;
}

static uint64_t hash_of(const char *chain)
{
	return nft_notice_hash(NFT_NOTICE_HASH, chain, strlen(chain) + 1);
}

static int dump_chains(int fd, int family, const struct nft_past_chains *chains,
		       struct nft_filter *f)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < chains->len; i++) {
		f->chains[f->n_chains++] = hash_of(chains->names[i]);
		r = dump(fd, family, chains->names[i], f);
	}
	return r;
}

int nft_filter_read(int family, const struct nft_past_chains *chains,
		    struct nft_filter *ret)
{
	struct nft_filter f = { 0 };
	int fd = nft_netlink_open();
	int r;

	if (fd < 0)
		return fd;
	r = chains->more ? dump(fd, family, NULL, &f)
			 : dump_chains(fd, family, chains, &f);
	close(fd);
	if (r < 0) {
		nft_filter_clear(&f);
		return r;
	}
	if (f.len > 0)
		qsort(f.list, f.len, sizeof(*f.list), by_place);
	*ret = f;
	return 0;
}

void nft_filter_clear(struct nft_filter *f)
{
	free(f->list);
	*f = (struct nft_filter){ 0 };
}

bool nft_filter_has(const struct nft_filter *f, const char *chain)
{
	uint64_t hash = hash_of(chain);

	for (size_t i = 0; i < f->n_chains; i++)
		if (f->chains[i] == hash)
			return true;
	return f->n_chains == 0;
}

const struct nft_filter_rule *nft_filter_find(const struct nft_filter *f,
					      const char *chain,
					      uint32_t position)
{
	const struct nft_filter_rule key = {
		.chain = hash_of(chain),
		.position = position,
	};

	if (f->len == 0)
		return NULL;
	return bsearch(&key, f->list, f->len, sizeof(key), by_place);
}

int nft_filter_generation(uint32_t *ret)
{
	int fd = nft_netlink_open();
	int r;

	if (fd < 0)
		return fd;
	r = nft_netlink_generation(fd, ret);
	close(fd);
	return r;
}
