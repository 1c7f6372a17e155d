// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The keeper's loop: signals, Docker, nf_tables notices and a timer in; twins
 * kept in place, and facts to the recorder out. Never looks at a packet.
 */
#include "logger/keeper_private.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/exitcode.h"
#include "lib/text.h"
#include "logger/capture/capture.h"
#include "logger/channel.h"
#include "logger/clock.h"
#include "logger/firewall/nftmon.h"
#include "logger/log.h"
#include "logger/memory.h"
#include "logger/privilege.h"
#include "logger/sched_delay.h"

enum {
	COUNTERS_MS = 5000,   /* how old the counters in the database get */
	LEGACY_MS = 1000,     /* how late a change of legacy rules is seen */
	RETRY_MS = 500,	      /* after a sync that left something to do */
	BLOCKED_MS = 1,	      /* who waited that long, waited for the event */
	FIRST_LIST_MS = 1500, /* Docker's networks before the first rule */
	READY_MS = 10000,     /* it is said that the recorder is not ready */
	END_MS = 15000,	      /* the recorder writes its last batch */
};

int keeper_tell(const struct keeper *k, const struct channel_msg *msg)
{
	return channel_send(k->config->channel_fd, msg);
}

static void handle_signals(struct keeper *k)
{
	struct signalfd_siginfo info;

	while (read(k->fds[FD_SIGNALS].fd, &info, sizeof(info)) ==
	       (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGHUP) {
			log_info("SIGHUP: looking at all rules again");
			k->all_at_ms = 0;
			seal_reload(&k->seal);
		} else if (info.ssi_signo == SIGUSR1) {
			probe_begin(k->probe, clock_ms());
		} else if (info.ssi_signo == SIGCHLD) {
			program_reap(&k->program);
		} else {
			k->stop = true;
		}
	}
}

static void run_program(struct keeper *k, const struct space_action *action,
			const char *word)
{
	if (action->act == SPACE_EXEC)
		program_start(&k->program, action->program, word, clock_ms());
}

static void handle_recorder(struct keeper *k)
{
	const struct space_config *space = k->config->space;
	struct channel_msg msg;
	int r;

	while ((r = channel_recv(k->config->channel_fd, &msg)) > 0) {
		if (msg.kind == CHANNEL_SPACE_LOW)
			run_program(k, &space->low, "space_left");
		else if (msg.kind == CHANNEL_SPACE_FULL)
			run_program(k, &space->full, "disk_full");
		else if (msg.kind == CHANNEL_CHECKPOINT)
			seal_checkpoint(&k->seal, &msg.u.checkpoint,
					k->config->channel_fd, clock_real_ns());
		else if (msg.kind == CHANNEL_STOP)
			k->stop = true;
	}
	if (r == -EPIPE)
		k->recorder_gone = true;
}

/* How giving a checkpoint to the command went, when that is news. */
static void handle_courier(struct keeper *k)
{
	struct channel_msg msg = { .kind = CHANNEL_FINDING };
	struct channel_finding *f = &msg.u.finding;
	char text[COURIER_ANSWER_MAX];

	if (courier_read(k->config->courier, text) == 0)
		return;
	if (*text)
		log_warn("checkpoint_command: %s", text);
	else
		log_info("checkpoint_command works again");
	str_copy(f->subject, sizeof(f->subject), "checkpoint_command");
	str_copy(f->detail, sizeof(f->detail), text);
	keeper_tell(k, &msg);
	k->fds[FD_COURIER].fd = k->config->courier->fd;
}

/* at_ns: when what they tell of was, at the earliest. */
static void handle_notices(struct keeper *k, uint64_t at_ns)
{
	struct nftmon_pids *pids = firewall_pids(k->fw);
	uint64_t before_ns = clock_real_ns();
	unsigned int what = 0;
	int r = nftmon_read(k->fds[FD_NFTMON].fd, pids, firewall_history(k->fw),
			    &what);

	/* all of our own edits' are read now: who has their pids is another */
	*pids = (struct nftmon_pids){ 0 };
	k->quiet_ns = before_ns;
	if (r < 0) {
		log_warn("nf_tables notices stopped: %s; looking every second",
			 strerror(-r));
		close(k->fds[FD_NFTMON].fd);
		k->fds[FD_NFTMON].fd = -1;
		k->all_at_ms = 0;
	}
	if (what && !k->changed)
		k->changed_ns = at_ns;
	k->changed |= what;
}

/* What comes during a round is no older than the queue's last silence. */
static void on_step(void *arg)
{
	struct keeper *k = arg;

	if (k->fds[FD_NFTMON].fd >= 0)
		handle_notices(k, k->quiet_ns);
}

