// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The planner as a filter: a ruleset from stdin, its edits to stdout. What the
 * daemon would do, for people who want to see it first.
 */
#include "logger/firewall/plan_command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/exitcode.h"
#include "logger/log.h"
#include "logger/rules/plan.h"

/* All of stdin, up to what a ruleset may be long. The caller frees. */
static int read_stdin(char **ret, size_t *ret_len)
{
	size_t size = 64 * 1024, len = 0, n;
	char *text = malloc(size);

	while (text && (n = fread(text + len, 1, size - len, stdin)) > 0) {
		char *more;

		len += n;
		if (len > RULESET_TEXT_MAX) {
			free(text);
			return -E2BIG;
		}
		if (len < size)
			continue;
		size *= 2;
		more = realloc(text, size);
		if (!more)
			free(text);
		text = more;
	}
	if (!text)
		return -ENOMEM;
	if (ferror(stdin)) {
		free(text);
		return -EIO;
	}
	*ret = text;
	*ret_len = len;
	return 0;
}

int plan_command(int family, unsigned int profile, uint16_t group)
{
	const struct plan_config config = {
		.family = family,
		.profile = profile,
		.group = group,
		.raw_text_twins = true, /* as where there is no nf_tables */
	};
	char error[RULESET_ERROR_MAX] = "";
	struct ruleset *rs = NULL;
	struct plan *plan = NULL;
	char *text = NULL, *batch = NULL;
	int code = EXITCODE_NOTHING;
	size_t len = 0;
	int r = read_stdin(&text, &len);

	if (r == 0)
		r = ruleset_parse(text, len, &rs, error);
	if (r == 0)
		r = plan_make(rs, &config, &plan);
	if (r == 0)
		r = plan_batch(plan, &batch);
	if (r < 0) {
		log_error("can't plan: %s", *error ? error : strerror(-r));
		goto out;
	}
	for (uint32_t i = 0; i < plan->problems_len; i++)
		log_warn("left alone: %s", plan->problems[i]);
	if (fputs(batch, stdout) == EOF || fflush(stdout) == EOF) {
		log_error("can't write the plan: %s", strerror(errno));
		goto out;
	}
	code = EXITCODE_OK;
out:
	free(batch);
	plan_free(plan);
	ruleset_free(rs);
	free(text);
	return code;
}
