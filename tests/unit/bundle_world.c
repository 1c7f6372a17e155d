// SPDX-License-Identifier: GPL-2.0-or-later
/* A signed log, a bundle of it, and copies of that with something changed. */
#include "tests/unit/bundle_world.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/bundle/seal.h"
#include "lib/text.h"
#include "logger/channel.h"
#include "logger/seal.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/verify_world.h"

#define HOUR (60 * NS_PER_MINUTE)

void bundle_world_sign(const struct bundle_world *w, struct store *st,
		       uint64_t now_ns)
{
	struct channel_msg msg = { 0 };
	struct seal seal;
	int channel[2];

	seal_open(&seal, w->world.db);
	assert_true(seal.able);
	assert_int_equal(channel_open(channel), 0);
	assert_true(store_unsigned(st, &msg.u.checkpoint));
	seal_checkpoint(&seal, &msg.u.checkpoint, channel[0], now_ns);
	assert_int_equal(channel_recv(channel[1], &msg), 1);
	store_add_fact(st, &msg);
	assert_int_equal(store_commit(st, now_ns), 0);
	close(channel[0]);
	close(channel[1]);
	seal_close(&seal);
}

/* What verify_world_fill() leaves, signed, and a packet that nobody signed. */
static void fill(struct bundle_world *w)
{
	struct store *st;
	struct event ev = store_world_event(T0 + 3 * HOUR + 1, 8080);

	verify_world_fill(&w->world);
	st = store_world_open(&w->world, T0 + 3 * HOUR);
	assert_int_equal(store_commit(st, T0 + 3 * HOUR), 0);
	bundle_world_sign(w, st, T0 + 3 * HOUR);
	store_add_event(st, &ev);
	assert_int_equal(store_commit(st, T0 + 3 * HOUR + 1), 0);
	assert_int_equal(store_close(st, T0 + 3 * HOUR + 2), 0);
}

int bundle_world_set_up(void **state)
{
	struct bundle_world *w = calloc(1, sizeof(*w));
	void *world = NULL;

	if (!w || store_world_set_up(&world) < 0)
		return -1;
	memcpy(&w->world, world, sizeof(w->world));
	free(world);
	snprintf(w->bundle, sizeof(w->bundle), "%s/b.tar", w->world.dir);
	snprintf(w->changed, sizeof(w->changed), "%s/c.tar", w->world.dir);
	snprintf(w->public_key, sizeof(w->public_key), "%s.keeper/signing.pub",
		 w->world.db);
	snprintf(w->checkpoints, sizeof(w->checkpoints),
		 "%s.keeper/checkpoints", w->world.db);
	fill(w);
	*state = w;
	return 0;
}

