// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages about readings: bytes in, a checked message out. */
#include "lib/reading.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define HEAD offsetof(struct reading_message, command)

enum { EXIT_MAX = 255 };

size_t reading_len(const struct reading_message *m)
{
	return HEAD + strlen(m->command) + 1;
}

/* One word of small letters, and nothing behind it. */
static int check_verb(const char *verb)
{
	size_t len = strnlen(verb, READING_VERB_MAX);

	if (len == 0 || len == READING_VERB_MAX)
		return -EBADMSG;
	return strspn(verb, "abcdefghijklmnopqrstuvwxyz") == len ? 0 : -EBADMSG;
}

int reading_parse(const void *bytes, size_t len, struct reading_message *ret)
{
	struct reading_message m = { 0 };

	if (len <= HEAD || len > sizeof(m))
		return -EBADMSG;
	memcpy(&m, bytes, len);
	if (strnlen(m.command, sizeof(m.command)) != len - HEAD - 1)
		return -EBADMSG;
	if (m.kind == READING_BEGIN) {
		if (check_verb(m.verb) < 0)
			return -EBADMSG;
	} else if (m.kind != READING_END || m.rows < -1 || m.exit < 0 ||
		   m.exit > EXIT_MAX) {
		return -EBADMSG;
	}
	*ret = m;
	return 0;
}

int reading_address(const char *db_path, struct sockaddr_un *ret)
{
	int n;

	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	n = snprintf(ret->sun_path, sizeof(ret->sun_path), "%s.reads", db_path);
	return n < 0 || (size_t)n >= sizeof(ret->sun_path) ? -ENAMETOOLONG : 0;
}
