// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of a part of a file, by pread(): several may be read side by side. */
#include "cli/bundle/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/bundle/bundle.h"
#include "cli/interrupt.h"

int bundle_lines_open(struct bundle_lines *l, int fd, off_t at, uint64_t size)
{
	*l = (struct bundle_lines){
		.fd = fd,
		.at = at,
		.end = at + (off_t)size,
		.buf = malloc(BUNDLE_LINE_MAX + 1),
	};
	return l->buf ? 0 : -ENOMEM;
}

void bundle_lines_close(struct bundle_lines *l)
{
	free(l->buf);
	l->buf = NULL;
}

/* More bytes behind those that are there; 0 at the end. */
static ssize_t fill(struct bundle_lines *l)
{
	size_t room;
	ssize_t n;

	memmove(l->buf, l->buf + l->from, l->len);
	l->from = 0;
	room = BUNDLE_LINE_MAX - l->len;
	if ((off_t)room > l->end - l->at)
		room = (size_t)(l->end - l->at);
	n = pread(l->fd, l->buf + l->len, room, l->at);
	if (n < 0)
		return -errno;
	l->len += (size_t)n;
	l->at += n;
	return n;
}

int bundle_lines_next(struct bundle_lines *l, char **ret, size_t *ret_len)
{
	char *line = l->buf + l->from;
	char *newline = memchr(line, '\n', l->len);
	size_t taken;

	while (!newline) {
		ssize_t n;

		if (interrupted())
			return -EINTR;
		if (l->len == BUNDLE_LINE_MAX)
			return -EMSGSIZE;
		n = fill(l);
		if (n < 0)
			return (int)n;
		line = l->buf;
		newline = memchr(line, '\n', l->len);
		if (n == 0)
			break;
	}
	if (!newline && l->len == 0)
		return 0;
	*ret_len = newline ? (size_t)(newline - line) : l->len;
	taken = newline ? *ret_len + 1 : *ret_len;
	line[*ret_len] = '\0';
	l->from += taken;
	l->len -= taken;
	l->n++;
	*ret = line;
	return 1;
}
