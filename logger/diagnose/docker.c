// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Asks the engine three questions and gives each a few seconds: an engine that
 * is dead or hangs is an answer as well. Names are everybody's: bounded here,
 * and never trusted further on.
 */
#include "logger/diagnose/docker.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "lib/text.h"
#include "logger/clock.h"
#include "logger/diagnose/diagnose.h"
#include "logger/diagnose/fact.h"
#include "logger/docker/client.h"
#include "logger/docker/doc.h"

enum { ANSWER_TIMEOUT_MS = 5000 };

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = NULL;

	return doc_text(object, key, &text) == 0 ? text : NULL;
}

static bool is_rootless(const json_t *info)
{
	const json_t *options = json_object_get(info, "SecurityOptions");
	const json_t *option;
	size_t i;

	json_array_foreach(options, i, option)
	{
		const char *text = json_string_value(option);

		if (text && strncmp(text, "name=rootless", 13) == 0)
			return true;
	}
	return false;
}

json_t *diagnose_docker_info(char *body, size_t len)
{
	json_t *root = doc_load(body, len);
	const char *version = text_of(root, "ServerVersion");
	const char *backend =
		text_of(json_object_get(root, "FirewallBackend"), "Driver");
	json_t *fact = NULL;

	if (version)
		fact = json_pack("{s:o*, s:o*, s:b}", "version",
				 fact_text(version), "backend",
				 fact_text(backend), "rootless",
				 is_rootless(root));
	json_decref(root);
	return fact;
}

/* Names with their exact count. */
static json_t *new_list(void)
{
	return json_pack("{s:i, s:[]}", "count", 0, "names");
}

static void add_name(json_t *list, const char *name)
{
	json_t *names = json_object_get(list, "names");
	json_int_t count =
		json_integer_value(json_object_get(list, "count")) + 1;

	json_object_set_new(list, "count", json_integer(count));
	if (json_array_size(names) < FACT_NAMES_MAX)
		json_array_append_new(names, fact_text(name ? name : "?"));
}

json_t *diagnose_docker_networks(char *body, size_t len)
{
	static const char *const drivers[] = { "bridge", "macvlan", "ipvlan",
					       "overlay" };
	json_t *root = doc_load(body, len);
	const json_t *network;
	json_t *fact;
	size_t i;

	if (!json_is_array(root)) {
		json_decref(root);
		return NULL;
	}
	fact = json_pack("{s:o}", "ipv6", new_list());
	for (size_t d = 0; d < ARRAY_SIZE(drivers); d++)
		json_object_set_new(fact, drivers[d], new_list());
	json_array_foreach(root, i, network)
	{
		const char *driver = text_of(network, "Driver");
		const char *name = text_of(network, "Name");
		bool ipv6 = false;

		for (size_t d = 0; driver && d < ARRAY_SIZE(drivers); d++)
			if (strcmp(driver, drivers[d]) == 0)
				add_name(json_object_get(fact, driver), name);
		if (driver && strcmp(driver, "bridge") == 0 &&
		    doc_flag(network, "EnableIPv6", &ipv6) == 0 && ipv6)
			add_name(json_object_get(fact, "ipv6"), name);
	}
	json_decref(root);
	return fact;
}

/* "/web" is how Docker writes a container's name. */
static const char *container_name(const json_t *container)
{
	const json_t *names = json_object_get(container, "Names");
	const char *name = json_string_value(json_array_get(names, 0));

	return name && *name == '/' ? name + 1 : name;
}

json_t *diagnose_docker_containers(char *body, size_t len)
{
	json_t *root = doc_load(body, len);
	const json_t *container;
	json_t *list;
	size_t i;

	if (!json_is_array(root)) {
		json_decref(root);
		return NULL;
	}
	list = new_list();
	json_array_foreach(root, i, container)
	{
		const char *mode =
			text_of(json_object_get(container, "HostConfig"),
				"NetworkMode");

		if (mode && strcmp(mode, "host") == 0)
			add_name(list, container_name(container));
	}
	json_decref(root);
	return json_pack("{s:o}", "host", list);
}

static bool no_stream(void *arg, const char *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return false;
}

static void tell_state(FILE *out, const char *socket_path, const char *state,
		       const char *detail)
{
	fact_write(out, "docker",
		   json_pack("{s:o, s:s, s:o*}", "socket",
			     fact_text(socket_path), "state", state, "detail",
			     fact_text(detail)));
}

/* One question; whether another is worth it. */
static bool ask(FILE *out, struct client *client, const char *socket_path,
		const char *path, const char *kind,
		json_t *(*parse)(char *body, size_t len))
{
	uint64_t deadline = clock_ms() + ANSWER_TIMEOUT_MS;
	struct client_result result = { 0 };
	json_t *fact;
	int r = client_start(client, CLIENT_REQUEST, path);
	bool done = false;

	while (r == 0 && !done && clock_ms() < deadline) {
		uint64_t now = clock_ms();

		r = client_wait(client, NULL, 0,
				deadline > now ? (int)(deadline - now) : 0);
		done = client_result(client, CLIENT_REQUEST, &result);
	}
	if (!done) {
		client_stop(client, CLIENT_REQUEST);
		tell_state(out, socket_path, "silent",
			   r < 0 ? strerror(-r) : path);
		return false;
	}
	if (result.end != CLIENT_OK) {
		tell_state(out, socket_path, "failed", result.why);
		return false;
	}
	fact = parse(result.body, result.len);
	if (!fact) {
		tell_state(out, socket_path, "nonsense", path);
		return false;
	}
	fact_write(out, kind, fact);
	return true;
}

void diagnose_docker(const char *socket_path, FILE *out)
{
	struct client *client = NULL;
	int r;

	if (access(socket_path, R_OK | W_OK) < 0) {
		r = errno;
		tell_state(out, socket_path,
			   r == EACCES	 ? "denied"
			   : r == ENOENT ? "absent"
					 : "failed",
			   strerror(r));
		return;
	}
	r = client_new(socket_path, no_stream, NULL, &client);
	if (r < 0) {
		tell_state(out, socket_path, "failed", strerror(-r));
		return;
	}
	if (ask(out, client, socket_path, "/info", "docker_info",
		diagnose_docker_info) &&
	    ask(out, client, socket_path, "/networks", "docker_networks",
		diagnose_docker_networks) &&
	    ask(out, client, socket_path, "/containers/json",
		"docker_containers", diagnose_docker_containers))
		tell_state(out, socket_path, "up", NULL);
	client_free(client);
}
