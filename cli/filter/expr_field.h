/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be asked about a packet: one table entry is an option --X, where
 * it has sides also --from-X and --to-X, and a word of --where.
 */
#ifndef BRIDGEAUDIT_CLI_FILTER_EXPR_FIELD_H
#define BRIDGEAUDIT_CLI_FILTER_EXPR_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct guess;
enum expr_side { SIDE_FROM, SIDE_TO, SIDE_EITHER, SIDE_COUNT };

/* What is asked about, besides the path: it decides what can answer. */
enum expr_asks {
	ASKS_SERVICE = 1, /* of the conversation: protocol, port */
	ASKS_ADDRESS = 2, /* of the conversation */
	ASKS_EVENT = 4,
	ASKS_PROBE = 8,	  /* test packets of ours, which are not counted else */
	ASKS_SOURCE = 16, /* of the conversation: its source address only */
};

/* How a value is read and compared. */
enum expr_type {
	EXPR_NONE,    /* there is no value */
	EXPR_NAME,    /* of a dictionary; * ? and [] make it a pattern */
	EXPR_ADDRESS, /* or CIDR */
	EXPR_PORT,    /* or a range */
	EXPR_VERDICT,
	EXPR_PROTO,
	EXPR_FLAGS, /* all of them are set */
};

/*
 * sql: "@" stands for the comparison with the value, p is the path, c the
 * conversation, e the event. Without sides only that of SIDE_EITHER is there;
 * with them that one is NULL: either of the two. event: what the event alone
 * has to fulfil for sql to, where there is such a thing.
 */
struct expr_field {
	const char *name;
	const char *alias; /* in --where; NULL: none */
	const char *takes; /* "a port, or a range such as 8000-8080" */
	const char *group; /* options that mean "or" together; NULL: its own */
	enum expr_type type;
	bool sides;
	unsigned int asks[SIDE_COUNT]; /* enum expr_asks */
	const char *sql[SIDE_COUNT];
	const char *event[SIDE_COUNT];
	const char *known; /* rows when the dictionary has "@" */
	const char *names; /* all names of it */
};

struct expr_value {
	const char *text; /* as written */
	bool pattern;	  /* of EXPR_NAME */
	int family;	  /* of EXPR_ADDRESS: 4, 6 */
	int64_t low;	  /* numbers; an IPv4 address as stored */
	int64_t high;
	uint8_t low6[16]; /* IPv6 */
	uint8_t high6[16];
};

/* The i-th field, NULL behind the last; the one of that name or alias. */
const struct expr_field *expr_field_at(size_t i);
const struct expr_field *expr_field_find(const char *name, size_t len);

/* 0, or -EINVAL when the field can't have such a value; offers those it can. */
int expr_value_parse(const struct expr_field *field, const char *text,
		     struct expr_value *ret);
void expr_value_guess(const struct expr_field *field, struct guess *guess);

/* "= :w3", "GLOB :w3", "BETWEEN :w3 AND :w3b" for "@" of node 3. */
const char *expr_value_sql(const struct expr_field *field,
			   const struct expr_value *value, int node, char *buf,
			   size_t size);

#endif
