// SPDX-License-Identifier: GPL-2.0-or-later
/* How many there are says how much room there is. */
#include "cli/list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int list_grow(void *list, size_t n, size_t size)
{
	void *old, *at;

	if (n & (n - 1))
		return 0;
	memcpy(&old, list, sizeof(old));
	at = reallocarray(old, n ? 2 * n : 1, size);
	if (!at)
		return -ENOMEM;
	memcpy(list, &at, sizeof(at));
	/* cppcheck-suppress memleak ; it is in list */
	return 0;
}
