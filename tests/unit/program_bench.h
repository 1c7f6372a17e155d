/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs in front of the real ones, in a directory that is all of PATH for
 * the code under test: they note each call, or break.
 */
#ifndef BRIDGEAUDIT_TESTS_UNIT_PROGRAM_BENCH_H
#define BRIDGEAUDIT_TESTS_UNIT_PROGRAM_BENCH_H

#include <stdbool.h>

/* Makes the directory and remembers PATH. False: can't. */
bool program_open(void);

/* Removes it and what was written into it; PATH is as before. */
void program_close(void);

/* From now on PATH is the directory, for all but the functions here. */
void program_enter(void);

/* A shell script of that name; body is what it does after noting the call. */
void program_write(const char *name, const char *body);

/* The same with the real one of /usr/sbin behind it. */
void program_write_real(const char *name);
void program_remove(const char *name);

/* Runs a command of the shell with the real PATH; it must not fail. */
void program_shell(const char *command);

/* What such a command prints; free() it. */
char *program_output(const char *command);

/* Whether that has some text in it. */
bool program_prints(const char *command, const char *what);

/* The calls since the last time, "NAME ARGUMENTS" each; free() it. */
char *program_calls(void);

/* The kernel names processes by their number in the first pid namespace. */
bool pids_are_the_kernels(void);

#endif
