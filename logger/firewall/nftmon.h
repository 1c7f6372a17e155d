/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's notices that an nf_tables ruleset changed. */
#ifndef BRIDGEAUDIT_LOGGER_FIREWALL_NFTMON_H
#define BRIDGEAUDIT_LOGGER_FIREWALL_NFTMON_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "logger/firewall/nft_history.h"

/* What may change that matters to us; a mask. All other tables do not. */
enum nftmon_what {
	NFTMON_IPTABLES4 = 1, /* tables filter and raw of family ip */
	NFTMON_IPTABLES6 = 2, /* and of ip6 */
	NFTMON_DOCKER4 = 4,   /* ip docker-bridges */
	NFTMON_DOCKER6 = 8,
	NFTMON_OWN = 16, /* inet bridgeaudit */
	NFTMON_ALL = 31,
};

enum { NFTMON_PIDS_MAX = 16 };

/* The processes of our latest edits; of more the oldest are forgotten. */
struct nftmon_pids {
	pid_t list[NFTMON_PIDS_MAX];
	size_t len; /* ever added */
};

/* 0 is no process. */
void nftmon_pids_add(struct nftmon_pids *pids, pid_t pid);

/*
 * Whether this kernel has nf_tables: asks for the ruleset's generation, which
 * makes the kernel load the module if it can. Needs CAP_NET_ADMIN; anything but
 * a clear no is a yes, so that whoever asks goes on and gets the real error.
 */
bool nftmon_supported(void);

/*
 * Opens a netlink socket in the multicast group NFNLGRP_NFTABLES; iptables-nft
 * edits come through it too, iptables-legacy's do not. Returns the socket,
 * which the caller closes, or -errno.
 */
int nftmon_open(void);

/*
 * Reads what there is, until there is no more. *ret_what: what somebody other
 * than those processes changed; NFTMON_ALL when notices were lost. Rules of
 * Docker's go into history. Returns 0 or -errno. The kernel sends the notices
 * of an edit before the process that made it goes on, so those of all our edits
 * so far are read then.
 */
int nftmon_read(int fd, const struct nftmon_pids *pids,
		struct nft_history *history, unsigned int *ret_what);

/*
 * What a buffer of notices says; the part of nftmon_read() without a socket.
 * *pending carries what was seen of a transaction that is not whole yet.
 */
unsigned int nftmon_parse(const void *buf, size_t len,
			  const struct nftmon_pids *pids,
			  struct nft_history *history, unsigned int *pending);

#endif
