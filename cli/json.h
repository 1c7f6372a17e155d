/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON as every format of ours has it: ASCII, fields in order. */
#ifndef BRIDGEAUDIT_CLI_JSON_H
#define BRIDGEAUDIT_CLI_JSON_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

/*
 * A string from any bytes: those that are not UTF-8 are written as \xNN. NULL
 * when out of memory.
 */
json_t *json_text(const char *text);

/* An RFC 3339 time; NULL for 0. */
json_t *json_time(uint64_t time_ns);

/* Writes json without a newline and releases it. 0, -ENOMEM (also of NULL),
 * or -errno of out. */
int json_write(FILE *out, json_t *json);

#endif
