/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every verb that reads the log, in every format that it has. */
#ifndef BRIDGEAUDIT_TESTS_UNIT_CLI_QUESTIONS_H
#define BRIDGEAUDIT_TESTS_UNIT_CLI_QUESTIONS_H

#include <stddef.h>

/* Each ends by itself; follow, which waits for what may never come, is last. */
extern const char *const cli_questions[];
extern const size_t cli_questions_count;
extern const size_t cli_questions_but_follow;

/* The fixture's database with 64 packets in 4 commits, containers on both sides
 * of some, a gap and a hole in the coverage. For cmocka's set-up. */
int cli_questions_set_up(void **state);

#endif
