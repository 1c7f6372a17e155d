/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The published schemas of log stores as tables (tests/data/schemas), held
 * against whole objects: each leaf is a known field of the right type, and
 * nothing that is required is missing.
 */
#ifndef BRIDGEAUDIT_TESTS_UNIT_SIEM_SCHEMA_H
#define BRIDGEAUDIT_TESTS_UNIT_SIEM_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { SCHEMA_FIELDS_MAX = 128, SCHEMA_WORD_MAX = 192 };

struct schema_field {
	char object[64]; /* of OCSF; "" in ECS, whose names are whole paths */
	char name[64];
	char type[32];
	bool array;
	char need[16]; /* required, recommended, at_least_one; - */
	char profile[32];
	char values[SCHEMA_WORD_MAX]; /* "a,b"; "-": any */
	bool seen;
};

struct schema {
	char version[16];
	struct schema_field fields[SCHEMA_FIELDS_MAX];
	size_t n;
};

/* Reads the table of 5 columns (ECS) or 7 (OCSF); fails the test. */
void schema_load(struct schema *s, const char *path, bool ocsf);

/* Fails the test with the line where it is not as the schema has it. */
void schema_check_ecs(struct schema *s, json_t *event, const char *line);
void schema_check_ocsf(struct schema *s, json_t *event, const char *line);

/* Fails the test on a fact that no object has made use of. */
void schema_all_seen(const struct schema *s);

#endif
