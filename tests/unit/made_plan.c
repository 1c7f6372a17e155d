// SPDX-License-Identifier: GPL-2.0-or-later
/* From the text of a ruleset to a plan, as the logger makes it. */
#include "tests/unit/made_plan.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/cmocka_all.h"

struct made make(const char *text, const struct plan_config *config)
{
	char error[RULESET_ERROR_MAX];
	struct made m = { 0 };

	if (ruleset_parse(text, strlen(text), &m.rs, error) < 0)
		fail_msg("%s in:\n%s", error, text);
	assert_int_equal(config ? plan_make(m.rs, config, &m.plan)
				: plan_remove(m.rs, &m.plan),
			 0);
	assert_int_equal(plan_batch(m.plan, &m.batch), 0);
	return m;
}

void unmake(struct made *m)
{
	free(m->batch);
	plan_free(m->plan);
	ruleset_free(m->rs);
}
