// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sends packets from network namespaces and says of each one where it arrived,
 * which no counter of a firewall can tell: the oracle of the system tests that
 * need no Docker engine.
 *
 *   packets [-r RATE] DIR < LIST > RESULT
 *
 * DIR holds the namespaces (/run/netns). Lines of LIST:
 *   FROM 4|6 tcp|udp|sctp|icmp ADDRESS PORT COUNT [reply]
 * Each packet has a number of its own, from 10000 on: its source port or ICMP
 * identifier. Each is the first of its flow (a SYN, an INIT, an echo request).
 * "reply": where a datagram arrives, one is sent back. Lines of RESULT:
 *   LINE NUMBER BEFORE_NS AFTER_NS ARRIVED REPLY
 * The times, since the epoch, are around the system call that sent it.
 * ARRIVED is a namespace or "-", with "*N" when it came N times; REPLY is "-"
 * (none was sent), "sent" (and did not come back) or "back". With -r the lines
 * are taken in turn, RATE packets per second, until a signal (TERM or INT) or
 * the last number.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	FIRST = 10000, /* ports that are sent to are below */
	NUMBERS = 65536,
	LINES_MAX = 1024,
	NAMESPACES_MAX = 64,
	QUIET_MS = 300, /* nothing arrives any more */
	RCVBUF = 32 << 20,
};

struct line {
	int from; /* index of a namespace */
	int family;
	int proto; /* IANA; ICMP is 1 in both families */
	char addr[INET6_ADDRSTRLEN];
	uint16_t port;
	int count;
	bool reply;
};

struct packet {
	int line;
	uint64_t before_ns, after_ns;
	int arrived_in;
	unsigned int arrived; /* times */
	bool reply_sent, reply_back;
};

struct seen { /* what a sniffer read */
	int family, proto;
	uint16_t sport, dport;
	uint8_t src[16], dst[16];
};

static struct line lines[LINES_MAX];
static int lines_len;
static struct packet packets[NUMBERS];
static int next_number = FIRST;
static glob_t names;
static int ns_fds[NAMESPACES_MAX], own_ns;
static struct pollfd sniffers[NAMESPACES_MAX];
static volatile sig_atomic_t stop;

static void die(const char *what)
{
	fprintf(stderr, "packets: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static const char *ns_name(int ns)
{
	return strrchr(names.gl_pathv[ns], '/') + 1;
}

static int open_in(int ns, int domain, int type, int proto)
{
	int fd;

	if (setns(ns_fds[ns], CLONE_NEWNET) < 0)
		die(ns_name(ns));
	fd = socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, proto);
	if (fd < 0 || setns(own_ns, CLONE_NEWNET) < 0)
		die("socket");
	return fd;
}

static void open_namespaces(const char *dir)
{
	int size = RCVBUF;
	char pattern[256];

	snprintf(pattern, sizeof(pattern), "%s/*", dir);
	own_ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (own_ns < 0 || glob(pattern, 0, NULL, &names) != 0 ||
	    names.gl_pathc > NAMESPACES_MAX)
		die(dir);
	for (int i = 0; i < (int)names.gl_pathc; i++) {
		ns_fds[i] = open(names.gl_pathv[i], O_RDONLY | O_CLOEXEC);
		if (ns_fds[i] < 0)
			die(names.gl_pathv[i]);
		sniffers[i].fd =
			open_in(i, AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL));
		sniffers[i].events = POLLIN;
		setsockopt(sniffers[i].fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
			   sizeof(size));
	}
}

static int find_namespace(const char *name)
{
	for (int i = 0; i < (int)names.gl_pathc; i++)
		if (strcmp(ns_name(i), name) == 0)
			return i;
	errno = ENOENT;
	die(name);
	return -1;
}

static int proto_of(const char *name)
{
	return strcmp(name, "tcp") == 0	   ? IPPROTO_TCP
	       : strcmp(name, "udp") == 0  ? IPPROTO_UDP
	       : strcmp(name, "sctp") == 0 ? IPPROTO_SCTP
	       : strcmp(name, "icmp") == 0 ? IPPROTO_ICMP
					   : -1;
}

static void read_list(void)
{
	char text[256], from[32], proto[8], addr[64], reply[8];

	while (fgets(text, sizeof(text), stdin)) {
		struct line *line = &lines[lines_len];
		int n = sscanf(text, "%31s %d %7s %45s %hu %d %7s", from,
			       &line->family, proto, addr, &line->port,
			       &line->count, reply);

		errno = EINVAL;
		line->proto = proto_of(proto);
		if (n < 6 || line->proto < 0 || line->port >= FIRST ||
		    (line->family != 4 && line->family != 6) ||
		    ++lines_len == LINES_MAX)
			die(text);
		line->from = find_namespace(from);
		snprintf(line->addr, sizeof(line->addr), "%.45s", addr);
		line->reply = n == 7;
	}
}

