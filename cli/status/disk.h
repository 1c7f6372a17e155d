/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The room for the database, and what the logger was told to do with it. */
#ifndef BRIDGEAUDIT_CLI_STATUS_DISK_H
#define BRIDGEAUDIT_CLI_STATUS_DISK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/query/pruned.h"

enum { STATUS_ACTION_MAX = 4200, STATUS_BYTES_MAX = 32 };

struct status_disk {
	bool known; /* of the database's file system: */
	uint64_t free_bytes, all_bytes;
	bool told; /* by the last logger, as in bridgeaudit.conf(5): */
	int64_t retain_days, retain_bytes;
	char space_left[32];
	char space_left_action[STATUS_ACTION_MAX];
	char disk_full_action[STATUS_ACTION_MAX];
	struct pruned pruned; /* of all time */
};

/* Looks at path's file system, and reads what was removed. Returns 0 or -errno.
 * settings: takes those of a session's row, from that column on. */
int status_disk_read(sqlite3 *db, const char *path, struct status_disk *ret);
void status_disk_settings(sqlite3_stmt *stmt, int column,
			  struct status_disk *ret);

/* Two lines, each begun with a name of so many columns. */
void status_disk_print(const struct status_disk *disk, int name_width,
		       FILE *out);

/* As objects; absent where nothing is known. */
json_t *status_disk_json(const struct status_disk *disk);
json_t *status_kept_json(const struct status_disk *disk);

/* "1.5 GiB" */
const char *status_bytes(uint64_t bytes, char buf[STATUS_BYTES_MAX]);

#endif
