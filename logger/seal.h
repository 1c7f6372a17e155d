/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keeper's part of the evidence: it has the key, and signs what the
 * recorder, who has not, says of the chain. */
#ifndef BRIDGEAUDIT_LOGGER_SEAL_H
#define BRIDGEAUDIT_LOGGER_SEAL_H

#include <stdbool.h>

#include "lib/signing_key.h"
#include "logger/courier.h"
#include "logger/message.h"

struct seal {
	bool able; /* there is a key */
	uint8_t secret[CHECKPOINT_SECRET];
	char dir[SIGNING_PATH_MAX];
	int dir_fd;		 /* of it; -1: there is no key */
	int fd;			 /* of the file "checkpoints"; -1: none */
	struct courier *courier; /* NULL: no command gets them */
	int64_t id, seq;	 /* signed last; they never go back */
};

/* Loads the key of the database, makes one at the first start, and says which
 * it is. Without one the log goes on unsigned. As root. */
void seal_open(struct seal *s, const char *db_path);
/* Loads it again, for it may be another. */
void seal_reload(struct seal *s);
void seal_close(struct seal *s);

/* Signs, writes the line to the system's log and to the file, gives it to the
 * command, and tells the recorder. */
void seal_checkpoint(struct seal *s, const struct checkpoint *asked,
		     int channel_fd, uint64_t now_ns);

#endif
