// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A row of QUERY_EVENTS to fields and to cells. What is unknown stays absent;
 * what others wrote is escaped when it becomes a cell.
 */
#include "cli/event_row.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/query.h"
#include "cli/words.h"
#include "lib/event.h"
#include "lib/text.h"

/* Columns of QUERY_EVENTS. */
enum column {
	COL_ID,
	COL_TIME,
	COL_VERDICT,
	COL_CHAIN,
	COL_RULE_ID,
	COL_RULE,
	COL_IN_IF,
	COL_OUT_IF,
	COL_SRC_NETWORK,
	COL_DST_NETWORK,
	COL_SRC_IP,
	COL_DST_IP,
	COL_PROTO,
	COL_SRC_PORT,
	COL_DST_PORT,
	COL_TCP_FLAGS,
	COL_LENGTH,
	COL_TTL,
	COL_MARKS,
	COL_PACKETS,
	COL_CONVERSATION,
	COL_FAMILY, /* of the rule */
	COL_TABLE,
	COL_NAMES, /* FIELD_SRC_CONTAINER and what follows it */
};

static const char *const fields[FIELD_COUNT] = {
	[FIELD_ID] = "id",
	[FIELD_TIME] = "time",
	[FIELD_VERDICT] = "verdict",
	[FIELD_CHAIN] = "chain",
	[FIELD_RULE_ID] = "rule_id",
	[FIELD_RULE] = "rule",
	[FIELD_IN_IF] = "in_if",
	[FIELD_OUT_IF] = "out_if",
	[FIELD_SRC_NETWORK] = "src_network",
	[FIELD_DST_NETWORK] = "dst_network",
	[FIELD_SRC_IP] = "src_ip",
	[FIELD_DST_IP] = "dst_ip",
	[FIELD_PROTO] = "proto",
	[FIELD_SRC_PORT] = "src_port",
	[FIELD_DST_PORT] = "dst_port",
	[FIELD_ICMP_TYPE] = "icmp_type",
	[FIELD_ICMP_CODE] = "icmp_code",
	[FIELD_TCP_FLAGS] = "tcp_flags",
	[FIELD_LENGTH] = "length",
	[FIELD_TTL] = "ttl",
	[FIELD_MARKS] = "marks",
	[FIELD_COLLAPSED] = "collapsed",
	[FIELD_SRC_CONTAINER] = "src_container",
	[FIELD_DST_CONTAINER] = "dst_container",
	[FIELD_SRC_SERVICE] = "src_service",
	[FIELD_DST_SERVICE] = "dst_service",
	[FIELD_SRC_PROJECT] = "src_project",
	[FIELD_DST_PROJECT] = "dst_project",
	[FIELD_SRC_IMAGE] = "src_image",
	[FIELD_DST_IMAGE] = "dst_image",
	[FIELD_SPOOFED] = "spoofed",
	[FIELD_SRC_CONTAINER_ID] = "src_container_id",
	[FIELD_DST_CONTAINER_ID] = "dst_container_id",
	[FIELD_SRC_MAC] = "src_mac",
	[FIELD_DST_MAC] = "dst_mac",
};

/* Wide enough for usual names; 112 characters in all. */
static const struct output_column columns[] = {
	{ .heading = "TIME", .width = 23 },
	{ .heading = "VERDICT", .width = 7 },
	{ .heading = "FROM", .width = 20 },
	{ .heading = "TO", .width = 25 },
	{ .heading = "PROTO", .width = 8 },
	{ .heading = "CHAIN", .width = 24 },
};

const struct output_spec event_spec = {
	.fields = fields,
	.n_fields = ARRAY_SIZE(fields),
	.columns = columns,
	.n_columns = ARRAY_SIZE(columns),
};

/* The address as bytes. Returns its family, 0 when there is none. */
static int address_bytes(sqlite3_stmt *stmt, int column, uint8_t *ret)
{
	uint32_t v4;

	switch (sqlite3_column_type(stmt, column)) {
	case SQLITE_INTEGER:
		v4 = htonl((uint32_t)sqlite3_column_int64(stmt, column));
		memcpy(ret, &v4, sizeof(v4));
		return 4;
	case SQLITE_BLOB:
		if (sqlite3_column_bytes(stmt, column) != 16)
			return 0;
		memcpy(ret, sqlite3_column_blob(stmt, column), 16);
		return 6;
	default:
		return 0;
	}
}

static void read_addresses(sqlite3_stmt *stmt, struct event_row *row)
{
	struct value *v = row->values;
	int src = address_bytes(stmt, COL_SRC_IP, row->src);
	int dst = address_bytes(stmt, COL_DST_IP, row->dst);

	row->family = src == dst ? src : 0;
	v[FIELD_SRC_IP] = address_value(stmt, COL_SRC_IP, row->src_ip,
					sizeof(row->src_ip));
	v[FIELD_DST_IP] = address_value(stmt, COL_DST_IP, row->dst_ip,
					sizeof(row->dst_ip));
}

