/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run of the logger in the store; each returns an SQLite code. */
#ifndef BRIDGEAUDIT_LOGGER_STORE_SESSION_H
#define BRIDGEAUDIT_LOGGER_STORE_SESSION_H

#include <stdint.h>

#include "logger/store/types.h"

struct store;

/* Closes what the last session left open, then opens a new one. */
int session_start(struct store *st, const struct store_session *s);

/* The first ids of events and conversations that were never used. */
int session_next_ids(struct store *st);

/* Notes the clean end in a transaction of its own; ns since the epoch. */
int session_end(struct store *st, uint64_t now_ns);

#endif
