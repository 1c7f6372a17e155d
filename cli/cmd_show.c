// SPDX-License-Identifier: GPL-2.0-or-later
/* bridgeaudit show: everything that is known about one packet. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/as_of.h"
#include "cli/cli.h"
#include "cli/event_row.h"
#include "cli/json.h"
#include "cli/packet.h"
#include "cli/query.h"
#include "cli/sentence.h"
#include "cli/words.h"
#include "lib/exitcode.h"
#include "lib/text.h"

static const char help_text[] =
	"usage: bridgeaudit [--db FILE] show ID [-o table|json]\n"
	"\n"
	"One packet whole: a sentence, both networks with the time in which\n"
	"they were there, the rule, the packet's headers (made anew from what\n"
	"was stored: the log keeps no payload), and how often that port was\n"
	"tried between these networks, by whomever. ID is the first field of\n"
	"bridgeaudit log -o jsonl.\n"
	"\n"
	"  -o, --output FORMAT  table or json\n"
	"  --utc, --color WHEN, --no-pager\n"
	"\n"
	"  bridgeaudit show 4711\n"
	"  bridgeaudit show 4711 -o json\n";

struct history {
	int64_t packets, bytes;
	uint64_t first_ns, last_ns;
	bool others; /* ports of a scan, counted together */
};

/* Of all packets of the same path and service. */
static int read_history(sqlite3 *db, int64_t conversation, struct history *ret)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare(db, QUERY_HISTORY, &stmt);

	if (r == 0) {
		query_bind(stmt, ":id", conversation);
		r = query_step(stmt);
	}
	if (r == 1) {
		ret->packets = sqlite3_column_int64(stmt, 0);
		ret->bytes = sqlite3_column_int64(stmt, 1);
		ret->first_ns = (uint64_t)sqlite3_column_int64(stmt, 2);
		ret->last_ns = (uint64_t)sqlite3_column_int64(stmt, 3);
		ret->others = sqlite3_column_int(stmt, 4);
	}
	sqlite3_finalize(stmt);
	return r < 0 ? r : 0;
}

static void put(FILE *out, const struct value *v)
{
	char safe[1024];

	if (v->kind == VALUE_INT)
		fprintf(out, "%" PRId64, v->number);
	else
		fputs(v->kind == VALUE_TEXT
			      ? str_escape(safe, sizeof(safe), v->text)
			      : "?",
		      out);
}

static void put_time(FILE *out, uint64_t time_ns)
{
	char text[TIME_TEXT_MAX];

	fputs(time_local(time_ns, text, sizeof(text)), out);
}

/* The network's identity, and when it was there. */
static int put_network(sqlite3 *db, int64_t conversation, int side, FILE *out)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare(db, QUERY_NETWORK_OF, &stmt);

	if (r == 0) {
		query_bind(stmt, ":id", conversation);
		query_bind(stmt, ":side", side);
		r = query_step(stmt);
	}
	if (r == 1) {
		struct value name = query_value(stmt, 0);
		struct value id = query_value(stmt, 1);
		struct value bridge = query_value(stmt, 2);

		fputs("        network ", out);
		put(out, &name);
		fputs(", id ", out);
		put(out, &id);
		fputs(", bridge ", out);
		put(out, &bridge);
		fputs("\n        from ", out);
		put_time(out, (uint64_t)sqlite3_column_int64(stmt, 3));
		fputs(" to ", out);
		if (sqlite3_column_type(stmt, 4) == SQLITE_NULL)
			fputs("now", out);
		else
			put_time(out, (uint64_t)sqlite3_column_int64(stmt, 4));
		putc('\n', out);
	}
	sqlite3_finalize(stmt);
	return r < 0 ? r : 0;
}

static int put_side(sqlite3 *db, const struct event_row *row, int side,
		    FILE *out)
{
	const struct value *v = row->values;
	const struct value *ip = &v[side ? FIELD_DST_IP : FIELD_SRC_IP];
	const struct value *port = &v[side ? FIELD_DST_PORT : FIELD_SRC_PORT];
	const struct value *ifname = &v[side ? FIELD_OUT_IF : FIELD_IN_IF];

	fputs(side ? "to      " : "from    ", out);
	put(out, ip);
	if (port->kind == VALUE_INT)
		fprintf(out, " port %" PRId64, port->number);
	if (ifname->kind == VALUE_TEXT) {
		fputs(", interface ", out);
		put(out, ifname);
	}
	putc('\n', out);
	return put_network(db, row->conversation, side, out);
}

static void put_headers(const struct event_row *row, FILE *out)
{
	uint8_t packet[PACKET_MAX];
	size_t len = packet_make(row, packet);
	char what[96];

	fprintf(out, "packet  %s, ", event_row_what(row, what, sizeof(what)));
	put(out, &row->values[FIELD_LENGTH]);
	fputs(" bytes", out);
	if (row->values[FIELD_TTL].kind == VALUE_INT) {
		fputs(", ttl ", out);
		put(out, &row->values[FIELD_TTL]);
	}
	putc('\n', out);
	for (size_t i = 0; i < len; i++)
		fprintf(out, "%s%02x%s", i % 16 == 0 ? "        " : " ",
			packet[i], i % 16 == 15 || i + 1 == len ? "\n" : "");
}

