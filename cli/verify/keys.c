// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keys from lines: the first one, and those that one of them said would
 * follow.
 */
#include "cli/verify/keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/verify/verify.h"

enum { LINE_MAX_LEN = 4096 };

bool verify_keys_have(const struct verify_keys *keys,
		      const uint8_t key[CHECKPOINT_KEY])
{
	for (size_t i = 0; i < keys->n; i++)
		if (memcmp(keys->at[i], key, CHECKPOINT_KEY) == 0)
			return true;
	return false;
}

void verify_keys_take(struct verify_keys *keys, const char *line)
{
	uint8_t key[CHECKPOINT_KEY], old[CHECKPOINT_KEY];
	bool follows;

	if (keys->n == VERIFY_KEYS_MAX ||
	    checkpoint_key_parse(line, key, &follows, old) < 0)
		return;
	if (keys->n > 0 && !(follows && verify_keys_have(keys, old)))
		return;
	if (!verify_keys_have(keys, key))
		memcpy(keys->at[keys->n++], key, sizeof(key));
}

int verify_keys_read(const char *path, struct verify_keys *ret, char *error)
{
	char line[LINE_MAX_LEN];
	FILE *f = fopen(path, "re");

	if (!f) {
		snprintf(error, VERIFY_DETAIL_MAX,
			 "can't read the public key '%.200s': %s", path,
			 strerror(errno));
		return -EINVAL;
	}
	while (fgets(line, sizeof(line), f))
		verify_keys_take(ret, line);
	fclose(f);
	if (ret->n > 0)
		return 0;
	snprintf(error, VERIFY_DETAIL_MAX,
		 "'%.200s' has no public key: write one with 'bridgeaudit key'",
		 path);
	return -EINVAL;
}
