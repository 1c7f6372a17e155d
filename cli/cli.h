/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program without its main(): arguments and two streams in, an exit code
 * out. Nothing here reads the clock, so that tests decide what time it is.
 */
#ifndef BRIDGEAUDIT_CLI_CLI_H
#define BRIDGEAUDIT_CLI_CLI_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct filter;
struct output;
struct output_spec;
struct telling;

struct cli {
	FILE *out;		 /* results */
	FILE *err;		 /* everything else */
	uint64_t now_ns;	 /* the time it is */
	bool color;		 /* out is a terminal that may show colours */
	bool progress;		 /* err is a terminal that is ours alone */
	bool ascii;		 /* who reads knows no other characters */
	const char *db_path;	 /* without --db; NULL: the usual one */
	unsigned int columns;	 /* of the terminal that out is; 0: none */
	struct telling *telling; /* of a verb that reads the log; else NULL */
};

struct verb {
	const char *name;
	const char *help;     /* a screenful */
	unsigned int options; /* enum filter_option that it takes */
	unsigned int formats; /* 1U << enum output_format that it can */
	int on_terminal;      /* enum output_format there, without -o */
	int elsewhere;	      /* the same when out is no terminal */
	bool reads;	      /* the log: the logger is told */
	int (*run)(const struct cli *cli, const struct filter *f);
};

/* Runs what argv asks for; returns an exit code of lib/exitcode.h. */
int cli_run(const struct cli *cli, int argc, char **argv);

/* "bridgeaudit: " and the message as one line to cli->err. */
void cli_error(const struct cli *cli, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Opens the database; returns 0, or an exit code after saying why not. */
int cli_open(const struct cli *cli, const struct filter *f, sqlite3 **ret_db);

/* The same without a word. Returns 0 or -errno. */
int cli_reopen(const struct filter *f, sqlite3 **ret_db);

/* It is still read, for a logger that came since: about once a second. */
void cli_goes_on(const struct cli *cli, sqlite3 *db);

/* So many rows were printed, by what is no struct output. */
void cli_count_rows(const struct cli *cli, uint64_t rows);

/*
 * Opens the output that f asks for. Returns 0, or an exit code after saying
 * why not; the caller frees *ret.
 */
int cli_output(const struct cli *cli, const struct filter *f,
	       const struct output_spec *spec, struct output **ret);

/* Says why reading the database failed with r, unless we were interrupted;
 * returns the exit code. */
int cli_read_failed(const struct cli *cli, const struct filter *f, int r);

/*
 * The exit code for a failed write to cli->out: none to speak of when its
 * reader went away, else 1 with a message.
 */
int cli_write_failed(const struct cli *cli, int r);

#endif
