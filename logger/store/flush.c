// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SQLite copies its write-ahead log into the database within a commit, between
 * two syncs: whoever waits there for the disk takes no packets. Here a thread
 * with a handle of its own does it while the writer goes on. The log begins
 * anew only when all of it is copied, and it never is while more is written,
 * so the last few pages are the writer's. What a reader still needs can't be
 * copied: so that all of it is not the writer's when the reader is done, the
 * log may become longer by as much.
 */
#include "logger/store/flush.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

enum {
	FRAMES_MIN = 1000,  /* SQLite's own number; what a cache can hold */
	FRAMES_LAST = 500,  /* so few cost a writer hardly more than none */
	FRAMES_MAX = 16384, /* 64 MiB, without a reader: the writer waits,
			     * packets do in the kernel */
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
	int done;    /* frames of the log that were copied by then */
	int64_t max; /* that it may have before the writer waits */
};

/* What no reader needs; with the lock, which others can have meanwhile. */
static void copy(struct flush *f, sqlite3 *db)
{
	int all = 0, done = 0, rc;
	int64_t max;

	pthread_mutex_unlock(&f->lock);
	/* what is locked or fails is tried again after a commit */
	rc = sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_PASSIVE,
				       &all, &done);
	pthread_mutex_lock(&f->lock);
	if (rc != SQLITE_OK)
		return;
	f->done = done;
	/* fewer are a commit's that was not over, or of a short reader */
	if (all - done < FRAMES_MIN)
		return;
	max = (int64_t)all + (all - done) + FRAMES_MAX;
	f->max = max > f->max ? max : f->max;
}

static void *run(void *arg)
{
	struct flush *f = arg;

	pthread_mutex_lock(&f->lock);
	while (!f->stop) {
		if (!f->wanted) {
			pthread_cond_wait(&f->changed, &f->lock);
			continue;
		}
		copy(f, f->db);
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
	if (rc == SQLITE_OK) /* copying takes none of its cache */
		sqlite3_db_release_memory(f->db);
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

	(void)name;
	pthread_mutex_lock(&f->lock);
	if (frames <= f->done) { /* of the log before this one */
		f->done = 0;
		f->max = FRAMES_MAX;
	}
	while (f->wanted && frames >= f->max)
		pthread_cond_wait(&f->changed, &f->lock);
	if (!f->wanted && frames >= FRAMES_MIN) {
		if (frames - f->done <= FRAMES_LAST || frames >= f->max ||
		    !start(f)) {
			copy(f, db);
		} else {
			f->wanted = true;
			pthread_cond_signal(&f->changed);
		}
	}
	pthread_mutex_unlock(&f->lock);
	return SQLITE_OK;
}

struct flush *flush_new(sqlite3 *db)
{
	struct flush *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->writer = db;
	f->max = FRAMES_MAX;
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
