// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A row of QUERY_EVENTS to fields and to cells. What is unknown stays absent;
 * what others wrote is escaped when it becomes a cell.
 */
#include "cli/event_row.h"

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
	[FIELD_COLLAPSED] = "collapsed",
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

/* IPv4 is an integer, IPv6 a blob of 16 bytes. */
static struct value address(sqlite3_stmt *stmt, int column, char *buf,
			    size_t size)
{
	struct value absent = { .kind = VALUE_ABSENT };
	const void *blob;
	uint32_t v4;

	switch (sqlite3_column_type(stmt, column)) {
	case SQLITE_INTEGER:
		v4 = __builtin_bswap32(
			(uint32_t)sqlite3_column_int64(stmt, column));
		if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
			v4 = __builtin_bswap32(v4);
		return text_value(
			addr_text(4, (const uint8_t *)&v4, buf, size));
	case SQLITE_BLOB:
		blob = sqlite3_column_blob(stmt, column);
		if (sqlite3_column_bytes(stmt, column) != 16)
			return absent;
		return text_value(addr_text(6, blob, buf, size));
	default:
		return absent;
	}
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
	if (flags.kind == VALUE_INT)
		v[FIELD_TCP_FLAGS] = text_value(
			tcp_flags_text((unsigned int)flags.number,
				       row->tcp_flags, sizeof(row->tcp_flags)));
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
	v[FIELD_SRC_IP] =
		address(stmt, COL_SRC_IP, ret->src_ip, sizeof(ret->src_ip));
	v[FIELD_DST_IP] =
		address(stmt, COL_DST_IP, ret->dst_ip, sizeof(ret->dst_ip));
	read_ports(stmt, ret);
	v[FIELD_LENGTH] = query_value(stmt, COL_LENGTH);
	v[FIELD_TTL] = query_value(stmt, COL_TTL);
	if (sqlite3_column_int64(stmt, COL_PACKETS) > 1)
		v[FIELD_COLLAPSED] = query_value(stmt, COL_PACKETS);
}

/* "shop_web 172.18.0.2", "shop_db [fd00::2]:3306" */
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
static void proto_text(const struct event_row *row, char *buf, size_t size)
{
	const struct value *collapsed = &row->values[FIELD_COLLAPSED];
	const struct value *v = row->values;
	const char *proto =
		v[FIELD_PROTO].kind == VALUE_TEXT ? v[FIELD_PROTO].text : "?";
	const char *mark = row->marks & EVENT_MALFORMED	  ? " malformed"
			   : row->marks & EVENT_TRUNCATED ? " truncated"
			   : row->marks & EVENT_FRAGMENT  ? " fragment"
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
}

static int output_as_cells(struct output *o, const struct event_row *row)
{
	static const struct value none = { .kind = VALUE_ABSENT };
	const struct value *v = row->values;
	char src[PLACE_MAX], dst[PLACE_MAX];
	char from[PLACE_MAX + 64], to[PLACE_MAX + 64];
	char time[TIME_TEXT_MAX], proto[96], chain[256];

	place_text(&v[FIELD_SRC_NETWORK], &v[FIELD_IN_IF], src, sizeof(src));
	place_text(&v[FIELD_DST_NETWORK], &v[FIELD_OUT_IF], dst, sizeof(dst));
	side_text(src, &v[FIELD_SRC_IP], &none, from, sizeof(from));
	side_text(dst, &v[FIELD_DST_IP], &v[FIELD_DST_PORT], to, sizeof(to));
	proto_text(row, proto, sizeof(proto));
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
	return output_wants_cells(o) ? output_as_cells(o, row)
				     : output_row(o, row->values);
}
