// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SQLite copies its write-ahead log into the database within a commit, between
 * two syncs: whoever waits there for the disk takes no packets. Here a thread
 * with a handle of its own does it while the writer goes on. The log begins
 * anew only when all of it is copied, and it never is while more is written,
 * so the last few pages are the writer's.
 */
#include "logger/store_flush.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

enum {
	FRAMES_MIN = 1000,  /* SQLite's own number; what a cache can hold */
	FRAMES_LAST = 500,  /* so few cost a writer hardly more than none */
	FRAMES_MAX = 16384, /* 64 MiB: the writer waits, packets do in the
			     * kernel */
};

struct flush {
	sqlite3 *writer;
	sqlite3 *db; /* the thread's */
	bool runs;   /* the thread does */
	pthread_t thread;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	bool wanted; /* until it is done */
	bool stop;
	int done; /* frames that were copied by then */
};

static void *run(void *arg)
{
	struct flush *f = arg;

	pthread_mutex_lock(&f->lock);
	while (!f->stop) {
		int all = 0, done = 0;

		if (!f->wanted) {
			pthread_cond_wait(&f->changed, &f->lock);
			continue;
		}
		pthread_mutex_unlock(&f->lock);
		/* what is locked or fails is tried again after a commit */
		sqlite3_wal_checkpoint_v2(
			f->db, "main", SQLITE_CHECKPOINT_PASSIVE, &all, &done);
		pthread_mutex_lock(&f->lock);
		f->done = done;
		f->wanted = false;
		pthread_cond_signal(&f->changed);
	}
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

/* Whether there is a thread; else the writer does it as SQLite would. */
static bool start(struct flush *f)
{
	int rc;

	if (f->runs)
		return true;
	rc = sqlite3_open_v2(sqlite3_db_filename(f->writer, "main"), &f->db,
			     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	/* a handle knows of the log once it has read something */
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(f->db, "PRAGMA schema_version", NULL, NULL,
				  NULL);
	f->runs = rc == SQLITE_OK &&
		  pthread_create(&f->thread, NULL, run, f) == 0;
	if (!f->runs) {
		sqlite3_close(f->db);
		f->db = NULL;
	}
	return f->runs;
}

static int after_commit(void *arg, sqlite3 *db, const char *name, int frames)
{
	struct flush *f = arg;
	bool here;

	if (frames < FRAMES_MIN)
		return SQLITE_OK;
	pthread_mutex_lock(&f->lock);
	while (f->wanted && frames >= FRAMES_MAX)
		pthread_cond_wait(&f->changed, &f->lock);
	here = !f->wanted && (frames - f->done <= FRAMES_LAST ||
			      frames >= FRAMES_MAX || !start(f));
	if (here) {
		f->done = 0;
	} else if (!f->wanted) {
		f->wanted = true;
		pthread_cond_signal(&f->changed);
	}
	pthread_mutex_unlock(&f->lock);
	if (here)
		sqlite3_wal_checkpoint(db, name);
	return SQLITE_OK;
}

struct flush *flush_new(sqlite3 *db)
{
	struct flush *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->writer = db;
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->changed, NULL);
	sqlite3_wal_hook(db, after_commit, f);
	return f;
}

void flush_free(struct flush *f)
{
	if (!f)
		return;
	sqlite3_wal_hook(f->writer, NULL, NULL);
	if (f->runs) {
		pthread_mutex_lock(&f->lock);
		f->stop = true;
		pthread_cond_signal(&f->changed);
		pthread_mutex_unlock(&f->lock);
		pthread_join(f->thread, NULL);
		sqlite3_close(f->db);
	}
	pthread_cond_destroy(&f->changed);
	pthread_mutex_destroy(&f->lock);
	free(f);
}
