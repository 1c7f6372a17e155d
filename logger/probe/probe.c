// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rounds of test packets: from each bridge one to another, which is so many
 * places further as this round has, until each pair had its turn. A part of a
 * round is ports on some bridges, the recorder told what will come, the
 * packets, a second for them to be logged, and the ports gone again. Never
 * waits.
 */
#include "logger/probe/probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "lib/text.h"
#include "logger/channel.h"
#include "logger/clock.h"
#include "logger/log.h"
#include "logger/probe/port.h"

enum { PROBE_FAMILIES = 2, FRAMES_MAX = 256, PORT_LEAST = 32768 };

enum state { PROBE_IDLE, PROBE_TOLD, PROBE_SENT };

/* From one port to another. */
struct packet {
	struct channel_probe told;
	size_t from, to;
};

struct probe {
	int channel_fd;
	uint64_t every_ms;
	uint64_t at_ms; /* of the next step */
	enum state state;
	unsigned int round;
	char known[PROBE_KNOWN_MAX][PROBE_IFNAME_MAX];
	size_t n_known, n_beyond; /* these are more than fit */

	/* of a round: those that have an address, and how far they send */
	struct probe_port ports[PROBE_KNOWN_MAX];
	size_t n, step;
	size_t next;  /* that has not sent yet */
	bool any;     /* packet was sent */
	bool unheard; /* the recorder takes no messages: the round is over */

	/* of a part of it */
	size_t n_open;
	struct packet packets[PROBE_FAMILIES * PROBE_PORTS_MAX];
	size_t n_packets;
};

int probe_new(int channel_fd, uint64_t every_ms, struct probe **ret)
{
	struct probe *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->channel_fd = channel_fd;
	p->every_ms = every_ms;
	p->at_ms = every_ms ? clock_ms() + every_ms : UINT64_MAX;
	/* a logger that is started often should not begin with the same pairs
	 */
	if (getrandom(&p->round, sizeof(p->round), GRND_NONBLOCK) < 0)
		p->round = (unsigned int)clock_real_ns();
	*ret = p;
	return 0;
}

static void close_ports(struct probe *p)
{
	for (size_t i = 0; i < p->n; i++)
		probe_port_close(&p->ports[i]);
	p->n_open = 0;
}

void probe_free(struct probe *p)
{
	if (!p)
		return;
	close_ports(p);
	free(p);
}

void probe_clear_bridges(struct probe *p)
{
	if (p)
		p->n_known = p->n_beyond = 0;
}

void probe_add_bridge(struct probe *p, const char *bridge)
{
	if (p && p->n_known < PROBE_KNOWN_MAX)
		str_copy(p->known[p->n_known++], PROBE_IFNAME_MAX, bridge);
	else if (p)
		p->n_beyond++;
}

uint64_t probe_sooner_ms(const struct probe *p, uint64_t at_ms)
{
	return p->at_ms < at_ms ? p->at_ms : at_ms;
}

/* What status shows; "" when all is well. */
static void tell(const struct probe *p, const char *detail)
{
	struct channel_msg msg = { .kind = CHANNEL_FINDING };

	if (*detail)
		log_warn("probe: %s", detail);
	str_copy(msg.u.finding.subject, sizeof(msg.u.finding.subject), "probe");
	str_copy(msg.u.finding.detail, sizeof(msg.u.finding.detail), detail);
	channel_send(p->channel_fd, &msg);
}

static void wait_for_next(struct probe *p, uint64_t now_ms)
{
	p->state = PROBE_IDLE;
	p->at_ms = p->every_ms ? now_ms + p->every_ms : UINT64_MAX;
}

/* What a round leaves out is part of its answer. */
static void say_left_out(const struct probe *p)
{
	size_t all = p->n_known + p->n_beyond;
	char detail[CHANNEL_TEXT_MAX] = "";

	if (p->n < 2)
		snprintf(detail, sizeof(detail),
			 "there are no two bridges with room for an address");
	else if (p->n_beyond > 0)
		snprintf(detail, sizeof(detail),
			 "%zu of %zu bridges, %zu never: more than %d are not "
			 "known",
			 p->n, all, p->n_beyond, PROBE_KNOWN_MAX);
	else if (p->n < all)
		snprintf(detail, sizeof(detail),
			 "%zu of %zu bridges: the others are gone or have no "
			 "address for a test packet",
			 p->n, all);
	tell(p, detail);
}

/* The bridges that can send, in their order. */
static void find_ports(struct probe *p)
{
	size_t n = 0;
	int r;

	for (size_t i = 0; i < p->n_known; i++) {
		p->ports[i] = (struct probe_port){ .fd = -1 };
		memcpy(p->ports[i].bridge, p->known[i], PROBE_IFNAME_MAX);
	}
	r = probe_ports_find(p->ports, p->n_known);
	if (r < 0)
		log_warn("probe: can't read addresses: %s", strerror(-r));
	for (size_t i = 0; i < p->n_known; i++)
		if (p->ports[i].addr4.has || p->ports[i].addr6.has)
			p->ports[n++] = p->ports[i];
	p->n = n;
}

static uint16_t random_port(void)
{
	uint16_t port = 0;

	if (getrandom(&port, sizeof(port), GRND_NONBLOCK) != sizeof(port))
		port = (uint16_t)clock_real_ns();
	return (uint16_t)(PORT_LEAST + port % PORT_LEAST);
}

/* A packet between two ports that both have addresses of that family. One that
 * the recorder does not expect is none: it would be taken for somebody's. */