static int print_text(sqlite3 *db, const struct event_row *row,
		      const struct history *h, FILE *out)
{
	const struct value *v = row->values;
	int r;

	fprintf(out, "event   %" PRId64 "\n", row->id);
	sentence_write(row, out);
	sentence_write_remedy(row, out);
	fputs("\n\n", out);
	r = put_side(db, row, 0, out);
	if (r == 0)
		r = put_side(db, row, 1, out);
	if (r < 0)
		return r;
	fprintf(out, "rule    %s, table %s, chain ", row->rule_id,
		row->table ? row->table : "?");
	put(out, &v[FIELD_CHAIN]);
	fputs("\n        ", out);
	put(out, &v[FIELD_RULE]);
	putc('\n', out);
	put_headers(row, out);
	fprintf(out, "history %" PRId64 " packets, %" PRId64 " bytes%s, first ",
		h->packets, h->bytes,
		h->others ? " to this and other ports" : "");
	put_time(out, h->first_ns);
	fputs(", last ", out);
	put_time(out, h->last_ns);
	putc('\n', out);
	return 0;
}

static char *sentence(const struct event_row *row)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	sentence_write(row, out);
	sentence_write_remedy(row, out);
	if (fclose(out) == EOF) {
		free(text);
		return NULL;
	}
	return text;
}

static int print_json(const struct event_row *row, const struct history *h,
		      FILE *out)
{
	uint8_t packet[PACKET_MAX];
	size_t len = packet_make(row, packet);
	char hex[2 * PACKET_MAX + 1] = "", *text = sentence(row);
	json_t *json = json_object();

	for (size_t i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", packet[i]);
	for (size_t i = 0; i < event_spec.n_fields; i++) {
		const struct value *v = &row->values[i];

		if (v->kind != VALUE_ABSENT)
			json_object_set_new(json, event_spec.fields[i],
					    v->kind == VALUE_INT
						    ? json_integer(v->number)
						    : json_text(v->text));
	}
	json_object_set_new(json, "sentence", text ? json_text(text) : NULL);
	json_object_set_new(json, "headers", json_string(hex));
	json_object_set_new(json, "history",
			    json_pack("{s:I, s:I, s:o, s:o}", "packets",
				      (json_int_t)h->packets, "bytes",
				      (json_int_t)h->bytes, "first_seen",
				      json_time(h->first_ns), "last_seen",
				      json_time(h->last_ns)));
	free(text);
	if (json_write(out, json) < 0)
		return -ENOMEM;
	putc('\n', out);
	return 0;
}

/* Finds the event and prints it. 1 when it is there, 0, -errno */
static int show(const struct cli *cli, const struct filter *f, sqlite3 *db,
		int64_t id)
{
	static struct expr all = { .root = -1 };
	struct selection sel = { .until_ns = INT64_MAX, .expr = &all };
	struct history h = { 0 };
	struct event_row row = { 0 };
	sqlite3_stmt *stmt = NULL;
	int r;

	sel.sql = strdup("1");
	r = sel.sql ? query_prepare_selected(db, query_sql(QUERY_EVENTS), &sel,
					     &stmt)
		    : -ENOMEM;
	free(sel.sql);
	if (r == 0) {
		query_bind(stmt, ":first", id);
		query_bind(stmt, ":last", id);
		query_bind(stmt, ":limit", 1);
		r = query_step(stmt);
	}
	if (r == 1) {
		event_row_read(stmt, &row);
		r = read_history(db, row.conversation, &h);
		if (r == 0)
			r = f->format == OUTPUT_JSON
				    ? print_json(&row, &h, cli->out)
				    : print_text(db, &row, &h, cli->out);
		r = r < 0 ? r : 1;
	}
	sqlite3_finalize(stmt);
	return r;
}

static int run(const struct cli *cli, const struct filter *f)
{
	sqlite3 *db = NULL;
	char *end = NULL;
	int64_t id = 0;
	int code, r;

	if (f->n_operands == 2) {
		errno = 0;
		id = strtoll(f->operands[1], &end, 10);
	}
	if (!end || *end || end == f->operands[1] || errno || id < 0) {
		cli_error(cli, "show takes the id of one event");
		return EXITCODE_USAGE;
	}
	code = cli_open(cli, f, &db);
	if (code != EXITCODE_OK)
		return code;
	r = query_begin(db);
	if (r == 0)
		r = as_of_apply(db, f);
	if (r == 0)
		r = show(cli, f, db, id);
	query_end(db);
	sqlite3_close(db);
	if (r < 0)
		return cli_read_failed(cli, f, r);
	if (r == 0) {
		cli_error(cli, "there is no event %" PRId64 " in the log", id);
		return EXITCODE_NOTHING;
	}
	errno = EIO;
	if (fflush(cli->out) == EOF || ferror(cli->out))
		return cli_write_failed(cli, -errno);
	return EXITCODE_OK;
}

const struct verb verb_show = {
	.name = "show",
	.help = help_text,
	.options = FILTER_OUTPUT | FILTER_OPERAND | FILTER_PAGER | FILTER_AS_OF,
	.formats = 1U << OUTPUT_TABLE | 1U << OUTPUT_JSON,
	.run = run,
};
