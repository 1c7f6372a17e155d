// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of checks, and what it amounts to. */
#include "cli/doctor/doctor.h"

#include <stdarg.h>
#include <stdlib.h>

#include "cli/list.h"
#include "lib/exitcode.h"
#include "lib/text.h"

void doctor_add(struct doctor *d, struct check check, const char *format, ...)
{
	char text[CHECK_TEXT_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	check.text = malloc(4 * sizeof(text));
	if (!check.text ||
	    list_grow(&d->checks, d->n, sizeof(*d->checks)) < 0) {
		free(check.text);
		d->no_memory = true;
		return;
	}
	/* names in it were written by others */
	str_escape(check.text, 4 * sizeof(text), text);
	d->checks[d->n++] = check;
}

void doctor_clear(struct doctor *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->checks[i].text);
	free(d->checks);
	*d = (struct doctor){ 0 };
}

static bool has_state(const struct doctor *d, enum check_state state)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->checks[i].state == state)
			return true;
	return false;
}

int doctor_exitcode(const struct doctor *d)
{
	if (has_state(d, CHECK_UNWATCHED) || has_state(d, CHECK_FAILED))
		return EXITCODE_INCOMPLETE;
	if (d->db_code != EXITCODE_OK)
		return d->db_code;
	if (has_state(d, CHECK_UNKNOWN) || d->nothing)
		return EXITCODE_NOTHING;
	return EXITCODE_OK;
}
