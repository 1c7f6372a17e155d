/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The unprivileged process: packets in, database out. */
#ifndef BRIDGEAUDIT_LOGGER_RECORDER_H
#define BRIDGEAUDIT_LOGGER_RECORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "logger/store/space.h"

struct recorder_config {
	const char *db_path;
	const char *user; /* who it runs as; never root */
	unsigned int group;
	uint64_t retain_ns; /* as in struct store_session */
	uint64_t retain_bytes;
	unsigned int checkpoint_minutes; /* 0: at the end only */
	bool record_reads;
	const struct space_config *space;
	int nflog_fd;	/* from capture_open() */
	int channel_fd; /* to the keeper */
};

/* Gives up every privilege, then records until the keeper says stop or is
 * gone. Returns the exit code. */
int recorder_run(const struct recorder_config *config);

#endif
