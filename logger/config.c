// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keys and values to struct config, from the file or from options: one table
 * of keys, so that both mean the same and are refused in the same words.
 */
#include "logger/config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/db.h"
#include "lib/text.h"
#include "logger/capture/capture.h"
#include "logger/privilege.h"
#include "logger/rules/profile.h"

enum { CHECKPOINT_MINUTES_MAX = 1440 };
enum { RETAIN_DAYS_MAX = 36500, RETAIN_SIZE_MIN = 16 << 20 };
enum { PROBE_EVERY_MIN_S = 10, PROBE_EVERY_MAX_S = 366 * 86400 };

const struct config config_default = {
	.db = DB_PATH_DEFAULT,
	.docker_socket = "/var/run/docker.sock",
	.user = PRIVILEGE_USER_DEFAULT,
	.nflog_group = CAPTURE_GROUP_DEFAULT,
	.profile = PROFILE_DEFAULT,
	.checkpoint_minutes = 10,
	.retain_size = 10ULL << 30,
	.record_reads = true,
	.space = { .left_percent = 5,
		   .low = { .act = SPACE_LOG },
		   .full = { .act = SPACE_SUSPEND } },
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

/* A decimal number of at most max and what follows it; false: it is none. */
static bool parse_number(const char *value, uint64_t max, uint64_t *ret,
			 const char **ret_end)
{
	uint64_t n = 0;
	const char *p = value;

	for (; *p >= '0' && *p <= '9'; p++) {
		n = n * 10 + (uint64_t)(*p - '0');
		if (n > max)
			return false;
	}
	*ret = n;
	*ret_end = p;
	return p != value;
}

static int set_checkpoint_command(struct config *cfg, const char *value,
				  char *error)
{
	int r = *value ? courier_check(value, error) : 0;

	if (r == 0)
		str_copy(cfg->checkpoint_command,
			 sizeof(cfg->checkpoint_command), value);
	return r;
}

static int set_checkpoint_minutes(struct config *cfg, const char *value,
				  char *error)
{
	const char *end;
	uint64_t minutes;

	if (parse_number(value, CHECKPOINT_MINUTES_MAX, &minutes, &end) &&
	    !*end) {
		cfg->checkpoint_minutes = (unsigned int)minutes;
		return 0;
	}
	snprintf(error, CONFFILE_ERROR_MAX,
		 "'%.64s': a number of minutes from 0 (only at the end) to %d "
		 "is needed",
		 value, CHECKPOINT_MINUTES_MAX);
	return -EINVAL;
}

static int set_record_reads(struct config *cfg, const char *value, char *error)
{
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0) {
		snprintf(error, CONFFILE_ERROR_MAX,
			 "'%.64s': yes or no is needed", value);
		return -EINVAL;
	}
	cfg->record_reads = *value == 'y';
	return 0;
}

static int set_retain_days(struct config *cfg, const char *value, char *error)
{
	const char *end;
	uint64_t days;

	if (parse_number(value, RETAIN_DAYS_MAX, &days, &end) && !*end) {
		cfg->retain_days = days;
		return 0;
	}
	snprintf(error, CONFFILE_ERROR_MAX,
		 "'%.64s': a number of days from 0 (no limit) to %d is needed",
		 value, RETAIN_DAYS_MAX);
	return -EINVAL;
}

/* "500M", "10G", "1T": bytes in powers of 1024. */
static int set_retain_size(struct config *cfg, const char *value, char *error)
{
	static const char units[] = "KMGT";
	const char *end, *unit;
	uint64_t size;
	bool good = parse_number(value, 1ULL << 20, &size, &end);

	if (good && *end) {
		unit = strchr(units, *end);
		good = unit && !end[1];
		if (good)
			size <<= 10 * (unit - units + 1);
	}
	if (good && (size == 0 || size >= RETAIN_SIZE_MIN)) {
		cfg->retain_size = size;
		return 0;
	}
	snprintf(error, CONFFILE_ERROR_MAX,
		 "'%.64s': a size like 500M or 10G is needed, at least %dM, or "
		 "0 for no limit",
		 value, RETAIN_SIZE_MIN >> 20);
	return -EINVAL;
}

/* "30m", "1h", "1d", or 0. */
static int set_probe_every(struct config *cfg, const char *value, char *error)
{
	static const char units[] = "smhd";
	static const uint64_t seconds[] = { 1, 60, 3600, 86400 };
	const char *end, *unit;
	uint64_t n = 0;
	bool good = parse_number(value, PROBE_EVERY_MAX_S, &n, &end);

	if (good && *end) {
		unit = strchr(units, *end);
		good = unit && !end[1];
		if (good)
			n *= seconds[unit - units];
	} else {
		good = good && n == 0;
	}
	if (good &&
	    (n == 0 || (n >= PROBE_EVERY_MIN_S && n <= PROBE_EVERY_MAX_S))) {
		cfg->probe_every_s = n;
		return 0;
	}
	snprintf(error, CONFFILE_ERROR_MAX,
		 "'%.64s': a span like 30m or 1h is needed, from 10s to 366d, "
		 "or 0 for never",
		 value);
	return -EINVAL;
}

static int set_space_left(struct config *cfg, const char *value, char *error)
{
	return space_parse_left(&cfg->space, value, error);
}

static int set_space_left_action(struct config *cfg, const char *value,
				 char *error)
{
	return space_parse_action(&cfg->space.low, value, error);
}

static int set_disk_full_action(struct config *cfg, const char *value,
				char *error)
{
	return space_parse_action(&cfg->space.full, value, error);
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
	{ "checkpoint_command", set_checkpoint_command, false },
	{ "checkpoint_minutes", set_checkpoint_minutes, false },
	{ "db", set_db, true },
	{ "disk_full_action", set_disk_full_action, false },
	{ "docker_socket", set_docker_socket, true },
	{ "nflog_group", set_nflog_group, false },
	{ "probe_every", set_probe_every, false },
	{ "profile", set_profile, false },
	{ "record_reads", set_record_reads, false },
	{ "retain_days", set_retain_days, false },
	{ "retain_size", set_retain_size, false },
	{ "space_left", set_space_left, false },
	{ "space_left_action", set_space_left_action, false },
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
