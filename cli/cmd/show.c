// SPDX-License-Identifier: GPL-2.0-or-later
/* bridgeaudit show: everything that is known about one packet. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/event/identity.h"
#include "cli/event/names.h"
#include "cli/event/row.h"
#include "cli/event/sentence.h"
#include "cli/event/stream.h"
#include "cli/event/words.h"
#include "cli/json.h"
#include "cli/output/packet.h"
#include "cli/query/as_of.h"
#include "cli/query/query.h"
#include "lib/exitcode.h"
#include "lib/text.h"

static const char help_text[] =
	"usage: bridgeaudit [--db FILE] show ID [-o table|json]\n"
	"\n"
	"One packet whole: a sentence, networks and containers of both sides\n"
	"with the time in which they were there, the rule, the packet's headers\n"
	"(made anew from what was stored: the log keeps no payload), how often\n"
	"its conversation was seen, and how often that port was tried between\n"
	"these networks, by whomever. ID is the first field of bridgeaudit log\n"
	"-o jsonl.\n"
	"\n"
	"  -o, --output FORMAT  table or json\n"
	"  --utc, --color WHEN, --no-pager\n"
	"\n"
	"  bridgeaudit show 4711\n"
	"  bridgeaudit show 4711 -o json\n";

static struct expr all = { .root = -1 };

/* Events that are read for the history of one conversation. */
enum { HISTORY_EVENTS = 1000000 };

struct history {
	int64_t packets, bytes;
	uint64_t first_ns, last_ns;
	bool others; /* ports of a scan, counted together */
	bool cut;    /* there may be more before */
};

/* All that is told beside the event. */
struct about {
	json_t *side[2];
	struct history own;  /* of the conversation */
	struct history path; /* of all on its path to its service */
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

/* Of the conversation alone, as far as its packets are in the log yet. */
static int read_own_history(sqlite3 *db, int64_t conversation,
			    struct history *ret)
{
	struct selection when = { .expr = &all };
	struct event_range range = { 0 };
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare(db, QUERY_SPAN_OF, &stmt);

