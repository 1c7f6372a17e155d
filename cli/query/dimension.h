/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What answers can be counted by: one table entry is a word of --by, its
 * columns of SQL, its fields for programs and its cell for people.
 */
#ifndef BRIDGEAUDIT_CLI_QUERY_DIMENSION_H
#define BRIDGEAUDIT_CLI_QUERY_DIMENSION_H

#include <sqlite3.h>

#include "cli/cli.h"
#include "cli/event/words.h"
#include "cli/value.h"
#include "lib/addr.h"

enum {
	DIMENSION_COLUMNS = 2,
	DIMENSION_FIELDS = 4,
	DIMENSION_TEXT_MAX = PLACE_MAX,
	GROUP_MAX = 6,
	GROUP_FIELDS_MAX = GROUP_MAX * DIMENSION_FIELDS,
};

enum dimension_type {
	DIMENSION_PLACE, /* a name and, when there is none, the interface */
	DIMENSION_OWNER, /* what a container has ("": nothing), or as above */
	DIMENSION_ADDRESS,
	DIMENSION_PORT, /* protocol and port, or ICMP type and code */
	DIMENSION_PROTO,
	DIMENSION_VERDICT,
	DIMENSION_TEXT,
};

struct dimension {
	const char *name;
	const char *alias; /* as its first field is called; NULL: none */
	const char *heading;
	enum dimension_type type;
	unsigned int asks;		    /* enum expr_asks */
	const char *sql[DIMENSION_COLUMNS]; /* the second may be NULL */
	const char *fields[DIMENSION_FIELDS];
};

/* What --by says, in its order. */
struct group {
	const struct dimension *by[GROUP_MAX];
	size_t n;
};

/*
 * Parses "from,to,port", or a word for both sides such as "network". Returns
 * 0, or -EINVAL after saying what there is.
 */
int group_parse(const struct cli *cli, const char *by, struct group *ret);

/* Whether its cells say nothing when they are cut: ports, verdicts. */
bool dimension_is_whole(const struct dimension *d);

/* How many columns and fields a dimension has. */
size_t dimension_columns(const struct dimension *d);
size_t dimension_fields(const struct dimension *d);

/* Where values and cells of one dimension keep what they point to. */
struct dimension_text {
	char address[ADDR_TEXT_MAX];
	char proto[16];
	char cell[DIMENSION_TEXT_MAX];
};

/* Values of a dimension for a person, escaped, into buf, which it returns. */
const char *dimension_words(const struct dimension *d, const struct value *v,
			    char *buf, size_t size);

/* Reads a dimension from the columns that begin at column. */
void dimension_values(const struct dimension *d, sqlite3_stmt *stmt, int column,
		      struct dimension_text *text, struct value *ret);
struct cell dimension_cell(const struct dimension *d, sqlite3_stmt *stmt,
			   int column, struct dimension_text *text);

#endif