/* An address and a port as the socket calls want them. */
static socklen_t make_address(int family, const void *addr, uint16_t port,
			      struct sockaddr_storage *ret)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	memset(ret, 0, sizeof(*ret));
	if (family == 4) {
		v4.sin_port = htons(port);
		if (addr)
			memcpy(&v4.sin_addr, addr, 4);
		memcpy(ret, &v4, sizeof(v4));
		return sizeof(v4);
	}
	v6.sin6_port = htons(port);
	if (addr)
		memcpy(&v6.sin6_addr, addr, 16);
	memcpy(ret, &v6, sizeof(v6));
	return sizeof(v6);
}

static uint32_t crc32c(const uint8_t *data, size_t len)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < len; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

/* An INIT chunk behind a common header (RFC 9260), 32 bytes. */
static void make_init(uint8_t *p, uint16_t sport, uint16_t dport)
{
	static const uint8_t init[20] = { 1, 0, 0, 20, 0, 0, 0, 1, 0, 1,
					  0, 0, 0, 1,  0, 1, 0, 0, 0, 1 };
	uint32_t crc;

	memset(p, 0, 12);
	p[0] = (uint8_t)(sport >> 8), p[1] = (uint8_t)sport;
	p[2] = (uint8_t)(dport >> 8), p[3] = (uint8_t)dport;
	memcpy(p + 12, init, sizeof(init));
	crc = crc32c(p, 32);
	for (int i = 0; i < 4; i++)
		p[8 + i] = (uint8_t)(crc >> 8 * i);
}

/* The kernel sees to the checksum of ICMPv6. */
static void make_echo(uint8_t *p, int family, uint16_t id)
{
	uint32_t sum = 0x0800u + id;

	memset(p, 0, 8);
	p[0] = family == 4 ? 8 : 128;
	p[4] = (uint8_t)(id >> 8), p[5] = (uint8_t)id;
	if (family == 6)
		return;
	sum = ~((sum & 0xffff) + (sum >> 16));
	p[2] = (uint8_t)(sum >> 8), p[3] = (uint8_t)sum;
}

static void bind_port(int fd, int family, const void *addr, uint16_t port)
{
	struct sockaddr_storage from;
	socklen_t len = make_address(family, addr, port, &from);

	if (bind(fd, (struct sockaddr *)&from, len) < 0)
		die("bind");
}

static void send_first(const struct line *line, uint16_t number)
{
	int domain = line->family == 4 ? AF_INET : AF_INET6;
	bool raw = line->proto == IPPROTO_ICMP || line->proto == IPPROTO_SCTP;
	int proto = line->proto == IPPROTO_ICMP && line->family == 6
			    ? IPPROTO_ICMPV6
			    : line->proto;
	int type = raw				? SOCK_RAW
		   : line->proto == IPPROTO_TCP ? SOCK_STREAM
						: SOCK_DGRAM;
	int fd = open_in(line->from, domain, type, proto);
	uint8_t addr[16], data[32] = "packet";
	struct sockaddr_storage to;
	size_t len = 8;
	socklen_t to_len;
	ssize_t sent;

	if (inet_pton(domain, line->addr, addr) != 1)
		die(line->addr);
	to_len = make_address(line->family, addr, raw ? 0 : line->port, &to);
	if (!raw)
		bind_port(fd, line->family, NULL, number);
	if (line->proto == IPPROTO_ICMP)
		make_echo(data, line->family, number);
	if (line->proto == IPPROTO_SCTP) {
		make_init(data, number, line->port);
		len = 32;
	}
	/* closed before it would be sent again */
	if (line->proto == IPPROTO_TCP)
		sent = connect(fd, (struct sockaddr *)&to, to_len) < 0 &&
				       errno == EINPROGRESS
			       ? (ssize_t)len
			       : -1;
	else
		sent = sendto(fd, data, len, 0, (struct sockaddr *)&to, to_len);
	if (sent != (ssize_t)len)
		die(line->addr);
	close(fd);
}

static void send_next(int line)
{
	struct packet *packet = &packets[next_number];

	packet->line = line;
	packet->before_ns = now_ns(CLOCK_REALTIME);
	send_first(&lines[line], (uint16_t)next_number++);
	packet->after_ns = now_ns(CLOCK_REALTIME);
}

