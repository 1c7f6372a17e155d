// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Notices of rules in; what each rule counted before it was written again out.
 * The attributes are in the kernel's linux/netfilter/nf_tables.h. Notices come
 * from the kernel, and lengths are checked all the same.
 */
#include "logger/nft_history.h"

#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#define TABLE "docker-bridges"
#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

enum { START_MAX = 256, TABLE_SHIFT = 32 };

/* One rule of a notice. */
struct notice {
	uint64_t handle, chain, content, packets;
	bool ours; /* of Docker's table, that is */
};

static uint64_t hash(uint64_t h, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < len; i++)
		h = (h ^ at[i]) * FNV_PRIME;
	return h;
}

static bool is_text(const struct nlattr *a, const char *text)
{
	return mnl_attr_get_payload_len(a) == strlen(text) + 1 &&
	       memcmp(mnl_attr_get_payload(a), text, strlen(text) + 1) == 0;
}

static uint64_t be64_of(const struct nlattr *a)
{
	uint64_t be = 0;

	if (mnl_attr_get_payload_len(a) >= sizeof(be))
		memcpy(&be, mnl_attr_get_payload(a), sizeof(be));
	return be64toh(be);
}

/* The attributes of a whole message, or within one. */
#define for_each(a, at, end)                                                   \
	for ((a) = (at); mnl_attr_ok((a), (int)((end) - (const char *)(a)));   \
	     (a) = mnl_attr_next(a))

static const char *end_of(const struct nlattr *a)
{
	return (const char *)a + mnl_attr_get_len(a);
}

static void take_counter(const struct nlattr *data, struct notice *n)
{
	const struct nlattr *a;

	for_each(a, (const struct nlattr *)mnl_attr_get_payload(data),
		 end_of(data))
	{
		if (mnl_attr_get_type(a) == NFTA_COUNTER_PACKETS)
			n->packets = be64_of(a);
	}
}

/* "__set3": the number is the kernel's, and its id is the transaction's. */
static void take_lookup(const struct nlattr *data, struct notice *n)
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
		n->content = hash(n->content, &type, sizeof(type));
		n->content = hash(n->content, name, len);
	}
}

static void take_expression(const struct nlattr *expr, struct notice *n)
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
	n->content = hash(n->content, mnl_attr_get_payload(name),
			  mnl_attr_get_payload_len(name));
	if (!data)
		return;
	if (is_text(name, "counter"))
		take_counter(data, n);
	else if (is_text(name, "lookup"))
		take_lookup(data, n);
	else
		n->content = hash(n->content, mnl_attr_get_payload(data),
				  mnl_attr_get_payload_len(data));
}

static void take_expressions(const struct nlattr *list, struct notice *n)
{
	const struct nlattr *a;

	for_each(a, (const struct nlattr *)mnl_attr_get_payload(list),
		 end_of(list))
	{
		take_expression(a, n);
	}
}

static struct notice parse_rule(const struct nlmsghdr *nlh)
{
	struct notice n = { .content = FNV_OFFSET };
	const struct nlattr *a;

	for_each(a,
		 (const struct nlattr *)mnl_nlmsg_get_payload_offset(
			 nlh, sizeof(struct nfgenmsg)),
		 (const char *)mnl_nlmsg_get_payload_tail(nlh))
	{
		switch (mnl_attr_get_type(a)) {
		case NFTA_RULE_TABLE:
			n.ours = is_text(a, TABLE);
			break;
		case NFTA_RULE_HANDLE:
			n.handle = be64_of(a);
			break;
		case NFTA_RULE_CHAIN:
			n.chain = hash(FNV_OFFSET, mnl_attr_get_payload(a),
				       mnl_attr_get_payload_len(a));
			break;
		case NFTA_RULE_USERDATA:
			n.content = hash(n.content, mnl_attr_get_payload(a),
					 mnl_attr_get_payload_len(a));
			break;
		case NFTA_RULE_EXPRESSIONS:
			take_expressions(a, &n);
			break;
		default:
			break;
		}
	}
	n.content = hash(n.content, &n.chain, sizeof(n.chain));
	return n;
}

/* Docker writes the rules of a chain one after the other. */
static uint64_t ahead_of(struct nft_history_family *f, const struct notice *n,
			 uint64_t transaction)
{
	uint64_t ahead;

	if (f->chain != n->chain || f->transaction != transaction)
		f->ahead = FNV_OFFSET;
	f->chain = n->chain;
	f->transaction = transaction;
	ahead = f->ahead;
	f->ahead = hash(f->ahead, &n->content, sizeof(n->content));
	return ahead;
}

/* What is missing is missing until the next listing. */
static void add(struct nft_history_family *f, const struct nft_history_rule *r)
{
	if (f->lost)
		return;
	if (f->len == f->max) {
		size_t max = f->max == 0 ? START_MAX : 2 * f->max;
		struct nft_history_rule *list = NULL;

		if (max <= NFT_HISTORY_MAX)
			list = realloc(f->list, max * sizeof(*list));
		if (!list) {
			f->lost = true;
			f->len = f->mark = 0;
			return;
		}
		f->list = list;
		f->max = max;
	}
	f->list[f->len++] = *r;
}

/* Another table of that name: its handles begin again. */
static void take_table(struct nft_history_family *f, const struct nlmsghdr *nlh)
{
	const struct nlattr *a;
	uint64_t handle = 0;
	bool ours = false;

	for_each(a,
		 (const struct nlattr *)mnl_nlmsg_get_payload_offset(
			 nlh, sizeof(struct nfgenmsg)),
		 (const char *)mnl_nlmsg_get_payload_tail(nlh))
	{
		if (mnl_attr_get_type(a) == NFTA_TABLE_NAME)
			ours = is_text(a, TABLE);
		else if (mnl_attr_get_type(a) == NFTA_TABLE_HANDLE)
			handle = be64_of(a);
	}
	if (ours)
		f->table = handle;
}

