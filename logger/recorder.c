// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The recorder's loop: takes packets from the NFLOG socket (capture/intake.c)
 * and facts from the keeper, hands both to the store, has it commit
 * (store/writer.c) and the log compared with the counters
 * (reconcile/reconcile.c).
 */
#include "logger/recorder.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/db.h"
#include "lib/exitcode.h"
#include "lib/timefmt.h"
#include "logger/capture/capture.h"
#include "logger/capture/gaplog.h"
#include "logger/capture/intake.h"
#include "logger/clock.h"
#include "logger/clock_step.h"
#include "logger/ifname.h"
#include "logger/log.h"
#include "logger/machine.h"
#include "logger/memory.h"
#include "logger/privilege.h"
#include "logger/reading/socket.h"
#include "logger/reconcile/reconcile.h"
#include "logger/store/store.h"
#include "logger/store/writer.h"

enum {
	FIRST_LIST_MS = 2000, /* wait for the networks' names at the start */
	FINISH_ROUNDS = 4096, /* more than the socket buffer can hold */
	STEP_SHOWN_MS = 24 * 3600 * 1000,
	SIGN_MS = 2000, /* wait for the last signature */
};

struct recorder {
	const struct recorder_config *config;
	struct store *store;
	struct ifname_table *ifnames;
	struct intake intake;
	struct reconcile reconcile;
	struct writer writer;
	struct fair *fair;
	struct reading_socket *reads;
	uint8_t *buf;		/* CAPTURE_RECV_SIZE */
	uint64_t hold_until_ms; /* no commit before the first list; monotonic */
	uint64_t look_at_ms;	/* the next look at the counters; 0: none */
	struct clock_step clock;
	uint64_t step_ms;    /* when it was set last; 0: long ago, or never */
	uint64_t sign_at_ms; /* the next checkpoint */
	int64_t asked_seq;   /* up to where the last one was asked for */
	bool refused;	     /* a rule has no account, and that was said */
	bool stop;	     /* the keeper said so */
	bool orphan;	     /* the keeper is gone */
};

static void resolve_ifname(void *arg, uint32_t ifindex, char *name, size_t size)
{
	ifname_get(arg, ifindex, name, size);
}

/* Notes for status what this process itself sees going wrong. */
static void note_finding(void *arg, const char *detail)
{
	struct recorder *rec = arg;

	log_warn("%s", detail);
	writer_note(&rec->writer, "NFLOG group", detail, 0);
}

static void commit(struct recorder *rec)
{
	struct writer *w = &rec->writer;
	struct intake *in = &rec->intake;

	if (in->shared)
		w->pressure.shared = true;
	writer_commit(w);
	in->written_ns = w->written_ns;
	if (!w->failing)
		in->shared = false;
	/* what can't be written waits in the kernel, and at the end is all the
	 * time there is */
	in->sharing = w->pressure.sharing && !w->failing && !rec->stop;
}

static void on_full(void *arg)
{
	commit(arg);
}

static void log_losses(struct recorder *rec, bool last)
{
	char line[GAPLOG_LINE_MAX];

	if (gaplog_next(&rec->intake.lost, clock_ms(), last, line))
		log_warn("%s", line);
	if (gaplog_next(&rec->intake.shed, clock_ms(), last, line))
		log_warn("%s", line);
}

/* Whether what waits in the kernel has to be shared as well. */
static bool is_pressed(const struct recorder *rec)
{
	return pressure_shares(&rec->writer.pressure,
			       pressure_fill(rec->config->nflog_fd));
}

/* Returns whether the socket was empty at the end. */
static bool take_packets(struct recorder *rec)
{
	bool empty = intake_take(&rec->intake, clock_real_ns());

	log_losses(rec, false);
	if (store_pending(rec->store))
		writer_soon(&rec->writer);
	/* there is time enough to write the rest whole */
	if (rec->intake.shared && (empty || !is_pressed(rec)))
		rec->writer.commit_at_ms = clock_ms();
	return empty;
}

