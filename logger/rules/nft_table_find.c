// SPDX-License-Identifier: GPL-2.0-or-later
/* The order in which a parsed table keeps chains and elements, and what is
 * looked for by it. */
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "logger/rules/nft_table_private.h"

static int by_name(const void *a, const void *b)
{
	const struct nft_chain *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int by_map(const void *a, const void *b)
{
	const struct nft_jump *x = a, *y = b;
	int r = strcmp(x->map, y->map);

	return r != 0 ? r : strcmp(x->ifname, y->ifname);
}

/* Sorts, and of several that are the same keeps one. */
static size_t sort_unique(struct nft_table *table, void *list, size_t len,
			  size_t size,
			  int (*compare)(const void *, const void *))
{
	char *at = list;
	size_t kept = 0;

	if (len > 0)
		qsort(list, len, size, compare);
	for (size_t i = 0; i < len; i++) {
		char *item = at + i * size;

		if (kept > 0 && compare(at + (kept - 1) * size, item) == 0) {
			table->left_out++;
			continue;
		}
		if (kept != i)
			memcpy(at + kept * size, item, size);
		kept++;
	}
	return kept;
}

void nft_table_sort(struct nft_table *table)
{
	table->chains_len = sort_unique(table, table->chains, table->chains_len,
					sizeof(*table->chains), by_name);
	table->jumps_len = sort_unique(table, table->jumps, table->jumps_len,
				       sizeof(*table->jumps), by_map);
}

void nft_table_free(struct nft_table *table)
{
	if (!table)
		return;
	free(table->chains);
	free(table->rules);
	free(table->jumps);
	free(table->text);
	free(table);
}

const struct nft_chain *nft_table_chain(const struct nft_table *table,
					const char *name)
{
	struct nft_chain key = { 0 };

	if (table->chains_len == 0 ||
	    str_copy(key.name, sizeof(key.name), name))
		return NULL;
	return bsearch(&key, table->chains, table->chains_len, sizeof(key),
		       by_name);
}

const struct nft_jump *nft_table_jumps(const struct nft_table *table,
				       const char *map, size_t *ret_len)
{
	const struct nft_jump *first = NULL;
	size_t len = 0;

	for (size_t i = 0; i < table->jumps_len; i++) {
		if (strcmp(table->jumps[i].map, map) != 0)
			continue;
		if (len++ == 0)
			first = &table->jumps[i];
	}
	*ret_len = len;
	return first;
}

bool nft_table_has_jump(const struct nft_table *table, const char *map,
			const char *ifname)
{
	struct nft_jump key = { 0 };

	return table->jumps_len > 0 &&
	       !str_copy(key.map, sizeof(key.map), map) &&
	       !str_copy(key.ifname, sizeof(key.ifname), ifname) &&
	       bsearch(&key, table->jumps, table->jumps_len, sizeof(key),
		       by_map) != NULL;
}
