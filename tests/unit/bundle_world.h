/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A signed log, a bundle of it, and copies of that with something changed. */
#ifndef BRIDGEAUDIT_TESTS_UNIT_BUNDLE_WORLD_H
#define BRIDGEAUDIT_TESTS_UNIT_BUNDLE_WORLD_H

#include "tests/unit/cli_fixture.h"
#include "tests/unit/store_world.h"

enum { BUNDLE_PATH_SIZE = 160 };

struct bundle_world {
	struct world world;
	char bundle[BUNDLE_PATH_SIZE], changed[BUNDLE_PATH_SIZE];
	char public_key[BUNDLE_PATH_SIZE], checkpoints[BUNDLE_PATH_SIZE];
	struct cli_result result; /* of the last run */
	const uint8_t *secret;	  /* signs what is changed; NULL: nobody does */
};

/* cmocka's; *state is a struct bundle_world whose log is closed and signed, but
 * for its last commit. */
int bundle_world_set_up(void **state);
int bundle_world_tear_down(void **state);

/* A checkpoint of the last link, as recorder and keeper make it. */
void bundle_world_sign(const struct bundle_world *w, struct store *st,
		       uint64_t now_ns);

/* Runs bridgeaudit with words apart by one space; returns its exit code. */
int bundle_world_run(struct bundle_world *w, const char *args);

/* Makes w->bundle with these options besides; fails the test. */
void bundle_world_make(struct bundle_world *w, const char *options);

/* verify of that file with these options; returns the exit code. */
int bundle_world_verify(struct bundle_world *w, const char *path,
			const char *options);

/*
 * Writes w->changed: the bundle with the first `from` in the file of that name
 * become `to`, under a manifest and a seal that fit, as anybody can make them.
 * Fails the test when there is no `from`.
 */
void bundle_world_change(struct bundle_world *w, const char *name,
			 const char *from, const char *to);

/* Writes w->changed with one file more. */
void bundle_world_add(struct bundle_world *w, const char *name,
		      const char *text);

/* From now on that is w->bundle, to be changed again. */
void bundle_world_keep(struct bundle_world *w);

/* All bytes of a file, to be freed; and a file of these. */
char *bundle_world_read(const char *path, size_t *ret_len);
void bundle_world_write(const char *path, const char *bytes, size_t len);

#endif
