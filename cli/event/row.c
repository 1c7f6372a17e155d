// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A row of QUERY_EVENTS to fields and to cells. What is unknown stays absent;
 * what others wrote is escaped when it becomes a cell.
 */
#include "cli/event/row.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/event/names.h"
#include "cli/event/words.h"
#include "cli/query/query.h"
#include "lib/event.h"
#include "lib/text.h"

enum { PROTO_TCP = 6 };

/* Columns of QUERY_EVENTS. */
enum column {
	COL_ID,
	COL_TIME,
	COL_DETAIL,
	COL_PACKETS,
	COL_CONVERSATION,
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
	{ .heading = "TIME", .width = 23, .whole = true, .spare = 3 },
	{ .heading = "VERDICT", .width = 7, .whole = true },
	{ .heading = "FROM", .width = 20 },
	{ .heading = "TO", .width = 25 },
	{ .heading = "PROTO", .width = 8, .whole = true, .spare = 2 },
	{ .heading = "CHAIN", .width = 24, .spare = 1 },
};

const struct output_spec event_spec = {
	.fields = fields,
	.n_fields = ARRAY_SIZE(fields),
	.columns = columns,
	.n_columns = ARRAY_SIZE(columns),
};

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

/* What is packed into detail (schema.sql), as far as the packet has it. */
static void read_detail(uint64_t detail, struct event_row *row)
{
	struct value *v = row->values;
	/* a service with a port that is not ICMP's */
	bool ports = v[FIELD_DST_PORT].kind == VALUE_INT;
	bool tcp = ports && row->proto_number == PROTO_TCP;
	int flags = tcp && !(detail >> 55 & 1) ? (int)(detail >> 16 & 255) : -1;

	if (ports)
		v[FIELD_SRC_PORT] = int_value((int64_t)(detail & 65535));
	if (flags >= 0 && flags != row->flags)
		tcp_flags_text((unsigned int)flags, row->tcp_flags,
			       sizeof(row->tcp_flags));
	row->flags = flags;
	v[FIELD_TCP_FLAGS] = text_value(flags >= 0 ? row->tcp_flags : NULL);
	v[FIELD_LENGTH] = int_value((int64_t)(detail >> 32 & 131071));
	if (row->has_source)
		v[FIELD_TTL] = int_value((int64_t)(detail >> 24 & 255));
	row->marks = (unsigned int)(detail >> 52 & 7);
	if (row->probe)
		row->marks |= EVENT_PROBE;
}

int event_row_read(sqlite3_stmt *stmt, struct event_names *names,
		   const struct event_row **ret)
{
	struct event_row *row = NULL;
	int r = event_names_find(
		names, sqlite3_column_int64(stmt, COL_CONVERSATION), &row);
	struct value *v;

	if (r < 0)
		return r;
	v = row->values;
	row->id = sqlite3_column_int64(stmt, COL_ID);
	row->time_ns = (uint64_t)sqlite3_column_int64(stmt, COL_TIME);
	row->packets = sqlite3_column_int64(stmt, COL_PACKETS);
	read_detail((uint64_t)sqlite3_column_int64(stmt, COL_DETAIL), row);
	r = event_names_overlogged(names, row);
	if (r > 0)
		row->marks |= EVENT_OVERLOGGED;
	v[FIELD_ID] = int_value(row->id);
	v[FIELD_TIME] = text_value(
		time_rfc3339(row->time_ns, row->time, sizeof(row->time)));
	v[FIELD_MARKS] = text_value(mark_words(row->marks, row->mark_words,
					       sizeof(row->mark_words)));
	v[FIELD_COLLAPSED] = int_value(row->packets);
	if (row->packets <= 1)
		v[FIELD_COLLAPSED].kind = VALUE_ABSENT;
	*ret = row;
	return r < 0 ? r : 0;
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

/* "tcp SYN", "icmp 8/0", "udp fragment", "tcp SYN x12", "tcp SYN probe" */
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
	if (row->probe) {
		size_t len = strlen(buf);

		str_copy(buf + len, size - len, " probe");
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
