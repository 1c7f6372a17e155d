// SPDX-License-Identifier: GPL-2.0-or-later
/* Words of a command line as a shell takes them. */
#include "cli/shell_word.h"

#include <string.h>

bool shell_word_add(char *words, size_t size, size_t *len, const char *word)
{
	size_t at = *len, room = size - at, need = strlen(word);
	bool plain = *word && !word[strspn(word, "abcdefghijklmnopqrstuvwxyz"
						 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
						 "0123456789-_./:,=+%@")];

	for (const char *quote = word; (quote = strchr(quote, '\'')); quote++)
		need += 3;
	if (need + 4 > room)
		return false;
	if (at > 0)
		words[at++] = ' ';
	if (!plain)
		words[at++] = '\'';
	for (; *word; word++) {
		if (*word == '\'') {
			memcpy(words + at, "'\\'", 3);
			at += 3;
		}
		words[at++] = *word;
	}
	if (!plain)
		words[at++] = '\'';
	words[at] = '\0';
	*len = at;
	return true;
}
