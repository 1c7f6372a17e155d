/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What doctor found: a list of checks, made out of facts, shown two ways. */
#ifndef BRIDGEAUDIT_CLI_DOCTOR_DOCTOR_H
#define BRIDGEAUDIT_CLI_DOCTOR_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/doctor/facts.h"

enum check_state {
	CHECK_OK,
	CHECK_UNWATCHED, /* could be watched, and is not */
	CHECK_FAILED,	 /* something that watching needs is missing */
	CHECK_UNKNOWN,	 /* can't be told, and the text says why */
	CHECK_NA,	 /* there is nothing to watch */
	CHECK_BLIND,	 /* no rule can see it */
	CHECK_NOTE,
	CHECK_STATES,
};

enum check_section {
	SECTION_LOGGER,
	SECTION_KERNEL,
	SECTION_DOCKER,
	SECTION_POINTS,
	SECTION_NETWORK,
	SECTION_BLIND,
};

enum { CHECK_TEXT_MAX = 2048, CHECK_BACKEND_MAX = 32 };

struct check {
	enum check_section section;
	const char *name;		 /* static; the same for ever */
	const char *remedy;		 /* static; NULL: none */
	char backend[CHECK_BACKEND_MAX]; /* "": none */
	int family;			 /* 4, 6; 0: neither */
	enum check_state state;
	bool counted; /* rules and watched are meant */
	int64_t rules, watched;
	char *text; /* one line, escaped */
};

struct doctor {
	struct check *checks;
	size_t n;
	bool no_memory;
	bool nothing; /* no rule of Docker's is here */
	int db_code;  /* an exit code: what became of the database */
};

/* Adds a copy of check, which has no text yet. */
void doctor_add(struct doctor *d, struct check check, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void doctor_clear(struct doctor *d);

/* The exit code: see bridgeaudit(1). */
int doctor_exitcode(const struct doctor *d);

/* The decisions, each about its own part of the facts. */
void doctor_logger(struct doctor *d, const struct facts *facts,
		   const char *db_path, uint64_t now_ns);
void doctor_probe(struct doctor *d, const struct facts *facts);
void doctor_kernel(struct doctor *d, const struct facts *facts);
void doctor_docker(struct doctor *d, const struct facts *facts);
void doctor_points(struct doctor *d, const struct facts *facts);
void doctor_network(struct doctor *d, const struct facts *facts);
void doctor_blind(struct doctor *d, const struct facts *facts);

/* For people, or as one JSON object. Return 0 or -errno of the output. */
int doctor_print(const struct doctor *d, FILE *out, bool color);
int doctor_print_json(const struct doctor *d, FILE *out);

#endif