void nft_history_take(struct nft_history *h, const struct nlmsghdr *nlh)
{
	int type = nlh->nlmsg_type & 0xff;
	const struct nfgenmsg *nfg;
	struct nft_history_family *f;
	struct nft_history_rule r;
	struct notice n;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*nfg))
		return;
	nfg = mnl_nlmsg_get_payload(nlh);
	if (nfg->nfgen_family != NFPROTO_IPV4 &&
	    nfg->nfgen_family != NFPROTO_IPV6)
		return;
	f = &h->families[nfg->nfgen_family == NFPROTO_IPV4 ? 0 : 1];
	if (type == NFT_MSG_NEWTABLE)
		take_table(f, nlh);
	if (type != NFT_MSG_NEWRULE && type != NFT_MSG_DELRULE)
		return;
	n = parse_rule(nlh);
	if (!n.ours)
		return;
	r = (struct nft_history_rule){
		.instance = f->table << TABLE_SHIFT | n.handle,
		.content = n.content,
		.packets = n.packets,
		.transaction = h->transactions,
		.deleted = type == NFT_MSG_DELRULE,
	};
	if (!r.deleted)
		r.ahead = ahead_of(f, &n, h->transactions);
	add(f, &r);
}

void nft_history_next(struct nft_history *h)
{
	h->transactions++;
}

void nft_history_lose(struct nft_history *h)
{
	for (int i = 0; i < NFT_HISTORY_FAMILIES; i++) {
		h->families[i].lost = true;
		h->families[i].len = h->families[i].mark = 0;
	}
}

void nft_history_mark(struct nft_history *h, int i)
{
	h->families[i].mark = h->families[i].len;
}

static int by_content(const void *a, const void *b)
{
	const struct nft_history_rule *x = a, *y = b;

	if (x->content != y->content)
		return x->content < y->content ? -1 : 1;
	if (x->instance != y->instance)
		return x->instance < y->instance ? -1 : 1;
	return (int)x->deleted - (int)y->deleted;
}

static int by_instance(const void *a, const void *b)
{
	const struct nft_history_past *x = a, *y = b;

	return x->instance < y->instance ? -1 : x->instance > y->instance;
}

/* Of rules of one content, by age: those that were written; how many. */
static size_t sum_up(const struct nft_history_rule *list, size_t len,
		     struct nft_history_past *ret)
{
	const struct nft_history_rule *last = NULL, *first = NULL;
	uint64_t packets = 0;
	size_t n = 0, live = 0;
	bool absent = false, again = false;

	for (size_t i = 0; i < len; i++) {
		const struct nft_history_rule *r = &list[i];

		if (r->deleted) {
			packets += r->packets;
			last = r;
			continue;
		}
		absent |= last && last->transaction != r->transaction;
		first = first ? first : r;
		again |= r->ahead != first->ahead;
		live += i + 1 == len || list[i + 1].instance != r->instance;
		ret[n] = (struct nft_history_past){
			.instance = r->instance,
			.packets = packets,
			.again = again,
			.absent = absent,
		};
		n++;
	}
	for (size_t i = 0; i < n; i++)
		ret[i].unclear = live > 1;
	return n;
}

int nft_history_past(const struct nft_history *h, int i,
		     struct nft_history_past **ret, size_t *ret_len)
{
	const struct nft_history_family *f = &h->families[i];
	struct nft_history_rule *list;
	struct nft_history_past *past;
	size_t len = 0, end;

	if (f->lost)
		return -ENODATA;
	list = calloc(f->len + 1, sizeof(*list));
	past = calloc(f->len + 1, sizeof(*past));
	if (!list || !past) {
		free(list);
		free(past);
		return -ENOMEM;
	}
	if (f->len > 0)
		memcpy(list, f->list, f->len * sizeof(*list));
	qsort(list, f->len, sizeof(*list), by_content);
	for (size_t j = 0; j < f->len; j = end) {
		for (end = j + 1; end < f->len; end++)
			if (list[end].content != list[j].content)
				break;
		len += sum_up(list + j, end - j, past + len);
	}
	free(list);
	qsort(past, len, sizeof(*past), by_instance);
	*ret = past;
	*ret_len = len;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

void nft_history_listed(struct nft_history *h, int i, const uint64_t *list,
			size_t len)
{
	struct nft_history_family *f = &h->families[i];
	uint64_t newest = len > 0 ? list[len - 1] : 0;
	uint64_t table = newest >> TABLE_SHIFT << TABLE_SHIFT;
	size_t kept = 0;

	for (size_t j = f->mark; j < f->len; j++) {
		struct nft_history_rule *r = &f->list[j];

		if (f->table == 0)
			r->instance |= table;
		/* it came later, or its end did */
		if (r->instance > newest ||
		    (r->deleted && len > 0 &&
		     bsearch(&r->instance, list, len, sizeof(*list), compare)))
			f->list[kept++] = *r;
	}
	if (f->table == 0)
		f->table = table >> TABLE_SHIFT;
	f->len = kept;
	f->mark = 0;
	f->lost = false;
}

void nft_history_clear(struct nft_history *h)
{
	for (int i = 0; i < NFT_HISTORY_FAMILIES; i++)
		free(h->families[i].list);
	*h = (struct nft_history){ 0 };
}
