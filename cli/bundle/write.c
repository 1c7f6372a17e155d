// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files into a tar. The size stands before the bytes and is known behind them:
 * the header is written last, into the block that was left for it.
 */
#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "cli/bundle/bundle.h"
#include "cli/interrupt.h"
#include "lib/text.h"

enum { PIECE = 65536, NAME_FIELD = 100 };

/* POSIX ustar; see pax(1). What is not set here is zero. */
struct header {
	char name[NAME_FIELD];
	char mode[8], uid[8], gid[8];
	char size[12], mtime[12];
	char checksum[8];
	char type;
	char link[100];
	char magic[6], version[2];
	char user[32], group[32];
	char major[8], minor[8];
	char prefix[155], rest[12];
};
_Static_assert(sizeof(struct header) == BUNDLE_BLOCK, "a block");

const struct bundle_file *bundle_find(const struct bundle *b, const char *name)
{
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->files[i].name, name) == 0)
			return &b->files[i];
	return NULL;
}

/* Digits and a NUL fill the field. */
static void put_octal(char *field, size_t size, uint64_t number)
{
	field[--size] = '\0';
	while (size > 0) {
		field[--size] = (char)('0' + (number & 7));
		number >>= 3;
	}
}

void bundle_header(const struct bundle_file *file, uint64_t made_s,
		   uint8_t ret[BUNDLE_BLOCK])
{
	struct header h = { .type = '0' };
	unsigned int sum = 0;

	snprintf(h.name, sizeof(h.name), BUNDLE_DIR "%s", file->name);
	put_octal(h.mode, sizeof(h.mode), 0644);
	put_octal(h.uid, sizeof(h.uid), 0);
	put_octal(h.gid, sizeof(h.gid), 0);
	put_octal(h.size, sizeof(h.size), file->size);
	put_octal(h.mtime, sizeof(h.mtime), made_s);
	put_octal(h.major, sizeof(h.major), 0);
	put_octal(h.minor, sizeof(h.minor), 0);
	memcpy(h.magic, "ustar", sizeof(h.magic));
	memcpy(h.version, "00", sizeof(h.version));
	memset(h.checksum, ' ', sizeof(h.checksum));
	memcpy(ret, &h, BUNDLE_BLOCK);
	for (size_t i = 0; i < BUNDLE_BLOCK; i++)
		sum += ret[i];
	/* one digit less than fit, a NUL and the space that is there */
	put_octal(h.checksum, sizeof(h.checksum) - 1, sum);
	memcpy(ret, &h, BUNDLE_BLOCK);
}

int bundle_hash(int fd, struct bundle_file *file)
{
	crypto_hash_sha256_state state;
	uint8_t piece[PIECE];
	uint64_t done = 0;

	crypto_hash_sha256_init(&state);
	while (done < file->size) {
		uint64_t left = file->size - done;
		ssize_t n = pread(fd, piece, left < PIECE ? left : PIECE,
				  file->at + (off_t)done);

		if (interrupted())
			return -EINTR;
		if (n <= 0)
			return n < 0 ? -errno : -ENODATA;
		crypto_hash_sha256_update(&state, piece, (uint64_t)n);
		done += (uint64_t)n;
	}
	crypto_hash_sha256_final(&state, file->hash);
	return 0;
}

static int put_zeros(FILE *out, size_t n)
{
	static const uint8_t zeros[2 * BUNDLE_BLOCK];

	return fwrite(zeros, 1, n, out) == n ? 0 : -errno;
}

int bundle_begin(struct bundle_writer *w, const char *name)
{
	struct bundle *b = &w->bundle;
	struct bundle_file *file = &b->files[b->n];
	int r;

	if (b->n == BUNDLE_FILES_MAX)
		return -E2BIG;
	*file = (struct bundle_file){ 0 };
	if (str_copy(file->name, sizeof(file->name), name))
		return -ENAMETOOLONG;
	r = put_zeros(w->out, BUNDLE_BLOCK);
	if (r == 0)
		file->at = ftello(w->out);
	return r == 0 && file->at < 0 ? -errno : r;
}

int bundle_end(struct bundle_writer *w)
{
	const uint64_t size_max = (1ULL << 33) - 1; /* eleven octal digits */
	struct bundle *b = &w->bundle;
	struct bundle_file *file = &b->files[b->n];
	uint8_t header[BUNDLE_BLOCK];
	off_t end = ftello(w->out);
	int r;

	if (end < file->at)
		return -errno;
	file->size = (uint64_t)(end - file->at);
	if (file->size > size_max)
		return -E2BIG;
	r = put_zeros(w->out, -file->size % BUNDLE_BLOCK);
	if (r == 0 && fflush(w->out) == EOF)
		r = -errno;
	if (r == 0)
		r = bundle_hash(fileno(w->out), file);
	if (r < 0)
		return r;
	bundle_header(file, b->made_s, header);
	errno = EIO;
	if (pwrite(fileno(w->out), header, sizeof(header),
		   file->at - BUNDLE_BLOCK) != BUNDLE_BLOCK)
		return -errno;
	b->n++;
	return 0;
}

int bundle_finish(struct bundle_writer *w)
{
	int r = put_zeros(w->out, 2 * (size_t)BUNDLE_BLOCK);

	return r == 0 && fflush(w->out) == EOF ? -errno : r;
}
