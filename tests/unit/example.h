/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Examples out of documents: every command line in them, and a shell that runs
 * one on a database that has its networks. Real programs stand behind the
 * pipes, save those that would change the machine, send mail or need graphviz.
 */
#ifndef BRIDGEAUDIT_TESTS_UNIT_EXAMPLE_H
#define BRIDGEAUDIT_TESTS_UNIT_EXAMPLE_H

#include <stdbool.h>
#include <stddef.h>

enum { EXAMPLE_LINE_MAX = 512 };

/* cmocka's set-up and tear-down of each test. */
int example_set_up(void **state);
int example_tear_down(void **state);

/*
 * Runs a line. Each bridgeaudit in it ends with 0, 1 or 3 (verify, which finds
 * that no logger wrote this database, with 4), and each bridgeauditd with 0.
 */
void example_run(const char *line, const char *from);

/*
 * Gives each command of a file, which is Markdown or a manual page, to take():
 * of Markdown what stands between backquotes or is indented by four, of a
 * manual a .Dl or what is between .Bd -literal and .Ed; in either after "$ "
 * and "# ", and a command only if it has a program's name at its beginning or
 * behind a pipe or a sudo. Returns how many there were.
 */
size_t example_each(const char *path,
		    void (*take)(const char *line, const char *path));

#endif
