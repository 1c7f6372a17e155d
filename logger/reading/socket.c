// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Connections of who reads the log, to rows. Everything that others can make
 * grow has a limit: connections, those of one user, rows of one user in a
 * time, and what is taken between two ticks. What is beyond them is counted,
 * and the count becomes a row.
 */
#include "logger/reading/socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/text.h"
#include "logger/clock.h"
#include "logger/log.h"
#include "logger/reading/readers.h"
#include "logger/reading/who.h"

enum {
	CONNECTIONS_MAX = 64,
	BACKLOG = 1024,
	EVENTS = 16,	    /* of one call */
	TAKEN_MAX = 4000,   /* events between two ticks: 2 s */
	FLOOD_MS = 60000,   /* without one until it is over */
	SILENT_MS = 10000,  /* a connection says by then what it is */
	SPARE = 2 * EVENTS, /* rows that one call may make */
	LISTENER = CONNECTIONS_MAX,
};

#define SUBJECT "reads"

struct connection {
	int fd; /* -1: free */
	bool admitted, begun;
	uint64_t since_ms;
	struct reader *reader;
	struct reading reading;
};

struct reading_socket {
	struct writer *w;
	struct sockaddr_un address;
	int listen_fd, epoll_fd;
	uint64_t dev, ino; /* of the database */
	unsigned int taken;
	uint64_t flooded_ms; /* when taken was too many last; 0: not lately */
	struct readers readers;
	struct connection at[CONNECTIONS_MAX];
};

static bool has_room(const struct reading_socket *rs)
{
	return store_readings_room(rs->w->store) >= SPARE;
}

static void put(struct reading_socket *rs, const struct reading *r)
{
	store_add_reading(rs->w->store, r);
	writer_soon(rs->w);
}

/* A count as a row; nothing for 0. */
static void put_count(struct reading_socket *rs, const struct reader *of)
{
	struct reading r = {
		.from_ns = of->first_ns,
		.to_ns = of->last_ns,
		.uid = of->uid,
		.gid = of->gid,
		.auid = -1,
		.rows = -1,
		.exit = -1,
		.reads = of->counted,
	};

	if (of->counted == 0)
		return;
	r.id = store_reading_id(rs->w->store);
	reading_names(&r);
	put(rs, &r);
}

static void hang_up(struct connection *c)
{
	close(c->fd);
	c->fd = -1;
	if (c->admitted)
		readers_leave(c->reader);
	c->admitted = false;
}

/* The reading is over: with what it said, or without a word. */
static void end(struct reading_socket *rs, struct connection *c,
		const struct reading_message *m)
{
	c->reading.to_ns = clock_real_ns();
	if (m) {
		c->reading.rows = m->rows;
		c->reading.exit = m->exit;
	}
	put(rs, &c->reading);
	hang_up(c);
}

static void refuse(struct connection *c)
{
	readers_count(c->reader, clock_real_ns(), clock_ms());
	hang_up(c);
}

static void begin(struct reading_socket *rs, struct connection *c,
		  const struct reading_message *m)
{
	struct reading *r = &c->reading;

	/* a reader of another file is none of ours */
	if (m->dev != rs->dev || m->ino != rs->ino) {
		hang_up(c);
		return;
	}
	if (!readers_begin(c->reader, clock_ms())) {
		refuse(c);
		return;
	}
	str_copy(r->verb, sizeof(r->verb), m->verb);
	str_copy(r->command, sizeof(r->command), m->command);
	reading_names(r);
	r->id = store_reading_id(rs->w->store);
	r->reads = 1;
	c->begun = true;
	put(rs, r);
}

/* One message, or the end of the connection. */
static void hear(struct reading_socket *rs, struct connection *c)
{
	char bytes[sizeof(struct reading_message) + 1]; /* one is too long */
	struct reading_message m;
	ssize_t n = recv(c->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	bool whole;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	whole = n > 0 && reading_parse(bytes, (size_t)n, &m) == 0 &&
		m.kind == (c->begun ? READING_END : READING_BEGIN);
	if (c->begun)
		end(rs, c, whole ? &m : NULL);
	else if (whole)
		begin(rs, c, &m);
	else
		refuse(c);
}

static struct connection *find_free(struct reading_socket *rs)
{
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (rs->at[i].fd < 0)
			return &rs->at[i];
	return NULL;
}

static bool listen_to(struct reading_socket *rs, int fd, size_t i)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = i };

	return epoll_ctl(rs->epoll_fd, EPOLL_CTL_ADD, fd, &ev) == 0;
}

static void admit(struct reading_socket *rs)
{
	struct connection *c = find_free(rs), full;
	struct reader gone;

	if (!c)
		c = &full; /* counted, and no more */
	*c = (struct connection){
		.fd = accept4(rs->listen_fd, NULL, NULL,
			      SOCK_CLOEXEC | SOCK_NONBLOCK),
		.since_ms = clock_ms(),
		.reading = { .from_ns = clock_real_ns(),
			     .rows = -1,
			     .exit = -1 },
	};
	if (c->fd < 0)
		return;
	if (reading_who(c->fd, &c->reading) < 0) {
		hang_up(c);
		return;
	}
	c->reader =
		readers_find(&rs->readers, c->reading.uid, c->since_ms, &gone);
	put_count(rs, &gone);
	if (!c->reader) {
		hang_up(c);
		return;
	}
	c->reader->gid = c->reading.gid;
	c->admitted = c != &full && readers_admit(c->reader);
	if (!c->admitted || !listen_to(rs, c->fd, (size_t)(c - rs->at)))
		refuse(c);
}

