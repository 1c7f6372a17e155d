// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Conversations to rows of their packets, in a table by their ids: nine tables
 * are asked for the names of one, which is most of what a packet costs.
 */
#include "cli/event/names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/event/words.h"
#include "cli/query/query.h"
#include "lib/event.h"

enum { SLOTS = 1024 };

/* Columns of QUERY_NAMES. */
enum column {
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
	COL_DST_PORT,
	COL_TABLE,
	COL_NAMES, /* FIELD_SRC_CONTAINER and what follows it */
	COL_PROBE = COL_NAMES + FIELD_COUNT - FIELD_SRC_CONTAINER,
	COL_INTERNAL,
};

struct event_names {
	sqlite3 *db;
	sqlite3_stmt *stmt;
	sqlite3_stmt *any_overlogged;
	sqlite3_stmt *overlogged;
	struct event_row *rows[SLOTS];
	bool read;	     /* some of them are */
	bool has_overlogged; /* as far as was read */
};

struct event_names *event_names_new(sqlite3 *db)
{
	struct event_names *names = calloc(1, sizeof(*names));

	if (names)
		names->db = db;
	return names;
}

void event_names_forget(struct event_names *names)
{
	for (size_t i = 0; names->read && i < SLOTS; i++) {
		if (names->rows[i])
			free(names->rows[i]->names);
		free(names->rows[i]);
		names->rows[i] = NULL;
	}
	names->read = false;
}

void event_names_free(struct event_names *names)
{
	if (!names)
		return;
	event_names_forget(names);
	sqlite3_finalize(names->stmt);
	sqlite3_finalize(names->any_overlogged);
	sqlite3_finalize(names->overlogged);
	free(names);
}

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
	row->has_source = sqlite3_column_type(stmt, COL_SRC_IP) != SQLITE_NULL;
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

static void read_service(sqlite3_stmt *stmt, struct event_row *row)
{
	struct port_values ports = port_values_read(
		stmt, COL_PROTO, COL_DST_PORT, row->proto, sizeof(row->proto));
	struct value *v = row->values;

	v[FIELD_PROTO] = ports.proto;
	v[FIELD_DST_PORT] = ports.dst_port;
	v[FIELD_ICMP_TYPE] = ports.icmp_type;
	v[FIELD_ICMP_CODE] = ports.icmp_code;
	row->proto_number = small(stmt, COL_PROTO);
	row->icmp = ports.icmp_type.kind == VALUE_INT
			    ? small(stmt, COL_DST_PORT)
			    : -1;
	row->flags = -1;
}

/* Copies texts that are the statement's; returns behind the last. */
static char *keep(struct value *v, size_t n, char *to)
{
	for (size_t i = 0; i < n; i++) {
		size_t len;

		if (v[i].kind != VALUE_TEXT)
			continue;
		len = strlen(v[i].text) + 1;
		memcpy(to, v[i].text, len);
		v[i].text = to;
		to += len;
	}
	return to;
}

static size_t texts_len(const struct value *v, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		if (v[i].kind == VALUE_TEXT)
			len += strlen(v[i].text) + 1;
	return len;
}

/* The names of the current row, as copies. */
static int read_names(sqlite3_stmt *stmt, struct event_row *row)
{
	enum { N = FIELD_COUNT - FIELD_SRC_CONTAINER };
	struct value table = query_value(stmt, COL_TABLE);
	struct value *v = row->values, *rest = &v[FIELD_SRC_CONTAINER];
	struct value *own = &v[FIELD_RULE]; /* to FIELD_DST_NETWORK */
	struct value *chain = &v[FIELD_CHAIN];
	char *to;

	*chain = query_value(stmt, COL_CHAIN);
	for (int i = 0; i < 5; i++)
		own[i] = query_value(stmt, COL_RULE + i);
	for (int i = 0; i < N; i++)
		rest[i] = query_value(stmt, COL_NAMES + i);
	to = malloc(texts_len(&table, 1) + texts_len(chain, 1) +
		    texts_len(own, 5) + texts_len(rest, N) + 1);
	if (!to)
		return -ENOMEM;
	row->names = to;
	to = keep(&table, 1, to);
	to = keep(chain, 1, to);
	to = keep(own, 5, to);
	keep(rest, N, to);
	row->table = table.kind == VALUE_TEXT ? table.text : NULL;
	return 0;
}

static int load(struct event_names *names, int64_t conversation,
		struct event_row *row)
{
	sqlite3_stmt *stmt = names->stmt;
	int r;

	free(row->names);
	memset(row, 0, sizeof(*row));
	query_bind(stmt, ":id", conversation);
	r = query_step(stmt);
	if (r == 1)
		r = read_names(stmt, row);
	else if (r == 0) /* its event was joined with it */
		r = -EUCLEAN;
	if (r == 0) {
		row->verdict = sqlite3_column_int(stmt, COL_VERDICT);
		row->values[FIELD_VERDICT] =
			text_value(verdict_name(row->verdict));
		row->rule = (uint64_t)sqlite3_column_int64(stmt, COL_RULE_ID);
		row->probe = sqlite3_column_int(stmt, COL_PROBE);
		row->internal = sqlite3_column_int(stmt, COL_INTERNAL);
		snprintf(row->rule_id, sizeof(row->rule_id), "%012" PRIx64,
			 row->rule);
		row->values[FIELD_RULE_ID] = text_value(row->rule_id);
		read_addresses(stmt, row);
		read_service(stmt, row);
		row->conversation = conversation;
	}
	sqlite3_reset(stmt);
	return r;
}

/* At the first row of a transaction. */
static int begin(struct event_names *names)
{
	int r = 0;

	if (!names->stmt) {
		r = query_prepare(names->db, QUERY_NAMES, &names->stmt);
		if (r == 0)
			r = query_prepare(names->db, QUERY_OVERLOGGED_ANY,
					  &names->any_overlogged);
		if (r == 0)
			r = query_prepare(names->db, QUERY_OVERLOGGED,
					  &names->overlogged);
	}
	if (r == 0)
		r = query_step(names->any_overlogged);
	sqlite3_reset(names->any_overlogged);
	names->has_overlogged = r == 1;
	names->read = true;
	return r < 0 ? r : 0;
}

int event_names_find(struct event_names *names, int64_t conversation,
		     struct event_row **ret)
{
	struct event_row **row =
		&names->rows[(uint64_t)conversation & (SLOTS - 1)];
	int r = 0;

	if (!names->read)
		r = begin(names);
	if (r == 0 && !*row)
		*row = calloc(1, sizeof(**row));
	if (r == 0 && !*row)
		return -ENOMEM;
	if (r == 0 && (!(*row)->names || (*row)->conversation != conversation))
		r = load(names, conversation, *row);
	if (r == 0)
		*ret = *row;
	return r;
}

int event_names_overlogged(struct event_names *names,
			   const struct event_row *row)
{
	int r;

	if (!names->has_overlogged)
		return 0;
	query_bind(names->overlogged, ":rule", (int64_t)row->rule);
	query_bind(names->overlogged, ":time", (int64_t)row->time_ns);
	r = query_step(names->overlogged);
	sqlite3_reset(names->overlogged);
	return r;
}
