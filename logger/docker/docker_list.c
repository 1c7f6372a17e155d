// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The lists of networks and containers, and who is on docker_gwbridge: when
 * each is asked for, and its rows to the ops.
 */
#include <stdio.h>
#include <string.h>

#include "logger/docker/container.h"
#include "logger/docker/docker_list.h"
#include "logger/docker/network.h"

enum {
	/*
	 * The engine sends the header of the event stream before it subscribes
	 * (getEvents in api/server/router/system/system_routes.go), so what
	 * happens in between is in neither: ask once more soon after.
	 */
	SETTLE_MS = 1000,
	/* The list of containers costs the engine time that grows with their
	 * number: at most every fifth moment that we wait goes into it. What
	 * the keeper does between two waits says nothing about the engine. */
	CONTAINERS_REST = 4,
	REST_MAX_MS = 5000, /* a name must not be later than that */
	LACKED_MS = 50, /* times 4, 16, 64: to ask who is not in a list yet */
};

static const struct {
	const char *path;
	enum source source;
} lists[LISTS] = {
	[LIST_NETWORKS] = { "/networks", SOURCE_LIST },
	[LIST_CONTAINERS] = { "/containers/json", SOURCE_CONTAINERS },
	[LIST_GATEWAY] = { "/networks/" GATEWAY_NAME, SOURCE_GATEWAY },
};

void docker_list_start(struct docker *d, uint64_t now_ms)
{
	for (size_t i = 0; i < LISTS; i++) {
		d->list_due_ms[i] = now_ms;
		d->settled[i] = false;
	}
	d->has_gateway = d->asked_gateway = false;
}

/* Of the containers, or before that for the gateway that was refused. */
static uint64_t containers_due_ms(const struct docker *d)
{
	return d->list_due_ms[LIST_GATEWAY] < d->list_due_ms[LIST_CONTAINERS]
		       ? d->list_due_ms[LIST_GATEWAY]
		       : d->list_due_ms[LIST_CONTAINERS];
}

/* The list that is due first; networks before the containers in them. */
static enum list next_list(const struct docker *d)
{
	return containers_due_ms(d) < d->list_due_ms[LIST_NETWORKS]
		       ? LIST_CONTAINERS
		       : LIST_NETWORKS;
}

uint64_t docker_list_due_ms(const struct docker *d)
{
	return next_list(d) == LIST_CONTAINERS ? containers_due_ms(d)
					       : d->list_due_ms[LIST_NETWORKS];
}

const char *docker_list_ask(struct docker *d, uint64_t now_ms)
{
	d->asked = next_list(d);
	if (d->asked == LIST_CONTAINERS && !d->asked_gateway) {
		d->waited_ms = 0;
		d->list_due_ms[LIST_GATEWAY] = UINT64_MAX;
		if (d->has_gateway) {
			d->asked = LIST_GATEWAY;
			d->asked_gateway = true;
			d->knows_gateway = false;
			docker_list_by(d, LIST_CONTAINERS, now_ms);
			return lists[d->asked].path;
		}
	}
	d->list_due_ms[d->asked] = now_ms + POLL_MS;
	return lists[d->asked].path;
}

void docker_list_by(struct docker *d, enum list list, uint64_t due_ms)
{
	if (d->list_due_ms[list] > due_ms)
		d->list_due_ms[list] = due_ms;
}

void docker_list_news(struct docker *d, uint64_t now_ms,
		      const struct events_news *news)
{
	if (news->networks)
		d->list_due_ms[LIST_NETWORKS] = now_ms;
	if (news->containers)
		docker_list_by(d, LIST_CONTAINERS,
			       d->rest_ms > now_ms ? d->rest_ms : now_ms);
}

/* why: of the first of those that were skipped; truncated: others had no room
 */
static void report_skipped(struct docker *d, enum source source,
			   const char *path, size_t skipped, const char *why,
			   bool truncated)
{
	char text[TEXT_MAX];

	if (skipped == 0 && !truncated) {
		docker_report_fine(d, source);
		return;
	}
	if (skipped > 0)
		snprintf(text, sizeof(text),
			 "GET %s: %zu not understood, the first: %s", path,
			 skipped, why);
	else
		snprintf(
			text, sizeof(text),
			"GET %s: more than there is room for, the last of them "
			"are not known",
			path);
	docker_report_nonsense(d, source, text);
}

