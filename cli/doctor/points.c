// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Decides: which of Docker's rules are watched. A rule is when its logging rule
 * is in place and somebody listens to it.
 */
#include <string.h>

#include "cli/doctor/doctor.h"
#include "lib/text.h"

static const struct point {
	const char *point; /* in facts */
	const char *name;  /* of the check */
	const char *what;
	const char *where; /* it exists */
	const char *profile;
} points[] = {
	{ "raw_port", "point.raw_port", "direct access to a published port",
	  "Docker 28.0 and 28.1", "drops" },
	{ "raw_endpoint", "point.raw_endpoint", "direct access to a container",
	  "Docker 28.2 and later", "drops" },
	{ "raw_loopback", "point.raw_loopback",
	  "remote access to a loopback port",
	  "Docker 28 and later, ports published on 127.0.0.1", "drops" },
	{ "stage_1", "point.stage_1",
	  "internal networks, DOCKER-ISOLATION-STAGE-1",
	  "internal networks of Docker 20.10 to 28", "drops" },
	{ "stage_2", "point.stage_2",
	  "between bridges, DOCKER-ISOLATION-STAGE-2", "Docker 20.10 to 28",
	  "drops" },
	{ "internal", "point.internal", "internal networks",
	  "internal networks of Docker 29", "drops" },
	{ "default_drop", "point.default_drop", "ports that are not published",
	  "Docker 28 and later", "drops" },
	{ "ports", "point.ports", "published ports, accepts",
	  "containers with published ports", "published" },
	{ "ingress", "point.ingress", "ports of a swarm, DOCKER-INGRESS",
	  "swarms", "published" },
	{ "user", "point.user", "your own drops in DOCKER-USER",
	  "whoever writes them", "user" },
	{ "icc", "point.icc", "within one bridge, drops",
	  "networks with icc=false", "icc" },
	{ "egress", "point.egress", "what leaves a bridge, accepts",
	  "every network", "egress" },
};

static const char start[] = "start bridgeauditd";
static const char look_again[] =
	"look again in a few seconds; if it stays, 'bridgeaudit status' says "
	"why";

static const char *remedy_for(const json_t *listener)
{
	return fact_number(listener, "pid") > 0 ? look_again : start;
}

static struct check new_check(const json_t *fact, const char *name,
			      enum check_state state)
{
	struct check check = {
		.section = SECTION_POINTS,
		.name = name,
		.family = (int)fact_number(fact, "family"),
		.state = state,
	};

	str_copy(check.backend, sizeof(check.backend),
		 fact_string(fact, "backend"));
	return check;
}

static const char *rule_word(json_int_t n)
{
	return n == 1 ? "rule" : "rules";
}

/* A point with rules of which none or not all are watched. */
static void tell_unwatched(struct doctor *d, const struct point *point,
			   const json_t *fact, const json_t *listener,
			   struct check check)
{
	json_int_t rules = fact_number(fact, "rules");
	json_int_t watched = fact_number(fact, "watched");
	json_int_t untold = fact_number(fact, "untold");

	if (!fact_flag(fact, "asked") && watched == 0) {
		check.state = CHECK_NA;
		doctor_add(d, check, "%s: %lld %s; not in the profile (%s)",
			   point->what, (long long)rules, rule_word(rules),
			   point->profile);
		return;
	}
	if (watched + untold == rules) {
		check.state = CHECK_UNKNOWN;
		check.remedy = "see what is said of the table of ours";
		doctor_add(d, check, "%s: %lld of %lld %s", point->what,
			   (long long)untold, (long long)rules,
			   rule_word(rules));
		return;
	}
	check.state = CHECK_UNWATCHED;
	check.remedy = remedy_for(listener);
	if (watched + untold == 0)
		doctor_add(d, check, "%s: none of %lld %s", point->what,
			   (long long)rules, rule_word(rules));
	else
		doctor_add(d, check, "%s: %lld of %lld rules are not: %s",
			   point->what, (long long)(rules - watched),
			   (long long)rules, fact_string(fact, "unwatched"));
}

static void tell_point(struct doctor *d, const struct point *point,
		       const json_t *fact, const json_t *listener)
{
	struct check check = new_check(fact, point->name, CHECK_OK);
	json_int_t rules = fact_number(fact, "rules");
	json_int_t watched = fact_number(fact, "watched");

	check.counted = true;
	check.rules = rules;
	check.watched = watched;
	if (rules <= 0) {
		check.state = CHECK_NA;
		doctor_add(d, check, "%s: no rule (%s)", point->what,
			   point->where);
	} else if (watched != rules) {
		tell_unwatched(d, point, fact, listener, check);
	} else if (fact_number(listener, "pid") <= 0) {
		check.state = CHECK_UNWATCHED;
		check.watched = 0;
		check.remedy = start;
		doctor_add(d, check,
			   "%s: %lld %s, but nobody listens to NFLOG group "
			   "%lld",
			   point->what, (long long)rules, rule_word(rules),
			   (long long)fact_number(listener, "group"));
	} else {
		doctor_add(d, check, "%s: %lld %s", point->what,
			   (long long)rules, rule_word(rules));
	}
}

