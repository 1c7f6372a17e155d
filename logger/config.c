// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keys and values to struct config, from the file or from options: one table
 * of keys, so that both mean the same and are refused in the same words.
 */
#include "logger/config.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/db.h"
#include "lib/text.h"
#include "logger/capture.h"
#include "logger/privilege.h"
#include "logger/rules/profile.h"

const struct config config_default = {
	.db = DB_PATH_DEFAULT,
	.docker_socket = "/var/run/docker.sock",
	.user = PRIVILEGE_USER_DEFAULT,
	.nflog_group = CAPTURE_GROUP_DEFAULT,
	.profile = PROFILE_DEFAULT,
};

static int set_path(char *to, const char *value, char *error)
{
	if (*value && strlen(value) < CONFIG_PATH_MAX) {
		str_copy(to, CONFIG_PATH_MAX, value);
		return 0;
	}
	snprintf(error, CONFFILE_ERROR_MAX, "'%.64s': a path is needed", value);
	return -EINVAL;
}

static int set_db(struct config *cfg, const char *value, char *error)
{
	return set_path(cfg->db, value, error);
}

static int set_docker_socket(struct config *cfg, const char *value, char *error)
{
	return set_path(cfg->docker_socket, value, error);
}

static int set_user(struct config *cfg, const char *value, char *error)
{
	if (*value && strlen(value) < sizeof(cfg->user)) {
		str_copy(cfg->user, sizeof(cfg->user), value);
		return 0;
	}
	snprintf(error, CONFFILE_ERROR_MAX, "'%.64s': a name is needed", value);
	return -EINVAL;
}

static int set_nflog_group(struct config *cfg, const char *value, char *error)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(value, &end, 10);
	if (errno || end == value || *end || *value < '0' || *value > '9' ||
	    n > CAPTURE_GROUP_MAX) {
		snprintf(error, CONFFILE_ERROR_MAX,
			 "'%.64s': a number from 0 to %d is needed", value,
			 CAPTURE_GROUP_MAX);
		return -EINVAL;
	}
	cfg->nflog_group = (unsigned int)n;
	return 0;
}

static int set_profile(struct config *cfg, const char *value, char *error)
{
	char why[PROFILE_ERROR_MAX];
	int r = profile_parse(value, &cfg->profile, why);

	if (r < 0)
		snprintf(error, CONFFILE_ERROR_MAX, "'%.64s': %s", value, why);
	return r;
}

static const struct key {
	const char *name;
	int (*set)(struct config *cfg, const char *value, char *error);
	bool is_path;
} keys[] = {
	{ "db", set_db, true },
	{ "docker_socket", set_docker_socket, true },
	{ "nflog_group", set_nflog_group, false },
	{ "profile", set_profile, false },
	{ "user", set_user, false },
};

static const struct key *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

int config_set(struct config *cfg, const char *key, const char *value,
	       char *error)
{
	const struct key *k = find(key);

	if (k)
		return k->set(cfg, value, error);
	snprintf(error, CONFFILE_ERROR_MAX,
		 "is no key: bridgeaudit.conf(5) has them all");
	return -ENOENT;
}

struct reading {
	struct config cfg;
	bool given[ARRAY_SIZE(keys)];
};

static int take(void *arg, const char *key, const char *value, char *error)
{
	struct reading *rd = arg;
	const struct key *k = find(key);

	if (k && rd->given[k - keys]) {
		snprintf(error, CONFFILE_ERROR_MAX, "is there twice");
		return -EINVAL;
	}
	if (k && k->is_path && *value != '/') {
		snprintf(error, CONFFILE_ERROR_MAX,
			 "'%.64s': a path that begins with '/' is needed",
			 value);
		return -EINVAL;
	}
	if (k)
		rd->given[k - keys] = true;
	return config_set(&rd->cfg, key, value, error);
}

int config_read(struct config *cfg, const char *path, char *error)
{
	struct reading rd = { .cfg = *cfg };
	int r = conffile_read(path, take, &rd, error);

	if (r == 0)
		*cfg = rd.cfg;
	return r;
}
