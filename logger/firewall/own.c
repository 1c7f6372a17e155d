// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Docker's rules in, our table "inet bridgeaudit" and reports out. What the
 * table holds is made in rules/own_table.c, the step from one to the next in
 * rules/own_diff.c. nft runs as a child, so that a table it chokes on is a
 * finding and nothing more; what needs no nft goes by own_netlink.c.
 */
#include "logger/firewall/own.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "logger/clock.h"
#include "logger/firewall/nft.h"
#include "logger/firewall/own_apply.h"
#include "logger/firewall/own_bridges.h"
#include "logger/firewall/own_counts.h"
#include "logger/firewall/own_docker.h"
#include "logger/log.h"
#include "logger/rules/own_table_text.h"

enum {
	TIMEOUT_MS = 5000,
	FAMILIES = OWN_DOCKER_FAMILIES,
	PROBE_ROUNDS = 12,  /* full rounds before nft gets another chance */
	VERIFY_ROUNDS = 12, /* full rounds between two looks at our table */
};

struct own {
	unsigned int profile;
	uint16_t group;
	struct report reports[FAMILIES];
	bool left;	       /* there may be a table that we did not make */
	uint64_t intact_ns;    /* when our table was last known to be ours */
	uint64_t changed_ns;   /* own_changed() */
	bool flushed;	       /* all of it was gone then */
	unsigned int probe;    /* full rounds until nft is tried; 0: it works */
	unsigned int failures; /* in a row */
	bool no_nft;	       /* that was said */
	unsigned int verify;   /* full rounds until the next look */
	struct own_docker docker;
	struct own_table *table; /* what is in force; NULL: nothing of ours */
	char *listing; /* as nft lists it, without counters; NULL: unknown */
	struct own_counter_list counters;
	struct own_counts counts; /* of the mirrored rules */
};

struct own *own_new(unsigned int profile, uint16_t group, int channel_fd)
{
	struct own *own = calloc(1, sizeof(*own));

	if (!own)
		return NULL;
	own->profile = profile;
	own->group = group;
	own->docker.look = own->left = true;
	own->probe = 1;
	own->intact_ns = clock_real_ns();
	for (int i = 0; i < FAMILIES; i++)
		report_init(&own->reports[i], channel_fd, "nftables", "nft",
			    i == 0 ? 4 : 6);
	return own;
}

static void forget_listing(struct own *own)
{
	free(own->listing);
	own->listing = NULL;
}

/* Nothing of what we know is in force. */
static void forget(struct own *own)
{
	own_table_free(own->table);
	own->table = NULL;
	forget_listing(own);
	free(own->counters.list);
	own->counters = (struct own_counter_list){ 0 };
	own_counts_restart(&own->counts);
}

void own_free(struct own *own)
{
	if (!own)
		return;
	for (int i = 0; i < FAMILIES; i++)
		report_clear(&own->reports[i]);
	own_docker_clear(&own->docker);
	forget(own);
	own_counts_clear(&own->counts);
	free(own);
}

void own_look(struct own *own)
{
	own->docker.look = true;
}

struct report_change own_changed(const struct own *own)
{
	return (struct report_change){
		.at_ns = own->changed_ns,
		.cause = own->flushed ? "flushed" : "our table changed",
	};
}

/*
 * Our table as it is now, without counter values; "" when it is not there. The
 * caller frees it. NULL: nobody can tell.
 */
static char *list_own(char *error)
{
	char *text = NULL;
	size_t len = 0;
	int r = nft_list_table(NFT_OWN_FAMILY, NFT_OWN_TABLE, TIMEOUT_MS, &text,
			       &len, error);

	if (r == -ENOENT)
		return strdup("");
	if (r < 0 || !text)
		return NULL;
	own_table_strip(text, len);
	return text;
}

/*
 * Whether our table is as we left it. The counters' names are looked at each
 * time; all of it when somebody touched it, and now and then. What was listed
 * after an edit of ours is what it has to be from then on, if it has the
 * shape of what we wrote.
 */
static bool is_intact(struct own *own, const struct own_round *round,
		      char *error)
{
	bool touched = round->what & NFTMON_OWN;
	bool due =
		touched || (round->all && (!own->listing || own->verify == 0));
	char *now;
	bool intact;

	if (round->all && own->verify > 0)
		own->verify--;
	if (own_counters_read(&own->counters) == 0 &&
	    !own_counters_fit(&own->counters, own->table))
		return false;
	if (!due)
		return true;
	own->verify = VERIFY_ROUNDS;
	now = list_own(error);
	if (!now)
		return !touched;
	if (own->listing)
		intact = strcmp(own->listing, now) == 0;
	else
		intact = own_table_same_shape(now, own->table->text);
	forget_listing(own);
	own->listing = now;
	return intact;
}

/* Puts the new table into force; then it is ours to free. */
static int apply(struct own *own, struct own_table *table,
		 struct nftmon_pids *pids, char *error)
{
	const struct own_step step = { own->table, table, own->left };
	bool anew = false;
	int r = own_apply(&step, pids, &anew, error);

