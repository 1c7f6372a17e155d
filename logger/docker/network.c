// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From the JSON of GET /networks to fixed-size rows. What is not understood is
 * skipped and named: never a guess, never a wrong row.
 */
#include "logger/docker/network.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "lib/timefmt.h"
#include "logger/docker/doc.h"

enum {
	SWARM_ID_LEN = 25,
	WHY_NAME_MAX = 96,   /* of a network's name in why */
	CONFIGS_MAX = 64,    /* networks that are only a configuration */
	BORROWERS_MAX = 128, /* networks that take over one */
};

/* What a network of swarm scope takes over from a configuration of this host
 * ("--config-from"): the swarm's list, which is the one that is answered, has
 * none of its options (seen with 20.10). */
struct config {
	char name[DOCKER_NAME_MAX];
	char bridge[DOCKER_BRIDGE_MAX]; /* "": Docker's default */
	bool ipv6;
};

struct borrower {
	char config[DOCKER_NAME_MAX];
	size_t at; /* in the list */
};

/*
 * 64 hexadecimal digits; a network of swarm scope has 25 digits in base 36
 * ("docker network create --scope swarm --driver bridge", seen with 20.10).
 */
static bool is_id(const char *id)
{
	size_t len = strlen(id);

	if (len == DOCKER_ID_MAX - 1)
		return strspn(id, "0123456789abcdef") == len;
	return len == SWARM_ID_LEN &&
	       strspn(id, "0123456789abcdefghijklmnopqrstuvwxyz") == len;
}

/* Stricter than the kernel, which takes any byte but blanks, '/' and ':'. */
static bool is_ifname(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len >= DOCKER_BRIDGE_MAX)
		return false;
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (name[i] <= ' ' || name[i] > '~')
			return false;
		if (name[i] == '/' || name[i] == ':')
			return false;
	}
	return true;
}

/* The bridge's name that was asked for, or "". */
static const char *read_bridge(const json_t *object,
			       char ret[DOCKER_BRIDGE_MAX])
{
	const json_t *options = json_object_get(object, "Options");
	const char *name = "";
	int r;

	if (options && !json_is_null(options) && !json_is_object(options))
		return "Options is no object";
	r = doc_text(options, "com.docker.network.bridge.name", &name);
	if (r == -EBADMSG)
		return "the bridge name is no text";
	if (name[0] != '\0' && !is_ifname(name))
		return "the bridge name is no interface name";
	str_copy(ret, DOCKER_BRIDGE_MAX, name);
	return NULL;
}

/* Docker's own default is "br-" and the first 12 digits of the id. */
static void default_bridge(struct docker_network *net)
{
	if (net->bridge[0] == '\0')
		snprintf(net->bridge, sizeof(net->bridge), "br-%.12s", net->id);
}

/* Go's zero time stands for a network that is older than the member. */
static const char *read_created(const json_t *object,
				struct docker_network *net)
{
	const char *created;
	int r = doc_text(object, "Created", &created);

	net->created_ns = 0;
	if (r == -ENOENT)
		return NULL;
	if (r == 0 && strcmp(created, "0001-01-01T00:00:00Z") == 0)
		return NULL;
	if (r < 0 || time_parse_rfc3339(created, &net->created_ns) < 0)
		return "Created is no RFC 3339 time";
	return NULL;
}

/*
 * Reads one network. Returns NULL with *ret, or what is wrong with it.
 * *ret_counts says whether it is a network with a bridge at all.
 */
static const char *read_network(const json_t *object,
				struct docker_network *ret, bool *ret_counts)
{
	const char *driver, *id, *name, *wrong;
	bool config_only;

	*ret_counts = true;
	if (doc_text(object, "Driver", &driver) < 0)
		return "Driver is missing or no text";
	if (doc_flag(object, "ConfigOnly", &config_only) < 0)
		return "ConfigOnly is neither true nor false";
	*ret_counts = strcmp(driver, "bridge") == 0 && !config_only;
	if (!*ret_counts)
		return NULL;
	if (doc_text(object, "Name", &name) < 0 || name[0] == '\0')
		return "Name is missing or no text";
	if (doc_text(object, "Id", &id) < 0 || !is_id(id))
		return "Id is missing or no identifier";
	str_copy(ret->id, sizeof(ret->id), id);
	str_copy(ret->name, sizeof(ret->name), name);
	if (doc_flag(object, "Internal", &ret->internal) < 0)
		return "Internal is neither true nor false";
	if (doc_flag(object, "EnableIPv6", &ret->ipv6) < 0)
		return "EnableIPv6 is neither true nor false";
	wrong = read_bridge(object, ret->bridge);
	if (wrong)
		return wrong;
	return read_created(object, ret);
}

static void skip(struct network_scan *scan, const char *name, const char *wrong)
{
	char shown[WHY_NAME_MAX];

	if (scan->skipped++ > 0)
		return;
	snprintf(scan->why, sizeof(scan->why), "network '%s': %s",
		 str_escape(shown, sizeof(shown), name), wrong);
}

/* Where the rows of a document go. */
struct rows {
	struct docker_network *list;
	size_t max;
	struct network_scan scan;
	struct config configs[CONFIGS_MAX];
	size_t n_configs;
	struct borrower borrowers[BORROWERS_MAX];
	size_t n_borrowers;
};

