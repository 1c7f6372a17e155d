// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fields of an event as members of the objects that ECS and OCSF consist of.
 * What is unknown is absent; names keep whatever bytes they have, as JSON has
 * them.
 */
#include "cli/output/siem.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/json.h"
#include "cli/output/private.h"
#include "lib/event.h"
#include "lib/sum.h"

enum { SCHEMA_VERSION = 1 }; /* of the fields that are our own */

json_t *siem_field(const struct event_row *row, enum event_field field)
{
	const struct value *v = &row->values[field];

	switch (v->kind) {
	case VALUE_ABSENT:
		return NULL;
	case VALUE_INT:
		return json_integer(v->number);
	case VALUE_TEXT:
		return *v->text ? json_text(v->text) : NULL;
	}
	return NULL;
}

json_t *siem_object(const struct event_row *row,
		    const struct siem_member *members, size_t n)
{
	json_t *object = NULL;

	for (size_t i = 0; i < n; i++) {
		json_t *value = siem_field(row, members[i].field);

		if (value && !object)
			object = json_object();
		if (value)
			json_object_set_new(object, members[i].name, value);
	}
	return object;
}

json_t *siem_own(const struct event_row *row, const struct siem_member *members,
		 size_t n)
{
	json_t *object = siem_object(row, members, n);

	if (!object)
		object = json_object();
	json_object_set_new(object, "schema_version",
			    json_integer(SCHEMA_VERSION));
	return object;
}

int siem_put_line(struct output *o, json_t *json)
{
	int r = json_write(o->mem, json);

	putc('\n', o->mem);
	return r;
}

static json_t *known_text(const char *text)
{
	return *text ? json_text(text) : NULL;
}

json_t *siem_host_ecs(const struct output *o)
{
	if (!o->host || (!*o->host->name && !*o->host->id))
		return NULL;
	return json_pack("{s:o*, s:o*, s:o*}", "name",
			 known_text(o->host->name), "hostname",
			 known_text(o->host->name), "id",
			 known_text(o->host->id));
}

json_t *siem_host_ocsf(const struct output *o)
{
	enum { TYPE_UNKNOWN };

	if (!o->host || (!*o->host->name && !*o->host->id))
		return NULL;
	return json_pack("{s:i, s:o*, s:o*}", "type_id", TYPE_UNKNOWN,
			 "hostname", known_text(o->host->name), "uid",
			 known_text(o->host->id));
}

const char *siem_uid(const struct output *o, const struct event_row *row,
		     char *buf)
{
	const char *log = o->host ? o->host->log : "";

	snprintf(buf, SIEM_UID_MAX, "%s%s%" PRId64, log, *log ? "-" : "",
		 row->id);
	return buf;
}

json_t *siem_bytes(const struct event_row *row)
{
	const struct value *length = &row->values[FIELD_LENGTH];

	return length->kind == VALUE_INT
		       ? json_integer(sum_bytes(row->packets, length->number))
		       : NULL;
}

static bool is_outside(const struct event_row *row, enum event_field network,
		       enum event_field ifname)
{
	return row->values[network].kind != VALUE_TEXT &&
	       row->values[ifname].kind == VALUE_TEXT;
}

enum siem_direction siem_direction(const struct event_row *row)
{
	if (is_outside(row, FIELD_SRC_NETWORK, FIELD_IN_IF))
		return SIEM_INBOUND;
	if (is_outside(row, FIELD_DST_NETWORK, FIELD_OUT_IF))
		return SIEM_OUTBOUND;
	if (row->values[FIELD_SRC_NETWORK].kind == VALUE_TEXT &&
	    row->values[FIELD_DST_NETWORK].kind == VALUE_TEXT)
		return SIEM_LATERAL;
	return SIEM_UNKNOWN;
}

enum siem_outcome siem_outcome(const struct event_row *row)
{
	if (row->marks & EVENT_OVERLOGGED)
		return SIEM_UNDECIDED;
	switch (row->verdict) {
	case VERDICT_DROP:
		return SIEM_DENIED;
	case VERDICT_ACCEPT:
	case VERDICT_PASS:
		return SIEM_ALLOWED;
	default:
		return SIEM_UNDECIDED;
	}
}
