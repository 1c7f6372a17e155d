// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What it costs to forward a packet through one world and through another,
 * measured in turns so close to each other that what else the machine does
 * hits both alike.
 *
 *   forwarding out|in ROUNDS CLIENT-A SERVER-A CLIENT-B SERVER-B
 *
 * The last four are network namespaces. Clients are containers, servers hosts
 * outside; both see their world as eth0 by the addresses below. "out" sends
 * from the clients, "in" from the servers, in flows that are established.
 * Prints one line: A's and B's nanoseconds per packet, each the tenth
 * percentile over ROUNDS, for what else the machine does only adds. Fails when
 * packets did not come through.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#ifndef PACKET_QDISC_BYPASS
#define PACKET_QDISC_BYPASS 20
#endif

#define CLIENT_ADDR "172.30.0.2"
#define SERVER_ADDR "192.0.2.2"
#define WORLD_ADDR "192.0.2.1" /* what the client is masqueraded as */

enum {
	FLOWS = 64, /* also packets per call */
	SLICE_NS = 5000000,
	FRAME = 60,
	ROUNDS_MAX = 10000,
	REST_US = 500, /* for the kernel's threads, behind each slice */
};

/* The world's side of both wires; forwarding.sh sets these addresses. */
static const uint8_t world_client_mac[6] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t world_server_mac[6] = { 2, 0, 0, 0, 1, 1 };
static const uint8_t client_mac[6] = { 2, 0, 0, 0, 0, 2 };
static const uint8_t server_mac[6] = { 2, 0, 0, 0, 1, 2 };

struct end { /* a client or a server */
	int ns, fd;
	uint8_t frames[FLOWS][FRAME];
	struct iovec iov[FLOWS];
	struct mmsghdr msgs[FLOWS];
};

static void die(const char *what)
{
	fprintf(stderr, "forwarding: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static uint16_t checksum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* Ethernet, IPv4, UDP without checksum. */
static void make_frame(uint8_t *p, bool client, uint16_t port)
{
	static const uint8_t ip[12] = { 0x45, 0, 0, 46, 0, 0, 0x40, 0, 64, 17 };
	uint16_t sport = htons(client ? port : 53);
	uint16_t dport = htons(client ? 53 : port);
	uint16_t type = htons(ETH_P_IP), len = htons(26), sum;

	memset(p, 0, FRAME);
	memcpy(p, client ? world_client_mac : world_server_mac, 6);
	memcpy(p + 6, client ? client_mac : server_mac, 6);
	memcpy(p + 12, &type, 2);
	memcpy(p + 14, ip, sizeof(ip));
	inet_pton(AF_INET, client ? CLIENT_ADDR : SERVER_ADDR, p + 26);
	inet_pton(AF_INET, client ? SERVER_ADDR : WORLD_ADDR, p + 30);
	sum = checksum(p + 14, 20);
	memcpy(p + 24, &sum, 2);
	memcpy(p + 34, &sport, 2);
	memcpy(p + 36, &dport, 2);
	memcpy(p + 38, &len, 2);
}

static void open_end(struct end *end, const char *path, bool client)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	int one = 1;

	end->ns = open(path, O_RDONLY | O_CLOEXEC);
	if (end->ns < 0 || setns(end->ns, CLONE_NEWNET) < 0)
		die(path);
	to.sll_ifindex = (int)if_nametoindex("eth0");
	/* protocol 0: it receives nothing */
	end->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (end->fd < 0 ||
	    bind(end->fd, (struct sockaddr *)&to, sizeof(to)) < 0 ||
	    setsockopt(end->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one,
		       sizeof(one)) < 0)
		die("eth0");
	for (int i = 0; i < FLOWS; i++) {
		make_frame(end->frames[i], client, (uint16_t)(20000 + i));
		end->iov[i] = (struct iovec){ end->frames[i], FRAME };
		end->msgs[i].msg_hdr = (struct msghdr){
			.msg_iov = &end->iov[i],
			.msg_iovlen = 1,
		};
	}
}

/* One packet of each flow. */
static void send_all(struct end *end)
{
	for (int sent = 0; sent < FLOWS;) {
		int n = sendmmsg(end->fd, end->msgs + sent,
				 (unsigned int)(FLOWS - sent), 0);

		if (n < 0 && errno != ENOBUFS)
			die("sendmmsg");
		sent += n > 0 ? n : 0;
	}
}

/* How many packets an end's eth0 received so far. */
static uint64_t received(const struct end *end)
{
	char line[512];
	uint64_t bytes, packets = 0;
	FILE *file;

	if (setns(end->ns, CLONE_NEWNET) < 0)
		die("setns");
	file = fopen("/proc/thread-self/net/dev", "re");
	if (!file)
		die("/proc/thread-self/net/dev");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " eth0: %lu %lu", &bytes, &packets) == 2)
			break;
	fclose(file);
	return packets;
}