/*
 * Compares the log with the counters that came RECONCILE_DELAY_MS ago: once
 * every packet that they count is here, else a little later.
 */
static void look(struct recorder *rec)
{
	uint64_t lost = 0;

	rec->look_at_ms = clock_ms() + RECONCILE_DELAY_MS;
	if (rec->writer.failing || !take_packets(rec))
		return;
	rec->look_at_ms = 0;
	do {
		lost += reconcile_look(&rec->reconcile, clock_real_ns(), false);
		if (rec->reconcile.more)
			commit(rec);
	} while (rec->reconcile.more && !rec->writer.failing);
	if (rec->reconcile.young)
		rec->look_at_ms = clock_ms() + RECONCILE_DELAY_MS;
	if (lost > 0)
		log_warn("%llu %s never reached us: the rules counted more "
			 "than that",
			 (unsigned long long)lost,
			 lost == 1 ? "packet" : "packets");
	if (!rec->refused && accounts_refused(store_accounts(rec->store))) {
		rec->refused = true;
		note_finding(rec, "there are more rules than can be compared "
				  "with their counters");
	}
	if (store_pending(rec->store))
		writer_soon(&rec->writer);
}

static void take_facts(struct recorder *rec)
{
	struct channel_msg msg;
	int r;

	while (!store_facts_full(rec->store)) {
		r = channel_recv(rec->config->channel_fd, &msg);
		if (r == -EBADMSG)
			continue;
		rec->orphan = r < 0;
		if (r <= 0)
			return;
		if (msg.kind == CHANNEL_STOP) {
			rec->stop = true;
			return;
		}
		if (msg.kind == CHANNEL_ENDPOINTS_END ||
		    msg.kind == CHANNEL_DOCKER_DOWN)
			rec->hold_until_ms = 0;
		if (reconcile_fact(&rec->reconcile, &msg) &&
		    rec->look_at_ms == 0)
			rec->look_at_ms = clock_ms() + RECONCILE_DELAY_MS;
		store_add_fact(rec->store, &msg);
		writer_soon(&rec->writer);
	}
	/* full; while the disk is, the next try has its time */
	if (!rec->writer.failing)
		commit(rec);
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
	if (at == 0 || (rec->look_at_ms != 0 && rec->look_at_ms < at))
		at = rec->look_at_ms;
	if (at == 0 || at > rec->writer.tick_at_ms)
		at = rec->writer.tick_at_ms;
	return at > now ? (int)(at - now) : 0;
}

/* A packet has the time that the clock showed; where it was set, the ledger
 * says so, and status for a day. */
static void look_at_clock(struct recorder *rec)
{
	char detail[CHANNEL_TEXT_MAX];
	uint64_t boot_ns, real_ns;

	do { /* one that stands between them is no step */
		boot_ns = clock_ns(CLOCK_BOOTTIME);
		real_ns = clock_real_ns();
	} while (clock_ns(CLOCK_BOOTTIME) - boot_ns > NS_PER_S);
	if (clock_step_look(&rec->clock, real_ns, boot_ns, detail,
			    sizeof(detail))) {
		log_warn("clock: %s", detail);
		writer_note(&rec->writer, "clock", detail, real_ns);
		rec->step_ms = clock_ms();
	} else if (rec->step_ms && clock_ms() - rec->step_ms > STEP_SHOWN_MS) {
		writer_note(&rec->writer, "clock", "", 0);
		rec->step_ms = 0;
	}
}

/* Asks the keeper to sign the chain, unless there is nothing new in it. */
static bool ask_to_sign(struct recorder *rec)
{
	struct channel_msg msg = { .kind = CHANNEL_CHECKPOINT };

	rec->sign_at_ms =
		clock_ms() + rec->config->checkpoint_minutes * 60 * 1000ULL;
	if (!store_unsigned(rec->store, &msg.u.checkpoint))
		return false;
	rec->asked_seq = msg.u.checkpoint.seq;
	return channel_send(rec->config->channel_fd, &msg) == 0;
}

