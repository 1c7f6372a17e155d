/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes of containers, by their control groups: readable by anybody, and
 * no process of a container can leave that of the container. */
#ifndef BRIDGEAUDIT_LOGGER_VETH_PROCESSES_H
#define BRIDGEAUDIT_LOGGER_VETH_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROCESSES_ID_LEN = 64 };

/*
 * The id of the container that a control group is of, out of the text of
 * /proc/PID/cgroup: the first path component with 64 hexadecimal digits in a
 * row ("docker-ID.scope", "ID"). Those behind it are what runs within, which
 * may call itself anything. False: of none.
 */
bool processes_container(const char *cgroup, char ret[PROCESSES_ID_LEN + 1]);

/* Takes a process of that container. */
typedef void processes_taker(void *arg, const char *container_id, int32_t pid);

/* All that are in a container now. Returns 0 or -errno. */
int processes_each(processes_taker *take, void *arg);

/* Whether the process is in that container (still). */
bool processes_is_of(int32_t pid, const char *container_id);

#endif
