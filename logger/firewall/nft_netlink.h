/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages to and from nf_tables without nft. */
#ifndef BRIDGEAUDIT_LOGGER_FIREWALL_NFT_NETLINK_H
#define BRIDGEAUDIT_LOGGER_FIREWALL_NFT_NETLINK_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NFT_NETLINK_RECV = 64 * 1024 }; /* what a buffer for answers holds */

/* A socket that waits for no answer for long; -errno. */
int nft_netlink_open(void);

/* A message's head at buf, zeroed; attributes may follow. */
struct nlmsghdr *nft_netlink_put(void *buf, int type, uint16_t flags,
				 uint8_t family);

/* NFNL_MSG_BATCH_BEGIN or _END, between which all or nothing is done. */
struct nlmsghdr *nft_netlink_batch(void *buf, int type);

/* Sends all of it. Returns 0 or -errno. */
int nft_netlink_send(int fd, const void *buf, size_t len);

/* Whether an answer ends here: 1, 0 for more to come, or its -errno. */
int nft_netlink_ends(const void *buf, size_t len);

/* Receives the answer to one message with NLM_F_ACK: 0 or -errno. */
int nft_netlink_answer(int fd);

/* The number of the ruleset that is in force now: each transaction of anybody
 * makes the next one. 0 or -errno. */
int nft_netlink_generation(int fd, uint32_t *ret);

/* An attribute's big-endian 64 bits; 0 when it is shorter. */
uint64_t nft_netlink_u64(const struct nlattr *a);

/* Whether it is that text with its NUL; a may be NULL. */
bool nft_netlink_is_text(const struct nlattr *a, const char *text);

#endif
