// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Read, plan, apply of one iptables, and what became of it for the recorder.
 * Planning is in rules/, the running of programs in iptables.c.
 */
#include "logger/firewall/backend.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "logger/clock.h"
#include "logger/firewall/twin_netlink.h"

enum {
	TIMEOUT_MS = 5000,
	EDIT_MS = 20, /* more for each edit: -D compares with a whole chain */
	/* Docker may edit between our read and our write: plan anew */
	TRIES_MAX = 4,
	READS_MAX = 3, /* of rules that are edited meanwhile */
	FEW_MAX = 64,  /* deletions, each compared with all twins */
};

static void forget_rules(struct backend *b)
{
	plan_free(b->plan);
	ruleset_free(b->rs);
	b->plan = NULL;
	b->rs = NULL;
}

void backend_clear(struct backend *b)
{
	report_clear(&b->report);
	forget_rules(b);
	rule_past_clear(&b->past);
	free(b->seen);
	b->seen = NULL;
}

bool backend_used(const struct backend *b)
{
	return b->plan && b->plan->audited_len > 0;
}

static int read_rules(const struct backend *b, struct ruleset **ret,
		      char *error)
{
	char *text = NULL;
	size_t len = 0;
	int r = iptables_save(&b->ipt, TIMEOUT_MS, &text, &len, error);

	if (r < 0)
		return r;
	r = ruleset_parse(text, len, ret, error);
	free(text);
	return r;
}

static int make_plan(struct backend *b, const struct ruleset *rs,
		     const struct plan_config *config, struct plan **ret)
{
	struct plan_config own = *config;
	int r;

	own.family = b->ipt.family;
	r = plan_make(rs, &own, ret);
	if (r < 0)
		snprintf(b->error, sizeof(b->error), "no plan: %s",
			 strerror(-r));
	return r;
}

/* Of one reading. */
struct reading {
	struct ruleset *rs;
	struct plan *plan;
	uint64_t read_ns;
};

static int read_and_plan(struct backend *b, const struct plan_config *config,
			 struct reading *ret)
{
	struct reading now = { .read_ns = clock_real_ns() };
	int r = read_rules(b, &now.rs, b->error);

	if (r == 0)
		r = make_plan(b, now.rs, config, &now.plan);
	if (r < 0)
		ruleset_free(now.rs);
	else
		*ret = now;
	return r;
}

/* Reads, some times if somebody edits meanwhile; *look says what was before. */
static int read_settled(struct backend *b, const struct plan_config *config,
			struct past_look *look, struct reading *ret)
{
	for (int i = 1;; i++) {
		int r;

		past_look_begin(look);
		r = read_and_plan(b, config, ret);
		if (r < 0 || past_look_end(look) == 0 || i == READS_MAX)
			return r;
		plan_free(ret->plan);
		ruleset_free(ret->rs);
	}
}

static int take_past(struct backend *b, const struct reading *now,
		     const struct past_look *look)
{
	const struct rule_past_reading reading = {
		.before = b->rs,
		.plan = now->plan,
		.told = look->told,
		.sums = look->sums,
		.sums_len = look->sums_len,
		.filter = &look->filter,
	};
	int r = rule_past_take(&b->past, &reading);

	if (r < 0)
		snprintf(b->error, sizeof(b->error), "out of memory");
	return r;
}

/* What was before the first reading is not ours to know, nor what may have
 * been of an iptables in which nothing was audited. */
static void take_passed(struct backend *b, const struct past_look *look,
			bool taken)
{
	b->passed.unknown |= look->passed.unknown && backend_used(b);
	b->passed.packets += taken && b->plan ? look->passed.packets : 0;
}

int backend_read(struct backend *b, const struct plan_config *config)
{
	struct past_look look = { .notices = b->notices,
				  .family = b->ipt.family,
				  .profile = config->profile };
	struct reading now = { 0 };
	int r;

	b->error[0] = '\0';
	r = read_settled(b, config, &look, &now);
	if (r == 0)
		r = take_past(b, &now, &look);
	past_look_close(&look, r == 0);
	take_passed(b, &look, r == 0);
	if (r < 0) {
		plan_free(now.plan);
		ruleset_free(now.rs);
		return r;
	}
	forget_rules(b);
	b->rs = now.rs;
	b->plan = now.plan;
	b->fresh = true;
	b->before_ns = b->read_ns;
	b->read_ns = now.read_ns;
	return 0;
}

