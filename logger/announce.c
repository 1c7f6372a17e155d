// SPDX-License-Identifier: GPL-2.0-or-later
/* Docker's rows to fixed-size messages: a container, then its endpoints. */
#include "logger/announce.h"

#include <string.h>

#include "lib/text.h"
#include "logger/channel.h"

static bool tell_container(int fd, const struct docker_container *c)
{
	struct channel_msg msg = { .kind = CHANNEL_CONTAINER };
	struct channel_container *to = &msg.u.container;

	str_copy(to->docker_id, sizeof(to->docker_id), c->id);
	str_copy(to->name, sizeof(to->name), c->name);
	str_copy(to->image, sizeof(to->image), c->image);
	str_copy(to->project, sizeof(to->project), c->project);
	str_copy(to->service, sizeof(to->service), c->service);
	return channel_send(fd, &msg) == 0;
}

static bool tell_endpoint(int fd, const struct docker_endpoint *ep)
{
	struct channel_msg msg = { .kind = CHANNEL_ENDPOINT };
	struct channel_endpoint *to = &msg.u.endpoint;

	str_copy(to->network_id, sizeof(to->network_id), ep->network_id);
	memcpy(to->ip4, ep->ip4, sizeof(to->ip4));
	memcpy(to->ip6, ep->ip6, sizeof(to->ip6));
	memcpy(to->mac, ep->mac, sizeof(to->mac));
	to->has_ip4 = ep->has_ip4;
	to->has_ip6 = ep->has_ip6;
	to->has_mac = ep->has_mac;
	to->since_ns = ep->since_ns;
	return channel_send(fd, &msg) == 0;
}

void announce_containers(int fd, const struct announce *a, bool whole)
{
	struct channel_msg end = { 0 };
	bool told = true;
	size_t at = 0;

	for (size_t i = 0; i < a->n && told; i++) {
		const char *id = a->list[i].id;

		told = tell_container(fd, &a->list[i]);
		for (; at < a->n_endpoints && told; at++) {
			if (strcmp(a->endpoints[at].container_id, id) != 0)
				break;
			told = tell_endpoint(fd, &a->endpoints[at]);
		}
	}
	/* after half a list nothing may be called gone; but nobody should wait
	 * for the rest of it */
	end.kind = told && whole ? CHANNEL_ENDPOINTS_END : CHANNEL_DOCKER_DOWN;
	channel_send(fd, &end);
}