/* A configuration, if object is one. Returns NULL, or what is wrong with it. */
static const char *take_config(struct rows *rows, const json_t *object)
{
	struct config *config = &rows->configs[rows->n_configs];
	bool config_only = false;
	const char *name, *wrong;

	if (doc_flag(object, "ConfigOnly", &config_only) < 0 || !config_only)
		return NULL;
	if (rows->n_configs == CONFIGS_MAX)
		return "too many networks are only a configuration";
	if (doc_text(object, "Name", &name) < 0 ||
	    strlen(name) >= sizeof(config->name))
		return "Name is missing, too long or no text";
	wrong = read_bridge(object, config->bridge);
	if (wrong)
		return wrong;
	if (doc_flag(object, "EnableIPv6", &config->ipv6) < 0)
		return "EnableIPv6 is neither true nor false";
	str_copy(config->name, sizeof(config->name), name);
	rows->n_configs++;
	return NULL;
}

/* Notes whose configuration the network at that place has, if anybody's. */
static const char *take_borrower(struct rows *rows, const json_t *object,
				 size_t at)
{
	const char *name = "";
	struct borrower *b = &rows->borrowers[rows->n_borrowers];
	int r = doc_text(json_object_get(object, "ConfigFrom"), "Network",
			 &name);

	/* one of this host alone has the options itself */
	if (r < 0 || name[0] == '\0' || rows->list[at].bridge[0] != '\0')
		return NULL;
	if (rows->n_borrowers == BORROWERS_MAX)
		return "too many networks have the configuration of another";
	if (strlen(name) >= sizeof(b->config))
		return "its configuration's name is too long";
	str_copy(b->config, sizeof(b->config), name);
	b->at = at;
	rows->n_borrowers++;
	return NULL;
}

static void apply_configs(struct rows *rows)
{
	for (size_t i = 0; i < rows->n_borrowers; i++) {
		const struct borrower *b = &rows->borrowers[i];
		struct docker_network *net = &rows->list[b->at];

		for (size_t k = 0; k < rows->n_configs; k++) {
			const struct config *config = &rows->configs[k];

			if (strcmp(config->name, b->config) != 0)
				continue;
			str_copy(net->bridge, sizeof(net->bridge),
				 config->bridge);
			net->ipv6 = net->ipv6 || config->ipv6;
		}
	}
	for (size_t i = 0; i < rows->scan.n; i++)
		default_bridge(&rows->list[i]);
}

static void take(void *arg, const json_t *object)
{
	struct rows *rows = arg;
	struct network_scan *scan = &rows->scan;
	struct docker_network net = { 0 };
	const char *name = "?";
	const char *wrong;
	bool counts = false;

	wrong = object ? read_network(object, &net, &counts) : "not JSON";
	if (wrong) {
		(void)doc_text(object, "Name", &name);
		skip(scan, name, wrong);
		return;
	}
	if (counts && scan->n == rows->max) {
		scan->truncated = true;
		return;
	}
	if (counts)
		rows->list[scan->n] = net;
	wrong = counts ? take_borrower(rows, object, scan->n)
		       : take_config(rows, object);
	if (wrong) {
		(void)doc_text(object, "Name", &name);
		skip(scan, name, wrong);
	} else if (counts) {
		scan->n++;
	}
}

static int by_id(const void *a, const void *b)
{
	const struct docker_network *x = a, *y = b;

	return strcmp(x->id, y->id);
}

static int by_bridge(const void *a, const void *b)
{
	const struct docker_network *x = a, *y = b;

	return strcmp(x->bridge, y->bridge);
}

/*
 * Sorts list and takes out all that are equal to another: which of them is
 * right can't be told from here.
 */
static void drop_repeats(struct docker_network *list, struct network_scan *scan,
			 int (*cmp)(const void *, const void *),
			 const char *wrong)
{
	size_t kept = 0;

	if (scan->n == 0)
		return;
	qsort(list, scan->n, sizeof(*list), cmp);
	for (size_t i = 0, end; i < scan->n; i = end) {
		for (end = i + 1; end < scan->n; end++) {
			if (cmp(&list[i], &list[end]) != 0)
				break;
		}
		if (end - i == 1)
			list[kept++] = list[i];
		else
			for (size_t k = i; k < end; k++)
				skip(scan, list[k].name, wrong);
	}
	scan->n = kept;
}

int network_parse(char *body, size_t len, struct docker_network *list,
		  size_t max, struct network_scan *ret_scan)
{
	struct rows rows = { .list = list, .max = max };
	size_t at = 0;
	int r;

	r = doc_each_object(body, len, take, &rows, &at);
	if (r < 0) {
		snprintf(ret_scan->why, sizeof(ret_scan->why),
			 "no list of networks at byte %zu of %zu", at, len);
		return r;
	}
	apply_configs(&rows);
	drop_repeats(list, &rows.scan, by_bridge,
		     "another has the same bridge");
	drop_repeats(list, &rows.scan, by_id, "another has the same id");
	*ret_scan = rows.scan;
	return 0;
}
