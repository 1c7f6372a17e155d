// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of dimensions, and their columns to fields and cells. s, d, i, o
 * and r are networks, interfaces and rule of the path p of the flow c.
 */
#include "cli/query/dimension.h"

#include <errno.h>
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

/* '' when the container has none. */
#define OF_CONTAINER(container, column)                                        \
	"CASE WHEN " container ".id IS NOT NULL THEN"                          \
	" coalesce(" container "." column ", '') END"

/* What is unknown is not outside. */
#define EXTERNAL(container, network, interface)                                \
	"CASE WHEN " container ".id IS NULL AND p." network " IS NULL THEN"    \
	" (SELECT name FROM interface WHERE id = p." interface ") END"

#define SOURCE(field, column)                                                  \
	.type = DIMENSION_OWNER, .asks = ASKS_ADDRESS,                         \
	.sql = { OF_CONTAINER("sc", column),                                   \
		 EXTERNAL("sc", "src_network", "in_if") },                     \
	.fields = { field, "src_external" }
#define DESTINATION(field, column)                                             \
	.type = DIMENSION_OWNER, .asks = ASKS_ADDRESS,                         \
	.sql = { OF_CONTAINER("dc", column),                                   \
		 EXTERNAL("dc", "dst_network", "out_if") },                    \
	.fields = { field, "dst_external" }

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
	  SOURCE("src_container", "name") },
	{ .name = "dst_container",
	  .heading = "TO CONTAINER",
	  DESTINATION("dst_container", "name") },
	{ .name = "src_service",
	  .heading = "FROM SERVICE",
	  SOURCE("src_service", "service") },
	{ .name = "dst_service",
	  .heading = "TO SERVICE",
	  DESTINATION("dst_service", "service") },
	{ .name = "src_project",
	  .heading = "FROM PROJECT",
	  SOURCE("src_project", "project") },
	{ .name = "dst_project",
	  .heading = "TO PROJECT",
	  DESTINATION("dst_project", "project") },
	{ .name = "src_image",
	  .heading = "FROM IMAGE",
	  SOURCE("src_image", "image") },
	{ .name = "dst_image",
	  .heading = "TO IMAGE",
	  DESTINATION("dst_image", "image") },
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
	case DIMENSION_OWNER:
		ret[0] = query_value(stmt, column);
		if (sqlite3_column_type(stmt, column) == SQLITE_TEXT)
			ret[0].kind = VALUE_TEXT; /* "" is no unknown one */
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

const char *dimension_words(const struct dimension *d, const struct value *v,
			    char *buf, size_t size)
{
	if (d->type == DIMENSION_OWNER && v[0].kind == VALUE_TEXT &&
	    !*v[0].text)
		str_copy(buf, size, "-");
	else if (d->type == DIMENSION_PLACE || d->type == DIMENSION_OWNER)
		place_text(&v[0], &v[1], buf, size);
	else if (d->type == DIMENSION_PORT)
		port_text(&(struct port_values){ v[0], v[1], v[2], v[3] }, buf,
			  size);
	else if (v[0].kind == VALUE_TEXT)
		str_escape(buf, size, v[0].text);
	else
		str_copy(buf, size, "?");
	return buf;
}

struct cell dimension_cell(const struct dimension *d, sqlite3_stmt *stmt,
			   int column, struct dimension_text *text)
{
	struct value v[DIMENSION_FIELDS] = { 0 };
	struct cell cell = { 0 };

	dimension_values(d, stmt, column, text, v);
	cell.text = dimension_words(d, v, text->cell, sizeof(text->cell));
	if (d->type == DIMENSION_VERDICT)
		cell.color = verdict_color(sqlite3_column_int(stmt, column));
	return cell;
}
