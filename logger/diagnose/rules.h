/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Docker's drop points in rulesets that were read: which generation of Docker
 * wrote them, and which of its rules are watched. Pure.
 */
#ifndef BRIDGEAUDIT_LOGGER_DIAGNOSE_RULES_H
#define BRIDGEAUDIT_LOGGER_DIAGNOSE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "logger/rules/own_table.h"
#include "logger/rules/plan.h"

/* Where Docker decides about packets. */
enum diagnose_point {
	POINT_STAGE_1,	    /* subnets of internal networks, until 28 */
	POINT_STAGE_2,	    /* between bridges, until 28 */
	POINT_INTERNAL,	    /* internal networks, from 29 */
	POINT_DEFAULT,	    /* what no published port let in, from 28 */
	POINT_RAW_PORT,	    /* direct access to a published port, 28.0, 28.1 */
	POINT_RAW_ENDPOINT, /* direct access to a container, from 28.2 */
	POINT_RAW_LOOPBACK, /* a port published on 127.0.0.1, from afar */
	POINT_PORTS,	    /* accepts of published ports */
	POINT_INGRESS,	    /* DOCKER-INGRESS, swarm */
	POINT_USER,	    /* DOCKER-USER */
	POINT_ICC,	    /* within a bridge with icc=false */
	POINT_EGRESS,	    /* accepts of what leaves a bridge */
	POINT_COUNT,
};

enum diagnose_generation {
	GENERATION_A = 1,  /* 20.10 to 27 */
	GENERATION_B0 = 2, /* 28.0.0 */
	GENERATION_B1 = 4, /* 28.0.1 to 28.1 */
	GENERATION_B2 = 8, /* 28.2 to 28.5 */
	GENERATION_C = 16, /* 29, iptables */
	GENERATION_D = 32, /* 29, nftables */
};

/* Our own table as nft lists it, as far as it is looked at here. */
struct diagnose_own {
	bool unreadable; /* there may be one */
	int group;	 /* of NFLOG; -1: none */
	uint64_t *ids;	 /* that its log statements carry, sorted */
	size_t ids_len;
	unsigned int witness_rules;
};

struct diagnose_count {
	uint32_t rules, watched;
	uint32_t untold;       /* of those that our unreadable table may have */
	const char *unwatched; /* the first one's text */
};

/* The word for a point in facts; the words of the profile that audit it. */
const char *diagnose_point_name(enum diagnose_point point);
unsigned int diagnose_point_profile(enum diagnose_point point);

/* The generations, a mask, whose chains and rules are in there; plan is of rs.
 * Both of B1 and B2 when nothing there tells them apart. */
unsigned int diagnose_generations(const struct ruleset *rs,
				  const struct plan *plan);

/* Reads a listing, which may hold anything. Returns 0 or -ENOMEM. */
int diagnose_own_parse(const char *text, size_t len, struct diagnose_own *ret);
void diagnose_own_clear(struct diagnose_own *own);

/* Add the rules up in counts[POINT_COUNT]. */
void diagnose_count_plan(const struct plan *plan,
			 const struct diagnose_own *own,
			 struct diagnose_count *counts);
void diagnose_count_nft(const struct own_table *table, int family,
			const struct diagnose_own *own,
			struct diagnose_count *counts);

#endif
