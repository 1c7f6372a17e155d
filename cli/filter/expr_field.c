// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of fields, and their values from text to what is compared. To ask
 * for something new of a dictionary takes one entry here.
 */
#include "cli/filter/expr_field.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/guess.h"
#include "cli/query/column.h"
#include "lib/event.h"
#include "lib/text.h"

enum { PORT_MAX = 65535, PROTO_COUNT = 256, WORD_MAX = 64 };

/* A bridge's name will do where no network is called so. */
#define NETWORK_IDS                                                            \
	"(SELECT id FROM network /*scan*/ WHERE name @ OR (bridge @ AND"       \
	" NOT EXISTS (SELECT 1 FROM network /*scan*/ WHERE name @)))"
#define INTERFACE_IDS "(SELECT id FROM interface /*scan*/ WHERE name @)"

/* What was true of a container when the conversation began. */
#define OF_CONTAINER(column)                                                   \
	.type = EXPR_NAME, .sides = true,                                      \
	.asks = { ASKS_ADDRESS, ASKS_ADDRESS, ASKS_ADDRESS },                  \
	.sql = { [SIDE_FROM] = "c.src_endpoint IN " OWNERS(column),            \
		 [SIDE_TO] = "c.dst_endpoint IN " OWNERS(column) },            \
	.known =                                                               \
		"SELECT 1 FROM container /*scan*/ WHERE " column " @ LIMIT 1", \
	.names = "SELECT DISTINCT " column " FROM container /*scan*/"          \
		 " WHERE " column " IS NOT NULL ORDER BY 1"
#define OWNERS(column)                                                         \
	"(SELECT w.id FROM container k /*scan*/ JOIN endpoint w"               \
	" ON w.container = k.id WHERE k." column " @)"

