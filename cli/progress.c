// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SQLite calls back every so many steps of its machine, and before each row,
 * and counts the pages that it reads; that is all there is to know about a
 * query while it runs.
 */
#include "cli/progress.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "cli/interrupt.h"
#include "lib/text.h"
#include "lib/timefmt.h"

enum {
	STEPS = 20000, /* about a millisecond */
	WHAT_MAX = 64,
};

static struct progress {
	sqlite3 *db;
	FILE *out;	   /* NULL: nobody looks */
	uint64_t begin_ns; /* of the silence; 0: not yet */
	uint64_t shown_s;  /* on the line; 0: there is none */
	char what[WHAT_MAX];
	uint64_t pages;	 /* that are to be read; 0: nobody knows */
	uint64_t before; /* that were read until then */
	uint64_t shown;	 /* parts of a hundred in the bar, and 1 */
} progress;

static uint64_t clock_ns(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

const char *progress_bar(char ret[PROGRESS_BAR_SIZE], uint64_t done,
			 uint64_t all)
{
	int percent = done < all ? (int)(done * 100 / all) : 99;
	char full[PROGRESS_BAR + 1];

	memset(full, '#', PROGRESS_BAR);
	full[percent * PROGRESS_BAR / 100] = '\0';
	snprintf(ret, PROGRESS_BAR_SIZE, "[%-*s] %3d %%", PROGRESS_BAR, full,
		 percent);
	return ret;
}

uint64_t progress_pages_read(sqlite3 *db)
{
	int n = 0, most = 0;

	sqlite3_db_status(db, SQLITE_DBSTATUS_CACHE_MISS, &n, &most, 0);
	return (uint32_t)n;
}

static void show_bar(struct progress *p)
{
	uint64_t done = progress_pages_read(p->db) - p->before;
	uint64_t percent = done < p->pages ? done * 100 / p->pages : 99;
	char bar[PROGRESS_BAR_SIZE];

	if (p->shown == percent + 1)
		return;
	p->shown = percent + 1;
	fprintf(p->out, "\r%s %s", progress_bar(bar, done, p->pages), p->what);
	fflush(p->out);
}

static void show_time(struct progress *p)
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
	if (p->out && p->pages > 0)
		show_bar(p);
	else if (p->out)
		show_time(p);
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
	if (p->shown_s == 0 && p->shown == 0)
		return 0;
	p->shown_s = p->shown = 0;
	fputs("\r\033[K", p->out);
	fflush(p->out);
	return 0;
}

void progress_about(const char *what)
{
	str_copy(progress.what, sizeof(progress.what),
		 what ? what : "reading the log");
	progress.pages = 0;
}

void progress_pages(uint64_t pages)
{
	if (!progress.out || pages == 0)
		return;
	progress.pages = pages;
	progress.before = progress_pages_read(progress.db);
	show_bar(&progress);
}

void progress_watch(sqlite3 *db, const struct cli *cli)
{
	progress = (struct progress){
		.db = db,
		.out = cli->progress ? cli->err : NULL,
	};
	progress_about(NULL);
	sqlite3_progress_handler(db, STEPS, on_steps, &progress);
	if (progress.out)
		sqlite3_trace_v2(db, SQLITE_TRACE_ROW | SQLITE_TRACE_PROFILE,
				 on_row, &progress);
}
