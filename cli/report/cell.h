/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A value of a report's table as a person reads it. */
#ifndef BRIDGEAUDIT_CLI_REPORT_CELL_H
#define BRIDGEAUDIT_CLI_REPORT_CELL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REPORT_CELL_MAX = 64 };

/*
 * The value as the column's kind shows it: "1,234,567", "1.2 MB",
 * "2026-11-23 21:18:57", "99.98 %", or its text; "" for null. buf has
 * REPORT_CELL_MAX bytes and is used for what is no text.
 */
const char *report_cell(const json_t *column, const json_t *value, char *buf);

/* Whether the column's kind is kind; whether it is set to the right. */
bool report_column_is(const json_t *column, const char *kind);
bool report_column_is_number(const json_t *column);

/* "1,234,567" into buf (REPORT_CELL_MAX bytes), which it returns. */
const char *report_number(int64_t number, char *buf);

/* A member that is text, "" when it is not. */
const char *report_string(const json_t *object, const char *key);
int64_t report_integer(const json_t *object, const char *key);

/* The section of that id, or NULL. */
const json_t *report_find(const json_t *root, const char *id);

#endif
