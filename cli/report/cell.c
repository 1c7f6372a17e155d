// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers, sizes, times and shares as people read them. */
#include "cli/report/cell.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/query/loss.h"
#include "lib/text.h"

const char *report_string(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

int64_t report_integer(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

const json_t *report_find(const json_t *root, const char *id)
{
	const json_t *sections = json_object_get(root, "sections");

	for (size_t i = 0; i < json_array_size(sections); i++) {
		const json_t *s = json_array_get(sections, i);

		if (strcmp(report_string(s, "id"), id) == 0)
			return s;
	}
	return NULL;
}

bool report_column_is(const json_t *column, const char *kind)
{
	return strcmp(report_string(column, "kind"), kind) == 0;
}

bool report_column_is_number(const json_t *column)
{
	return report_column_is(column, "number") ||
	       report_column_is(column, "bytes") ||
	       report_column_is(column, "share_ppm");
}

const char *report_number(int64_t number, char *buf)
{
	char digits[24];
	size_t len, at = 0;

	snprintf(digits, sizeof(digits), "%" PRId64, number);
	len = strlen(digits);
	for (size_t i = 0; i < len; i++) {
		size_t left = len - i;

		if (i > 0 && left % 3 == 0 && digits[i - 1] != '-')
			buf[at++] = ',';
		buf[at++] = digits[i];
	}
	buf[at] = '\0';
	return buf;
}

static const char *size_text(int64_t bytes, char *buf)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB", "PB" };
	double size = (double)bytes;
	size_t unit = 0;

	if (bytes < 1000) {
		snprintf(buf, REPORT_CELL_MAX, "%" PRId64 " B", bytes);
		return buf;
	}
	for (size /= 1000; size >= 999.95 && unit + 1 < ARRAY_SIZE(units);
	     unit++)
		size /= 1000;
	snprintf(buf, REPORT_CELL_MAX, "%.1f %s", size, units[unit]);
	return buf;
}

/* Seconds are enough for a table; the document has all of it. */
static const char *time_text(const char *text, char *buf)
{
	snprintf(buf, REPORT_CELL_MAX, "%.19s", text);
	if (strlen(buf) == 19)
		buf[10] = ' ';
	return buf;
}

const char *report_cell(const json_t *column, const json_t *value, char *buf)
{
	const char *text = json_string_value(value);
	int64_t number = json_integer_value(value);

	if (text)
		return report_column_is(column, "time") ? time_text(text, buf)
							: text;
	if (!json_is_integer(value))
		return "";
	if (report_column_is(column, "bytes"))
		return size_text(number, buf);
	if (report_column_is(column, "share_ppm"))
		return loss_share(number, buf, REPORT_CELL_MAX);
	if (report_column_is(column, "code")) {
		snprintf(buf, REPORT_CELL_MAX, "%" PRId64, number);
		return buf;
	}
	return report_number(number, buf);
}
