/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The service that most packets of a group are of, as an aggregate of SQL. */
#ifndef BRIDGEAUDIT_CLI_TOP_SERVICE_H
#define BRIDGEAUDIT_CLI_TOP_SERVICE_H

#include <sqlite3.h>

/*
 * Makes top_service(service, packets): the service with the highest sum of
 * packets, what was counted together (-258) only if there is no other, as text:
 * 19 digits of packets and the service. One pass takes half of what grouping by
 * service, then ranking does. 0 or -errno
 */
int top_service_register(sqlite3 *db);

#endif