	if (r < 0)
		return r;
	if (anew)
		own_counts_restart(&own->counts);
	own_table_free(own->table);
	own->table = table;
	own->left = false;
	forget_listing(own);
	/* the next round sees when that fails */
	own_counters_read(&own->counters);
	return 0;
}

bool own_watches(const struct own *own, uint64_t id, uint64_t *ret_packets)
{
	const struct own_counter *c = own_counter_find(&own->counters, id);
	bool watches = own->table && own_table_watches(own->table, id);

	*ret_packets = watches && c ? c->packets : 0;
	return watches;
}

/*
 * The mirrored rules of one family in the shape in which iptables' are
 * reported; they point into table. The caller frees plan->audited.
 */
static int as_plan(const struct own *own, const struct own_table *table,
		   int family, struct plan *ret)
{
	struct plan plan = { .family = family };

	plan.audited = calloc(table->audited_len + 1, sizeof(*plan.audited));
	if (!plan.audited)
		return -ENOMEM;
	for (size_t i = 0; i < table->audited_len; i++) {
		const struct own_table_audited *a = &table->audited[i];
		struct plan_audited *to = &plan.audited[plan.audited_len];
		struct mirror_count *count;

		if (a->family != family)
			continue;
		*to = (struct plan_audited){
			.id = a->id,
			.watch = WATCH_OWN_TABLE,
			.verdict = a->verdict,
			.table = a->table,
			.chain = a->chain,
			.text = a->text,
			.counted = a->counted,
			.rule_packets = a->packets,
			.rule_bytes = a->bytes,
		};
		to->in_place = own_watches(own, a->id, &to->twin_packets);
		count = a->counted ? own_counts_find(&own->counts, a->id)
				   : NULL;
		if (count) {
			to->rule_packets = mirror_count_tell(
				count, to->twin_packets, &to->mirror);
			to->disturbed = count->disturbed;
		}
		str_copy(to->dst_bridge, sizeof(to->dst_bridge), a->dst_bridge);
		plan.audited_len++;
	}
	plan.problems = table->problems;
	plan.problems_len = (uint32_t)table->problems_len;
	plan.problems_lost = (uint32_t)table->problems_lost;
	*ret = plan;
	return 0;
}

/* A rule's text is on record before its first packet is. */
static void tell_rules(struct own *own, const struct own_table *table)
{
	for (int i = 0; i < FAMILIES; i++) {
		struct plan plan = { 0 };

		if (as_plan(own, table, i == 0 ? 4 : 6, &plan) == 0)
			report_rules(&own->reports[i], &plan);
		free(plan.audited);
	}
}

/* Nothing of what our table is for is done now, but by twins in table raw. */
static void tell_failure(struct own *own, const char *error)
{
	char text[NFT_RUN_ERROR_MAX + 128];

	snprintf(text, sizeof(text),
		 "no nft table of ours, so no witness of what passes between "
		 "bridges: %s",
		 error);
	for (int i = 0; i < FAMILIES; i++)
		report_finding(&own->reports[i], NULL, text);
}

/* What made a rule of that family unwatched, if one is. */
static struct report_change change_of(const struct own *own,
				      const struct own_round *round, int i,
				      const char *failed)
{
	uint64_t looked_ns = own->reports[i].looked_ns;
	struct report_change change = { own->intact_ns,
					"somebody wrote rules" };

	if (round->at_ns && (round->what & own_docker_bit(i)))
		change =
			(struct report_change){ round->at_ns, "rules changed" };
	else if (looked_ns && looked_ns < own->intact_ns)
		change.at_ns = looked_ns; /* only the counters told it */
	if (own->changed_ns)
		change = own_changed(own);
	else if (own->reports[i].looked_ns == 0)
		change.cause = "logger started";
	if (*failed)
		change.cause = failed;
	return change;
}

/* table: what is in force, or after an error what should be. */
static void tell(struct own *own, const struct own_table *table,
		 const struct own_round *round, const char *error)
{
	char failed[NFT_RUN_ERROR_MAX + 16] = "";

	if (*error)
		snprintf(failed, sizeof(failed), "apply failed: %s", error);
	for (int i = 0; i < FAMILIES; i++) {
		const struct report_change change =
			change_of(own, round, i, failed);
		bool ours =
			own->changed_ns || (round->what & own_docker_bit(i));
		const char *wrong = own->docker.error[i];
		struct plan plan = { 0 };

		if (as_plan(own, table, i == 0 ? 4 : 6, &plan) < 0)
			continue;
		if ((round->all || ours || *wrong || *error) &&
		    report_twins(&own->reports[i], &plan, &change) && !*error)
			own_counts_told(&own->counts, table, i == 0 ? 4 : 6);
		if (!*error)
			report_finding(&own->reports[i], &plan, wrong);
		free(plan.audited);
	}
}

/*
 * Whether nft and kernel can do it; asked again only now and then. A host
 * without nft is as it was meant to be, so that is no finding.
 */
