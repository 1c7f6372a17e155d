// SPDX-License-Identifier: GPL-2.0-or-later
/* From the JSON of GET /networks/docker_gwbridge to endpoints. */
#include "logger/docker/gateway.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "lib/text.h"
#include "logger/docker/container.h"
#include "logger/docker/doc.h"

enum { ADDRESS_MAX = 64 };

/* "172.18.0.3/16"; "" and a missing one are none. 0 or -EBADMSG. */
static int read_addr(const json_t *object, const char *key, int af,
		     uint8_t *addr, bool *ret_given)
{
	const char *text = "";
	char bare[ADDRESS_MAX];

	if (doc_text(object, key, &text) == -EBADMSG ||
	    str_copy(bare, sizeof(bare), text))
		return -EBADMSG;
	bare[strcspn(bare, "/")] = '\0';
	*ret_given = *bare != '\0';
	return *bare && inet_pton(af, bare, addr) != 1 ? -EBADMSG : 0;
}

static int read_endpoint(const json_t *object, struct docker_endpoint *ret)
{
	if (read_addr(object, "IPv4Address", AF_INET, ret->ip4, &ret->has_ip4) <
		    0 ||
	    read_addr(object, "IPv6Address", AF_INET6, ret->ip6,
		      &ret->has_ip6) < 0)
		return -EBADMSG;
	return container_read_mac(object, ret);
}

static void take(struct gateway_rows *rows, const char *network,
		 const char *container, const json_t *object)
{
	struct docker_endpoint ep = { 0 };

	if (!container_is_id(container))
		return;
	if (rows->n == GATEWAY_MAX || read_endpoint(object, &ep) < 0) {
		rows->skipped++;
		return;
	}
	if (!ep.has_ip4 && !ep.has_ip6)
		return;
	str_copy(ep.network_id, sizeof(ep.network_id), network);
	str_copy(ep.container_id, sizeof(ep.container_id), container);
	rows->list[rows->n++] = ep;
}

int gateway_parse(char *body, size_t len, struct gateway_rows *ret)
{
	json_t *root = doc_load(body, len);
	json_t *containers = json_object_get(root, "Containers"), *value;
	const char *id, *key;
	int r = -EBADMSG;

	ret->n = ret->skipped = 0;
	if (doc_text(root, "Id", &id) < 0 || strlen(id) >= DOCKER_ID_MAX)
		goto out;
	json_object_foreach(containers, key, value) take(ret, id, key, value);
	r = 0;
out:
	json_decref(root);
	return r;
}

static const struct docker_endpoint *find(const struct gateway_rows *rows,
					  const char *container)
{
	for (size_t i = 0; i < rows->n; i++)
		if (strcmp(rows->list[i].container_id, container) == 0)
			return &rows->list[i];
	return NULL;
}

/* Somebody may have connected it there by hand: then the list has it. */
static bool is_there(const struct docker_endpoint *endpoints, size_t n,
		     const struct docker_endpoint *ep)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(endpoints[i].network_id, ep->network_id) == 0)
			return true;
	return false;
}

bool gateway_add(const struct gateway_rows *rows,
		 const struct docker_container *containers, size_t n_containers,
		 struct docker_endpoint *endpoints, size_t max, size_t *n)
{
	size_t at = 0;

	/* one may have begun, or ended, between the two answers */
	for (size_t i = 0; i < n_containers; i++) {
		const char *id = containers[i].id;
		const struct docker_endpoint *row = find(rows, id);
		size_t first = at;

		while (at < *n && strcmp(endpoints[at].container_id, id) == 0)
			at++;
		if (!row || is_there(endpoints + first, at - first, row))
			continue;
		if (*n == max)
			return false;
		memmove(endpoints + at + 1, endpoints + at,
			(*n - at) * sizeof(*endpoints));
		endpoints[at++] = *row;
		++*n;
	}
	return true;
}
