// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An object per line in the two vocabularies that log stores know: ECS
 * (elastic.co/guide/en/ecs) and OCSF's Network Activity (schema.ocsf.io,
 * class 4001). What is unknown is absent; names keep whatever bytes they have,
 * as JSON has them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/community_id.h"
#include "cli/event_row.h"
#include "cli/json.h"
#include "cli/output_hole.h"
#include "lib/event.h"

enum { SCHEMA_VERSION = 1, NS_PER_MS = 1000000 };

static int begin(struct output *o)
{
	(void)o;
	return 0;
}

/* A field as JSON; NULL when it is absent, which "o*" then leaves out. */
static json_t *member(const struct event_row *row, enum event_field field)
{
	const struct value *v = &row->values[field];

	switch (v->kind) {
	case VALUE_ABSENT:
		return NULL;
	case VALUE_INT:
		return json_integer(v->number);
	case VALUE_TEXT:
		return json_text(v->text);
	}
	return NULL;
}

/* An object with what it holds, or nothing when it holds nothing. */
static json_t *unless_empty(json_t *object)
{
	if (!object || json_object_size(object) > 0)
		return object;
	json_decref(object);
	return NULL;
}

static int put_line(struct output *o, json_t *json)
{
	int r = json_write(o->mem, json);

	putc('\n', o->mem);
	return r;
}

/* Of all packets of the row, which are alike. */
static json_t *bytes(const struct event_row *row)
{
	const struct value *length = &row->values[FIELD_LENGTH];

	return length->kind == VALUE_INT
		       ? json_integer(length->number * row->packets)
		       : NULL;
}

static bool is_outside(const struct event_row *row, enum event_field network,
		       enum event_field ifname)
{
	return row->values[network].kind != VALUE_TEXT &&
	       row->values[ifname].kind == VALUE_TEXT;
}

enum direction { UNKNOWN, INBOUND, OUTBOUND, LATERAL };

/* As seen from Docker's networks; the numbers are OCSF's direction_id. */
static enum direction direction(const struct event_row *row)
{
	if (is_outside(row, FIELD_SRC_NETWORK, FIELD_IN_IF))
		return INBOUND;
	if (is_outside(row, FIELD_DST_NETWORK, FIELD_OUT_IF))
		return OUTBOUND;
	if (row->values[FIELD_SRC_NETWORK].kind == VALUE_TEXT &&
	    row->values[FIELD_DST_NETWORK].kind == VALUE_TEXT)
		return LATERAL;
	return UNKNOWN;
}

static json_t *ecs_event(const struct event_row *row)
{
	static const char *const actions[] = {
		[VERDICT_DROP] = "dropped",
		[VERDICT_ACCEPT] = "accepted",
		[VERDICT_PASS] = "passed",
	};
	const char *action =
		verdict_name(row->verdict) ? actions[row->verdict] : "unknown";
	char id[24];

	snprintf(id, sizeof(id), "%lld", (long long)row->id);
	return json_pack(
		"{s:s, s:[s], s:[s, s], s:s, s:I, s:s, s:s, s:o*}", "kind",
		"event", "category", "network", "type", "connection",
		row->verdict == VERDICT_DROP ? "denied" : "allowed", "action",
		action, "sequence", (json_int_t)row->id, "id", id, "dataset",
		"bridgeaudit.event", "reason", member(row, FIELD_RULE));
}

static json_t *ecs_network(const struct event_row *row)
{
	static const char *const names[] = {
		[UNKNOWN] = "unknown",
		[INBOUND] = "inbound",
		[OUTBOUND] = "outbound",
		[LATERAL] = "internal",
	};
	char number[16] = "", community[COMMUNITY_ID_MAX] = "";
	json_t *id = NULL;

	if (community_id(row, community, sizeof(community)))
		id = json_string(community);
	snprintf(number, sizeof(number), "%d", row->proto_number);
	return json_pack("{s:o*, s:s*, s:s*, s:s, s:o*, s:I, s:o*}",
			 "transport", member(row, FIELD_PROTO), "type",
			 row->family == 4   ? "ipv4"
			 : row->family == 6 ? "ipv6"
					    : NULL,
			 "iana_number", row->proto_number < 0 ? NULL : number,
			 "direction", names[direction(row)], "bytes",
			 bytes(row), "packets", (json_int_t)row->packets,
			 "community_id", id);
}