static void tick(struct recorder *rec)
{
	bool rests = rec->writer.rests;

	log_losses(rec, false);
	look_at_clock(rec);
	if (rec->config->checkpoint_minutes && clock_ms() >= rec->sign_at_ms)
		ask_to_sign(rec);
	reading_socket_tick(rec->reads);
	writer_tick(&rec->writer);
	if (rests || !rec->writer.rests)
		return;
	fair_rest(rec->fair);
	memory_give_back(rec->buf, CAPTURE_RECV_SIZE);
}

static void loop(struct recorder *rec)
{
	while (!rec->stop && !rec->orphan) {
		short events = store_events_full(rec->store) ? 0 : POLLIN;
		short facts = store_facts_full(rec->store) ? 0 : POLLIN;
		struct pollfd fds[] = {
			{ events ? rec->config->nflog_fd : -1, events, 0 },
			{ rec->config->channel_fd, facts | POLLRDHUP, 0 },
			{ ifname_fd(rec->ifnames), POLLIN, 0 },
			{ reading_socket_fd(rec->reads), POLLIN, 0 },
		};

		if (poll(fds, 4, wait_ms(rec)) < 0 && errno != EINTR) {
			log_error("poll: %s", strerror(errno));
			return;
		}
		if (fds[2].revents)
			ifname_update(rec->ifnames);
		if (fds[1].revents & POLLIN)
			take_facts(rec);
		else if (fds[1].revents & (POLLHUP | POLLERR))
			rec->orphan = true;
		else if (fds[1].revents) /* behind facts that have no room */
			rec->stop = true;
		if (fds[0].revents)
			take_packets(rec);
		if (fds[3].revents)
			reading_socket_take(rec->reads);
		if (rec->look_at_ms != 0 && clock_ms() >= rec->look_at_ms)
			look(rec);
		if (clock_ms() >= rec->writer.tick_at_ms)
			tick(rec);
		if (commit_due(rec))
			commit(rec);
	}
}

/*
 * The group is unbound: what is in the socket is all there will be. A loss
 * after the last packet has no number; the counters show it, or at least that
 * there was one is known.
 */
static void note_the_end(struct recorder *rec)
{
	uint64_t now = clock_real_ns();
	const struct gap gap = {
		.from_ns = rec->intake.sequence.last_ns,
		.to_ns = now,
		.cause = "lost in the kernel",
		.detail = "the socket buffer overran before the end",
	};

	do {
		reconcile_look(&rec->reconcile, now, true);
		commit(rec);
	} while (rec->reconcile.more && !rec->writer.failing);
	/* what the counters told, now or before, is no news */
	if (rec->reconcile.credit == 0 && rec->intake.sequence.overrun)
		store_add_gap(rec->store, &gap);
}

/* The end of the session is signed, too; without a keeper it stays unsigned. */
static void sign_the_end(struct recorder *rec)
{
	struct pollfd fd = { rec->config->channel_fd, POLLIN, 0 };
	uint64_t end_ms = clock_ms() + SIGN_MS;
	struct channel_msg msg = { 0 };

	if (store_end(rec->store, clock_real_ns()) < 0 || !ask_to_sign(rec))
		return;
	/* the answer to an earlier question signs less, as the same number */
	while (msg.kind != CHANNEL_CHECKPOINT ||
	       msg.u.checkpoint.seq != rec->asked_seq) {
		if (poll(&fd, 1, clock_left_ms(end_ms)) <= 0 ||
		    channel_recv(fd.fd, &msg) == -EPIPE ||
		    msg.kind == CHANNEL_STOP)
			return;
	}
	store_add_fact(rec->store, &msg);
	commit(rec);
}

