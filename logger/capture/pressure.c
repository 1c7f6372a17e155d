// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The order in which detail is given up before packets are lost: larger
 * batches, then rows of who sends most. Entered and left by how full the
 * socket's buffer is, which is all the time that is left.
 */
#include "logger/capture/pressure.h"

#include <linux/sock_diag.h>
#include <sys/socket.h>

#include "lib/text.h"
#include "logger/log.h"

enum { FILL_BATCH = 25, FILL_FAIR = 50, FILL_CALM = 5, CALM_MS = 5000 };

enum store_pressure pressure_next(struct pressure *p, unsigned int fill,
				  uint64_t now_ms)
{
	enum store_pressure level = fill >= FILL_FAIR	 ? STORE_PRESSURE_FAIR
				    : fill >= FILL_BATCH ? STORE_PRESSURE_BATCH
							 : STORE_PRESSURE_NONE;

	if (fill >= FILL_CALM || p->shared)
		p->calm_since_ms = 0;
	else if (p->calm_since_ms == 0)
		p->calm_since_ms = now_ms;
	if (level > p->level)
		return level;
	if (p->calm_since_ms && now_ms - p->calm_since_ms >= CALM_MS)
		return STORE_PRESSURE_NONE;
	return p->level;
}

bool pressure_shares(const struct pressure *p, unsigned int fill)
{
	return fill >= (p->sharing ? FILL_BATCH : FILL_FAIR);
}

unsigned int pressure_fill(int fd)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len) < 0 ||
	    info[SK_MEMINFO_RCVBUF] == 0)
		return 0;
	return (unsigned int)(100ULL * info[SK_MEMINFO_RMEM_ALLOC] /
			      info[SK_MEMINFO_RCVBUF]);
}

static void change(struct pressure *p, enum store_pressure level,
		   struct store *st)
{
	static const char *const words[] = {
		[STORE_PRESSURE_NONE] = "",
		[STORE_PRESSURE_BATCH] =
			"packets come faster than they are written: batches "
			"are larger",
		[STORE_PRESSURE_FAIR] =
			"packets come faster than they are written: of who "
			"sends most, those that are the same are one row, with "
			"their number, and others only counted",
	};
	struct channel_msg msg = { .kind = CHANNEL_FINDING };

	p->level = level;
	store_set_pressure(st, level);
	str_copy(msg.u.finding.subject, sizeof(msg.u.finding.subject), "load");
	str_copy(msg.u.finding.detail, sizeof(msg.u.finding.detail),
		 words[level]);
	store_add_fact(st, &msg);
	if (*words[level])
		log_warn("%s", words[level]);
	else
		log_info("packets are written as fast as they come again");
}

void pressure_update(struct pressure *p, int nflog_fd, struct store *st,
		     uint64_t now_ms)
{
	unsigned int fill = pressure_fill(nflog_fd);
	enum store_pressure level = pressure_next(p, fill, now_ms);

	p->shared = false;
	/* a change that can't be noted is not made */
	if (level != p->level && !store_facts_full(st))
		change(p, level, st);
	p->sharing =
		p->level == STORE_PRESSURE_FAIR && pressure_shares(p, fill);
}
