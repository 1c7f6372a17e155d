/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What "nft list table inet bridgeaudit" printed. */
#ifndef BRIDGEAUDIT_LOGGER_RULES_OWN_TABLE_TEXT_H
#define BRIDGEAUDIT_LOGGER_RULES_OWN_TABLE_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct own_table_counter {
	uint64_t id; /* of the rule that a logging rule of ours stands for */
	uint64_t packets, bytes;
};

/*
 * Takes the values of the counters out of text, in place: what is left changes
 * only when somebody changes the table. Returns the new length.
 */
size_t own_table_strip(char *text, size_t len);

/*
 * The counters of all logging rules, sorted by id, those with the same id
 * added up. Returns 0 and *ret, which the caller frees; -ENOMEM.
 */
int own_table_counters(const char *text, size_t len,
		       struct own_table_counter **ret, size_t *ret_len);

#endif