int backend_replan(struct backend *b, const struct plan_config *config)
{
	struct plan *plan = NULL;
	int r;

	if (!b->rs)
		return 0;
	r = make_plan(b, b->rs, config, &plan);
	if (r < 0)
		return r;
	rule_past_fill(&b->past, plan);
	plan_free(b->plan);
	b->plan = plan;
	b->fresh = true;
	return 0;
}

static int by_id(const void *a, const void *b)
{
	const struct backend_seen *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* A rule that stands twice has one id; it is in place when both are. */
static struct backend_seen *collect(const struct plan *plan, size_t *ret_len)
{
	struct backend_seen *list =
		calloc(plan->audited_len + 1, sizeof(*list));
	size_t kept = 0;

	if (!list)
		return NULL;
	for (size_t i = 0; i < plan->audited_len; i++)
		list[i] = (struct backend_seen){
			plan->audited[i].id,
			plan->audited[i].in_place ||
				plan->audited[i].watch == WATCH_OWN_TABLE,
		};
	qsort(list, plan->audited_len, sizeof(*list), by_id);
	for (size_t i = 0; i < plan->audited_len; i++) {
		if (kept == 0 || list[kept - 1].id != list[i].id)
			list[kept++] = list[i];
		else
			list[kept - 1].in_place &= list[i].in_place;
	}
	*ret_len = kept;
	return list;
}

/* What became of the rules; no cause: nothing. */
static struct backend_change compare(const struct backend *b,
				     const struct backend_seen *now, size_t len)
{
	struct backend_change change = { 0 };
	bool other = len != b->seen_len;
	size_t i = 0, j = 0;

	while (i < b->seen_len && j < len) {
		const struct backend_seen *old = &b->seen[i];
		const struct backend_seen *new = &now[j];
		int order = by_id(old, new);

		if (order == 0)
			change.lost |= old->in_place && !new->in_place;
		else
			other = true;
		i += order <= 0;
		j += order >= 0;
	}
	/* a flush takes Docker's rules and our twins, a refill brings his */
	if (len == 0 && b->seen_len > 0)
		change.report.cause = "flushed";
	else if (other)
		change.report.cause = "rules changed";
	else if (change.lost)
		change.report.cause = "twin deleted";
	return change;
}

static bool is_disturbed(const struct plan *plan)
{
	for (uint32_t i = 0; i < plan->audited_len; i++)
		if (plan->audited[i].disturbed)
			return true;
	return false;
}

void backend_judge(struct backend *b, uint64_t at_ns)
{
	struct backend_seen *now;
	size_t len = 0;

	b->change = (struct backend_change){ 0 };
	now = collect(b->plan, &len);
	if (!now)
		return;
	if (b->seen)
		b->change = compare(b, now, len);
	else
		b->change.report.cause = "logger started";
	if (!b->change.report.cause && is_disturbed(b->plan))
		b->change.report.cause = "somebody's rule came between";
	b->change.report.at_ns = at_ns ? at_ns : b->before_ns;
	free(now);
}

/*
 * Twins of rules that are gone go by their handles: iptables-restore would
 * read and compare the whole chain. False: it has to.
 */
static bool delete_few(const struct backend *b, struct nftmon_pids *pids)
{
	struct twin_named gone[FEW_MAX];
	const struct plan *plan = b->plan;

	if (b->ipt.variant != IPTABLES_NFT || plan->edits_len > FEW_MAX)
		return false;
	for (uint32_t i = 0; i < plan->edits_len; i++) {
		const struct plan_edit *edit = &plan->edits[i];
		const struct ruleset_chain *chain;

		if (edit->kind != PLAN_DELETE || edit->id == 0)
			return false;
		chain = &plan->rs->chains[edit->rule->chain];
		gone[i] = (struct twin_named){
			.id = edit->id,
			.table = plan->rs->tables[chain->table].name,
			.chain = chain->name,
		};
	}
	nftmon_pids_add(pids, getpid());
	return twin_netlink_delete(b->ipt.family, gone, plan->edits_len) == 0;
}

static int write_edits(struct backend *b, struct nftmon_pids *pids)
{
	char *batch = NULL;
	pid_t pid = 0;
	int r;

	if (delete_few(b, pids))
		return 0;
	r = plan_batch(b->plan, &batch);
	if (r == 0)
		r = iptables_restore(&b->ipt, batch,
				     TIMEOUT_MS +
					     EDIT_MS * (int)b->plan->edits_len,
				     &pid, b->error);
	else
		snprintf(b->error, sizeof(b->error), "out of memory");
	nftmon_pids_add(pids, pid);
	free(batch);
	return r;
}

int backend_apply(struct backend *b, const struct plan_config *config,
		  bool noticed, struct nftmon_pids *pids)
{
	char failed[IPTABLES_ERROR_MAX];

	for (int i = 0; i < TRIES_MAX; i++) {
		int w, r;

		if (b->plan->edits_len == 0)
			return 0;
		w = write_edits(b, pids);
		if (w == 0 && noticed && b->announced) {
			plan_applied(b->plan);
			rule_past_placed(&b->past);
			return 0;
		}
		memcpy(failed, b->error, sizeof(failed));
		r = backend_read(b, config);
		if (r < 0)
			return r;
		/* a rule's text is on record before its first packet is */
		report_rules(&b->report, b->plan);
		if (w < 0 && i > 0) {
			memcpy(b->error, failed, sizeof(failed));
			return b->plan->edits_len == 0 ? 0 : w;
		}
	}
	if (b->plan->edits_len == 0)
		return 0;
	snprintf(b->error, sizeof(b->error),
		 "somebody keeps changing the rules while ours are being put "
		 "in place");
	return -EAGAIN;
}

void backend_tell(struct backend *b)
{
	char failed[IPTABLES_ERROR_MAX + 16];
	struct report_change change = b->change.report;
	struct backend_seen *seen;
	size_t len = 0;

	report_finding(&b->report, b->plan, b->error);
	if (!b->fresh)
		return;
	if (change.cause && *b->error) {
		snprintf(failed, sizeof(failed), "apply failed: %s", b->error);
		change.cause = failed;
	}
	if (report_passed(&b->report, &b->passed,
			  change.at_ns ? change.at_ns : b->before_ns,
			  b->read_ns))
		b->passed = (struct passed){ 0 };
	report_twins(&b->report, b->plan, change.cause ? &change : NULL);
	b->fresh = false;
	b->change = (struct backend_change){ 0 };
	seen = collect(b->plan, &len);
	if (!seen)
		return;
	free(b->seen);
	b->seen = seen;
	b->seen_len = len;
}

void backend_gone(struct backend *b)
{
	const struct report_change change = { b->read_ns, "flushed" };

	if (b->report.told_len > 0)
		report_twins(&b->report, NULL, &change);
	forget_rules(b);
	rule_past_clear(&b->past);
	b->fresh = false;
}

int backend_remove(struct backend *b, struct nftmon_pids *pids)
{
	int r = -EAGAIN;

	/* what it can't or does not delete, the side chain, goes by its text */
	if (b->ipt.variant == IPTABLES_NFT) {
		nftmon_pids_add(pids, getpid());
		twin_netlink_remove(b->ipt.family);
	}
	b->ipt.wait_s = IPTABLES_LOCK_S; /* there is no next round */
	snprintf(b->error, sizeof(b->error), "they come back");
	for (int i = 0; i < TRIES_MAX && r == -EAGAIN; i++) {
		forget_rules(b);
		r = read_rules(b, &b->rs, b->error);
		if (r == 0)
			r = plan_remove(b->rs, &b->plan);
		if (r == 0 && b->plan->edits_len > 0) {
			r = write_edits(b, pids);
			if (r == 0)
				r = -EAGAIN; /* read back */
		}
	}
	forget_rules(b);
	return r;
}
