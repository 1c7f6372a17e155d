// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bridgeaudit verify BUNDLE: the tar, its manifest, its seal, then what its
 * evidence proves. All of it was written by anybody until it is proven.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/bundle/events.h"
#include "cli/bundle/filter.h"
#include "cli/bundle/lines.h"
#include "cli/bundle/make.h"
#include "cli/bundle/report.h"
#include "cli/bundle/table.h"
#include "cli/filter/filter.h"
#include "cli/interrupt.h"
#include "lib/db.h"
#include "lib/exitcode.h"
#include "lib/text.h"
#include "lib/timefmt.h"

enum { ABOUT_MAX = 65536 };

static int fault(struct checked *c, const char *what)
{
	snprintf(c->error, sizeof(c->error), "%s", what);
	return -EBADMSG;
}

/* Small files as a whole. NUL behind them; to be freed. */
static int read_whole(struct checked *c, const char *name, size_t max,
		      char **ret, size_t *ret_len)
{
	const struct bundle_file *file = bundle_find(&c->bundle, name);
	char *text;

	if (!file || file->size > max) {
		snprintf(c->error, sizeof(c->error), "it has no '%s'%s", name,
			 file ? " of a size that it can have" : "");
		return -EBADMSG;
	}
	text = malloc((size_t)file->size + 1);
	if (!text)
		return -ENOMEM;
	if (pread(c->bundle.fd, text, (size_t)file->size, file->at) !=
	    (ssize_t)file->size) {
		free(text);
		return fault(c, "it is cut off");
	}
	text[file->size] = '\0';
	*ret = text;
	*ret_len = (size_t)file->size;
	return 0;
}

/* What it must be is known: line after line it is held against that. */
static int check_manifest(struct checked *c)
{
	const struct bundle *b = &c->bundle;
	char line[BUNDLE_MANIFEST_LINE], *text = NULL;
	size_t len = 0, at = 0;
	int r = read_whole(c, BUNDLE_MANIFEST,
			   BUNDLE_FILES_MAX * BUNDLE_MANIFEST_LINE, &text,
			   &len);

	if (r == 0 && (strcmp(b->files[b->n - 1].name, BUNDLE_SEAL) != 0 ||
		       strcmp(b->files[b->n - 2].name, BUNDLE_MANIFEST) != 0))
		r = fault(c, "manifest and seal are not its last files");
	for (size_t i = 0; r == 0 && i + 2 < b->n; i++) {
		size_t n = bundle_manifest_line(&b->files[i], line);

		if (n > len - at || memcmp(text + at, line, n) != 0) {
			snprintf(c->error, sizeof(c->error),
				 "'%s' is not what the manifest says",
				 b->files[i].name);
			r = -EBADMSG;
		}
		at += n;
	}
	if (r == 0 && at != len)
		r = fault(c, "the manifest names files that are not here");
	free(text);
	return r;
}

static bool is_table(const char *name)
{
	char table[BUNDLE_NAME_MAX];

	for (size_t i = 0; bundle_table_name(i); i++) {
		snprintf(table, sizeof(table), "evidence/%s.jsonl",
			 bundle_table_name(i));
		if (strcmp(name, table) == 0)
			return true;
	}
	return false;
}

/* Of data/ recount.c asks which. A file that nobody looks at is one in which
 * anything can be said. */
static int check_names(struct checked *c)
{
	static const char *const names[] = {
		BUNDLE_README,	    BUNDLE_ABOUT,  BUNDLE_KEYS,
		BUNDLE_CHECKPOINTS, "report.html", "report.md",
		"report.json",	    "events.csv",  "events.jsonl",
		BUNDLE_MANIFEST,    BUNDLE_SEAL,
	};

	for (size_t i = 0; i < c->bundle.n; i++) {
		const char *name = c->bundle.files[i].name;
		bool known = strncmp(name, "data/", 5) == 0 || is_table(name);

		for (size_t k = 0; k < ARRAY_SIZE(names) && !known; k++)
			known = strcmp(name, names[k]) == 0;
		if (known)
			continue;
		snprintf(c->error, sizeof(c->error),
			 "no bundle has a file '%s'", name);
		return -EBADMSG;
	}
	return 0;
}

/* Another version may have said it in other words. */
static int check_readme(struct checked *c)
{
	char *text = NULL;
	size_t len = 0;
	int r = read_whole(c, BUNDLE_README, ABOUT_MAX, &text, &len);

	if (r == 0 && strcmp(c->version, VERSION) == 0 &&
	    (len != strlen(bundle_readme) ||
	     memcmp(text, bundle_readme, len) != 0))
		r = fault(c, BUNDLE_README " is not as it was written");
	free(text);
	return r;
}