static const struct expr_field fields[] = {
	{ .name = "network",
	  .alias = "net",
	  .takes = "a network's name",
	  .type = EXPR_NAME,
	  .sides = true,
	  .sql = { [SIDE_FROM] = "p.src_network IN " NETWORK_IDS,
		   [SIDE_TO] = "p.dst_network IN " NETWORK_IDS },
	  .known = "SELECT 1 FROM network /*scan*/"
		   " WHERE name @ OR bridge @ LIMIT 1",
	  .names = "SELECT DISTINCT name FROM network /*scan*/ ORDER BY name" },
	{ .name = "ip",
	  .alias = "host",
	  .takes = "an address, or a prefix such as 172.18.0.0/16",
	  .type = EXPR_ADDRESS,
	  .sides = true,
	  .asks = { [SIDE_FROM] = ASKS_SOURCE,
		    [SIDE_TO] = ASKS_ADDRESS,
		    [SIDE_EITHER] = ASKS_ADDRESS },
	  .sql = { [SIDE_FROM] = "c.src_ip @", [SIDE_TO] = "c.dst_ip @" } },
	{ .name = "port",
	  .takes = "a port, or a range such as 8000-8080",
	  .type = EXPR_PORT,
	  .sides = true,
	  .asks = { [SIDE_FROM] = ASKS_EVENT,
		    [SIDE_TO] = ASKS_SERVICE,
		    [SIDE_EITHER] = ASKS_EVENT },
	  .sql = { [SIDE_FROM] = QUERY_SRC_PORT " @",
		   [SIDE_TO] = "c.service >> 16 NOT IN (1, 58)"
			       " AND " QUERY_PORT " @" },
	  .event = { [SIDE_FROM] = QUERY_SRC_PORT_BITS " @" } },
	{ .name = "interface",
	  .alias = "if",
	  .takes = "an interface's name",
	  .type = EXPR_NAME,
	  .sides = true,
	  .sql = { [SIDE_FROM] = "p.in_if IN " INTERFACE_IDS,
		   [SIDE_TO] = "p.out_if IN " INTERFACE_IDS },
	  .known = "SELECT 1 FROM interface /*scan*/ WHERE name @ LIMIT 1",
	  .names = "SELECT name FROM interface /*scan*/ ORDER BY name" },
	{ .name = "external",
	  .type = EXPR_NONE,
	  .sides = true,
	  /* what is unknown is not outside */
	  .sql = { [SIDE_FROM] =
			   "p.src_network IS NULL AND p.in_if IS NOT NULL",
		   [SIDE_TO] =
			   "p.dst_network IS NULL AND p.out_if IS NOT NULL" } },
	{ .name = "container",
	  .takes = "a container's name",
	  OF_CONTAINER("name") },
	{ .name = "service",
	  .takes = "a compose or swarm service",
	  OF_CONTAINER("service") },
	{ .name = "project",
	  .takes = "a compose project or swarm stack",
	  OF_CONTAINER("project") },
	{ .name = "image", .takes = "an image's name", OF_CONTAINER("image") },
	{ .name = "mac",
	  .takes = "a MAC such as 02:42:ac:12:00:02",
	  .type = EXPR_NAME,
	  .sides = true,
	  .asks = { ASKS_ADDRESS, ASKS_ADDRESS, ASKS_ADDRESS },
	  .sql = { [SIDE_FROM] = "c.src_endpoint IN (SELECT id FROM endpoint"
				 " /*scan*/ WHERE mac @)",
		   [SIDE_TO] = "c.dst_endpoint IN (SELECT id FROM endpoint"
			       " /*scan*/ WHERE mac @)" },
	  .known = "SELECT 1 FROM endpoint /*scan*/ WHERE mac @ LIMIT 1",
	  .names = "SELECT DISTINCT mac FROM endpoint /*scan*/ WHERE mac IS"
		   " NOT NULL ORDER BY 1" },
	{ .name = "spoofed",
	  .type = EXPR_NONE,
	  .asks = { [SIDE_EITHER] = ASKS_ADDRESS },
	  .sql = { [SIDE_EITHER] = "c.spoofed IS 1" } },
	{ .name = "probe",
	  .type = EXPR_NONE,
	  .asks = { [SIDE_EITHER] = ASKS_PROBE },
	  .sql = { [SIDE_EITHER] = "p.probe IS 1" } },
	{ .name = "verdict",
	  .takes = "drop, accept or pass",
	  .type = EXPR_VERDICT,
	  .sql = { [SIDE_EITHER] = "p.verdict @" } },
	{ .name = "proto",
	  .alias = "protocol",
	  .takes = "a protocol such as tcp, udp, icmp, or its number",
	  .type = EXPR_PROTO,
	  .asks = { [SIDE_EITHER] = ASKS_SERVICE },
	  .sql = { [SIDE_EITHER] = QUERY_PROTO " @" } },
	{ .name = "tcp-flags",
	  .alias = "flags",
	  .takes = "flags such as SYN or SYN,ACK",
	  .type = EXPR_FLAGS,
	  .asks = { [SIDE_EITHER] = ASKS_EVENT },
	  .sql = { [SIDE_EITHER] = QUERY_TCP_FLAGS " @" },
	  .event = { [SIDE_EITHER] = QUERY_TCP_FLAGS_BITS " @" } },
	{ .name = "chain",
	  .takes = "a chain's name",
	  .type = EXPR_NAME,
	  .sql = { [SIDE_EITHER] = "p.rule IN (SELECT id FROM rule /*scan*/"
				   " WHERE chain @)" },
	  .known = "SELECT 1 FROM rule /*scan*/ WHERE chain @ LIMIT 1",
	  .names = "SELECT DISTINCT chain FROM rule /*scan*/ ORDER BY chain" },
	{ .name = "rule",
	  .takes = "a rule's id, or a pattern for its text",
	  .type = EXPR_NAME,
	  .sql = { [SIDE_EITHER] =
			   "p.rule IN (SELECT id FROM rule /*scan*/ WHERE"
			   " printf('%012x', id) @ OR text @)" },
	  .known = "SELECT 1 FROM rule /*scan*/ WHERE printf('%012x', id) @"
		   " OR text @ LIMIT 1",
	  .names = "SELECT printf('%012x', id) FROM rule /*scan*/" },
	{ .name = "ipv4",
	  .group = "family",
	  .type = EXPR_NONE,
	  .asks = { [SIDE_EITHER] = ASKS_ADDRESS },
	  .sql = { [SIDE_EITHER] = "typeof(c.src_ip) = 'integer'" } },
	{ .name = "ipv6",
	  .group = "family",
	  .type = EXPR_NONE,
	  .asks = { [SIDE_EITHER] = ASKS_ADDRESS },
	  .sql = { [SIDE_EITHER] = "typeof(c.src_ip) = 'blob'" } },
};

const struct expr_field *expr_field_at(size_t i)
{
	return i < ARRAY_SIZE(fields) ? &fields[i] : NULL;
}

static bool is_word(const char *word, const char *text, size_t len)
{
	return word && strlen(word) == len && memcmp(word, text, len) == 0;
}

const struct expr_field *expr_field_find(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (is_word(fields[i].name, name, len) ||
		    is_word(fields[i].alias, name, len))
			return &fields[i];
	return NULL;
}

/* A number up to max at *p, which is moved behind it. */
static int take_number(const char **p, int64_t max, int64_t *ret)
{
	int64_t n = 0;

	if (**p < '0' || **p > '9')
		return -EINVAL;
	for (; **p >= '0' && **p <= '9'; (*p)++) {
		n = n * 10 + (**p - '0');
		if (n > max)
			return -EINVAL;
	}
	*ret = n;
	return 0;
}

static int parse_port(const char *text, struct expr_value *v)
{
	int r = take_number(&text, PORT_MAX, &v->low);

	if (r < 0)
		return r;
	v->high = v->low;
	if (*text == '-') {
		text++;
		r = take_number(&text, PORT_MAX, &v->high);
	}
	return r < 0 || *text || v->high < v->low ? -EINVAL : 0;
}

static int parse_verdict(const char *text, struct expr_value *v)
{
	v->low = verdict_parse(text);
	return v->low == 0 ? -EINVAL : 0;
}

