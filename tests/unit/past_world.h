/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Docker's isolation rules in a real kernel, by either iptables, with packets,
 * and what the keeper tells of them. In a network namespace of its own, as
 * root.
 */
#ifndef BRIDGEAUDIT_TESTS_UNIT_PAST_WORLD_H
#define BRIDGEAUDIT_TESTS_UNIT_PAST_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "logger/channel.h"
#include "logger/firewall/firewall.h"

enum { A = 1, B, NAMESAKE, COMMENTED, RAW, RULES };

#define COMMENTED_RULE                                                         \
	"-o br-c -m comment --comment \"bridgeaudit drop 1\" -j DROP"
#define RAW_RULE "-d 10.0.1.2/32 ! -i br-a -j DROP"

#define STAGE "DOCKER-ISOLATION-STAGE-2"
#define REFILL                                                                 \
	"iptables-@-restore --noflush -w 5 <<'END'\n*filter\n"                 \
	":" STAGE " - [0:0]\n-A " STAGE " -o br-a -j DROP\n"                   \
	"-A " STAGE " -o backend0 -j DROP\n-A " STAGE " -j RETURN\n"           \
	"COMMIT\nEND\n"

struct past_world {
	bool allowed; /* there is one */
	struct firewall *fw;
	const char *variant; /* nft, legacy */
	/* of each rule, as last told, and what was of none that was read */
	struct channel_twin told[RULES];
	struct channel_finding finding; /* the last one */
	uint64_t passed;
	unsigned int passed_unknown;
};

extern struct past_world pw;

/* Setups and teardowns of cmocka's: of the world, and, for each variant, of two
 * networks of Docker's that dropped ten packets each, all watched. */
int pw_make(void **state);
int pw_end(void **state);
int pw_set_up_nft(void **state);
int pw_set_up_legacy(void **state);
int pw_tear_down(void **state);

bool pw_is_nft(void);
/* A command of the shell's, with the variant for each "@". */
void pw_run(const char *format);
/* Reads notices, and what a round of the keeper's does with them. */
void pw_step(void *arg);
/* A round of everything, and what it told. */
void pw_look(void);
/* What was told since. */
void pw_hear(void);
/* n packets that a rule drops. */
void pw_drop(int rule, int n);
/* What all that ever were this rule counted; and the keeper's doubts. */
void pw_assert_told(int rule, uint64_t packets, uint32_t unknown);

#define SKIP_UNLESS_ALLOWED()                                                  \
	SKIP_UNLESS(pw.allowed, "root, nft, both iptables")

#define BOTH(test)                                                             \
	cmocka_unit_test_setup_teardown(test, pw_set_up_nft, pw_tear_down),    \
		cmocka_unit_test_setup_teardown(test, pw_set_up_legacy,        \
						pw_tear_down)

#endif
