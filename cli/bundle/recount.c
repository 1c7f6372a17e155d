// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The sums of a bundle, counted again by the code that counted them, from rows
 * that are proven. What is not the same to the last letter is not right.
 */
#include "cli/bundle/recount.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/bundle/make.h"
#include "cli/interrupt.h"
#include "cli/report/cell.h"
#include "cli/report/doc.h"
#include "cli/report/report.h"
#include "lib/text.h"

enum { REPORT_MAX = 64 << 20 }; /* bytes of report.json */

static int wrong(struct bundle_recount *c, const char *what, const char *how)
{
	snprintf(c->error, BUNDLE_ERROR_MAX, "%.80s %s", what, how);
	return -EBADMSG;
}

static int read_report(struct bundle_recount *c, json_t **ret)
{
	const struct bundle_file *file = bundle_find(c->bundle, "report.json");
	char *text;
	ssize_t n;

	if (!file || file->size > REPORT_MAX)
		return wrong(c, "report.json", "is missing, or too long");
	text = malloc((size_t)file->size + 1);
	if (!text)
		return -ENOMEM;
	n = pread(c->bundle->fd, text, (size_t)file->size, file->at);
	if (n == (ssize_t)file->size)
		*ret = json_loadb(text, (size_t)n, JSON_REJECT_DUPLICATES,
				  NULL);
	free(text);
	return *ret && bundle_report_is_sound(*ret)
		       ? 0
		       : wrong(c, "report.json", "is no report");
}

/* Whether the bundle's file has these bytes. 1, 0 or -errno */
static int has_bytes(const struct bundle_recount *c,
		     const struct bundle_file *file, const char *bytes,
		     size_t len)
{
	char buf[65536];
	size_t at = 0;

	if (file->size != len)
		return 0;
	while (at < len) {
		size_t part = len - at < sizeof(buf) ? len - at : sizeof(buf);
		ssize_t n =
			pread(c->bundle->fd, buf, part, file->at + (off_t)at);

		if (n <= 0)
			return n < 0 ? -errno : -ENODATA;
		if (memcmp(buf, bytes + at, (size_t)n) != 0)
			return 0;
		at += (size_t)n;
	}
	return 1;
}

/* What the writer of a file makes of json, held against the file. */
static int check_file(struct bundle_recount *c, const char *name,
		      const json_t *json,
		      int (*write)(const json_t *json, FILE *out))
{
	const struct bundle_file *file = bundle_find(c->bundle, name);
	char *bytes = NULL;
	size_t len = 0;
	FILE *out;
	int r;

	if (!file)
		return wrong(c, name, "is missing");
	out = open_memstream(&bytes, &len);
	if (!out)
		return -ENOMEM;
	r = write(json, out);
	if (fclose(out) == EOF && r == 0)
		r = -ENOMEM;
	if (r == 0)
		r = has_bytes(c, file, bytes, len);
	free(bytes);
	if (r == 0)
		return wrong(c, name, "is not what report.json says");
	return r < 0 ? r : 0;
}

static int write_csv(const json_t *section, FILE *out)
{
	return bundle_section_write(section, OUTPUT_CSV, out);
}

static int write_jsonl(const json_t *section, FILE *out)
{
	return bundle_section_write(section, OUTPUT_JSONL, out);
}

/* Each table of the report is a pair of files, and each of these a table. */
static int check_data(struct bundle_recount *c, const json_t *report)
{
	char name[BUNDLE_NAME_MAX];
	size_t i, n = 0;
	json_t *s;
	int r = 0;

	json_array_foreach(json_object_get(report, "sections"), i, s)
	{
		if (json_array_size(json_object_get(s, "columns")) == 0)
			continue;
		snprintf(name, sizeof(name), "data/%.48s.csv",
			 report_string(s, "id"));
		r = check_file(c, name, s, write_csv);
		snprintf(name, sizeof(name), "data/%.48s.jsonl",
			 report_string(s, "id"));
		if (r == 0)
			r = check_file(c, name, s, write_jsonl);
		if (r < 0)
			return r;
		n += 2;
	}
	for (i = 0; i < c->bundle->n; i++)
		n -= strncmp(c->bundle->files[i].name, "data/", 5) == 0;
	return n == 0 ? 0 : wrong(c, "data/", "has a file of no table");
}

/* Members that are of the database, and not of its rows. */
static bool is_elsewhere(const char *key)
{
	return strcmp(key, "sections") == 0 || strcmp(key, "database") == 0;
}

static int compare_header(struct bundle_recount *c, json_t *given,
			  const json_t *again)
{
	const char *key;
	json_t *value;

	json_object_foreach(given, key, value)
	{
		char what[80];

		if (is_elsewhere(key) ||
		    json_equal(value, json_object_get(again, key)))
			continue;
		snprintf(what, sizeof(what), "report.json: '%.48s'", key);
		return wrong(c, what, "is not what the evidence gives");
	}
	return json_object_size(given) == json_object_size(again)
		       ? 0
		       : wrong(c, "report.json", "lacks a part");
}

/* Sections of which the evidence has a part, and what it has not. */
static const struct part {
	const char *id;
	bool rows; /* the table is of that part */
	const char *rest;
} parts[] = {
	{ "new", true, "that the time before had none of them" },
	{ "verification", false, "what is of the whole database" },
	{ "blind", false, "what is of the host" },
};

