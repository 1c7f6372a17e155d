// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How long packets are on their way while something else goes on.
 *
 *   census IFACE MAC SRC DST SINK MS
 *
 * Sends a UDP packet from IFACE to the router with that MAC, waits for it in
 * the network namespace SINK, then sends the next, for MS milliseconds. Prints
 * how many there were, then median, 99th and 99.9th percentile and the longest,
 * in microseconds. One that takes a second is lost, and the run fails.
 */
#include <fcntl.h>
#include <netinet/ether.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/frame.h"

enum { PACKETS_MAX = 4 * 1000 * 1000, PORT = 9999, PAUSE_NS = 50000 };

static uint32_t times_ns[PACKETS_MAX];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* In that namespace, and then back in ours. */
static int open_sink(const char *path)
{
	const struct sockaddr_in any = { .sin_family = AF_INET,
					 .sin_port = htons(PORT) };
	int ours = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int theirs = open(path, O_RDONLY | O_CLOEXEC), fd;

	if (ours < 0 || theirs < 0 || setns(theirs, CLONE_NEWNET) < 0)
		die(path);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
	    bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0 ||
	    setns(ours, CLONE_NEWNET) < 0)
		die("sink");
	close(ours);
	close(theirs);
	return fd;
}

/* Whether the packet with that number came by then. */
static int take(int fd, uint64_t number, uint64_t end_ns)
{
	uint64_t got = 0;

	while (got != number)
		if (recv(fd, &got, sizeof(got), MSG_DONTWAIT) < 0 &&
		    now_ns() > end_ns)
			return 0;
	return 1;
}

static int by_value(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static double at(size_t n, size_t thousandths)
{
	return times_ns[(n - 1) * thousandths / 1000] / 1000.0;
}

int main(int argc, char **argv)
{
	struct frame_flow flow = { .src_port = 1024, .dst_port = PORT };
	/* a real-time program that never sleeps is made to by the kernel */
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	uint64_t end, begun, number = 0;
	const struct ether_addr *mac = argc == 7 ? ether_aton(argv[2]) : NULL;
	struct frame frame;
	int out, sink;
	size_t n = 0;

	if (!mac) {
		fprintf(stderr, "usage: census IFACE MAC SRC DST SINK MS\n");
		return 2;
	}
	flow.src = ntohl(inet_addr(argv[3]));
	flow.dst = ntohl(inet_addr(argv[4]));
	frame_init(&frame, mac->ether_addr_octet, FRAME_LEN_MIN);
	frame_set(&frame, &flow);
	sink = open_sink(argv[5]);
	out = frame_socket(argv[1]);
	if (out < 0)
		die(argv[1]);
	end = now_ns() + (uint64_t)atoi(argv[6]) * 1000000;
	for (begun = now_ns(); begun < end && n < PACKETS_MAX;
	     begun = now_ns()) {
		number++;
		memcpy(frame.data, &number, sizeof(number));
		if (send(out, &frame, FRAME_LEN_MIN, 0) < 0)
			die("send");
		if (!take(sink, number, begun + 1000000000)) {
			fprintf(stderr, "census: packet %lu is lost\n", number);
			return 1;
		}
		times_ns[n++] = (uint32_t)(now_ns() - begun);
		nanosleep(&pause, NULL);
	}
	qsort(times_ns, n, sizeof(*times_ns), by_value);
	printf("%zu %.1f %.1f %.1f %.1f\n", n, at(n, 500), at(n, 990),
	       at(n, 999), at(n, 1000));
	return 0;
}
