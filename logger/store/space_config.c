// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The words of space_left, space_left_action and disk_full_action, which are
 * auditd's, to struct space_config.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/conffile.h"
#include "lib/text.h"
#include "logger/program.h"
#include "logger/store/space.h"

enum { MIB_MAX = 1 << 30 };

static const char *const words[] = {
	[SPACE_IGNORE] = "ignore", [SPACE_LOG] = "log",
	[SPACE_EXEC] = "exec",	   [SPACE_SUSPEND] = "suspend",
	[SPACE_EXIT] = "exit",
};

int space_parse_left(struct space_config *cfg, const char *value, char *error)
{
	char *end = NULL;
	unsigned long n = 0;
	bool percent;

	errno = 0;
	if (*value >= '0' && *value <= '9')
		n = strtoul(value, &end, 10);
	percent = end && strcmp(end, "%") == 0;
	if (errno || !end || (*end && !percent) ||
	    n > (percent ? SPACE_PERCENT_MAX : MIB_MAX)) {
		snprintf(error, CONFFILE_ERROR_MAX,
			 "'%.64s': a number of MiB, or of percent like 5%%, is "
			 "needed, or 0 for no limit",
			 value);
		return -EINVAL;
	}
	cfg->left_percent = percent ? (unsigned int)n : 0;
	cfg->left_bytes = percent ? 0 : (uint64_t)n << 20;
	return 0;
}

/* What runs as root must not be somebody else's. */
static int check_program(const char *path, char *error)
{
	const char *why = program_refusal(path, S_IXUSR);

	if (strlen(path) >= SPACE_PATH_MAX)
		why = "a path that begins with '/' is needed";
	if (!why)
		return 0;
	snprintf(error, CONFFILE_ERROR_MAX, "'exec %.200s': %s", path, why);
	return -EINVAL;
}

static const char *after_exec(const char *value)
{
	size_t len = strlen(words[SPACE_EXEC]);

	if (strncmp(value, words[SPACE_EXEC], len) != 0 ||
	    (value[len] != ' ' && value[len] != '\t'))
		return NULL;
	value += len;
	return value + strspn(value, " \t");
}

int space_parse_action(struct space_action *action, const char *value,
		       char *error)
{
	struct space_action a = { 0 };
	const char *path = after_exec(value);
	size_t i = 0;

	if (path) {
		int r = check_program(path, error);

		if (r < 0)
			return r;
		a.act = SPACE_EXEC;
		str_copy(a.program, sizeof(a.program), path);
		*action = a;
		return 0;
	}
	while (i < ARRAY_SIZE(words) &&
	       (i == SPACE_EXEC || strcmp(words[i], value) != 0))
		i++;
	if (i == ARRAY_SIZE(words)) {
		snprintf(error, CONFFILE_ERROR_MAX,
			 "'%.64s': ignore, log, exec /PATH, suspend or exit is "
			 "needed",
			 value);
		return -EINVAL;
	}
	a.act = (enum space_act)i;
	*action = a;
	return 0;
}

const char *space_left_text(const struct space_config *cfg, char *buf,
			    size_t size)
{
	if (cfg->left_percent)
		snprintf(buf, size, "%u%%", cfg->left_percent);
	else
		snprintf(buf, size, "%" PRIu64, cfg->left_bytes >> 20);
	return buf;
}

const char *space_action_text(const struct space_action *action, char *buf,
			      size_t size)
{
	snprintf(buf, size, "%s%s%s", words[action->act],
		 *action->program ? " " : "", action->program);
	return buf;
}