static int check_seal(struct checked *c)
{
	const struct bundle_file *manifest;
	char *text = NULL;
	size_t len = 0;
	int r = read_whole(c, BUNDLE_SEAL, BUNDLE_SEAL_MAX, &text, &len);

	if (r < 0)
		return r;
	manifest = bundle_find(&c->bundle, BUNDLE_MANIFEST);
	if (bundle_seal_parse(text, len, &c->seal) < 0)
		r = fault(c, "the seal is not as one is written, or its "
			     "signature is wrong");
	else if (memcmp(c->seal.manifest, manifest->hash, BUNDLE_HASH) != 0)
		r = fault(c, "the manifest is not the one that was sealed");
	else if ((uint64_t)c->seal.made_ns / NS_PER_S != c->bundle.made_s)
		r = fault(c, "the seal is of another time than the files");
	free(text);
	if (r == 0 && c->trusted && c->seal.is_signed &&
	    !verify_keys_have(c->trusted, c->seal.key))
		r = fault(c, "the seal is signed by another key than yours");
	return r;
}

static int check_about(struct checked *c)
{
	char log[2 * EVIDENCE_LOG_ID + 1], *text = NULL;
	const char *of = NULL, *filter = NULL, *made_by = NULL;
	json_int_t made = 0, since = 0, until = 0, first = 0, last = 0;
	json_t *json = NULL;
	size_t len = 0;
	int version = 0, exact = 0;
	int r = read_whole(c, BUNDLE_ABOUT, ABOUT_MAX, &text, &len);

	if (r == 0)
		json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	sodium_bin2hex(log, sizeof(log), c->seal.log, sizeof(c->seal.log));
	if (r == 0 &&
	    json_unpack(json,
			"{s:i, s:s, s:s, s:I, s:I, s:I, s:s, s:b, s:I,"
			" s:I}",
			"bundle_version", &version, "version", &made_by, "log",
			&of, "made_ns", &made, "since_ns", &since, "until_ns",
			&until, "filter", &filter, "exact", &exact,
			"first_link", &first, "last_link", &last) < 0)
		r = fault(c, BUNDLE_ABOUT " does not say what it is about");
	else if (r == 0 && version != BUNDLE_VERSION)
		r = fault(c, "it is of another version than this program "
			     "knows");
	else if (r == 0 && (strcmp(of, log) != 0 || made != c->seal.made_ns ||
			    since < 0 || until <= since))
		r = fault(c, BUNDLE_ABOUT " and the seal are not of the same "
					  "bundle");
	else if (r == 0)
		r = bundle_filter_parse(filter, &c->filter);
	if (r == -EINVAL)
		r = fault(c, "its filter is none that this program has");
	if (r == 0) {
		c->about = (struct bundle_about){
			.version = c->version,
			.made_ns = made,
			.since_ns = since,
			.until_ns = until,
			.filter = c->filter.words,
			.exact = exact,
			.first_link = first,
			.last_link = last,
		};
		memcpy(c->about.log, c->seal.log, sizeof(c->about.log));
		c->filter.since_ns = (uint64_t)since;
		c->filter.until_ns = (uint64_t)until;
		if (str_copy(c->version, sizeof(c->version), made_by))
			r = fault(c, BUNDLE_ABOUT " names no version");
	}
	if (r == 0)
		r = bundle_about_is(&c->about, text, len);
	if (r == 0)
		r = fault(c, BUNDLE_ABOUT " is not as it was written");
	r = r > 0 ? 0 : r;
	json_decref(json);
	free(text);
	return r;
}

/* A line with a key that none before it has, and no word besides. */
static int take_key(struct checked *c, struct verify_keys *before,
		    const char *line, size_t len)
{
	static const char word[] = "bridgeaudit-key-1 ";
	uint8_t key[CHECKPOINT_KEY], old[CHECKPOINT_KEY];
	bool follows;

	if (strlen(line) != len || strncmp(line, word, strlen(word)) != 0 ||
	    checkpoint_key_parse(line, key, &follows, old) < 0)
		return fault(c, "a key is none");
	if (verify_keys_have(before, key))
		return fault(c, "a key is there twice");
	if (before->n == VERIFY_KEYS_MAX)
		return fault(c, "it has too many keys");
	memcpy(before->at[before->n++], key, sizeof(key));
	return 0;
}

/* Keys that followed the trusted ones, as these signed. */
static int take_keys(struct checked *c)
{
	const struct bundle_file *file = bundle_find(&c->bundle, BUNDLE_KEYS);
	static struct verify_keys before; /* 32 KiB */
	struct bundle_lines lines;
	size_t len;
	char *line;
	int r;

	if (!file)
		return fault(c, "it has no '" BUNDLE_KEYS "'");
	before.n = 0;
	r = bundle_lines_open(&lines, c->bundle.fd, file->at, file->size);
	while (r == 0 && (r = bundle_lines_next(&lines, &line, &len)) == 1) {
		r = take_key(c, &before, line, len);
		if (r == 0 && c->trusted)
			verify_keys_take(c->trusted, line);
	}
	bundle_lines_close(&lines);
	return r == -EMSGSIZE ? fault(c, "a key has no end") : r;
}

