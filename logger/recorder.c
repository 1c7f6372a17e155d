// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The recorder's loop: takes packets from the NFLOG socket and facts from the
 * keeper, hands both to the store, and has it commit (writer.c). When the store
 * can't take more it leaves the packets in the kernel, whose sequence numbers
 * tell later how many did not fit.
 */
#include "logger/recorder.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/db.h"
#include "lib/exitcode.h"
#include "lib/text.h"
#include "lib/timefmt.h"
#include "logger/capture.h"
#include "logger/clock.h"
#include "logger/gaplog.h"
#include "logger/ifname.h"
#include "logger/log.h"
#include "logger/netlink.h"
#include "logger/privilege.h"
#include "logger/sequence.h"
#include "logger/store.h"
#include "logger/writer.h"

enum {
	FIRST_LIST_MS = 2000, /* wait for the networks' names at the start */
	RECEIVES_MAX = 64,    /* in a row, before the others have their turn */
	FINISH_ROUNDS = 4096, /* more than the socket buffer can hold */
};

struct recorder {
	const struct recorder_config *config;
	struct store *store;
	struct ifname_table *ifnames;
	struct sequence sequence;
	struct writer writer;
	struct gaplog gaplog;
	uint8_t *buf;		/* CAPTURE_RECV_SIZE */
	uint64_t hold_until_ms; /* no commit before the first list; monotonic */
	uint64_t foreign;	/* packets of other people's rules */
	uint64_t malformed;	/* messages that made no sense */
	bool stop;		/* the keeper said so */
	bool orphan;		/* the keeper is gone */
};

static void resolve_ifname(void *arg, uint32_t ifindex, char *name, size_t size)
{
	ifname_get(arg, ifindex, name, size);
}

/* Notes for status what this process itself sees going wrong. */
static void note_finding(struct recorder *rec, const char *detail)
{
	log_warn("%s", detail);
	writer_note(&rec->writer, "NFLOG group", detail, 0);
}

static void log_gaps(struct recorder *rec, bool last)
{
	char line[GAPLOG_LINE_MAX];

	if (gaplog_next(&rec->gaplog, clock_ms(), last, line))
		log_warn("%s", line);
}

static void take_gap(struct recorder *rec, uint64_t lost, uint64_t to_ns)
{
	struct gap gap = {
		.from_ns =
			rec->sequence.last_ns ? rec->sequence.last_ns : to_ns,
		.to_ns = to_ns,
		.packets = lost,
		.known = true,
		.cause = "lost in the kernel",
		.detail = "gap in the sequence numbers of the NFLOG group",
	};

	if (gap.from_ns < rec->writer.written_ns)
		gap.cause = "lost while the database could not be written";
	if (gap.from_ns > to_ns) /* the clock was set back */
		gap.from_ns = to_ns;
	store_add_gap(rec->store, &gap);
	rec->sequence.overrun = false;
	rec->sequence.gap_seen = true;
	rec->gaplog.packets += lost;
	rec->gaplog.gaps++;
	log_gaps(rec, false);
}

static void take_message(struct recorder *rec, const struct nlmsghdr *nlh)
{
	struct capture_packet p;
	uint64_t lost;
	int r = capture_parse(nlh, &p);

	if (r == -EAGAIN)
		return;
	if (r < 0) {
		/* its number is unknown: the next packet shows it as a gap */
		if (rec->malformed++ == 0)
			note_finding(rec, "malformed messages were skipped; "
					  "they count as lost");
		return;
	}
	if (p.ev.time_ns == 0)
		p.ev.time_ns = clock_real_ns();
	lost = p.has_seq ? sequence_next(&rec->sequence, p.seq) : 0;
	if (lost)
		take_gap(rec, lost, p.ev.time_ns);
	rec->sequence.last_ns = p.ev.time_ns;
	if (!p.ours) {
		if (rec->foreign++ == 0)
			note_finding(rec, "a rule that is not ours logs to "
					  "our group; its packets are ignored");
		return;
	}
	store_add_event(rec->store, &p.ev);
	writer_soon(&rec->writer);
	if (store_events_full(rec->store))
		writer_commit(&rec->writer);
}

/*
 * Every message of one receive; when the store is full and can't be written
 * the rest is lost, and the numbering says so with the next packet.
 */
static void take_messages(struct recorder *rec, size_t len)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)rec->buf;
	int left = (int)len;

	while (netlink_ok(nlh, left)) {
		if (store_events_full(rec->store))
			return;
		take_message(rec, nlh);
		nlh = mnl_nlmsg_next(nlh, &left);
	}
	if (left > 0 && rec->malformed++ == 0)
		note_finding(rec, "malformed bytes were skipped; what they "
				  "were counts as lost");
}