/* A column as a small number, -1 when it is none. */
static int small(sqlite3_stmt *stmt, int column)
{
	if (sqlite3_column_type(stmt, column) != SQLITE_INTEGER)
		return -1;
	return sqlite3_column_int(stmt, column);
}

static void read_ports(sqlite3_stmt *stmt, struct event_row *row)
{
	struct value flags = query_value(stmt, COL_TCP_FLAGS);
	struct value *v = row->values;
	struct port_values ports;

	ports = port_values_read(stmt, COL_PROTO, COL_DST_PORT, row->proto,
				 sizeof(row->proto));
	v[FIELD_PROTO] = ports.proto;
	v[FIELD_SRC_PORT] = query_value(stmt, COL_SRC_PORT);
	v[FIELD_DST_PORT] = ports.dst_port;
	v[FIELD_ICMP_TYPE] = ports.icmp_type;
	v[FIELD_ICMP_CODE] = ports.icmp_code;
	row->icmp = ports.icmp_type.kind == VALUE_INT
			    ? small(stmt, COL_DST_PORT)
			    : -1;
	if (flags.kind == VALUE_INT)
		v[FIELD_TCP_FLAGS] = text_value(
			tcp_flags_text((unsigned int)flags.number,
				       row->tcp_flags, sizeof(row->tcp_flags)));
}

/* "fragment,overlogged" */
static const char *mark_words(unsigned int marks, char *buf, size_t size)
{
	static const struct {
		unsigned int mark;
		const char *word;
	} words[] = {
		{ EVENT_FRAGMENT, "fragment" },
		{ EVENT_TRUNCATED, "truncated" },
		{ EVENT_MALFORMED, "malformed" },
		{ EVENT_OVERLOGGED, "overlogged" },
		{ EVENT_PROBE, "probe" },
	};
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (marks & words[i].mark)
			len += (size_t)snprintf(buf + len, size - len, "%s%s",
						len > 0 ? "," : "",
						words[i].word);
	return buf;
}

void event_row_read(sqlite3_stmt *stmt, struct event_row *ret)
{
	struct value *v = ret->values;

	for (size_t i = 0; i < FIELD_COUNT; i++)
		v[i] = (struct value){ .kind = VALUE_ABSENT };
	ret->id = sqlite3_column_int64(stmt, COL_ID);
	ret->time_ns = (uint64_t)sqlite3_column_int64(stmt, COL_TIME);
	ret->verdict = sqlite3_column_int(stmt, COL_VERDICT);
	ret->marks = (unsigned int)sqlite3_column_int(stmt, COL_MARKS);
	ret->conversation = sqlite3_column_int64(stmt, COL_CONVERSATION);
	ret->table = (const char *)sqlite3_column_text(stmt, COL_TABLE);
	ret->proto_number = small(stmt, COL_PROTO);
	ret->flags = small(stmt, COL_TCP_FLAGS);
	snprintf(ret->rule_id, sizeof(ret->rule_id), "%012" PRIx64,
		 (uint64_t)sqlite3_column_int64(stmt, COL_RULE_ID));

	v[FIELD_ID] = int_value(ret->id);
	v[FIELD_TIME] = text_value(
		time_rfc3339(ret->time_ns, ret->time, sizeof(ret->time)));
	v[FIELD_VERDICT] = text_value(verdict_name(ret->verdict));
	v[FIELD_CHAIN] = query_value(stmt, COL_CHAIN);
	v[FIELD_RULE_ID] = text_value(ret->rule_id);
	v[FIELD_RULE] = query_value(stmt, COL_RULE);
	v[FIELD_IN_IF] = query_value(stmt, COL_IN_IF);
	v[FIELD_OUT_IF] = query_value(stmt, COL_OUT_IF);
	v[FIELD_SRC_NETWORK] = query_value(stmt, COL_SRC_NETWORK);
	v[FIELD_DST_NETWORK] = query_value(stmt, COL_DST_NETWORK);
	read_addresses(stmt, ret);
	read_ports(stmt, ret);
	v[FIELD_LENGTH] = query_value(stmt, COL_LENGTH);
	v[FIELD_TTL] = query_value(stmt, COL_TTL);
	v[FIELD_MARKS] = text_value(mark_words(ret->marks, ret->mark_words,
					       sizeof(ret->mark_words)));
	ret->packets = sqlite3_column_int64(stmt, COL_PACKETS);
	if (ret->packets > 1)
		v[FIELD_COLLAPSED] = query_value(stmt, COL_PACKETS);
	for (int i = FIELD_SRC_CONTAINER; i < FIELD_COUNT; i++)
		v[i] = query_value(stmt, COL_NAMES + i - FIELD_SRC_CONTAINER);
}