	if (r == 0) {
		query_bind(stmt, ":id", conversation);
		r = query_step(stmt);
	}
	if (r == 1) {
		when.since_ns = (uint64_t)sqlite3_column_int64(stmt, 0);
		when.until_ns = (uint64_t)sqlite3_column_int64(stmt, 1);
	}
	sqlite3_finalize(stmt);
	stmt = NULL;
	if (r == 1)
		r = event_range_window(db, &when, &range);
	if (r == 0)
		r = query_prepare(db, QUERY_CONVERSATION, &stmt);
	if (r == 0) {
		ret->cut = range.last - range.first >= HISTORY_EVENTS;
		if (ret->cut)
			range.first = range.last - HISTORY_EVENTS + 1;
		query_bind(stmt, ":id", conversation);
		query_bind(stmt, ":first", range.first);
		query_bind(stmt, ":last", range.last);
		r = query_step(stmt);
	}
	if (r == 1) {
		ret->packets = sqlite3_column_int64(stmt, 0);
		ret->bytes = sqlite3_column_int64(stmt, 1);
		ret->first_ns = (uint64_t)sqlite3_column_int64(stmt, 2);
		ret->last_ns = (uint64_t)sqlite3_column_int64(stmt, 3);
	}
	sqlite3_finalize(stmt);
	return r < 0 ? r : 0;
}

static int read_about(sqlite3 *db, int64_t conversation, struct about *ret)
{
	int r = read_history(db, conversation, &ret->path);

	if (r == 0)
		r = read_own_history(db, conversation, &ret->own);
	for (int side = 0; side < 2 && r == 0; side++)
		r = identity_read(db, conversation, side, &ret->side[side]);
	return r;
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

static void put_side(const struct event_row *row, const struct about *about,
		     int side, FILE *out)
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
	identity_print(about->side[side], out);
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

static void put_history(const struct history *h, FILE *out)
{
	fprintf(out, "%s%" PRId64 " %s, %" PRId64 " bytes%s, first ",
		h->cut ? "at least " : "", h->packets,
		h->packets == 1 ? "packet" : "packets", h->bytes,
		h->others ? " to this and other ports" : "");
	put_time(out, h->first_ns);
	fputs(", last ", out);
	put_time(out, h->last_ns);
	putc('\n', out);
}

static int print_text(const struct event_row *row, const struct about *about,
		      FILE *out)
{
	const struct value *v = row->values;

	fprintf(out, "event   %" PRId64 "\n", row->id);
	sentence_write(row, out);
	sentence_write_remedy(row, out);
	fputs("\n\n", out);
	put_side(row, about, 0, out);
	put_side(row, about, 1, out);
	fprintf(out, "rule    %s, table %s, chain ", row->rule_id,
		row->table ? row->table : "?");
	put(out, &v[FIELD_CHAIN]);
	fputs("\n        ", out);
	put(out, &v[FIELD_RULE]);
	putc('\n', out);
	put_headers(row, out);
	fputs("history this conversation: ", out);
	put_history(&about->own, out);
	fputs("        all on this way to this port: ", out);
	put_history(&about->path, out);
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

static json_t *history_json(const struct history *h)
{
	return json_pack("{s:I, s:I, s:o*, s:o*, s:b}", "packets",
			 (json_int_t)h->packets, "bytes", (json_int_t)h->bytes,
			 "first_seen", json_time(h->first_ns), "last_seen",
			 json_time(h->last_ns), "at_least", (int)h->cut);
}

static int print_json(const struct event_row *row, const struct about *about,
		      FILE *out)
{
	uint8_t packet[PACKET_MAX];
	size_t len = packet_make(row, packet);
	char hex[2 * PACKET_MAX + 1] = "", *text = sentence(row);
	json_t *json = json_object();
	int r;

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
	json_object_set(json, "source", about->side[0]);
	json_object_set(json, "destination", about->side[1]);
	json_object_set_new(json, "conversation", history_json(&about->own));
	json_object_set_new(json, "history", history_json(&about->path));
	free(text);
	r = json_write(out, json);
	putc('\n', out);
	return ferror(out) ? 0 : r; /* run() looks at out itself */
}

/* Finds the event and prints it. 1 when it is there, 0, -errno */
static int show(const struct cli *cli, const struct filter *f, sqlite3 *db,
		int64_t id)
{
	struct selection sel = {
		.until_ns = INT64_MAX,
		.expr = &all,
		.alone = true,
	};
	struct about about = { 0 };
	const struct event_row *row = NULL;
	struct event_names *names = event_names_new(db);
	sqlite3_stmt *stmt = NULL;
	int r;

	sel.sql = strdup("1");
	r = sel.sql && names ? query_prepare_selected(
				       db, query_sql(QUERY_EVENTS), &sel, &stmt)
			     : -ENOMEM;
	free(sel.sql);
	if (r == 0) {
		query_bind(stmt, ":first", id);
		query_bind(stmt, ":last", id);
		query_bind(stmt, ":limit", 1);
		r = query_step(stmt);
	}
	if (r == 1) {
		r = event_row_read(stmt, names, &row);
		if (r == 0)
			r = read_about(db, row->conversation, &about);
		if (r == 0)
			r = f->format == OUTPUT_JSON
				    ? print_json(row, &about, cli->out)
				    : print_text(row, &about, cli->out);
		json_decref(about.side[0]);
		json_decref(about.side[1]);
		r = r < 0 ? r : 1;
	}
	sqlite3_finalize(stmt);
	event_names_free(names);
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
		cli_error(cli, "show takes the id of one packet, which log -o "
			       "jsonl begins with");
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
	if (r >= 0)
		cli_count_rows(cli, (uint64_t)r);
	if (r < 0)
		return cli_read_failed(cli, f, r);
	if (r == 0) {
		cli_error(cli, "there is no packet %" PRId64 " in the log", id);
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
	.reads = true,
	.run = run,
};