static int load(struct checked *c, sqlite3 *db)
{
	int r = db_errno(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL));

	if (r == 0 && !bundle_find(&c->bundle, BUNDLE_CHECKPOINTS))
		r = fault(c, "it has no '" BUNDLE_CHECKPOINTS "'");
	for (size_t i = 0; r == 0 && bundle_table_name(i); i++) {
		const struct bundle_file *file;
		char name[BUNDLE_NAME_MAX];

		snprintf(name, sizeof(name), "evidence/%s.jsonl",
			 bundle_table_name(i));
		bundle_step(c->cli, name);
		file = bundle_find(&c->bundle, name);
		if (!file)
			r = fault(c, "a table of the evidence is missing");
		else
			r = bundle_table_load(db, i, &c->bundle, file,
					      c->error);
	}
	return r;
}

static int compare_events(struct checked *c, sqlite3 *db)
{
	static const struct {
		const char *name;
		enum output_format format;
	} files[] = {
		{ "events.csv", OUTPUT_CSV },
		{ "events.jsonl", OUTPUT_JSONL },
	};
	struct selection sel;
	int r = selection_of(&c->filter, &sel);

	for (size_t i = 0; i < ARRAY_SIZE(files) && r == 0; i++) {
		const struct bundle_file *file =
			bundle_find(&c->bundle, files[i].name);

		bundle_step(c->cli, files[i].name);
		r = file ? bundle_events_compare(db, &sel, files[i].format,
						 &c->bundle, file, c->error)
			 : fault(c, "the packets are missing");
	}
	selection_clear(&sel);
	return r;
}

static int count_again(struct checked *c, sqlite3 *db)
{
	c->recount = (struct bundle_recount){
		.cli = c->cli,
		.db = db,
		.bundle = &c->bundle,
		.filter = &c->filter,
		.about = &c->about,
		.error = c->error,
	};
	bundle_step(c->cli, "the report");
	return bundle_recount(&c->recount);
}

static int check_evidence(struct checked *c, const char *against)
{
	struct bundle_prove p = {
		.bundle = &c->bundle,
		.trusted = c->trusted,
		.against = against,
		.since_ns = c->filter.since_ns,
		.until_ns = c->filter.until_ns,
		.first_link = c->about.first_link,
		.last_link = c->about.last_link,
		.proof = &c->proof,
		.error = c->error,
	};
	sqlite3 *db = NULL;
	int r = db_open_scratch(&db);

	if (r < 0)
		return r;
	p.db = db;
	r = load(c, db);
	if (r == 0)
		r = take_keys(c);
	bundle_step(c->cli, "the chain");
	if (r == 0)
		r = bundle_prove(&p);
	if (r == 0 && memcmp(c->proof.log, c->seal.log, EVIDENCE_LOG_ID) != 0)
		r = fault(c, "seal and evidence are of different logs");
	if (r == 0 && c->trusted && !c->proof.signed_seq)
		r = fault(c, "no checkpoint in it is signed by your key");
	if (r == 0)
		r = compare_events(c, db);
	if (r == 0)
		r = count_again(c, db);
	bundle_prove_free(&p);
	sqlite3_close(db);
	return r;
}

static int check(struct checked *c, const char *against)
{
	int r = canonical_init();

	bundle_step(c->cli, "the hashes of its files");
	if (r == 0)
		r = bundle_read(&c->bundle, c->error);
	if (r == 0 && c->bundle.n < 2)
		r = fault(c, "it is no bundle of bridgeaudit");
	if (r == 0)
		r = check_manifest(c);
	if (r == 0)
		r = check_seal(c);
	if (r == 0)
		r = check_names(c);
	if (r == 0)
		r = check_about(c);
	if (r == 0)
		r = check_readme(c);
	return r == 0 ? check_evidence(c, against) : r;
}

int bundle_verify(const struct cli *cli, const struct filter *f,
		  const char *path)
{
	static struct checked c;	/* too big for a stack, */
	static struct verify_keys keys; /* both */
	int code, r;

	c = (struct checked){ .cli = cli, .path = path };
	keys.n = 0;
	if (f->public_key) {
		if (verify_keys_read(f->public_key, &keys, c.error) < 0) {
			cli_error(cli, "%s", c.error);
			return EXITCODE_USAGE;
		}
		c.trusted = &keys;
	}
	c.bundle.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (c.bundle.fd < 0) {
		cli_error(cli, "can't read the bundle '%s': %s", path,
			  strerror(errno));
		return EXITCODE_USAGE;
	}
	r = check(&c, f->against);
	close(c.bundle.fd);
	bundle_step(cli, NULL);
	if (r == 0 || r == -EBADMSG)
		return bundle_report(&c, f, r == 0);
	code = r == -EINVAL ? EXITCODE_USAGE : EXITCODE_NOTHING;
	if (r == -EINTR && interrupted())
		return code;
	cli_error(cli, "can't check '%s': %s%s", path,
		  r == -EINVAL ? c.error : strerror(-r),
		  r == -ENOSPC || r == -ENOMEM || r == -EIO
			  ? "; SQLITE_TMPDIR may name a directory with room "
			    "for its rows"
			  : "");
	return code;
}
