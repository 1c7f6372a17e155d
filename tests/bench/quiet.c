// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lays down a log as a quiet host has it: each packet is a commit of its own,
 * and every ten minutes the last link is signed. All through bridgeauditd's own
 * store and keeper:
 *
 *   quiet DATABASE DAYS PACKETS-A-DAY
 *
 * Prints "since=N until=N" in nanoseconds: whole days of UTC, the last is over.
 * The key is in DATABASE.keeper. The disk is not waited for.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/timefmt.h"
#include "logger/channel.h"
#include "logger/seal.h"
#include "tests/bench/networks.h"
#include "tests/bench/random.h"

enum { DAYS_MAX = 366, SIGN_MINUTES = 10 };

#define DAY (86400 * NS_PER_S)

struct quiet {
	struct store *store;
	struct seal seal;
	int channel[2];
	uint64_t random;
};

int fdatasync(int fd)
{
	(void)fd;
	return 0;
}

int fsync(int fd)
{
	(void)fd;
	return 0;
}

static unsigned int random_below(struct quiet *q, unsigned int n)
{
	return random_number(&q->random, n);
}

static void add_packet(struct quiet *q, uint64_t now_ns)
{
	static const uint16_t ports[] = { 53, 80, 443, 5432, 6379 };
	unsigned int from = random_below(q, NETWORKS);
	unsigned int to = (from + 1 + random_below(q, 4)) % NETWORKS;
	struct event ev = {
		.time_ns = now_ns,
		.rule_id = NETWORKS_RULE + to,
		.in_ifindex = 1 + from,
		.out_ifindex = 1 + to,
		.length = 60,
		.family = 4,
		.verdict = VERDICT_DROP,
		.proto = 6,
		.ttl = 63,
		.tcp_flags = 2,
		.src = { 10, (uint8_t)from, 0,
			 (uint8_t)(2 + random_below(q, NETWORKS_PER)) },
		.dst = { 10, (uint8_t)to, 0, 2 },
		.have = HAVE_ADDR | HAVE_PROTO | HAVE_PORTS | HAVE_TCP_FLAGS |
			HAVE_TTL,
	};

	ev.src_port = (uint16_t)(32768 + random_below(q, 28232));
	ev.dst_port = ports[random_below(q, 5)];
	store_add_event(q->store, &ev);
}

/* As recorder and keeper do it. */
static int sign(struct quiet *q, uint64_t now_ns)
{
	struct channel_msg msg = { 0 };

	if (!store_unsigned(q->store, &msg.u.checkpoint))
		return 0;
	seal_checkpoint(&q->seal, &msg.u.checkpoint, q->channel[0], now_ns);
	if (channel_recv(q->channel[1], &msg) != 1)
		return -1;
	store_add_fact(q->store, &msg);
	return store_commit(q->store, now_ns);
}

static int open_log(struct quiet *q, const char *path, uint64_t now_ns)
{
	int r = networks_open(path, now_ns, &q->store);

	if (r < 0)
		return r;
	seal_open(&q->seal, path);
	r = q->seal.able ? channel_open(q->channel) : -1;
	return r < 0 ? r : store_commit(q->store, now_ns);
}

static int fill(struct quiet *q, uint64_t since_ns, uint64_t until_ns,
		uint64_t n)
{
	uint64_t step_ns = (until_ns - since_ns) / n, signed_ns = since_ns;
	int r = 0;

	for (uint64_t i = 0; i < n && r == 0; i++) {
		uint64_t now_ns = since_ns + i * step_ns + step_ns / 2;

		add_packet(q, now_ns);
		r = store_commit(q->store, now_ns);
		if (r == 0 &&
		    now_ns - signed_ns >= SIGN_MINUTES * NS_PER_MINUTE) {
			r = sign(q, now_ns);
			signed_ns = now_ns;
		}
	}
	return r == 0 ? sign(q, until_ns) : r;
}

int main(int argc, char **argv)
{
	struct quiet q = { .random = 88172645463325252ULL };
	unsigned long days = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
	unsigned long n = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
	uint64_t until_ns = (uint64_t)time(NULL) / 86400 * DAY, since_ns;

	if (days < 1 || days > DAYS_MAX || n < 1 || n > 10000000) {
		fprintf(stderr, "usage: quiet DATABASE DAYS PACKETS-A-DAY\n");
		return 2;
	}
	since_ns = until_ns - days * DAY;
	if (open_log(&q, argv[1], since_ns) < 0 ||
	    fill(&q, since_ns, until_ns, days * n) < 0 ||
	    store_close(q.store, until_ns) < 0) {
		fprintf(stderr, "quiet: can't fill '%s'\n", argv[1]);
		return 1;
	}
	seal_close(&q.seal);
	printf("since=%" PRIu64 " until=%" PRIu64 "\n", since_ns, until_ns);
	return 0;
}
