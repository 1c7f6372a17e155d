// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One round over the (at most four) iptables of a host, nft and legacy, IPv4
 * and IPv6, and our own nft table beside them. Docker's rules may be in either
 * variant and rules of both are in force, so both are kept. What must stay
 * true: a watch is added before another one is taken away, so that for a
 * moment too much is logged and never too little.
 */
#include "logger/firewall/firewall.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "logger/clock.h"
#include "logger/firewall/backend.h"
#include "logger/firewall/own.h"
#include "logger/log.h"
#include "logger/rules/accept_rule.h"
#include "logger/rules/bridges.h"
#include "logger/rules/twin.h"

enum {
	BACKENDS_MAX = OWN_TABLE_RAW_LISTS_MAX,
	LOCK_S = 1, /* all else waits for a round, and there is a next one */
};

struct firewall {
	struct backend backends[BACKENDS_MAX];
	size_t n_backends;
	struct own *own; /* NULL: this kernel has no nf_tables */
	bool raw_by_own; /* it, and not twins, watches table raw */
	unsigned int profile;
	uint16_t group;
	struct nftmon_pids pids;
	struct nft_history history;
};

/* What the iptables say to our own table. */
struct facts {
	struct own_round round;
	char (*bridges)[16];
	struct own_table_port *ports;
	struct own_table_open *open;
};

static void add_backend(struct firewall *fw, enum iptables_variant variant,
			int family, int channel_fd)
{
	struct backend *b = &fw->backends[fw->n_backends];

	if (iptables_find(variant, family, &b->ipt) < 0)
		return;
	b->ipt.wait_s = LOCK_S;
	report_init(&b->report, channel_fd, "iptables",
		    iptables_variant_name(variant), family);
	if (variant == IPTABLES_NFT)
		b->announced =
			family == 4 ? NFTMON_IPTABLES4 : NFTMON_IPTABLES6;
	b->read_ns = clock_real_ns();
	fw->n_backends++;
}

int firewall_new(unsigned int profile, uint16_t group, int channel_fd,
		 struct firewall **ret)
{
	struct firewall *fw = calloc(1, sizeof(*fw));
	bool nf_tables = nftmon_supported();

	if (!fw)
		return -ENOMEM;
	fw->profile = profile;
	fw->group = group;
	if (nf_tables) {
		add_backend(fw, IPTABLES_NFT, 4, channel_fd);
		add_backend(fw, IPTABLES_NFT, 6, channel_fd);
	}
	add_backend(fw, IPTABLES_LEGACY, 4, channel_fd);
	add_backend(fw, IPTABLES_LEGACY, 6, channel_fd);
	if (fw->n_backends == 0) {
		free(fw);
		return -ENOENT;
	}
	if (nf_tables)
		fw->own = own_new(profile, group, channel_fd);
	if (nf_tables && !fw->own) {
		free(fw);
		return -ENOMEM;
	}
	fw->raw_by_own = nf_tables;
	*ret = fw;
	return 0;
}

void firewall_free(struct firewall *fw)
{
	if (!fw)
		return;
	for (size_t i = 0; i < fw->n_backends; i++)
		backend_clear(&fw->backends[i]);
	own_free(fw->own);
	nft_history_clear(&fw->history);
	free(fw);
}

static struct plan_config plan_config_of(const struct firewall *fw)
{
	return (struct plan_config){
		.profile = fw->profile,
		.group = fw->group,
		.raw_text_twins = !fw->raw_by_own,
	};
}

static bool is_due(const struct backend *b, const struct firewall_round *round)
{
	bool announced = b->announced && round->noticed;

	return round->all || (b->announced & round->what) ||
	       (!announced && round->poll);
}

/* What our own table does for the rules of table raw. */
static void fill_in(const struct firewall *fw, struct plan *plan)
{
	for (uint32_t i = 0; fw->own && i < plan->audited_len; i++) {
		struct plan_audited *a = &plan->audited[i];

		if (a->watch == WATCH_OWN_TABLE)
			a->in_place =
				own_watches(fw->own, a->id, &a->twin_packets);
	}
}

/* Reads what is due. Returns whether all of that could be read. */
static bool read_backends(struct firewall *fw,
			  const struct firewall_round *round)
{
	const struct plan_config config = plan_config_of(fw);
	bool whole = true;

	for (size_t i = 0; i < fw->n_backends; i++) {
		struct backend *b = &fw->backends[i];

		if (!is_due(b, round))
			continue;
		b->notices = (struct past_notices){
			.history = b->announced && round->noticed ? &fw->history
								  : NULL,
			.step = round->step,
			.arg = round->arg,
		};
		if (!iptables_in_use(&b->ipt)) {
			backend_gone(b);
			continue;
		}
		if (backend_read(b, &config) < 0) {
			whole = false;
			continue;
		}
		round->step(round->arg);
		backend_judge(b, b->announced & round->what ? round->at_ns : 0);
		/* a rule's text is on record before its first packet is */
		report_rules(&b->report, b->plan);
		if (!b->change.lost)
			continue;
		/* it was missing before it is in place again */
		fill_in(fw, b->plan);
		report_twins(&b->report, b->plan, &b->change.report);
		/* and what is disturbed is so until then */
		report_rules(&b->report, b->plan);
	}
	return whole;
}

