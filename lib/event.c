// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Words for an event's fields: numbers in, static or caller-owned strings out.
 * Knows nothing of where events come from.
 */
#include "lib/event.h"

#include <stdio.h>
#include <string.h>

#include "lib/text.h"

static const char *const verdict_names[] = {
	[VERDICT_DROP] = "drop",
	[VERDICT_ACCEPT] = "accept",
	[VERDICT_PASS] = "pass",
};

const char *verdict_name(int verdict)
{
	if (verdict < 0 || (size_t)verdict >= ARRAY_SIZE(verdict_names))
		return NULL;
	return verdict_names[verdict];
}

int verdict_parse(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verdict_names); i++)
		if (verdict_names[i] && strcmp(name, verdict_names[i]) == 0)
			return (int)i;
	return 0;
}

const char *proto_name(unsigned int proto, char *buf, size_t size)
{
	static const struct {
		unsigned int number;
		const char *name;
	} names[] = {
		{ 1, "icmp" },	 { 2, "igmp" },	     { 6, "tcp" },
		{ 17, "udp" },	 { 33, "dccp" },     { 47, "gre" },
		{ 50, "esp" },	 { 51, "ah" },	     { 58, "ipv6-icmp" },
		{ 132, "sctp" }, { 136, "udplite" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].number == proto)
			return names[i].name;
	snprintf(buf, size, "%u", proto);
	return buf;
}

const char *tcp_flags_text(unsigned int flags, char *buf, size_t size)
{
	static const char *const names[] = { "FIN", "SYN", "RST", "PSH",
					     "ACK", "URG", "ECE", "CWR" };
	size_t len = 0;

	if (size == 0)
		return buf;
	buf[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		int n;

		if (!(flags & 1U << i))
			continue;
		n = snprintf(buf + len, size - len, "%s%s", len ? "," : "",
			     names[i]);
		if (n < 0 || (size_t)n >= size - len) {
			buf[len] = '\0'; /* no half of a name */
			break;
		}
		len += (size_t)n;
	}
	return buf;
}
