// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An object per line of OCSF's Network Activity (schema.ocsf.io, class 4001)
 * with the profiles security_control and, where a container or the host is
 * known, container and host. What it has no attribute for is below unmapped.
 */
#include "cli/output/hole.h"
#include "cli/output/siem.h"
#include "lib/text.h"

enum {
	CLASS = 4001,
	CATEGORY = 4,
	INFORMATIONAL = 1,
	NS_PER_MS = 1000000,
};

static int begin(struct output *o)
{
	(void)o;
	return 0;
}

/* The fields of a side: what it is known by, and what only adds to that. */
struct side {
	struct siem_member known_by[4];
	struct siem_member besides[2];
	struct siem_member container[2];
};

static json_t *endpoint(const struct event_row *row, const struct side *side)
{
	json_t *object =
		siem_object(row, side->known_by, ARRAY_SIZE(side->known_by));
	json_t *besides;

	if (!object)
		return NULL;
	besides = siem_object(row, side->besides, ARRAY_SIZE(side->besides));
	json_object_update(object, besides);
	json_decref(besides);
	json_object_set_new(
		object, "container",
		siem_object(row, side->container, ARRAY_SIZE(side->container)));
	return object;
}

static json_t *source(const struct event_row *row)
{
	static const struct side side = {
		.known_by = { { "name", FIELD_SRC_CONTAINER },
			      { "svc_name", FIELD_SRC_SERVICE },
			      { "ip", FIELD_SRC_IP },
			      { "interface_name", FIELD_IN_IF } },
		.besides = { { "port", FIELD_SRC_PORT },
			     { "mac", FIELD_SRC_MAC } },
		.container = { { "name", FIELD_SRC_CONTAINER },
			       { "uid", FIELD_SRC_CONTAINER_ID } },
	};

	return endpoint(row, &side);
}

static json_t *destination(const struct event_row *row)
{
	static const struct side side = {
		.known_by = { { "name", FIELD_DST_CONTAINER },
			      { "svc_name", FIELD_DST_SERVICE },
			      { "ip", FIELD_DST_IP },
			      { "interface_name", FIELD_OUT_IF } },
		.besides = { { "port", FIELD_DST_PORT },
			     { "mac", FIELD_DST_MAC } },
		.container = { { "name", FIELD_DST_CONTAINER },
			       { "uid", FIELD_DST_CONTAINER_ID } },
	};

	return endpoint(row, &side);
}

static json_t *connection(const struct event_row *row)
{
	json_t *version = row->family ? json_integer(row->family) : NULL;
	json_t *number =
		row->proto_number < 0 ? NULL : json_integer(row->proto_number);
	json_t *flags = row->flags < 0 ? NULL : json_integer(row->flags);

	return json_pack("{s:i, s:o*, s:o*, s:o*, s:o*}", "direction_id",
			 (int)siem_direction(row), "protocol_ver_id", version,
			 "protocol_num", number, "protocol_name",
			 siem_field(row, FIELD_PROTO), "tcp_flags", flags);
}

static json_t *metadata(const struct output *o, const struct event_row *row,
			bool host)
{
	bool container = row->values[FIELD_SRC_CONTAINER].kind == VALUE_TEXT ||
			 row->values[FIELD_DST_CONTAINER].kind == VALUE_TEXT;
	json_t *profiles =
		json_pack("[s, s*, s*]", "security_control",
			  container ? "container" : NULL, host ? "host" : NULL);
	char uid[SIEM_UID_MAX];

	return json_pack("{s:s, s:s, s:I, s:o, s:{s:s, s:s, s:s}}", "version",
			 OUTPUT_OCSF_VERSION, "uid", siem_uid(o, row, uid),
			 "sequence", (json_int_t)row->id, "profiles", profiles,
			 "product", "name", "bridgeaudit", "vendor_name",
			 "bridgeaudit", "version", VERSION);
}

static json_t *unmapped(const struct event_row *row)
{
	static const struct siem_member members[] = {
		{ "verdict", FIELD_VERDICT },
		{ "spoofed", FIELD_SPOOFED },
		{ "src_network", FIELD_SRC_NETWORK },
		{ "dst_network", FIELD_DST_NETWORK },
		{ "src_project", FIELD_SRC_PROJECT },
		{ "dst_project", FIELD_DST_PROJECT },
		{ "src_image", FIELD_SRC_IMAGE },
		{ "dst_image", FIELD_DST_IMAGE },
		{ "icmp_type", FIELD_ICMP_TYPE },
		{ "icmp_code", FIELD_ICMP_CODE },
		{ "ttl", FIELD_TTL },
		{ "marks", FIELD_MARKS },
	};

	return siem_own(row, members, ARRAY_SIZE(members));
}

static json_t *rule(const struct event_row *row)
{
	static const struct siem_member members[] = {
		{ "uid", FIELD_RULE_ID },
		{ "name", FIELD_RULE },
	};

	return siem_object(row, members, ARRAY_SIZE(members));
}

static int put_event(struct output *o, const struct event_row *row)
{
	/* "Refuse" is the schema's word for what a firewall blocks */
	static const int activities[] = {
		[SIEM_UNDECIDED] = 0,
		[SIEM_ALLOWED] = 1, /* Open */
		[SIEM_DENIED] = 5,  /* Refuse */
	};
	static const struct siem_member chain[] = { { "name", FIELD_CHAIN } };
	enum siem_outcome outcome = siem_outcome(row);
	int activity = activities[outcome];
	json_t *device = siem_host_ocsf(o);

	/* disposition_id has the same numbers for these three as action_id */
	return siem_put_line(
		o,
		json_pack("{s:i, s:i, s:i, s:i, s:i, s:I, s:i, s:i, s:o, s:o*,"
			  " s:o*, s:o*, s:o, s:o, s:o*, s:{s:I, s:o*}, s:o}",
			  "class_uid", CLASS, "category_uid", CATEGORY,
			  "activity_id", activity, "type_uid",
			  CLASS * 100 + activity, "severity_id", INFORMATIONAL,
			  "time", (json_int_t)(row->time_ns / NS_PER_MS),
			  "action_id", (int)outcome, "disposition_id",
			  (int)outcome, "metadata", metadata(o, row, device),
			  "device", device, "src_endpoint", source(row),
			  "dst_endpoint", destination(row), "connection_info",
			  connection(row), "firewall_rule", rule(row), "policy",
			  siem_object(row, chain, ARRAY_SIZE(chain)), "traffic",
			  "packets", (json_int_t)row->packets, "bytes",
			  siem_bytes(row), "unmapped", unmapped(row)));
}

const struct output_ops output_ocsf_ops = {
	.begin = begin,
	.event = put_event,
	.hole = output_hole_ocsf,
};
