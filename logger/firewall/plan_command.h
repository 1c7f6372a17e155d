/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bridgeauditd --plan. */
#ifndef BRIDGEAUDIT_LOGGER_FIREWALL_PLAN_COMMAND_H
#define BRIDGEAUDIT_LOGGER_FIREWALL_PLAN_COMMAND_H

#include <stdint.h>

/*
 * Reads iptables-save text from stdin and writes the edits to stdout, as
 * iptables-restore --noflush takes them; problems to stderr. Changes nothing.
 * Returns the exit code.
 */
int plan_command(int family, unsigned int profile, uint16_t group);

#endif
