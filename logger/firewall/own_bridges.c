// SPDX-License-Identifier: GPL-2.0-or-later
#include "logger/firewall/own_bridges.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

int own_bridges_keep(const struct own_table *table, struct own_table_input *in,
		     char (**ret)[16])
{
	size_t kept = table ? table->bridges_len : 0, len = in->bridges_len;
	char(*list)[16] = calloc(len + kept + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	if (len > 0)
		memcpy(list, in->bridges, len * sizeof(*list));
	for (size_t i = 0; i < kept; i++)
		if (if_nametoindex(table->bridges[i]) != 0)
			memcpy(list[len++], table->bridges[i], sizeof(*list));
	in->bridges = (const char(*)[16])list;
	in->bridges_len = len;
	*ret = list;
	return 0;
}
