// SPDX-License-Identifier: GPL-2.0-or-later
/* Tars that somebody else made: refused with a word, whatever they are. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/bundle/bundle.h"
#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/bundle_world.h"
#include "tests/unit/cmocka_all.h"

enum { TYPE_AT = 156, SIZE_AT = 124, CHECKSUM_AT = 148, ROUNDS = 20000 };

/* As every tar program computes it. */
static void set_checksum(char *header)
{
	unsigned int sum = 0;

	memset(header + CHECKSUM_AT, ' ', 8);
	for (size_t i = 0; i < BUNDLE_BLOCK; i++)
		sum += (unsigned char)header[i];
	snprintf(header + CHECKSUM_AT, 7, "%06o", sum);
}

static void must_refuse(struct bundle_world *w, const char *bytes, size_t len,
			const char *why)
{
	bundle_world_write(w->changed, bytes, len);
	if (bundle_world_verify(w, w->changed, "") != EXITCODE_INTEGRITY ||
	    !strstr(w->result.out, "NOT PROVEN: ") ||
	    !strstr(w->result.out, why))
		fail_msg("%d, not '%s' but: %s%s", w->result.code, why,
			 w->result.out, w->result.err);
}

/* A whole tar of one file. */
static size_t make(char *ret, const char *name, char type)
{
	struct bundle_file file = { .size = 1 };

	str_copy(file.name, sizeof(file.name), "x");
	memset(ret, 0, 4 * BUNDLE_BLOCK);
	bundle_header(&file, 1, (uint8_t *)ret);
	memset(ret, 0, 100);
	strncpy(ret, name, 99);
	ret[TYPE_AT] = type;
	set_checksum(ret);
	ret[BUNDLE_BLOCK] = 'x';
	return 4 * BUNDLE_BLOCK;
}

static void entries_that_no_bundle_has_are_refused(void **state)
{
	static const struct {
		const char *name;
		char type;
	} entries[] = {
		{ "/etc/passwd", '0' },
		{ "../x", '0' },
		{ "bridgeaudit-bundle/../x", '0' },
		{ "bridgeaudit-bundle/a/../x", '0' },
		{ "bridgeaudit-bundle//x", '0' },
		{ "bridgeaudit-bundle/a//x", '0' },
		{ "bridgeaudit-bundle/a/b/c", '0' },
		{ "bridgeaudit-bundle/./x", '0' },
		{ "bridgeaudit-bundle/.x", '0' },
		{ "bridgeaudit-bundle/", '0' },
		{ "bridgeaudit-bundle/x/", '0' },
		{ "bridgeaudit-bundle/x\ny", '0' },
		{ "bridgeaudit-bundle/\x1b[31m", '0' },
		{ "bridgeaudit-bundle/x", '1' },
		{ "bridgeaudit-bundle/x", '2' },
		{ "bridgeaudit-bundle/x", '3' },
		{ "bridgeaudit-bundle/x", '5' },
		{ "bridgeaudit-bundle/x", 'L' },
		{ "bridgeaudit-bundle/x", 'x' },
		{ "bridgeaudit-bundle/x", '\0' },
	};
	struct bundle_world *w = *state;
	char tar[4 * BUNDLE_BLOCK];

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		must_refuse(w, tar, make(tar, entries[i].name, entries[i].type),
			    "no bundle of bridgeaudit");
	/* a good one of one file only is none either */
	must_refuse(w, tar, make(tar, "bridgeaudit-bundle/x", '0'),
		    "no bundle of bridgeaudit");
}

static void sizes_that_are_not_there_are_refused(void **state)
{
	static const char *const sizes[] = { "77777777777",
					     "00000002000",
					     "-0000000001",
					     "           1",
					     "\x80\0\0\0\0\0\0\0\0\0\1",
					     "0000000000x" };
	struct bundle_world *w = *state;
	char tar[4 * BUNDLE_BLOCK];

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t len = make(tar, "bridgeaudit-bundle/x", '0');

		memcpy(tar + SIZE_AT, sizes[i], 11);
		set_checksum(tar);
		must_refuse(w, tar, len, "at byte");
	}
}

static void a_tar_that_is_cut_or_longer_is_refused(void **state)
{
	struct bundle_world *w = *state;
	size_t len;
	char *all;

	bundle_world_make(w, "");
	all = bundle_world_read(w->bundle, &len);
	must_refuse(w, all, 0, "cut off");
	must_refuse(w, all, 1, "cut off");
	must_refuse(w, all, 511, "cut off");
	must_refuse(w, all, 512, "longer than what is there");
	for (size_t at = 1000; at < len; at += len / 50)
		must_refuse(w, all, at, "");
	for (size_t less = 1; less <= 2 * BUNDLE_BLOCK; less += 73)
		must_refuse(w, all, len - less, "cut off");
	all = realloc(all, len + 2 * BUNDLE_BLOCK);
	memset(all + len, 0, 2 * BUNDLE_BLOCK);
	must_refuse(w, all, len + 1, "behind the end");
	must_refuse(w, all, len + BUNDLE_BLOCK, "behind the end");
	/* another entry behind the end, or a second of a name */
	memmove(all + BUNDLE_BLOCK * 2, all, len);
	memset(all, 0, BUNDLE_BLOCK * 2);
	must_refuse(w, all, len + 2 * BUNDLE_BLOCK, "behind the end");
	free(all);
}

