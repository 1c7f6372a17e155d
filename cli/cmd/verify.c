// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bridgeaudit verify: is the log what was committed? In sentences or JSON.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/bundle/make.h"
#include "cli/cli.h"
#include "cli/filter/filter.h"
#include "cli/json.h"
#include "cli/progress.h"
#include "cli/verify/verify.h"
#include "lib/exitcode.h"
#include "lib/text.h"
#include "lib/timefmt.h"

static const char help_text[] =
	"usage: bridgeaudit [--db FILE] verify [BUNDLE] [--against FILE]\n"
	"                   [--public-key FILE] [-o table|json]\n"
	"\n"
	"Holds every row of the log against the hash that its commit left, and\n"
	"the hashes against the checkpoints that the logger signed. Says what is\n"
	"proven, from when to when, by which checkpoint; or the first commit\n"
	"that fails, and how. With a BUNDLE, a file of bridgeaudit bundle, it\n"
	"checks that instead, without a database.\n"
	"\n"
	"  --against FILE       checkpoints kept elsewhere, such as the lines of\n"
	"                       syslog: without them a tail that was cut off\n"
	"                       together with its checkpoints is not missed\n"
	"  --public-key FILE    the key that must have signed, of bridgeaudit key;\n"
	"                       without it the database is believed about that\n"
	"  -o, --output FORMAT  table or json\n"
	"\n"
	"  bridgeaudit verify --against /var/log/bridgeaudit.checkpoints \\\n"
	"          --public-key bridgeaudit.pub\n"
	"\n"
	"Exit status: 0 all is as it was committed, 4 it is not.\n";

static void progress(void *arg, uint64_t done, uint64_t all)
{
	const struct cli *cli = arg;
	char bar[PROGRESS_BAR_SIZE];

	fprintf(cli->err, "\r%s checking the rows",
		progress_bar(bar, done, all));
	fflush(cli->err);
}

static const char *time_text(uint64_t time_ns, char *buf)
{
	return time_rfc3339(time_ns, buf, TIME_TEXT_MAX);
}

static const char *key_text(const uint8_t key[VERIFY_KEY], char *buf)
{
	for (int i = 0; i < VERIFY_KEY; i++)
		snprintf(buf + 2 * i, 3, "%02x", key[i]);
	return buf;
}

static void print_fault(FILE *out, const struct verify_report *report)
{
	char detail[4 * VERIFY_DETAIL_MAX + 1], at[TIME_TEXT_MAX];

	fprintf(out, "NOT PROVEN: %s: ", verify_fault_words[report->fault]);
	if (report->fault_seq && report->fault_seq != INT64_MAX)
		fprintf(out, "commit %" PRId64 ": ", report->fault_seq);
	fprintf(out, "%s",
		str_escape(detail, sizeof(detail), report->fault_detail));
	if (report->fault_ns)
		fprintf(out, " (%s)", time_text(report->fault_ns, at));
	fprintf(out, "\n");
	if (report->n_faults > 1)
		fprintf(out, "and %" PRIu64 " more that do not fit\n",
			report->n_faults - 1);
}

static void print_signed(FILE *out, const struct verify_report *report)
{
	char at[TIME_TEXT_MAX], key[2 * VERIFY_KEY + 1];
	int64_t open = report->last_seq - report->signed_seq;

	if (!report->signed_seq) {
		fprintf(out, "no checkpoint signed any of it: whoever can "
			     "write the database could have written it anew\n");
		return;
	}
	fprintf(out, "signed until commit %" PRId64 " at %s by key %s\n",
		report->signed_seq, time_text(report->signed_ns, at),
		key_text(report->signed_key, key));
	if (!report->key_trusted)
		fprintf(out, "that key is the database's own: compare it, or "
			     "name yours with --public-key\n");
	if (!report->outside)
		fprintf(out, "no checkpoints from elsewhere: name them with "
			     "--against, to see that nothing was cut off\n");
	if (open > 0)
		fprintf(out,
			"the last %" PRId64 " %s in the chain and not signed "
			"yet\n",
			open, open == 1 ? "commit is" : "commits are");
}

/* What retention left are sums, and these are proven. */
static void print_removed(FILE *out, const struct verify_report *report)
{
	char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX];

	if (report->removed_batches)
		fprintf(out,
			"removed by retention, and only counted: %" PRIu64
			" %s in %" PRIu64 " %s of %" PRIu64
			" %s, from %s to %s\n",
			report->removed_packets,
			report->removed_packets == 1 ? "packet" : "packets",
			report->removed_events,
			report->removed_events == 1 ? "row" : "rows",
			report->removed_batches,
			report->removed_batches == 1 ? "commit" : "commits",
			time_text(report->removed_from_ns, from),
			time_text(report->removed_to_ns, to));
	if (report->removed_gaps)
		fprintf(out,
			"%" PRIu64 " %s of that time now: %" PRIu64
			" %s lost\n",
			report->removed_gaps,
			report->removed_gaps == 1 ? "gap is the sum"
						  : "gaps are the sums",
			report->removed_lost,
			report->removed_lost == 1 ? "packet was"
						  : "packets were");
	if (report->removed_ns)
		fprintf(out,
			"coverage, findings and names that ended before %s, "
			"and that nothing refers to, are gone\n",
			time_text(report->removed_ns, from));
}