static bool is_usable(struct own *own, const struct own_round *round)
{
	char error[NFT_RUN_ERROR_MAX], path[CHILD_PATH_MAX];

	if (own->probe == 0)
		return true;
	if (round->all)
		own->probe--;
	if (own->probe > 0)
		return false;
	if (nft_available(TIMEOUT_MS, error))
		return true;
	own->probe = PROBE_ROUNDS;
	if (child_find("nft", path) == 0)
		tell_failure(own, error);
	else if (!own->no_nft)
		log_info("%s: no witness of what passes between bridges",
			 error);
	own->no_nft = child_find("nft", path) < 0;
	return false;
}

static int make_table(struct own *own, struct own_round *round,
		      struct own_table **ret)
{
	struct own_table_input in = round->input;
	char(*bridges)[16] = NULL;
	int r = own_bridges_keep(own->table, &in, &bridges);

	in.group = own->group;
	in.profile = own->profile;
	for (int i = 0; i < FAMILIES; i++) {
		in.docker[i] = own->docker.text[i];
		in.docker_len[i] = own->docker.len[i];
	}
	if (r == 0)
		r = own_table_make(&in, ret);
	free(bridges);
	return r;
}

/* The table that is wanted, in force; it is ours to free when that fails. */
static int replace(struct own *own, struct own_table *table,
		   struct own_round *round, char *error)
{
	if (own->table && !own->table->empty && !is_intact(own, round, error)) {
		own->changed_ns = round->at_ns && (round->what & NFTMON_OWN)
					  ? round->at_ns
					  : own->intact_ns;
		own->flushed = own->counters.len == 0;
		forget(own);
		tell(own, table, round, "");
	}
	if (!own->table || strcmp(own->table->text, table->text) != 0) {
		tell_rules(own, table);
		return apply(own, table, round->pids, error);
	}
	/* the same rules, with Docker's counters of now */
	own_table_free(own->table);
	own->table = table;
	return 0;
}

/*
 * Lists Docker's tables, between two looks at our counters: what nobody logged
 * of a rule is the difference. The table of that is *ret.
 */
static int read_docker(struct own *own, struct own_round *round,
		       struct own_table **ret)
{
	const struct own_docker_due due = { round->what, round->all };
	struct own_counts_reading reading = {
		.in_force = own->table,
		.history = round->history,
		.old = { own->reports[0].looked_ns == 0,
			 own->reports[1].looked_ns == 0 },
	};
	int r;

	own_counters_read(&reading.before);
	for (int i = 0; i < FAMILIES; i++)
		nft_history_mark(round->history, i);
	own_docker_read(&own->docker, &due);
	round->step(round->arg);
	memcpy(reading.listed, own->docker.listed, sizeof(reading.listed));
	/* without both the reading says nothing of what is watched */
	if (!reading.before.list || own_counters_read(&own->counters) < 0)
		memset(reading.listed, 0, sizeof(reading.listed));
	reading.after = own->counters;
	r = make_table(own, round, ret);
	if (r == 0) {
		reading.table = *ret;
		r = own_counts_take(&own->counts, &reading);
		if (r < 0)
			own_table_free(*ret);
	}
	free(reading.before.list);
	return r;
}

static bool has_witness(const struct own_table *table)
{
	for (size_t i = 0; table && i < table->audited_len; i++)
		if (table->audited[i].verdict == VERDICT_PASS)
			return true;
	return false;
}

/*
 * The table that is wanted. Either family's bridges make the witness of both:
 * where that comes or goes both are told, with counters of now.
 */
static int want(struct own *own, struct own_round *round,
		struct own_table **ret)
{
	int r = read_docker(own, round, ret);

	if (r < 0 || round->all || has_witness(own->table) == has_witness(*ret))
		return r;
	own_table_free(*ret);
	*ret = NULL;
	round->all = true;
	return read_docker(own, round, ret);
}

bool own_unsettled(const struct own *own)
{
	return own_counts_open(&own->counts);
}

int own_sync(struct own *own, struct own_round *round)
{
	char error[NFT_RUN_ERROR_MAX] = "";
	struct own_table *table = NULL;
	int r;

	own->changed_ns = 0;
	if (!is_usable(own, round)) {
		nft_history_lose_docker(round->history);
		return -ENOTSUP;
	}
	r = want(own, round, &table);
	if (r < 0)
		return r;
	r = replace(own, table, round, error);
	tell(own, table, round, error);
	if (r < 0) {
		tell_failure(own, error);
		own_table_free(table);
		own->probe = own_docker_back_off(&own->failures);
		return r;
	}
	own->failures = 0;
	own->intact_ns = clock_real_ns();
	return 0;
}

void own_give_up(struct own *own, struct nftmon_pids *pids)
{
	/* what mirrors Docker's tables is watched by nobody else */
	if (own->docker.text[0] || own->docker.text[1])
		return;
	own_remove(own, pids);
	own->left = true;
}

int own_remove(struct own *own, struct nftmon_pids *pids)
{
	int r = own_apply_delete(pids);

	if (r < 0)
		log_warn("our nft table may be left: %s", strerror(-r));
	else
		for (int i = 0; i < FAMILIES; i++)
			report_removed(&own->reports[i]);
	forget(own);
	return r;
}
