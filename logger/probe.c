// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One round of test packets: ports on the bridges, the recorder told what will
 * come, a packet from each bridge to another, a second for it to be logged,
 * and the ports gone again. Which other one changes from round to round, until
 * each pair had its turn. Never waits.
 */
#include "logger/probe.h"

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
#include "logger/probe_port.h"

enum {
	PROBE_FAMILIES = 2,
	KNOWN_MAX = 1024,
	FRAMES_MAX = 256,
	PORT_LEAST = 32768
};

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
	char known[KNOWN_MAX][PROBE_IFNAME_MAX];
	size_t n_known, n_beyond; /* these are more than fit */
	struct probe_port ports[PROBE_BRIDGES_MAX];
	size_t n;
	struct packet packets[PROBE_FAMILIES * PROBE_BRIDGES_MAX];
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
	*ret = p;
	return 0;
}

static void close_ports(struct probe *p)
{
	for (size_t i = 0; i < p->n; i++)
		probe_port_close(&p->ports[i]);
	p->n = 0;
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
	if (p && p->n_known < KNOWN_MAX)
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

/* A round is bounded; what it leaves out is part of its answer. */
static void say_left_out(const struct probe *p, char *detail, size_t size)
{
	size_t all = p->n_known + p->n_beyond;

	if (p->n_beyond > 0)
		snprintf(detail, size,
			 "%zu of %zu bridges in one round, %zu never: more "
			 "than %d are not known",
			 p->n, all, p->n_beyond, KNOWN_MAX);
	else if (p->n_known > PROBE_BRIDGES_MAX)
		snprintf(detail, size,
			 "%zu of %zu bridges in one round: the others in the "
			 "next ones",
			 p->n, all);
	else
		snprintf(detail, size,
			 "%zu of %zu bridges: the others are gone or have no "
			 "address for a test packet",
			 p->n, all);
}

/* Ports on as many bridges as a round has, each round beginning elsewhere. */
static void open_ports(struct probe *p)
{
	char detail[CHANNEL_TEXT_MAX] = "";
	size_t begin = p->n_known > PROBE_BRIDGES_MAX
			       ? p->round * PROBE_BRIDGES_MAX / 2 % p->n_known
			       : 0;

	for (size_t i = 0; i < p->n_known && p->n < PROBE_BRIDGES_MAX; i++) {
		const char *bridge = p->known[(begin + i) % p->n_known];
		int r = probe_port_open(bridge, &p->ports[p->n]);

		if (r == 0)
			p->n++;
		else if (r != -ENOENT && r != -ENODEV)
			snprintf(detail, sizeof(detail),
				 "can't make a port on '%s': %s", bridge,
				 strerror(-r));
	}
	if (!*detail && p->n < 2)
		snprintf(detail, sizeof(detail),
			 "there are no two bridges with room for an address");
	if (!*detail && p->n_known + p->n_beyond > p->n)
		say_left_out(p, detail, sizeof(detail));
	tell(p, detail);
}

static uint16_t random_port(void)
{
	uint16_t port = 0;

	if (getrandom(&port, sizeof(port), GRND_NONBLOCK) != sizeof(port))
		port = (uint16_t)clock_real_ns();
	return (uint16_t)(PORT_LEAST + port % PORT_LEAST);
}

/* A packet between two ports that both have addresses of that family. */
static void announce_one(struct probe *p, size_t from, size_t to, int family)
{
	const struct probe_addr *src = probe_port_addr(&p->ports[from], family);
	const struct probe_addr *dst = probe_port_addr(&p->ports[to], family);
	struct channel_msg msg = { .kind = CHANNEL_PROBE };
	struct channel_probe *told = &msg.u.probe;

	if (!src->has || !dst->has)
		return;
	told->family = (uint8_t)family;
	told->src_port = random_port();
	told->dst_port = random_port();
	memcpy(told->src, src->bytes, sizeof(told->src));
	memcpy(told->dst, dst->bytes, sizeof(told->dst));
	str_copy(told->src_bridge, sizeof(told->src_bridge),
		 p->ports[from].bridge);
	str_copy(told->dst_bridge, sizeof(told->dst_bridge),
		 p->ports[to].bridge);
	p->packets[p->n_packets++] = (struct packet){ *told, from, to };
	channel_send(p->channel_fd, &msg);
}

/* Port i sends to the one so many places further as this round has. */
static void announce(struct probe *p)
{
	size_t step = 1 + p->round % (p->n - 1);

	p->n_packets = 0;
	for (size_t i = 0; i < p->n; i++) {
		announce_one(p, i, (i + step) % p->n, 4);
		announce_one(p, i, (i + step) % p->n, 6);
	}
	if (p->n_packets == 0)
		tell(p, "no two bridges of this round have addresses of one "
			"family");
}

void probe_begin(struct probe *p, uint64_t now_ms)
{
	if (p->state != PROBE_IDLE)
		return;
	open_ports(p);
	p->round++;
	if (p->n < 2) {
		close_ports(p);
		wait_for_next(p, now_ms);
		return;
	}
	announce(p);
	p->state = PROBE_TOLD;
	p->at_ms = now_ms + PROBE_SETTLE_MS;
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
		hear(p, i);
	for (size_t i = 0; i < p->n_packets; i++) {
		struct channel_msg msg = { .kind = CHANNEL_PROBE };

		msg.u.probe = p->packets[i].told;
		msg.u.probe.ended = true;
		channel_send(p->channel_fd, &msg);
	}
	close_ports(p);
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
		wait_for_next(p, now_ms);
		break;
	}
}
