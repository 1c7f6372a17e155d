/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running iptables-save and iptables-restore of either variant. What they
 * print is bounded and not looked at here.
 */
#ifndef BRIDGEAUDIT_LOGGER_FIREWALL_IPTABLES_H
#define BRIDGEAUDIT_LOGGER_FIREWALL_IPTABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "logger/child.h"

enum {
	IPTABLES_PATH_MAX = CHILD_PATH_MAX,
	IPTABLES_ERROR_MAX = CHILD_ERROR_MAX,
};

enum iptables_variant {
	IPTABLES_NFT,
	IPTABLES_LEGACY,
};

enum { IPTABLES_LOCK_S = 5 }; /* for who does not try again soon */

/* The programs of one variant and address family. */
struct iptables {
	enum iptables_variant variant;
	int family;	     /* 4, 6 */
	unsigned int wait_s; /* for who holds the lock of iptables-legacy */
	char save[IPTABLES_PATH_MAX];
	char restore[IPTABLES_PATH_MAX];
};

/* "nft", "legacy": as table twin in the database has it. */
const char *iptables_variant_name(enum iptables_variant variant);

/*
 * Finds the programs of that variant and family in PATH: iptables-nft-save
 * and so on; where no program of any variant goes by such a name, plain
 * iptables-save, if "iptables --version" says that it is this variant.
 * Returns 0, -ENOENT when there are none.
 */
int iptables_find(enum iptables_variant variant, int family,
		  struct iptables *ret);

/*
 * Whether the variant's rules may be read without changing anything: always
 * for nft; for legacy only when this network namespace has its filter table,
 * because reading would create it.
 */
bool iptables_in_use(const struct iptables *ipt);

/*
 * Runs "iptables-save -c". All tables that are there come in one go: asked for
 * one of them, the nft variant takes as long, and the legacy one would create
 * a table that is not there. Returns 0 and the text, NUL added, which the
 * caller frees. -ETIMEDOUT when it took longer than timeout_ms (> 0) and
 * was killed, -E2BIG beyond CHILD_OUTPUT_MAX, -EIO when it failed, or -errno;
 * error[IPTABLES_ERROR_MAX] then says what, with what it wrote to stderr.
 */
int iptables_save(const struct iptables *ipt, int timeout_ms, char **ret_text,
		  size_t *ret_len, char *error);

/*
 * Runs "iptables-restore --noflush -w" with batch as its input. Returns and
 * errors as above; after -ETIMEDOUT the batch may be in force. *ret_pid is
 * the child's pid as soon as there was one, also on failure, else 0: kernel
 * notifications about its changes carry it.
 */
int iptables_restore(const struct iptables *ipt, const char *batch,
		     int timeout_ms, pid_t *ret_pid, char *error);

#endif
