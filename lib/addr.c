// SPDX-License-Identifier: GPL-2.0-or-later
/* IP addresses as text: network-order bytes in, canonical text out. */
#include "lib/addr.h"

#include <arpa/inet.h>

const char *addr_text(int family, const uint8_t *addr, char *buf, size_t size)
{
	int af = family == 4 ? AF_INET : AF_INET6;

	if (size == 0)
		return buf;
	buf[0] = '\0';
	if (family == 4 || family == 6)
		inet_ntop(af, addr, buf, (socklen_t)size);
	return buf;
}
