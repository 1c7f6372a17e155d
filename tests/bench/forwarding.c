// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What nft tables cost a packet that is forwarded past them.
 *
 *   forwarding out|in ROUNDS COPIES WORLD CLIENT SERVER NAME...
 *
 * World, client and server are network namespaces. The client is a container,
 * the server a host outside; both see the world as eth0 by the addresses
 * below. "out" sends from the client, "in" from the server, in flows that are
 * established. For each NAME the world has COPIES equal tables of family inet,
 * NAME0, NAME1 ..., all of them dormant.
 *
 * The kernel hooks and unhooks the chains of a table when its flag is changed,
 * so nothing else differs between with and without, not even where anything is
 * in memory; and the copies make what is measured larger than what else the
 * machine does. In each round each NAME's copies are awake for some
 * milliseconds, and none for as long.
 *
 * Prints a line per NAME: it, nanoseconds per packet without any (median), and
 * more with one copy: median and quartiles over the rounds. Fails when packets
 * did not come through.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_packet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
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

#include "logger/firewall/nft_netlink.h"

#ifndef PACKET_QDISC_BYPASS
#define PACKET_QDISC_BYPASS 20
#endif

#define CLIENT_ADDR "172.30.0.2"
#define SERVER_ADDR "192.0.2.2"
#define WORLD_ADDR "192.0.2.1" /* what the client is masqueraded as */

enum {
	FLOWS = 64, /* also packets per call */
	SLICE_NS = 1000000,
	SLICES = 4, /* of which the fastest counts: all else only adds */
	FRAME = 60,
	ROUNDS_MAX = 10000,
	STATES_MAX = 16,
	COPIES_MAX = 64,
	REST_US = 300, /* for the kernel's threads, behind each slice */
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

static struct state {
	const char *name;      /* NULL: none is awake */
	double ns[ROUNDS_MAX]; /* per packet, by round */
} states[STATES_MAX];
static int states_len;
static int nftables; /* a socket in the world */

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

/* A message about the flags of each copy; what they take of buf. */
static size_t put_flags(char *buf, const char *name, int copies, uint32_t flags)
{
	size_t len = 0;

	for (int i = 0; i < copies; i++) {
		struct nlmsghdr *nlh = nft_netlink_put(
			buf + len, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE,
			0, NFPROTO_INET);
		char table[64];

		snprintf(table, sizeof(table), "%s%d", name, i);
		mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, table);
		mnl_attr_put_u32(nlh, NFTA_TABLE_FLAGS, htonl(flags));
		len += nlh->nlmsg_len;
		if (i == copies - 1 && flags == 0)
			nlh->nlmsg_flags |= NLM_F_ACK;
	}
	return len;
}

/* Puts the copies of one to sleep and wakes those of another; NULL: none. */
static void wake(const char *name, int copies)
{
	static const char *awake;
	static char buf[2 * COPIES_MAX * 128 + 256];
	size_t len = 0;

	if (name == awake)
		return;
	len += nft_netlink_batch(buf, NFNL_MSG_BATCH_BEGIN)->nlmsg_len;
	if (awake)
		len += put_flags(buf + len, awake, copies, NFT_TABLE_F_DORMANT);
	if (name)
		len += put_flags(buf + len, name, copies, 0);
	len += nft_netlink_batch(buf + len, NFNL_MSG_BATCH_END)->nlmsg_len;
	errno = -nft_netlink_send(nftables, buf, len);
	if (errno == 0 && name)
		errno = -nft_netlink_answer(nftables);
	if (errno != 0)
		die(name ? name : awake);
	awake = name;
	usleep(REST_US);
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

static double quantile(double *values, int len, int percent)
{
	qsort(values, (size_t)len, sizeof(*values), by_value);
	return values[len * percent / 100];
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

static double measure(struct end *end, int calls)
{
	double best, ns;

	best = slice(end, calls);
	for (int i = 1; i < SLICES; i++) {
		ns = slice(end, calls);
		if (ns < best)
			best = ns;
	}
	return best;
}

/* Who is when in a round differs from round to round. */
static void measure_round(struct end *end, int calls, int round, int copies)
{
	for (int i = 0; i < states_len; i++) {
		int s = (i + round / 2) % states_len;

		if (round % 2 == 1)
			s = states_len - 1 - s;
		wake(states[s].name, copies);
		states[s].ns[round] = measure(end, calls);
	}
}

/* How many calls fill a slice. */
static int calibrate(struct end *end)
{
	double calls;

	slice(end, 1);
	calls = SLICE_NS / (slice(end, 1) * FLOWS);
	return calls < 1 ? 1 : (int)calls;
}

static void print(const struct state *state, int rounds, int copies)
{
	static double more[ROUNDS_MAX], without[ROUNDS_MAX];
	double low, high;

	for (int i = 0; i < rounds; i++) {
		without[i] = states[0].ns[i];
		more[i] = (state->ns[i] - without[i]) / copies;
	}
	low = quantile(more, rounds, 25);
	high = quantile(more, rounds, 75);
	printf("%s %.0f %.1f %.1f %.1f\n", state->name,
	       quantile(without, rounds, 50), quantile(more, rounds, 50), low,
	       high);
}

static void enter_world(const char *path)
{
	int ns = open(path, O_RDONLY | O_CLOEXEC);

	if (ns < 0 || setns(ns, CLONE_NEWNET) < 0)
		die(path);
	close(ns);
	nftables = nft_netlink_open();
	if (nftables < 0)
		die("nf_tables");
}

static int usage(void)
{
	fprintf(stderr, "usage: forwarding out|in ROUNDS COPIES WORLD CLIENT "
			"SERVER NAME...\n");
	return 2;
}

int main(int argc, char **argv)
{
	static struct end ends[2]; /* client, server */
	int rounds = argc > 7 ? atoi(argv[2]) : 0;
	int copies = argc > 7 ? atoi(argv[3]) : 0;
	bool out = argc > 7 && strcmp(argv[1], "out") == 0;
	struct end *from = &ends[out ? 0 : 1], *to = &ends[out ? 1 : 0];
	uint64_t before, sent;
	int calls;

	if (rounds < 1 || rounds > ROUNDS_MAX || copies < 1 ||
	    copies > COPIES_MAX || argc - 7 >= STATES_MAX ||
	    (!out && strcmp(argv[1], "in") != 0))
		return usage();
	enter_world(argv[4]);
	for (int i = 0; i < 2; i++)
		open_end(&ends[i], argv[5 + i], i == 0);
	for (states_len = 1; states_len <= argc - 7; states_len++)
		states[states_len].name = argv[6 + states_len];
	settle_down();
	for (int i = 0; i < 2; i++)
		send_all(&ends[i]); /* clients first: established by now */
	calls = calibrate(from);
	usleep(100000);
	before = received(to);
	for (int i = 0; i < rounds; i++)
		measure_round(from, calls, i, copies);
	wake(NULL, copies);
	usleep(100000);
	sent = (uint64_t)rounds * (uint64_t)states_len * SLICES *
	       (uint64_t)calls * FLOWS;
	if (received(to) - before != sent) {
		fprintf(stderr, "forwarding: of %lu packets %lu came through\n",
			sent, received(to) - before);
		return 1;
	}
	for (int i = 1; i < states_len; i++)
		print(&states[i], rounds, copies);
	return 0;
}
