/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's notices that an nf_tables ruleset changed. */
#ifndef BRIDGEAUDIT_LOGGER_NFTMON_H
#define BRIDGEAUDIT_LOGGER_NFTMON_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

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
 * Reads what there is. *ret_changed: whether somebody other than the process
 * own_pid changed rules, chains or tables (set elements do not count), or
 * notices were lost. Returns 0 or -errno.
 */
int nftmon_read(int fd, pid_t own_pid, bool *ret_changed);

/* What a buffer of notices says; the part of nftmon_read() without a socket.
 * *pending carries what was seen of a transaction that is not whole yet. */
bool nftmon_parse(const void *buf, size_t len, pid_t own_pid, bool *pending);

#endif
