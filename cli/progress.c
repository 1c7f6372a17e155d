// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SQLite calls back every so many steps of its machine, and before each row;
 * that is all there is to know about a query while it runs.
 */
#include "cli/progress.h"

#include <inttypes.h>
#include <time.h>

#include "cli/interrupt.h"
#include "lib/text.h"
#include "lib/timefmt.h"

enum {
	STEPS = 20000, /* about a millisecond */
	WHAT_MAX = 64,
};

static struct progress {
	FILE *out;	   /* NULL: nobody looks */
	uint64_t begin_ns; /* of the silence; 0: not yet */
	uint64_t shown_s;  /* on the line; 0: there is none */
	char what[WHAT_MAX];
} progress;

static uint64_t clock_ns(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void show(struct progress *p)
{
	uint64_t now_ns = clock_ns(), s;

	if (p->begin_ns == 0)
		p->begin_ns = now_ns;
	s = (now_ns - p->begin_ns) / NS_PER_S;
	if (s == p->shown_s)
		return;
	p->shown_s = s;
	fprintf(p->out, "\r%s, %" PRIu64 " s (Ctrl-C ends it)", p->what, s);
	fflush(p->out);
}

static int on_steps(void *arg)
{
	struct progress *p = arg;

	if (interrupted())
		return 1;
	if (p->out)
		show(p);
	return 0;
}

/* A row, or the statement's end: something else is shown now. */
static int on_row(unsigned int what, void *arg, void *stmt, void *x)
{
	struct progress *p = arg;

	(void)what;
	(void)stmt;
	(void)x;
	p->begin_ns = 0;
	if (p->shown_s == 0)
		return 0;
	p->shown_s = 0;
	fputs("\r\033[K", p->out);
	fflush(p->out);
	return 0;
}

void progress_about(const char *what)
{
	str_copy(progress.what, sizeof(progress.what),
		 what ? what : "reading the log");
}

void progress_watch(sqlite3 *db, const struct cli *cli)
{
	progress = (struct progress){ .out = cli->progress ? cli->err : NULL };
	progress_about(NULL);
	sqlite3_progress_handler(db, STEPS, on_steps, &progress);
	if (progress.out)
		sqlite3_trace_v2(db, SQLITE_TRACE_ROW | SQLITE_TRACE_PROFILE,
				 on_row, &progress);
}
