/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of host.c that does no I/O. */
#ifndef BRIDGEAUDIT_LOGGER_DIAGNOSE_HOST_H
#define BRIDGEAUDIT_LOGGER_DIAGNOSE_HOST_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What a docker-proxy carries, "tcp 0.0.0.0 port 80 to 172.17.0.2 port 80",
 * out of its arguments as /proc has them: len bytes, each argument ended by a
 * NUL, and a NUL behind all. False when they are not docker-proxy's.
 */
bool diagnose_proxy_text(const char *args, size_t len, char *buf, size_t size);

#endif
