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

enum { KNOWN_MAX = 1024, FRAMES_MAX = 256, PORT_LEAST = 32768 };

enum state { PROBE_IDLE, PROBE_TOLD, PROBE_SENT };

struct probe {
	int channel_fd;
	uint64_t every_ms;
	uint64_t at_ms; /* of the next step */
	enum state state;
	unsigned int round;
	char known[KNOWN_MAX][PROBE_IFNAME_MAX];
	size_t n_known;
	struct probe_port ports[PROBE_BRIDGES_MAX];
	struct channel_probe packets[PROBE_BRIDGES_MAX]; /* i: from port i */
	size_t to[PROBE_BRIDGES_MAX];			 /* and to that one */
	size_t n;
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
		p->n_known = 0;
}

void probe_add_bridge(struct probe *p, const char *bridge)
{
	if (p && p->n_known < KNOWN_MAX)
		str_copy(p->known[p->n_known++], PROBE_IFNAME_MAX, bridge);
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
	tell(p, detail);
}

static uint16_t random_port(void)
{
	uint16_t port = 0;

	if (getrandom(&port, sizeof(port), GRND_NONBLOCK) != sizeof(port))
		port = (uint16_t)clock_real_ns();
	return (uint16_t)(PORT_LEAST + port % PORT_LEAST);
}

/* Port i sends to the one so many places further as this round has. */
static void announce(struct probe *p)
{
	size_t step = 1 + p->round % (p->n - 1);

	for (size_t i = 0; i < p->n; i++) {
		struct channel_msg msg = { .kind = CHANNEL_PROBE };
		struct channel_probe *packet = &p->packets[i];
		const struct probe_port *to;

		p->to[i] = (i + step) % p->n;
		to = &p->ports[p->to[i]];
		*packet = (struct channel_probe){
			.src_port = random_port(),
			.dst_port = random_port(),
		};
		memcpy(packet->src, p->ports[i].addr, 4);
		memcpy(packet->dst, to->addr, 4);
		str_copy(packet->src_bridge, sizeof(packet->src_bridge),
			 p->ports[i].bridge);
		str_copy(packet->dst_bridge, sizeof(packet->dst_bridge),
			 to->bridge);
		msg.u.probe = *packet;
		channel_send(p->channel_fd, &msg);
	}
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
	for (size_t i = 0; i < p->n; i++) {
		struct channel_probe *packet = &p->packets[i];
		uint8_t frame[PROBE_FRAME_MAX];
		size_t len =
			probe_frame(&p->ports[i], &p->ports[p->to[i]],
				    packet->src_port, packet->dst_port, frame);

		packet->sent_ns = clock_real_ns();
		if (write(p->ports[i].fd, frame, len) != (ssize_t)len)
			log_warn("probe: can't send from '%s': %s",
				 packet->src_bridge, strerror(errno));
	}
}

/* Whether somebody asked on the port for its address: the packet got there. */
static bool was_asked_for(const struct probe_port *port)
{
	uint8_t frame[2048];

	for (int i = 0; i < FRAMES_MAX; i++) {
		ssize_t n = read(port->fd, frame, sizeof(frame));

		if (n < 0)
			return false;
		if (probe_frame_asks(frame, (size_t)n, port->addr))
			return true;
	}
	return false;
}

static void end_all(struct probe *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct channel_msg msg = { .kind = CHANNEL_PROBE };

		msg.u.probe = p->packets[i];
		msg.u.probe.ended = true;
		msg.u.probe.arrived = was_asked_for(&p->ports[p->to[i]]);
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
