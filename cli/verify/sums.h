/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sums that are counted again, and the tables that they are held against. */
#ifndef BRIDGEAUDIT_CLI_VERIFY_SUMS_H
#define BRIDGEAUDIT_CLI_VERIFY_SUMS_H

#include "cli/verify/private.h"
#include "cli/verify/window.h"

/* What counting needs of a conversation. */
struct verify_conversation {
	int64_t id;
	uint64_t service;     /* its key in the sums of services, */
	uint64_t source;      /* and of talkers */
	uint32_t begun, seen; /* minutes: of its begin, of its last packet */
	uint32_t hour;	      /* last one that is not that of its begin */
	uint32_t last_hour;   /* as its row says */
	bool had_event;
};

/* A time in which the sums can't be told from the rows. */
struct verify_loose {
	uint64_t from_ns, to_ns;
};

/* From that batch on no packet is of an earlier minute. */
struct verify_horizon {
	int64_t first_event;
	uint64_t minute;
};

struct verify_compare;

struct verify_sums {
	uint8_t secret[crypto_shorthash_KEYBYTES];
	struct verify_conversation *conversations; /* by id */
	size_t n_conversations, conversations_room;
	struct verify_windows minutes, hours;
	struct verify_window all;
	struct verify_map paths; /* of all events that are there */
	struct verify_loose *loose;
	size_t n_loose, loose_room;
	struct verify_horizon *horizon; /* the last batch's first */
	size_t n_horizon, horizon_room;
	struct verify_compare *compare;
	uint64_t whole_ns; /* what is later is in events that are there */
};

/* Conversations and events as they come, each batch behind its events. Without
 * memory, sums are not checked, which is no failure. */
int verify_sums_open(struct verify *v);
void verify_sums_conversation(struct verify *v, int64_t id, uint32_t last_hour,
			      const struct canonical_conversation *conv);
/* Returns whether its conversation is there, or may be one of before the
 * chain, or that is not known. */
bool verify_sums_event(struct verify *v, const struct canonical_event *e);
int verify_sums_batch(struct verify *v, const struct evidence_batch *b,
		      bool collapsed);
int verify_sums_end(struct verify *v);
void verify_sums_free(struct verify *v);

const struct verify_conversation *verify_sums_find(const struct verify_sums *s,
						   int64_t conversation);
/* The key of an address's packets on a path; family 0: it has none. */
uint64_t verify_sums_source(const struct verify_sums *s, int64_t path,
			    uint8_t family, const uint8_t addr[16]);

/*
 * The tables. minute, hour: nothing of it comes any more, and earlier ones were
 * compared; all: last. 0 or -errno; compare is freed in any case.
 */
int verify_compare_open(struct verify *v);
int verify_compare_minute(struct verify *v, const struct verify_window *w);
int verify_compare_hour(struct verify *v, const struct verify_window *w);
int verify_compare_end(struct verify *v);
void verify_compare_free(struct verify_compare *c);

#endif
