/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What keeper and recorder say to each other. Data only; see channel.h. */
#ifndef BRIDGEAUDIT_LOGGER_MESSAGE_H
#define BRIDGEAUDIT_LOGGER_MESSAGE_H

#include "lib/checkpoint.h"
#include "logger/message_docker.h"
#include "logger/message_probe.h"
#include "logger/rules/mirror_count.h"

enum channel_kind {
	CHANNEL_READY = 1,    /* recorder: the database is open */
	CHANNEL_NETWORK,      /* a network of the list that is coming */
	CHANNEL_NETWORKS_END, /* the list is whole: what is not in it is gone */
	CHANNEL_CONTAINER,    /* who has the endpoints that follow it */
	CHANNEL_ENDPOINT,     /* an endpoint of the list that is coming */
	CHANNEL_ENDPOINTS_END, /* this list is whole: others are gone */
	CHANNEL_PORT,	      /* the bridge's port that an endpoint is behind */
	CHANNEL_DISCONNECTED, /* an endpoint is gone since */
	CHANNEL_DOCKER_DOWN,  /* no whole list for now: wait for none */
	CHANNEL_RULE,	      /* an audited rule, before its twin is applied */
	CHANNEL_TWIN,	      /* state and counters of a rule's twin */
	CHANNEL_PASSED,	    /* twin: what rules counted that no reading showed,
			       from change_ns to since_ns; unknown: or more */
	CHANNEL_PROBE,	    /* a test packet is coming, or is over */
	CHANNEL_FINDING,    /* something can't be audited (or can again) */
	CHANNEL_SPACE_LOW,  /* recorder: run the program for that, */
	CHANNEL_SPACE_FULL, /* or for that */
	CHANNEL_CHECKPOINT, /* recorder: please sign; keeper: done */
	CHANNEL_STOP,	    /* keeper: drain and end; recorder: please stop */
};

struct channel_rule {
	uint64_t id;
	uint8_t family, verdict;   /* 4, 6; enum verdict */
	bool appeared, uncounted;  /* counts from 0; it is a twin alone */
	uint64_t packets, told_ns; /* its counter before its twin, and when */
	char variant[CHANNEL_IFNAME_MAX]; /* as in channel_twin */
	char table[CHANNEL_CHAIN_MAX], chain[CHANNEL_CHAIN_MAX];
	char dst_bridge[CHANNEL_IFNAME_MAX]; /* "": see the out interface */
	char text[CHANNEL_RULE_MAX];	     /* cut if longer */
};

enum channel_twin_state { TWIN_IN_PLACE = 1, TWIN_MISSING, TWIN_GONE };
/* Times are CLOCK_REALTIME ns. Between change_ns and since_ns a rule that is
 * in place now was not watched, and a twin that is gone outlived its rule; one
 * that was disturbed logged what others may have decided about. */
struct channel_twin {
	uint64_t rule_id;
	uint8_t state;
	bool partial, disturbed;	     /* the twin takes new flows only */
	char variant[CHANNEL_IFNAME_MAX];    /* "nft", "legacy" */
	uint64_t rule_packets, twin_packets; /* read later than after_ns */
	uint64_t after_ns, since_ns, change_ns; /* change_ns 0: no change */
	struct mirror_told mirror;
	char cause[CHANNEL_CAUSE_MAX]; /* of the change, words */
};

struct channel_finding {
	char subject[CHANNEL_NAME_MAX], detail[CHANNEL_TEXT_MAX]; /* "": over */
	uint64_t at_ns; /* since then; 0: when it is written */
};

struct channel_msg {
	uint32_t kind; /* enum channel_kind */
	union {
		struct channel_network network;
		struct channel_container container;
		struct channel_endpoint endpoint;
		struct channel_port port;
		struct channel_disconnected disconnected;
		struct channel_rule rule;
		struct channel_twin twin;
		struct channel_finding finding;
		struct channel_probe probe;
		struct checkpoint checkpoint; /* asked: without key */
	} u;
};

#endif
