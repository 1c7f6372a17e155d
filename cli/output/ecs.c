// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An object per line of the Elastic Common Schema
 * (elastic.co/guide/en/ecs). What it has no field for is below docker and
 * bridgeaudit.
 */
#include <stdio.h>

#include "cli/json.h"
#include "cli/output/community_id.h"
#include "cli/output/hole.h"
#include "cli/output/siem.h"
#include "lib/event.h"
#include "lib/text.h"

static int begin(struct output *o)
{
	(void)o;
	return 0;
}

/* What the rule is for, which a packet escapes that its change overtook. */
static json_t *event_types(const struct event_row *row)
{
	static const char *const words[] = {
		[SIEM_ALLOWED] = "allowed",
		[SIEM_DENIED] = "denied",
	};
	const char *word = words[siem_outcome(row)];

	return word ? json_pack("[s, s]", "connection", word)
		    : json_pack("[s]", "connection");
}

static json_t *event(const struct output *o, const struct event_row *row)
{
	static const char *const actions[] = {
		[VERDICT_DROP] = "dropped",
		[VERDICT_ACCEPT] = "accepted",
		[VERDICT_PASS] = "passed",
	};
	bool known = siem_outcome(row) != SIEM_UNDECIDED;
	char id[SIEM_UID_MAX];

	return json_pack(
		"{s:s, s:[s], s:o, s:s, s:I, s:s, s:s, s:o*}", "kind", "event",
		"category", "network", "type", event_types(row), "action",
		known ? actions[row->verdict] : "unknown", "sequence",
		(json_int_t)row->id, "id", siem_uid(o, row, id), "dataset",
		"bridgeaudit.event", "reason", siem_field(row, FIELD_RULE));
}

static json_t *network(const struct event_row *row)
{
	static const char *const names[] = {
		[SIEM_UNKNOWN] = "unknown",
		[SIEM_INBOUND] = "inbound",
		[SIEM_OUTBOUND] = "outbound",
		[SIEM_LATERAL] = "internal",
	};
	char number[16] = "", community[COMMUNITY_ID_MAX] = "";
	json_t *id = NULL;

	if (community_id(row, community, sizeof(community)))
		id = json_string(community);
	snprintf(number, sizeof(number), "%d", row->proto_number);
	return json_pack("{s:o*, s:s*, s:s*, s:s, s:o*, s:I, s:o*}",
			 "transport", siem_field(row, FIELD_PROTO), "type",
			 row->family == 4   ? "ipv4"
			 : row->family == 6 ? "ipv6"
					    : NULL,
			 "iana_number", row->proto_number < 0 ? NULL : number,
			 "direction", names[siem_direction(row)], "bytes",
			 siem_bytes(row), "packets", (json_int_t)row->packets,
			 "community_id", id);
}

static json_t *observer(const struct output *o, const struct event_row *row)
{
	json_t *in = siem_field(row, FIELD_IN_IF);
	json_t *out = siem_field(row, FIELD_OUT_IF);
	const char *name = o->host && *o->host->name ? o->host->name : NULL;

	return json_pack(
		"{s:s, s:s, s:s, s:o*, s:o*, s:o*}", "type", "firewall",
		"product", "bridgeaudit", "version", VERSION, "hostname",
		name ? json_text(name) : NULL, "ingress",
		in ? json_pack("{s:{s:o}}", "interface", "name", in) : NULL,
		"egress",
		out ? json_pack("{s:{s:o}}", "interface", "name", out) : NULL);
}

/* ECS has one container only, and no networks: both sides are here. */
static json_t *docker(const struct event_row *row)
{
	static const struct siem_member source[] = {
		{ "network", FIELD_SRC_NETWORK },
		{ "container", FIELD_SRC_CONTAINER },
		{ "container_id", FIELD_SRC_CONTAINER_ID },
		{ "project", FIELD_SRC_PROJECT },
		{ "service", FIELD_SRC_SERVICE },
		{ "image", FIELD_SRC_IMAGE },
	};
	static const struct siem_member destination[] = {
		{ "network", FIELD_DST_NETWORK },
		{ "container", FIELD_DST_CONTAINER },
		{ "container_id", FIELD_DST_CONTAINER_ID },
		{ "project", FIELD_DST_PROJECT },
		{ "service", FIELD_DST_SERVICE },
		{ "image", FIELD_DST_IMAGE },
	};
	json_t *src = siem_object(row, source, ARRAY_SIZE(source));
	json_t *dst = siem_object(row, destination, ARRAY_SIZE(destination));

	return src || dst ? json_pack("{s:o*, s:o*}", "source", src,
				      "destination", dst)
			  : NULL;
}

