/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line, over the configuration file, over the defaults. */
#ifndef BRIDGEAUDIT_LOGGER_OPTIONS_H
#define BRIDGEAUDIT_LOGGER_OPTIONS_H

#include <stdbool.h>

#include "logger/config.h"

struct options {
	enum {
		ACTION_RUN,
		ACTION_PLAN,
		ACTION_REMOVE_RULES,
		ACTION_CHECK_CONFIG,
		ACTION_PROBE,
	} action;
	struct config config;	 /* its paths are absolute */
	const char *config_path; /* what was read; NULL: there was no file */
	bool foreground;
	bool ipv6; /* the ruleset of --plan */
};

/*
 * Returns -1 and the options, or the exit code to end with at once: help was
 * printed, or something is wrong and was said.
 */
int options_parse(int argc, char **argv, struct options *ret);

#endif
