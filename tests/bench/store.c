// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the store alone costs: packets as nfnetlink_log sends them are parsed,
 * attributed and committed, once with conversations that repeat and once with
 * a new one in every packet. Beside it the same packets with one bound INSERT
 * per row into the same table, nothing else. CPU time, not the clock's.
 *
 *   store [-n EVENTS] [-r ROUNDS] [-d DIRECTORY]
 *   store -p LOAD [-n EVENTS] [-d DIRECTORY]   the store alone, once, with load
 *                                              0, 1 or 2: for a profiler
 */
#include <arpa/inet.h>
#include <endian.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/db.h"
#include "logger/capture/capture.h"
#include "logger/store/store.h"
#include "tests/bench/cost.h"

enum { RATE = 1000000 };
enum { TEMPLATE_SIZE = 512, PACKET = 60, IP_DST = 16, TCP_DST = 22 };

#define START_NS (1700000000ULL * NS_PER_S)

enum load { REPEAT, SCAN, SCAN_PORTS, LOADS };

static const char *const load_names[LOADS] = {
	[REPEAT] = "1000 conversations repeat",
	[SCAN] = "one port of random addresses",
	[SCAN_PORTS] = "random ports of random addresses",
};

static const uint8_t sender_mac[] = { 2, 0x42, 172, 18, 0, 0 };

/* A message as the kernel makes it, and where it changes. */
struct message {
	char bytes[TEMPLATE_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *nlh;
	struct nfulnl_msg_packet_timestamp *time;
	uint8_t *packet;
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "store: %s\n", what);
	exit(1);
}

static uint64_t kernel_ns(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return (uint64_t)used.ru_stime.tv_sec * NS_PER_S +
	       (uint64_t)used.ru_stime.tv_usec * 1000;
}

static void *payload_of(struct nlmsghdr *nlh, uint16_t type)
{
	struct nlattr *a =
		mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg));

	while (mnl_attr_get_type(a) != type)
		a = mnl_attr_next(a);
	return mnl_attr_get_payload(a);
}

static void make_message(struct message *m)
{
	/* a TCP SYN with its 20 bytes of options */
	uint8_t packet[PACKET] = { [0] = 0x45,	[3] = PACKET, [8] = 63, [9] = 6,
				   [12] = 172,	18,	      0,	2,
				   172,		19,	      0,	2,
				   [32] = 0xa0, [33] = 2 };
	struct nfulnl_msg_packet_hdr hdr = { .hook = 2 };
	struct nfulnl_msg_packet_timestamp ts = { 0 };
	struct nfulnl_msg_packet_hw hw = {
		.hw_addrlen = htons(sizeof(sender_mac)),
	};
	struct nfgenmsg *nfg;

	m->nlh = mnl_nlmsg_put_header(m->bytes);
	m->nlh->nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET;
	nfg = mnl_nlmsg_put_extra_header(m->nlh, sizeof(*nfg));
	nfg->nfgen_family = 2;
	mnl_attr_put(m->nlh, NFULA_PACKET_HDR, sizeof(hdr), &hdr);
	mnl_attr_put_strz(m->nlh, NFULA_PREFIX,
			  "bridgeaudit drop 3f9a2c1d77aa");
	mnl_attr_put_u32(m->nlh, NFULA_IFINDEX_INDEV, htonl(1));
	mnl_attr_put_u32(m->nlh, NFULA_IFINDEX_OUTDEV, htonl(2));
	memcpy(hw.hw_addr, sender_mac, sizeof(sender_mac));
	mnl_attr_put(m->nlh, NFULA_HWADDR, sizeof(hw), &hw);
	mnl_attr_put(m->nlh, NFULA_TIMESTAMP, sizeof(ts), &ts);
	mnl_attr_put_u32(m->nlh, NFULA_SEQ, 0);
	mnl_attr_put(m->nlh, NFULA_PAYLOAD, sizeof(packet), packet);
	m->time = payload_of(m->nlh, NFULA_TIMESTAMP);
	m->packet = payload_of(m->nlh, NFULA_PAYLOAD);
}

