// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/text_file.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/cmocka_all.h"

char *text_file_read(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = calloc(1, 65536);

	if (!file)
		fail_msg("can't open %s", path);
	assert_non_null(text);
	assert_true(fread(text, 1, 65535, file) > 0);
	fclose(file);
	return text;
}