static void send_reply(int ns, const struct seen *seen)
{
	int fd = open_in(ns, seen->family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM,
			 0);
	struct sockaddr_storage to;
	socklen_t len = make_address(seen->family, seen->src, seen->sport, &to);

	bind_port(fd, seen->family, seen->dst, seen->dport);
	if (sendto(fd, "reply", 6, 0, (struct sockaddr *)&to, len) != 6)
		die("reply");
	close(fd);
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* No packet of ours is a fragment or has options or extension headers. */
static bool parse(const uint8_t *p, size_t len, struct seen *ret)
{
	bool v4 = len >= 28 && p[0] >> 4 == 4;
	bool v6 = len >= 48 && p[0] >> 4 == 6;
	const uint8_t *l4 = v4 ? p + 20 : p + 40;

	if (!v4 && !v6)
		return false;
	ret->family = v4 ? 4 : 6;
	ret->proto = v4 ? p[9] : p[6];
	memcpy(ret->src, v4 ? p + 12 : p + 8, v4 ? 4 : 16);
	memcpy(ret->dst, v4 ? p + 16 : p + 24, v4 ? 4 : 16);
	ret->sport = get16(l4);
	ret->dport = get16(l4 + 2);
	if (ret->proto != IPPROTO_ICMP && ret->proto != IPPROTO_ICMPV6)
		return true;
	ret->proto = IPPROTO_ICMP;
	ret->sport = get16(l4 + 4);
	ret->dport = 0;
	return l4[0] == 8 || l4[0] == 128;
}

static bool is_of(const struct packet *packet, const struct seen *seen)
{
	return packet->before_ns != 0 &&
	       lines[packet->line].family == seen->family &&
	       lines[packet->line].proto == seen->proto;
}

static void take(int ns, const struct seen *seen)
{
	struct packet *first = &packets[seen->sport];
	struct packet *answered = &packets[seen->dport];

	if (is_of(first, seen)) {
		first->arrived_in = ns;
		first->arrived++;
		if (lines[first->line].reply && !first->reply_sent) {
			first->reply_sent = true;
			send_reply(ns, seen);
		}
	} else if (is_of(answered, seen) && answered->reply_sent &&
		   ns == lines[answered->line].from) {
		answered->reply_back = true;
	}
}

static void sniff(int ns)
{
	uint8_t buf[256];
	struct sockaddr_ll from;
	socklen_t from_len = sizeof(from);
	struct seen seen;
	ssize_t n;

	while ((n = recvfrom(sniffers[ns].fd, buf, sizeof(buf), 0,
			     (struct sockaddr *)&from, &from_len)) >= 0) {
		if (from.sll_pkttype == PACKET_HOST &&
		    parse(buf, (size_t)n, &seen))
			take(ns, &seen);
		from_len = sizeof(from);
	}
	if (errno != EAGAIN)
		die(ns_name(ns));
}

/* Returns false when nothing came. */
static bool sniff_all(int timeout_ms)
{
	int n = (int)names.gl_pathc;

	if (poll(sniffers, (nfds_t)n, timeout_ms) <= 0)
		return false;
	for (int i = 0; i < n; i++)
		if (sniffers[i].revents)
			sniff(i);
	return true;
}

static void send_list(void)
{
	for (int i = 0; i < lines_len; i++)
		for (int n = 0; n < lines[i].count; n++) {
			if (next_number == NUMBERS)
				die("too many packets");
			send_next(i);
			sniff_all(0);
		}
}

static void send_for_ever(long rate)
{
	uint64_t start = now_ns(CLOCK_MONOTONIC);

	for (uint64_t n = 0; !stop && next_number < NUMBERS; n++) {
		uint64_t due = start + n * 1000000000 / (uint64_t)rate;
		uint64_t now;

		while (!stop && (now = now_ns(CLOCK_MONOTONIC)) < due)
			sniff_all((int)((due - now) / 1000000));
		send_next((int)(n % (uint64_t)lines_len));
		sniff_all(0);
	}
}

static void on_signal(int signal)
{
	(void)signal;
	stop = 1;
}

static void print_result(void)
{
	for (int i = FIRST; i < next_number; i++) {
		const struct packet *p = &packets[i];

		printf("%d %d %llu %llu %s", p->line, i,
		       (unsigned long long)p->before_ns,
		       (unsigned long long)p->after_ns,
		       p->arrived ? ns_name(p->arrived_in) : "-");
		if (p->arrived > 1)
			printf("*%u", p->arrived);
		printf(" %s\n", p->reply_back	? "back"
				: p->reply_sent ? "sent"
						: "-");
	}
}

int main(int argc, char **argv)
{
	long rate = argc == 4 && strcmp(argv[1], "-r") == 0
			    ? strtol(argv[2], NULL, 10)
			    : 0;

	if (argc != 2 && rate <= 0) {
		fprintf(stderr, "usage: packets [-r RATE] DIR < LIST\n");
		return 2;
	}
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	open_namespaces(argv[argc - 1]);
	read_list();
	if (rate > 0)
		send_for_ever(rate);
	else
		send_list();
	while (sniff_all(QUIET_MS))
		;
	print_result();
	return 0;
}