static void sync_rules(struct keeper *k)
{
	uint64_t now = clock_ms();
	const struct firewall_round round = {
		.what = k->changed,
		.at_ns = k->changed ? k->changed_ns : 0,
		.noticed = k->fds[FD_NFTMON].fd >= 0,
		.poll = now >= k->poll_at_ms,
		.all = now >= k->all_at_ms,
		.step = on_step,
		.arg = k,
	};
	int r;

	k->changed = 0;
	r = firewall_sync(k->fw, &round);
	now = clock_ms();
	if (round.all)
		k->all_at_ms = now + COUNTERS_MS;
	if (r < 0 || firewall_unsettled(k->fw))
		k->all_at_ms = now + RETRY_MS;
	if (!round.noticed || firewall_needs_polling(k->fw))
		k->poll_at_ms = now + LEGACY_MS;
	else
		k->poll_at_ms = k->all_at_ms;
	/* what came in the meantime is no older than the queue's last silence
	 */
	if (round.noticed)
		handle_notices(k, k->quiet_ns);
	/* the texts of a round are larger than all that stays */
	malloc_trim(0);
}

/* When what we waited for came: a busy machine runs us later than that. */
static uint64_t came_ns(const struct keeper *k, uint64_t delay_ns)
{
	uint64_t now_ns = clock_real_ns(), delay_now_ns;

	if (delay_ns == 0 || sched_delay(&delay_now_ns) < 0)
		return k->quiet_ns;
	return now_ns - (delay_now_ns - delay_ns);
}

/* One turn: waits at most until at_ms, then handles what came. */
static int turn(struct keeper *k, uint64_t at_ms)
{
	uint64_t now = clock_ms(), delay_ns = 0;
	int r;

	sched_delay(&delay_ns);
	r = docker_wait(k->docker, k->fds, FD_COUNT,
			at_ms > now ? (int)(at_ms - now) : 0);

	if (r < 0) {
		log_error("waiting for events: %s", strerror(-r));
		return r;
	}
	if (k->fds[FD_NFTMON].revents)
		handle_notices(k, clock_ms() - now > BLOCKED_MS
					  ? came_ns(k, delay_ns)
					  : k->quiet_ns);
	if (k->fds[FD_SIGNALS].revents)
		handle_signals(k);
	if (k->fds[FD_RECORDER].revents)
		handle_recorder(k);
	if (k->fds[FD_COURIER].revents)
		handle_courier(k);
	keeper_ports_step(k);
	return 0;
}

/* When the next round is due; 0: now. */
static uint64_t next_ms(const struct keeper *k)
{
	if (k->changed)
		return 0;
	return k->all_at_ms < k->poll_at_ms ? k->all_at_ms : k->poll_at_ms;
}

static bool ended(const struct keeper *k)
{
	return k->stop || k->recorder_gone;
}

static int loop(struct keeper *k)
{
	uint64_t first_ms = clock_ms() + FIRST_LIST_MS;
	int r = 0;

	/* names before rules: the first packet has its networks then */
	while (r == 0 && !ended(k) && !k->listed && clock_ms() < first_ms)
		r = turn(k, first_ms);
	if (r == 0 && !ended(k)) {
		sync_rules(k);
		k->config->started(k->config->arg);
		/* few of some 40 libraries are used again */
		memory_give_back_files();
	}
	while (r == 0 && !ended(k)) {
		r = turn(k, probe_sooner_ms(k->probe, next_ms(k)));
		probe_step(k->probe, clock_ms());
		if (r == 0 && !ended(k) && clock_ms() >= next_ms(k))
			sync_rules(k);
	}
	return r;
}

/* Waits for the recorder to close the channel. */
static void await_recorder(struct keeper *k, int timeout_ms)
{
	uint64_t end_ms = clock_ms() + (uint64_t)timeout_ms;
	struct pollfd fd = { k->config->channel_fd, POLLIN, 0 };

	while (!k->recorder_gone && clock_ms() < end_ms) {
		if (poll(&fd, 1, clock_left_ms(end_ms)) > 0)
			handle_recorder(k);
	}
}

/* It writes what it has, and asks us to sign that. */
static void end_recorder(struct keeper *k)
{
	if (k->recorder_gone)
		return;
	channel_send_stop(k->config->channel_fd);
	await_recorder(k, END_MS);
}