static void next_packet(struct message *m, enum load load, uint64_t i)
{
	static uint64_t seed = 1;
	uint64_t us = START_NS / 1000 + i * 1000000 / RATE;
	uint32_t dst = htonl(0xac130000 + (uint32_t)(i % 100));
	uint16_t src_port, dst_port = htons((uint16_t)(8000 + i % 10));

	seed = seed * 6364136223846793005U + 1442695040888963407U;
	src_port = htons((uint16_t)(32768 + (seed >> 33) % 28232));
	if (load == REPEAT)
		dst_port = htons((uint16_t)(8000 + i / 100 % 10));
	if (load != REPEAT)
		dst = (uint32_t)(seed >> 32);
	if (load == SCAN_PORTS)
		dst_port = (uint16_t)(seed >> 16);
	m->time->sec = htobe64(us / 1000000);
	m->time->usec = htobe64(us % 1000000);
	memcpy(m->packet + IP_DST, &dst, sizeof(dst));
	memcpy(m->packet + TCP_DST - 2, &src_port, sizeof(src_port));
	memcpy(m->packet + TCP_DST, &dst_port, sizeof(dst_port));
}

/* Everything is in the file itself once the write-ahead log is in it. */
static double file_bytes(const char *path)
{
	char error[DB_ERROR_MAX];
	sqlite3 *db = NULL;
	double bytes;

	if (db_open_writer(path, &db, error) < 0)
		die(error);
	sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
	sqlite3_close(db);
	bytes = cost_file_bytes(path);
	if (bytes < 0)
		die("no database file");
	return bytes;
}

static void add_network(struct store *st, char id, uint32_t ifindex)
{
	struct channel_msg msg = { .kind = CHANNEL_NETWORK };
	struct channel_network *n = &msg.u.network;

	memset(n->docker_id, id, sizeof(n->docker_id) - 1);
	snprintf(n->name, sizeof(n->name), "net_%c", id);
	cost_ifname(NULL, ifindex, n->bridge, sizeof(n->bridge));
	store_add_fact(st, &msg);
}

/* Two networks: the scanner's, and one of a hundred containers. */
static void announce(struct store *st)
{
	struct channel_msg msg = { .kind = CHANNEL_CONTAINER };
	struct channel_container *c = &msg.u.container;

	add_network(st, 'a', 1);
	add_network(st, 'b', 2);
	for (int i = 0; i <= 100; i++) {
		struct channel_msg ep = { .kind = CHANNEL_ENDPOINT };
		struct channel_endpoint *e = &ep.u.endpoint;
		const uint8_t ip4[] = { 172, i ? 19 : 18, 0,
					(uint8_t)(i ? i - 1 : 2) };

		snprintf(c->docker_id, sizeof(c->docker_id), "%064d", i);
		snprintf(c->name, sizeof(c->name), "c%d", i);
		memset(e->network_id, i ? 'b' : 'a', sizeof(e->network_id) - 1);
		memcpy(e->ip4, ip4, sizeof(ip4));
		memcpy(e->mac, sender_mac, sizeof(sender_mac));
		e->mac[5] = (uint8_t)i;
		e->has_ip4 = e->has_mac = true;
		store_add_fact(st, &msg);
		store_add_fact(st, &ep);
	}
	msg.kind = CHANNEL_ENDPOINTS_END;
	store_add_fact(st, &msg);
}

/* logger/recorder.c's way, without the socket. */
static struct cost run_store(const char *path, enum load load, uint64_t n)
{
	const struct store_names names = { cost_ifname, NULL };
	const struct store_session session = { .start_ns = START_NS,
					       .pid = 1,
					       .version = "bench" };
	struct message m = { 0 };
	struct store *st = NULL;
	char error[DB_ERROR_MAX];
	struct cost cost = { 0 };
	uint64_t begin, begin_kernel;

	cost_remove_db(path);
	make_message(&m);
	if (store_open(path, &session, &names, &st, error) < 0)
		die(error);
	announce(st);
	begin = cost_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	begin_kernel = kernel_ns();
	for (uint64_t i = 0; i < n; i++) {
		struct capture_packet p;

		next_packet(&m, load, i);
		if (capture_parse(m.nlh, &p) < 0)
			die("a message was not parsed");
		store_add_event(st, &p.ev);
		if (store_events_full(st) && store_commit(st, p.ev.time_ns) < 0)
			die(store_error(st));
	}
	if (store_commit(st, START_NS) < 0)
		die(store_error(st));
	cost.ns = (double)(cost_clock_ns(CLOCK_PROCESS_CPUTIME_ID) - begin) /
		  (double)n;
	cost.kernel_ns = (double)(kernel_ns() - begin_kernel) / (double)n;
	store_close(st, START_NS);
	cost.bytes = file_bytes(path);
	return cost;
}

static void must(sqlite3 *db, int rc)
{
	if (rc != SQLITE_OK && rc != SQLITE_DONE)
		die(sqlite3_errmsg(db));
}