static const struct part *part_of(const char *id)
{
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (strcmp(parts[i].id, id) == 0)
			return &parts[i];
	return NULL;
}

static void note_rest(struct bundle_recount *c, const struct part *part)
{
	size_t at = strlen(c->rest);

	snprintf(c->rest + at, sizeof(c->rest) - at, "%s%s (%s)",
		 at ? ", " : "", part->id, part->rest);
}

static bool has_string(const json_t *array, const json_t *string)
{
	for (size_t i = 0; i < json_array_size(array); i++)
		if (json_equal(json_array_get(array, i), string))
			return true;
	return false;
}

/* Whether theirs says all that ours does, and has its table where it can. */
static bool has_part(const json_t *theirs, const json_t *ours,
		     const struct part *part)
{
	/* how many rows are not shown, nobody can tell */
	static const char *const same[] = { "title", "commands", "about",
					    "columns", "rows" };
	enum { ALWAYS = 3 };
	const json_t *said = json_object_get(theirs, "text");
	const json_t *ours_says = json_object_get(ours, "text");
	size_t n = part->rows ? ARRAY_SIZE(same) : ALWAYS, i;

	for (i = 0; i < json_array_size(ours_says); i++)
		if (!has_string(said, json_array_get(ours_says, i)))
			return false;
	for (i = 0; i < n; i++) {
		json_t *value = json_object_get(ours, same[i]);

		if (value ? !json_equal(value, json_object_get(theirs, same[i]))
			  : json_object_get(theirs, same[i]) != NULL)
			return false;
	}
	return true;
}

/* What the evidence gives must all be there, and the same. */
static int compare_sections(struct bundle_recount *c, const json_t *given,
			    const json_t *again)
{
	const json_t *theirs = json_object_get(given, "sections");
	const json_t *all = json_object_get(again, "sections");
	size_t i;
	json_t *s;

	json_array_foreach(theirs, i, s)
	{
		const char *id = report_string(s, "id");
		const json_t *ours = report_find(again, id);
		const struct part *part = part_of(id);
		char what[80];

		/* or it would be counted in the place of another */
		if (report_find(given, id) != s)
			return wrong(c, "report.json", "has a section twice");
		if (part && ours)
			note_rest(c, part);
		if (part && ours ? has_part(s, ours, part)
				 : json_equal(s, ours))
			continue;
		snprintf(what, sizeof(what), "report.json: section '%.48s'",
			 id);
		return wrong(c, what, "is not what the evidence gives");
	}
	return json_array_size(theirs) == json_array_size(all)
		       ? 0
		       : wrong(c, "report.json", "lacks a section");
}

static const struct report_framework *framework_of(const json_t *given)
{
	const struct report_framework *f;

	for (size_t i = 0; (f = report_framework_at(i)); i++)
		if (strcmp(report_string(given, "framework"), f->title) == 0)
			return f;
	return NULL;
}

static int count_again(struct bundle_recount *c, json_t *given)
{
	struct cli cli = *c->cli;
	struct report r = {
		.cli = &cli,
		.f = c->filter,
		.framework = framework_of(given),
		.db = c->db,
		.exact = true,
		.given = given,
	};
	int ret;

	cli.now_ns = (uint64_t)c->about->made_ns;
	ret = report_build(&r);
	if (ret == -E2BIG)
		ret = wrong(c, "report.json", "has more than a report can");
	if (ret == 0)
		ret = compare_header(c, given, r.root);
	if (ret == 0)
		ret = compare_sections(c, given, r.root);
	report_done(&r);
	return ret;
}

/* Of bundle.json: its words are told, and must be the report's. */
static int check_about(struct bundle_recount *c, const json_t *given)
{
	json_t *since = report_time(c->about->since_ns);
	json_t *until = report_time(c->about->until_ns);
	bool same = json_equal(since, json_object_get(given, "since")) &&
		    json_equal(until, json_object_get(given, "until"));

	json_decref(since);
	json_decref(until);
	if (!same)
		return wrong(c, "report.json", "is of another time");
	return strcmp(report_string(given, "version"), c->about->version) == 0
		       ? 0
		       : wrong(c, "report.json", "is of another version");
}

static int check(struct bundle_recount *c, json_t *given)
{
	int r = check_data(c, given);

	if (r == 0)
		r = check_about(c, given);
	if (r < 0)
		return r;
	c->known_ns = (uint64_t)report_integer(json_object_get(given, "loss"),
					       "known_until_ns");
	if (!c->about->exact) {
		snprintf(c->rest, sizeof(c->rest),
			 "rare ports were counted together in it");
		return 0;
	}
	if (strcmp(report_string(given, "version"), VERSION) != 0) {
		snprintf(c->rest, sizeof(c->rest),
			 "bridgeaudit %.20s made it, and this is " VERSION,
			 report_string(given, "version"));
		return 0;
	}
	c->counted = true;
	r = count_again(c, given);
	if (r == 0)
		r = check_file(c, "report.html", given, report_html);
	return r == 0 ? check_file(c, "report.md", given, report_md) : r;
}

int bundle_recount(struct bundle_recount *c)
{
	json_t *given = NULL;
	int r = read_report(c, &given);

	if (r == 0)
		r = check(c, given);
	json_decref(given);
	return r < 0 ? r : interrupted() ? -EINTR : 0;
}
