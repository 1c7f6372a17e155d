// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The loop read, plan, apply, read back over the (at most four) iptables of a
 * host: nft and legacy, IPv4 and IPv6. Docker's rules may be in either variant
 * and rules of both are in force, so both are kept. Planning is in rules/, the
 * running of programs in iptables.c; what was found goes to firewall_report.c.
 */
#include "logger/firewall.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/text.h"
#include "lib/timefmt.h"
#include "logger/firewall_own.h"
#include "logger/firewall_report.h"
#include "logger/iptables.h"
#include "logger/log.h"
#include "logger/nftmon.h"
#include "logger/rules/plan.h"
#include "logger/rules/twin.h"

enum {
	BACKENDS_MAX = 4,
	TIMEOUT_MS = 5000,
	/* Docker may edit between our read and our write: plan anew */
	TRIES_MAX = 4,
};

struct backend {
	struct iptables ipt;
	struct report report;
	bool used; /* it holds audited rules */
};

struct firewall {
	struct backend backends[BACKENDS_MAX];
	size_t n_backends;
	struct own *own; /* NULL: this kernel has no nf_tables */
	unsigned int profile;
	uint16_t group;
	pid_t last_pid;
};

/* A ruleset that was read, and a plan for it; both or neither. */
struct view {
	struct ruleset *rs;
	struct plan *plan;
};

static void view_free(struct view *v)
{
	plan_free(v->plan);
	ruleset_free(v->rs);
	*v = (struct view){ 0 };
}

int firewall_new(unsigned int profile, uint16_t group, int channel_fd,
		 struct firewall **ret)
{
	static const enum iptables_variant variants[] = { IPTABLES_NFT,
							  IPTABLES_LEGACY };
	static const int families[] = { 4, 6 };
	struct firewall *fw = calloc(1, sizeof(*fw));
	bool nf_tables = nftmon_supported();

	if (!fw)
		return -ENOMEM;
	fw->profile = profile;
	fw->group = group;
	for (size_t i = 0; i < BACKENDS_MAX; i++) {
		struct backend *b = &fw->backends[fw->n_backends];

		if (variants[i / 2] == IPTABLES_NFT && !nf_tables)
			continue;
		if (iptables_find(variants[i / 2], families[i % 2], &b->ipt) <
		    0)
			continue;
		report_init(&b->report, channel_fd, "iptables",
			    iptables_variant_name(b->ipt.variant),
			    b->ipt.family);
		fw->n_backends++;
	}
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
	*ret = fw;
	return 0;
}

void firewall_free(struct firewall *fw)
{
	if (!fw)
		return;
	for (size_t i = 0; i < fw->n_backends; i++)
		report_clear(&fw->backends[i].report);
	own_free(fw->own);
	free(fw);
}

/* Reads and parses one iptables; error says what went wrong. */
static int read_rules(const struct backend *b, struct ruleset **ret,
		      char *error)
{
	char *text = NULL;
	size_t len = 0;
	int r;

	r = iptables_save(&b->ipt, TIMEOUT_MS, &text, &len, error);
	if (r < 0)
		return r;
	r = ruleset_parse(text, len, ret, error);
	free(text);
	return r;
}

static int look(const struct firewall *fw, const struct backend *b,
		struct view *ret, char *error)
{
	const struct plan_config config = {
		.family = b->ipt.family,
		.profile = fw->profile,
		.group = fw->group,
		.raw_text_twins = true, /* nothing else watches table raw */
	};
	struct view v = { 0 };
	int r = read_rules(b, &v.rs, error);

	if (r == 0) {
		r = plan_make(v.rs, &config, &v.plan);
		if (r < 0)
			snprintf(error, IPTABLES_ERROR_MAX, "no plan: %s",
				 strerror(-r));
	}
	if (r < 0) {
		view_free(&v);
		return r;
	}
	*ret = v;
	return 0;
}

