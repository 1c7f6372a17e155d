// SPDX-License-Identifier: GPL-2.0-or-later
/* An endpoint and a packet in, whether that one sent it out. */
#include "logger/store/sent.h"

#include <string.h>

/* Addresses that are nobody's claim to be somebody: none yet, and IPv6's
 * link-local ones, which every interface has. */
static bool claims_nothing(const struct event *ev)
{
	static const uint8_t zero[16];

	if (ev->family == 6 && ev->src[0] == 0xfe &&
	    (ev->src[1] & 0xc0) == 0x80)
		return true;
	return memcmp(ev->src, zero, identity_len(identity_kind_of(ev))) == 0;
}

/* The packet came in by another port than its own. */
static bool is_elsewhere(const struct identity_endpoint *ep,
			 const struct event *ev)
{
	return ev->port_ifindex && identity_knows_port(ep, ev->time_ns) &&
	       !identity_is_own(ep, IDENTITY_PORT, identity_port_of(ev));
}

/* It sent ev: what of that is a lie. */
static void take_sender(const struct identity_endpoint *ep,
			const struct event *ev, bool by_port,
			struct identity_who *ret)
{
	ret->src = ep->id;
	ret->by_port = by_port;
	ret->ended = identity_has_ended(ep);
	ret->foreign = ev->have & HAVE_MAC && ep->has[IDENTITY_MAC] &&
		       !identity_is_own(ep, IDENTITY_MAC, ev->src_mac);
	ret->spoofed = ret->foreign ||
		       (!identity_is_own(ep, identity_kind_of(ev), ev->src) &&
			!claims_nothing(ev));
}

bool identity_sent(const struct identity_endpoint *ep, const struct event *ev,
		   struct identity_who *ret)
{
	bool by_port, by_mac, knows_mac;

	if (ev->time_ns < ep->from_ns || ev->time_ns >= ep->to_ns ||
	    is_elsewhere(ep, ev))
		return false;
	by_port = ev->port_ifindex && identity_knows_port(ep, ev->time_ns);
	knows_mac = ev->have & HAVE_MAC && ep->has[IDENTITY_MAC];
	by_mac = knows_mac && identity_is_own(ep, IDENTITY_MAC, ev->src_mac);
	if (!by_port && !by_mac &&
	    (knows_mac || !identity_is_own(ep, identity_kind_of(ev), ev->src)))
		return false;
	take_sender(ep, ev, by_port, ret);
	return true;
}
