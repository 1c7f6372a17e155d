// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of dimensions, and their columns to fields and cells. s, d, i, o
 * and r are networks, interfaces and rule of the path p of the flow c.
 */
#include "cli/query/dimension.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/guess.h"
#include "cli/query/column.h"
#include "cli/query/query.h"
#include "lib/event.h"
#include "lib/text.h"

enum { WORD_MAX = 32 };

/* The interface where there is no network: only then it is looked for. */
#define PLACE_ELSE(network, interface)                                         \
	"CASE WHEN " network ".name IS NULL THEN"                              \
	" (SELECT name FROM interface WHERE id = p." interface ") END"

static const struct dimension dimensions[] = {
	{ .name = "from",
	  .alias = "src_network",
	  .heading = "FROM",
	  .type = DIMENSION_PLACE,
	  .sql = { "s.name", PLACE_ELSE("s", "in_if") },
	  .fields = { "src_network", "in_if" } },
	{ .name = "to",
	  .alias = "dst_network",
	  .heading = "TO",
	  .type = DIMENSION_PLACE,
	  .sql = { "d.name", PLACE_ELSE("d", "out_if") },
	  .fields = { "dst_network", "out_if" } },
	{ .name = "src_ip",
	  .heading = "FROM IP",
	  .type = DIMENSION_ADDRESS,
	  .asks = ASKS_SOURCE,
	  .sql = { "c.src_ip" },
	  .fields = { "src_ip" } },
	{ .name = "dst_ip",
	  .heading = "TO IP",
	  .type = DIMENSION_ADDRESS,
	  .asks = ASKS_ADDRESS,
	  .sql = { "c.dst_ip" },
	  .fields = { "dst_ip" } },
	{ .name = "src_container",
	  .heading = "FROM CONTAINER",
	  .type = DIMENSION_TEXT,
	  .asks = ASKS_ADDRESS,
	  .sql = { "sc.name" },
	  .fields = { "src_container" } },
	{ .name = "dst_container",
	  .heading = "TO CONTAINER",
	  .type = DIMENSION_TEXT,
	  .asks = ASKS_ADDRESS,
	  .sql = { "dc.name" },
	  .fields = { "dst_container" } },
	{ .name = "src_service",
	  .heading = "FROM SERVICE",
	  .type = DIMENSION_TEXT,
	  .asks = ASKS_ADDRESS,
	  .sql = { "sc.service" },
	  .fields = { "src_service" } },
	{ .name = "dst_service",
	  .heading = "TO SERVICE",
	  .type = DIMENSION_TEXT,
	  .asks = ASKS_ADDRESS,
	  .sql = { "dc.service" },
	  .fields = { "dst_service" } },
	{ .name = "src_project",
	  .heading = "FROM PROJECT",
	  .type = DIMENSION_TEXT,
	  .asks = ASKS_ADDRESS,
	  .sql = { "sc.project" },
	  .fields = { "src_project" } },
	{ .name = "dst_project",
	  .heading = "TO PROJECT",
	  .type = DIMENSION_TEXT,
	  .asks = ASKS_ADDRESS,
	  .sql = { "dc.project" },
	  .fields = { "dst_project" } },
	{ .name = "src_image",
	  .heading = "FROM IMAGE",
	  .type = DIMENSION_TEXT,
	  .asks = ASKS_ADDRESS,
	  .sql = { "sc.image" },
	  .fields = { "src_image" } },
	{ .name = "dst_image",
	  .heading = "TO IMAGE",
	  .type = DIMENSION_TEXT,
	  .asks = ASKS_ADDRESS,
	  .sql = { "dc.image" },
	  .fields = { "dst_image" } },
	{ .name = "in_if",
	  .heading = "IN",
	  .type = DIMENSION_TEXT,
	  .sql = { "i.name" },
	  .fields = { "in_if" } },
	{ .name = "out_if",
	  .heading = "OUT",
	  .type = DIMENSION_TEXT,
	  .sql = { "o.name" },
	  .fields = { "out_if" } },
	{ .name = "port",
	  .alias = "dst_port",
	  .heading = "PORT",
	  .type = DIMENSION_PORT,
	  .sql = { QUERY_PROTO, QUERY_PORT },
	  .fields = { "proto", "dst_port", "icmp_type", "icmp_code" } },
	{ .name = "proto",
	  .heading = "PROTO",
	  .type = DIMENSION_PROTO,
	  .sql = { QUERY_PROTO },
	  .fields = { "proto" } },
	{ .name = "verdict",
	  .heading = "VERDICT",
	  .type = DIMENSION_VERDICT,
	  .sql = { "p.verdict" },
	  .fields = { "verdict" } },
	{ .name = "chain",
	  .heading = "CHAIN",
	  .type = DIMENSION_TEXT,
	  .sql = { "r.chain" },
	  .fields = { "chain" } },
	{ .name = "rule",
	  .heading = "RULE",
	  .type = DIMENSION_TEXT,
	  .sql = { "r.text" },
	  .fields = { "rule" } },
};