/* The place, and the container in it where there is one. */
static void full_place(const struct value *network, const struct value *ifname,
		       const struct value *container, char *buf, size_t size)
{
	size_t len;

	place_text(network, ifname, buf, size);
	len = strlen(buf);
	if (container->kind != VALUE_TEXT || len + 2 >= size)
		return;
	buf[len] = ' ';
	str_escape(buf + len + 1, size - len - 1, container->text);
}

/* "front web 172.18.0.2", "data [fd00::2]:3306" */
static void side_text(const char *place, const struct value *ip,
		      const struct value *port, char *buf, size_t size)
{
	bool v6 = ip->kind == VALUE_TEXT && strchr(ip->text, ':');

	if (ip->kind != VALUE_TEXT)
		snprintf(buf, size, "%s", place);
	else if (port->kind != VALUE_INT)
		snprintf(buf, size, "%s %s", place, ip->text);
	else
		snprintf(buf, size, v6 ? "%s [%s]:%" PRId64 : "%s %s:%" PRId64,
			 place, ip->text, port->number);
}

/* "tcp SYN", "icmp 8/0", "udp fragment", "tcp SYN x12" */
const char *event_row_what(const struct event_row *row, char *buf, size_t size)
{
	const struct value *collapsed = &row->values[FIELD_COLLAPSED];
	const struct value *v = row->values;
	const char *proto =
		v[FIELD_PROTO].kind == VALUE_TEXT ? v[FIELD_PROTO].text : "?";
	const char *mark = row->marks & EVENT_MALFORMED		? " malformed"
			   : row->marks & EVENT_TRUNCATED	? " truncated"
			   : row->marks & EVENT_FRAGMENT	? " fragment"
			   : row->marks & EVENT_OVERLOGGED	? " overlogged"
			   : v[FIELD_SPOOFED].kind == VALUE_INT ? " spoofed"
								: "";

	if (v[FIELD_ICMP_TYPE].kind == VALUE_INT)
		snprintf(buf, size, "%s %" PRId64 "/%" PRId64 "%s", proto,
			 v[FIELD_ICMP_TYPE].number, v[FIELD_ICMP_CODE].number,
			 mark);
	else if (v[FIELD_TCP_FLAGS].kind == VALUE_TEXT)
		snprintf(buf, size, "%s %s%s", proto, v[FIELD_TCP_FLAGS].text,
			 mark);
	else
		snprintf(buf, size, "%s%s", proto, mark);
	if (collapsed->kind == VALUE_INT) {
		size_t len = strlen(buf);

		snprintf(buf + len, size - len, " x%" PRId64,
			 collapsed->number);
	}
	return buf;
}

static int output_as_cells(struct output *o, const struct event_row *row)
{
	static const struct value none = { .kind = VALUE_ABSENT };
	const struct value *v = row->values;
	char src[2 * PLACE_MAX], dst[2 * PLACE_MAX];
	char from[2 * PLACE_MAX + 64], to[2 * PLACE_MAX + 64];
	char time[TIME_TEXT_MAX], proto[96], chain[256];

	bool numeric = output_is_numeric(o);

	full_place(numeric ? &none : &v[FIELD_SRC_NETWORK], &v[FIELD_IN_IF],
		   numeric ? &none : &v[FIELD_SRC_CONTAINER], src, sizeof(src));
	full_place(numeric ? &none : &v[FIELD_DST_NETWORK], &v[FIELD_OUT_IF],
		   numeric ? &none : &v[FIELD_DST_CONTAINER], dst, sizeof(dst));
	side_text(src, &v[FIELD_SRC_IP], &none, from, sizeof(from));
	side_text(dst, &v[FIELD_DST_IP], &v[FIELD_DST_PORT], to, sizeof(to));
	event_row_what(row, proto, sizeof(proto));
	if (v[FIELD_CHAIN].kind == VALUE_TEXT)
		str_escape(chain, sizeof(chain), v[FIELD_CHAIN].text);
	else /* its text came too late or never */
		snprintf(chain, sizeof(chain), "rule %s", row->rule_id);
	return output_cells(o, (const struct cell[]){
				       { .text = time_local(row->time_ns, time,
							    sizeof(time)) },
				       { .text = verdict_name(row->verdict),
					 .color = verdict_color(row->verdict) },
				       { .text = from },
				       { .text = to },
				       { .text = proto },
				       { .text = chain } });
}

int event_row_output(struct output *o, const struct event_row *row)
{
	if (output_wants_events(o))
		return output_event(o, row);
	return output_wants_cells(o) ? output_as_cells(o, row)
				     : output_row(o, row->values);
}