int bundle_world_tear_down(void **state)
{
	static const char *const names[] = { "checkpoints", "signing.key",
					     "signing.pub", "stolen.pub" };
	struct bundle_world *w = *state;
	char path[BUNDLE_PATH_SIZE];
	void *world = malloc(sizeof(w->world));
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s.keeper/%s", w->world.db,
			 names[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s.keeper", w->world.db);
	rmdir(path);
	unlink(w->bundle);
	unlink(w->changed);
	memcpy(world, &w->world, sizeof(w->world));
	r = store_world_tear_down(&world);
	free(w->result.out);
	free(w->result.err);
	free(w);
	return r;
}

int bundle_world_run(struct bundle_world *w, const char *args)
{
	size_t out_size = 0, err_size = 0;
	struct cli cli = { .now_ns = T0 + 48 * HOUR };
	char program[] = "bridgeaudit", option[] = "--db";
	char *argv[32] = { program, option, w->world.db };
	char words[1024], *rest = words, *word;
	int argc = 3;

	assert_false(str_copy(words, sizeof(words), args));
	while ((word = strsep(&rest, " ")) && argc < 31)
		if (*word)
			argv[argc++] = word;
	free(w->result.out);
	free(w->result.err);
	w->result = (struct cli_result){ 0 };
	cli.out = open_memstream(&w->result.out, &out_size);
	cli.err = open_memstream(&w->result.err, &err_size);
	w->result.code = cli_run(&cli, argc, argv);
	fclose(cli.out);
	fclose(cli.err);
	return w->result.code;
}

void bundle_world_make(struct bundle_world *w, const char *options)
{
	char args[512];

	unlink(w->bundle);
	snprintf(args, sizeof(args), "bundle -o %s %s", w->bundle, options);
	/* 3: this log knows of packets that were lost */
	if (bundle_world_run(w, args) != 3)
		fail_msg("%s: %d %s%s", args, w->result.code, w->result.out,
			 w->result.err);
}

int bundle_world_verify(struct bundle_world *w, const char *path,
			const char *options)
{
	char args[512];

	snprintf(args, sizeof(args), "verify %s %s", path, options);
	return bundle_world_run(w, args);
}

static void put(struct bundle_writer *out, const char *name, const char *bytes,
		size_t len)
{
	assert_int_equal(bundle_begin(out, name), 0);
	assert_int_equal(fwrite(bytes, 1, len, out->out), len);
	assert_int_equal(bundle_end(out), 0);
}

/* Manifest and seal for what is there. */
static void put_seal(struct bundle_writer *out, struct bundle_seal *seal,
		     const uint8_t *secret)
{
	struct bundle *b = &out->bundle;
	char line[BUNDLE_SEAL_MAX], *text = NULL;
	size_t len = 0;
	FILE *manifest = open_memstream(&text, &len);

	for (size_t i = 0; i < b->n; i++) {
		bundle_manifest_line(&b->files[i], line);
		fputs(line, manifest);
	}
	fclose(manifest);
	put(out, BUNDLE_MANIFEST, text, len);
	free(text);
	memcpy(seal->manifest, b->files[b->n - 1].hash, BUNDLE_HASH);
	seal->is_signed = false;
	if (secret)
		bundle_seal_sign(seal, secret);
	put(out, BUNDLE_SEAL, line, bundle_seal_print(seal, line));
	assert_int_equal(bundle_finish(out), 0);
}

/* A copy of bytes with from become to; *len is that of both. */
static char *replace(const char *bytes, size_t *len, const char *from,
		     const char *to)
{
	const char *at = memmem(bytes, *len, from, strlen(from));
	char *changed = malloc(*len + strlen(to) + 1);
	size_t before, rest;

	if (!at)
		fail_msg("no '%s' there", from);
	before = (size_t)(at - bytes);
	rest = *len - before - strlen(from);
	memcpy(changed, bytes, before);
	memcpy(changed + before, to, strlen(to));
	memcpy(changed + before + strlen(to), at + strlen(from), rest);
	*len = before + strlen(to) + rest;
	return changed;
}

/* w->changed: w->bundle with from become to in the file of that name; to is all
 * of one that is not there. Returns how many have that name. */
static size_t copy(struct bundle_world *w, const char *name, const char *from,
		   const char *to)
{
	static struct bundle_writer out;
	static struct bundle b;
	struct bundle_seal seal;
	char error[BUNDLE_ERROR_MAX];
	size_t len, changes = 0;
	char *all = bundle_world_read(w->bundle, &len);

	b.fd = open(w->bundle, O_RDONLY | O_CLOEXEC);
	assert_int_equal(bundle_read(&b, error), 0);
	assert_int_equal(bundle_seal_parse(all + b.files[b.n - 1].at,
					   b.files[b.n - 1].size, &seal),
			 0);
	out = (struct bundle_writer){ .out = fopen(w->changed, "w+e") };
	out.bundle.made_s = b.made_s;
	for (size_t i = 0; i + 2 < b.n; i++) {
		const char *bytes = all + b.files[i].at;
		size_t n = b.files[i].size;
		char *changed = NULL;

		if (strcmp(b.files[i].name, name) == 0) {
			changed = replace(bytes, &n, from, to);
			changes++;
		}
		put(&out, b.files[i].name, changed ? changed : bytes, n);
		free(changed);
	}
	if (changes == 0)
		put(&out, name, to, strlen(to));
	put_seal(&out, &seal, w->secret);
	fclose(out.out);
	close(b.fd);
	free(all);
	return changes;
}

void bundle_world_change(struct bundle_world *w, const char *name,
			 const char *from, const char *to)
{
	assert_int_equal(copy(w, name, from, to), 1);
}

void bundle_world_add(struct bundle_world *w, const char *name,
		      const char *text)
{
	assert_int_equal(copy(w, name, "", text), 0);
}

void bundle_world_keep(struct bundle_world *w)
{
	assert_int_equal(rename(w->changed, w->bundle), 0);
}

char *bundle_world_read(const char *path, size_t *ret_len)
{
	FILE *f = fopen(path, "re");
	char *bytes;
	long len;

	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	len = ftell(f);
	rewind(f);
	bytes = malloc((size_t)len + 1);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, (size_t)len, f), len);
	bytes[len] = '\0';
	fclose(f);
	*ret_len = (size_t)len;
	return bytes;
}

void bundle_world_write(const char *path, const char *bytes, size_t len)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}