static int parse_proto(const char *text, struct expr_value *v)
{
	char buf[16];

	if (strcmp(text, "icmp6") == 0 || strcmp(text, "icmpv6") == 0)
		text = "ipv6-icmp";
	for (unsigned int i = 0; i < PROTO_COUNT; i++) {
		char number[16];

		snprintf(number, sizeof(number), "%u", i);
		v->low = i;
		if (strcasecmp(text, proto_name(i, buf, sizeof(buf))) == 0 ||
		    strcmp(text, number) == 0)
			return 0;
	}
	return -EINVAL;
}

static int parse_flags(const char *text, struct expr_value *v)
{
	v->low = 0;
	do {
		size_t len = strcspn(text, ",|+");
		unsigned int bit = 0;

		for (; bit < 8; bit++) {
			char name[32];

			tcp_flags_text(1U << bit, name, sizeof(name));
			if (strlen(name) == len &&
			    strncasecmp(name, text, len) == 0)
				break;
		}
		if (bit == 8)
			return -EINVAL;
		v->low |= 1 << bit;
		text += len;
	} while (*text++);
	return 0;
}

/* Sets the bits behind the prefix to 0 in low and to 1 in high. */
static void spread(const uint8_t *address, int bits, int len, uint8_t *low,
		   uint8_t *high)
{
	for (int i = 0; i < len; i++) {
		int own = bits - 8 * i;
		unsigned int mask = own >= 8  ? 0xff
				    : own > 0 ? 0xff00U >> own & 0xff
					      : 0;

		low[i] = (uint8_t)(address[i] & mask);
		high[i] = (uint8_t)(address[i] | (~mask & 0xff));
	}
}

/* Network order to how the database has it: a signed number. */
static int64_t stored4(const uint8_t *a)
{
	return (int32_t)((uint32_t)a[0] << 24 | (uint32_t)a[1] << 16 |
			 (uint32_t)a[2] << 8 | a[3]);
}

static int parse_address(const char *text, struct expr_value *v)
{
	const char *slash = strchr(text, '/');
	char word[WORD_MAX];
	uint8_t address[16];
	int64_t bits, all;
	size_t len = slash ? (size_t)(slash - text) : strlen(text);

	if (len >= sizeof(word))
		return -EINVAL;
	memcpy(word, text, len);
	word[len] = '\0';
	if (inet_pton(AF_INET, word, address) == 1)
		v->family = 4;
	else if (inet_pton(AF_INET6, word, address) == 1)
		v->family = 6;
	else
		return -EINVAL;
	bits = all = v->family == 4 ? 32 : 128;
	if (slash) {
		slash++;
		if (take_number(&slash, all, &bits) < 0 || *slash)
			return -EINVAL;
	}
	spread(address, (int)bits, (int)all / 8, v->low6, v->high6);
	if (v->family == 4) {
		/* no prefix but that of everything crosses the sign */
		v->low = bits == 0 ? INT32_MIN : stored4(v->low6);
		v->high = bits == 0 ? INT32_MAX : stored4(v->high6);
	}
	return 0;
}

int expr_value_parse(const struct expr_field *field, const char *text,
		     struct expr_value *ret)
{
	struct expr_value v = { .text = text };
	int r = 0;

	switch (field->type) {
	case EXPR_NONE:
		break;
	case EXPR_NAME:
		v.pattern = strpbrk(text, "*?[");
		r = *text ? 0 : -EINVAL;
		break;
	case EXPR_ADDRESS:
		r = parse_address(text, &v);
		break;
	case EXPR_PORT:
		r = parse_port(text, &v);
		break;
	case EXPR_VERDICT:
		r = parse_verdict(text, &v);
		break;
	case EXPR_PROTO:
		r = parse_proto(text, &v);
		break;
	case EXPR_FLAGS:
		r = parse_flags(text, &v);
		break;
	}
	if (r == 0)
		*ret = v;
	return r;
}

void expr_value_guess(const struct expr_field *field, struct guess *guess)
{
	const char *word;
	char number[16];

	for (int i = VERDICT_DROP;
	     field->type == EXPR_VERDICT && (word = verdict_name(i)); i++)
		guess_offer(guess, word);
	for (unsigned int i = 0; field->type == EXPR_PROTO && i < PROTO_COUNT;
	     i++) {
		word = proto_name(i, number, sizeof(number));
		if (word != number) /* those are as near as any other */
			guess_offer(guess, word);
	}
}

const char *expr_value_sql(const struct expr_field *field,
			   const struct expr_value *value, int node, char *buf,
			   size_t size)
{
	switch (field->type) {
	case EXPR_NONE:
		buf[0] = '\0';
		break;
	case EXPR_NAME:
		snprintf(buf, size, "%s :w%d", value->pattern ? "GLOB" : "=",
			 node);
		break;
	case EXPR_ADDRESS:
	case EXPR_PORT:
		snprintf(buf, size, "BETWEEN :w%d AND :w%db", node, node);
		break;
	case EXPR_VERDICT:
	case EXPR_PROTO:
		snprintf(buf, size, "= :w%d", node);
		break;
	case EXPR_FLAGS:
		snprintf(buf, size, "& :w%d = :w%d", node, node);
		break;
	}
	return buf;
}
