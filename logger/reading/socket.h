/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The socket beside the database at which bridgeaudit says that it reads. Who
 * may reach the database may write to it; nothing is ever answered.
 */
#ifndef BRIDGEAUDIT_LOGGER_READING_SOCKET_H
#define BRIDGEAUDIT_LOGGER_READING_SOCKET_H

#include <stdbool.h>

#include "logger/store/writer.h"

struct reading_socket;

/*
 * Listens beside the database of w, whose lock is held. Why readings are not
 * recorded, when they are not, becomes a finding; then *ret is NULL, which all
 * functions take.
 */
void reading_socket_open(struct writer *w, bool wanted,
			 struct reading_socket **ret);

/* To be polled for reading; -1: there is nothing to wait for at the moment. */
int reading_socket_fd(const struct reading_socket *rs);

/* Takes some of what came into the store; never waits. */
void reading_socket_take(struct reading_socket *rs);

/* At each tick of the writer: counts that are old enough become rows. */
void reading_socket_tick(struct reading_socket *rs);

/* Before the last commit: no more are taken, all counts become rows. What goes
 * on has no end in the log. */
void reading_socket_close(struct reading_socket *rs);

#endif
