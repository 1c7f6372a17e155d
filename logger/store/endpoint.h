/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The slots of the index of identity.h, for whoever fills it. */
#ifndef BRIDGEAUDIT_LOGGER_STORE_ENDPOINT_H
#define BRIDGEAUDIT_LOGGER_STORE_ENDPOINT_H

#include "logger/store/identity.h"

/* IDENTITY_PORT: the index of the bridge's port behind which it is. */
enum identity_kind {
	IDENTITY_IP4,
	IDENTITY_IP6,
	IDENTITY_MAC,
	IDENTITY_PORT,
	IDENTITY_KINDS
};

struct identity_endpoint {
	int64_t id; /* of its row; 0: free */
	int64_t network;
	uint64_t from_ns;
	uint64_t to_ns;			   /* UINT64_MAX: it is there */
	uint64_t port_from_ns, port_to_ns; /* it was behind that port */
	uint8_t address[IDENTITY_KINDS][16];
	bool has[IDENTITY_KINDS];
	bool sure; /* announced in this session; not found before */
	bool seen; /* in the list that is coming */
	/* indexes + 1; 0: none */
	uint32_t container;
	uint32_t sibling; /* next of the container */
	uint32_t next[IDENTITY_KINDS];
	uint32_t next_ended;
};

struct identity_container {
	int64_t id; /* of its row; 0: not written yet */
	bool used;
	bool sure;
	uint64_t floor_ns; /* what it is called now begins here */
	uint32_t first;	   /* of its endpoints that are there; index + 1 */
	uint32_t next;
	struct channel_container is;
};

/* Takes a copy of ep and finds it from now on when it is sure. NULL: full. */
struct identity_endpoint *identity_add(struct identity *id, uint32_t container,
				       const struct identity_endpoint *ep);
void identity_confirm(struct identity *id, struct identity_endpoint *ep);
/* It is behind a port of its bridge from then on; 0: behind none that is
 * known. What came before by the port it had is still its own. */
void identity_set_port(struct identity *id, struct identity_endpoint *ep,
		       uint32_t ifindex, uint64_t at_ns);
/* It is gone since; late packets still find it for a while. */
void identity_end(struct identity *id, struct identity_endpoint *ep,
		  uint64_t to_ns);
/* No packet finds those that ended before. */
void identity_expire(struct identity *id, uint64_t before_ns);
/* What has its addresses changes owners then; forget: also what was seen
 * without an owner is another conversation from now on. */
void identity_touch(struct identity *id, const struct identity_endpoint *ep,
		    uint64_t at_ns, bool forget);

/* NULL: none, or full. The number of a slot is its index + 1; 0 is NULL. */
struct identity_container *identity_find(struct identity *id,
					 const char *docker_id);
struct identity_container *identity_new_container(
	struct identity *id, const struct channel_container *is);
void identity_free_container(struct identity *id, struct identity_container *c);
struct identity_container *identity_container_at(struct identity *id,
						 uint32_t at);
uint32_t identity_number(const struct identity *id,
			 const struct identity_container *c);
struct identity_endpoint *identity_endpoint_at(struct identity *id,
					       uint32_t at);
/* How many slots were ever used: numbers 1 to that. */
uint32_t identity_endpoints(const struct identity *id);
uint32_t identity_containers(const struct identity *id);

#endif
