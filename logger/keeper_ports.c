// SPDX-License-Identifier: GPL-2.0-or-later
/* Which veth is whose: questions to the kernel, and the answers on their way to
 * the recorder. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/text.h"
#include "logger/keeper_private.h"
#include "logger/log.h"
#include "logger/veth/processes.h"

static int on_get(void *arg, uint32_t index, struct link *ret)
{
	const struct keeper *k = arg;

	return links_get(k->links_fd, index, ret);
}

static int on_nsid(void *arg, int32_t pid, int32_t *ret)
{
	const struct keeper *k = arg;

	return links_nsid(k->links_fd, pid, ret);
}

static bool on_is_of(void *arg, int32_t pid, const char *container_id)
{
	(void)arg;
	return processes_is_of(pid, container_id);
}

static void on_tell(void *arg, const char *container_id, const char *network_id,
		    uint32_t ifindex)
{
	struct channel_msg msg = { .kind = CHANNEL_PORT };
	struct channel_port *to = &msg.u.port;

	str_copy(to->container_id, sizeof(to->container_id), container_id);
	str_copy(to->network_id, sizeof(to->network_id), network_id);
	to->ifindex = ifindex;
	keeper_tell(arg, &msg);
}

/* How many are not known, when that is news. */
static void tell_unknown(struct keeper *k)
{
	struct channel_msg msg = { .kind = CHANNEL_FINDING };
	struct channel_finding *f = &msg.u.finding;
	size_t n = ports_unknown(k->ports);

	if (n == k->unknown_ports)
		return;
	k->unknown_ports = n;
	str_copy(f->subject, sizeof(f->subject), "veth");
	if (n > 0)
		snprintf(f->detail, sizeof(f->detail),
			 "the veth of %zu endpoints of containers is not "
			 "known: who sends from there is judged by its MAC",
			 n);
	keeper_tell(k, &msg);
}

static const struct ports_ops ops = { on_get, on_nsid, on_is_of, on_tell };

static void on_process(void *arg, const char *container_id, int32_t pid)
{
	struct keeper *k = arg;

	ports_process(k->ports, k->links, k->n_links, container_id, pid, &ops,
		      k);
}

void keeper_ports_step(struct keeper *k)
{
	int r;

	if (!ports_due(k->ports))
		return;
	r = links_read(k->links_fd, k->links, LINKS_MAX, &k->n_links);
	if (r == -EINTR) /* it changed while it was read: again, next time */
		return;
	if (r < 0) {
		log_warn("can't read the interfaces: %s; who sends is judged "
			 "by its MAC",
			 strerror(-r));
		k->n_links = 0;
	}
	if (ports_check(k->ports, k->links, k->n_links) && k->n_links > 0)
		processes_each(on_process, k);
	ports_end(k->ports, &ops, k);
	tell_unknown(k);
}

int keeper_ports_open(struct keeper *k)
{
	k->links_fd = links_open();
	if (k->links_fd < 0)
		return k->links_fd;
	k->links = calloc(LINKS_MAX, sizeof(*k->links));
	k->ports = ports_new();
	return k->links && k->ports ? 0 : -ENOMEM;
}

void keeper_ports_close(struct keeper *k)
{
	ports_free(k->ports);
	free(k->links);
	if (k->links_fd > 0)
		close(k->links_fd);
}
