// SPDX-License-Identifier: GPL-2.0-or-later
/* The files of a bundle, in their order; the seal comes last. */
#include "cli/bundle/make.h"

#include <errno.h>
#include <string.h>

#include "cli/bundle/about.h"
#include "cli/bundle/events.h"
#include "cli/bundle/seal.h"
#include "cli/bundle/table.h"
#include "cli/filter/filter.h"
#include "cli/json.h"
#include "lib/signing_key.h"
#include "lib/text.h"
#include "lib/timefmt.h"

struct making {
	struct bundle_writer *w;
	const struct report *report;
	sqlite3 *db;
	struct bundle_seal seal;
	size_t index; /* of what is written: a table, or a section */
};

static int put(FILE *out, const char *text)
{
	return fputs(text, out) == EOF ? -errno : 0;
}

static int write_readme(struct making *m, FILE *out)
{
	(void)m;
	return put(out, bundle_readme);
}

/* Links that have all records of the time; 0 where there is no chain. */
static int read_run(sqlite3 *db, int64_t *first, int64_t *last)
{
	sqlite3_stmt *s = NULL;
	int r = query_prepare_text(db, "SELECT first, last FROM bundle_run",
				   &s);

	*first = *last = 0;
	if (r == 0)
		r = query_step(s);
	if (r == 1) {
		*first = sqlite3_column_int64(s, 0);
		*last = sqlite3_column_int64(s, 1);
	}
	sqlite3_finalize(s);
	return r < 0 ? r : 0;
}

static int write_about(struct making *m, FILE *out)
{
	const struct report *r = m->report;
	struct bundle_about about = {
		.version = VERSION,
		.made_ns = m->seal.made_ns,
		.since_ns = (int64_t)r->sel.since_ns,
		.until_ns = (int64_t)r->sel.until_ns,
		.filter = r->f->words,
		.exact = r->exact,
	};
	int ret = read_run(m->db, &about.first_link, &about.last_link);

	memcpy(about.log, m->seal.log, sizeof(about.log));
	return ret == 0 ? bundle_about_write(&about, out) : ret;
}

/* What is public already; where that can't be read, who signed. */
static int write_keys(struct making *m, FILE *out)
{
	char dir[SIGNING_PATH_MAX], path[SIGNING_PATH_MAX];
	char line[CHECKPOINT_LINE_MAX + 2];
	sqlite3_stmt *s = NULL;
	FILE *in = NULL;
	int r;

	if (signing_key_dir(m->report->f->db_path, dir) == 0 &&
	    signing_key_file(dir, "signing.pub", path) == 0)
		in = fopen(path, "re");
	if (in) {
		for (r = 0; r == 0 && fgets(line, sizeof(line), in);)
			r = put(out, line);
		fclose(in);
		return r;
	}
	r = query_prepare_text(m->db,
			       "SELECT DISTINCT key FROM checkpoint"
			       " WHERE length(key) = 32",
			       &s);
	while (r == 0 && (r = query_step(s)) == 1) {
		checkpoint_key_print(sqlite3_column_blob(s, 0), NULL, line);
		r = put(out, line);
		if (r == 0)
			r = put(out, "\n");
	}
	sqlite3_finalize(s);
	return r;
}

static bool take(sqlite3_stmt *s, int column, uint8_t *ret, int len)
{
	if (sqlite3_column_bytes(s, column) != len)
		return false;
	memcpy(ret, sqlite3_column_blob(s, column), (size_t)len);
	return true;
}

/* Those of links that are here, and the last one. */
static int write_checkpoints(struct making *m, FILE *out)
{
	char line[CHECKPOINT_LINE_MAX];
	struct checkpoint cp = { 0 };
	sqlite3_stmt *s = NULL;
	int r = query_prepare_text(
		m->db,
		"SELECT id, seq, time_ns, hash, state, key, signature"
		" FROM checkpoint WHERE seq IN (SELECT seq FROM bundle_link)"
		" OR id = (SELECT max(id) FROM checkpoint) ORDER BY id",
		&s);

	memcpy(cp.log, m->seal.log, sizeof(cp.log));
	while (r == 0 && (r = query_step(s)) == 1) {
		cp.id = sqlite3_column_int64(s, 0);
		cp.seq = sqlite3_column_int64(s, 1);
		cp.time_ns = sqlite3_column_int64(s, 2);
		r = -EUCLEAN;
		if (take(s, 3, cp.hash, sizeof(cp.hash)) &&
		    take(s, 4, cp.state, sizeof(cp.state)) &&
		    take(s, 5, cp.key, sizeof(cp.key)) &&
		    take(s, 6, cp.signature, sizeof(cp.signature)))
			r = put(out, checkpoint_print(&cp, line));
		if (r == 0)
			r = put(out, "\n");
	}
	sqlite3_finalize(s);
	return r;
}

static int write_html(struct making *m, FILE *out)
{
	return report_html(m->report->root, out);
}

static int write_md(struct making *m, FILE *out)
{
	return report_md(m->report->root, out);
}

static int write_json(struct making *m, FILE *out)
{
	return report_json(m->report->root, out);
}

static int write_events_csv(struct making *m, FILE *out)
{
	return bundle_events_write(m->db, &m->report->sel, OUTPUT_CSV, out);
}

