/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What bridgeaudit doctor must ask the logger's code and root's powers. */
#ifndef BRIDGEAUDIT_LOGGER_DIAGNOSE_DIAGNOSE_H
#define BRIDGEAUDIT_LOGGER_DIAGNOSE_DIAGNOSE_H

#include <stdio.h>

#include "logger/config.h"

/*
 * Writes facts about this host and its network namespace to out, a line each
 * as soon as it is known. Nothing of the host's is changed, save that the
 * kernel may load modules. Bounded in time: each program, and Docker, gets
 * seconds. Returns an exit code.
 */
int diagnose_run(const struct config *config, FILE *out);

/* Its parts; in their order. */
void diagnose_tools(FILE *out);
void diagnose_firewall(const struct config *config, FILE *out);
void diagnose_host(FILE *out);
void diagnose_docker(const char *socket_path, FILE *out);

#endif
