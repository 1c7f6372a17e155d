// SPDX-License-Identifier: GPL-2.0-or-later
/* What Docker says, on its way from the keeper to the recorder. */
#include <stdio.h>

#include "lib/text.h"
#include "logger/announce.h"
#include "logger/channel.h"
#include "logger/clock.h"
#include "logger/keeper_private.h"
#include "logger/log.h"

static uint64_t on_now(void *arg)
{
	(void)arg;
	return clock_ms();
}

static void tell_docker(const struct keeper *k, const char *detail)
{
	struct channel_msg msg = { .kind = CHANNEL_FINDING };

	str_copy(msg.u.finding.subject, sizeof(msg.u.finding.subject),
		 "docker");
	str_copy(msg.u.finding.detail, sizeof(msg.u.finding.detail), detail);
	keeper_tell(k, &msg);
}

static void on_up(void *arg, const char *server_version)
{
	struct keeper *k = arg;

	log_info("connected to Docker %s", server_version);
	firewall_look(k->fw);
	k->all_at_ms = 0;
}

static void on_down(void *arg, const char *why)
{
	const struct channel_msg msg = { .kind = CHANNEL_DOCKER_DOWN };
	struct keeper *k = arg;
	char detail[CHANNEL_TEXT_MAX];

	snprintf(detail, sizeof(detail), "no Docker at '%s': %s",
		 k->config->docker_socket, why);
	log_info("%s; waiting for one", detail);
	tell_docker(k, detail);
	keeper_tell(k, &msg);
	k->listed = true;
	k->poll_at_ms = 0;
}

static void on_networks(void *arg, const struct docker_network *list, size_t n,
			bool whole)
{
	struct keeper *k = arg;
	struct channel_msg msg = { 0 };

	k->listed = true;
	ports_networks(k->ports, list, n);
	probe_clear_bridges(k->probe);
	for (size_t i = 0; i < n; i++) {
		struct channel_network *net = &msg.u.network;

		probe_add_bridge(k->probe, list[i].bridge);

		msg = (struct channel_msg){ .kind = CHANNEL_NETWORK };
		str_copy(net->docker_id, sizeof(net->docker_id), list[i].id);
		str_copy(net->name, sizeof(net->name), list[i].name);
		str_copy(net->bridge, sizeof(net->bridge), list[i].bridge);
		net->internal = list[i].internal;
		net->created_ns = list[i].created_ns;
		if (keeper_tell(k, &msg) < 0)
			whole = false; /* the next list is a minute away */
	}
	/* after half a list nothing may be called gone */
	msg = (struct channel_msg){ .kind = whole ? CHANNEL_NETWORKS_END
						  : CHANNEL_DOCKER_DOWN };
	keeper_tell(k, &msg);
	k->poll_at_ms = 0;
}

static void on_containers(void *arg, const struct docker_container *list,
			  size_t n, const struct docker_endpoint *endpoints,
			  size_t n_endpoints, bool whole)
{
	const struct keeper *k = arg;
	const struct announce a = { list, n, endpoints, n_endpoints };

	announce_containers(k->config->channel_fd, &a, whole);
	ports_endpoints(k->ports, endpoints, n_endpoints);
}

static void on_disconnected(void *arg, const char *container_id,
			    const char *network_id, uint64_t at_ns)
{
	struct channel_msg msg = { .kind = CHANNEL_DISCONNECTED };
	struct channel_disconnected *to = &msg.u.disconnected;

	str_copy(to->container_id, sizeof(to->container_id), container_id);
	str_copy(to->network_id, sizeof(to->network_id), network_id);
	to->at_ns = at_ns;
	keeper_tell(arg, &msg);
}

static void on_changed(void *arg, const char *what)
{
	struct keeper *k = arg;

	(void)what;
	k->poll_at_ms = 0;
}

static void on_nonsense(void *arg, const char *what)
{
	log_warn("Docker's answer is not understood: %s", what);
	tell_docker(arg, what);
}

static void on_standing(void *arg, const char *what)
{
	tell_docker(arg, what);
}

const struct docker_ops keeper_docker_ops = {
	.now_ms = on_now,
	.up = on_up,
	.down = on_down,
	.networks = on_networks,
	.containers = on_containers,
	.disconnected = on_disconnected,
	.changed = on_changed,
	.nonsense = on_nonsense,
	.standing = on_standing,
};
