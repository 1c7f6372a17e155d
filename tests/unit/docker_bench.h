/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client, what it has said, and the fake engine that it talks to. The
 * client's clock is the test's: nothing here waits for real seconds.
 */
#ifndef BRIDGEAUDIT_TESTS_UNIT_DOCKER_BENCH_H
#define BRIDGEAUDIT_TESTS_UNIT_DOCKER_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "logger/docker/docker.h"
#include "tests/unit/fake_docker.h"

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define NETWORK_A "{\"Name\":\"a\",\"Driver\":\"bridge\",\"Id\":\"" ID_A "\"}"
/* Initialisers of a struct fake_reply's fields. */
#define VERSION_OK .bytes = FAKE_OK "{\"Version\":\"20.10.24\"}"
#define EVENTS_OK .bytes = FAKE_OK, .hold = true
#define ONE_NETWORK .bytes = FAKE_OK "[" NETWORK_A "]"
#define EVENT(type, action)                                                    \
	"{\"Type\":\"" type "\",\"Action\":\"" action "\"}\n"

enum { BENCH_TEXT_MAX = 512 };

/* What the client has said so far. */
struct heard {
	uint64_t clock_ms, tick_ms; /* each look at it takes a tick */
	unsigned int up, down, networks, changed, nonsense;
	unsigned int containers, disconnected;
	size_t n_containers, n_endpoints;
	bool containers_whole;
	struct docker_container container;
	struct docker_endpoint endpoint;
	char left[BENCH_TEXT_MAX];
	uint64_t left_ns;
	size_t n;
	bool whole;
	char version[BENCH_TEXT_MAX];
	char why[BENCH_TEXT_MAX];
	char what[BENCH_TEXT_MAX];
	char said[BENCH_TEXT_MAX], standing[BENCH_TEXT_MAX];
	struct docker_network first;
};

struct bench {
	char dir[64];
	char path[96];
	struct fake_docker *fake;
	struct docker *docker;
	struct heard heard;
};

/* What the bench's client is made with; arg is a struct heard. */
extern const struct docker_ops bench_ops;

extern const struct fake_script bench_fine; /* has network "a" */

/* cmocka's fixture: *state is the struct bench, without an engine yet. */
int bench_set_up(void **state);
int bench_tear_down(void **state);

void bench_renew(struct bench *b); /* another client, nothing heard */
void bench_start(struct bench *b, const struct fake_script *script);
void bench_stop(struct bench *b);
void bench_turn(struct bench *b);   /* one docker_wait */
void bench_linger(struct bench *b); /* a few turns */

/* Turns until *count is n; the clock stands still meanwhile. */
void bench_until(struct bench *b, const unsigned int *count, unsigned int n);

/* Turns until the engine has had n requests for path. */
void bench_until_asked(struct bench *b, enum fake_path path, unsigned int n);

void bench_later(struct bench *b, uint64_t ms); /* moves the clock */

/* Turns until the first two lists after up have come, a second apart. */
void bench_settle(struct bench *b);

#endif
