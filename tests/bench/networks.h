/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What programs that lay down a log share: a store that knows 40 networks and
 * watches a rule of each. */
#ifndef BRIDGEAUDIT_TESTS_BENCH_NETWORKS_H
#define BRIDGEAUDIT_TESTS_BENCH_NETWORKS_H

#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/db.h"
#include "logger/store/store.h"

enum { NETWORKS = 40, NETWORKS_PER = 10 /* endpoints of each */ };

/* The rule that drops what goes to network i is this and i; its interface has
 * the number 1 + i. */
#define NETWORKS_RULE 0x3f9a2c000000ULL

static inline void networks_ifname(void *arg, uint32_t ifindex, char *name,
				   size_t size)
{
	(void)arg;
	snprintf(name, size, "br-%012x", ifindex);
}

static inline void networks_add(struct store *st, unsigned int i,
				uint64_t now_ns)
{
	struct channel_msg net = { .kind = CHANNEL_NETWORK };
	struct channel_msg rule = { .kind = CHANNEL_RULE };
	struct channel_msg twin = { .kind = CHANNEL_TWIN };
	struct channel_network *n = &net.u.network;
	struct channel_rule *r = &rule.u.rule;

	snprintf(n->docker_id, sizeof(n->docker_id), "%012x%052x", 1 + i, i);
	snprintf(n->name, sizeof(n->name), "net%02u", i);
	networks_ifname(NULL, 1 + i, n->bridge, sizeof(n->bridge));
	n->created_ns = now_ns;
	store_add_fact(st, &net);
	r->id = NETWORKS_RULE + i;
	r->family = 4;
	r->verdict = VERDICT_DROP;
	snprintf(r->table, sizeof(r->table), "filter");
	snprintf(r->chain, sizeof(r->chain), "DOCKER-ISOLATION-STAGE-2");
	snprintf(r->text, sizeof(r->text), "-o br-%012x -j DROP", 1 + i);
	store_add_fact(st, &rule);
	twin.u.twin.rule_id = r->id;
	twin.u.twin.state = TWIN_IN_PLACE;
	twin.u.twin.since_ns = now_ns;
	snprintf(twin.u.twin.variant, sizeof(twin.u.twin.variant), "nft");
	store_add_fact(st, &twin);
}

/* Nothing is committed yet. 0 or -errno, which was said. */
static inline int networks_open(const char *path, uint64_t now_ns,
				struct store **ret)
{
	const struct store_names names = { networks_ifname, NULL };
	const struct channel_msg end = { .kind = CHANNEL_NETWORKS_END };
	const struct store_session session = { .start_ns = now_ns,
					       .pid = getpid(),
					       .nflog_group = 1,
					       .version = VERSION };
	char error[DB_ERROR_MAX] = "";
	int r = store_open(path, &session, &names, ret, error);

	if (r < 0)
		fprintf(stderr, "'%s': %s\n", path, error);
	for (unsigned int i = 0; r == 0 && i < NETWORKS; i++)
		networks_add(*ret, i, now_ns);
	if (r == 0)
		store_add_fact(*ret, &end);
	return r;
}

#endif
