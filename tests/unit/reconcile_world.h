/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A logger's session without its processes, its clock in seconds after T0. */
#ifndef BRIDGEAUDIT_TESTS_UNIT_RECONCILE_WORLD_H
#define BRIDGEAUDIT_TESTS_UNIT_RECONCILE_WORLD_H

#include "logger/reconcile/reconcile.h"
#include "tests/unit/store_world.h"

#define RULE 0x3f9a2c1d77aa /* of store_world_event() */
#define S NS_PER_S

struct session {
	struct store *st;
	struct reconcile rec;
	uint64_t last_told;
};

/* What the keeper tells of the rule's twin; change 0: nothing changed. */
struct told {
	enum channel_twin_state state;
	uint64_t packets, twin, at, change;
	const char *cause, *variant; /* NULL: "", "nft" */
	bool partial, disturbed;
};

struct session rw_begin(const struct world *w, uint64_t at);
/* A clean end, or as after kill -9: nothing is noted. */
void rw_end(struct session *s, uint64_t at);
void rw_end_killed(const struct world *w, struct session *s);

/* The keeper sees the rule with this counter, before it applies its twin. */
void rw_rule(struct session *s, uint64_t packets, bool appeared);
void rw_rule_of(struct session *s, const char *variant, uint64_t packets,
		bool appeared);
/* The same of our witness, of which there is nothing but the twin. */
void rw_witness(struct session *s, bool appeared);
void rw_twin(struct session *s, struct told t);
void rw_mirrored(struct session *s, struct told t, struct mirror_told mirror);
/* n packets of the rule are in the log. */
void rw_rows(struct session *s, unsigned int n);
/* Compares and commits; what reconcile_look() returns. */
uint64_t rw_look(struct session *s, uint64_t at);
/* A rule that was made at 10 and has its twin since 11. */
struct session rw_watched(const struct world *w, uint64_t packets);

/* Rows of the ledger, as store_world_ask(); times are seconds after T0. */
const char *rw_coverage(const struct world *w);
const char *rw_gaps(const struct world *w);
const char *rw_findings(const struct world *w);

/* The account closes: what the schema says of it holds. */
void rw_assert_closed(const struct world *w);

#endif
