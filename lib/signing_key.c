// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The signing key as a file: 32 bytes in hexadecimal, readable by its owner
 * only. A new one is never half there: written beside, then renamed.
 */
#include "lib/signing_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/db.h"

#define DIR_DEFAULT "/var/lib/bridgeaudit-keeper"

enum { SEED_HEX = 2 * crypto_sign_SEEDBYTES };

int signing_key_dir(const char *db_path, char ret[SIGNING_PATH_MAX])
{
	int n;

	if (strcmp(db_path, DB_PATH_DEFAULT) == 0)
		n = snprintf(ret, SIGNING_PATH_MAX, "%s", DIR_DEFAULT);
	else
		n = snprintf(ret, SIGNING_PATH_MAX, "%s.keeper", db_path);
	return n >= 0 && n < SIGNING_PATH_MAX ? 0 : -ENAMETOOLONG;
}

int signing_key_file(const char *dir, const char *name,
		     char ret[SIGNING_PATH_MAX])
{
	int n = snprintf(ret, SIGNING_PATH_MAX, "%s/%s", dir, name);

	return n >= 0 && n < SIGNING_PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int read_seed(int fd, uint8_t seed[crypto_sign_SEEDBYTES])
{
	char text[SEED_HEX + 2];
	ssize_t n = read(fd, text, sizeof(text));
	size_t len = 0;
	int r = 0;

	if (n < 0)
		return -errno;
	if (n < SEED_HEX ||
	    sodium_hex2bin(seed, crypto_sign_SEEDBYTES, text, SEED_HEX, NULL,
			   &len, NULL) < 0 ||
	    len != crypto_sign_SEEDBYTES)
		r = -EINVAL;
	sodium_memzero(text, sizeof(text));
	return r;
}

int signing_key_load_at(int dir_fd, uint8_t ret[CHECKPOINT_SECRET])
{
	uint8_t seed[crypto_sign_SEEDBYTES], key[CHECKPOINT_KEY];
	struct stat st;
	int r = 0;
	int fd;

	fd = openat(dir_fd, "signing.key", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (!S_ISREG(st.st_mode) || st.st_mode & 077 ||
		 st.st_uid != geteuid())
		r = -EPERM;
	else
		r = read_seed(fd, seed);
	close(fd);
	if (r == 0)
		crypto_sign_seed_keypair(key, ret, seed);
	sodium_memzero(seed, sizeof(seed));
	return r;
}

int signing_key_load(const char *dir, uint8_t ret[CHECKPOINT_SECRET])
{
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = signing_key_load_at(fd, ret);
	close(fd);
	return r;
}

static int write_all(int fd, const char *text)
{
	size_t len = strlen(text);

	if (write(fd, text, len) != (ssize_t)len)
		return errno ? -errno : -EIO;
	return fsync(fd) < 0 ? -errno : 0;
}

static int write_file(const char *path, int flags, mode_t mode,
		      const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags,
		      mode);
	int r;

	if (fd < 0)
		return -errno;
	r = fchmod(fd, mode) < 0 ? -errno : write_all(fd, text);
	close(fd);
	return r;
}

static int write_public(const char *dir, const uint8_t key[CHECKPOINT_KEY],
			const uint8_t *old_secret)
{
	char path[SIGNING_PATH_MAX], line[CHECKPOINT_LINE_MAX];
	char text[CHECKPOINT_LINE_MAX + 1];
	int r = signing_key_file(dir, "signing.pub", path);

	snprintf(text, sizeof(text), "%s\n",
		 checkpoint_key_print(key, old_secret, line));
	/* without a predecessor what was there is of no use */
	return r < 0 ? r
		     : write_file(path, old_secret ? O_APPEND : O_TRUNC, 0644,
				  text);
}

/* Where others may make files, ours could be theirs. */
static int make_dir(const char *dir)
{
	struct stat st;

	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return -errno;
	if (stat(dir, &st) < 0)
		return -errno;
	return st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH))
		       ? 0
		       : -EPERM;
}

int signing_key_make(const char *dir, const uint8_t *old_secret,
		     uint8_t ret[CHECKPOINT_SECRET])
{
	uint8_t seed[crypto_sign_SEEDBYTES], key[CHECKPOINT_KEY];
	char path[SIGNING_PATH_MAX], fresh[SIGNING_PATH_MAX];
	char text[SEED_HEX + 2];
	int r;

	r = make_dir(dir);
	if (r < 0)
		return r;
	randombytes_buf(seed, sizeof(seed));
	crypto_sign_seed_keypair(key, ret, seed);
	sodium_bin2hex(text, sizeof(text), seed, sizeof(seed));
	text[SEED_HEX] = '\n';
	text[SEED_HEX + 1] = '\0';
	r = signing_key_file(dir, "signing.key", path);
	if (r == 0)
		r = signing_key_file(dir, "signing.key.new", fresh);
	/* a public half too many does no harm, one too few does */
	if (r == 0)
		r = write_public(dir, key, old_secret);
	if (r == 0) {
		unlink(fresh); /* of one that was killed, or somebody's */
		r = write_file(fresh, O_EXCL, 0600, text);
	}
	if (r == 0 && rename(fresh, path) < 0)
		r = -errno;
	sodium_memzero(seed, sizeof(seed));
	sodium_memzero(text, sizeof(text));
	return r;
}
