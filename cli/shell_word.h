/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of a command line as a shell takes them. */
#ifndef BRIDGEAUDIT_CLI_SHELL_WORD_H
#define BRIDGEAUDIT_CLI_SHELL_WORD_H

#include <stdbool.h>
#include <stddef.h>

/* Adds a word, quoted where it has to be, to the *len bytes of words[size].
 * Returns false, with all as it was, when it does not fit. */
bool shell_word_add(char *words, size_t size, size_t *len, const char *word);

#endif
