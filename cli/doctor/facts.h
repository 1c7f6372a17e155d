/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What "bridgeauditd --probe" said. It may be another version, or broken. */
#ifndef BRIDGEAUDIT_CLI_DOCTOR_FACTS_H
#define BRIDGEAUDIT_CLI_DOCTOR_FACTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	FACTS_LINE_MAX = 64 * 1024,
	FACTS_MAX = 4096,
	FACTS_TEXT_MAX = 4 * 1024 * 1024,
	FACTS_ERROR_MAX = 1024,
};

struct facts {
	json_t *list;		     /* array of objects with a string "fact" */
	size_t bad;		     /* lines that are no facts, or too many */
	bool ended;		     /* the last one was there */
	char error[FACTS_ERROR_MAX]; /* why the probe failed; "": it did not */
};

/* Parses text[len], which may hold anything. Returns 0 or -ENOMEM. */
int facts_parse(const char *text, size_t len, struct facts *ret);

/*
 * Runs program --probe, kills it after timeout_ms, and parses what it said
 * until then. Returns 0, also when it failed (facts.error), or -ENOMEM.
 */
int facts_run(const char *program, int timeout_ms, struct facts *ret);

void facts_clear(struct facts *facts);

/* The next fact of that kind from *at on, which moves behind it; or NULL. */
const json_t *facts_next(const struct facts *facts, const char *kind,
			 size_t *at);

/* The first of that kind whose member key (NULL: any) is value; or NULL. */
const json_t *facts_find(const struct facts *facts, const char *kind,
			 const char *key, const char *value);

/* A member; "" , 0 and false when it is missing or of another type. */
const char *fact_string(const json_t *fact, const char *key);
json_int_t fact_number(const json_t *fact, const char *key);
bool fact_flag(const json_t *fact, const char *key);

/* Whether the probe ran as root. */
bool facts_by_root(const struct facts *facts);

/* Whether all firewalls were read and none holds a rule of Docker's. */
bool facts_no_rules(const struct facts *facts);

/* What to do about a fact that the probe did not tell. */
const char *facts_remedy(const struct facts *facts);

/* "a, b, c and 4 more" of {count, names}, into buf; returns buf. */
const char *fact_names(const json_t *list, char *buf, size_t size);

#endif
