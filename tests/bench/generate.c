// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The benchmark's load: crafted frames into one interface from one CPU, at a
 * fixed rate or as fast as it goes, for a bounded time and number. What it
 * sent is not the truth of a measurement; the counters of the firewall's rules
 * are. It runs in a network namespace of the testbed and never outside of one.
 *
 *   generate IFACE MAC PATTERN SECONDS RATE CPU
 *
 * PATTERN: repeat (400 conversations), scan (every packet another address and
 * port) or mix (80 % repeat, 15 % the same packet again, 5 % scan). RATE is in
 * packets per second, 0 for the maximum. Prints "packets=N wall_ns=N cpu_ns=N";
 * cpu_ns holds what the kernel did for the packets in our name.
 */
#include <inttypes.h>
#include <netinet/ether.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <time.h>

#include "tests/bench/frame.h"

enum {
	PER_CALL = 64,
	CONVERSATIONS = 400,
	SOURCES = 20,
	SECONDS_MAX = 600,
	RATE_MAX = 10000000,
	PACKETS_MAX = 200000000,
};

#define SRC_NET 0x0a4d0100u  /* 10.77.1.0/24 */
#define DST_NET 0x0a4d0200u  /* 10.77.2.0/24 */
#define SCAN_NET 0x0a800000u /* 10.128.0.0/9 */
#define NS_PER_S 1000000000ULL

struct generator {
	struct frame frames[PER_CALL];
	struct mmsghdr msgs[PER_CALL];
	struct iovec iovs[PER_CALL];
	struct frame_flow last;
	uint64_t random; /* xorshift64's state: the same packets in each run */
	uint64_t packets;
	unsigned int next; /* conversation */
	unsigned int repeat_percent, again_percent;
	int fd;
};

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static uint64_t random_next(struct generator *g)
{
	g->random ^= g->random << 13;
	g->random ^= g->random >> 7;
	g->random ^= g->random << 17;
	return g->random;
}

static struct frame_flow repeat_flow(struct generator *g)
{
	static const uint16_t services[] = { 53, 80, 443, 3306, 5432 };
	unsigned int i = g->next++ % CONVERSATIONS;

	return (struct frame_flow){
		.src = SRC_NET + 2 + i % SOURCES,
		.dst = DST_NET + 2 + i / SOURCES,
		.src_port = (uint16_t)(32768 + random_next(g) % 28232),
		.dst_port = services[i % 5],
	};
}

static struct frame_flow scan_flow(struct generator *g)
{
	uint64_t r = random_next(g);

	return (struct frame_flow){
		.src = SRC_NET + 2,
		.dst = SCAN_NET + (uint32_t)(r & 0x7fffff),
		.src_port = (uint16_t)(32768 + (r >> 24) % 28232),
		.dst_port = (uint16_t)(1 + (r >> 40) % 65535),
	};
}

static void fill(struct generator *g, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		unsigned int dice = (unsigned int)(random_next(g) % 100);

		if (dice < g->repeat_percent)
			g->last = repeat_flow(g);
		else if (dice >= g->repeat_percent + g->again_percent)
			g->last = scan_flow(g);
		frame_set(&g->frames[i], &g->last);
	}
}

static int send_some(struct generator *g, unsigned int n)
{
	int sent;

	fill(g, n);
	sent = sendmmsg(g->fd, g->msgs, n, 0);
	if (sent < 0 && errno != ENOBUFS && errno != EAGAIN)
		return -errno;
	g->packets += sent > 0 ? (uint64_t)sent : 0;
	return 0;
}

/* Sleeps until the next packet is due, at least some to save wake-ups. */
static void pause_for(uint64_t rate)
{
	uint64_t ns = NS_PER_S / rate;
	struct timespec ts = { 0 };

	ts.tv_nsec = (long)(ns < 100000	    ? 100000
			    : ns > 50000000 ? 50000000
					    : ns);
	nanosleep(&ts, NULL);
}

static int run(struct generator *g, uint64_t seconds, uint64_t rate)
{
	uint64_t begin = clock_ns(CLOCK_MONOTONIC), spent = 0;
	int r = 0;

	while (r == 0 && spent < seconds * NS_PER_S &&
	       g->packets < PACKETS_MAX) {
		uint64_t due = PER_CALL;

		if (rate)
			due = spent * rate / NS_PER_S + 1 - g->packets;
		if (rate && (int64_t)due <= 0)
			pause_for(rate);
		else
			r = send_some(g, due < PER_CALL ? (unsigned int)due
							: PER_CALL);
		spent = clock_ns(CLOCK_MONOTONIC) - begin;
	}
	printf("packets=%" PRIu64 " wall_ns=%" PRIu64 " cpu_ns=%" PRIu64 "\n",
	       g->packets, spent, clock_ns(CLOCK_PROCESS_CPUTIME_ID));
	return r;
}

static bool set_pattern(struct generator *g, const char *name)
{
	static const struct {
		const char *name;
		unsigned int repeat_percent, again_percent;
	} patterns[] = {
		{ "repeat", 100, 0 },
		{ "scan", 0, 0 },
		{ "mix", 80, 15 },
	};

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		if (strcmp(name, patterns[i].name) != 0)
			continue;
		g->repeat_percent = patterns[i].repeat_percent;
		g->again_percent = patterns[i].again_percent;
		return true;
	}
	return false;
}

static void set_frames(struct generator *g, const struct ether_addr *mac)
{
	g->random = 88172645463325252ULL;
	g->last = scan_flow(g);
	for (size_t i = 0; i < PER_CALL; i++) {
		frame_init(&g->frames[i], mac->ether_addr_octet, FRAME_LEN_MIN);
		g->iovs[i] = (struct iovec){ &g->frames[i], FRAME_LEN_MIN };
		g->msgs[i].msg_hdr = (struct msghdr){
			.msg_iov = &g->iovs[i],
			.msg_iovlen = 1,
		};
	}
}

int main(int argc, char **argv)
{
	static struct generator g;
	const struct ether_addr *mac = argc == 7 ? ether_aton(argv[2]) : NULL;
	unsigned long seconds, rate;
	cpu_set_t cpus;
	int r;

	if (!mac || !set_pattern(&g, argv[3])) {
		fputs("usage: generate IFACE MAC repeat|scan|mix SECONDS RATE "
		      "CPU\n",
		      stderr);
		return 2;
	}
	seconds = strtoul(argv[4], NULL, 10);
	rate = strtoul(argv[5], NULL, 10);
	if (seconds > SECONDS_MAX || rate > RATE_MAX) {
		fprintf(stderr, "generate: at most %d seconds at %d/s\n",
			SECONDS_MAX, RATE_MAX);
		return 2;
	}
	CPU_ZERO(&cpus);
	CPU_SET(strtoul(argv[6], NULL, 10), &cpus);
	set_frames(&g, mac);
	g.fd = frame_socket(argv[1]);
	r = g.fd < 0 ? g.fd : sched_setaffinity(0, sizeof(cpus), &cpus);
	if (r == 0)
		r = run(&g, seconds, rate);
	if (r < 0)
		fprintf(stderr, "generate: %s\n",
			strerror(r == -1 ? errno : -r));
	return r < 0;
}
