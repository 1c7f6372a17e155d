/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the recorder is told of Docker. Texts are as Docker has them. */
#ifndef BRIDGEAUDIT_LOGGER_MESSAGE_DOCKER_H
#define BRIDGEAUDIT_LOGGER_MESSAGE_DOCKER_H

#include <stdbool.h>
#include <stdint.h>

enum { CHANNEL_NAME_MAX = 256, CHANNEL_IFNAME_MAX = 16 };
enum { CHANNEL_DOCKER_ID_MAX = 65, CHANNEL_LABEL_MAX = 128 };
enum { CHANNEL_TEXT_MAX = 512, CHANNEL_CAUSE_MAX = 128 };
enum { CHANNEL_CHAIN_MAX = 64, CHANNEL_RULE_MAX = 1024 };

struct channel_network {
	char docker_id[CHANNEL_DOCKER_ID_MAX], name[CHANNEL_NAME_MAX];
	char bridge[CHANNEL_IFNAME_MAX];
	bool internal;
	uint64_t created_ns;
};

struct channel_container {
	char docker_id[CHANNEL_DOCKER_ID_MAX];
	char name[CHANNEL_NAME_MAX], image[CHANNEL_NAME_MAX];
	char project[CHANNEL_LABEL_MAX], service[CHANNEL_LABEL_MAX];
};

struct channel_endpoint {
	char network_id[CHANNEL_DOCKER_ID_MAX]; /* Docker's */
	uint8_t ip4[4], ip6[16], mac[6];
	bool has_ip4, has_ip6, has_mac;
	uint64_t since_ns; /* 0: before the keeper listened */
};

struct channel_port {
	char container_id[CHANNEL_DOCKER_ID_MAX];
	char network_id[CHANNEL_DOCKER_ID_MAX]; /* Docker's */
	uint32_t ifindex; /* behind which it is; 0: not known any more */
};

struct channel_disconnected {
	char container_id[CHANNEL_DOCKER_ID_MAX];
	char network_id[CHANNEL_DOCKER_ID_MAX]; /* Docker's */
	uint64_t at_ns;
};

#endif
