// SPDX-License-Identifier: GPL-2.0-or-later
/* In: the second number of a file in /proc. Out: the number. */
#include "logger/sched_delay.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

int sched_delay(uint64_t *ret_ns)
{
	char text[128];
	uint64_t ns;
	ssize_t n;
	int fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -EIO;
	text[n] = '\0';
	if (sscanf(text, "%*u %" SCNu64, &ns) != 1)
		return -EBADMSG;
	*ret_ns = ns;
	return 0;
}