/* A list that is none is as good as a refusal. */
static void refuse_list(struct client_result *result, const char *path,
			const char *why)
{
	result->end = CLIENT_STATUS;
	snprintf(result->why, sizeof(result->why), "GET %s: %s", path, why);
}

static bool has_gateway(const struct docker_network *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].name, GATEWAY_NAME) == 0)
			return true;
	return false;
}

static void take_networks(struct docker *d, struct client_result *result)
{
	const char *path = lists[LIST_NETWORKS].path;
	struct network_scan scan = { 0 };

	if (network_parse(result->body, result->len, d->networks,
			  DOCKER_NETWORKS_MAX, &scan) < 0) {
		refuse_list(result, path, scan.why);
		return;
	}
	report_skipped(d, SOURCE_NETWORK, path, scan.skipped, scan.why,
		       scan.truncated);
	d->has_gateway = has_gateway(d->networks, scan.n);
	d->ops->networks(d->arg, d->networks, scan.n,
			 scan.skipped == 0 && !scan.truncated);
}

static void take_gateway(struct docker *d, struct client_result *result)
{
	const char *path = lists[LIST_GATEWAY].path;

	if (gateway_parse(result->body, result->len, &d->gateway) < 0) {
		refuse_list(result, path, "the answer is no network");
		return;
	}
	report_skipped(d, SOURCE_GATEWAY_ENDPOINT, path, d->gateway.skipped,
		       "no endpoint, or one too many", false);
	d->knows_gateway = d->gateway.skipped == 0;
}

/* Of who is on the gateway as well; whether that is all of them. */
static bool add_gateway(struct docker *d, struct container_scan *scan)
{
	if (!d->has_gateway)
		return true;
	return d->asked_gateway && d->knows_gateway &&
	       gateway_add(&d->gateway, d->containers, scan->n, d->endpoints,
			   DOCKER_ENDPOINTS_MAX, &scan->n_endpoints);
}

static uint64_t rest_of(const struct docker *d)
{
	uint64_t ms = CONTAINERS_REST * d->waited_ms;

	return ms < REST_MAX_MS ? ms : REST_MAX_MS;
}

static void take_containers(struct docker *d, uint64_t now_ms,
			    struct client_result *result)
{
	const struct container_rows rows = {
		.list = d->containers,
		.max = DOCKER_CONTAINERS_MAX,
		.endpoints = d->endpoints,
		.endpoints_max = DOCKER_ENDPOINTS_MAX,
	};
	const char *path = lists[LIST_CONTAINERS].path;
	struct container_scan scan = { 0 };
	unsigned int lacked;
	bool whole;

	if (container_parse(result->body, result->len, &rows, &scan) < 0) {
		refuse_list(result, path, scan.why);
		return;
	}
	report_skipped(d, SOURCE_CONTAINER, path, scan.skipped, scan.why,
		       scan.truncated);
	lacked = connects_apply(&d->connects, d->endpoints, scan.n_endpoints);
	d->rest_ms = now_ms + rest_of(d);
	if (lacked > 0)
		docker_list_by(d, LIST_CONTAINERS,
			       d->rest_ms +
				       ((uint64_t)LACKED_MS << 2 * lacked));
	whole = add_gateway(d, &scan) && scan.skipped == 0 && !scan.truncated;
	d->ops->containers(d->arg, d->containers, scan.n, d->endpoints,
			   scan.n_endpoints, whole);
}

void docker_list_take(struct docker *d, uint64_t now_ms,
		      struct client_result *result)
{
	enum list list = d->asked;

	if (result->end == CLIENT_OK && list == LIST_NETWORKS)
		take_networks(d, result);
	else if (result->end == CLIENT_OK && list == LIST_GATEWAY)
		take_gateway(d, result);
	else if (result->end == CLIENT_OK)
		take_containers(d, now_ms, result);
	if (list == LIST_CONTAINERS)
		d->asked_gateway = false;
	if (result->end != CLIENT_OK) {
		docker_refuse(d, now_ms, lists[list].source, result);
		return;
	}
	docker_report_fine(d, lists[list].source);
	docker_tell_standing(d);
	if (!d->settled[list] && list != LIST_GATEWAY)
		docker_list_by(d, list, now_ms + SETTLE_MS);
	d->settled[list] = true;
}
