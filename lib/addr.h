/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IP and Ethernet addresses as text. */
#ifndef BRIDGEAUDIT_LIB_ADDR_H
#define BRIDGEAUDIT_LIB_ADDR_H

#include <stddef.h>
#include <stdint.h>

enum { ADDR_TEXT_MAX = 46 /* INET6_ADDRSTRLEN */, MAC_TEXT_MAX = 18 };

/*
 * Canonical text (RFC 5952 for IPv6) of a network-order address: family 4
 * takes 4 bytes, 6 takes 16. Returns buf (ADDR_TEXT_MAX bytes), "" for another
 * family.
 */
const char *addr_text(int family, const uint8_t *addr, char *buf, size_t size);

/* "02:42:ac:12:00:02" of an Ethernet address. Returns buf. */
const char *mac_text(const uint8_t mac[6], char buf[MAC_TEXT_MAX]);

#endif
