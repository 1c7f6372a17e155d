/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Docker's networks, containers and endpoints in fixed size. Data only. */
#ifndef BRIDGEAUDIT_LOGGER_DOCKER_ROWS_H
#define BRIDGEAUDIT_LOGGER_DOCKER_ROWS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	DOCKER_ID_MAX = 65,
	DOCKER_NAME_MAX = 256,
	DOCKER_BRIDGE_MAX = 16,
	DOCKER_NETWORKS_MAX = 4096,
	DOCKER_CONTAINERS_MAX = 4096,
	DOCKER_ENDPOINTS_MAX = 8192,
	DOCKER_LABEL_MAX = 128,
};

/* A network of driver "bridge". name is as Docker has it: escape to print. */
struct docker_network {
	char id[DOCKER_ID_MAX];
	char name[DOCKER_NAME_MAX]; /* cut if longer */
	char bridge[DOCKER_BRIDGE_MAX];
	bool internal;
	bool ipv6;
	uint64_t created_ns; /* since the epoch; 0: unknown */
};

/* A container that runs. Texts are as Docker has them, cut if longer. */
struct docker_container {
	char id[DOCKER_ID_MAX];
	char name[DOCKER_NAME_MAX];
	char image[DOCKER_NAME_MAX];
	char project[DOCKER_LABEL_MAX]; /* compose project or stack, or "" */
	char service[DOCKER_LABEL_MAX]; /* compose or swarm service, or "" */
};

/* A container's place in a network; addresses are in network order. */
struct docker_endpoint {
	char container_id[DOCKER_ID_MAX];
	char network_id[DOCKER_ID_MAX];
	uint8_t ip4[4];
	uint8_t ip6[16];
	uint8_t mac[6];
	bool has_ip4, has_ip6, has_mac;
	uint64_t since_ns; /* connected; 0: before we listened */
};

#endif
