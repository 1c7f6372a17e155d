// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A report as one HTML file: no script, no link out of it, nothing to load,
 * and a policy in its head that forbids all of that to any browser.
 */
#include "cli/report/html.h"

#include <errno.h>
#include <string.h>

#include "cli/report/cell.h"
#include "cli/report/report.h"

static void put_fact(const char *name, const char *value, FILE *out)
{
	if (!*value)
		return;
	fprintf(out, "<div><dt>%s</dt><dd>", name);
	html_text(value, out);
	fputs("</dd></div>\n", out);
}

/* The time of day in the "YYYY-MM-DDTHH:MM:SS" NAME; an empty log has none. */
static const char *clock_of(const json_t *root, const char *name)
{
	const char *when = report_string(root, name);

	return strlen(when) > 11 ? when + 11 : "";
}

static void put_header(const json_t *root, FILE *out)
{
	bool complete = json_is_true(
		json_object_get(json_object_get(root, "loss"), "complete"));
	char made[64];

	fputs("<header>\n<p class=\"brand\">bridgeaudit</p>\n"
	      "<h1>Docker network boundaries</h1>\n",
	      out);
	fprintf(out,
		"<p class=\"period\"><time>%.10s %.5s</time> to <time>%.10s "
		"%.5s</time> UTC</p>\n",
		report_string(root, "since"), clock_of(root, "since"),
		report_string(root, "until"), clock_of(root, "until"));
	fprintf(out, "<p><span class=\"tag big %s\">%s</span></p>\n",
		complete ? "accept" : "drop",
		complete ? "the record is complete"
			 : "the record is not complete");
	snprintf(made, sizeof(made), "%.10s %.8s UTC, bridgeaudit %.20s",
		 report_string(root, "generated"), clock_of(root, "generated"),
		 report_string(root, "version"));
	fputs("<dl class=\"facts\">\n", out);
	put_fact("Made", made, out);
	put_fact("Database", report_string(root, "database"), out);
	put_fact("Filter", report_string(root, "filter"), out);
	put_fact("Framework", report_string(root, "framework"), out);
	fputs("</dl>\n</header>\n", out);
}

static void put_contents(const json_t *root, FILE *out)
{
	size_t i;
	json_t *s;

	fputs("<nav aria-label=\"Contents\"><ol>\n", out);
	json_array_foreach(json_object_get(root, "sections"), i, s)
	{
		fprintf(out, "<li><a href=\"#%s\">", report_string(s, "id"));
		html_text(report_string(s, "title"), out);
		fputs("</a></li>\n", out);
	}
	fputs("</ol></nav>\n", out);
}

static void put_tile(const char *name, const char *value, const char *class,
		     FILE *out)
{
	fprintf(out, "<div class=\"tile %s\"><dt>%s</dt><dd>", class, name);
	html_text(value, out);
	fputs("</dd></div>\n", out);
}

/* How many packets were lost, as far as that is known. */
static const char *lost_text(const json_t *loss, char *buf, size_t size)
{
	int64_t packets = report_integer(loss, "packets");
	char number[REPORT_CELL_MAX];

	if (report_integer(loss, "gaps_unknown") == 0)
		return report_number(packets, buf);
	if (packets == 0)
		snprintf(buf, size, "not known");
	else
		snprintf(buf, size, "%s or more",
			 report_number(packets, number));
	return buf;
}

static void put_tiles(const json_t *root, FILE *out)
{
	const json_t *figures = json_object_get(root, "figures");
	const json_t *loss = json_object_get(root, "loss");
	bool rules = report_integer(loss, "rules") > 0;
	char buf[REPORT_CELL_MAX];

	fputs("<dl class=\"tiles\">\n", out);
	put_tile("Dropped",
		 report_number(report_integer(figures, "dropped"), buf), "drop",
		 out);
	put_tile("Let in to published ports",
		 report_number(report_integer(figures, "accepted"), buf),
		 "accept", out);
	put_tile("Passed between bridges",
		 report_number(report_integer(figures, "passed"), buf), "pass",
		 out);
	put_tile("Coverage",
		 rules ? loss_share(report_integer(loss, "coverage_ppm"), buf,
				    sizeof(buf))
		       : "no rule",
		 rules && report_integer(loss, "coverage_ppm") == LOSS_PPM
			 ? "good"
			 : "bad",
		 out);
	put_tile("Lost", lost_text(loss, buf, sizeof(buf)),
		 report_integer(loss, "gaps") == 0 ? "good" : "bad", out);
	fputs("</dl>\n", out);
}