static void add_accepts(const struct plan *plan, struct facts *f)
{
	struct own_table_input *in = &f->round.input;

	for (uint32_t i = 0; i < plan->audited_len; i++) {
		const struct plan_audited *a = &plan->audited[i];
		struct accept_rule accept;

		if (a->verdict != VERDICT_ACCEPT ||
		    strcmp(a->chain, "DOCKER") != 0)
			continue;
		accept = accept_rule_of(a->rule, plan->family);
		if (accept.kind == ACCEPT_PORT)
			f->ports[in->ports_len++] = accept.u.port;
		else if (accept.kind == ACCEPT_OPEN)
			f->open[in->open_len++] = accept.u.open;
	}
}

static int add_bridges(const struct ruleset *rs, struct facts *f)
{
	struct own_table_input *in = &f->round.input;
	struct bridges *bridges = NULL;
	size_t n;
	int r = bridges_find(rs, &bridges);

	if (r < 0)
		return r;
	/* more than it takes it tells by itself */
	n = bridges_list(bridges, f->bridges + in->bridges_len,
			 OWN_TABLE_BRIDGES_MAX + 1);
	in->bridges_len +=
		n > OWN_TABLE_BRIDGES_MAX ? OWN_TABLE_BRIDGES_MAX + 1 : n;
	bridges_free(bridges);
	return 0;
}

/* From the rules as they were last read, of each iptables. */
static int collect_facts(struct firewall *fw, struct facts *f)
{
	struct own_table_input *in = &f->round.input;
	size_t audited = 1;
	int r = 0;

	for (size_t i = 0; i < fw->n_backends; i++)
		if (fw->backends[i].plan)
			audited += fw->backends[i].plan->audited_len;
	f->ports = calloc(audited, sizeof(*f->ports));
	f->open = calloc(audited, sizeof(*f->open));
	f->bridges = calloc(BACKENDS_MAX * (OWN_TABLE_BRIDGES_MAX + 1),
			    sizeof(*f->bridges));
	if (!f->ports || !f->open || !f->bridges)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < fw->n_backends; i++) {
		const struct backend *b = &fw->backends[i];

		if (!b->plan)
			continue;
		in->raw[i].rules = b->plan->raw;
		in->raw[i].len = b->plan->raw_len;
		add_accepts(b->plan, f);
		r = add_bridges(b->rs, f);
	}
	in->ports = f->ports;
	in->open = f->open;
	in->bridges = (const char(*)[16])f->bridges;
	return r;
}

/* Our own table, before anything else lets go of table raw. */
static int sync_own(struct firewall *fw, const struct firewall_round *round)
{
	struct facts f = {
		.round.what = round->what,
		.round.at_ns = round->at_ns,
		.round.all = round->all || !round->noticed,
		.round.pids = &fw->pids,
		.round.history = &fw->history,
		.round.step = round->step,
		.round.arg = round->arg,
	};
	int r = collect_facts(fw, &f);

	if (!round->noticed)
		nft_history_lose(&fw->history);
	if (r == 0)
		r = own_sync(fw->own, &f.round);
	free(f.ports);
	free(f.open);
	free(f.bridges);
	return r;
}

/* It does, or it can't: all plans are made for that. */
static void set_raw_by_own(struct firewall *fw, bool by_own)
{
	struct plan_config config;

	if (fw->raw_by_own == by_own)
		return;
	fw->raw_by_own = by_own;
	config = plan_config_of(fw);
	for (size_t i = 0; i < fw->n_backends; i++)
		backend_replan(&fw->backends[i], &config);
}

/* Somebody had changed our own table: since then table raw was not watched. */
static void tell_raw_lost(struct firewall *fw)
{
	const struct report_change change = own_changed(fw->own);

	for (size_t i = 0; i < fw->n_backends; i++) {
		struct backend *b = &fw->backends[i];

		if (!b->plan || b->plan->raw_len == 0)
			continue;
		for (uint32_t j = 0; j < b->plan->audited_len; j++)
			if (b->plan->audited[j].watch == WATCH_OWN_TABLE)
				b->plan->audited[j].in_place = false;
		report_twins(&b->report, b->plan, &change);
		if (!b->change.report.cause)
			b->change.report = change;
		b->fresh = true;
	}
}

