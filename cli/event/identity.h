/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who one side of a conversation was, and since and until when. */
#ifndef BRIDGEAUDIT_CLI_EVENT_IDENTITY_H
#define BRIDGEAUDIT_CLI_EVENT_IDENTITY_H

#include <jansson.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>

/*
 * {network: {name, id, bridge, from, to}, container: {name, id, image,
 * project, service, mac, from, to}, seen: {mac, port, by}}, without what is not
 * known; to is absent while it lasts. side: 0 the source's, 1 the
 * destination's. The caller releases *ret. 0 or -errno
 */
int identity_read(sqlite3 *db, int64_t conversation, int side, json_t **ret);

/* The same as indented lines for people. */
void identity_print(const json_t *identity, FILE *out);

#endif
