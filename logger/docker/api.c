// SPDX-License-Identifier: GPL-2.0-or-later
#include "logger/docker/api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logger/docker/doc.h"

enum { MINOR_MAX = 9999 };

/* N of "1.N"; 0 for anything else. */
static unsigned int read_minor(const json_t *root, const char *key)
{
	const char *text;
	char *end;
	unsigned long n;

	if (doc_text(root, key, &text) < 0 || strncmp(text, "1.", 2) != 0 ||
	    text[2] < '0' || text[2] > '9')
		return 0;
	n = strtoul(text + 2, &end, 10);
	return *end == '\0' && n <= MINOR_MAX ? (unsigned int)n : 0;
}

int api_choose(char *body, size_t len, unsigned int *ret_minor,
	       char why[API_WHY_MAX])
{
	json_t *root = doc_load(body, len);
	unsigned int newest = read_minor(root, "ApiVersion");
	unsigned int oldest = read_minor(root, "MinAPIVersion");

	json_decref(root);
	*ret_minor = newest < API_NEWEST ? newest : API_NEWEST;
	if (newest == 0 || (newest >= API_OLDEST && oldest <= API_NEWEST))
		return 0;
	snprintf(why, API_WHY_MAX,
		 "its API is 1.%u to 1.%u, and bridgeaudit knows 1.%d to 1.%d",
		 oldest, newest, API_OLDEST, API_NEWEST);
	return -EPROTONOSUPPORT;
}
