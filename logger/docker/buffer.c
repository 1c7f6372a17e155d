// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A byte buffer that grows by doubling up to its limit and never beyond. What
 * it holds between two messages is bounded by BUFFER_KEEP.
 */
#include "logger/docker/buffer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	BUFFER_FIRST = 4096,
	BUFFER_KEEP = 1 << 16,
};

static int grow(struct buffer *b, size_t need)
{
	size_t size = b->size > 0 ? b->size : BUFFER_FIRST;
	char *data;

	while (size < need)
		size *= 2;
	if (size == b->size)
		return 0;
	data = realloc(b->data, size);
	if (!data)
		return -ENOMEM;
	b->data = data;
	b->size = size;
	return 0;
}

int buffer_append(struct buffer *b, const char *data, size_t len)
{
	int r;

	if (len > b->max - b->len)
		return -EMSGSIZE;
	if (len == 0)
		return 0;
	r = grow(b, b->len + len);
	if (r < 0)
		return r;
	memcpy(b->data + b->len, data, len);
	b->len += len;
	return 0;
}

void buffer_clear(struct buffer *b)
{
	b->len = 0;
	if (b->size > BUFFER_KEEP)
		buffer_free(b);
}

void buffer_free(struct buffer *b)
{
	free(b->data);
	b->data = NULL;
	b->size = 0;
	b->len = 0;
}
