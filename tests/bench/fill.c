// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lays events into a database through bridgeauditd's own store: a week of 40
 * networks with 400 endpoints. Half of the packets are first tries, the rest
 * retransmissions; in the middle one endpoint floods another for ten minutes
 * (18 %), later one scans an address range for an hour (2 %). The same events
 * into a table of ulogd2's, in its own form:
 *
 *   fill DATABASE EVENTS
 *   fill -u ULOGD-DATABASE EVENTS
 *   fill DATABASE SECONDSs
 *
 * A database that is there already gets events at one time, now, instead: for
 * measuring the writer alone; only then is the disk waited for. Prints
 * "events=N ns=N last_ns=N cpu_ns=N longest_us=N"; ns and cpu_ns are what the
 * store took per event, commits included, and longest_us the longest of these.
 * With seconds it prints that of each part.
 */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "lib/timefmt.h"
#include "tests/bench/networks.h"
#include "tests/bench/random.h"

enum {
	PAIRS = 2000, /* of endpoints that talk to each other */
	RECENT = 64,  /* tries that may be repeated */
	SPAN_DAYS = 7,
	FLOOD_S = 600,
	SCAN_S = 3600,
	PART_EVENTS = 98304, /* six batches */
};

#define EVENTS_MAX 1000000000ULL

struct fill {
	struct store *store;
	sqlite3 *peer;
	sqlite3_stmt *peer_insert;
	struct event recent[RECENT];
	uint64_t random;
	uint64_t events, done;
	uint64_t now_ns, step_ns; /* of the events */
	uint64_t spent_ns, spent_cpu_ns, longest_ns;
	uint64_t until_ns; /* by the clock; 0: until events are done */
};

static bool waits_for_disk;

/* SQLite's, too: a week that is laid down to be asked has no power cuts. */
int fdatasync(int fd)
{
	return waits_for_disk ? (int)syscall(SYS_fdatasync, fd) : 0;
}

int fsync(int fd)
{
	return waits_for_disk ? (int)syscall(SYS_fsync, fd) : 0;
}

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static unsigned int random_below(struct fill *f, unsigned int n)
{
	return random_number(&f->random, n);
}

/* Endpoint i of network n: 10.n.0.i. */
static void set_endpoint(uint8_t *addr, unsigned int network, unsigned int i)
{
	addr[0] = 10;
	addr[1] = (uint8_t)network;
	addr[2] = 0;
	addr[3] = (uint8_t)(2 + i);
}

static struct event event_between(unsigned int from, unsigned int to)
{
	struct event ev = {
		.rule_id = NETWORKS_RULE + to,
		.in_ifindex = 1 + from,
		.out_ifindex = 1 + to,
		.length = 60,
		.family = 4,
		.verdict = VERDICT_DROP,
		.proto = 6,
		.ttl = 63,
		.tcp_flags = 2,
		.have = HAVE_ADDR | HAVE_PROTO | HAVE_PORTS | HAVE_TCP_FLAGS |
			HAVE_TTL,
	};

	return ev;
}

/* Few pairs talk much and many little: the square of an even choice. */
static struct event next_try(struct fill *f)
{
	static const uint16_t ports[] = { 53,	80,   443,  2379,
					  3306, 5432, 6379, 9092 };
	unsigned int even = random_below(f, 65536);
	unsigned int pair = (unsigned int)((uint64_t)even * even * PAIRS >> 32);
	unsigned int from = pair * 7 % NETWORKS;
	unsigned int to = (from + 1 + pair % (NETWORKS - 1)) % NETWORKS;
	struct event ev = event_between(from, to);

	set_endpoint(ev.src, from, pair / 3 % NETWORKS_PER);
	set_endpoint(ev.dst, to, pair / 5 % NETWORKS_PER);
	ev.src_port = (uint16_t)(32768 + random_below(f, 28232));
	ev.dst_port = ports[pair % 8];
	if (pair % 10 == 0) {
		ev.verdict = VERDICT_ACCEPT;
		ev.length = 52;
	}
	return ev;
}

static struct event usual_event(struct fill *f)
{
	struct event *slot = &f->recent[random_below(f, RECENT)];

	if (slot->family == 0 || random_below(f, 2))
		*slot = next_try(f);
	return *slot;
}

static struct event flood_event(struct fill *f)
{
	struct event ev = event_between(3, 4);

