// SPDX-License-Identifier: GPL-2.0-or-later
/* Notices of rules in; what each rule counted before it was written again out.
 */
#include "logger/firewall/nft_history.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "logger/firewall/nft_netlink.h"

enum { START_MAX = 256, TABLE_SHIFT = 32 };

/* Docker writes the rules of a chain one after the other. */
static uint64_t ahead_of(struct nft_history_family *f,
			 const struct nft_notice *n, uint64_t transaction)
{
	uint64_t ahead;

	if (f->chain != n->chain || f->transaction != transaction)
		f->ahead = NFT_NOTICE_HASH;
	f->chain = n->chain;
	f->transaction = transaction;
	ahead = f->ahead;
	f->ahead = nft_notice_hash(f->ahead, &n->content, sizeof(n->content));
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
	const char *tail = mnl_nlmsg_get_payload_tail(nlh);
	const struct nlattr *a, *name = NULL;
	uint64_t handle = 0;

	a = mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg));
	for (; mnl_attr_ok(a, (int)(tail - (const char *)a));
	     a = mnl_attr_next(a)) {
		if (mnl_attr_get_type(a) == NFTA_TABLE_NAME)
			name = a;
		else if (mnl_attr_get_type(a) == NFTA_TABLE_HANDLE)
			handle = nft_netlink_u64(a);
	}
	if (nft_notice_table(name) == NFT_NOTICE_DOCKER)
		f->table = handle;
}

static void take_docker(struct nft_history *h, int i,
			const struct nft_notice *n, bool deleted)
{
	struct nft_history_family *f = &h->families[i];
	struct nft_history_rule r = {
		.instance = f->table << TABLE_SHIFT | n->handle,
		.content = n->content,
		.packets = n->packets,
		.transaction = h->transactions,
		.deleted = deleted,
	};

	if (!deleted)
		r.ahead = ahead_of(f, n, h->transactions);
	add(f, &r);
}

void nft_history_take(struct nft_history *h, const struct nlmsghdr *nlh)
{
	int type = nlh->nlmsg_type & 0xff;
	bool deleted = type == NFT_MSG_DELRULE;
	const struct nfgenmsg *nfg;
	struct nft_notice n;
	int i;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*nfg))
		return;
	nfg = mnl_nlmsg_get_payload(nlh);
	if (nfg->nfgen_family != NFPROTO_IPV4 &&
	    nfg->nfgen_family != NFPROTO_IPV6)
		return;
	i = nfg->nfgen_family == NFPROTO_IPV4 ? 0 : 1;
	if (type == NFT_MSG_NEWTABLE)
		take_table(&h->families[i], nlh);
	if (type != NFT_MSG_NEWRULE && !deleted)
		return;
	n = nft_notice_rule(nlh);
	if (n.table == NFT_NOTICE_DOCKER)
		take_docker(h, i, &n, deleted);
	else if (n.table == NFT_NOTICE_FILTER)
		nft_past_take(&h->filter[i], &n, deleted, h->transactions);
}

void nft_history_next(struct nft_history *h, uint32_t generation)
{
	h->transactions++;
	h->generation = generation;
	for (int i = 0; i < NFT_HISTORY_FAMILIES; i++)
		nft_past_commit(&h->filter[i], generation);
}

void nft_history_lose_docker(struct nft_history *h)
{
	for (int i = 0; i < NFT_HISTORY_FAMILIES; i++) {
		h->families[i].lost = true;
		h->families[i].len = h->families[i].mark = 0;
	}
}

void nft_history_lose(struct nft_history *h)
{
	nft_history_lose_docker(h);
	h->generation = 0; /* a transaction's end may be missing, too */
	for (int i = 0; i < NFT_HISTORY_FAMILIES; i++) {
		nft_past_lose(&h->filter[i]);
		h->filter[i].touched = false;
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
	for (int i = 0; i < NFT_HISTORY_FAMILIES; i++) {
		free(h->families[i].list);
		nft_past_clear(&h->filter[i]);
	}
	*h = (struct nft_history){ 0 };
}
