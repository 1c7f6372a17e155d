/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From one text of our table to another, in one transaction. */
#ifndef BRIDGEAUDIT_LOGGER_RULES_OWN_DIFF_H
#define BRIDGEAUDIT_LOGGER_RULES_OWN_DIFF_H

/*
 * Both texts are those that own_table_make() wrote, and neither is of an empty
 * table. Writes the batch for nft that makes new_text's table of old_text's:
 * as long as the difference, "" when there is none. A named counter that both
 * have is not touched, so it goes on counting. The caller frees *ret. Returns
 * 0; -ENOTSUP when only making the table anew does it; -EINVAL for a text that
 * own_table_make() never writes; -ENOMEM.
 */
int own_diff(const char *old_text, const char *new_text, char **ret);

#endif
