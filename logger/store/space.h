/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The room that is left for the database, and what to do when there is little
 * (space_left, space_left_action) or none (disk_full_action). */
#ifndef BRIDGEAUDIT_LOGGER_STORE_SPACE_H
#define BRIDGEAUDIT_LOGGER_STORE_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "logger/store/store.h"

enum {
	SPACE_PATH_MAX = 4096,
	SPACE_ACTION_MAX = SPACE_PATH_MAX + 8, /* a word and a path */
	SPACE_PERCENT_MAX = 99,
};

enum space_state { SPACE_ENOUGH, SPACE_LOW, SPACE_FULL };

enum space_act {
	SPACE_IGNORE,  /* the ledger says it, nobody else */
	SPACE_LOG,     /* and the system's log */
	SPACE_EXEC,    /* and the keeper runs a program */
	SPACE_SUSPEND, /* nothing is written until there is room again */
	SPACE_EXIT,    /* the logger ends */
};

struct space_action {
	enum space_act act;
	char program[SPACE_PATH_MAX]; /* of SPACE_EXEC */
};

struct space_config {
	uint64_t left_bytes;	   /* it is low below that; 0: see percent */
	unsigned int left_percent; /* of the file system; 0: it is never low */
	struct space_action low, full;
};

struct space {
	const struct space_config *config;
	enum space_state state;
	uint64_t enough_bytes; /* SPACE_FULL ends there; 0: a write went well */
	uint64_t since_ns;     /* of the state that is to be noted; 0: it is */
};

/* Value of space_left: "500" is MiB, "5%" of the file system, "0" never.
 * Returns 0, or -EINVAL with error[CONFFILE_ERROR_MAX] as for config_set(). */
int space_parse_left(struct space_config *cfg, const char *value, char *error);

/* Value of an action: its word, after exec a path. The program must be root's,
 * or the caller's, and nobody else's to write. Returns as above. */
int space_parse_action(struct space_action *action, const char *value,
		       char *error);

/* The values again, as they may be in the configuration. */
const char *space_left_text(const struct space_config *cfg, char *buf,
			    size_t size);
const char *space_action_text(const struct space_action *action, char *buf,
			      size_t size);

/* The state for so many free bytes of so many. Low ends a tenth above its
 * limit, full a mebibyte above what there was when a write failed. */
enum space_state space_next(const struct space *sp, uint64_t free,
			    uint64_t all);

/* What to do in the state that it is in. */
const struct space_action *space_action(const struct space *sp);

/*
 * Looks at the file system of path; failed: a write to it just found no room.
 * A change is logged, noted in the ledger as the finding "disk space", and
 * told to the keeper over channel_fd when it is to run something.
 */
void space_look(struct space *sp, const char *path, bool failed,
		struct store *st, int channel_fd, uint64_t now_ns);

#endif
