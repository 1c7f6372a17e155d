/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of a bundle's evidence that somebody changed, each of which verify must
 * find, whatever manifest and seal say. All functions fail the test. */
#ifndef BRIDGEAUDIT_TESTS_UNIT_BUNDLE_MUTATE_H
#define BRIDGEAUDIT_TESTS_UNIT_BUNDLE_MUTATE_H

#include "tests/unit/bundle_world.h"

/* The last run printed that. */
void bundle_must_say(const struct bundle_world *w, const char *what);

/* w->changed is refused for its evidence alone, for whoever changes that makes
 * the report fit; what: for the message. w->bundle is proven. */
void bundle_must_fail(struct bundle_world *w, const char *what);
void bundle_must_prove(struct bundle_world *w, const char *what);

/* The bytes of a file of w->bundle, to be freed. */
char *bundle_file_of(const struct bundle_world *w, const char *name);

/* The first `from` in the file of that name become `to` is found. */
void bundle_must_find(struct bundle_world *w, const char *name,
		      const char *from, const char *to);

/*
 * Each row of a table, or of all: left out, doubled, put behind the next one,
 * and each of its cells changed, as verify loads and proves it. Returns how
 * many rows there were; and how many tables, except one, have none.
 */
size_t bundle_change_rows(struct bundle_world *w, const char *table);
size_t bundle_change_all(struct bundle_world *w, const char *but);

/* A bundle that lacks any one link is refused, or has less that a signature
 * holds and says so. */
void bundle_without_links(struct bundle_world *w);

#endif
