/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which host this is, for logs of many hosts that come together. */
#ifndef BRIDGEAUDIT_LOGGER_MACHINE_H
#define BRIDGEAUDIT_LOGGER_MACHINE_H

enum { MACHINE_NAME_MAX = 65, MACHINE_ID_MAX = 33 };

struct machine {
	char name[MACHINE_NAME_MAX]; /* as hostname says; "": not known */
	char id[MACHINE_ID_MAX];     /* 32 hex digits; "": not known */
};

/*
 * The id is made of the machine's (id_path: /etc/machine-id) and a number of
 * ours by HMAC-SHA256, as sd_id128_get_machine_app_specific() does:
 * machine-id(5) wants the machine's own to be told to nobody.
 */
void machine_read(const char *id_path, struct machine *ret);

#endif
