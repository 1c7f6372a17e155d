/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What keeper and recorder say to each other: fixed-size messages over a
 * SOCK_SEQPACKET pair. The other's end is the end of the channel. */
#ifndef BRIDGEAUDIT_LOGGER_CHANNEL_H
#define BRIDGEAUDIT_LOGGER_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

enum { CHANNEL_NAME_MAX = 256, CHANNEL_IFNAME_MAX = 16 };
enum { CHANNEL_DOCKER_ID_MAX = 65, CHANNEL_CHAIN_MAX = 32 };
enum { CHANNEL_RULE_MAX = 1024, CHANNEL_TEXT_MAX = 512 };

enum channel_kind {
	CHANNEL_READY = 1,    /* recorder: the database is open */
	CHANNEL_NETWORK,      /* a network of the list that is coming */
	CHANNEL_NETWORKS_END, /* the list is whole: what is not in it is gone */
	CHANNEL_DOCKER_DOWN,  /* no list will come for now */
	CHANNEL_RULE,	      /* an audited rule, before its twin is applied */
	CHANNEL_TWIN,	      /* state and counters of a rule's twin */
	CHANNEL_FINDING,      /* something can't be audited (or can again) */
	CHANNEL_SPACE_LOW,  /* recorder: time for space_left_action's program */
	CHANNEL_SPACE_FULL, /* recorder: and for disk_full_action's */
	CHANNEL_STOP,	    /* the group is unbound: drain, commit, end;
			       from the recorder: please stop */
};

struct channel_network {
	char docker_id[CHANNEL_DOCKER_ID_MAX];
	char name[CHANNEL_NAME_MAX];
	char bridge[CHANNEL_IFNAME_MAX];
	bool internal;
	uint64_t created_ns;
};

struct channel_rule {
	uint64_t id;
	uint8_t family; /* 4, 6 */
	uint8_t verdict;
	char table[CHANNEL_CHAIN_MAX];
	char chain[CHANNEL_CHAIN_MAX];
	char dst_bridge[CHANNEL_IFNAME_MAX]; /* "": see the out interface */
	char text[CHANNEL_RULE_MAX];	     /* cut if longer */
};

enum channel_twin_state { TWIN_IN_PLACE = 1, TWIN_MISSING, TWIN_GONE };

struct channel_twin {
	uint64_t rule_id;
	uint8_t state;
	char variant[CHANNEL_IFNAME_MAX]; /* "nft", "legacy" */
	uint64_t rule_packets;
	uint64_t twin_packets;
};

struct channel_finding {
	char subject[CHANNEL_NAME_MAX];
	char detail[CHANNEL_TEXT_MAX]; /* "": it is over */
	uint64_t at_ns;		       /* since then; 0: when it is written */
};

struct channel_msg {
	uint32_t kind; /* enum channel_kind */
	union {
		struct channel_network network;
		struct channel_rule rule;
		struct channel_twin twin;
		struct channel_finding finding;
	} u;
};

/* Makes the pair; the caller closes both. Returns 0 or -errno. */
int channel_open(int ret_fds[2]);

/* Sends msg whole. Returns 0, -EAGAIN when the other stays behind for 0.2 s (a
 * stalled disk must not stall the rules), -EPIPE when it is gone, or -errno. */
int channel_send(int fd, const struct channel_msg *msg);

/* Takes one message without waiting, its strings terminated. Returns 1 with it,
 * 0 for none, -EPIPE, -EBADMSG for another size or kind, or -errno. */
int channel_recv(int fd, struct channel_msg *ret);

#endif
