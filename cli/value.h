/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a row consists of: fields for programs, or cells for people. */
#ifndef BRIDGEAUDIT_CLI_VALUE_H
#define BRIDGEAUDIT_CLI_VALUE_H

#include <stdint.h>

enum value_kind { VALUE_ABSENT, VALUE_INT, VALUE_TEXT };

/* A field for programs. text may hold any bytes. */
struct value {
	enum value_kind kind;
	int64_t number;
	const char *text;
};

enum color {
	COLOR_NONE,
	COLOR_RED,
	COLOR_GREEN,
	COLOR_YELLOW,
	COLOR_CYAN,
	COLOR_MAGENTA,
	COLOR_BOLD,
};

/* A cell for people. text is escaped already (str_escape). */
struct cell {
	const char *text;
	enum color color;
};

#endif
