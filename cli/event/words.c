// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers of the database to words and to the values that rows consist of. */
#include "cli/event/words.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "cli/query/column.h"
#include "cli/query/query.h"
#include "lib/addr.h"
#include "lib/event.h"
#include "lib/text.h"

enum { PROTO_ICMP = 1, PROTO_ICMPV6 = 58 };

struct value text_value(const char *text)
{
	return (struct value){ .kind = text && *text ? VALUE_TEXT
						     : VALUE_ABSENT,
			       .text = text };
}

struct value int_value(int64_t number)
{
	return (struct value){ .kind = VALUE_INT, .number = number };
}

struct value proto_value(int64_t number, char *buf, size_t size)
{
	return text_value(
		number == PROTO_OTHERS
			? "others"
			: proto_name((unsigned int)number, buf, size));
}

struct port_values port_values_read(sqlite3_stmt *stmt, int proto_column,
				    int port_column, char *buf, size_t size)
{
	struct value proto = query_value(stmt, proto_column);
	struct value port = query_value(stmt, port_column);
	struct port_values v = { .proto = { .kind = VALUE_ABSENT } };

	if (proto.kind != VALUE_INT)
		return v;
	v.proto = proto_value(proto.number, buf, size);
	if (port.kind != VALUE_INT)
		return v;
	if (proto.number == PROTO_ICMP || proto.number == PROTO_ICMPV6) {
		v.icmp_type = int_value(port.number >> 8);
		v.icmp_code = int_value(port.number & 255);
	} else {
		v.dst_port = port;
	}
	return v;
}

const char *port_text(const struct port_values *port, char *buf, size_t size)
{
	const struct value *n = port->dst_port.kind == VALUE_INT
					? &port->dst_port
					: &port->icmp_type;
	const char *proto =
		port->proto.kind == VALUE_TEXT ? port->proto.text : "?";
	char number[NUMBER_TEXT_MAX + 1] = "/";
	size_t len;

	str_copy(buf, size, proto);
	if (n->kind == VALUE_INT) {
		len = strlen(buf);
		str_number(number + 1, n->number);
		str_copy(buf + len, size - len, number);
	}
	return buf;
}

/* IPv4 is an integer, IPv6 a blob of 16 bytes. */
struct value address_value(sqlite3_stmt *stmt, int column, char *buf,
			   size_t size)
{
	struct value absent = { .kind = VALUE_ABSENT };
	const void *blob;
	uint32_t v4;

	switch (sqlite3_column_type(stmt, column)) {
	case SQLITE_INTEGER:
		v4 = htonl((uint32_t)sqlite3_column_int64(stmt, column));
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

enum color verdict_color(int verdict)
{
	switch (verdict) {
	case VERDICT_DROP:
		return COLOR_RED;
	case VERDICT_ACCEPT:
		return COLOR_GREEN;
	case VERDICT_PASS:
		return COLOR_YELLOW;
	default:
		return COLOR_NONE;
	}
}

const char *place_text(const struct value *network, const struct value *ifname,
		       char *buf, size_t size)
{
	const struct value *name =
		network->kind == VALUE_TEXT ? network : ifname;
	char safe[PLACE_MAX - 8];

	if (name->kind != VALUE_TEXT) {
		str_copy(buf, size, "?");
		return buf;
	}
	if (name == network)
		return str_escape(buf, size, name->text);
	str_escape(safe, sizeof(safe), name->text);
	snprintf(buf, size, "(%s)", safe);
	return buf;
}
