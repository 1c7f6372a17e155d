/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signed links of the chain, and the public keys that sign them. */
#ifndef BRIDGEAUDIT_LIB_CHECKPOINT_H
#define BRIDGEAUDIT_LIB_CHECKPOINT_H

#include <stdbool.h>

#include "lib/evidence.h"

enum {
	CHECKPOINT_KEY = crypto_sign_PUBLICKEYBYTES,
	CHECKPOINT_SECRET = crypto_sign_SECRETKEYBYTES,
	CHECKPOINT_SIGNATURE = crypto_sign_BYTES,
	CHECKPOINT_LINE_MAX = 512,
};

struct checkpoint {
	uint8_t log[EVIDENCE_LOG_ID];
	int64_t id; /* 1 and up, without a hole */
	int64_t seq;
	int64_t time_ns; /* when it was signed */
	uint8_t hash[CANONICAL_HASH];
	uint8_t state[CANONICAL_HASH];
	uint8_t key[CHECKPOINT_KEY];
	uint8_t signature[CHECKPOINT_SIGNATURE];
};

/* Fills in key and signature. */
void checkpoint_sign(struct checkpoint *cp,
		     const uint8_t secret[CHECKPOINT_SECRET]);

/* Whether cp->key signed it. */
bool checkpoint_signed(const struct checkpoint *cp);

/* One line without its end; returns line. */
const char *checkpoint_print(const struct checkpoint *cp,
			     char line[CHECKPOINT_LINE_MAX]);

/* Finds one in a line that may begin with other words, as syslog's do. Returns
 * 0, -ENOENT for a line without, -EINVAL for one that is not whole. */
int checkpoint_parse(const char *line, struct checkpoint *ret);

/*
 * A public key as a line; with its predecessor's secret it says that this one
 * follows, signed by it (old_secret may be NULL). Returns line.
 */
const char *checkpoint_key_print(const uint8_t key[CHECKPOINT_KEY],
				 const uint8_t *old_secret,
				 char line[CHECKPOINT_LINE_MAX]);

/* Errors as for checkpoint_parse(); *ret_follows: old is its predecessor, who
 * signed that. */
int checkpoint_key_parse(const char *line, uint8_t ret[CHECKPOINT_KEY],
			 bool *ret_follows, uint8_t old[CHECKPOINT_KEY]);

#endif
