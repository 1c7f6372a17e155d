/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Columns of the database in the words that log, follow and matrix share. */
#ifndef BRIDGEAUDIT_CLI_EVENT_WORDS_H
#define BRIDGEAUDIT_CLI_EVENT_WORDS_H

#include <sqlite3.h>
#include <stddef.h>

#include "cli/value.h"

/* IANA number and destination port, or ICMP type * 256 + code, as values. */
struct port_values {
	struct value proto, dst_port, icmp_type, icmp_code;
};

/* The name of a protocol, "others" for PROTO_OTHERS; buf holds it when it
 * must. */
struct value proto_value(int64_t number, char *buf, size_t size);

/* buf as above. */
struct port_values port_values_read(sqlite3_stmt *stmt, int proto_column,
				    int port_column, char *buf, size_t size);

/* "tcp/3306", "icmp/8", "?" into buf, which it returns. */
const char *port_text(const struct port_values *port, char *buf, size_t size);

/* An address column as text in buf (ADDR_TEXT_MAX bytes), or absent. */
struct value address_value(sqlite3_stmt *stmt, int column, char *buf,
			   size_t size);

/* The colour of a verdict. */
enum color verdict_color(int verdict);

enum { PLACE_MAX = 1280 };

/*
 * Escaped text of one side for a person: the network's name, else the
 * interface in parentheses, else "?". Returns buf (PLACE_MAX bytes).
 */
const char *place_text(const struct value *network, const struct value *ifname,
		       char *buf, size_t size);

/* A value of text, absent when it is NULL or empty; a value of a number. */
struct value text_value(const char *text);
struct value int_value(int64_t number);

#endif