static void insert_row(sqlite3_stmt *s, const struct event *ev)
{
	sqlite3_bind_int64(s, 1, 1 + ev->dst_port % 100);
	sqlite3_bind_int64(s, 2, (int64_t)ev->time_ns);
	sqlite3_bind_int64(s, 3,
			   ev->src_port | (int64_t)ev->tcp_flags << 16 |
				   (int64_t)ev->ttl << 24 |
				   (int64_t)ev->length << 32);
	sqlite3_bind_int64(s, 4, 1);
	sqlite3_step(s);
	sqlite3_reset(s);
}

/* One bound INSERT per row into the same table. */
static struct cost run_rows(const char *path, enum load load, uint64_t n)
{
	static const char sql[] = "INSERT INTO event (conversation, time_ns,"
				  " detail, packets) VALUES (?, ?, ?, ?)";
	char error[DB_ERROR_MAX];
	struct message m = { 0 };
	sqlite3_stmt *s = NULL;
	sqlite3 *db = NULL;
	struct cost cost = { 0 };
	uint64_t begin, begin_kernel;

	cost_remove_db(path);
	make_message(&m);
	if (db_open_writer(path, &db, error) < 0)
		die(error);
	must(db, sqlite3_prepare_v2(db, sql, -1, &s, NULL));
	begin = cost_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	begin_kernel = kernel_ns();
	must(db, sqlite3_exec(db, "BEGIN", NULL, NULL, NULL));
	for (uint64_t i = 0; i < n; i++) {
		struct capture_packet p;

		next_packet(&m, load, i);
		if (capture_parse(m.nlh, &p) < 0)
			die("a message was not parsed");
		insert_row(s, &p.ev);
		if (i % STORE_BATCH_EVENTS == STORE_BATCH_EVENTS - 1)
			must(db, sqlite3_exec(db, "COMMIT; BEGIN", NULL, NULL,
					      NULL));
	}
	must(db, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
	cost.ns = (double)(cost_clock_ns(CLOCK_PROCESS_CPUTIME_ID) - begin) /
		  (double)n;
	cost.kernel_ns = (double)(kernel_ns() - begin_kernel) / (double)n;
	sqlite3_finalize(s);
	sqlite3_close(db);
	cost.bytes = file_bytes(path);
	return cost;
}

static void print(const char *name, struct cost *rounds, size_t n,
		  uint64_t events)
{
	const struct cost *median = cost_print(name, rounds, n);

	printf("  %6.0f of them in the kernel  %6.1f bytes/event\n",
	       median->kernel_ns, median->bytes / (double)events);
}

static void bench(const char *path, enum load load, uint64_t n, size_t rounds)
{
	struct cost store[COST_ROUNDS_MAX], rows[COST_ROUNDS_MAX];

	/* in turns, so that a noisy neighbour is everybody's */
	for (size_t i = 0; i < rounds; i++) {
		store[i] = run_store(path, load, n);
		rows[i] = run_rows(path, load, n);
	}
	printf("%s\n", load_names[load]);
	print("the store", store, rounds, n);
	print("a bound INSERT per row", rows, rounds, n);
	printf("  ratio of the medians   %7.2f\n",
	       store[rounds / 2].ns / rows[rounds / 2].ns);
	fflush(stdout);
	cost_remove_db(path);
}

int main(int argc, char **argv)
{
	const char *dir = ".";
	char path[COST_PATH_SIZE];
	uint64_t n = 2000000;
	size_t rounds = 5;
	int profile = -1;
	int c;

	while ((c = getopt(argc, argv, "n:r:d:p:")) != -1) {
		if (c == 'n')
			n = strtoull(optarg, NULL, 10);
		else if (c == 'r')
			rounds = strtoul(optarg, NULL, 10);
		else if (c == 'd')
			dir = optarg;
		else if (c == 'p')
			profile = atoi(optarg);
		else
			return 2;
	}
	if (n == 0 || rounds == 0 || rounds > COST_ROUNDS_MAX ||
	    profile >= LOADS)
		die("how many?");
	snprintf(path, sizeof(path), "%s/bench-store-%d.db", dir, getpid());
	if (profile >= 0) {
		struct cost cost = run_store(path, (enum load)profile, n);

		printf("%.0f ns/event, %.0f of them in the kernel, %.1f bytes\n",
		       cost.ns, cost.kernel_ns, cost.bytes / (double)n);
		cost_remove_db(path);
		return 0;
	}
	printf("%llu events, %zu rounds, SQLite %s; min, median, max\n",
	       (unsigned long long)n, rounds, sqlite3_libversion());
	for (int i = 0; i < LOADS; i++)
		bench(path, (enum load)i, n, rounds);
	return 0;
}