/* Words for both sides at once. */
static const struct {
	const char *name;
	const char *from, *to;
} pairs[] = {
	{ "network", "from", "to" },
	{ "ip", "src_ip", "dst_ip" },
	{ "container", "src_container", "dst_container" },
	{ "service", "src_service", "dst_service" },
	{ "project", "src_project", "dst_project" },
	{ "image", "src_image", "dst_image" },
	{ "interface", "in_if", "out_if" },
};

static const struct dimension *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(dimensions); i++) {
		const struct dimension *d = &dimensions[i];

		if (strcmp(name, d->name) == 0 ||
		    (d->alias && strcmp(name, d->alias) == 0))
			return d;
	}
	return NULL;
}

/* Or one too many. */
static void say_no_dimension(const struct cli *cli, const char *name)
{
	struct guess guess = { .written = name };
	char list[512] = "", meant[GUESS_TEXT_MAX];
	size_t at = 0;

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s, ",
				       pairs[i].name);
		guess_offer(&guess, pairs[i].name);
	}
	for (size_t i = 0; i < ARRAY_SIZE(dimensions); i++) {
		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s",
				       i ? ", " : "", dimensions[i].name);
		guess_offer(&guess, dimensions[i].name);
	}
	cli_error(cli, "--by takes up to %d of %s, not '%s'%s", GROUP_MAX, list,
		  name, guess_text(&guess, meant, sizeof(meant)));
}

static int add(const struct cli *cli, const char *name, struct group *g)
{
	const struct dimension *d = find(name);

	for (size_t i = 0; d && i < g->n; i++) {
		if (g->by[i] == d) {
			cli_error(cli, "--by has '%s' twice", name);
			return -EINVAL;
		}
	}
	if (!d || g->n == GROUP_MAX) {
		say_no_dimension(cli, name);
		return -EINVAL;
	}
	g->by[g->n++] = d;
	return 0;
}

static int add_word(const struct cli *cli, const char *word, struct group *g)
{
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		if (strcmp(word, pairs[i].name) != 0)
			continue;
		r = add(cli, pairs[i].from, g);
		return r < 0 ? r : add(cli, pairs[i].to, g);
	}
	return add(cli, word, g);
}

int group_parse(const struct cli *cli, const char *by, struct group *ret)
{
	struct group g = { .n = 0 };
	int r = 0;

	do {
		size_t len = strcspn(by, ",");
		char word[WORD_MAX];

		snprintf(word, sizeof(word), "%.*s", (int)len, by);
		r = add_word(cli, word, &g);
		by += len;
	} while (r == 0 && *by++);
	if (r == 0)
		*ret = g;
	return r;
}

bool dimension_is_whole(const struct dimension *d)
{
	return d->type == DIMENSION_PORT || d->type == DIMENSION_PROTO ||
	       d->type == DIMENSION_VERDICT;
}

size_t dimension_columns(const struct dimension *d)
{
	return d->sql[1] ? 2 : 1;
}

size_t dimension_fields(const struct dimension *d)
{
	size_t n = 0;

	while (n < DIMENSION_FIELDS && d->fields[n])
		n++;
	return n;
}

void dimension_values(const struct dimension *d, sqlite3_stmt *stmt, int column,
		      struct dimension_text *text, struct value *ret)
{
	struct port_values port;

	switch (d->type) {
	case DIMENSION_PLACE:
		ret[0] = query_value(stmt, column);
		ret[1] = query_value(stmt, column + 1);
		break;
	case DIMENSION_ADDRESS:
		ret[0] = address_value(stmt, column, text->address,
				       sizeof(text->address));
		break;
	case DIMENSION_PORT:
		port = port_values_read(stmt, column, column + 1, text->proto,
					sizeof(text->proto));
		ret[0] = port.proto;
		ret[1] = port.dst_port;
		ret[2] = port.icmp_type;
		ret[3] = port.icmp_code;
		break;
	case DIMENSION_PROTO:
		ret[0] = query_value(stmt, column);
		if (ret[0].kind == VALUE_INT)
			ret[0] = proto_value(ret[0].number, text->proto,
					     sizeof(text->proto));
		break;
	case DIMENSION_VERDICT:
		ret[0] = text_value(
			verdict_name(sqlite3_column_int(stmt, column)));
		break;
	case DIMENSION_TEXT:
		ret[0] = query_value(stmt, column);
		break;
	}
}

struct cell dimension_cell(const struct dimension *d, sqlite3_stmt *stmt,
			   int column, struct dimension_text *text)
{
	struct value v[DIMENSION_FIELDS] = { 0 };
	struct cell cell = { .text = text->cell };

	dimension_values(d, stmt, column, text, v);
	if (d->type == DIMENSION_PLACE) {
		place_text(&v[0], &v[1], text->cell, sizeof(text->cell));
	} else if (d->type == DIMENSION_PORT) {
		port_text(&(struct port_values){ v[0], v[1], v[2], v[3] },
			  text->cell, sizeof(text->cell));
	} else if (v[0].kind == VALUE_TEXT) {
		str_escape(text->cell, sizeof(text->cell), v[0].text);
	} else {
		str_copy(text->cell, sizeof(text->cell), "?");
	}
	if (d->type == DIMENSION_VERDICT)
		cell.color = verdict_color(sqlite3_column_int(stmt, column));
	return cell;
}
