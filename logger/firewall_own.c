// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The loop list, make, apply, list again over Docker's nft tables: their rules
 * in, our table "inet bridgeaudit" and reports out. What the table holds is
 * made in rules/own_table.c; nft runs as a child, so that a listing it chokes
 * on is a finding and nothing more.
 */
#include "logger/firewall_own.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "logger/firewall_report.h"
#include "logger/log.h"
#include "logger/nft.h"
#include "logger/rules/own_table.h"
#include "logger/rules/own_table_text.h"

enum { TIMEOUT_MS = 5000, FAMILIES = 2 };

static const char *const families[FAMILIES] = { "ip", "ip6" };

struct own {
	unsigned int profile;
	uint16_t group;
	struct report reports[FAMILIES];
	bool look;     /* Docker may have tables that we know nothing of */
	char *text;    /* the batch that made our table; NULL: there is none */
	char *listing; /* our table as nft lists it, without counter values */
};

/* What Docker's tables hold; NULL: there is no such table. */
struct listings {
	char *text[FAMILIES];
	size_t len[FAMILIES];
};

struct own *own_new(unsigned int profile, uint16_t group, int channel_fd)
{
	struct own *own = calloc(1, sizeof(*own));

	if (!own)
		return NULL;
	own->profile = profile;
	own->group = group;
	own->look = true;
	for (int i = 0; i < FAMILIES; i++)
		report_init(&own->reports[i], channel_fd, "nftables", "nft",
			    i == 0 ? 4 : 6);
	return own;
}

static void forget(struct own *own)
{
	free(own->text);
	free(own->listing);
	own->text = NULL;
	own->listing = NULL;
}

void own_free(struct own *own)
{
	if (!own)
		return;
	for (int i = 0; i < FAMILIES; i++)
		report_clear(&own->reports[i]);
	forget(own);
	free(own);
}

static void listings_free(struct listings *l)
{
	for (int i = 0; i < FAMILIES; i++)
		free(l->text[i]);
}

/* No such table, and no nft at all, are both "nothing of Docker's there". */
static int list_docker(struct listings *ret, char *error)
{
	struct listings l = { 0 };

	for (int i = 0; i < FAMILIES; i++) {
		int r = nft_list_table(families[i], OWN_TABLE_DOCKER,
				       TIMEOUT_MS, &l.text[i], &l.len[i],
				       error);

		if (r == 0 || r == -ENOENT || r == -ENOSYS)
			continue;
		listings_free(&l);
		return r;
	}
	*ret = l;
	return 0;
}

/* Our table as it is now, without counter values; "" when it is not there. */
static int list_own(char **ret, char *error)
{
	char *text = NULL;
	size_t len = 0;
	int r = nft_list_table(NFT_OWN_FAMILY, NFT_OWN_TABLE, TIMEOUT_MS, &text,
			       &len, error);

	if (r == -ENOENT || r == -ENOSYS) {
		text = strdup("");
		r = text ? 0 : -ENOMEM;
	} else if (r == 0) {
		own_table_strip(text, len);
	}
	if (r == 0)
		*ret = text;
	return r;
}

/* Whether our table is as the batch text made it. */
static int is_in_force(const struct own *own, const char *text, bool *ret,
		       char *error)
{
	char *now = NULL;
	int r;

	*ret = false;
	if (!own->text || !own->listing || strcmp(own->text, text) != 0)
		return 0;
	r = list_own(&now, error);
	if (r == 0)
		*ret = strcmp(now, own->listing) == 0;
	free(now);
	return r;
}

static int apply(struct own *own, const char *text, pid_t *last_pid,
		 char *error)
{
	pid_t pid = 0;
	int r;

	forget(own);
	r = nft_apply(text, TIMEOUT_MS, &pid, error);
	if (pid)
		*last_pid = pid;
	if (r < 0)
		return r;
	own->text = strdup(text);
	if (!own->text)
		return -ENOMEM;
	return list_own(&own->listing, error);
}

/*
 * The mirrored rules of one family in the shape in which iptables' are
 * reported; they point into table. The caller frees plan->audited.
 */
static int as_plan(const struct own_table *table, int family, bool in_place,
		   struct plan *ret)
{
	struct plan plan = { .family = family };

