/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether this kernel can log packets to us at all. */
#ifndef BRIDGEAUDIT_LOGGER_KERNEL_H
#define BRIDGEAUDIT_LOGGER_KERNEL_H

#include "logger/firewall/iptables.h"

enum { KERNEL_ERROR_MAX = IPTABLES_ERROR_MAX + 256 };

/*
 * Sends one packet through one NFLOG rule, made by that iptables (of IPv4), in
 * a network namespace that exists for this only, and waits for it on a socket.
 * When that fails it tries modprobe and sends once more. Returns 0; else
 * -ENOTSUP with the module or sysctl that is missing in error
 * [KERNEL_ERROR_MAX], or another -errno. Needs CAP_SYS_ADMIN.
 */
int kernel_check(const struct iptables *ipt, char *error);

#endif
