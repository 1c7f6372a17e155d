// SPDX-License-Identifier: GPL-2.0-or-later
/* A struct status in words, and as a JSON object. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/json.h"
#include "cli/status/status.h"
#include "lib/text.h"
#include "lib/timefmt.h"

enum { NAME_WIDTH = 10, SAFE_MAX = 4096 };

/* -errno of what was written to out. */
static int finish(FILE *out)
{
	errno = EIO;
	return ferror(out) || fflush(out) == EOF ? -errno : 0;
}

static const char *safe_member(json_t *object, const char *name, char *buf,
			       size_t size)
{
	const char *text = json_string_value(json_object_get(object, name));

	return str_escape(buf, size, text ? text : "");
}

static const char *highlight(bool color, bool good)
{
	return !color ? "" : good ? "\033[32m" : "\033[31m";
}

static void print_logger(const struct status *s, FILE *out, bool color)
{
	const char *end = color ? "\033[0m" : "";
	char time[TIME_TEXT_MAX], version[4 * sizeof(s->version)];

	fprintf(out, "%-*s", NAME_WIDTH, "logger");
	str_escape(version, sizeof(version), s->version);
	if (s->writer_pid > 0)
		fprintf(out, "%srunning%s, pid %d, since %s (version %s)\n",
			highlight(color, true), end, s->writer_pid,
			time_local(s->start_ns, time, sizeof(time)), version);
	else if (s->writer_pid < 0)
		fprintf(out, "can't tell whether one runs: %s\n",
			strerror(-s->writer_pid));
	else if (!s->has_session)
		fprintf(out, "%snot running%s: none ever wrote here\n",
			highlight(color, false), end);
	else if (s->stop_ns > 0)
		fprintf(out, "%snot running%s: stopped at %s\n",
			highlight(color, false), end,
			time_local(s->stop_ns, time, sizeof(time)));
	else
		fprintf(out,
			"%snot running%s: it was killed after %s, or this is a "
			"copy of then\n",
			highlight(color, false), end,
			time_local((uint64_t)s->proven_ns, time, sizeof(time)));
}

static json_int_t int_member(json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

/* Once it ended, as the logger left them, or took them out. */
static void print_rule(json_t *rule, bool ended, FILE *out, bool color)
{
	char variant[64], table[64], chain[256];
	json_int_t audited = int_member(rule, "audited");
	json_int_t in_place = int_member(rule, "in_place");

	fprintf(out, "%s%lld of %lld %sin place%s in %s %s of IPv%lld (%s)\n",
		highlight(color, in_place == audited && !ended),
		(long long)in_place, (long long)audited, ended ? "were " : "",
		color ? "\033[0m" : "",
		safe_member(rule, "table", table, sizeof(table)),
		safe_member(rule, "chain", chain, sizeof(chain)),
		(long long)int_member(rule, "family"),
		safe_member(rule, "variant", variant, sizeof(variant)));
}

static void print_rules(const struct status *s, FILE *out, bool color)
{
	size_t n = json_array_size(s->rules);

	if (n == 0)
		fprintf(out, "%-*snone is audited\n", NAME_WIDTH, "rules");
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "%-*s", NAME_WIDTH, i == 0 ? "rules" : "");
		print_rule(json_array_get(s->rules, i), s->writer_pid == 0, out,
			   color);
	}
}

/* The member's time for people. */
static const char *local_member(json_t *object, const char *name, char *buf,
				size_t size)
{
	const char *text = json_string_value(json_object_get(object, name));
	uint64_t time_ns = 0;

	if (text)
		time_parse_rfc3339(text, &time_ns);
	return time_local(time_ns, buf, size);
}

static void print_findings(const struct status *s, FILE *out)
{
	char since[TIME_TEXT_MAX], subject[1024], detail[2048];
	size_t n = json_array_size(s->findings);

	if (n == 0)
		fprintf(out, "%-*snone\n", NAME_WIDTH, "findings");
	for (size_t i = 0; i < n; i++) {
		json_t *finding = json_array_get(s->findings, i);

		fprintf(out, "%-*s%s: %s (since %s)\n", NAME_WIDTH,
			i == 0 ? "findings" : "",
			safe_member(finding, "subject", subject,
				    sizeof(subject)),
			safe_member(finding, "detail", detail, sizeof(detail)),
			local_member(finding, "since", since, sizeof(since)));
	}
}

/* "3.2 ms", "4 s", "2 h 5 min" of microseconds. */
static const char *span_text(double us, char *buf, size_t size)
{
	if (us < 10000)
		snprintf(buf, size, "%.1f ms", us / 1000);
	else if (us < 1000000)
		snprintf(buf, size, "%.0f ms", us / 1000);
	else if (us < 120e6)
		snprintf(buf, size, "%.0f s", us / 1e6);
	else if (us < 7200e6)
		snprintf(buf, size, "%.0f min", us / 60e6);
	else
		snprintf(buf, size, "%.0f h", us / 3600e6);
	return buf;
}

