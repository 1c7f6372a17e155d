/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The key that signs checkpoints, and where it and its public half are. */
#ifndef BRIDGEAUDIT_LIB_SIGNING_KEY_H
#define BRIDGEAUDIT_LIB_SIGNING_KEY_H

#include "lib/checkpoint.h"

enum { SIGNING_PATH_MAX = 4096 };

/*
 * The keeper's directory for a database: beside the default one's, for that is
 * the recorder's; else DB.keeper. Returns 0 or -ENAMETOOLONG.
 */
int signing_key_dir(const char *db_path, char ret[SIGNING_PATH_MAX]);

/* A file of that directory: "signing.key", "signing.pub", "checkpoints". */
int signing_key_file(const char *dir, const char *name,
		     char ret[SIGNING_PATH_MAX]);

/* Reads the secret. Returns 0, -ENOENT, -EPERM for a file that others may read
 * or that is another's, -EINVAL for one that is no key, or -errno. */
int signing_key_load(const char *dir, uint8_t ret[CHECKPOINT_SECRET]);
/* The same in a directory that was opened while there was a way to it. */
int signing_key_load_at(int dir_fd, uint8_t ret[CHECKPOINT_SECRET]);

/*
 * Makes a new key, which follows old_secret when that is not NULL, and adds its
 * public half to signing.pub. Returns 0, -EPERM for a directory that others may
 * write, or -errno.
 */
int signing_key_make(const char *dir, const uint8_t *old_secret,
		     uint8_t ret[CHECKPOINT_SECRET]);

#endif
