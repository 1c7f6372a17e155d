// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists of rows and their hashes, as the chain needs them. */
#include "logger/store/entry_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_MIN = 64 };

struct evidence_entry *entry_list_add(struct entry_list *l, int64_t item,
				      int64_t key)
{
	if (l->n == l->room) {
		size_t room = l->room ? 2 * l->room : LIST_MIN;
		void *at = realloc(l->at, room * sizeof(l->at[0]));

		if (!at)
			return NULL;
		l->at = at;
		l->room = room;
	}
	l->at[l->n] = (struct evidence_entry){ .item = item, .key = key };
	return &l->at[l->n++];
}

void entry_list_tidy(struct entry_list *l)
{
	size_t kept = 0;

	if (l->n > 1)
		qsort(l->at, l->n, sizeof(l->at[0]), evidence_compare);
	for (size_t i = 0; i < l->n; i++)
		if (kept == 0 ||
		    evidence_compare(&l->at[kept - 1], &l->at[i]) != 0)
			l->at[kept++] = l->at[i];
	l->n = kept;
}

/* Where the entry is, or would be. */
static size_t index_of(const struct entry_list *l,
		       const struct evidence_entry *e)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (evidence_compare(&l->at[middle], e) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int entry_list_put(struct entry_list *l, const struct evidence_entry *e,
		   bool there)
{
	size_t at = index_of(l, e);
	bool known = at < l->n && evidence_compare(&l->at[at], e) == 0;

	if (!known && there) {
		if (!entry_list_add(l, 0, 0))
			return -ENOMEM;
		memmove(&l->at[at + 1], &l->at[at],
			(l->n - 1 - at) * sizeof(l->at[0]));
	}
	if (there) {
		l->at[at] = *e;
	} else if (known) {
		l->n--;
		memmove(&l->at[at], &l->at[at + 1],
			(l->n - at) * sizeof(l->at[0]));
	}
	return 0;
}
