/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TLS libraries that libcurl brings, which nobody here has a use for. */
#ifndef BRIDGEAUDIT_LOGGER_DOCKER_TLS_H
#define BRIDGEAUDIT_LOGGER_DOCKER_TLS_H

/*
 * Before curl_global_init(), which sets TLS up whatever it is told: OpenSSL
 * then reads no configuration and makes no tables of algorithms and of errors.
 * TLS still works, without those. Nothing is to be undone.
 */
void tls_leave_out(void);

#endif