/* Whether anything was looked at that our own table depends on. */
static bool concerns_own(const struct firewall *fw,
			 const struct firewall_round *round)
{
	unsigned int what = NFTMON_DOCKER4 | NFTMON_DOCKER6 | NFTMON_OWN;

	for (size_t i = 0; i < fw->n_backends; i++)
		if (fw->backends[i].fresh)
			return true;
	return round->all || !round->noticed || (round->what & what);
}

/*
 * Whether it need not wait for our own table: that takes nft twice as long as
 * iptables-restore takes for the twins. Rules of table raw are told again when
 * our table is in force.
 */
static bool goes_first(const struct backend *b)
{
	const struct ruleset *rs = b->rs;

	if (b->plan->raw_len > 0 && b->plan->edits_len == 0)
		return false;
	for (uint32_t i = 0; i < b->plan->edits_len; i++) {
		uint32_t table = b->plan->edits[i].table;

		if (strcmp(rs->tables[table].name, "raw") == 0)
			return false; /* a twin that our table replaces */
	}
	return true;
}

/* Puts twins in place, of those that go first or of all, and tells. */
static int apply_backends(struct firewall *fw,
			  const struct firewall_round *round, bool first)
{
	const struct plan_config config = plan_config_of(fw);
	int ret = 0;

	for (size_t i = 0; i < fw->n_backends; i++) {
		struct backend *b = &fw->backends[i];
		struct backend_change change = b->change;

		if (first && (!b->fresh || !goes_first(b)))
			continue;
		if (b->fresh &&
		    backend_apply(b, &config, round->noticed, &fw->pids) < 0)
			ret = -EAGAIN;
		round->step(round->arg);
		if (b->fresh)
			fill_in(fw, b->plan);
		backend_tell(b);
		if (!first || b->plan->raw_len == 0)
			continue;
		b->change = change;
		b->fresh = true;
	}
	return ret;
}

int firewall_sync(struct firewall *fw, const struct firewall_round *round)
{
	int ret = read_backends(fw, round) ? 0 : -EAGAIN;
	bool own = fw->own && concerns_own(fw, round);
	bool gives_up = false;

	/* what our table takes over must not go before that is in force */
	if (apply_backends(fw, round, true) < 0)
		ret = -EAGAIN;
	if (own) {
		int r = sync_own(fw, round);

		round->step(round->arg);
		gives_up = r < 0 && fw->raw_by_own;
		set_raw_by_own(fw, r == 0);
		if (r == 0 && own_changed(fw->own).at_ns)
			tell_raw_lost(fw);
	}
	if (apply_backends(fw, round, false) < 0)
		ret = -EAGAIN;
	if (gives_up)
		own_give_up(fw->own, &fw->pids);
	return ret;
}

bool firewall_unsettled(const struct firewall *fw)
{
	return fw->own && own_unsettled(fw->own);
}

void firewall_look(struct firewall *fw)
{
	if (fw->own)
		own_look(fw->own);
}

int firewall_remove(struct firewall *fw)
{
	int ret = 0;

	for (size_t i = 0; i < fw->n_backends; i++) {
		struct backend *b = &fw->backends[i];
		int r;

		if (!iptables_in_use(&b->ipt))
			continue;
		r = backend_remove(b, &fw->pids);
		if (r == 0) {
			report_removed(&b->report);
			continue;
		}
		log_warn("some rules may be left in %s of IPv%d: %s",
			 iptables_variant_name(b->ipt.variant), b->ipt.family,
			 b->error);
		ret = r;
	}
	if (fw->own && own_remove(fw->own, &fw->pids) < 0)
		ret = -EIO;
	return ret;
}

int firewall_other_group(struct firewall *fw)
{
	const struct plan_config config = plan_config_of(fw);

	for (size_t i = 0; i < fw->n_backends; i++) {
		struct backend *b = &fw->backends[i];
		struct twin twin;

		if (!iptables_in_use(&b->ipt) || backend_read(b, &config) < 0)
			continue;
		for (uint32_t j = 0; j < b->rs->rules_len; j++)
			if (twin_parse(&b->rs->rules[j], &twin) &&
			    twin.group != fw->group)
				return twin.group;
	}
	return -1;
}

struct nftmon_pids *firewall_pids(struct firewall *fw)
{
	return &fw->pids;
}

struct nft_history *firewall_history(struct firewall *fw)
{
	return &fw->history;
}

bool firewall_needs_polling(const struct firewall *fw)
{
	for (size_t i = 0; i < fw->n_backends; i++)
		if (backend_used(&fw->backends[i]) &&
		    fw->backends[i].ipt.variant == IPTABLES_LEGACY)
			return true;
	return false;
}