static void put_pictures(const json_t *s, FILE *out)
{
	const char *id = report_string(s, "id");

	if (json_array_size(json_object_get(s, "rows")) == 0)
		return;
	if (strcmp(id, "matrix") == 0) {
		html_heat_map(s, out);
		html_graph(s, out);
	} else if (strcmp(id, "timeline") == 0) {
		html_timeline(s, out);
	}
}

/* Long and drawn above: folded, for whoever wants the numbers. */
static void put_rows(const json_t *s, FILE *out)
{
	bool folded = strcmp(report_string(s, "id"), "timeline") == 0;

	if (folded)
		fputs("<details><summary>The numbers</summary>\n", out);
	html_table(s, out);
	if (folded)
		fputs("</details>\n", out);
	else if (json_array_size(json_object_get(s, "columns")) > 0 &&
		 json_array_size(json_object_get(s, "rows")) == 0)
		fputs("<p class=\"none\">None.</p>\n", out);
}

static void put_end(const json_t *s, FILE *out)
{
	int64_t omitted = report_integer(s, "omitted");
	const char *about = report_string(s, "about");
	char buf[REPORT_CELL_MAX];
	size_t i;
	json_t *command;

	if (omitted > 0)
		fprintf(out, "<p class=\"none\">%s more are not shown.</p>\n",
			report_number(omitted, buf));
	if (*about) {
		fputs("<p class=\"about\">Of these numbers: ", out);
		html_text(about, out);
		fputs(".</p>\n", out);
	}
	json_array_foreach(json_object_get(s, "commands"), i, command)
	{
		fputs("<p class=\"again\">Again with <code>", out);
		html_text(json_string_value(command), out);
		fputs("</code></p>\n", out);
	}
}

static void put_section(const json_t *root, const json_t *s, FILE *out)
{
	const char *id = report_string(s, "id");
	size_t i;
	json_t *text;

	fprintf(out,
		"<section id=\"%s\" aria-labelledby=\"h-%s\">\n"
		"<h2 id=\"h-%s\">",
		id, id, id);
	html_text(report_string(s, "title"), out);
	fputs("</h2>\n", out);
	if (strcmp(id, "summary") == 0)
		put_tiles(root, out);
	json_array_foreach(json_object_get(s, "text"), i, text)
	{
		fputs("<p>", out);
		html_text(json_string_value(text), out);
		fputs("</p>\n", out);
	}
	put_pictures(s, out);
	put_rows(s, out);
	put_end(s, out);
	fputs("</section>\n", out);
}

static void put_head(const json_t *root, FILE *out)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	      "<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\""
	      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none';"
	      " form-action 'none'\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width,"
	      " initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n"
	      "<meta name=\"generator\" content=\"bridgeaudit ",
	      out);
	html_text(report_string(root, "version"), out);
	fprintf(out,
		"\">\n<title>Docker network boundaries, %.10s to %.10s"
		"</title>\n<style>\n%s</style>\n</head>\n",
		report_string(root, "since"), report_string(root, "until"),
		report_style);
}

int report_html(const json_t *root, FILE *out)
{
	size_t i;
	json_t *s;

	errno = EIO;
	put_head(root, out);
	fputs("<body>\n<a class=\"skip\" href=\"#summary\">To the summary</a>\n"
	      "<div class=\"page\">\n",
	      out);
	put_header(root, out);
	put_contents(root, out);
	fputs("<main>\n", out);
	json_array_foreach(json_object_get(root, "sections"), i, s)
		put_section(root, s, out);
	fputs("</main>\n<footer><p>All times are UTC. Made from the log of "
	      "bridgeaudit; this file loads nothing and runs nothing.</p>"
	      "</footer>\n</div>\n</body>\n</html>\n",
	      out);
	return ferror(out) || fflush(out) == EOF ? -errno : 0;
}