/* "12 packets", "at least 3 packets", "an unknown number of packets" */
static const char *number_text(json_t *object, const char *member, char *buf,
			       size_t size)
{
	const struct loss loss = {
		.packets = int_member(object, member),
		.unknown = int_member(object, "unknown"),
	};

	if (loss.unknown > 0 && loss.packets == 0)
		snprintf(buf, size, "an unknown number of packets");
	else
		snprintf(buf, size, "%s%" PRId64 " %s",
			 loss.unknown > 0 ? "at least " : "", loss.packets,
			 loss.packets == 1 ? "packet" : "packets");
	return buf;
}

static void print_losses(const struct status *s, FILE *out)
{
	int64_t holes = s->loss.holes;
	char text[128], cause[512];

	fprintf(out, "%-*s%s", NAME_WIDTH, "lost",
		s->loss.gaps > 0 ? loss_text(&s->loss, "", text, sizeof(text))
		: holes > 0	 ? "none that is known"
				 : "none");
	if (holes > 0)
		fprintf(out, ", and %" PRId64 " %s of unknown loss", holes,
			holes == 1 ? "hole" : "holes");
	putc('\n', out);
	if (s->loss.removed_gaps > 0)
		fprintf(out,
			"%-*sof these %" PRId64 " %s in %" PRId64
			" %s, of times whose packets were removed\n",
			NAME_WIDTH, "", s->loss.removed_packets,
			s->loss.removed_packets == 1 ? "packet" : "packets",
			s->loss.removed_gaps,
			s->loss.removed_gaps == 1 ? "gap" : "gaps");
	for (size_t i = 0; i < json_array_size(s->losses); i++) {
		json_t *loss = json_array_get(s->losses, i);

		fprintf(out, "%-*s%s: %s\n", NAME_WIDTH, "",
			safe_member(loss, "cause", cause, sizeof(cause)),
			number_text(loss, "packets", text, sizeof(text)));
	}
}

/* "rules changed: 14 intervals of a rule, 20 ms at most, 180 ms summed ..." */
static void print_cause(json_t *cause, FILE *out)
{
	char name[1024], all[32], longest[32], missed[64];
	json_int_t n = int_member(cause, "intervals");
	double s = json_number_value(json_object_get(cause, "seconds"));

	fprintf(out,
		"%-*s%s: %lld %s of a rule, %s at most, %s summed up, missed "
		"%s\n",
		NAME_WIDTH, "", safe_member(cause, "cause", name, sizeof(name)),
		(long long)n, n == 1 ? "interval" : "intervals",
		span_text(1e3 * (double)int_member(cause, "longest_ms"),
			  longest, sizeof(longest)),
		span_text(s * 1e6, all, sizeof(all)),
		number_text(cause, "missed", missed, sizeof(missed)));
}

static void print_coverage(const struct status *s, FILE *out)
{
	char share[LOSS_SHARE_MAX], median[32], p99[32], most[32];
	char since[TIME_TEXT_MAX];

	if (s->loss.rules == 0)
		return;
	fprintf(out, "%-*s%s of the time of %" PRId64 " %s%s%s\n", NAME_WIDTH,
		"coverage", loss_share(s->loss.ppm, share, sizeof(share)),
		s->loss.rules, s->loss.rules == 1 ? "rule" : "rules",
		s->loss.removed_ns ? " since " : "",
		s->loss.removed_ns
			? time_local(s->loss.removed_ns, since, sizeof(since))
			: "");
	for (size_t i = 0; i < json_array_size(s->causes); i++)
		print_cause(json_array_get(s->causes, i), out);
	if (s->changes == 0)
		return;
	fprintf(out,
		"%-*s%" PRId64 " %s in 24 hours, watched after %s (median), %s"
		" (99 %%), %s at most\n",
		NAME_WIDTH, "changes", s->changes,
		s->changes == 1 ? "change" : "changes",
		span_text((double)s->median_us, median, sizeof(median)),
		span_text((double)s->p99_us, p99, sizeof(p99)),
		span_text((double)s->max_us, most, sizeof(most)));
}

/* Whose names nobody knows; nothing is guessed, so it is counted. */
static void print_unknown(const struct status *s, FILE *out)
{
	if (s->conversations == 0)
		return;
	fprintf(out,
		"%-*ssource of %" PRId64 ", destination of %" PRId64
		" of the last %" PRId64 " %s\n",
		NAME_WIDTH, "unknown", s->unknown_src, s->unknown_dst,
		s->conversations,
		s->conversations == 1 ? "conversation" : "conversations");
	if (s->spoofed > 0)
		fprintf(out,
			"%-*s%" PRId64 " of the last %" PRId64
			" conversations: bridgeaudit log --spoofed\n",
			NAME_WIDTH, "spoofed", s->spoofed, s->conversations);
}

