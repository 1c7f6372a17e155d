// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: a plan. Out: the same as input for iptables-restore --noflush. Rules that
 * are written or deleted are twins or lead to them, and the one chain is ours.
 * No chain is declared, because that would flush it; -N fails when it is there.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "logger/rules/plan.h"
#include "logger/rules/plan_side.h"
#include "logger/rules/twin.h"

enum { TARGET_TEXT_MAX = 160 };

static int print_twin(FILE *out, const struct plan *plan,
		      const struct plan_edit *edit)
{
	const struct twin twin = {
		.id = edit->id,
		.verdict = edit->verdict,
		.group = plan->group,
	};
	const struct ruleset_rule *rule = edit->rule;
	char suffix[TWIN_SUFFIX_MAX] = "";
	char target[TARGET_TEXT_MAX];
	int r;

	r = twin_target_write(target, sizeof(target), &twin);
	if (r == 0)
		r = twin_suffix_write(suffix, sizeof(suffix), rule,
				      edit->scope);
	if (r < 0)
		return r;
	fprintf(out, "%.*s%s%s%s%s\n", (int)rule->matches_len, rule->text,
		rule->matches_len > 0 ? " " : "", suffix, *suffix ? " " : "",
		target);
	return 0;
}

static int print_edit(FILE *out, const struct plan *plan,
		      const struct plan_edit *edit)
{
	const char *chain =
		edit->rule ? plan->rs->chains[edit->rule->chain].name : NULL;

	switch (edit->kind) {
	case PLAN_NEW_CHAIN:
		fputs("-N " PLAN_SIDE_CHAIN "\n", out);
		return 0;
	case PLAN_DELETE:
		fprintf(out, "-D %s %s\n", chain, edit->rule->text);
		return 0;
	case PLAN_INSERT:
		fprintf(out, "-I %s %u ", chain, edit->position);
		return print_twin(out, plan, edit);
	case PLAN_JUMP:
		fprintf(out, "-I %s %u " PLAN_SIDE_JUMP "\n", chain,
			edit->position);
		return 0;
	case PLAN_APPEND:
		fputs("-A " PLAN_SIDE_CHAIN " ", out);
		return print_twin(out, plan, edit);
	case PLAN_DELETE_CHAIN:
		fputs("-X " PLAN_SIDE_CHAIN "\n", out);
		return 0;
	}
	return -EINVAL;
}

/*
 * A transaction for each table; and one for the end of the side chain, which
 * fails when somebody has just begun to use it: all else is in force by then.
 */
static int print_edits(FILE *out, const struct plan *plan)
{
	const struct ruleset *rs = plan->rs;
	uint32_t open = RULESET_TABLES_MAX; /* none */

	for (uint32_t i = 0; i < plan->edits_len; i++) {
		const struct plan_edit *edit = &plan->edits[i];
		int r;

		if (edit->table != open || edit->kind == PLAN_DELETE_CHAIN)
			fprintf(out, "%s*%s\n", i > 0 ? "COMMIT\n" : "",
				rs->tables[edit->table].name);
		open = edit->table;
		r = print_edit(out, plan, edit);
		if (r < 0)
			return r;
	}
	if (plan->edits_len > 0)
		fputs("COMMIT\n", out);
	return 0;
}

int plan_batch(const struct plan *plan, char **ret)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int r;

	if (!out)
		return -ENOMEM;
	r = print_edits(out, plan);
	if (ferror(out))
		r = -ENOMEM;
	if (fclose(out) != 0)
		r = -ENOMEM;
	if (r < 0) {
		free(text);
		return r;
	}
	*ret = text;
	return 0;
}