static void print_sums(FILE *out, const struct verify_report *report)
{
	char until[TIME_TEXT_MAX];

	if (!report->sums_checked)
		fprintf(out, "the sums were not counted again: there are too "
			     "many\n");
	else if (report->sums_ns)
		fprintf(out,
			"sums of hours and minutes until %s were not counted "
			"again: they have packets of which no proven rows are "
			"left\n",
			time_text(report->sums_ns, until));
}

static int print_table(FILE *out, const struct verify_report *report)
{
	char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX];

	if (report->fault)
		print_fault(out, report);
	else
		fprintf(out,
			"proven: %" PRIu64 " %s in %" PRIu64 " %s, and "
			"the names, rules, gaps and coverage they refer to, "
			"from %s to %s\n",
			report->packets,
			report->packets == 1 ? "packet" : "packets",
			report->events, report->events == 1 ? "row" : "rows",
			time_text(report->begun_ns, from),
			time_text(report->last_ns, to));
	if (report->unproven_events)
		fprintf(out,
			"%" PRIu64 " %s from before the chain began and not "
			"proven\n",
			report->unproven_events,
			report->unproven_events == 1 ? "row is" : "rows are");
	print_removed(out, report);
	if (report->began) {
		print_sums(out, report);
		print_signed(out, report);
	}
	return fflush(out) == 0 ? 0 : -errno;
}

/* "s:o?" is null where there is no time. */
static json_t *json_fault(const struct verify_report *report)
{
	int64_t seq = report->fault_seq;

	if (!report->fault)
		return json_null();
	return json_pack("{s:s,s:o,s:o?,s:o,s:I}", "kind",
			 verify_fault_words[report->fault], "commit",
			 seq && seq != INT64_MAX ? json_integer(seq)
						 : json_null(),
			 "time", json_time(report->fault_ns), "detail",
			 json_text(report->fault_detail), "faults",
			 (json_int_t)report->n_faults);
}

static json_t *json_signed(const struct verify_report *report)
{
	char key[2 * VERIFY_KEY + 1];

	if (!report->signed_seq)
		return json_null();
	return json_pack("{s:I,s:o?,s:s,s:b}", "commit",
			 (json_int_t)report->signed_seq, "time",
			 json_time(report->signed_ns), "key",
			 key_text(report->signed_key, key), "key_trusted",
			 report->key_trusted);
}

static json_t *json_removed(const struct verify_report *report)
{
	return json_pack("{s:I,s:I,s:o*,s:o*,s:I,s:I,s:o*}", "commits",
			 (json_int_t)report->removed_batches, "packets",
			 (json_int_t)report->removed_packets, "from",
			 json_time(report->removed_from_ns), "to",
			 json_time(report->removed_to_ns), "gaps",
			 (json_int_t)report->removed_gaps, "lost",
			 (json_int_t)report->removed_lost, "records_before",
			 json_time(report->removed_ns));
}

static int print_json(FILE *out, const struct verify_report *report)
{
	json_t *json = json_pack(
		"{s:b,s:o,s:o?,s:o?,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:b,s:o*,s:I,s:I,"
		"s:o,s:o}",
		"proven", report->fault == FAULT_NONE, "fault",
		json_fault(report), "from", json_time(report->begun_ns), "to",
		json_time(report->last_ns), "commits",
		(json_int_t)report->last_seq, "batches",
		(json_int_t)report->batches, "events",
		(json_int_t)report->events, "packets",
		(json_int_t)report->packets, "conversations",
		(json_int_t)report->conversations, "removed_events",
		(json_int_t)report->removed_events, "unproven_events",
		(json_int_t)report->unproven_events, "sums_checked",
		report->sums_checked, "sums_not_until",
		json_time(report->sums_ns), "checkpoints",
		(json_int_t)report->checkpoints, "checkpoints_outside",
		(json_int_t)report->outside, "signed", json_signed(report),
		"removed", json_removed(report));
	int r = json_write(out, json);

	if (r == 0 && (fputc('\n', out) == EOF || fflush(out) == EOF))
		r = -errno;
	return r;
}

static int run(const struct cli *cli, const struct filter *f)
{
	const struct verify_options options = {
		.against = f->against,
		.public_key = f->public_key,
		.progress = cli->progress ? progress : NULL,
		.arg = (void *)(uintptr_t)cli,
	};
	struct verify_report report;
	char error[VERIFY_DETAIL_MAX];
	sqlite3 *db = NULL;
	int code, r;

	if (f->n_operands > 1)
		return bundle_verify(cli, f, f->operands[1]);
	code = cli_open(cli, f, &db);
	if (code != EXITCODE_OK)
		return code;
	r = verify_database(db, &options, &report, error);
	sqlite3_close(db);
	if (options.progress)
		fputs("\r\033[K", cli->err);
	if (r < 0 && error[0]) {
		cli_error(cli, "%s", error);
		return EXITCODE_USAGE;
	}
	if (r < 0)
		return cli_read_failed(cli, f, r);
	r = f->format == OUTPUT_JSON ? print_json(cli->out, &report)
				     : print_table(cli->out, &report);
	if (r < 0)
		return cli_write_failed(cli, r);
	return report.fault ? EXITCODE_INTEGRITY : EXITCODE_OK;
}

const struct verb verb_verify = {
	.name = "verify",
	.help = help_text,
	.options = FILTER_OUTPUT | FILTER_AGAINST | FILTER_PUBLIC_KEY |
		   FILTER_OPERAND,
	.formats = 1U << OUTPUT_TABLE | 1U << OUTPUT_JSON,
	.reads = true,
	.run = run,
};
