// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How long it takes from a packet to the line that shows it: sends numbered
 * packets at a fixed rate, reads what comes out at the other end, and compares
 * the times. The number is in the source port and the length, which every
 * output has. "nflog" reads the kernel's group itself: the least there can be.
 *
 *   latency IFACE MAC RATE SECONDS CPU LINES nflog GROUP NETNS
 *   latency IFACE MAC RATE SECONDS CPU LINES follow COMMAND...
 *
 * COMMAND prints jsonl. The sender is bound to CPU. Ends with the last of LINES
 * per packet, or when no more come. Prints
 * "sent=N lines=N p50_us=N p99_us=N max_us=N".
 */
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/ether.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "logger/capture/capture.h"
#include "logger/netlink.h"
#include "tests/bench/frame.h"

enum {
	LENGTHS = 64, /* times 65536 ports: how many packets have a number */
	NUMBERS = LENGTHS * 65536,
	LENGTH_MIN = FRAME_LEN_MIN - 14,
	SAMPLES_MAX = 8000000,
	SETTLE_MS = 500, /* before the first packet */
	QUIET_MS = 1000, /* after the last one, without a line */
	READ_SIZE = 1 << 20,
};

#define NS_PER_S 1000000000ULL

struct latency {
	int send_fd;
	uint64_t rate, seconds;
	uint64_t lines; /* that each packet becomes */
	struct ether_addr mac;
	atomic_uint_fast64_t sent;
	atomic_bool ended;
	_Atomic uint64_t sent_ns[NUMBERS];
	uint32_t us[SAMPLES_MAX];
	size_t n;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static void sleep_until(uint64_t ns)
{
	struct timespec ts = { (time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

/* Ticks of at least 1 ms; each sends what is due. */
static void *send_all(void *arg)
{
	struct latency *l = arg;
	uint64_t total = l->rate * l->seconds, tick = NS_PER_S / l->rate;
	uint64_t begin = now_ns() + SETTLE_MS * 1000000ULL;
	struct frame frame;

	if (tick < 1000000)
		tick = 1000000;
	for (uint64_t at = begin, n = 0; n < total; at += tick) {
		sleep_until(at);
		for (; n < total && n < (at - begin) * l->rate / NS_PER_S + 1;
		     n++) {
			size_t len = FRAME_LEN_MIN + n / 65536 % LENGTHS;
			const struct frame_flow flow = {
				.src = 0x0a4d0102,
				.dst = 0x0a4d0202,
				.src_port = (uint16_t)n,
				.dst_port = 443,
			};

			frame_init(&frame, l->mac.ether_addr_octet, len);
			frame_set(&frame, &flow);
			l->sent_ns[n % NUMBERS] = now_ns();
			if (write(l->send_fd, &frame, len) < 0)
				perror("latency: write");
			l->sent = n + 1;
		}
	}
	l->ended = true;
	return NULL;
}

static void note(struct latency *l, unsigned int src_port, unsigned int length,
		 uint64_t now)
{
	size_t number = src_port + 65536ULL * (length - LENGTH_MIN);
	uint64_t sent;

	if (src_port > 65535 || length < LENGTH_MIN || number >= NUMBERS)
		return;
	sent = l->sent_ns[number];
	if (sent && l->n < SAMPLES_MAX)
		l->us[l->n++] = (uint32_t)((now - sent) / 1000);
}

static unsigned int field(const char *line, const char *name)
{
	const char *at = strstr(line, name);

	return at ? (unsigned int)strtoul(at + strlen(name), NULL, 10)
		  : UINT32_MAX;
}

/* Whole lines of buf. Returns how many bytes they were. */
static size_t take_lines(struct latency *l, char *buf, uint64_t now)
{
	char *line = buf, *end;

	while ((end = strchr(line, '\n'))) {
		*end = '\0';
		note(l, field(line, "\"src_port\":"),
		     field(line, "\"length\":"), now);
		line = end + 1;
	}
	return (size_t)(line - buf);
}

static size_t take_messages(struct latency *l, const char *buf, size_t len,
			    uint64_t now)
{
	const struct nlmsghdr *nlh = (const void *)buf;
	struct capture_packet p;
	int left = (int)len;

	while (netlink_ok(nlh, left)) {
		if (capture_parse(nlh, &p) == 0)
			note(l, p.ev.src_port, p.ev.length, now);
		nlh = mnl_nlmsg_next(nlh, &left);
	}
	return len;
}

/* Whether all lines came, or the last one long ago. */
static bool is_over(const struct latency *l, uint64_t last)
{
	return l->ended && (l->n >= l->sent * l->lines ||
			    now_ns() - last >= QUIET_MS * 1000000ULL);
}

static void receive(struct latency *l, int fd, bool lines)
{
	static char buf[READ_SIZE + 1];
	struct pollfd p = { fd, POLLIN, 0 };
	uint64_t last = now_ns();
	size_t have = 0;

	while (!is_over(l, last)) {
		uint64_t now;
		ssize_t n;
		size_t used;

		if (poll(&p, 1, 100) <= 0)
			continue;
		n = read(fd, buf + have, READ_SIZE - have);
		if (n <= 0)
			return;
		last = now = now_ns();
		have += (size_t)n;
		buf[have] = '\0';
		used = lines ? take_lines(l, buf, now)
			     : take_messages(l, buf, have, now);
		memmove(buf, buf + used, have - used);
		have -= used;
	}
}

/* The kernel's group in another network namespace. */
static int open_group(const char *group, const char *netns)
{
	int fd = open(netns, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		return -errno;
	close(fd);
	return capture_open((unsigned int)strtoul(group, NULL, 10));
}

static int start_command(char **argv, pid_t *ret_pid)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fds[1], STDOUT_FILENO);
		execv(argv[0], argv);
		_exit(127);
	}
	close(fds[1]);
	*ret_pid = pid;
	return pid < 0 ? -errno : fds[0];
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void report(struct latency *l)
{
	uint64_t sent = l->sent;
	size_t last = l->n ? l->n - 1 : 0;

	qsort(l->us, l->n, sizeof(l->us[0]), by_value);
	printf("sent=%" PRIu64 " lines=%zu p50_us=%u p99_us=%u max_us=%u\n",
	       sent, l->n, l->us[last / 2], l->us[last * 99 / 100],
	       l->us[last]);
}

static int start_sender(struct latency *l, unsigned long cpu, pthread_t *thread)
{
	pthread_attr_t attr;
	cpu_set_t cpus;
	int r;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	pthread_attr_init(&attr);
	r = pthread_attr_setaffinity_np(&attr, sizeof(cpus), &cpus);
	if (r == 0)
		r = pthread_create(thread, &attr, send_all, l);
	pthread_attr_destroy(&attr);
	return -r;
}

int main(int argc, char **argv)
{
	static struct latency l;
	bool lines = argc > 8 && strcmp(argv[7], "follow") == 0;
	pthread_t thread;
	pid_t pid = 0;
	int fd, r;

	if (!lines && (argc != 10 || strcmp(argv[7], "nflog") != 0))
		goto usage;
	l.rate = strtoul(argv[3], NULL, 10);
	l.seconds = strtoul(argv[4], NULL, 10);
	l.lines = strtoul(argv[6], NULL, 10);
	if (!ether_aton_r(argv[2], &l.mac) || l.rate == 0 || l.seconds == 0 ||
	    l.lines == 0 || l.rate * l.seconds > NUMBERS)
		goto usage;
	l.send_fd = frame_socket(argv[1]);
	fd = lines ? start_command(argv + 8, &pid)
		   : open_group(argv[8], argv[9]);
	r = l.send_fd < 0 ? l.send_fd
	    : fd < 0	  ? fd
		     : start_sender(&l, strtoul(argv[5], NULL, 10), &thread);
	if (r < 0) {
		fprintf(stderr, "latency: %s\n", strerror(-r));
		return 1;
	}
	receive(&l, fd, lines);
	if (pid > 0) {
		kill(pid, SIGTERM);
		waitpid(pid, NULL, 0);
	}
	pthread_join(thread, NULL);
	report(&l);
	return 0;
usage:
	fputs("usage: latency IFACE MAC RATE SECONDS CPU LINES"
	      " nflog GROUP NETNS | follow COMMAND...\n",
	      stderr);
	return 2;
}
