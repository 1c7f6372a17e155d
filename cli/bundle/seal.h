/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last line of a bundle: the hash of its manifest, and, from whoever has
 * the log's key, a signature over that.
 *
 *   bridgeaudit-bundle-1 LOG TIME_NS MANIFEST [KEY SIGNATURE]
 */
#ifndef BRIDGEAUDIT_CLI_BUNDLE_SEAL_H
#define BRIDGEAUDIT_CLI_BUNDLE_SEAL_H

#include "cli/bundle/bundle.h"
#include "lib/checkpoint.h"

enum { BUNDLE_SEAL_MAX = 512, BUNDLE_MANIFEST_LINE = 256 };

struct bundle_seal {
	uint8_t log[EVIDENCE_LOG_ID];
	int64_t made_ns;
	uint8_t manifest[BUNDLE_HASH];
	bool is_signed;
	uint8_t key[CHECKPOINT_KEY];
	uint8_t signature[CHECKPOINT_SIGNATURE];
};

void bundle_seal_sign(struct bundle_seal *seal,
		      const uint8_t secret[CHECKPOINT_SECRET]);

/* The line with its end; returns its length. */
size_t bundle_seal_print(const struct bundle_seal *seal,
			 char line[BUNDLE_SEAL_MAX]);

/* Exactly what bundle_seal_print() writes. 0, or -EINVAL also for a signature
 * that is wrong. */
int bundle_seal_parse(const char *line, size_t len, struct bundle_seal *ret);

/* The file's line of the manifest, as sha256sum(1) has them. */
size_t bundle_manifest_line(const struct bundle_file *file,
			    char line[BUNDLE_MANIFEST_LINE]);

#endif