static int write_events_jsonl(struct making *m, FILE *out)
{
	return bundle_events_write(m->db, &m->report->sel, OUTPUT_JSONL, out);
}

static int write_table(struct making *m, FILE *out)
{
	return bundle_table_write(m->db, m->index, out);
}

static int write_section_csv(struct making *m, FILE *out)
{
	return bundle_section_write(
		json_array_get(m->report->sections, m->index), OUTPUT_CSV, out);
}

static int write_section_jsonl(struct making *m, FILE *out)
{
	return bundle_section_write(
		json_array_get(m->report->sections, m->index), OUTPUT_JSONL,
		out);
}

static int write_manifest(struct making *m, FILE *out)
{
	const struct bundle *b = &m->w->bundle;
	char line[BUNDLE_MANIFEST_LINE];
	int r = 0;

	for (size_t i = 0; i < b->n && r == 0; i++) {
		bundle_manifest_line(&b->files[i], line);
		r = put(out, line);
	}
	return r;
}

static int write_seal(struct making *m, FILE *out)
{
	const struct bundle *b = &m->w->bundle;
	uint8_t secret[CHECKPOINT_SECRET];
	char dir[SIGNING_PATH_MAX], line[BUNDLE_SEAL_MAX];

	memcpy(m->seal.manifest, b->files[b->n - 1].hash,
	       sizeof(m->seal.manifest));
	if (signing_key_dir(m->report->f->db_path, dir) == 0 &&
	    signing_key_load(dir, secret) == 0)
		bundle_seal_sign(&m->seal, secret);
	sodium_memzero(secret, sizeof(secret));
	bundle_seal_print(&m->seal, line);
	return put(out, line);
}

static int file(struct making *m, const char *name,
		int (*write)(struct making *m, FILE *out))
{
	int r = bundle_begin(m->w, name);

	bundle_step(m->report->cli, name);
	if (r == 0) {
		errno = EIO; /* where a stream does not say why */
		r = write(m, m->w->out);
	}
	return r == 0 ? bundle_end(m->w) : r;
}

static int all_tables(struct making *m)
{
	char name[BUNDLE_NAME_MAX];
	int r = 0;

	for (m->index = 0; r == 0 && bundle_table_name(m->index); m->index++) {
		snprintf(name, sizeof(name), "evidence/%s.jsonl",
			 bundle_table_name(m->index));
		r = file(m, name, write_table);
	}
	return r;
}

/* Of the sections that have a table. */
static int all_sections(struct making *m)
{
	const json_t *sections = m->report->sections;
	char name[BUNDLE_NAME_MAX];
	int r = 0;

	for (m->index = 0; r == 0 && m->index < json_array_size(sections);
	     m->index++) {
		const json_t *s = json_array_get(sections, m->index);
		const char *id = json_string_value(json_object_get(s, "id"));

		if (json_array_size(json_object_get(s, "columns")) == 0)
			continue;
		snprintf(name, sizeof(name), "data/%.48s.csv", id);
		r = file(m, name, write_section_csv);
		snprintf(name, sizeof(name), "data/%.48s.jsonl", id);
		if (r == 0)
			r = file(m, name, write_section_jsonl);
	}
	return r;
}

/* Zeros where no chain began: verify says then that nothing is proven. */
static int read_log(struct making *m)
{
	sqlite3_stmt *s = NULL;
	int r = query_prepare_text(m->db, "SELECT log FROM proof", &s);

	if (r == 0)
		r = query_step(s);
	if (r == 1)
		r = take(s, 0, m->seal.log, sizeof(m->seal.log)) ? 0 : -EUCLEAN;
	sqlite3_finalize(s);
	return r;
}

int bundle_make(struct bundle_writer *w, const struct report *r,
		bool *ret_signed)
{
	static const struct {
		const char *name;
		int (*write)(struct making *m, FILE *out);
	} files[] = {
		{ BUNDLE_README, write_readme },
		{ BUNDLE_ABOUT, write_about },
		{ BUNDLE_KEYS, write_keys },
		{ BUNDLE_CHECKPOINTS, write_checkpoints },
		{ "report.html", write_html },
		{ "report.md", write_md },
		{ "report.json", write_json },
		{ "events.csv", write_events_csv },
		{ "events.jsonl", write_events_jsonl },
	};
	struct making m = { .w = w, .report = r, .db = r->db };
	int ret = canonical_init();

	m.seal.made_ns = (int64_t)r->cli->now_ns;
	w->bundle.made_s = r->cli->now_ns / NS_PER_S;
	if (ret == 0)
		ret = read_log(&m);
	bundle_step(r->cli, "the rows that prove it");
	if (ret == 0)
		ret = bundle_choose(r->db, &r->sel);
	for (size_t i = 0; i < ARRAY_SIZE(files) && ret == 0; i++)
		ret = file(&m, files[i].name, files[i].write);
	if (ret == 0)
		ret = all_sections(&m);
	if (ret == 0)
		ret = all_tables(&m);
	if (ret == 0)
		ret = file(&m, BUNDLE_MANIFEST, write_manifest);
	if (ret == 0)
		ret = file(&m, BUNDLE_SEAL, write_seal);
	if (ret == 0)
		ret = bundle_finish(w);
	*ret_signed = m.seal.is_signed;
	return ret;
}