static const json_t *find_point(const struct facts *facts, const json_t *rules,
				const char *point)
{
	const json_t *fact;
	size_t at = 0;

	while ((fact = facts_next(facts, "point", &at)))
		if (strcmp(fact_string(fact, "point"), point) == 0 &&
		    strcmp(fact_string(fact, "backend"),
			   fact_string(rules, "backend")) == 0 &&
		    fact_number(fact, "family") == fact_number(rules, "family"))
			return fact;
	return NULL;
}

/* Of each backend, all points of all families: equal lines stand together. */
static void tell_backend(struct doctor *d, const struct facts *facts,
			 const char *backend, const json_t *listener)
{
	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		const json_t *rules, *fact;
		size_t at = 0;

		while ((rules = facts_next(facts, "rules", &at))) {
			if (strcmp(fact_string(rules, "backend"), backend) !=
				    0 ||
			    strcmp(fact_string(rules, "state"), "docker") != 0)
				continue;
			fact = find_point(facts, rules, points[i].point);
			if (fact)
				tell_point(d, &points[i], fact, listener);
			else
				doctor_add(d,
					   new_check(rules, points[i].name,
						     CHECK_UNKNOWN),
					   "%s: the probe says nothing",
					   points[i].what);
		}
	}
}

/* What can't be read, and rules that can't be watched. */
static void tell_trouble(struct doctor *d, const struct facts *facts)
{
	const json_t *fact;
	struct check check;
	size_t at = 0;

	while ((fact = facts_next(facts, "rules", &at))) {
		if (strcmp(fact_string(fact, "state"), "unreadable") != 0)
			continue;
		check = new_check(fact, "rules.unreadable", CHECK_UNKNOWN);
		check.remedy = "another version of the tool may have written "
			       "them: install that one";
		doctor_add(d, check, "these rules can't be read: %s",
			   fact_string(fact, "detail"));
	}
	at = 0;
	while ((fact = facts_next(facts, "problem", &at))) {
		check = new_check(fact, "rules.problem", CHECK_BLIND);
		check.remedy = "write the rule in a form without that, or live "
			       "with it";
		doctor_add(d, check, "left alone: %s",
			   fact_string(fact, "detail"));
	}
}

/* It is made as soon as there are two bridges. */
static void no_witness(struct doctor *d, const struct facts *facts,
		       const json_t *listener, struct check check)
{
	const json_t *bridges = json_object_get(
		facts_find(facts, "docker_networks", NULL, NULL), "bridge");

	if (!bridges) {
		check.state = CHECK_UNKNOWN;
		check.remedy = "see what is said of Docker";
		doctor_add(d, check,
			   "witness: not in place, and Docker did "
			   "not say whether there are two bridges");
	} else if (fact_number(bridges, "count") < 2) {
		check.state = CHECK_NA;
		doctor_add(d, check, "witness: there are no two bridges");
	} else {
		check.state = CHECK_UNWATCHED;
		check.remedy = remedy_for(listener);
		doctor_add(d, check,
			   "witness: what passes from one bridge to "
			   "another is not written down");
	}
}

static void tell_witness(struct doctor *d, const struct facts *facts,
			 const json_t *listener)
{
	const json_t *own = facts_find(facts, "own_table", NULL, NULL);
	const json_t *able = facts_find(facts, "kernel", "test", "own_table");
	struct check check = {
		.section = SECTION_POINTS,
		.name = "witness",
		.state = CHECK_OK,
	};

	if (!own)
		return;
	if (strcmp(fact_string(own, "state"), "unreadable") == 0) {
		check.state = CHECK_UNKNOWN;
		check.remedy = "nft can't list our table 'inet bridgeaudit': "
			       "'bridgeaudit status' says more";
		doctor_add(d, check, "our table can't be read: %s",
			   fact_string(own, "detail"));
	} else if (fact_number(own, "witness") > 0) {
		if (fact_number(listener, "pid") <= 0)
			check.state = CHECK_UNWATCHED;
		doctor_add(d, check,
			   "witness: what passes from one bridge to "
			   "another");
	} else if (strcmp(fact_string(able, "state"), "ok") != 0) {
		check.state = CHECK_NA;
		doctor_add(d, check, "witness: needs nf_tables and nft");
	} else {
		no_witness(d, facts, listener, check);
	}
}

void doctor_points(struct doctor *d, const struct facts *facts)
{
	static const char *const backends[] = { "iptables-nft",
						"iptables-legacy", "nftables" };
	const json_t *listener = facts_find(facts, "listener", NULL, NULL);
	struct check nothing = {
		.section = SECTION_POINTS,
		.name = "points",
		.state = CHECK_NA,
		.remedy = "start Docker, or run this where dockerd runs: "
			  "nsenter -n -t PID",
	};

	for (size_t i = 0; i < ARRAY_SIZE(backends); i++)
		tell_backend(d, facts, backends[i], listener);
	tell_trouble(d, facts);
	if (!facts_find(facts, "rules", NULL, NULL)) {
		nothing.state = CHECK_UNKNOWN;
		nothing.remedy = facts_remedy(facts);
		doctor_add(d, nothing, "what is watched of Docker's rules");
		return;
	}
	if (facts_no_rules(facts)) {
		d->nothing = true;
		doctor_add(d, nothing,
			   "no rule of Docker's is in this network "
			   "namespace");
		return;
	}
	tell_witness(d, facts, listener);
}
