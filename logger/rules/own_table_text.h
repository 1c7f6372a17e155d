/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What "nft list table inet bridgeaudit" printed. */
#ifndef BRIDGEAUDIT_LOGGER_RULES_OWN_TABLE_TEXT_H
#define BRIDGEAUDIT_LOGGER_RULES_OWN_TABLE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Takes the values of the counters out of text, in place: what is left changes
 * only when somebody changes the table. Returns the new length.
 */
size_t own_table_strip(char *text, size_t len);

/*
 * Whether a listing may be of the table that the batch text makes: as many
 * logging rules, jumps and verdicts in it. Less than a comparison of all, but
 * nft prints our text in other words than we write it, each version in others.
 */
bool own_table_same_shape(const char *listing, const char *text);

#endif