/* Where it is from: the file may have been copied to another host. */
static void print_host(const struct status *s, FILE *out)
{
	char name[4 * sizeof(s->host_name)], id[4 * sizeof(s->host_id)];

	if (!*s->host_name && !*s->host_id)
		return;
	str_escape(name, sizeof(name), s->host_name);
	str_escape(id, sizeof(id), s->host_id);
	fprintf(out, "%-*s%s%s%s\n", NAME_WIDTH, "host",
		*name ? name : "of unknown name", *id ? ", id " : "", id);
}

int status_print(const struct status *s, FILE *out, bool color)
{
	char oldest[TIME_TEXT_MAX], newest[TIME_TEXT_MAX];
	char path[SAFE_MAX], bytes[STATUS_BYTES_MAX];

	print_logger(s, out, color);
	print_host(s, out);
	fprintf(out, "%-*s%" PRId64 " stored", NAME_WIDTH, "packets",
		s->stored);
	if (s->tests > 0)
		fprintf(out,
			", test packets among them: %" PRId64 " in all time",
			s->tests);
	putc('\n', out);
	print_unknown(s, out);
	print_losses(s, out);
	print_coverage(s, out);
	print_rules(s, out, color);
	print_findings(s, out);
	fprintf(out, "%-*s%s, %s\n", NAME_WIDTH, "database",
		str_escape(path, sizeof(path), s->path),
		status_bytes((uint64_t)s->bytes, bytes));
	status_disk_print(&s->disk, NAME_WIDTH, out);
	if (s->stored > 0)
		fprintf(out, "%-*s%s to %s\n", NAME_WIDTH, "events",
			time_local(s->oldest_ns, oldest, sizeof(oldest)),
			time_local(s->newest_ns, newest, sizeof(newest)));
	else
		fprintf(out, "%-*snone\n", NAME_WIDTH, "events");
	status_reads_print(&s->reads, NAME_WIDTH, out);
	return finish(out);
}

/* Absent where unknown: "s:o*" leaves a NULL out. */
static json_t *logger_json(const struct status *s)
{
	bool running = s->writer_pid > 0;

	return json_pack(
		"{s:o*, s:o*, s:o*, s:o*, s:o*, s:o*, s:o*, s:o*}", "running",
		s->writer_pid < 0 ? NULL : json_boolean(running), "pid",
		running ? json_integer(s->writer_pid) : NULL, "since",
		json_time(s->start_ns), "stopped",
		running ? NULL : json_time(s->stop_ns), "last_commit",
		json_time(s->commit_ns), "version",
		*s->version ? json_text(s->version) : NULL, "host_name",
		*s->host_name ? json_text(s->host_name) : NULL, "host_id",
		*s->host_id ? json_text(s->host_id) : NULL);
}

static json_t *coverage_json(const struct status *s)
{
	bool any = s->changes > 0;

	return json_pack("{s:I, s:o*, s:I, s:O, s:o*,"
			 " s:{s:I, s:o*, s:o*, s:o*}}",
			 "rules", (json_int_t)s->loss.rules, "ppm",
			 s->loss.rules > 0 ? json_integer(s->loss.ppm) : NULL,
			 "holes", (json_int_t)s->loss.holes, "causes",
			 s->causes, "since", json_time(s->loss.removed_ns),
			 "latency", "changes", (json_int_t)s->changes,
			 "median_us", any ? json_integer(s->median_us) : NULL,
			 "p99_us", any ? json_integer(s->p99_us) : NULL,
			 "max_us", any ? json_integer(s->max_us) : NULL);
}

int status_print_json(const struct status *s, FILE *out)
{
	json_t *json = json_pack(
		"{s:o, s:{s:I, s:I, s:I, s:I, s:O, s:I, s:I},"
		" s:{s:I, s:I, s:I}, s:I,"
		" s:o, s:O, s:O,"
		" s:{s:o, s:I}, s:o, s:o, s:o, s:o*, s:o*}",
		"logger", logger_json(s), "packets", "stored",
		(json_int_t)s->stored, "lost", (json_int_t)s->loss.packets,
		"gaps", (json_int_t)s->loss.gaps, "gaps_unknown",
		(json_int_t)s->loss.unknown, "causes", s->losses,
		"lost_removed", (json_int_t)s->loss.removed_packets,
		"gaps_removed", (json_int_t)s->loss.removed_gaps, "unknown",
		"conversations", (json_int_t)s->conversations, "src",
		(json_int_t)s->unknown_src, "dst", (json_int_t)s->unknown_dst,
		"spoofed", (json_int_t)s->spoofed, "coverage", coverage_json(s),
		"rules", s->rules, "findings", s->findings, "database", "path",
		json_text(s->path), "bytes", (json_int_t)s->bytes, "disk",
		status_disk_json(&s->disk), "kept", status_kept_json(&s->disk),
		"reads", status_reads_json(&s->reads), "oldest",
		json_time(s->oldest_ns), "newest", json_time(s->newest_ns));
	int r = json_write(out, json);

	if (r < 0)
		return r;
	putc('\n', out);
	return finish(out);
}
