// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sets a client before a fake engine and notes what it says.
 */
#include "tests/unit/docker_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/text.h"

enum { ROUNDS_MAX = 2000, ROUND_MS = 10 };

static uint64_t hear_clock(void *arg)
{
	struct heard *h = arg;

	h->clock_ms += h->tick_ms;
	return h->clock_ms;
}

static void hear_up(void *arg, const char *version)
{
	struct heard *h = arg;

	h->up++;
	str_copy(h->version, sizeof(h->version), version);
}

static void hear_down(void *arg, const char *why)
{
	struct heard *h = arg;

	h->down++;
	str_copy(h->why, sizeof(h->why), why);
}

static void hear_networks(void *arg, const struct docker_network *list,
			  size_t n, bool whole)
{
	struct heard *h = arg;

	h->networks++;
	h->n = n;
	h->whole = whole;
	if (n > 0)
		h->first = list[0];
}

static void hear_containers(void *arg, const struct docker_container *list,
			    size_t n, const struct docker_endpoint *endpoints,
			    size_t n_endpoints, bool whole)
{
	struct heard *h = arg;

	h->containers++;
	h->n_containers = n;
	h->n_endpoints = n_endpoints;
	h->containers_whole = whole;
	if (n > 0)
		h->container = list[0];
	if (n_endpoints > 0)
		h->endpoint = endpoints[0];
}

static void hear_disconnected(void *arg, const char *container_id,
			      const char *network_id, uint64_t at_ns)
{
	struct heard *h = arg;

	h->disconnected++;
	h->left_ns = at_ns;
	snprintf(h->left, sizeof(h->left), "%s %s", container_id, network_id);
}

static void hear_changed(void *arg, const char *what)
{
	struct heard *h = arg;

	h->changed++;
	str_copy(h->what, sizeof(h->what), what);
}

static void hear_nonsense(void *arg, const char *what)
{
	struct heard *h = arg;

	h->nonsense++;
	str_copy(h->said, sizeof(h->said), what);
}

static void hear_standing(void *arg, const char *what)
{
	struct heard *h = arg;

	str_copy(h->standing, sizeof(h->standing), what);
}

const struct docker_ops bench_ops = {
	.now_ms = hear_clock,
	.up = hear_up,
	.down = hear_down,
	.networks = hear_networks,
	.containers = hear_containers,
	.disconnected = hear_disconnected,
	.changed = hear_changed,
	.nonsense = hear_nonsense,
	.standing = hear_standing,
};

void bench_renew(struct bench *b)
{
	docker_free(b->docker);
	b->heard = (struct heard){ .clock_ms = 1000000 };
	assert_int_equal(docker_new(b->path, &bench_ops, &b->heard, &b->docker),
			 0);
}

int bench_set_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	str_copy(b->dir, sizeof(b->dir), "/tmp/bridgeaudit-test-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	snprintf(b->path, sizeof(b->path), "%s/docker.sock", b->dir);
	bench_renew(b);
	*state = b;
	return 0;
}

int bench_tear_down(void **state)
{
	struct bench *b = *state;

	docker_free(b->docker);
	fake_docker_stop(b->fake);
	rmdir(b->dir);
	free(b);
	return 0;
}

void bench_start(struct bench *b, const struct fake_script *script)
{
	b->fake = fake_docker_start(b->path, script);
}

void bench_stop(struct bench *b)
{
	fake_docker_stop(b->fake);
	b->fake = NULL;
}

void bench_turn(struct bench *b)
{
	assert_int_equal(docker_wait(b->docker, NULL, 0, ROUND_MS), 0);
}

void bench_until(struct bench *b, const unsigned int *count, unsigned int n)
{
	for (int i = 0; *count < n && i < ROUNDS_MAX; i++)
		bench_turn(b);
	assert_int_equal(*count, n);
}

void bench_until_asked(struct bench *b, enum fake_path path, unsigned int n)
{
	for (int i = 0; i < ROUNDS_MAX; i++) {
		if (fake_docker_count(b->fake, path) >= n)
			break;
		bench_turn(b);
	}
	assert_int_equal(fake_docker_count(b->fake, path), n);
}

void bench_linger(struct bench *b)
{
	for (int i = 0; i < 5; i++)
		bench_turn(b);
}

void bench_later(struct bench *b, uint64_t ms)
{
	b->heard.clock_ms += ms;
}

void bench_settle(struct bench *b)
{
	unsigned int n = b->heard.networks;

	bench_until(b, &b->heard.networks, n + 1);
	bench_later(b, 1000);
	bench_until(b, &b->heard.networks, n + 2);
}

const struct fake_script bench_fine = { {
	[FAKE_VERSION] = { { VERSION_OK } },
	[FAKE_EVENTS] = { { EVENTS_OK } },
	[FAKE_NETWORKS] = { { ONE_NETWORK } },
} };
