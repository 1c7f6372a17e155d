/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A probe in the place of bridgeauditd's, whose facts a test chooses, and
 * bridgeaudit doctor run on them.
 */
#ifndef BRIDGEAUDIT_TESTS_UNIT_DOCTOR_HOST_H
#define BRIDGEAUDIT_TESTS_UNIT_DOCTOR_HOST_H

#include <sys/types.h>

#include "cli/doctor/facts.h"
#include "lib/exitcode.h"
#include "tests/unit/cli_fixture.h"

#define POINT(point, rules, watched, rest)                                     \
	"{\"fact\":\"point\",\"backend\":\"iptables-nft\",\"family\":4,"       \
	"\"point\":\"" point "\",\"rules\":" rules ",\"watched\":" watched     \
	",\"untold\":0," rest "}"
#define NO_POINT(point) POINT(point, "0", "0", "\"asked\":true")
#define SYSCTL(name, value)                                                    \
	"{\"fact\":\"sysctl\",\"name\":\"" name "\",\"value\":\"" value "\"}"
#define PROCESS(name, count)                                                   \
	"{\"fact\":\"process\",\"name\":\"" name "\",\"count\":" count         \
	",\"untold\":0,\"names\":[]}"
#define NONE "{\"count\":0,\"names\":[]}"
#define RULES(backend, family, state, rest)                                    \
	"{\"fact\":\"rules\",\"backend\":\"" backend "\",\"family\":" family   \
	",\"state\":\"" state "\"," rest "}"

/* cmocka's set-up and tear-down of each test, cli_fixture's included. */
int doctor_set_up(void **state);
int doctor_tear_down(void **state);

/* Where the probe is: a directory in PATH. */
extern char doctor_dir[64];

/* A probe that is this shell script; that prints these facts. */
void make_probe(const char *script);
void make_probe_of(const char *facts);

/*
 * A host on which all is well (generation A, IPv4), without the line that
 * holds without, in the place of which with is; either may be NULL.
 */
void make_host(const char *without, const char *with);

/* doctor says expected, blanks and line ends being one blank, with code. */
void assert_doctor(const char *what, const char *expected, int code);

#endif
