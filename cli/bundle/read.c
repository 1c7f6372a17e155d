// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A tar taken apart. There is one form of each header, so a header is read for
 * its name and size and then held, all of it, against the one that we would
 * have written: no link, no device, no path out, no field that two programs
 * could read in two ways.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/bundle/bundle.h"
#include "lib/text.h"

enum {
	SIZE_AT = 124,
	MTIME_AT = 136,
	NUMBER_LEN = 11,
	TYPE_AT = 156,
	NAME_FIELD = 100,
};

struct reading {
	struct bundle *b;
	off_t at, end;
	char *error;
};

static int wrong(struct reading *rd, const char *what)
{
	snprintf(rd->error, BUNDLE_ERROR_MAX, "%s (at byte %" PRIu64 ")", what,
		 (uint64_t)rd->at);
	return -EBADMSG;
}

/* Exactly len bytes, or what is missing is said. */
static int take(struct reading *rd, void *to, size_t len)
{
	ssize_t n = pread(rd->b->fd, to, len, rd->at);

	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : wrong(rd, "it is cut off");
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i])
			return false;
	return true;
}

static bool take_octal(const uint8_t *field, uint64_t *ret)
{
	uint64_t n = 0;

	for (size_t i = 0; i < NUMBER_LEN; i++) {
		if (field[i] < '0' || field[i] > '7')
			return false;
		n = n << 3 | (uint64_t)(field[i] - '0');
	}
	*ret = n;
	return true;
}

/* Names as ours are: lower case, one directory at most, no dots to climb. */
static bool take_name(const uint8_t *header, struct bundle_file *ret)
{
	const char *name = (const char *)header;
	const char *slash;
	size_t len = strnlen(name, NAME_FIELD);

	if (len >= NAME_FIELD ||
	    strncmp(name, BUNDLE_DIR, strlen(BUNDLE_DIR)) != 0)
		return false;
	name += strlen(BUNDLE_DIR);
	slash = strchr(name, '/');
	if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_./")] ||
	    !*name || *name == '.' || *name == '/' || strstr(name, "..") ||
	    (slash && (!slash[1] || slash[1] == '.' || strchr(slash + 1, '/'))))
		return false;
	return !str_copy(ret->name, sizeof(ret->name), name);
}

static int check_header(struct reading *rd, const uint8_t *header,
			struct bundle_file *ret)
{
	uint8_t ours[BUNDLE_BLOCK];
	uint64_t made_s;

	if (header[TYPE_AT] != '0')
		return wrong(rd, rd->b->n ? "an entry is no ordinary file"
					  : "it is no bundle of bridgeaudit");
	if (!take_name(header, ret))
		return wrong(rd, rd->b->n ? "an entry has a name that no "
					    "bundle has"
					  : "it is no bundle of bridgeaudit");
	if (!take_octal(header + SIZE_AT, &ret->size) ||
	    !take_octal(header + MTIME_AT, &made_s))
		return wrong(rd, "an entry's size or time is no number");
	if (rd->b->n == 0)
		rd->b->made_s = made_s;
	bundle_header(ret, rd->b->made_s, ours);
	if (memcmp(header, ours, sizeof(ours)) != 0)
		return wrong(rd, "an entry's header is not as it was written");
	if (bundle_find(rd->b, ret->name))
		return wrong(rd, "two entries have the same name");
	if (rd->b->n == BUNDLE_FILES_MAX)
		return wrong(rd, "it has more entries than a bundle can have");
	return 0;
}

static int read_file(struct reading *rd, const uint8_t *header)
{
	struct bundle_file *file = &rd->b->files[rd->b->n];
	struct bundle_file found = { 0 };
	uint8_t padding[BUNDLE_BLOCK];
	size_t pad;
	int r = check_header(rd, header, &found);

	if (r < 0)
		return r;
	found.at = rd->at + BUNDLE_BLOCK;
	pad = (size_t)(-found.size % BUNDLE_BLOCK);
	if (found.size + pad > (uint64_t)(rd->end - found.at))
		return wrong(rd, "an entry is longer than what is there");
	r = bundle_hash(rd->b->fd, &found);
	if (r < 0)
		return r == -ENODATA ? wrong(rd, "it is cut off") : r;
	rd->at = found.at + (off_t)found.size;
	r = take(rd, padding, pad);
	if (r < 0)
		return r;
	if (!is_zero(padding, pad))
		return wrong(rd, "there is something behind an entry's end");
	rd->at += (off_t)pad;
	*file = found;
	rd->b->n++;
	return 0;
}

int bundle_read(struct bundle *b, char *error)
{
	struct reading rd = { .b = b, .error = error };
	uint8_t block[BUNDLE_BLOCK];
	struct stat st;
	int r = fstat(b->fd, &st) < 0 ? -errno : 0;

	b->n = 0;
	if (r == 0 && !S_ISREG(st.st_mode))
		return wrong(&rd, "it is no ordinary file");
	rd.end = r == 0 ? st.st_size : 0;
	while (r == 0 && (r = take(&rd, block, sizeof(block))) == 0) {
		if (is_zero(block, sizeof(block)))
			break;
		r = read_file(&rd, block);
	}
	if (r < 0)
		return r;
	rd.at += BUNDLE_BLOCK;
	r = take(&rd, block, sizeof(block));
	if (r == 0 && !is_zero(block, sizeof(block)))
		r = wrong(&rd, "an entry is behind the end");
	rd.at += BUNDLE_BLOCK;
	if (r == 0 && rd.at != rd.end)
		r = wrong(&rd, "there is something behind the end");
	return r;
}