/*
 * The socket is empty: whatever it dropped until now either showed as a gap in
 * the numbers, or is a loss at the very end that no number shows yet.
 */
static void check_drops(struct recorder *rec)
{
	struct sequence *seq = &rec->sequence;
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(rec->config->nflog_fd, SOL_SOCKET, SO_MEMINFO, info,
		       &len) < 0)
		return;
	if (info[SK_MEMINFO_DROPS] != seq->drops && !seq->gap_seen)
		seq->overrun = true;
	seq->drops = info[SK_MEMINFO_DROPS];
	seq->gap_seen = false;
}

/* Reads what is there. Returns whether the socket was empty at the end. */
static bool take_packets(struct recorder *rec)
{
	for (int i = 0; i < RECEIVES_MAX; i++) {
		struct sockaddr_nl from;
		socklen_t from_len = sizeof(from);
		ssize_t n;

		if (store_events_full(rec->store))
			return false;
		n = recvfrom(rec->config->nflog_fd, rec->buf, CAPTURE_RECV_SIZE,
			     MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&from,
			     &from_len);
		if (n < 0 && errno == ENOBUFS) {
			rec->sequence.overrun = true;
			continue;
		}
		if (n < 0) {
			check_drops(rec);
			return true;
		}
		/* only the kernel (port 0) may speak here */
		if (from_len < sizeof(from) || from.nl_pid != 0)
			continue;
		if (n > CAPTURE_RECV_SIZE) {
			log_warn("a batch of %zd bytes was cut: its packets "
				 "count as lost",
				 n);
			n = CAPTURE_RECV_SIZE;
		}
		take_messages(rec, (size_t)n);
	}
	return false;
}

static void take_facts(struct recorder *rec)
{
	struct channel_msg msg;
	int r;

	while (!store_facts_full(rec->store)) {
		r = channel_recv(rec->config->channel_fd, &msg);
		if (r == 0)
			return;
		if (r == -EBADMSG)
			continue;
		if (r < 0) {
			rec->orphan = true;
			return;
		}
		if (msg.kind == CHANNEL_STOP) {
			rec->stop = true;
			return;
		}
		if (msg.kind == CHANNEL_NETWORKS_END ||
		    msg.kind == CHANNEL_DOCKER_DOWN)
			rec->hold_until_ms = 0;
		store_add_fact(rec->store, &msg);
		writer_soon(&rec->writer);
	}
	/* full; while the disk is, the next try has its time */
	if (!rec->writer.failing)
		writer_commit(&rec->writer);
}

static bool commit_due(const struct recorder *rec)
{
	uint64_t now = clock_ms();

	return rec->writer.commit_at_ms != 0 &&
	       now >= rec->writer.commit_at_ms &&
	       (now >= rec->hold_until_ms || store_events_full(rec->store));
}

static int wait_ms(const struct recorder *rec)
{
	uint64_t now = clock_ms(), at = rec->writer.commit_at_ms;

	if (at != 0 && at < rec->hold_until_ms)
		at = rec->hold_until_ms;
	if (at == 0 || at > rec->writer.tick_at_ms)
		at = rec->writer.tick_at_ms;
	return at > now ? (int)(at - now) : 0;
}

static void tick(struct recorder *rec)
{
	log_gaps(rec, false);
	writer_tick(&rec->writer);
}

static void loop(struct recorder *rec)
{
	while (!rec->stop && !rec->orphan) {
		short events = store_events_full(rec->store) ? 0 : POLLIN;
		short facts = store_facts_full(rec->store) ? 0 : POLLIN;
		struct pollfd fds[] = {
			{ events ? rec->config->nflog_fd : -1, events, 0 },
			{ rec->config->channel_fd, facts, 0 },
			{ ifname_fd(rec->ifnames), POLLIN, 0 },
		};

		if (poll(fds, 3, wait_ms(rec)) < 0 && errno != EINTR) {
			log_error("poll: %s", strerror(errno));
			return;
		}
		if (fds[2].revents)
			ifname_update(rec->ifnames);
		if (fds[1].revents & POLLIN)
			take_facts(rec);
		else if (fds[1].revents & (POLLHUP | POLLERR))
			rec->orphan = true;
		if (fds[0].revents)
			take_packets(rec);
		if (clock_ms() >= rec->writer.tick_at_ms)
			tick(rec);
		if (commit_due(rec))
			writer_commit(&rec->writer);
	}
}

