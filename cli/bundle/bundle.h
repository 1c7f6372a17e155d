/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bundle: a tar of exactly one form (docs/bundle.md), so that every byte of
 * it is either what we would have written or under a hash of its manifest.
 */
#ifndef BRIDGEAUDIT_CLI_BUNDLE_BUNDLE_H
#define BRIDGEAUDIT_CLI_BUNDLE_BUNDLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define BUNDLE_DIR "bridgeaudit-bundle/" /* before every name in the tar */
#define BUNDLE_MANIFEST "manifest.sha256"
#define BUNDLE_SEAL "seal"
#define BUNDLE_README "readme.txt"
#define BUNDLE_ABOUT "bundle.json"
#define BUNDLE_KEYS "keys"
#define BUNDLE_CHECKPOINTS "checkpoints"

enum {
	BUNDLE_VERSION = 1,
	BUNDLE_BLOCK = 512,
	BUNDLE_FILES_MAX = 128,
	BUNDLE_NAME_MAX = 80,
	BUNDLE_HASH = 32, /* SHA-256 */
	BUNDLE_ERROR_MAX = 320,
	BUNDLE_LINE_MAX = 1 << 20, /* of any file that verify reads by lines */
};

struct bundle_file {
	char name[BUNDLE_NAME_MAX]; /* without BUNDLE_DIR */
	off_t at;		    /* of its bytes, behind the header */
	uint64_t size;
	uint8_t hash[BUNDLE_HASH];
};

struct bundle {
	int fd;
	uint64_t made_s; /* the one time of all headers */
	size_t n;
	struct bundle_file files[BUNDLE_FILES_MAX];
};

/* The file of that name, or NULL. */
const struct bundle_file *bundle_find(const struct bundle *b, const char *name);

/* The one header that a file has. */
void bundle_header(const struct bundle_file *file, uint64_t made_s,
		   uint8_t ret[BUNDLE_BLOCK]);

/* SHA-256 of its bytes in fd. 0, -EINTR, -ENODATA when it is cut off, -errno */
int bundle_hash(int fd, struct bundle_file *file);

/*
 * Takes the tar that b->fd is apart: names, places and hashes of all files.
 * Nothing of it is trusted. Returns 0; -EBADMSG with what is wrong in
 * error[BUNDLE_ERROR_MAX] for any that no bridgeaudit wrote; -EINTR; -errno.
 */
int bundle_read(struct bundle *b, char *error);

/*
 * Writing one: files one after the other into out, which is at its end and
 * can be read. Each returns 0 or -errno, -E2BIG for more than a tar takes.
 */
struct bundle_writer {
	FILE *out;
	struct bundle bundle;
};
int bundle_begin(struct bundle_writer *w, const char *name);
int bundle_end(struct bundle_writer *w);
/* The two blocks that end a tar. */
int bundle_finish(struct bundle_writer *w);

#endif
