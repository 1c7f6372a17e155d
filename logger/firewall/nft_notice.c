// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A message about a rule in, what it says out. The attributes are in the
 * kernel's linux/netfilter/nf_tables.h. Messages come from the kernel, and
 * lengths are checked all the same.
 */
#include "logger/firewall/nft_notice.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "logger/firewall/nft_netlink.h"

#include "logger/rules/plan_side.h"

#define FNV_PRIME UINT64_C(0x100000001b3)

uint64_t nft_notice_hash(uint64_t h, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < len; i++)
		h = (h ^ at[i]) * FNV_PRIME;
	return h;
}

/* The attributes of a whole message, or within one. */
#define for_each(a, at, end)                                                   \
	for ((a) = (at); mnl_attr_ok((a), (int)((end) - (const char *)(a)));   \
	     (a) = mnl_attr_next(a))

static const char *end_of(const struct nlattr *a)
{
	return (const char *)a + mnl_attr_get_len(a);
}

static void take_counter(const struct nlattr *data, struct nft_notice *n)
{
	const struct nlattr *a;

	for_each(a, (const struct nlattr *)mnl_attr_get_payload(data),
		 end_of(data))
	{
		if (mnl_attr_get_type(a) == NFTA_COUNTER_PACKETS)
			n->packets = nft_netlink_u64(a);
	}
}

/* "__set3": the number is the kernel's, and its id is the transaction's. */
static void take_lookup(const struct nlattr *data, struct nft_notice *n)
{
	const struct nlattr *a;

	for_each(a, (const struct nlattr *)mnl_attr_get_payload(data),
		 end_of(data))
	{
		const char *name = mnl_attr_get_payload(a);
		size_t len = mnl_attr_get_payload_len(a);
		uint16_t type = mnl_attr_get_type(a);

		if (type == NFTA_LOOKUP_SET_ID ||
		    (type == NFTA_LOOKUP_SET && len > 2 &&
		     memcmp(name, "__", 2) == 0))
			continue;
		n->content = nft_notice_hash(n->content, &type, sizeof(type));
		n->content = nft_notice_hash(n->content, name, len);
	}
}

/* The attribute of that type within a nest, or NULL; so is nest. */
static const struct nlattr *find(const struct nlattr *nest, uint16_t type)
{
	const struct nlattr *a;

	if (!nest)
		return NULL;
	for_each(a, (const struct nlattr *)mnl_attr_get_payload(nest),
		 end_of(nest))
	{
		if (mnl_attr_get_type(a) == type)
			return a;
	}
	return NULL;
}

/* As iptables-nft writes DROP, ACCEPT and, older ones by its target, REJECT. */
static enum verdict verdict_of(const struct nlattr *name,
			       const struct nlattr *data)
{
	const struct nlattr *code;
	uint32_t be;

	if (nft_netlink_is_text(name, "reject"))
		return VERDICT_DROP;
	if (nft_netlink_is_text(name, "target"))
		return nft_netlink_is_text(find(data, NFTA_TARGET_NAME),
					   "REJECT")
			       ? VERDICT_DROP
			       : 0;
	if (!nft_netlink_is_text(name, "immediate"))
		return 0;
	code = find(find(find(data, NFTA_IMMEDIATE_DATA), NFTA_DATA_VERDICT),
		    NFTA_VERDICT_CODE);
	if (!code || mnl_attr_get_payload_len(code) < sizeof(be))
		return 0;
	memcpy(&be, mnl_attr_get_payload(code), sizeof(be));
	return ntohl(be) == NF_DROP	? VERDICT_DROP
	       : ntohl(be) == NF_ACCEPT ? VERDICT_ACCEPT
					: 0;
}

static void take_expression(const struct nlattr *expr, struct nft_notice *n)
{
	const struct nlattr *a, *name = NULL, *data = NULL;

	for_each(a, (const struct nlattr *)mnl_attr_get_payload(expr),
		 end_of(expr))
	{
		if (mnl_attr_get_type(a) == NFTA_EXPR_NAME)
			name = a;
		else if (mnl_attr_get_type(a) == NFTA_EXPR_DATA)
			data = a;
	}
	if (!name)
		return;
	n->content = nft_notice_hash(n->content, mnl_attr_get_payload(name),
				     mnl_attr_get_payload_len(name));
	if (!data)
		return;
	n->verdict = verdict_of(name, data);
	if (nft_netlink_is_text(name, "counter"))
		take_counter(data, n);
	else if (nft_netlink_is_text(name, "lookup"))
		take_lookup(data, n);
	else
		n->content =
			nft_notice_hash(n->content, mnl_attr_get_payload(data),
					mnl_attr_get_payload_len(data));
}

static void take_expressions(const struct nlattr *list, struct nft_notice *n)
{
	const struct nlattr *a;

	for_each(a, (const struct nlattr *)mnl_attr_get_payload(list),
		 end_of(list))
	{
		take_expression(a, n);
	}
}

enum nft_notice_table nft_notice_table(const struct nlattr *name)
{
	if (nft_netlink_is_text(name, "docker-bridges"))
		return NFT_NOTICE_DOCKER;
	return nft_netlink_is_text(name, "filter") ? NFT_NOTICE_FILTER
						   : NFT_NOTICE_OTHER;
}

/* A twin's prefix, or the name of our chain: what no bridge can be called. */
static bool names_us(const struct nlattr *expressions)
{
	static const char prefix[] = "bridgeaudit ", chain[] = PLAN_SIDE_CHAIN;
	const void *at = mnl_attr_get_payload(expressions);
	size_t len = mnl_attr_get_payload_len(expressions);

	return memmem(at, len, prefix, strlen(prefix)) ||
	       memmem(at, len, chain, sizeof(chain));
}

static const char *chain_name(const struct nlattr *a)
{
	size_t len = mnl_attr_get_payload_len(a);
	const char *name = mnl_attr_get_payload(a);

	return len > 0 && len <= NFT_NOTICE_CHAIN_MAX && name[len - 1] == '\0'
		       ? name
		       : NULL;
}

struct nft_notice nft_notice_rule(const struct nlmsghdr *nlh)
{
	struct nft_notice n = { .content = NFT_NOTICE_HASH };
	const struct nlattr *a;

	for_each(a,
		 (const struct nlattr *)mnl_nlmsg_get_payload_offset(
			 nlh, sizeof(struct nfgenmsg)),
		 (const char *)mnl_nlmsg_get_payload_tail(nlh))
	{
		switch (mnl_attr_get_type(a)) {
		case NFTA_RULE_TABLE:
			n.table = nft_notice_table(a);
			break;
		case NFTA_RULE_HANDLE:
			n.handle = nft_netlink_u64(a);
			break;
		case NFTA_RULE_CHAIN:
			n.chain = nft_notice_hash(NFT_NOTICE_HASH,
						  mnl_attr_get_payload(a),
						  mnl_attr_get_payload_len(a));
			n.name = chain_name(a);
			break;
		case NFTA_RULE_USERDATA:
			n.content = nft_notice_hash(
				n.content, mnl_attr_get_payload(a),
				mnl_attr_get_payload_len(a));
			break;
		case NFTA_RULE_EXPRESSIONS:
			take_expressions(a, &n);
			/* what decides is not: a comment says anything */
			n.ours = n.verdict == 0 && names_us(a);
			break;
		default:
			break;
		}
	}
	n.content = nft_notice_hash(n.content, &n.chain, sizeof(n.chain));
	return n;
}
