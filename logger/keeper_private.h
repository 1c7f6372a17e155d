/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keeper's state, for its loop and for what Docker says. */
#ifndef BRIDGEAUDIT_LOGGER_KEEPER_PRIVATE_H
#define BRIDGEAUDIT_LOGGER_KEEPER_PRIVATE_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "logger/docker/docker.h"
#include "logger/keeper.h"
#include "logger/message.h"
#include "logger/probe/probe.h"
#include "logger/program.h"
#include "logger/seal.h"
#include "logger/veth/ports.h"

enum { FD_SIGNALS, FD_RECORDER, FD_NFTMON, FD_COURIER, FD_COUNT };

struct keeper {
	const struct keeper_config *config;
	struct firewall *fw;
	struct docker *docker;
	struct program program;
	struct probe *probe;
	struct seal seal;
	struct ports *ports;
	struct link *links; /* LINKS_MAX */
	size_t n_links;
	int links_fd;
	size_t unknown_ports; /* as it was told */
	struct pollfd fds[FD_COUNT];
	uint64_t all_at_ms;   /* when everything is looked at; monotonic */
	uint64_t poll_at_ms;  /* and when what has no notices */
	uint64_t quiet_ns;    /* when no notice waited; CLOCK_REALTIME */
	uint64_t changed_ns;  /* when what is in changed was, at the earliest */
	unsigned int changed; /* enum nftmon_what: to be looked at */
	bool listed;	      /* Docker's first list came, or it is down */
	bool stop;
	bool recorder_gone;
};

/* To the recorder. 0 or -errno */
int keeper_tell(const struct keeper *k, const struct channel_msg *msg);

/* After a list of containers: finds out which of them is behind which veth.
 * keeper_ports.c */
int keeper_ports_open(struct keeper *k);
void keeper_ports_close(struct keeper *k);
void keeper_ports_step(struct keeper *k);

/* Their arg is the keeper. */
extern const struct docker_ops keeper_docker_ops;

#endif
