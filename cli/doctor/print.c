// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The checks on a screen of 80 columns, or as one JSON object. A line that
 * holds for both families, word by word, is shown once.
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "cli/doctor/doctor.h"
#include "cli/json.h"
#include "lib/exitcode.h"

enum { WIDTH = 80, STATE_WIDTH = 12, INDENT = 2 + STATE_WIDTH + 1 };

static const struct {
	const char *shown; /* at most STATE_WIDTH characters */
	const char *json;
	const char *color;
} states[CHECK_STATES] = {
	[CHECK_OK] = { "ok", "ok", "\033[32m" },
	[CHECK_UNWATCHED] = { "NOT WATCHED", "not_watched", "\033[31m" },
	[CHECK_FAILED] = { "FAILED", "failed", "\033[31m" },
	[CHECK_UNKNOWN] = { "unknown", "unknown", "\033[33m" },
	[CHECK_NA] = { "n/a", "not_applicable", "" },
	[CHECK_BLIND] = { "blind", "blind", "\033[33m" },
	[CHECK_NOTE] = { "note", "note", "" },
};

static const char *const headings[] = {
	[SECTION_LOGGER] = "logger",
	[SECTION_KERNEL] = "kernel and tools",
	[SECTION_DOCKER] = "Docker",
	[SECTION_POINTS] = "drop points",
	[SECTION_NETWORK] = "network",
	[SECTION_BLIND] = "blind spots: what no rule can see",
};

static const char *const section_names[] = {
	[SECTION_LOGGER] = "logger",   [SECTION_KERNEL] = "kernel",
	[SECTION_DOCKER] = "docker",   [SECTION_POINTS] = "drop_points",
	[SECTION_NETWORK] = "network", [SECTION_BLIND] = "blind_spots",
};

/* Characters in the first len bytes, each taken to be one column wide. */
static size_t width_of(const char *text, size_t len)
{
	size_t width = 0;

	for (size_t i = 0; i < len; i++)
		width += ((unsigned char)text[i] & 0xc0) != 0x80;
	return width;
}

/* Text in words from column at on; the lines that follow are indented. */
static void put_wrapped(FILE *out, const char *text, size_t at, size_t indent)
{
	bool first = true;

	while (*text) {
		size_t len = strcspn(text, " ");
		size_t width = width_of(text, len);

		if (!first && at + 1 + width > WIDTH) {
			fprintf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (!first) {
			putc(' ', out);
			at++;
		}
		fwrite(text, 1, len, out);
		at += width;
		first = false;
		text += len;
		text += strspn(text, " ");
	}
	putc('\n', out);
}

static bool same_but_family(const struct check *a, const struct check *b)
{
	return a->section == b->section && a->family == 4 && b->family == 6 &&
	       a->state == b->state && a->remedy == b->remedy &&
	       strcmp(a->name, b->name) == 0 &&
	       strcmp(a->backend, b->backend) == 0 &&
	       strcmp(a->text, b->text) == 0;
}

/* What to do is said once for lines that stand together. */
static bool says_remedy(const struct doctor *d, size_t i)
{
	const struct check *c = &d->checks[i];

	return c->remedy && (i + 1 == d->n || c[1].remedy != c->remedy ||
			     c[1].section != c->section);
}

static void put_check(const struct check *c, bool both, FILE *out, bool color)
{
	const char *shown = states[c->state].shown;
	const char *on = color ? states[c->state].color : "";
	const char *family = both	      ? "IPv4+6 "
			     : c->family == 4 ? "IPv4   "
			     : c->family == 6 ? "IPv6   "
					      : "";

	fprintf(out, "  %s%s%s%*s %s", on, shown, *on ? "\033[0m" : "",
		(int)(STATE_WIDTH - strlen(shown)), "", family);
	put_wrapped(out, c->text, INDENT + strlen(family),
		    INDENT + strlen(family));
}

static void put_remedy(const char *remedy, FILE *out)
{
	fprintf(out, "%*s-> ", INDENT, "");
	put_wrapped(out, remedy, INDENT + 3, INDENT + 3);
}

static size_t count(const struct doctor *d, enum check_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		n += d->checks[i].state == state;
	return n;
}

static void put_verdict(const struct doctor *d, FILE *out, bool color)
{
	size_t bad = count(d, CHECK_UNWATCHED) + count(d, CHECK_FAILED);
	size_t unknown = count(d, CHECK_UNKNOWN);
	size_t blind = count(d, CHECK_BLIND);
	int code = doctor_exitcode(d);
	const char *on = !color		       ? ""
			 : code == EXITCODE_OK ? "\033[32m"
					       : "\033[31m";

	fputs(on, out);
	if (bad > 0)
		fprintf(out,
			"NOT all that can be watched is watched: %zu "
			"found above",
			bad);
	else if (unknown > 0)
		fprintf(out,
			"can't tell whether all is watched: %zu unknown "
			"above",
			unknown);
	else if (d->nothing)
		fprintf(out, "there is nothing to watch");
	else
		fprintf(out, "all that can be watched is watched");
	fputs(*on ? "\033[0m" : "", out);
	fprintf(out, "; %zu blind spot%s\n", blind, blind == 1 ? "" : "s");
}

static int finish(FILE *out)
{
	errno = EIO;
	return ferror(out) || fflush(out) == EOF ? -errno : 0;
}

int doctor_print(const struct doctor *d, FILE *out, bool color)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct check *c = &d->checks[i];
		const struct check *before = i > 0 ? c - 1 : NULL;
		bool both = i + 1 < d->n && same_but_family(c, c + 1);

		if (!before || before->section != c->section)
			fprintf(out, "%s%s\n", before ? "\n" : "",
				headings[c->section]);
		if (c->section == SECTION_POINTS && *c->backend &&
		    (!before || before->section != c->section ||
		     strcmp(before->backend, c->backend) != 0))
			fprintf(out, "  in %s:\n", c->backend);
		put_check(c, both, out, color);
		i += both;
		if (says_remedy(d, i))
			put_remedy(c->remedy, out);
	}
	putc('\n', out);
	put_verdict(d, out, color);
	return finish(out);
}

static json_t *check_json(const struct check *c)
{
	json_t *json =
		json_pack("{s:s, s:s, s:s, s:o*, s:o*, s:o, s:s*}", "section",
			  section_names[c->section], "check", c->name, "state",
			  states[c->state].json, "backend",
			  *c->backend ? json_text(c->backend) : NULL, "family",
			  c->family ? json_integer(c->family) : NULL, "text",
			  json_text(c->text), "remedy", c->remedy);

	if (json && c->counted) {
		json_object_set_new(json, "rules", json_integer(c->rules));
		json_object_set_new(json, "watched", json_integer(c->watched));
	}
	return json;
}

int doctor_print_json(const struct doctor *d, FILE *out)
{
	json_t *checks = json_array();
	int r;

	for (size_t i = 0; i < d->n; i++)
		if (json_array_append_new(checks, check_json(&d->checks[i])) <
		    0) {
			json_decref(checks);
			return -ENOMEM;
		}
	r = json_write(out, json_pack("{s:i, s:b, s:I, s:o}", "exit_status",
				      doctor_exitcode(d), "all_watched",
				      doctor_exitcode(d) == EXITCODE_OK,
				      "blind_spots",
				      (json_int_t)count(d, CHECK_BLIND),
				      "checks", checks));
	if (r < 0)
		return r;
	putc('\n', out);
	return finish(out);
}
