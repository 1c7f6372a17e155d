/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes that arrive in pieces, up to a limit. */
#ifndef BRIDGEAUDIT_LOGGER_DOCKER_BUFFER_H
#define BRIDGEAUDIT_LOGGER_DOCKER_BUFFER_H

#include <stddef.h>

/* Preset with { .max = limit in bytes }; data is valid up to len. */
struct buffer {
	char *data;
	size_t len;
	size_t size;
	size_t max;
};

/* Returns 0, -EMSGSIZE (nothing appended) beyond max, or -ENOMEM. */
int buffer_append(struct buffer *, const char *data, size_t len);

/* Forgets the contents. Memory that an ordinary message needs is kept, what
 * an extraordinary one took is given back. */
void buffer_clear(struct buffer *);

/* Gives all memory back; the buffer can be used again. */
void buffer_free(struct buffer *);

#endif
