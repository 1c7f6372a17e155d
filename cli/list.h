/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists that grow, one thing at a time. */
#ifndef BRIDGEAUDIT_CLI_LIST_H
#define BRIDGEAUDIT_CLI_LIST_H

#include <stddef.h>

/*
 * Room for one more: list is the address of a pointer to n things of that size,
 * NULL for none, that only this function grows; it does so at each power of
 * two. 0, or -ENOMEM with the list as it was.
 */
int list_grow(void *list, size_t n, size_t size);

#endif
