// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From the JSON of GET /containers/json to fixed-size rows: who a container
 * is, and which addresses it has in which network. What is not understood is
 * skipped and named: never a guess, never a wrong row. Labels are text that
 * whoever starts a container wrote: cut to size here, escaped when printed.
 */
#include "logger/docker/container.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ether.h>
#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "logger/docker/doc.h"

enum { WHY_NAME_MAX = 96 /* of a container's name in why */ };

struct reading {
	const struct container_rows *rows;
	struct container_scan scan;
};

bool container_is_id(const char *text)
{
	return strlen(text) == DOCKER_ID_MAX - 1 &&
	       strspn(text, "0123456789abcdef") == DOCKER_ID_MAX - 1;
}

/* The name in Names that has no link's second '/': "/web", not "/db/web". */
static const char *find_name(const json_t *object)
{
	const json_t *names = json_object_get(object, "Names");
	const json_t *name;
	size_t i;

	json_array_foreach(names, i, name)
	{
		const char *text = json_string_value(name);

		if (text && text[0] == '/' && text[1] != '\0' &&
		    !strchr(text + 1, '/'))
			return text + 1;
	}
	return NULL;
}

/* A label, "" when there is none. */
static const char *label(const json_t *labels, const char *key)
{
	const char *text = json_string_value(json_object_get(labels, key));

	return text ? text : "";
}

static void read_labels(const json_t *object, struct docker_container *ret)
{
	const json_t *labels = json_object_get(object, "Labels");

	str_copy(ret->project, sizeof(ret->project),
		 label(labels, "com.docker.compose.project"));
	str_copy(ret->service, sizeof(ret->service),
		 label(labels, "com.docker.compose.service"));
	if (!*ret->service)
		str_copy(ret->service, sizeof(ret->service),
			 label(labels, "com.docker.swarm.service.name"));
	if (!*ret->project)
		str_copy(ret->project, sizeof(ret->project),
			 label(labels, "com.docker.stack.namespace"));
}

/* Returns NULL with *ret, or what is wrong with it. */
static const char *read_container(const json_t *object,
				  struct docker_container *ret)
{
	const char *name = find_name(object);
	const char *id, *image = "";

	if (doc_text(object, "Id", &id) < 0 || !container_is_id(id))
		return "Id is missing or no identifier";
	if (!name)
		return "Names has no name";
	if (doc_text(object, "Image", &image) == -EBADMSG)
		return "Image is no text";
	str_copy(ret->id, sizeof(ret->id), id);
	str_copy(ret->name, sizeof(ret->name), name);
	str_copy(ret->image, sizeof(ret->image), image);
	read_labels(object, ret);
	return NULL;
}

/* An address in text; "" and a missing one are none. 0 or -EBADMSG. */
static int read_addr(const json_t *object, const char *key, int af,
		     uint8_t *addr, bool *ret_given)
{
	const char *text = "";

	if (doc_text(object, key, &text) == -EBADMSG)
		return -EBADMSG;
	if (*text && inet_pton(af, text, addr) != 1)
		return -EBADMSG;
	*ret_given = *text != '\0';
	return 0;
}

int container_read_mac(const json_t *object, struct docker_endpoint *ret)
{
	const char *text = "";
	struct ether_addr mac;

	if (doc_text(object, "MacAddress", &text) == -EBADMSG)
		return -EBADMSG;
	if (!*text)
		return 0;
	if (!ether_aton_r(text, &mac))
		return -EBADMSG;
	memcpy(ret->mac, mac.ether_addr_octet, sizeof(ret->mac));
	ret->has_mac = true;
	return 0;
}

/* Returns NULL with *ret, or what is wrong with it. */
static const char *read_endpoint(const json_t *object,
				 struct docker_endpoint *ret)
{
	const char *network = "";

	if (doc_text(object, "NetworkID", &network) == -EBADMSG ||
	    strlen(network) >= sizeof(ret->network_id))
		return "an endpoint's NetworkID is no identifier";
	str_copy(ret->network_id, sizeof(ret->network_id), network);
	if (read_addr(object, "IPAddress", AF_INET, ret->ip4, &ret->has_ip4) <
	    0)
		return "an endpoint's IPAddress is no address";
	if (read_addr(object, "GlobalIPv6Address", AF_INET6, ret->ip6,
		      &ret->has_ip6) < 0)
		return "an endpoint's GlobalIPv6Address is no address";
	if (container_read_mac(object, ret) < 0)
		return "an endpoint's MacAddress is no address";
	return NULL;
}

static void skip(struct container_scan *scan, const char *name,
		 const char *wrong)
{
	char shown[WHY_NAME_MAX];

	if (scan->skipped++ > 0)
		return;
	snprintf(scan->why, sizeof(scan->why), "container '%s': %s",
		 str_escape(shown, sizeof(shown), name), wrong);
}

static void take_endpoints(struct reading *reading, const json_t *object,
			   const struct docker_container *container)
{
	const json_t *settings = json_object_get(object, "NetworkSettings");
	json_t *networks = json_object_get(settings, "Networks");
	struct container_scan *scan = &reading->scan;
	const char *key;
	json_t *value;

	json_object_foreach(networks, key, value)
	{
		struct docker_endpoint ep = { 0 };
		const char *wrong = read_endpoint(value, &ep);

		if (wrong) {
			skip(scan, container->name, wrong);
			continue;
		}
		if (!*ep.network_id || (!ep.has_ip4 && !ep.has_ip6))
			continue;
		if (scan->n_endpoints == reading->rows->endpoints_max) {
			scan->truncated = true;
			return;
		}
		str_copy(ep.container_id, sizeof(ep.container_id),
			 container->id);
		reading->rows->endpoints[scan->n_endpoints++] = ep;
	}
}

/* object is NULL when it could not be loaded. */
static void take(void *arg, const json_t *object)
{
	struct reading *reading = arg;
	struct container_scan *scan = &reading->scan;
	struct docker_container container = { 0 };
	const char *wrong =
		object ? read_container(object, &container) : "not JSON";

	if (wrong) {
		const char *name = find_name(object);

		skip(scan, name ? name : "?", wrong);
		return;
	}
	if (scan->n == reading->rows->max) {
		scan->truncated = true;
		return;
	}
	reading->rows->list[scan->n++] = container;
	take_endpoints(reading, object, &container);
}

int container_parse(char *body, size_t len, const struct container_rows *rows,
		    struct container_scan *ret_scan)
{
	struct reading reading = { .rows = rows };
	size_t at = 0;
	int r;

	r = doc_each_object(body, len, take, &reading, &at);
	if (r < 0)
		snprintf(ret_scan->why, sizeof(ret_scan->why),
			 "no list of containers at byte %zu of %zu", at, len);
	else
		*ret_scan = reading.scan;
	return r;
}