	set_endpoint(ev.src, 3, 1);
	set_endpoint(ev.dst, 4, 1);
	ev.src_port = (uint16_t)(1024 + random_below(f, 64000));
	ev.dst_port = 80;
	return ev;
}

static struct event scan_event(struct fill *f)
{
	struct event ev = event_between(5, 6);

	set_endpoint(ev.src, 5, 2);
	ev.dst[0] = 10;
	ev.dst[1] = 6;
	ev.dst[2] = (uint8_t)random_below(f, 256);
	ev.dst[3] = (uint8_t)random_below(f, 256);
	ev.src_port = 40000;
	ev.dst_port = (uint16_t)(1 + random_below(f, 65535));
	return ev;
}

/* The share of all events that is done decides what is going on. */
static struct event next_event(struct fill *f)
{
	uint64_t percent = f->done * 100 / f->events;
	uint64_t step = f->step_ns;
	struct event ev;

	if (step && percent >= 40 && percent < 58) {
		ev = flood_event(f);
		step = FLOOD_S * NS_PER_S / (f->events * 18 / 100 + 1);
	} else if (step && percent >= 70 && percent < 72) {
		ev = scan_event(f);
		step = SCAN_S * NS_PER_S / (f->events * 2 / 100 + 1);
	} else {
		ev = usual_event(f);
	}
	f->now_ns += step ? step : 1000;
	ev.time_ns = f->now_ns;
	return ev;
}

static void peer_bridge(struct fill *f, int column, uint32_t ifindex)
{
	char text[32];

	snprintf(text, sizeof(text), "br-%012x", ifindex);
	sqlite3_bind_text(f->peer_insert, column, text, -1, SQLITE_TRANSIENT);
}

static void peer_address(struct fill *f, int column, const uint8_t *addr)
{
	char text[32];

	snprintf(text, sizeof(text), "%u.%u.%u.%u", addr[0], addr[1], addr[2],
		 addr[3]);
	sqlite3_bind_text(f->peer_insert, column, text, -1, SQLITE_TRANSIENT);
}

static int peer_add(struct fill *f, const struct event *ev)
{
	sqlite3_stmt *s = f->peer_insert;
	char prefix[64];

	snprintf(prefix, sizeof(prefix), "bridgeaudit %s %012" PRIx64,
		 verdict_name(ev->verdict), ev->rule_id);
	sqlite3_bind_int64(s, 1, (int64_t)(ev->time_ns / NS_PER_S));
	sqlite3_bind_int64(s, 2, (int64_t)(ev->time_ns % NS_PER_S / 1000));
	sqlite3_bind_text(s, 3, prefix, -1, SQLITE_TRANSIENT);
	peer_bridge(f, 4, ev->in_ifindex);
	peer_bridge(f, 5, ev->out_ifindex);
	peer_address(f, 6, ev->src);
	peer_address(f, 7, ev->dst);
	sqlite3_bind_int(s, 8, ev->proto);
	sqlite3_bind_int64(s, 9, ev->length);
	sqlite3_bind_int(s, 10, ev->ttl);
	sqlite3_bind_int(s, 11, ev->src_port);
	sqlite3_bind_int(s, 12, ev->dst_port);
	if (sqlite3_step(s) != SQLITE_DONE)
		return -1;
	return sqlite3_reset(s) == SQLITE_OK ? 0 : -1;
}

