/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keeper's firewall over a real kernel's tables, in a network namespace of
 * its own; programs in front of the real ones as program_bench.h has them.
 */
#ifndef BRIDGEAUDIT_TESTS_UNIT_FIREWALL_WORLD_H
#define BRIDGEAUDIT_TESTS_UNIT_FIREWALL_WORLD_H

#include <stdbool.h>
#include <stddef.h>

#include "logger/firewall/firewall.h"

/* Opens the bench and moves this process into the namespace. Returns -1 when
 * the bench can't be, else 0, and whether there is a world: as root, with nft
 * and iptables-nft, and iptables-legacy where that is asked for. */
int firewall_world_open(bool legacy, bool *ret_allowed);
int firewall_world_close(void **state);

/* Frees and closes what a test had. */
void firewall_world_end(struct firewall **fw, const int channel[2]);

/* How many rules of our own table there are. */
size_t firewall_world_counters(void);

/* For a round in which nothing else is to be done. */
void firewall_world_step(void *arg);

/* Takes the notices that came; what they are about, as nftmon_read() says. */
unsigned int firewall_world_notices(struct firewall *fw);

/* Throws away those that came, as an overrun of their socket does. */
void firewall_world_lose_notices(struct firewall *fw);

/* Leaves room for no more than one notice, until it is wide again: others run
 * over, as the kernel then says. */
void firewall_world_narrow(bool narrow);

/* A command with the variant for each "@", until the next call. */
const char *firewall_world_command(const char *format, const char *variant);

#endif