static json_t *ecs_observer(const struct event_row *row)
{
	json_t *in = member(row, FIELD_IN_IF), *out = member(row, FIELD_OUT_IF);

	return json_pack(
		"{s:s, s:s, s:s, s:o*, s:o*}", "type", "firewall", "product",
		"bridgeaudit", "version", VERSION, "ingress",
		in ? json_pack("{s:{s:o}}", "interface", "name", in) : NULL,
		"egress",
		out ? json_pack("{s:{s:o}}", "interface", "name", out) : NULL);
}

/* ECS has one container only: both sides are under docker. */
static json_t *ecs_docker(const struct event_row *row)
{
	json_t *src = json_pack("{s:o*, s:o*, s:o*}", "network",
				member(row, FIELD_SRC_NETWORK), "container",
				member(row, FIELD_SRC_CONTAINER), "image",
				member(row, FIELD_SRC_IMAGE));
	json_t *dst = json_pack("{s:o*, s:o*, s:o*}", "network",
				member(row, FIELD_DST_NETWORK), "container",
				member(row, FIELD_DST_CONTAINER), "image",
				member(row, FIELD_DST_IMAGE));

	return unless_empty(json_pack("{s:o*, s:o*}", "source",
				      unless_empty(src), "destination",
				      unless_empty(dst)));
}

static json_t *ecs_related(const struct event_row *row)
{
	json_t *ips = json_array(), *hosts = json_array();

	if (row->values[FIELD_SRC_IP].kind == VALUE_TEXT)
		json_array_append_new(ips, member(row, FIELD_SRC_IP));
	if (row->values[FIELD_DST_IP].kind == VALUE_TEXT)
		json_array_append_new(ips, member(row, FIELD_DST_IP));
	if (row->values[FIELD_SRC_NETWORK].kind == VALUE_TEXT)
		json_array_append_new(hosts, member(row, FIELD_SRC_NETWORK));
	if (row->values[FIELD_DST_NETWORK].kind == VALUE_TEXT)
		json_array_append_new(hosts, member(row, FIELD_DST_NETWORK));
	if (row->values[FIELD_SRC_CONTAINER].kind == VALUE_TEXT)
		json_array_append_new(hosts, member(row, FIELD_SRC_CONTAINER));
	if (row->values[FIELD_DST_CONTAINER].kind == VALUE_TEXT)
		json_array_append_new(hosts, member(row, FIELD_DST_CONTAINER));
	return json_pack("{s:o*, s:o*}", "ip", ips, "hosts", hosts);
}

static json_t *ecs_end(const struct event_row *row, enum event_field ip,
		       enum event_field port)
{
	return unless_empty(json_pack("{s:o*, s:o*}", "ip", member(row, ip),
				      "port", member(row, port)));
}

static int ecs_row(struct output *o, const struct event_row *row)
{
	json_t *own = json_pack("{s:i, s:o*, s:o*, s:o*, s:o*, s:o*}",
				"schema_version", SCHEMA_VERSION, "spoofed",
				member(row, FIELD_SPOOFED), "tcp_flags",
				member(row, FIELD_TCP_FLAGS), "ttl",
				member(row, FIELD_TTL), "icmp_type",
				member(row, FIELD_ICMP_TYPE), "icmp_code",
				member(row, FIELD_ICMP_CODE));
	json_t *source = ecs_end(row, FIELD_SRC_IP, FIELD_SRC_PORT);

	if (source)
		json_object_set_new(source, "packets",
				    json_integer(row->packets));
	return put_line(
		o, json_pack("{s:o, s:{s:s}, s:o, s:o*, s:o*, s:o, s:o, s:o,"
			     " s:o*, s:o, s:o}",
			     "@timestamp", member(row, FIELD_TIME), "ecs",
			     "version", OUTPUT_ECS_VERSION, "event",
			     ecs_event(row), "source", source, "destination",
			     ecs_end(row, FIELD_DST_IP, FIELD_DST_PORT),
			     "network", ecs_network(row), "observer",
			     ecs_observer(row), "rule",
			     json_pack("{s:o, s:o*, s:o*}", "id",
				       member(row, FIELD_RULE_ID), "name",
				       member(row, FIELD_RULE), "ruleset",
				       member(row, FIELD_CHAIN)),
			     "docker", ecs_docker(row), "related",
			     ecs_related(row), "bridgeaudit", own));
}

