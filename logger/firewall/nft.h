/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running nft. It runs as a child, because libnftables has crashed on tables
 * that a newer nft wrote: then listing fails, and nothing else does.
 */
#ifndef BRIDGEAUDIT_LOGGER_FIREWALL_NFT_H
#define BRIDGEAUDIT_LOGGER_FIREWALL_NFT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "logger/child.h"

enum { NFT_RUN_ERROR_MAX = CHILD_ERROR_MAX };

#define NFT_OWN_FAMILY "inet"
#define NFT_OWN_TABLE "bridgeaudit"

/*
 * Whether there is an nft in PATH and a kernel that takes a table like ours in
 * this network namespace; nothing is left behind. If not, error
 * [NFT_RUN_ERROR_MAX] says why. May take timeout_ms (> 0).
 */
bool nft_available(int timeout_ms, char *error);

/*
 * Runs "nft -f -" with text as its input: all of it comes into force at once,
 * or nothing. Returns 0; -ENOSYS when there is no nft, -ETIMEDOUT when it took
 * longer than timeout_ms and was killed (the text may be in force), -EIO when
 * it failed, or -errno; error then says what. *ret_pid is the child's pid as
 * soon as there was one, also on failure, else 0: kernel notifications about
 * the change carry it.
 */
int nft_apply(const char *text, int timeout_ms, pid_t *ret_pid, char *error);

/*
 * Runs "nft list table". Returns 0 and the text, NUL added, which the caller
 * frees; -ENOENT when there is no such table; -EINVAL for a family or name
 * with other characters than letters, digits and "_.-"; -E2BIG beyond
 * CHILD_OUTPUT_MAX; else as above.
 */
int nft_list_table(const char *family, const char *name, int timeout_ms,
		   char **ret_text, size_t *ret_len, char *error);

/* The same with "# handle 7" behind table, chains and rules. */
int nft_list_handles(const char *family, const char *name, int timeout_ms,
		     char **ret_text, size_t *ret_len, char *error);

#endif
