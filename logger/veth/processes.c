// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc in, container ids and pids out. */
#include "logger/veth/processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CGROUP_MAX = 4096, PATH_LEN_MAX = 64 };

bool processes_container(const char *cgroup, char ret[PROCESSES_ID_LEN + 1])
{
	static const char hex[] = "0123456789abcdef";

	while (*cgroup) {
		size_t n = strspn(cgroup, hex);

		if (n == PROCESSES_ID_LEN) {
			memcpy(ret, cgroup, n);
			ret[n] = '\0';
			return true;
		}
		cgroup += n ? n : 1;
	}
	return false;
}

static bool read_container(int32_t pid, char ret[PROCESSES_ID_LEN + 1])
{
	char path[PATH_LEN_MAX], text[CGROUP_MAX];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	return processes_container(text, ret);
}

int processes_each(processes_taker *take, void *arg)
{
	DIR *dir = opendir("/proc");
	const struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir)) != NULL) {
		char id[PROCESSES_ID_LEN + 1], *end;
		long pid = strtol(entry->d_name, &end, 10);

		if (*end == '\0' && pid > 0 && pid <= INT32_MAX &&
		    read_container((int32_t)pid, id))
			take(arg, id, (int32_t)pid);
	}
	closedir(dir);
	return 0;
}

bool processes_is_of(int32_t pid, const char *container_id)
{
	char id[PROCESSES_ID_LEN + 1];

	return read_container(pid, id) && strcmp(id, container_id) == 0;
}
