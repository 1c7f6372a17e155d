// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commits, and what goes wrong with them: a store that can't be written is
 * tried again and again, and the ledger says afterwards since when and why; a
 * disk with little or no room is a state of its own, with the action that the
 * configuration has for it.
 */
#include "logger/store/writer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/db.h"
#include "lib/text.h"
#include "logger/clock.h"
#include "logger/log.h"

/* At once after a pause, so that nobody waits; what comes after that waits a
 * little, for a commit of many costs hardly more than one of a single packet.
 */
void writer_soon(struct writer *w)
{
	uint64_t now_ms = clock_ms();
	uint64_t next_ms = w->committed_ms + WRITER_COMMIT_MS;

	if (w->commit_at_ms == 0)
		w->commit_at_ms = next_ms > now_ms ? next_ms : now_ms;
}

void writer_note(struct writer *w, const char *subject, const char *detail,
		 uint64_t at_ns)
{
	struct channel_msg msg = { .kind = CHANNEL_FINDING };

	if (store_facts_full(w->store))
		return;
	str_copy(msg.u.finding.subject, sizeof(msg.u.finding.subject), subject);
	str_copy(msg.u.finding.detail, sizeof(msg.u.finding.detail), detail);
	msg.u.finding.at_ns = at_ns;
	store_add_fact(w->store, &msg);
	writer_soon(w);
}

static void look(struct writer *w, bool failed)
{
	space_look(&w->space, w->db_path, failed, w->store, w->channel_fd,
		   clock_real_ns());
}

/* Begins a time in which nothing is written; why is for the ledger, or "". */
static void begin_failing(struct writer *w, const char *why)
{
	w->failing = true;
	w->failing_ns = clock_real_ns();
	w->failure[0] = '\0';
	if (*why)
		snprintf(w->failure, sizeof(w->failure),
			 "it could not be written: %s; packets waited in the "
			 "kernel",
			 why);
}

static void note_failure(struct writer *w, int r)
{
	bool full = r == -ENOSPC;

	if (!w->failing) {
		/* "disk space" is the finding of a full disk */
		begin_failing(w, full ? "" : store_error(w->store));
		if (!full || w->space.config->full.act != SPACE_IGNORE)
			log_warn("can't write the database: %s; packets wait "
				 "in the kernel, and what does not fit there "
				 "will be counted as lost",
				 store_error(w->store));
	}
	w->commit_at_ms = clock_ms() + WRITER_RETRY_MS;
	if (!full)
		return;
	look(w, true);
	w->tick_at_ms = 0;
}

static void note_recovery(struct writer *w)
{
	w->failing = false;
	w->written_ns = clock_real_ns();
	w->space.enough_bytes = 0;
	w->tick_at_ms = 0;
	if (w->failure[0] || w->space.config->full.act != SPACE_IGNORE)
		log_info("the database can be written again");
	if (!w->failure[0])
		return;
	writer_note(w, "database", w->failure, w->failing_ns);
	writer_note(w, "database", "", w->written_ns);
}

void writer_commit(struct writer *w)
{
	int r;

	w->commit_at_ms = 0;
	if (w->suspended)
		return;
	r = store_commit(w->store, clock_real_ns());
	w->committed_ms = clock_ms();
	w->rests = false;
	if (r < 0) {
		note_failure(w, r);
		return;
	}
	if (w->failing)
		note_recovery(w);
	if (w->tick_at_ms > w->committed_ms + WRITER_TICK_MS)
		w->tick_at_ms = w->committed_ms + WRITER_TICK_MS;
	pressure_update(&w->pressure, w->nflog_fd, w->store, clock_ms());
	if (store_pending(w->store)) /* there is more to remove */
		writer_soon(w);
}

/* Nothing is written from now on; the reason for it still is. */
static void suspend(struct writer *w)
{
	if (w->suspended)
		return;
	if (!w->failing) {
		writer_commit(w);
		begin_failing(w, "");
	}
	w->suspended = true;
}

static void ask_for_the_end(struct writer *w)
{
	const struct channel_msg msg = { .kind = CHANNEL_STOP };

	if (w->exit)
		return;
	w->exit = channel_send(w->channel_fd, &msg) == 0;
}

/* Nothing came since the last look: memory for batches is not needed, and
 * only other programs can fill the disk. */
static void rest(struct writer *w)
{
	if (!w->rests)
		store_rest(w->store);
	w->rests = true;
	if (!w->failing)
		w->tick_at_ms = clock_ms() + WRITER_REST_MS;
}

void writer_tick(struct writer *w)
{
	w->tick_at_ms = clock_ms() + WRITER_TICK_MS;
	if (!store_pending(w->store) &&
	    w->committed_ms + WRITER_TICK_MS < clock_ms())
		rest(w);
	look(w, false);
	switch (space_action(&w->space)->act) {
	case SPACE_EXIT:
		ask_for_the_end(w);
		suspend(w);
		break;
	case SPACE_SUSPEND:
		suspend(w);
		break;
	case SPACE_IGNORE:
	case SPACE_LOG:
	case SPACE_EXEC:
		w->suspended = false;
		break;
	}
	/* also to see that the pressure is over, when nothing comes any more */
	if (store_pending(w->store) || w->pressure.level > STORE_PRESSURE_NONE)
		writer_soon(w);
}

void writer_resume(struct writer *w)
{
	w->suspended = w->failing = false;
}

int writer_lock(const char *db_path, const char *user)
{
	int pid = 0;
	int r = db_writer_lock(db_path, &pid);

	if (r == -EBUSY)
		log_error("database '%s' is in use by the bridgeauditd with "
			  "pid %d: stop that one, or name another with --db",
			  db_path, pid);
	else if (r < 0)
		log_error("can't create '%s.lock' as user '%s': %s; give that "
			  "user the directory, or name another with --db",
			  db_path, user, strerror(-r));
	return r;
}