/* The recorder's end as an exit code of ours; a message if it was not clean. */
static int reap_recorder(struct keeper *k)
{
	int status = 0;

	if (!k->recorder_gone) {
		log_error("the recorder (pid %d) does not end: its disk may be "
			  "stalled; leaving it",
			  (int)k->config->recorder);
		return EXITCODE_STORE;
	}
	while (waitpid(k->config->recorder, &status, 0) < 0)
		if (errno != EINTR)
			return EXITCODE_NOTHING;
	if (WIFEXITED(status) && (WEXITSTATUS(status) != 0 || k->stop))
		return WEXITSTATUS(status);
	if (WIFSIGNALED(status))
		log_error("the recorder was killed by signal %d",
			  WTERMSIG(status));
	return EXITCODE_NOTHING;
}

/* Rules first, so that nothing is logged that nobody reads any more. */
static int finish(struct keeper *k)
{
	int removed, code;

	/* the last counters, for the recorder to compare its log with */
	if (!k->recorder_gone) {
		k->all_at_ms = 0;
		sync_rules(k);
	}
	removed = firewall_remove(k->fw);
	capture_unbind(k->config->nflog_fd, k->config->group);
	end_recorder(k);
	code = reap_recorder(k);
	if (code == EXITCODE_OK && removed < 0)
		code = EXITCODE_NOTHING;
	return code;
}

/*
 * Until the recorder says that it has its database. One of an earlier version
 * takes as long as it is large; who gave up would begin again and again.
 */
static bool await_ready(struct keeper *k)
{
	uint64_t late_ms = clock_ms() + READY_MS;
	struct pollfd fds[] = { { k->config->channel_fd, POLLIN, 0 },
				{ k->fds[FD_SIGNALS].fd, POLLIN, 0 } };
	struct channel_msg msg = { 0 };

	while (!ended(k)) {
		int r;

		poll(fds, 2, clock_left_ms(late_ms));
		if (clock_ms() >= late_ms) {
			log_warn("the recorder (pid %d) is still opening its "
				 "database: it is being upgraded, or its disk "
				 "is stalled; nothing is audited until then",
				 (int)k->config->recorder);
			late_ms = UINT64_MAX;
		}
		if (fds[1].revents)
			handle_signals(k);
		r = channel_recv(k->config->channel_fd, &msg);
		if (r > 0 && msg.kind == CHANNEL_READY)
			return true;
		if (r == -EPIPE)
			k->recorder_gone = true;
	}
	return false;
}

static int open_all(struct keeper *k)
{
	sigset_t set;
	int r;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGUSR1);
	k->fds[FD_SIGNALS] =
		(struct pollfd){ signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
				 POLLIN, 0 };
	if (k->fds[FD_SIGNALS].fd < 0)
		return -errno;
	k->fds[FD_RECORDER] =
		(struct pollfd){ k->config->channel_fd, POLLIN, 0 };
	k->fds[FD_COURIER] =
		(struct pollfd){ k->config->courier->fd, POLLIN, 0 };
	k->fds[FD_NFTMON] = (struct pollfd){ nftmon_open(), POLLIN, 0 };
	if (k->fds[FD_NFTMON].fd < 0) {
		log_info("this kernel has no nf_tables notices: looking at the "
			 "rules every second");
		k->fds[FD_NFTMON].fd = -1;
	}
	k->quiet_ns = clock_real_ns();
	r = privilege_keep_firewall();
	if (r == 0)
		r = firewall_new(k->config->profile, (uint16_t)k->config->group,
				 k->config->channel_fd, &k->fw);
	if (r == 0)
		r = probe_new(k->config->channel_fd, k->config->probe_every_ms,
			      &k->probe);
	if (r == 0)
		r = keeper_ports_open(k);
	if (r == 0)
		r = docker_new(k->config->docker_socket, &keeper_docker_ops, k,
			       &k->docker);
	return r;
}

int keeper_run(const struct keeper_config *config)
{
	struct keeper k = { .config = config };
	int code = EXITCODE_NOTHING;
	int r;

	seal_open(&k.seal, config->db_path);
	k.seal.courier = config->courier;
	r = open_all(&k);
	if (r < 0) {
		log_error("can't start: %s", strerror(-r));
		goto out;
	}
	if (!await_ready(&k)) {
		end_recorder(&k);
		code = reap_recorder(&k);
		goto out;
	}
	r = loop(&k);
	if (k.recorder_gone)
		log_error("the recorder is gone: taking the rules out and "
			  "ending");
	code = finish(&k);
	if (code == EXITCODE_OK && r < 0)
		code = EXITCODE_NOTHING;
out:
	seal_close(&k.seal);
	docker_free(k.docker);
	keeper_ports_close(&k);
	probe_free(k.probe);
	firewall_free(k.fw);
	courier_close(config->courier);
	for (size_t i = 0; i < FD_COUNT; i++)
		if (i != FD_RECORDER && i != FD_COURIER && k.fds[i].fd > 0)
			close(k.fds[i].fd);
	return code;
}
