// SPDX-License-Identifier: GPL-2.0-or-later
/* Pages back to the kernel. A failure only costs memory. */
#include "logger/memory.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

void memory_give_back(void *bytes, size_t len)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t first = ((uintptr_t)bytes + page - 1) & ~(page - 1);
	uintptr_t end = ((uintptr_t)bytes + len) & ~(page - 1);

	if (first < end)
		madvise((char *)bytes + (first - (uintptr_t)bytes), end - first,
			MADV_DONTNEED);
}
