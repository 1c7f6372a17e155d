/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The privileged process: Docker, the rules, and the recorder's life. */
#ifndef BRIDGEAUDIT_LOGGER_KEEPER_H
#define BRIDGEAUDIT_LOGGER_KEEPER_H

#include <stdint.h>
#include <sys/types.h>

#include "logger/courier.h"
#include "logger/firewall/firewall.h"
#include "logger/store/space.h"

struct keeper_config {
	const char *db_path; /* whose key it keeps */
	const char *docker_socket;
	unsigned int profile; /* mask of enum profile */
	unsigned int group;
	int nflog_fd;	/* to leave the group with */
	int channel_fd; /* to the recorder */
	pid_t recorder;
	uint64_t probe_every_ms;	  /* 0: only on SIGUSR1 */
	struct courier *courier;	  /* of checkpoints */
	const struct space_config *space; /* the programs to run */
	void (*started)(void *arg);	  /* called once all is in place */
	void *arg;
};

/*
 * Gives up what it does not need, then keeps the rules until a signal or the
 * recorder's end. SIGTERM, SIGINT, SIGHUP, SIGUSR1 and SIGCHLD must be blocked
 * since before the recorder was started. Returns the exit code.
 */
int keeper_run(const struct keeper_config *config);

#endif
