/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of logger and log at one moment. */
#ifndef BRIDGEAUDIT_CLI_STATUS_STATUS_H
#define BRIDGEAUDIT_CLI_STATUS_STATUS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "cli/query/loss.h"
#include "cli/status/disk.h"
#include "cli/status/reads.h"

enum { STATUS_CONVERSATIONS = 100000 };

struct status {
	const char *path;
	int64_t bytes; /* with the write-ahead log */
	struct status_disk disk;
	struct status_reads reads;
	int writer_pid; /* 0: no logger runs; -errno: can't be told */

	bool has_session; /* a logger ran once */
	uint64_t start_ns;
	uint64_t stop_ns;   /* 0: not noted: it runs, or was killed */
	uint64_t commit_ns; /* last commit; 0: none */
	int64_t proven_ns;  /* until when it was there, or is */
	char version[32];
	char host_name[128], host_id[64]; /* of the logger; "": not known */

	/* Of the last STATUS_CONVERSATIONS conversations: how many there are,
	 * those whose source or destination is not known, and those whose
	 * source is not the sender's. */
	int64_t conversations, unknown_src, unknown_dst, spoofed;

	int64_t stored;
	int64_t tests;	    /* of ours there ever were, also removed ones */
	uint64_t oldest_ns; /* 0: no event */
	uint64_t newest_ns;
	struct loss loss;
	json_t *losses; /* {cause, gaps, packets, unknown} each */
	json_t *causes; /* why rules were not watched: {cause, intervals,
			   seconds, longest_ms, missed, unknown} each */

	/* From a change of Docker's to our twin, within the last 24 hours. */
	int64_t changes;
	int64_t median_us, p99_us, max_us;

	json_t *rules;	  /* {family, variant, table, chain, audited,
			     in_place} each */
	json_t *findings; /* {since, subject, detail} each */
};

/* Reads all of it; status_clear() in any case. Returns 0 or -errno. */
int status_read(sqlite3 *db, const char *path, uint64_t now_ns,
		struct status *ret);
void status_clear(struct status *status);

/* In words, or as one JSON object. Return 0 or -errno of the output. */
int status_print(const struct status *status, FILE *out, bool color);
int status_print_json(const struct status *status, FILE *out);

#endif