static json_t *ocsf_end(const struct event_row *row, enum event_field name,
			enum event_field ip, enum event_field port,
			enum event_field ifname)
{
	return unless_empty(json_pack("{s:o*, s:o*, s:o*, s:o*}", "name",
				      member(row, name), "ip", member(row, ip),
				      "port", member(row, port),
				      "interface_name", member(row, ifname)));
}

static json_t *ocsf_connection(const struct event_row *row)
{
	json_t *version = row->family ? json_integer(row->family) : NULL;
	json_t *number =
		row->proto_number < 0 ? NULL : json_integer(row->proto_number);
	json_t *flags = row->flags < 0 ? NULL : json_integer(row->flags);

	return json_pack("{s:i, s:o*, s:o*, s:o*, s:o*}", "direction_id",
			 (int)direction(row), "protocol_ver_id", version,
			 "protocol_num", number, "protocol_name",
			 member(row, FIELD_PROTO), "tcp_flags", flags);
}

static json_t *ocsf_metadata(const struct event_row *row)
{
	char uid[24];

	snprintf(uid, sizeof(uid), "%lld", (long long)row->id);
	return json_pack("{s:s, s:s, s:I, s:[s], s:{s:s, s:s, s:s}}", "version",
			 OUTPUT_OCSF_VERSION, "uid", uid, "sequence",
			 (json_int_t)row->id, "profiles", "security_control",
			 "product", "name", "bridgeaudit", "vendor_name",
			 "bridgeaudit", "version", VERSION);
}

static int ocsf_row(struct output *o, const struct event_row *row)
{
	/* "Refuse" is the schema's word for what a firewall blocks */
	enum { CLASS = 4001, CATEGORY = 4, OPEN = 1, REFUSE = 5 };
	bool drop = row->verdict == VERDICT_DROP;
	int activity = drop ? REFUSE : OPEN;
	json_t *unmapped = json_pack(
		"{s:i, s:o*, s:o*, s:o*, s:o*, s:o*, s:o*}", "schema_version",
		SCHEMA_VERSION, "spoofed", member(row, FIELD_SPOOFED),
		"src_network", member(row, FIELD_SRC_NETWORK), "dst_network",
		member(row, FIELD_DST_NETWORK), "icmp_type",
		member(row, FIELD_ICMP_TYPE), "icmp_code",
		member(row, FIELD_ICMP_CODE), "ttl", member(row, FIELD_TTL));

	return put_line(
		o,
		json_pack("{s:i, s:i, s:i, s:i, s:i, s:I, s:i, s:i, s:o, s:o*,"
			  " s:o*, s:o, s:o, s:o*, s:{s:I, s:o*}, s:o}",
			  "class_uid", CLASS, "category_uid", CATEGORY,
			  "activity_id", activity, "type_uid",
			  CLASS * 100 + activity, "severity_id", 1, "time",
			  (json_int_t)(row->time_ns / NS_PER_MS), "action_id",
			  drop ? 2 : 1, "disposition_id", drop ? 2 : 1,
			  "metadata", ocsf_metadata(row), "src_endpoint",
			  ocsf_end(row, FIELD_SRC_CONTAINER, FIELD_SRC_IP,
				   FIELD_SRC_PORT, FIELD_IN_IF),
			  "dst_endpoint",
			  ocsf_end(row, FIELD_DST_CONTAINER, FIELD_DST_IP,
				   FIELD_DST_PORT, FIELD_OUT_IF),
			  "connection_info", ocsf_connection(row),
			  "firewall_rule",
			  json_pack("{s:o, s:o*}", "uid",
				    member(row, FIELD_RULE_ID), "name",
				    member(row, FIELD_RULE)),
			  "policy",
			  row->values[FIELD_CHAIN].kind == VALUE_TEXT
				  ? json_pack("{s:o}", "name",
					      member(row, FIELD_CHAIN))
				  : NULL,
			  "traffic", "packets", (json_int_t)row->packets,
			  "bytes", bytes(row), "unmapped", unmapped));
}

const struct output_ops output_ecs_ops = {
	.begin = begin,
	.event = ecs_row,
	.hole = output_hole_ecs,
};

const struct output_ops output_ocsf_ops = {
	.begin = begin,
	.event = ocsf_row,
	.hole = output_hole_ocsf,
};