int reading_socket_fd(const struct reading_socket *rs)
{
	return rs && rs->taken < TAKEN_MAX && has_room(rs) ? rs->epoll_fd : -1;
}

static void note(struct reading_socket *rs, const char *detail)
{
	if (*detail)
		log_warn("%s: %s", SUBJECT, detail);
	writer_note(rs->w, SUBJECT, detail, 0);
}

void reading_socket_take(struct reading_socket *rs)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(rs->epoll_fd, events, EVENTS, 0);

	for (int i = 0; i < n; i++) {
		size_t at = events[i].data.u64;

		rs->taken++;
		if (at == LISTENER)
			admit(rs);
		else if (rs->at[at].fd >= 0)
			hear(rs, &rs->at[at]);
	}
	if (rs->taken < TAKEN_MAX)
		return;
	if (!rs->flooded_ms)
		note(rs, "more than can be taken: some readings may be neither "
			 "recorded nor counted");
	rs->flooded_ms = clock_ms();
}

static void hang_up_silent(struct reading_socket *rs)
{
	uint64_t now_ms = clock_ms();

	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (rs->at[i].fd >= 0 && !rs->at[i].begun &&
		    now_ms - rs->at[i].since_ms > SILENT_MS)
			refuse(&rs->at[i]);
}

/* Counts that are to be told become rows, as many as there is room for. */
static void put_counts(struct reading_socket *rs, bool all)
{
	struct reader of;

	while (store_readings_room(rs->w->store) > 0 &&
	       readers_take(&rs->readers, all, clock_ms(), &of))
		put_count(rs, &of);
}

void reading_socket_tick(struct reading_socket *rs)
{
	if (!rs)
		return;
	if (has_room(rs)) /* else they were not listened to */
		hang_up_silent(rs);
	put_counts(rs, false);
	if (rs->flooded_ms && clock_ms() - rs->flooded_ms > FLOOD_MS) {
		rs->flooded_ms = 0;
		note(rs, "");
	}
	rs->taken = 0;
}

/* For whoever is in the database's group: to say a word it has to be written
 * to. Whatever the umask is. */
static int listen_beside(struct reading_socket *rs)
{
	const struct sockaddr *address = (const struct sockaddr *)&rs->address;
	const char *path = rs->address.sun_path;
	struct stat st;
	int r = reading_address(rs->w->db_path, &rs->address);

	if (r < 0)
		return r;
	if (stat(rs->w->db_path, &st) < 0)
		return -errno;
	rs->dev = st.st_dev;
	rs->ino = st.st_ino;
	unlink(path); /* of a logger that was killed: we have the lock */
	rs->listen_fd = socket(
		AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (rs->listen_fd < 0 ||
	    bind(rs->listen_fd, address, sizeof(rs->address)) < 0 ||
	    chmod(path, 0660) < 0 || listen(rs->listen_fd, BACKLOG) < 0)
		return -errno;
	rs->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return rs->epoll_fd >= 0 && listen_to(rs, rs->listen_fd, LISTENER)
		       ? 0
		       : -errno;
}

static void reading_socket_free(struct reading_socket *rs)
{
	if (rs->listen_fd >= 0)
		close(rs->listen_fd);
	if (rs->epoll_fd >= 0)
		close(rs->epoll_fd);
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (rs->at[i].fd >= 0)
			close(rs->at[i].fd);
	free(rs);
}

void reading_socket_open(struct writer *w, bool wanted,
			 struct reading_socket **ret)
{
	struct reading_socket *rs = NULL;
	char detail[CHANNEL_TEXT_MAX];
	int r = -ENOMEM;

	*ret = NULL;
	if (!wanted) {
		writer_note(w, SUBJECT,
			    "who reads the log is not recorded: record_reads "
			    "is no",
			    0);
		return;
	}
	rs = calloc(1, sizeof(*rs));
	if (rs) {
		rs->w = w;
		rs->listen_fd = rs->epoll_fd = -1;
		for (size_t i = 0; i < CONNECTIONS_MAX; i++)
			rs->at[i].fd = -1;
		r = listen_beside(rs);
	}
	if (r == 0) {
		*ret = rs;
		return;
	}
	snprintf(detail, sizeof(detail),
		 "who reads the log is not recorded: no socket beside the "
		 "database: %s",
		 strerror(-r));
	log_warn("%s", detail);
	writer_note(w, SUBJECT, detail, 0);
	if (rs)
		reading_socket_free(rs);
}

void reading_socket_close(struct reading_socket *rs)
{
	if (!rs)
		return;
	put_counts(rs, true);
	unlink(rs->address.sun_path);
	reading_socket_free(rs);
}
