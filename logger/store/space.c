// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How much room the database's file system has, as three states. That it is
 * low is read from the file system; that it is full only a failed write knows.
 */
#include "logger/store/space.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/statvfs.h>

#include "lib/text.h"
#include "logger/log.h"

enum { FULL_ENOUGH = 1 << 20 };

static uint64_t limit_of(const struct space_config *cfg, uint64_t all)
{
	return cfg->left_bytes ? cfg->left_bytes
			       : all / 100 * cfg->left_percent;
}

enum space_state space_next(const struct space *sp, uint64_t free, uint64_t all)
{
	uint64_t limit = limit_of(sp->config, all);

	if (sp->state == SPACE_FULL && free < sp->enough_bytes)
		return SPACE_FULL;
	if (sp->state != SPACE_ENOUGH)
		limit += limit / 10;
	return free < limit ? SPACE_LOW : SPACE_ENOUGH;
}

const struct space_action *space_action(const struct space *sp)
{
	static const struct space_action none = { SPACE_IGNORE, "" };

	return sp->state == SPACE_FULL	? &sp->config->full
	       : sp->state == SPACE_LOW ? &sp->config->low
					: &none;
}

/* "97 MiB are left for the database: nothing is written until ..." */
static void describe(const struct space *sp, uint64_t free, char *buf,
		     size_t size)
{
	static const char *const acts[] = {
		[SPACE_IGNORE] = "",
		[SPACE_LOG] = "",
		[SPACE_EXEC] = "; the program for that is run",
		[SPACE_SUSPEND] =
			("; nothing is written until there is more, packets "
			 "wait in the kernel"),
		[SPACE_EXIT] = "; the logger ends, as it is told to",
	};
	const char *act = acts[space_action(sp)->act];

	if (sp->state == SPACE_FULL)
		snprintf(buf, size, "there is no room for the database%s", act);
	else if (sp->state == SPACE_LOW)
		snprintf(buf, size,
			 "only %" PRIu64 " MiB left for the database%s",
			 free >> 20, act);
	else
		buf[0] = '\0';
}

static void say(const struct space *sp, enum space_state before,
		const char *detail)
{
	enum space_act act = space_action(sp)->act;

	if (sp->state == SPACE_ENOUGH) {
		const struct space was = { .config = sp->config,
					   .state = before };

		if (space_action(&was)->act != SPACE_IGNORE)
			log_info("there is room for the database again");
	} else if (act != SPACE_IGNORE) {
		log_warn("%s", detail);
	}
}

static void tell_keeper(const struct space *sp, int channel_fd)
{
	const struct channel_msg msg = {
		.kind = sp->state == SPACE_FULL ? CHANNEL_SPACE_FULL
						: CHANNEL_SPACE_LOW,
	};

	if (space_action(sp)->act == SPACE_EXEC &&
	    channel_send(channel_fd, &msg) < 0)
		log_warn("the keeper can't be told to run '%s'",
			 space_action(sp)->program);
}

/* Once there is room for it. */
static void note(struct space *sp, const char *detail, struct store *st)
{
	struct channel_msg msg = { .kind = CHANNEL_FINDING };
	struct channel_finding *f = &msg.u.finding;

	if (store_facts_full(st))
		return;
	str_copy(f->subject, sizeof(f->subject), "disk space");
	str_copy(f->detail, sizeof(f->detail), detail);
	f->at_ns = sp->since_ns; /* a full disk has it written later */
	store_add_fact(st, &msg);
	sp->since_ns = 0;
}

void space_look(struct space *sp, const char *path, bool failed,
		struct store *st, int channel_fd, uint64_t now_ns)
{
	enum space_state state = SPACE_FULL, before = sp->state;
	char detail[CHANNEL_TEXT_MAX];
	struct statvfs fs = { 0 };
	uint64_t free;

	if (statvfs(path, &fs) < 0 && !failed)
		return;
	free = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (failed)
		sp->enough_bytes = free + FULL_ENOUGH;
	else
		state = space_next(sp, free,
				   (uint64_t)fs.f_blocks * fs.f_frsize);
	/* what can't be noted waits, but not that it is full, nor that there is
	 * room: until then what waits to be written may be all that there is */
	if (!failed && state > before && store_facts_full(st))
		return;
	sp->state = state;
	describe(sp, free, detail, sizeof(detail));
	if (state != before)
		sp->since_ns = now_ns;
	if (sp->since_ns)
		note(sp, detail, st);
	if (state == before)
		return;
	say(sp, before, detail);
	tell_keeper(sp, channel_fd);
}
