/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interfaces of this network namespace, and in which one their other end is.
 * No namespace is entered, no privilege needed.
 */
#ifndef BRIDGEAUDIT_LOGGER_VETH_LINKS_H
#define BRIDGEAUDIT_LOGGER_VETH_LINKS_H

#include <stddef.h>
#include <stdint.h>

enum { LINKS_MAX = 16384, LINKS_NAME_MAX = 16, LINKS_NO_NSID = -1 };

/*
 * nsid is this namespace's number for the one of the other end of a veth
 * (IFLA_LINK_NETNSID; the kernel gives it when it is first asked, and it stays
 * until that namespace is gone), LINKS_NO_NSID when that is this one.
 */
struct link {
	uint32_t index, master; /* master 0: in no bridge */
	int32_t nsid;
	char name[LINKS_NAME_MAX];
};

/* A socket for the others. Returns it or -errno. */
int links_open(void);

/* All of them in the order of their index, at most max. Returns 0, -E2BIG when
 * there are more, -errno. */
int links_read(int fd, struct link *list, size_t max, size_t *ret_n);

/* The one of that index. Returns 0, -ENODEV, -errno. */
int links_get(int fd, uint32_t index, struct link *ret);

/* The number of a process's namespace (NETNSA_PID), LINKS_NO_NSID when it has
 * none here. Returns 0, -ESRCH, -errno. */
int links_nsid(int fd, int32_t pid, int32_t *ret);

#endif