static int announce_one(struct probe *p, size_t from, size_t to, int family)
{
	const struct probe_addr *src = probe_port_addr(&p->ports[from], family);
	const struct probe_addr *dst = probe_port_addr(&p->ports[to], family);
	struct channel_msg msg = { .kind = CHANNEL_PROBE };
	struct channel_probe *told = &msg.u.probe;
	int r;

	if (!src->has || !dst->has)
		return 0;
	told->family = (uint8_t)family;
	told->src_port = random_port();
	told->dst_port = random_port();
	memcpy(told->src, src->bytes, sizeof(told->src));
	memcpy(told->dst, dst->bytes, sizeof(told->dst));
	str_copy(told->src_bridge, sizeof(told->src_bridge),
		 p->ports[from].bridge);
	str_copy(told->dst_bridge, sizeof(told->dst_bridge),
		 p->ports[to].bridge);
	r = channel_send(p->channel_fd, &msg);
	if (r == 0)
		p->packets[p->n_packets++] = (struct packet){ *told, from, to };
	return r;
}

/* Opens the port, unless it is. */
static int open_port(struct probe *p, size_t i)
{
	char detail[CHANNEL_TEXT_MAX];
	int r = 0;

	if (p->ports[i].fd >= 0)
		return 0;
	r = probe_port_open(&p->ports[i]);
	if (r == 0) {
		p->n_open++;
	} else if (r != -ENODEV) { /* it is gone by now: no matter */
		snprintf(detail, sizeof(detail),
			 "can't make a port on '%s': %s", p->ports[i].bridge,
			 strerror(-r));
		tell(p, detail);
	}
	return r;
}

/* As many more as can have ports at a time. */
static void begin_part(struct probe *p)
{
	const size_t n = p->n;

	p->n_packets = 0;
	for (; p->next < n && !p->unheard; p->next++) {
		size_t from = p->next, to = from + p->step;
		size_t more;

		to -= to >= n ? n : 0; /* step is less than that */
		more = (size_t)(p->ports[from].fd < 0) +
		       (size_t)(p->ports[to].fd < 0);
		if (p->n_open + more > PROBE_PORTS_MAX)
			break;
		if (open_port(p, from) < 0 || open_port(p, to) < 0)
			continue;
		if (announce_one(p, from, to, 4) < 0 ||
		    announce_one(p, from, to, 6) < 0)
			p->unheard = true;
	}
}

/* The next part, or the end of the round. */
static void go_on(struct probe *p, uint64_t now_ms)
{
	do {
		close_ports(p);
		begin_part(p);
	} while (p->n_packets == 0 && p->next < p->n && !p->unheard);
	if (p->n_packets == 0) {
		close_ports(p);
		if (p->unheard)
			log_warn("probe: the recorder takes no messages: the "
				 "round is given up");
		else if (p->n >= 2 && !p->any)
			tell(p, "no two bridges of this round have addresses "
				"of one family");
		wait_for_next(p, now_ms);
		return;
	}
	p->any = true;
	p->state = PROBE_TOLD;
	p->at_ms = now_ms + PROBE_SETTLE_MS;
}

void probe_begin(struct probe *p, uint64_t now_ms)
{
	if (p->state != PROBE_IDLE)
		return;
	find_ports(p);
	say_left_out(p);
	p->next = p->n;
	p->any = p->unheard = false;
	if (p->n >= 2) {
		p->next = 0;
		p->step = 1 + p->round++ % (p->n - 1);
	}
	go_on(p, now_ms);
}

static void send_all(struct probe *p)
{
	for (size_t i = 0; i < p->n_packets; i++) {
		struct packet *packet = &p->packets[i];
		struct channel_probe *told = &packet->told;
		uint8_t frame[PROBE_FRAME_MAX];
		size_t len = probe_frame(&p->ports[packet->from],
					 &p->ports[packet->to], told->family,
					 told->src_port, told->dst_port, frame);

		told->sent_ns = clock_real_ns();
		if (write(p->ports[packet->from].fd, frame, len) !=
		    (ssize_t)len)
			log_warn("probe: can't send from '%s': %s",
				 told->src_bridge, strerror(errno));
	}
}

/* Who was asked for on the port: the packet got there. */
static void hear(struct probe *p, size_t port)
{
	uint8_t frame[2048];
	ssize_t n;

	for (int i = 0; i < FRAMES_MAX; i++) {
		n = read(p->ports[port].fd, frame, sizeof(frame));
		if (n < 0)
			return;
		for (size_t j = 0; j < p->n_packets; j++) {
			struct packet *packet = &p->packets[j];

			if (packet->to == port &&
			    probe_frame_asks(frame, (size_t)n,
					     packet->told.family,
					     packet->told.dst))
				packet->told.arrived = true;
		}
	}
}

static void end_all(struct probe *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->ports[i].fd >= 0)
			hear(p, i);
	for (size_t i = 0; i < p->n_packets; i++) {
		struct channel_msg msg = { .kind = CHANNEL_PROBE };

		msg.u.probe = p->packets[i].told;
		msg.u.probe.ended = true;
		channel_send(p->channel_fd, &msg);
	}
}

void probe_step(struct probe *p, uint64_t now_ms)
{
	if (now_ms < p->at_ms)
		return;
	switch (p->state) {
	case PROBE_IDLE:
		probe_begin(p, now_ms);
		break;
	case PROBE_TOLD:
		send_all(p);
		p->state = PROBE_SENT;
		p->at_ms = now_ms + PROBE_WAIT_MS;
		break;
	case PROBE_SENT:
		end_all(p);
		go_on(p, now_ms);
		break;
	}
}
