// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Strings that others wrote as JSON. The output is ASCII whatever they hold:
 * no terminal and no parser stumbles over it, and nothing of them is lost.
 */
#include "cli/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "lib/timefmt.h"

json_t *json_text(const char *text)
{
	json_t *json = json_string(text);
	size_t size;
	char *safe;

	if (json)
		return json;
	size = 4 * strlen(text) + 1;
	safe = malloc(size);
	if (!safe)
		return NULL;
	json = json_string(str_escape(safe, size, text));
	free(safe);
	return json;
}

json_t *json_time(uint64_t time_ns)
{
	char text[TIME_TEXT_MAX];

	if (time_ns == 0)
		return NULL;
	return json_string(time_rfc3339(time_ns, text, sizeof(text)));
}

int json_write(FILE *out, json_t *json)
{
	int r = 0;

	if (!json)
		return -ENOMEM;
	errno = ENOMEM;
	if (json_dumpf(json, out,
		       JSON_COMPACT | JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER |
			       JSON_ENCODE_ANY) < 0)
		r = -errno;
	json_decref(json);
	return r;
}