/*
 * The group is unbound: what is in the socket is all there will be. A loss
 * after the last packet has no number; that there was one is known.
 */
static int finish(struct recorder *rec)
{
	bool empty = false;
	uint64_t now;

	rec->hold_until_ms = 0;
	/* the last packets are written if there is any room at all */
	writer_resume(&rec->writer);
	/* without a keeper the group is still bound and may never be empty */
	for (int i = 0; i < FINISH_ROUNDS && !empty && !rec->writer.failing;
	     i++) {
		empty = take_packets(rec);
		writer_commit(&rec->writer);
	}
	now = clock_real_ns();
	if (rec->sequence.overrun) {
		struct gap gap = {
			.from_ns = rec->sequence.last_ns,
			.to_ns = now,
			.cause = "lost in the kernel",
			.detail = "the socket buffer overran before the end",
		};

		store_add_gap(rec->store, &gap);
	}
	writer_commit(&rec->writer);
	if (rec->writer.failing)
		log_error("the last packets could not be written: %s",
			  store_error(rec->store));
	log_info("%llu packets recorded",
		 (unsigned long long)store_committed(rec->store));
	if (store_close(rec->store, now) < 0)
		rec->writer.failing = true;
	rec->store = NULL;
	log_gaps(rec, true);
	return rec->writer.failing || rec->writer.exit ? EXITCODE_STORE
						       : EXITCODE_OK;
}

/* The exit code of an error of the store. */
static int exit_code(int r)
{
	return r == -EUCLEAN ? EXITCODE_INTEGRITY : EXITCODE_STORE;
}

static int open_store(struct recorder *rec)
{
	const struct store_names names = { resolve_ifname, rec->ifnames };
	const struct store_session session = {
		.start_ns = clock_real_ns(),
		.pid = getpid(),
		.nflog_group = rec->config->group,
		.version = VERSION,
		.retain_ns = rec->config->retain_ns,
		.retain_bytes = rec->config->retain_bytes,
	};
	const char *path = rec->config->db_path;
	char error[DB_ERROR_MAX];
	int pid = 0;
	int r = db_writer_lock(path, &pid);

	if (r == -EBUSY) {
		log_error("database '%s' is in use by the bridgeauditd with "
			  "pid %d: stop that one, or name another with --db",
			  path, pid);
		return r;
	}
	if (r < 0) {
		log_error("can't create '%s.lock' as user '%s': %s; give that "
			  "user the directory, or name another with --db",
			  path, rec->config->user, strerror(-r));
		return r;
	}
	r = store_open(path, &session, &names, &rec->store, error);
	if (r < 0) {
		log_error("%s", error);
		return r;
	}
	rec->writer = (struct writer){
		.store = rec->store,
		.db_path = path,
		.nflog_fd = rec->config->nflog_fd,
		.channel_fd = rec->config->channel_fd,
		.space = { .config = rec->config->space },
	};
	return 0;
}

static void set_signals(void)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	sigset_t none;

	/* a terminal or an init system signals both: the keeper decides */
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int recorder_run(const struct recorder_config *config)
{
	struct recorder rec = { .config = config };
	struct channel_msg ready = { .kind = CHANNEL_READY };
	int code = EXITCODE_NOTHING;
	int r;

	set_signals();
	umask(0027);
	r = privilege_drop(config->user);
	if (r < 0) {
		log_error("can't become user '%s': %s", config->user,
			  strerror(-r));
		goto out;
	}
	rec.buf = malloc(CAPTURE_RECV_SIZE);
	r = rec.buf ? ifname_open(&rec.ifnames) : -ENOMEM;
	if (r < 0) {
		log_error("can't read the interfaces: %s", strerror(-r));
		goto out;
	}
	r = open_store(&rec);
	if (r < 0) {
		code = exit_code(r);
		goto out;
	}
	rec.hold_until_ms = clock_ms() + FIRST_LIST_MS;
	r = channel_send(config->channel_fd, &ready);
	if (r < 0)
		goto out;
	log_detach();
	loop(&rec);
	if (rec.orphan)
		log_error("the keeper is gone: its rules may still be in "
			  "place; ending");
	code = finish(&rec);
	if (rec.orphan && code == EXITCODE_OK)
		code = EXITCODE_NOTHING;
out:
	store_close(rec.store, clock_real_ns());
	ifname_close(rec.ifnames);
	free(rec.buf);
	return code;
}