static double slice(struct end *end, int calls)
{
	uint64_t start = now_ns();
	double ns;

	for (int i = 0; i < calls; i++)
		send_all(end);
	ns = (double)(now_ns() - start) / (calls * FLOWS);
	usleep(REST_US);
	return ns;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static double tenth(double *values, int len)
{
	qsort(values, (size_t)len, sizeof(*values), by_value);
	return values[len / 10];
}

/* One CPU, and as far as possible nothing else on it meanwhile. */
static void settle_down(void)
{
	struct sched_param param = { .sched_priority = 1 };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
	sched_setscheduler(0, SCHED_FIFO, &param);
}

static void measure(struct end *a, struct end *b, int rounds, int calls)
{
	static double of_a[ROUNDS_MAX], of_b[ROUNDS_MAX];

	for (int i = 0; i < rounds; i++) {
		/* who is first has the colder caches: take turns */
		if (i % 2 == 0) {
			of_a[i] = slice(a, calls);
			of_b[i] = slice(b, calls);
		} else {
			of_b[i] = slice(b, calls);
			of_a[i] = slice(a, calls);
		}
	}
	printf("%.1f %.1f\n", tenth(of_a, rounds), tenth(of_b, rounds));
}

/* How many calls fill a slice. */
static int calibrate(struct end *end)
{
	double calls;

	slice(end, 1);
	calls = SLICE_NS / (slice(end, 1) * FLOWS);
	return calls < 1 ? 1 : (int)calls;
}

static void check(const char *world, uint64_t sent, uint64_t came)
{
	if (sent == came)
		return;
	fprintf(stderr, "forwarding: of %lu packets %lu came through %s\n",
		sent, came, world);
	exit(1);
}

int main(int argc, char **argv)
{
	static struct end ends[4]; /* client and server of A, then of B */
	int rounds = argc == 7 ? atoi(argv[2]) : 0;
	bool out = argc == 7 && strcmp(argv[1], "out") == 0;
	struct end *a = &ends[out ? 0 : 1], *to_a = &ends[out ? 1 : 0];
	struct end *b = a + 2, *to_b = to_a + 2;
	uint64_t before_a, before_b, sent;
	int calls;

	if (rounds < 1 || rounds > ROUNDS_MAX ||
	    (!out && strcmp(argv[1], "in") != 0)) {
		fprintf(stderr, "usage: forwarding out|in ROUNDS CLIENT-A "
				"SERVER-A CLIENT-B SERVER-B\n");
		return 2;
	}
	for (int i = 0; i < 4; i++)
		open_end(&ends[i], argv[3 + i], i % 2 == 0);
	settle_down();
	for (int i = 0; i < 4; i++)
		send_all(&ends[i]); /* clients first: established by now */
	calls = calibrate(a);
	usleep(100000);
	before_a = received(to_a);
	before_b = received(to_b);
	measure(a, b, rounds, calls);
	usleep(100000);
	sent = (uint64_t)rounds * (uint64_t)calls * FLOWS;
	check("a", sent, received(to_a) - before_a);
	check("b", sent, received(to_b) - before_b);
	return 0;
}
