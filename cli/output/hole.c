// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A hole in the log in each format: a line, an object, or a row whose verdict
 * is "lost", "unwatched" or "watched". pcap has no form for it.
 */
#include "cli/output/hole.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "cli/event/row.h"
#include "cli/event/words.h"
#include "cli/json.h"
#include "cli/output/siem.h"
#include "lib/text.h"
#include "lib/timefmt.h"

static json_t *cause_json(const struct hole *hole)
{
	return hole->cause.kind == VALUE_TEXT ? json_text(hole->cause.text)
					      : NULL;
}

static json_t *number_json(const struct hole *hole)
{
	return hole->number.kind == VALUE_INT
		       ? json_integer(hole->number.number)
		       : NULL;
}

/* {"lost_events":{...}} or {"coverage_hole":{...}} */
static json_t *hole_json(const struct hole *hole)
{
	bool lost = hole->kind == HOLE_LOST;

	return json_pack("{s:{s:o*, s:o*, s:o*, s:o*}}",
			 lost ? "lost_events" : "coverage_hole", "cause",
			 cause_json(hole), lost ? "packets" : "rules",
			 number_json(hole), "from", json_time(hole->from_ns),
			 "to", json_time(hole->to_ns));
}

static int put(struct output *o, json_t *json)
{
	int r = json_write(o->mem, json);

	putc('\n', o->mem);
	return r;
}

int output_hole_jsonl(struct output *o, const struct hole *hole)
{
	return put(o, hole_json(hole));
}

int output_hole_line(struct output *o, const struct hole *hole)
{
	const char *code = output_color_code(o, COLOR_BOLD);
	char text[HOLE_TEXT_MAX];

	fprintf(o->mem, "%s%s%s\n", code, hole_text(hole, text, sizeof(text)),
		*code ? "\033[0m" : "");
	return 0;
}

/* Not an event about the network, but about what is known of it. */
int output_hole_ecs(struct output *o, const struct hole *hole)
{
	char action[32];

	snprintf(action, sizeof(action), "%s",
		 hole->kind == HOLE_LOST ? "events-lost"
		 : hole->to_ns		 ? "rules-watched-again"
					 : "rules-not-watched");
	return put(o,
		   json_pack("{s:o*, s:{s:s}, s:o*, s:{s:s, s:[s], s:[s], s:s,"
			     " s:s, s:o*, s:o*, s:o*}, s:o}",
			     "@timestamp", json_time(hole_time(hole)), "ecs",
			     "version", OUTPUT_ECS_VERSION, "host",
			     siem_host_ecs(o), "event", "kind", "event",
			     "category", "network", "type", "info", "action",
			     action, "dataset", "bridgeaudit.hole", "reason",
			     cause_json(hole), "start",
			     json_time(hole->from_ns), "end",
			     json_time(hole->to_ns), "bridgeaudit",
			     hole_json(hole)));
}

/* OCSF has no class for it: its base event, with activity "other". */
int output_hole_ocsf(struct output *o, const struct hole *hole)
{
	enum { OTHER = 99, MEDIUM = 3, NS_PER_MS = 1000000 };
	json_t *device = siem_host_ocsf(o);
	char text[HOLE_TEXT_MAX];
	json_t *to =
		hole->to_ns
			? json_integer((json_int_t)(hole->to_ns / NS_PER_MS))
			: NULL;

	return put(
		o,
		json_pack("{s:i, s:i, s:i, s:s, s:i, s:i, s:I, s:I, s:o*, s:s,"
			  " s:{s:s, s:o*, s:{s:s, s:s, s:s}}, s:o*, s:o}",
			  "class_uid", 0, "category_uid", 0, "activity_id",
			  OTHER, "activity_name", hole_word(hole), "type_uid",
			  OTHER, "severity_id", MEDIUM, "time",
			  (json_int_t)(hole_time(hole) / NS_PER_MS),
			  "start_time", (json_int_t)(hole->from_ns / NS_PER_MS),
			  "end_time", to, "message",
			  hole_text(hole, text, sizeof(text)), "metadata",
			  "version", OUTPUT_OCSF_VERSION, "profiles",
			  device ? json_pack("[s]", "host") : NULL, "product",
			  "name", "bridgeaudit", "vendor_name", "bridgeaudit",
			  "version", VERSION, "device", device, "unmapped",
			  hole_json(hole)));
}

/* The columns of event_spec. */
static int put_cells(struct output *o, const struct hole *hole)
{
	char time[TIME_TEXT_MAX], number[48], cause[256] = "unknown";
	const char *what = hole->kind == HOLE_LOST ? "packets" : "rules";

	if (hole->cause.kind == VALUE_TEXT)
		str_escape(cause, sizeof(cause), hole->cause.text);
	if (hole->number.kind == VALUE_INT)
		snprintf(number, sizeof(number), "%" PRId64 " %s",
			 hole->number.number, what);
	else
		snprintf(number, sizeof(number), "unknown %s", what);
	time_local(hole_time(hole), time, sizeof(time));
	return output_cells(
		o, (const struct cell[]){ { time, COLOR_BOLD },
					  { hole_word(hole), COLOR_BOLD },
					  { number, COLOR_BOLD },
					  { "", COLOR_NONE },
					  { "", COLOR_NONE },
					  { cause, COLOR_BOLD } });
}

/* The fields of event_spec. */
static int put_values(struct output *o, const struct hole *hole)
{
	struct value values[FIELD_COUNT] = { 0 };
	char time[TIME_TEXT_MAX];

	values[FIELD_TIME] =
		text_value(time_rfc3339(hole_time(hole), time, sizeof(time)));
	values[FIELD_VERDICT] = text_value(hole_word(hole));
	values[FIELD_RULE] = hole->cause;
	if (hole->kind == HOLE_LOST)
		values[FIELD_COLLAPSED] = hole->number;
	return output_row(o, values);
}

int output_hole(struct output *o, const struct hole *hole)
{
	if (o->ops->hole)
		return ferror(o->mem) ? -ENOMEM : o->ops->hole(o, hole);
	if (output_wants_events(o))
		return 0;
	return output_wants_cells(o) ? put_cells(o, hole) : put_values(o, hole);
}
