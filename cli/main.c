// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bridgeaudit: who tried to reach whom over Docker's bridge networks. This
 * file gives the program its streams, its clock and its manners as a process.
 */
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/interrupt.h"
#include "lib/conffile.h"
#include "lib/text.h"
#include "lib/timefmt.h"

enum { DB_PATH_MAX = 4096, COLUMNS_DEFAULT = 80, COLUMNS_MAX = 65535 };

static bool may_color(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color) &&
	       !(term && strcmp(term, "dumb") == 0);
}

/* By the first of these that is set, as setlocale() has it. */
static bool is_ascii(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *locale = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!locale || !*locale)
			locale = getenv(names[i]);
	return !locale ||
	       (!strcasestr(locale, "utf-8") && !strcasestr(locale, "utf8"));
}

/*
 * Columns of the terminal that stdout is; 0 when it is none. COLUMNS is the
 * word of a person, as it is for ls and ncurses.
 */
static unsigned int terminal_columns(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size = { 0 };
	unsigned long n = columns ? strtoul(columns, NULL, 10) : 0;

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (n > 0 && n <= COLUMNS_MAX)
		return (unsigned int)n;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return COLUMNS_DEFAULT;
	return size.ws_col;
}

/* The daemon checks the whole file; here only one key of it is of use. */
static int take_db(void *arg, const char *key, const char *value, char *error)
{
	(void)error;
	if (strcmp(key, "db") == 0 && *value == '/')
		str_copy(arg, DB_PATH_MAX, value);
	return 0;
}

/* As if the signal had killed us, but with all that was open closed. */
static void die_of(int signo, bool color)
{
	static const char plain[] = "\033[0m";

	if (color && write(STDOUT_FILENO, plain, sizeof(plain) - 1) < 0)
		return;
	signal(signo, SIG_DFL);
	raise(signo);
}

int main(int argc, char **argv)
{
	struct interrupt saved;
	struct timespec now = { 0 };
	char error[CONFFILE_ERROR_MAX], db_path[DB_PATH_MAX] = "";
	struct cli cli = { .out = stdout, .err = stderr };
	int code, signo;

	/* a reader that went away is seen as EPIPE */
	signal(SIGPIPE, SIG_IGN);
	/* there are no threads, and nobody asks how much memory it takes */
	sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	clock_gettime(CLOCK_REALTIME, &now);
	cli.now_ns = (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
	cli.color = may_color();
	cli.ascii = is_ascii();
	cli.progress = isatty(STDERR_FILENO);
	cli.columns = terminal_columns();
	conffile_read(CONFFILE_PATH_DEFAULT, take_db, db_path, error);
	if (*db_path)
		cli.db_path = db_path;
	interrupt_catch(&saved);
	code = cli_run(&cli, argc, argv);
	signo = interrupt_release(&saved);
	if (signo)
		die_of(signo, cli.color);
	return code;
}