/* Those of the fields that are known, each once; NULL for none. */
static json_t *known(const struct event_row *row,
		     const enum event_field *fields, size_t n)
{
	json_t *array = NULL;

	for (size_t i = 0; i < n; i++) {
		json_t *value = siem_field(row, fields[i]);

		for (size_t j = 0; value && j < json_array_size(array); j++)
			if (json_equal(value, json_array_get(array, j))) {
				json_decref(value);
				value = NULL;
			}
		if (value && !array)
			array = json_array();
		if (value)
			json_array_append_new(array, value);
	}
	return array;
}

static json_t *related(const struct event_row *row)
{
	static const enum event_field ips[] = { FIELD_SRC_IP, FIELD_DST_IP };
	static const enum event_field names[] = {
		FIELD_SRC_NETWORK,
		FIELD_DST_NETWORK,
		FIELD_SRC_CONTAINER,
		FIELD_DST_CONTAINER,
	};
	json_t *ip = known(row, ips, ARRAY_SIZE(ips));
	json_t *hosts = known(row, names, ARRAY_SIZE(names));

	return ip || hosts ? json_pack("{s:o*, s:o*}", "ip", ip, "hosts", hosts)
			   : NULL;
}

/* "02:42:ac:12:00:02" as ECS wants it: 02-42-AC-12-00-02 */
static json_t *mac(const struct event_row *row, enum event_field field)
{
	const struct value *v = &row->values[field];
	char text[32];

	if (v->kind != VALUE_TEXT || str_copy(text, sizeof(text), v->text))
		return NULL;
	for (char *p = text; *p; p++)
		*p = *p == ':'		      ? '-'
		     : *p >= 'a' && *p <= 'f' ? (char)(*p - 'a' + 'A')
					      : *p;
	return json_text(text);
}

static json_t *source(const struct event_row *row)
{
	static const struct siem_member members[] = {
		{ "ip", FIELD_SRC_IP },
		{ "port", FIELD_SRC_PORT },
	};
	json_t *object = siem_object(row, members, ARRAY_SIZE(members));

	if (!object)
		return NULL;
	json_object_set_new(object, "mac", mac(row, FIELD_SRC_MAC));
	json_object_set_new(object, "packets", json_integer(row->packets));
	json_object_set_new(object, "bytes", siem_bytes(row));
	return object;
}

static json_t *destination(const struct event_row *row)
{
	static const struct siem_member members[] = {
		{ "ip", FIELD_DST_IP },
		{ "port", FIELD_DST_PORT },
	};
	json_t *object = siem_object(row, members, ARRAY_SIZE(members));

	json_object_set_new(object, "mac", mac(row, FIELD_DST_MAC));
	return object;
}

static json_t *rule(const struct event_row *row)
{
	static const struct siem_member members[] = {
		{ "id", FIELD_RULE_ID },
		{ "name", FIELD_RULE },
		{ "ruleset", FIELD_CHAIN },
	};

	return siem_object(row, members, ARRAY_SIZE(members));
}

static json_t *own(const struct event_row *row)
{
	static const struct siem_member members[] = {
		{ "verdict", FIELD_VERDICT },
		{ "spoofed", FIELD_SPOOFED },
		{ "tcp_flags", FIELD_TCP_FLAGS },
		{ "ttl", FIELD_TTL },
		{ "icmp_type", FIELD_ICMP_TYPE },
		{ "icmp_code", FIELD_ICMP_CODE },
		{ "marks", FIELD_MARKS },
	};

	return siem_own(row, members, ARRAY_SIZE(members));
}

static int put_event(struct output *o, const struct event_row *row)
{
	return siem_put_line(
		o,
		json_pack("{s:o, s:{s:s}, s:o*, s:o, s:o*, s:o*, s:o, s:o,"
			  " s:o, s:o*, s:o*, s:o}",
			  "@timestamp", siem_field(row, FIELD_TIME), "ecs",
			  "version", OUTPUT_ECS_VERSION, "host",
			  siem_host_ecs(o), "event", event(o, row), "source",
			  source(row), "destination", destination(row),
			  "network", network(row), "observer", observer(o, row),
			  "rule", rule(row), "docker", docker(row), "related",
			  related(row), "bridgeaudit", own(row)));
}

const struct output_ops output_ecs_ops = {
	.begin = begin,
	.event = put_event,
	.hole = output_hole_ecs,
};
