/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What --probe prints: one JSON object per line, {"fact": KIND, ...}. Which
 * kinds there are, and their members, is in docs/doctor.md.
 */
#ifndef BRIDGEAUDIT_LOGGER_DIAGNOSE_FACT_H
#define BRIDGEAUDIT_LOGGER_DIAGNOSE_FACT_H

#include <jansson.h>
#include <stdio.h>

enum { FACT_TEXT_MAX = 1024, FACT_NAMES_MAX = 8 };

/*
 * A string from any bytes, cut at FACT_TEXT_MAX; those that are not UTF-8 and
 * control characters become \xNN. NULL for NULL, or out of memory.
 */
json_t *fact_text(const char *text);

/*
 * Writes one line and flushes, so that what is known gets through even if the
 * next question never ends. Takes members over; NULL (no memory) writes a line
 * without members. Errors show in ferror(out).
 */
void fact_write(FILE *out, const char *kind, json_t *members);

#endif
