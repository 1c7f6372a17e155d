// SPDX-License-Identifier: GPL-2.0-or-later
/* Which pages go back to the kernel, and that nothing but memory is lost. */
#include "logger/memory.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/cmocka_all.h"

enum { PAGES = 40 };

/* Pages of a file of its own, each with its number in its first byte, read. */
static char *map_file(size_t page)
{
	FILE *file = tmpfile();
	char *map;

	assert_non_null(file);
	for (int i = 0; i < PAGES; i++)
		assert_int_equal(pwrite(fileno(file), &(char){ (char)i }, 1,
					(off_t)i * (off_t)page),
				 1);
	assert_int_equal(ftruncate(fileno(file), (off_t)(PAGES * page)), 0);
	map = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE,
		   fileno(file), 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	fclose(file);
	for (int i = 0; i < PAGES; i++)
		assert_int_equal(*(volatile char *)(map + (size_t)i * page), i);
	return map;
}

/* Pages there that this process has; proc_pid_pagemap(5). */
static size_t count_pages(const char *map, size_t page)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entries[PAGES];
	size_t n = 0;

	assert_int_equal(pread(fd, entries, sizeof(entries),
			       (off_t)((uintptr_t)map / page * 8)),
			 sizeof(entries));
	close(fd);
	for (size_t i = 0; i < PAGES; i++)
		n += entries[i] >> 63;
	return n;
}

static void pages_as_in_their_file_go_and_come_again(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *map = map_file(page);

	(void)state;
	assert_int_equal(mprotect(map, PAGES * page, PROT_READ), 0);
	assert_int_equal(count_pages(map, page), PAGES);
	memory_give_back_files();
	assert_int_equal(count_pages(map, page), 0);
	for (int i = 0; i < PAGES; i++)
		assert_int_equal(map[(size_t)i * page], i);
	munmap(map, PAGES * page);
}

/* As text relocations and breakpoints do. */
static void a_page_that_was_changed_before_it_was_read_only_stays(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *map = map_file(page);

	(void)state;
	map[7 * page] = 'x';
	assert_int_equal(mprotect(map, PAGES * page, PROT_READ), 0);
	memory_give_back_files();
	assert_int_equal(map[7 * page], 'x');
	munmap(map, PAGES * page);
}

static void what_can_be_written_stays(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *map = map_file(page);

	(void)state;
	memory_give_back_files();
	assert_int_equal(count_pages(map, page), PAGES);
	munmap(map, PAGES * page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_as_in_their_file_go_and_come_again),
		cmocka_unit_test(
			a_page_that_was_changed_before_it_was_read_only_stays),
		cmocka_unit_test(what_can_be_written_stays),
	};

	if (access("/proc/self/smaps", R_OK) < 0) {
		printf("SKIP: this kernel has no /proc/PID/smaps\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
