/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether an endpoint sent a packet, by what was seen of that. Pure. */
#ifndef BRIDGEAUDIT_LOGGER_STORE_SENT_H
#define BRIDGEAUDIT_LOGGER_STORE_SENT_H

#include <string.h>

#include "logger/store/endpoint.h"

/* Bytes of an address of that kind. */
static inline size_t identity_len(enum identity_kind kind)
{
	static const size_t len[IDENTITY_KINDS] = { 4, 16, 6, 4 };

	return len[kind];
}

static inline enum identity_kind identity_kind_of(const struct event *ev)
{
	return ev->family == 4 ? IDENTITY_IP4 : IDENTITY_IP6;
}

/* As endpoints have it. */
static inline const uint8_t *identity_port_of(const struct event *ev)
{
	return (const uint8_t *)&ev->port_ifindex;
}

/* Whether that is its own address. */
static inline bool identity_is_own(const struct identity_endpoint *ep,
				   enum identity_kind kind,
				   const uint8_t *address)
{
	return ep->has[kind] &&
	       memcmp(ep->address[kind], address, identity_len(kind)) == 0;
}

static inline bool identity_has_ended(const struct identity_endpoint *ep)
{
	return ep->to_ns != UINT64_MAX;
}

/* Whether it was known then behind which port it was. */
static inline bool identity_knows_port(const struct identity_endpoint *ep,
				       uint64_t time_ns)
{
	return ep->has[IDENTITY_PORT] && ep->port_from_ns <= time_ns &&
	       time_ns < ep->port_to_ns;
}

/*
 * The port that the packet came in by says who sent it, else the MAC, else the
 * address. Sets *ret's source, and what was a lie, when ep did.
 */
bool identity_sent(const struct identity_endpoint *ep, const struct event *ev,
		   struct identity_who *ret);

#endif