static int finish(struct recorder *rec)
{
	bool empty = false;

	rec->hold_until_ms = 0;
	reading_socket_close(rec->reads);
	/* the last packets are written if there is any room at all */
	writer_resume(&rec->writer);
	/* without a keeper the group is still bound and may never be empty */
	for (int i = 0; i < FINISH_ROUNDS && !empty && !rec->writer.failing;
	     i++) {
		empty = take_packets(rec);
		commit(rec);
	}
	if (empty)
		note_the_end(rec);
	store_set_pressure(rec->store, STORE_PRESSURE_NONE);
	commit(rec);
	if (rec->writer.failing)
		log_error("the last packets could not be written: %s",
			  store_error(rec->store));
	log_info("%llu packets recorded",
		 (unsigned long long)store_committed(rec->store));
	if (!rec->writer.failing)
		sign_the_end(rec);
	if (store_close(rec->store, clock_real_ns()) < 0)
		rec->writer.failing = true;
	rec->store = NULL;
	log_losses(rec, true);
	return rec->writer.failing || rec->writer.exit ? EXITCODE_STORE
						       : EXITCODE_OK;
}

static int open_store(struct recorder *rec)
{
	const struct space_config *space = rec->config->space;
	char left[32], low[SPACE_ACTION_MAX], full[SPACE_ACTION_MAX];
	const struct store_names names = { resolve_ifname, rec->ifnames };
	struct machine machine;
	const struct store_session session = {
		.start_ns = clock_real_ns(),
		.pid = getpid(),
		.nflog_group = rec->config->group,
		.version = VERSION,
		.retain_ns = rec->config->retain_ns,
		.retain_bytes = rec->config->retain_bytes,
		.space_left = space_left_text(space, left, sizeof(left)),
		.space_left_action =
			space_action_text(&space->low, low, sizeof(low)),
		.disk_full_action =
			space_action_text(&space->full, full, sizeof(full)),
		.host_name = machine.name,
		.host_id = machine.id,
	};
	const char *path = rec->config->db_path;
	char error[DB_ERROR_MAX];
	int r = writer_lock(path, rec->config->user);

	if (r < 0)
		return r;
	machine_read("/etc/machine-id", &machine);
	r = store_open(path, &session, &names, &rec->store, error);
	if (r < 0) {
		log_error("%s", error);
		return r;
	}
	reconcile_init(&rec->reconcile, rec->store, session.start_ns);
	rec->writer = (struct writer){
		.store = rec->store,
		.db_path = path,
		.nflog_fd = rec->config->nflog_fd,
		.channel_fd = rec->config->channel_fd,
		.space = { .config = rec->config->space },
	};
	rec->intake = (struct intake){
		.nflog_fd = rec->config->nflog_fd,
		.buf = rec->buf,
		.store = rec->store,
		.fair = rec->fair,
		.rec = &rec->reconcile,
		.lost = { .what = "lost in the kernel before they reached us" },
		.shed = { .what = "were only counted: they came faster than "
				  "they could be written" },
		.note = note_finding,
		.full = on_full,
		.arg = rec,
	};
	return 0;
}

static void set_signals(void)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1,
				       SIGPIPE };
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
	rec.fair = fair_new();
	r = rec.buf && rec.fair ? ifname_open(&rec.ifnames) : -ENOMEM;
	if (r < 0) {
		log_error("can't read the interfaces: %s", strerror(-r));
		goto out;
	}
	r = open_store(&rec);
	if (r < 0) {
		code = r == -EUCLEAN ? EXITCODE_INTEGRITY : EXITCODE_STORE;
		goto out;
	}
	reading_socket_open(&rec.writer, config->record_reads, &rec.reads);
	rec.hold_until_ms = clock_ms() + FIRST_LIST_MS;
	r = channel_send(config->channel_fd, &ready);
	if (r < 0)
		goto out;
	log_detach();
	memory_give_back_files();
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
	fair_free(rec.fair);
	free(rec.buf);
	return code;
}
