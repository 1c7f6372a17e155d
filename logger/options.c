// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * argv in, struct options out. Two walks over argv: the first finds the
 * configuration file, the second sets what options say over it.
 */
#include "logger/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/db.h"
#include "lib/exitcode.h"
#include "logger/log.h"

static const char usage_text[] =
	"usage: bridgeauditd [--config FILE] [--db FILE] [--docker-socket PATH]\n"
	"                    [--group N] [--probe-every SPAN] [--profile WORDS]\n"
	"                    [--user NAME] [--foreground]\n"
	"       bridgeauditd --check-config [--config FILE]\n"
	"       bridgeauditd --plan [-6] [--group N] [--profile WORDS] < RULES\n"
	"       bridgeauditd --probe [--config FILE]\n"
	"       bridgeauditd --remove-rules [--db FILE]\n"
	"       bridgeauditd --help | --version\n"
	"\n"
	"  --config FILE         settings (" CONFFILE_PATH_DEFAULT ");\n"
	"                        options win over them\n"
	"  --db FILE             the database (" DB_PATH_DEFAULT ")\n"
	"  --docker-socket PATH  Docker's API (/var/run/docker.sock)\n"
	"  --group N             the NFLOG group (4242)\n"
	"  --profile WORDS       what is audited: drops, published (both are the\n"
	"                        default), user, icc, egress, all\n"
	"  --probe-every SPAN    send test packets that often: 30m, 1h (never)\n"
	"  --user NAME           who the recorder runs as (bridgeaudit)\n"
	"  --foreground          stay, and write messages to stderr\n"
	"  --check-config        say whether the settings are right, and end\n"
	"  --plan                print the edits for an iptables-save on stdin\n"
	"  -6                    ... which is ip6tables-save's\n"
	"  --probe               print facts about this host, for doctor\n"
	"  --remove-rules        take out what a killed logger left behind\n";

enum {
	OPT_CHECK_CONFIG = 256,
	OPT_CONFIG,
	OPT_DB,
	OPT_FOREGROUND,
	OPT_GROUP,
	OPT_PLAN,
	OPT_PROBE,
	OPT_PROBE_EVERY,
	OPT_PROFILE,
	OPT_REMOVE,
	OPT_SOCKET,
	OPT_USER,
};

static const struct option longopts[] = {
	{ "check-config", no_argument, NULL, OPT_CHECK_CONFIG },
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "db", required_argument, NULL, OPT_DB },
	{ "docker-socket", required_argument, NULL, OPT_SOCKET },
	{ "foreground", no_argument, NULL, OPT_FOREGROUND },
	{ "group", required_argument, NULL, OPT_GROUP },
	{ "help", no_argument, NULL, 'h' },
	{ "plan", no_argument, NULL, OPT_PLAN },
	{ "probe", no_argument, NULL, OPT_PROBE },
	{ "probe-every", required_argument, NULL, OPT_PROBE_EVERY },
	{ "profile", required_argument, NULL, OPT_PROFILE },
	{ "remove-rules", no_argument, NULL, OPT_REMOVE },
	{ "user", required_argument, NULL, OPT_USER },
	{ "version", no_argument, NULL, 'V' },
	{ 0 }
};

/* Sets a key as the file would, and says what is wrong with the option. */
static int set(struct options *opt, const char *option, const char *key,
	       const char *value)
{
	char error[CONFFILE_ERROR_MAX] = "";

	if (config_set(&opt->config, key, value, error) == 0)
		return -1;
	log_error("%s %s", option, error);
	return EXITCODE_USAGE;
}

/* path, or where it is from here: the working directory will change. */
static int set_path(struct options *opt, const char *option, const char *key,
		    const char *path)
{
	char here[PATH_MAX], absolute[2 * PATH_MAX];

	if (*path == '/' || *path == '\0' || !getcwd(here, sizeof(here)))
		return set(opt, option, key, path);
	snprintf(absolute, sizeof(absolute), "%s/%s", here, path);
	return set(opt, option, key, absolute);
}

/* Returns -1 to go on, else the exit code. */
static int set_option(struct options *opt, int option)
{
	switch (option) {
	case OPT_DB:
		return set_path(opt, "--db", "db", optarg);
	case OPT_SOCKET:
		return set_path(opt, "--docker-socket", "docker_socket",
				optarg);
	case OPT_GROUP:
		return set(opt, "--group", "nflog_group", optarg);
	case OPT_PROFILE:
		return set(opt, "--profile", "profile", optarg);
	case OPT_PROBE_EVERY:
		return set(opt, "--probe-every", "probe_every", optarg);
	case OPT_USER:
		return set(opt, "--user", "user", optarg);
	case OPT_FOREGROUND:
		opt->foreground = true;
		return -1;
	case OPT_CHECK_CONFIG:
		opt->action = ACTION_CHECK_CONFIG;
		return -1;
	case OPT_PLAN:
		opt->action = ACTION_PLAN;
		return -1;
	case OPT_PROBE:
		opt->action = ACTION_PROBE;
		return -1;
	case OPT_REMOVE:
		opt->action = ACTION_REMOVE_RULES;
		return -1;
	case '6':
		opt->ipv6 = true;
		return -1;
	default:
		return -1;
	}
}

/* The first walk: what ends at once, and which file is to be read. */
static int look_for_config(int argc, char **argv, const char **ret_path)
{
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "6hV", longopts, NULL)) != -1) {
		switch (c) {
		case OPT_CONFIG:
			*ret_path = optarg;
			break;
		case 'h':
			fputs(usage_text, stdout);
			return EXITCODE_OK;
		case 'V':
			puts("bridgeauditd " VERSION);
			return EXITCODE_OK;
		case '?':
			fputs(usage_text, stderr);
			return EXITCODE_USAGE;
		default:
			break;
		}
	}
	if (optind == argc)
		return -1;
	log_error("'%s' is not an option", argv[optind]);
	return EXITCODE_USAGE;
}

/* The default file need not be there; one that was named must. */
static int read_config(const char *path, struct options *opt)
{
	char error[CONFFILE_ERROR_MAX] = "";
	int r = config_read(&opt->config, path ? path : CONFFILE_PATH_DEFAULT,
			    error);

	if (r == 0)
		opt->config_path = path ? path : CONFFILE_PATH_DEFAULT;
	if (r == 0 || (r == -ENOENT && !path))
		return -1;
	log_error("%s", error);
	return EXITCODE_USAGE;
}

int options_parse(int argc, char **argv, struct options *ret)
{
	struct options opt = { .config = config_default };
	const char *path = NULL;
	int code = look_for_config(argc, argv, &path);
	int c;

	if (code < 0)
		code = read_config(path, &opt);
	optind = 0; /* glibc: start anew */
	while (code < 0 &&
	       (c = getopt_long(argc, argv, "6hV", longopts, NULL)) != -1)
		code = set_option(&opt, c);
	if (code < 0)
		*ret = opt;
	return code;
}