static int apply(struct firewall *fw, const struct backend *b,
		 const struct plan *plan, char *error)
{
	char *batch = NULL;
	pid_t pid = 0;
	int r = plan_batch(plan, &batch);

	if (r == 0)
		r = iptables_restore(&b->ipt, batch, TIMEOUT_MS, &pid, error);
	else
		snprintf(error, IPTABLES_ERROR_MAX, "out of memory");
	if (pid)
		fw->last_pid = pid;
	free(batch);
	return r;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* Brings one iptables in order and reports. */
static int sync_backend(struct firewall *fw, struct backend *b)
{
	struct report_change change = { now_ns(), "docker wrote rule" };
	char error[IPTABLES_ERROR_MAX] = "";
	struct view v = { 0 };
	int r = -EAGAIN;

	for (int i = 0; i < TRIES_MAX && r == -EAGAIN; i++) {
		r = look(fw, b, &v, error);
		if (r < 0)
			break;
		/* a rule's text is on record before its first packet is */
		report_rules(&b->report, v.plan);
		if (v.plan->edits_len == 0)
			break;
		r = apply(fw, b, v.plan, error);
		if (r == 0)
			r = -EAGAIN; /* prove it by reading back */
		else
			r = -EIO; /* all or nothing: what was read holds */
		if (r == -EAGAIN && i + 1 < TRIES_MAX)
			view_free(&v);
	}
	if (r == -EAGAIN)
		snprintf(error, sizeof(error),
			 "somebody keeps changing the rules while ours are "
			 "being put in place");
	if (v.plan) {
		b->used = v.plan->audited_len > 0;
		if (r < 0)
			change.cause = "apply failed";
		report_twins(&b->report, v.plan, &change);
	}
	report_finding(&b->report, v.plan, r < 0 ? error : "");
	view_free(&v);
	return r;
}

int firewall_sync(struct firewall *fw)
{
	int ret = 0;

	for (size_t i = 0; i < fw->n_backends; i++) {
		struct backend *b = &fw->backends[i];

		if (iptables_in_use(&b->ipt)) {
			if (sync_backend(fw, b) < 0)
				ret = -EAGAIN;
		} else if (b->used) {
			b->used = false;
			report_twins(&b->report, NULL, NULL);
		}
	}
	if (fw->own && own_sync(fw->own, &fw->last_pid) < 0)
		ret = -EAGAIN;
	return ret;
}

void firewall_look(struct firewall *fw)
{
	if (fw->own)
		own_look(fw->own);
}

static int remove_backend(struct firewall *fw, const struct backend *b,
			  char *error)
{
	int r = -EAGAIN;

	for (int i = 0; i < TRIES_MAX && r == -EAGAIN; i++) {
		struct view v = { 0 };

		r = read_rules(b, &v.rs, error);
		if (r == 0)
			r = plan_remove(v.rs, &v.plan);
		if (r == 0 && v.plan->edits_len > 0) {
			r = apply(fw, b, v.plan, error);
			if (r == 0)
				r = -EAGAIN; /* read back */
		}
		view_free(&v);
	}
	return r;
}

int firewall_remove(struct firewall *fw)
{
	int ret = 0;

	for (size_t i = 0; i < fw->n_backends; i++) {
		struct backend *b = &fw->backends[i];
		char error[IPTABLES_ERROR_MAX] = "they come back";
		int r;

		if (!iptables_in_use(&b->ipt))
			continue;
		r = remove_backend(fw, b, error);
		if (r == 0) {
			report_removed(&b->report);
			continue;
		}
		log_warn("some rules may be left in %s of IPv%d: %s",
			 iptables_variant_name(b->ipt.variant), b->ipt.family,
			 error);
		ret = r;
	}
	if (fw->own && own_remove(fw->own) < 0)
		ret = -EIO;
	return ret;
}

int firewall_other_group(struct firewall *fw)
{
	for (size_t i = 0; i < fw->n_backends; i++) {
		const struct backend *b = &fw->backends[i];
		char error[IPTABLES_ERROR_MAX];
		struct ruleset *rs = NULL;
		struct twin twin;
		int other = -1;

		if (!iptables_in_use(&b->ipt) || read_rules(b, &rs, error) < 0)
			continue;
		for (uint32_t j = 0; j < rs->rules_len && other < 0; j++)
			if (twin_parse(&rs->rules[j], &twin) &&
			    twin.group != fw->group)
				other = twin.group;
		ruleset_free(rs);
		if (other >= 0)
			return other;
	}
	return -1;
}

pid_t firewall_last_pid(const struct firewall *fw)
{
	return fw->last_pid;
}

bool firewall_needs_polling(const struct firewall *fw)
{
	for (size_t i = 0; i < fw->n_backends; i++)
		if (fw->backends[i].used &&
		    fw->backends[i].ipt.variant == IPTABLES_LEGACY)
			return true;
	return false;
}
