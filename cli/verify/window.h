/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Minutes, or hours, whose sums are being counted. */
#ifndef BRIDGEAUDIT_CLI_VERIFY_WINDOW_H
#define BRIDGEAUDIT_CLI_VERIFY_WINDOW_H

#include "cli/verify/map.h"

struct verify_window {
	uint64_t start;
	struct verify_map services; /* by path << 32 | service */
	struct verify_map talkers;  /* by verify_sums_source(); of hours only */
	struct verify_map seen;	    /* by conversation */
};

/* By start. Those before first were dropped. */
struct verify_windows {
	struct verify_window *at;
	size_t first, n, room;
	size_t last; /* that was asked for */
	uint64_t secret;
};

/* Made when there is none; good until the next call. NULL: no memory. */
struct verify_window *verify_window_get(struct verify_windows *w,
					uint64_t start);
/* The earliest, or NULL. */
struct verify_window *verify_window_first(const struct verify_windows *w);
void verify_window_drop_first(struct verify_windows *w);
void verify_window_empty(struct verify_window *w);
void verify_windows_free(struct verify_windows *w);

#endif