static int peer_open(struct fill *f, const char *path)
{
	static const char insert[] =
		"INSERT INTO ulog_pkt (oob_time_sec, oob_time_usec, oob_prefix,"
		" oob_in, oob_out, ip_saddr_str, ip_daddr_str, ip_protocol,"
		" ip_totlen, ip_ttl, tcp_sport, tcp_dport)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
	int rc = sqlite3_open(path, &f->peer);

	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(f->peer, insert, -1, &f->peer_insert,
					NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(f->peer, "PRAGMA synchronous = OFF; BEGIN",
				  NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		fprintf(stderr, "fill: %s: %s\n", path,
			sqlite3_errmsg(f->peer));
	return rc == SQLITE_OK ? 0 : -1;
}

static int commit(struct fill *f)
{
	uint64_t begin = clock_ns(CLOCK_MONOTONIC), spent_ns;
	uint64_t begin_cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	int r = store_commit(f->store, f->now_ns);

	spent_ns = clock_ns(CLOCK_MONOTONIC) - begin;
	f->spent_ns += spent_ns;
	f->spent_cpu_ns += clock_ns(CLOCK_PROCESS_CPUTIME_ID) - begin_cpu;
	if (spent_ns > f->longest_ns)
		f->longest_ns = spent_ns;
	if (r < 0)
		fprintf(stderr, "fill: %s\n", store_error(f->store));
	return r;
}

/* Prints the figures of so many events. */
static void print(struct fill *f, uint64_t events)
{
	printf("events=%" PRIu64 " ns=%" PRIu64 " last_ns=%" PRIu64
	       " cpu_ns=%" PRIu64 " longest_us=%" PRIu64 "\n",
	       events, f->spent_ns / events, f->now_ns,
	       f->spent_cpu_ns / events, f->longest_ns / 1000);
	fflush(stdout);
	f->spent_ns = f->spent_cpu_ns = f->longest_ns = 0;
}

/* Prints the part that is done, if any; whether there is time for another. */
static bool has_time(struct fill *f)
{
	if (f->done > 0)
		print(f, PART_EVENTS);
	return clock_ns(CLOCK_MONOTONIC) < f->until_ns;
}

static int add_all(struct fill *f)
{
	for (; f->done < f->events; f->done++) {
		struct event ev = next_event(f);

		if (f->peer) {
			if (peer_add(f, &ev) < 0)
				return -1;
			continue;
		}
		store_add_event(f->store, &ev);
		if (store_events_full(f->store) && commit(f) < 0)
			return -1;
		if (f->until_ns > 0 && f->done % PART_EVENTS == 0 &&
		    !has_time(f))
			break;
	}
	return f->peer ? 0 : commit(f);
}

static int open_store(struct fill *f, const char *path)
{
	int r = networks_open(path, f->now_ns, &f->store);

	return r < 0 ? r : store_commit(f->store, f->now_ns);
}

/* The week that ends now, in steps of time that make it so many events. */
static void begin_week(struct fill *f)
{
	uint64_t span = SPAN_DAYS * 86400 * NS_PER_S;

	f->now_ns -= span;
	f->step_ns = (span - (FLOOD_S + SCAN_S) * NS_PER_S) /
		     (f->events * 80 / 100 + 1);
}

static int fill_peer(struct fill *f, const char *path)
{
	int r;

	begin_week(f);
	r = peer_open(f, path);
	if (r == 0)
		r = add_all(f);
	if (r == 0 &&
	    sqlite3_exec(f->peer, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		r = -1;
	sqlite3_finalize(f->peer_insert);
	sqlite3_close(f->peer);
	return r;
}

static int fill_store(struct fill *f, const char *path)
{
	int r;

	waits_for_disk = access(path, F_OK) == 0;
	if (!waits_for_disk)
		begin_week(f);
	r = open_store(f, path);
	if (r == 0)
		r = add_all(f);
	if (store_close(f->store, f->now_ns) < 0 || r < 0)
		return -1;
	if (f->until_ns == 0)
		print(f, f->events);
	return 0;
}

/* "10000000", "60s" */
static bool parse_amount(const char *text, struct fill *f)
{
	char *end = NULL;

	f->events = strtoull(text, &end, 10);
	if (strcmp(end, "s") == 0 && f->events > 0) {
		f->until_ns = clock_ns(CLOCK_MONOTONIC) + f->events * NS_PER_S;
		f->events = EVENTS_MAX;
		return true;
	}
	return *end == '\0' && f->events > 0 && f->events <= EVENTS_MAX;
}

int main(int argc, char **argv)
{
	static struct fill f = { .random = 88172645463325252ULL };
	bool peer = argc == 4 && strcmp(argv[1], "-u") == 0;
	int r;

	if (argc != (peer ? 4 : 3) || !parse_amount(argv[argc - 1], &f) ||
	    (peer && f.until_ns > 0)) {
		fputs("usage: fill DATABASE EVENTS|SECONDSs\n"
		      "       fill -u ULOGD-DATABASE EVENTS\n",
		      stderr);
		return 2;
	}
	f.now_ns = clock_ns(CLOCK_REALTIME);
	r = peer ? fill_peer(&f, argv[2]) : fill_store(&f, argv[1]);
	return r < 0;
}
