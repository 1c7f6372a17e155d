/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Docker's own nft tables, "ip" and "ip6 docker-bridges", as nft lists them. */
#ifndef BRIDGEAUDIT_LOGGER_FIREWALL_OWN_DOCKER_H
#define BRIDGEAUDIT_LOGGER_FIREWALL_OWN_DOCKER_H

#include <stdbool.h>
#include <stddef.h>

#include "logger/firewall/nft.h"

enum { OWN_DOCKER_FAMILIES = 2 }; /* 0: IPv4, 1: IPv6 */

struct own_docker {
	bool look; /* there may be tables that we know nothing of */
	bool listed[OWN_DOCKER_FAMILIES]; /* by the last own_docker_read() */
	char *text[OWN_DOCKER_FAMILIES];  /* NULL: no such table */
	size_t len[OWN_DOCKER_FAMILIES];
	char error[OWN_DOCKER_FAMILIES][NFT_RUN_ERROR_MAX]; /* "": none */
	unsigned int wait[OWN_DOCKER_FAMILIES];		    /* full rounds */
	unsigned int missed[OWN_DOCKER_FAMILIES]; /* failures in a row */
};

/* Which of these a notice or the clock asks for. */
struct own_docker_due {
	unsigned int what; /* enum nftmon_what */
	bool all;	   /* a full round: those that are there */
};

/*
 * Lists what is due. When that fails, the last listing goes on standing for
 * the table: too much logged is better than a hole; error then says why.
 */
void own_docker_read(struct own_docker *docker,
		     const struct own_docker_due *due);

void own_docker_clear(struct own_docker *docker);

/* How many full rounds to wait after one more failure; it may be a hang. */
unsigned int own_docker_back_off(unsigned int *failures);

/* What a change of that family's table is to the notices. */
unsigned int own_docker_bit(int i);

#endif
