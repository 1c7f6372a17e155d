// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The form of a report's document. Its writers take it as given, and that of a
 * bundle was written by anybody.
 */
#include <string.h>

#include "cli/bundle/recount.h"
#include "cli/report/cell.h"

static bool are_strings(const json_t *list)
{
	size_t i;
	json_t *text;

	json_array_foreach(list, i, text)
	{
		if (!json_is_string(text))
			return false;
	}
	return json_is_array(list);
}

static bool are_columns(const json_t *list)
{
	size_t i;
	json_t *column;

	json_array_foreach(list, i, column)
	{
		if (!json_is_string(json_object_get(column, "name")) ||
		    !json_is_string(json_object_get(column, "title")) ||
		    !json_is_string(json_object_get(column, "kind")))
			return false;
	}
	return json_is_array(list);
}

static bool are_rows(const json_t *list)
{
	size_t i;
	json_t *row, *cell;
	const char *name;

	json_array_foreach(list, i, row)
	{
		if (!json_is_object(row))
			return false;
		json_object_foreach(row, name, cell)
		{
			if (json_is_array(cell) || json_is_object(cell))
				return false;
		}
	}
	return json_is_array(list);
}

/* It becomes the name of a file, and an anchor of a page. */
static bool is_id(const char *id)
{
	return *id && strlen(id) <= 48 &&
	       !id[strspn(id, "abcdefghijklmnopqrstuvwxyz_")];
}

bool bundle_report_is_sound(const json_t *root)
{
	const json_t *sections = json_object_get(root, "sections");
	size_t i;
	json_t *s;

	json_array_foreach(sections, i, s)
	{
		if (!is_id(report_string(s, "id")) ||
		    !json_is_string(json_object_get(s, "title")) ||
		    !are_strings(json_object_get(s, "text")) ||
		    !are_strings(json_object_get(s, "commands")) ||
		    !are_columns(json_object_get(s, "columns")) ||
		    !are_rows(json_object_get(s, "rows")))
			return false;
	}
	return json_is_array(sections);
}
