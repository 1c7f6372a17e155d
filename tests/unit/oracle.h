/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the program answers about a store, held against SQL over its events. */
#ifndef BRIDGEAUDIT_TESTS_UNIT_ORACLE_H
#define BRIDGEAUDIT_TESTS_UNIT_ORACLE_H

#include "tests/unit/cli_fixture.h"
#include "tests/unit/store_world.h"

/* Statements that need no answer. */
void oracle_sql(const struct world *w, const char *sql);

/* The program with --db and args, words between single blanks. */
const struct cli_result *oracle_run(const struct world *w, const char *args);

/* Fails the test unless the program's CSV for args, from since_ns to until_ns
 * (INT64_MAX: of all time), has below its heading the lines that sql gives: the
 * first column of each row, with the two times as its parameters. */
void oracle_check(const struct world *w, const char *args, const char *sql,
		  uint64_t since_ns, uint64_t until_ns);

#endif
