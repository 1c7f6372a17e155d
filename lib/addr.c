// SPDX-License-Identifier: GPL-2.0-or-later
/* IP addresses as text: network-order bytes in, canonical text out. */
#include "lib/addr.h"

#include <arpa/inet.h>
#include <stdio.h>

/* inet_ntop() takes ten times as long. */
static void put_v4(const uint8_t *addr, char *to)
{
	for (int i = 0; i < 4; i++) {
		if (i > 0)
			*to++ = '.';
		if (addr[i] >= 100)
			*to++ = (char)('0' + addr[i] / 100);
		if (addr[i] >= 10)
			*to++ = (char)('0' + addr[i] / 10 % 10);
		*to++ = (char)('0' + addr[i] % 10);
	}
	*to = '\0';
}

const char *addr_text(int family, const uint8_t *addr, char *buf, size_t size)
{
	if (size == 0)
		return buf;
	buf[0] = '\0';
	if (family == 4 && size >= INET_ADDRSTRLEN)
		put_v4(addr, buf);
	else if (family == 6)
		inet_ntop(AF_INET6, addr, buf, (socklen_t)size);
	return buf;
}

const char *mac_text(const uint8_t mac[6], char buf[MAC_TEXT_MAX])
{
	snprintf(buf, MAC_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0],
		 mac[1], mac[2], mac[3], mac[4], mac[5]);
	return buf;
}
