// SPDX-License-Identifier: GPL-2.0-or-later
/* Pages back to the kernel. A failure only costs memory. */
#include "logger/memory.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* A mapping of this process, as proc_pid_smaps(5) has it. */
struct mapping {
	uintptr_t from, to;
	char access[5];	     /* "r-xp" */
	unsigned long inode; /* 0: of no file */
};

void memory_give_back(void *bytes, size_t len)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t first = ((uintptr_t)bytes + page - 1) & ~(page - 1);
	uintptr_t end = ((uintptr_t)bytes + len) & ~(page - 1);

	if (first < end)
		madvise((char *)bytes + (first - (uintptr_t)bytes), end - first,
			MADV_DONTNEED);
}

/* A line of a mapping's figures may begin as a number, too: "Anonymous". */
static bool begins_mapping(const char *line, struct mapping *ret)
{
	struct mapping m;

	if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %*s %*s %lu", &m.from,
		   &m.to, m.access, &m.inode) != 4)
		return false;
	*ret = m;
	return true;
}

/* Nothing can be written to it, so with no page of its own it is the file. */
static bool is_as_in_file(const struct mapping *m, const char *line)
{
	unsigned long kib;

	return m->inode != 0 && m->access[1] == '-' && m->access[3] == 'p' &&
	       sscanf(line, "Anonymous: %lu kB", &kib) == 1 && kib == 0;
}

void memory_give_back_files(void)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	struct mapping m = { 0 };
	char *line = NULL;
	size_t size = 0;

	while (file && getline(&line, &size, file) > 0) {
		if (begins_mapping(line, &m))
			continue;
		if (is_as_in_file(&m, line))
			madvise((void *)m.from, m.to - m.from, MADV_DONTNEED);
	}
	free(line);
	if (file)
		fclose(file);
}
