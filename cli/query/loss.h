/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the log did not see: the end of every answer. */
#ifndef BRIDGEAUDIT_CLI_QUERY_LOSS_H
#define BRIDGEAUDIT_CLI_QUERY_LOSS_H

#include "cli/query/query.h"

enum { LOSS_PPM = 1000000, LOSS_TEXT_MAX = 256, LOSS_SHARE_MAX = 48 };

/* The time that an answer is about. */
struct loss_window {
	uint64_t since_ns;
	uint64_t until_ns;  /* exclusive; INT64_MAX: none was asked for */
	uint64_t now_ns;    /* at least */
	bool asked;	    /* for a window: else the log's end is its end */
	bool running;	    /* a logger is */
	uint64_t proven_ns; /* until when it was there; 0: the log knows */
	bool utc;	    /* of times in words; else they are local */
};

struct loss {
	int64_t gaps;
	int64_t packets; /* as far as known */
	int64_t unknown; /* gaps of which nobody knows the number */
	int64_t rules;	 /* that were there in the window */
	int64_t ppm;	 /* of their time in it, watched; rounded down */
	int64_t holes;	 /* intervals in which nobody knows what came (yet) */
	bool unaudited;	 /* the log knows of rules, but of none then */
	int64_t removed_gaps, removed_packets; /* of these, sums by now */
	uint64_t removed_ns; /* what was watched before is not kept; 0: is */
	bool asked;	     /* for a window that begins before that */
	uint64_t proven_ns;  /* what lasts is known until then; 0: of no rule */
	bool utc;
};

enum { LOSS_MEMBERS = 6 };

/*
 * Names and values of what was lost, for programs, to LOSS_MEMBERS of each.
 * Returns how many: of no rule there is no share.
 */
size_t loss_members(const struct loss *loss, const char **names,
		    struct value *values);

/* The window that the options ask for. */
struct loss_window loss_window(const struct cli *cli, const struct filter *f);

/*
 * What was lost in the window, and how much of it was watched. Of one that ends
 * before it begins: the gaps and holes that last from its end to its beginning.
 * Returns 0 or -errno.
 */
int loss_read(sqlite3 *db, const struct loss_window *window, struct loss *ret);

/*
 * "at least 12 packets lost in 3 gaps" into buf; lost is the word that it
 * gets, with the space before it.
 */
const char *loss_text(const struct loss *loss, const char *lost, char *buf,
		      size_t size);

/* "99.98 %" of a share, never rounded up, into buf. */
const char *loss_share(int64_t ppm, char *buf, size_t size);

/* "coverage 99.98 % of 12 rules, 12 packets lost in 1 gap"; "" when there is
 * nothing to say. */
const char *loss_summary(const struct loss *loss, char *buf, size_t size);

/* Whether nothing is known to be missing from the answer, or not known. */
bool loss_is_complete(const struct loss *loss);

/*
 * The end of an answer of n rows: says on cli->err what was lost. where ends
 * the sentence: "inside this window". Returns the exit code.
 */
int loss_finish(const struct cli *cli, const struct loss *loss, uint64_t n,
		const char *where);

#endif