static void a_name_that_is_there_twice_is_refused(void **state)
{
	struct bundle_world *w = *state;
	char tar[6 * BUNDLE_BLOCK];

	make(tar, "bridgeaudit-bundle/x", '0');
	make(tar + 2 * BUNDLE_BLOCK, "bridgeaudit-bundle/x", '0');
	must_refuse(w, tar, sizeof(tar), "same name");
}

static void more_files_than_a_bundle_has_are_refused(void **state)
{
	struct bundle_world *w = *state;
	size_t n = BUNDLE_FILES_MAX + 1;
	char *tar = calloc(2 * n + 2, BUNDLE_BLOCK);

	for (size_t i = 0; i < n; i++) {
		char one[4 * BUNDLE_BLOCK], name[64];

		snprintf(name, sizeof(name), "bridgeaudit-bundle/x%zu", i);
		make(one, name, '0');
		memcpy(tar + 2 * i * BUNDLE_BLOCK, one, 2 * BUNDLE_BLOCK);
	}
	must_refuse(w, tar, (2 * n + 2) * BUNDLE_BLOCK, "more entries");
	free(tar);
}

static void what_is_no_file_is_refused(void **state)
{
	struct bundle_world *w = *state;

	assert_int_equal(bundle_world_verify(w, w->world.dir, ""),
			 EXITCODE_INTEGRITY);
	assert_non_null(strstr(w->result.out, "no ordinary file"));
	assert_int_equal(mkfifo(w->changed, 0600), 0);
	assert_int_equal(bundle_world_verify(w, w->changed, ""),
			 EXITCODE_INTEGRITY);
}

/* Changes that know where a tar can hurt: numbers, letters, whole blocks. */
static void mutate(char *bytes, size_t *len)
{
	size_t blocks = *len / BUNDLE_BLOCK;
	size_t at = (size_t)rand() % *len;
	char *block = bytes + (size_t)rand() % blocks * BUNDLE_BLOCK;

	switch (rand() % 6) {
	case 0:
		bytes[at] = (char)rand();
		break;
	case 1:
		block[SIZE_AT + rand() % 11] = (char)('0' + rand() % 8);
		set_checksum(block);
		break;
	case 2:
		block[rand() % 100] = "/.\0ax-"[rand() % 6];
		set_checksum(block);
		break;
	case 3:
		memmove(block, bytes + (size_t)rand() % blocks * BUNDLE_BLOCK,
			BUNDLE_BLOCK);
		break;
	case 4:
		*len = at + 1;
		break;
	default:
		block[TYPE_AT] = (char)('0' + rand() % 8);
		set_checksum(block);
	}
}

static void nonsense_does_no_harm(void **state)
{
	struct bundle_world *w = *state;
	char error[BUNDLE_ERROR_MAX];
	static struct bundle b;
	size_t all_len, from, refused = 0;
	char *all, *copy;

	bundle_world_make(w, "-S 2023-11-15");
	all = bundle_world_read(w->bundle, &all_len);
	copy = malloc(all_len);
	/* its small files, so that many can be tried */
	from = all_len - 64 * (size_t)BUNDLE_BLOCK;
	while (strncmp(all + from, BUNDLE_DIR, strlen(BUNDLE_DIR)) != 0)
		from += BUNDLE_BLOCK;
	srand(1);
	b.fd = memfd_create("bundle", MFD_CLOEXEC);
	assert_true(b.fd >= 0);
	for (int i = 0; i < ROUNDS; i++) {
		size_t len = all_len - from;
		int r;

		memcpy(copy, all + from, len);
		for (int n = rand() % 4; n >= 0 && len > BUNDLE_BLOCK; n--)
			mutate(copy, &len);
		assert_int_equal(ftruncate(b.fd, 0), 0);
		assert_int_equal(pwrite(b.fd, copy, len, 0), len);
		r = bundle_read(&b, error);
		assert_true(r == 0 || r == -EBADMSG);
		refused += r < 0;
	}
	assert_true(refused > ROUNDS / 2 && refused < ROUNDS);
	close(b.fd);
	free(copy);
	free(all);
}

int main(void)
{
#define TEST(f)                                                                \
	cmocka_unit_test_setup_teardown(f, bundle_world_set_up,                \
					bundle_world_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(entries_that_no_bundle_has_are_refused),
		TEST(sizes_that_are_not_there_are_refused),
		TEST(a_tar_that_is_cut_or_longer_is_refused),
		TEST(a_name_that_is_there_twice_is_refused),
		TEST(more_files_than_a_bundle_has_are_refused),
		TEST(what_is_no_file_is_refused),
		TEST(nonsense_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
