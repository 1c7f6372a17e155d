// SPDX-License-Identifier: GPL-2.0-or-later
/* In: a kind and its members. Out: the line. */
#include "logger/diagnose/fact.h"

#include "lib/text.h"

json_t *fact_text(const char *text)
{
	char cut[FACT_TEXT_MAX], safe[4 * FACT_TEXT_MAX];

	if (!text)
		return NULL;
	str_copy(cut, sizeof(cut), text);
	return json_string(str_escape(safe, sizeof(safe), cut));
}

void fact_write(FILE *out, const char *kind, json_t *members)
{
	json_t *line = json_pack("{s:s}", "fact", kind);

	if (line && members)
		json_object_update(line, members);
	if (line)
		json_dumpf(line, out,
			   JSON_COMPACT | JSON_ENSURE_ASCII |
				   JSON_PRESERVE_ORDER);
	putc('\n', out);
	fflush(out);
	json_decref(line);
	json_decref(members);
}
