/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon is told by its configuration file and its options. */
#ifndef BRIDGEAUDIT_LOGGER_CONFIG_H
#define BRIDGEAUDIT_LOGGER_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/conffile.h"
#include "logger/courier.h"
#include "logger/store/space.h"

enum { CONFIG_PATH_MAX = 4096, CONFIG_USER_MAX = 64 };

struct config {
	char db[CONFIG_PATH_MAX];
	char docker_socket[CONFIG_PATH_MAX];
	char user[CONFIG_USER_MAX]; /* of the recorder */
	unsigned int nflog_group;
	unsigned int profile;			      /* mask of enum profile */
	unsigned int checkpoint_minutes;	      /* 0: at the end only */
	char checkpoint_command[COURIER_COMMAND_MAX]; /* "": none */
	uint64_t retain_days;			      /* 0: no limit */
	uint64_t retain_size;			      /* bytes; 0: no limit */
	uint64_t probe_every_s; /* 0: only when asked to */
	bool record_reads;
	struct space_config space;
};

extern const struct config config_default;

/*
 * Sets one key, as bridgeaudit.conf(5) has them. Returns 0; -ENOENT for an
 * unknown key, -EINVAL for a value that it can't have: cfg is as before and
 * error[CONFFILE_ERROR_MAX] is what to say after the key's name.
 */
int config_set(struct config *cfg, const char *key, const char *value,
	       char *error);

/*
 * Reads the file over cfg. Relative paths and keys that are there twice are
 * refused. Returns and error as for conffile_read(); cfg is as before then.
 */
int config_read(struct config *cfg, const char *path, char *error);

#endif
