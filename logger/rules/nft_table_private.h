/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that make an nft_table share, and nobody else includes. */
#ifndef BRIDGEAUDIT_LOGGER_RULES_NFT_TABLE_PRIVATE_H
#define BRIDGEAUDIT_LOGGER_RULES_NFT_TABLE_PRIVATE_H

#include "logger/rules/nft_table.h"

/* Puts chains and elements in order; of several that are the same one stays
 * and the others count as left_out. */
void nft_table_sort(struct nft_table *table);

#endif
