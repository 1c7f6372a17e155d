// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The seal as words. There is one way to write each, and what is read is
 * printed again and compared: no byte of it can be another and mean the same.
 */
#include "cli/bundle/seal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SEAL_WORD "bridgeaudit-bundle-1"

static size_t print_unsigned(const struct bundle_seal *seal, char *line)
{
	char log[2 * EVIDENCE_LOG_ID + 1], hash[2 * BUNDLE_HASH + 1];

	return (size_t)snprintf(
		line, BUNDLE_SEAL_MAX, SEAL_WORD " %s %" PRId64 " %s",
		sodium_bin2hex(log, sizeof(log), seal->log, sizeof(seal->log)),
		seal->made_ns,
		sodium_bin2hex(hash, sizeof(hash), seal->manifest,
			       sizeof(seal->manifest)));
}

void bundle_seal_sign(struct bundle_seal *seal,
		      const uint8_t secret[CHECKPOINT_SECRET])
{
	char line[BUNDLE_SEAL_MAX];
	size_t len = print_unsigned(seal, line);

	crypto_sign_ed25519_sk_to_pk(seal->key, secret);
	crypto_sign_detached(seal->signature, NULL, (const uint8_t *)line, len,
			     secret);
	seal->is_signed = true;
}

size_t bundle_seal_print(const struct bundle_seal *seal,
			 char line[BUNDLE_SEAL_MAX])
{
	char key[2 * CHECKPOINT_KEY + 1], sig[2 * CHECKPOINT_SIGNATURE + 1];
	size_t at = print_unsigned(seal, line);

	if (seal->is_signed)
		at += (size_t)snprintf(
			line + at, BUNDLE_SEAL_MAX - at, " %s %s",
			sodium_bin2hex(key, sizeof(key), seal->key,
				       sizeof(seal->key)),
			sodium_bin2hex(sig, sizeof(sig), seal->signature,
				       sizeof(seal->signature)));
	line[at++] = '\n';
	line[at] = '\0';
	return at;
}

/* The hexadecimal word at *at, of just so many bytes, and a space before it. */
static bool take_hex(const char **at, uint8_t *ret, size_t len)
{
	const char *end = NULL;
	size_t n = 0;

	if (**at != ' ' ||
	    sodium_hex2bin(ret, len, *at + 1, 2 * len, NULL, &n, &end) < 0 ||
	    n != len)
		return false;
	*at = end;
	return true;
}

static bool take_number(const char **at, int64_t *ret)
{
	int used = 0;

	if (sscanf(*at, " %19" SCNd64 "%n", ret, &used) != 1)
		return false;
	*at += used;
	return true;
}

int bundle_seal_parse(const char *line, size_t len, struct bundle_seal *ret)
{
	char text[BUNDLE_SEAL_MAX], again[BUNDLE_SEAL_MAX];
	struct bundle_seal seal = { 0 };
	const char *at = text + strlen(SEAL_WORD);

	if (len >= sizeof(text))
		return -EINVAL;
	memcpy(text, line, len);
	text[len] = '\0';
	if (strncmp(text, SEAL_WORD, strlen(SEAL_WORD)) != 0 ||
	    !take_hex(&at, seal.log, sizeof(seal.log)) ||
	    !take_number(&at, &seal.made_ns) ||
	    !take_hex(&at, seal.manifest, sizeof(seal.manifest)))
		return -EINVAL;
	seal.is_signed = *at == ' ';
	if (seal.is_signed &&
	    (!take_hex(&at, seal.key, sizeof(seal.key)) ||
	     !take_hex(&at, seal.signature, sizeof(seal.signature))))
		return -EINVAL;
	if (bundle_seal_print(&seal, again) != len ||
	    memcmp(again, line, len) != 0)
		return -EINVAL;
	if (seal.is_signed) {
		len = print_unsigned(&seal, text);
		if (crypto_sign_verify_detached(seal.signature,
						(const uint8_t *)text, len,
						seal.key) != 0)
			return -EINVAL;
	}
	*ret = seal;
	return 0;
}

size_t bundle_manifest_line(const struct bundle_file *file,
			    char line[BUNDLE_MANIFEST_LINE])
{
	char hash[2 * BUNDLE_HASH + 1];

	return (size_t)snprintf(line, BUNDLE_MANIFEST_LINE, "%s  %s\n",
				sodium_bin2hex(hash, sizeof(hash), file->hash,
					       sizeof(file->hash)),
				file->name);
}
