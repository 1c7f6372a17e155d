/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmocka and what it wants to see before itself. */
#ifndef BRIDGEAUDIT_TESTS_UNIT_CMOCKA_ALL_H
#define BRIDGEAUDIT_TESTS_UNIT_CMOCKA_ALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Ends a test as skipped where it can't be; what it needs is a literal. */
#define SKIP_UNLESS(possible, needs)                                           \
	do {                                                                   \
		if (!(possible)) {                                             \
			print_message("needs " needs "\n");                    \
			skip();                                                \
		}                                                              \
	} while (0)

#endif