	plan.audited = calloc(table->audited_len + 1, sizeof(*plan.audited));
	if (!plan.audited)
		return -ENOMEM;
	for (size_t i = 0; i < table->audited_len; i++) {
		const struct own_table_audited *a = &table->audited[i];
		struct plan_audited *to = &plan.audited[plan.audited_len];

		if (a->family != family)
			continue;
		*to = (struct plan_audited){
			.id = a->id,
			.watch = WATCH_TWIN,
			.verdict = a->verdict,
			.table = a->table,
			.chain = a->chain,
			.text = a->text,
			.in_place = in_place,
			.rule_packets = a->packets,
			.rule_bytes = a->bytes,
			/* without a counter there is nothing to compare */
			.new_flows_only = !a->counted,
		};
		str_copy(to->dst_bridge, sizeof(to->dst_bridge), a->dst_bridge);
		plan.audited_len++;
	}
	plan.problems = table->problems;
	plan.problems_len = (uint32_t)table->problems_len;
	plan.problems_lost = (uint32_t)table->problems_lost;
	*ret = plan;
	return 0;
}

/* Tells the texts of the rules, before the table is in force. */
static int announce(struct own *own, const struct own_table *table)
{
	for (int i = 0; i < FAMILIES; i++) {
		struct plan plan = { 0 };
		/* those that the table held until now it goes on watching */
		int r = as_plan(table, i == 0 ? 4 : 6, true, &plan);

		if (r < 0)
			return r;
		report_rules(&own->reports[i], &plan);
		free(plan.audited);
	}
	return 0;
}

/* Tells states, and what is wrong. */
static int tell(struct own *own, const struct own_table *table, bool in_place,
		const char *error)
{
	for (int i = 0; i < FAMILIES; i++) {
		struct plan plan = { 0 };
		int r = as_plan(table, i == 0 ? 4 : 6, in_place, &plan);

		if (r < 0)
			return r;
		report_twins(&own->reports[i], &plan, NULL);
		report_finding(&own->reports[i], &plan, error);
		free(plan.audited);
	}
	return 0;
}

static int sync_table(struct own *own, const struct listings *l,
		      pid_t *last_pid, char *error)
{
	const struct own_table_input input = {
		.group = own->group,
		.profile = own->profile,
		.docker = { l->text[0], l->text[1] },
		.docker_len = { l->len[0], l->len[1] },
	};
	struct own_table *table = NULL;
	bool in_force = false;
	int r = own_table_make(&input, &table);

	if (r == 0)
		r = is_in_force(own, table->text, &in_force, error);
	if (r == 0 && !in_force) {
		/* a rule's text is on record before its first packet is */
		r = announce(own, table);
		if (r == 0)
			r = apply(own, table->text, last_pid, error);
	}
	if (table && (r < 0 || in_force || own->text))
		tell(own, table, r == 0, r < 0 ? error : "");
	if (r == 0 && table->empty)
		forget(own);
	own_table_free(table);
	return r;
}

int own_remove(struct own *own)
{
	char error[NFT_RUN_ERROR_MAX];
	pid_t pid;
	int r = nft_delete_own(TIMEOUT_MS, &pid, error);

	if (r == -ENOSYS)
		return 0;
	if (r < 0)
		log_warn("our nft table may be left: %s", error);
	else
		for (int i = 0; i < FAMILIES; i++)
			report_removed(&own->reports[i]);
	forget(own);
	return r;
}

/* Docker has no tables here: nor have we, whatever was left or wrong before. */
static int leave(struct own *own)
{
	for (int i = 0; i < FAMILIES; i++)
		report_finding(&own->reports[i], NULL, "");
	return own_remove(own);
}

void own_look(struct own *own)
{
	own->look = true;
}

int own_sync(struct own *own, pid_t *last_pid)
{
	char error[NFT_RUN_ERROR_MAX] = "out of memory";
	struct listings l = { 0 };
	int r;

	if (!own->look && !own->text)
		return 0;
	r = list_docker(&l, error);
	if (r < 0) {
		report_finding(&own->reports[0], NULL, error);
		return r;
	}
	if (l.text[0] || l.text[1] || own->text)
		r = sync_table(own, &l, last_pid, error);
	else
		r = leave(own);
	listings_free(&l);
	if (r == 0)
		own->look = false;
	return r;
}
