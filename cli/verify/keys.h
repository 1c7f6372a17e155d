/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The public keys that somebody trusts. */
#ifndef BRIDGEAUDIT_CLI_VERIFY_KEYS_H
#define BRIDGEAUDIT_CLI_VERIFY_KEYS_H

#include <stddef.h>

#include "lib/checkpoint.h"

enum { VERIFY_KEYS_MAX = 1024 };

struct verify_keys {
	uint8_t at[VERIFY_KEYS_MAX][CHECKPOINT_KEY];
	size_t n;
};

bool verify_keys_have(const struct verify_keys *keys,
		      const uint8_t key[CHECKPOINT_KEY]);

/* Takes the key of a line when one that is trusted signed that it follows, or
 * when it is the first. Other lines are passed over. */
void verify_keys_take(struct verify_keys *keys, const char *line);

/* All of a file. 0, or -EINVAL with why not in error[VERIFY_DETAIL_MAX]. */
int verify_keys_read(const char *path, struct verify_keys *ret, char *error);

#endif
