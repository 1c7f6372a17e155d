/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `bridgeaudit verify` finds out about a database. */
#ifndef BRIDGEAUDIT_CLI_VERIFY_VERIFY_H
#define BRIDGEAUDIT_CLI_VERIFY_VERIFY_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

enum verify_fault {
	FAULT_NONE,
	FAULT_CHANGED,
	FAULT_REMOVED,
	FAULT_INSERTED,
	FAULT_REORDERED,
	FAULT_GAP_REMOVED,
	FAULT_NAME, /* a row of network, interface or container changed */
	FAULT_TAIL_CUT,
	FAULT_SUMS,
	FAULT_SIGNATURE,
	FAULT_KEY_UNKNOWN,
	FAULT_DAMAGED,
	FAULTS,
};
extern const char *const verify_fault_words[FAULTS];

enum { VERIFY_DETAIL_MAX = 320, VERIFY_KEY = 32 };

struct verify_report {
	/* the first link that fails */
	enum verify_fault fault;
	int64_t fault_seq;
	uint64_t fault_ns, n_faults;
	char fault_detail[VERIFY_DETAIL_MAX];
	bool began; /* there is a chain */
	uint64_t begun_ns, last_ns;
	int64_t first_seq, last_seq;
	uint64_t batches, events, packets, conversations, rows;
	/* by retention: only their sums are left */
	uint64_t removed_events, removed_batches, removed_packets;
	uint64_t removed_from_ns, removed_to_ns;
	uint64_t removed_gaps, removed_lost; /* and of gaps, still counted */
	uint64_t removed_ns;	  /* other records that ended before are gone */
	uint64_t unproven_events; /* from before the chain */
	uint64_t unread_events;	  /* outside of the window */
	bool sums_checked;	  /* not where there are too many, */
	uint64_t sums_ns;	  /* and not until then, as rows lack */
	/* the last link that somebody signed, and who */
	int64_t signed_seq, signed_id; /* 0: none; the checkpoint's */
	uint64_t signed_ns;
	uint8_t signed_key[VERIFY_KEY];
	bool key_trusted; /* it was named, not found in the database */
	uint64_t checkpoints, outside; /* in the database; in the file */
	uint64_t outside_removed;      /* that were of links that are gone */
};

/*
 * only_window: of events those whose commit has some of the window, and no
 * sums, digests or postings; all else as ever. An empty window: no events.
 */
struct verify_options {
	const char *against;	/* file of checkpoints; NULL: none */
	const char *public_key; /* file; NULL: believes the database's own */
	bool only_window;
	uint64_t since_ns, until_ns;
	/* after some rows; of how many, about */
	void (*progress)(void *arg, uint64_t done, uint64_t all);
	void *arg;
};

/*
 * Checks everything there is a proof of, in the transaction that is open or
 * one of its own. Returns 0 with the report, whatever was found; -errno of the
 * database, -EINVAL for a file of the options that can't be read,
 * error[VERIFY_DETAIL_MAX] says why.
 */
int verify_database(sqlite3 *db, const struct verify_options *options,
		    struct verify_report *ret, char *error);

#endif
