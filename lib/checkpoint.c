// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Checkpoints and keys as lines of text: words between single spaces, binary
 * as lower-case hexadecimal, the signature last and over all before it.
 */
#include "lib/checkpoint.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/text.h"

#define CHECKPOINT_WORD "bridgeaudit-checkpoint-1"
#define KEY_WORD "bridgeaudit-key-1"

enum { WORDS_MAX = 9, NUMBER_DIGITS = 19 };

static const char *hex(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	return sodium_bin2hex(buf, size, bytes, len);
}

static size_t print_unsigned(const struct checkpoint *cp, char *line)
{
	char log[64], hash[80], state[80], key[80];

	return (size_t)snprintf(
		line, CHECKPOINT_LINE_MAX,
		CHECKPOINT_WORD " %s %" PRId64 " %" PRId64 " %" PRId64
				" %s %s %s",
		hex(cp->log, sizeof(cp->log), log, sizeof(log)), cp->id,
		cp->seq, cp->time_ns,
		hex(cp->hash, sizeof(cp->hash), hash, sizeof(hash)),
		hex(cp->state, sizeof(cp->state), state, sizeof(state)),
		hex(cp->key, sizeof(cp->key), key, sizeof(key)));
}

void checkpoint_sign(struct checkpoint *cp,
		     const uint8_t secret[CHECKPOINT_SECRET])
{
	char line[CHECKPOINT_LINE_MAX];
	size_t len;

	crypto_sign_ed25519_sk_to_pk(cp->key, secret);
	len = print_unsigned(cp, line);
	crypto_sign_detached(cp->signature, NULL, (const uint8_t *)line, len,
			     secret);
}

bool checkpoint_signed(const struct checkpoint *cp)
{
	char line[CHECKPOINT_LINE_MAX];
	size_t len = print_unsigned(cp, line);

	return crypto_sign_verify_detached(cp->signature, (const uint8_t *)line,
					   len, cp->key) == 0;
}

const char *checkpoint_print(const struct checkpoint *cp,
			     char line[CHECKPOINT_LINE_MAX])
{
	char signature[2 * CHECKPOINT_SIGNATURE + 1];
	size_t at = print_unsigned(cp, line);

	snprintf(line + at, CHECKPOINT_LINE_MAX - at, " %s",
		 hex(cp->signature, sizeof(cp->signature), signature,
		     sizeof(signature)));
	return line;
}

/* Exactly so many bytes. */
static bool unhex(const char *word, uint8_t *ret, size_t len)
{
	size_t n = 0;

	return strlen(word) == 2 * len &&
	       sodium_hex2bin(ret, len, word, 2 * len, NULL, &n, NULL) == 0 &&
	       n == len;
}

static bool number(const char *word, int64_t *ret)
{
	*ret = 0;
	if (!*word || strlen(word) > NUMBER_DIGITS || (*word == '0' && word[1]))
		return false;
	for (; *word; word++) {
		int digit = *word - '0';

		if (digit < 0 || digit > 9 || *ret > (INT64_MAX - digit) / 10)
			return false;
		*ret = 10 * *ret + digit;
	}
	return true;
}

/* Takes the words from the one that is word on apart, in buf. */
static int split(const char *line, const char *word, char *buf,
		 const char *ret[WORDS_MAX], size_t *ret_n)
{
	const char *at = strstr(line, word);
	char *save = NULL, *next;

	if (!at)
		return -ENOENT;
	if (str_copy(buf, CHECKPOINT_LINE_MAX, at))
		return -EINVAL;
	*ret_n = 0;
	for (next = strtok_r(buf, " \t\r\n", &save); next;
	     next = strtok_r(NULL, " \t\r\n", &save)) {
		if (*ret_n == WORDS_MAX)
			return -EINVAL;
		ret[(*ret_n)++] = next;
	}
	return *ret_n && strcmp(ret[0], word) == 0 ? 0 : -EINVAL;
}

int checkpoint_parse(const char *line, struct checkpoint *ret)
{
	char buf[CHECKPOINT_LINE_MAX];
	const char *words[WORDS_MAX];
	struct checkpoint cp;
	size_t n;
	int r = split(line, CHECKPOINT_WORD, buf, words, &n);

	if (r < 0)
		return r;
	if (n != 9 || !unhex(words[1], cp.log, sizeof(cp.log)) ||
	    !number(words[2], &cp.id) || !number(words[3], &cp.seq) ||
	    !number(words[4], &cp.time_ns) ||
	    !unhex(words[5], cp.hash, sizeof(cp.hash)) ||
	    !unhex(words[6], cp.state, sizeof(cp.state)) ||
	    !unhex(words[7], cp.key, sizeof(cp.key)) ||
	    !unhex(words[8], cp.signature, sizeof(cp.signature)))
		return -EINVAL;
	*ret = cp;
	return 0;
}

const char *checkpoint_key_print(const uint8_t key[CHECKPOINT_KEY],
				 const uint8_t *old_secret,
				 char line[CHECKPOINT_LINE_MAX])
{
	uint8_t old[CHECKPOINT_KEY], signature[CHECKPOINT_SIGNATURE];
	char text[2 * CHECKPOINT_SIGNATURE + 1];
	int at = snprintf(line, CHECKPOINT_LINE_MAX, KEY_WORD " %s",
			  hex(key, CHECKPOINT_KEY, text, sizeof(text)));

	if (!old_secret)
		return line;
	crypto_sign_ed25519_sk_to_pk(old, old_secret);
	at += snprintf(line + at, CHECKPOINT_LINE_MAX - (size_t)at, " after %s",
		       hex(old, sizeof(old), text, sizeof(text)));
	crypto_sign_detached(signature, NULL, (const uint8_t *)line,
			     strlen(line), old_secret);
	snprintf(line + at, CHECKPOINT_LINE_MAX - (size_t)at, " %s",
		 hex(signature, sizeof(signature), text, sizeof(text)));
	return line;
}

int checkpoint_key_parse(const char *line, uint8_t ret[CHECKPOINT_KEY],
			 bool *ret_follows, uint8_t old[CHECKPOINT_KEY])
{
	char buf[CHECKPOINT_LINE_MAX], text[CHECKPOINT_LINE_MAX];
	uint8_t signature[CHECKPOINT_SIGNATURE];
	const char *words[WORDS_MAX];
	size_t n;
	int r = split(line, KEY_WORD, buf, words, &n);

	if (r < 0)
		return r;
	if ((n != 2 && n != 5) || !unhex(words[1], ret, CHECKPOINT_KEY))
		return -EINVAL;
	*ret_follows = n == 5;
	if (n == 2)
		return 0;
	if (strcmp(words[2], "after") != 0 ||
	    !unhex(words[3], old, CHECKPOINT_KEY) ||
	    !unhex(words[4], signature, sizeof(signature)))
		return -EINVAL;
	snprintf(text, sizeof(text), KEY_WORD " %s after %s", words[1],
		 words[3]);
	return crypto_sign_verify_detached(signature, (const uint8_t *)text,
					   strlen(text), old) == 0
		       ? 0
		       : -EINVAL;
}
