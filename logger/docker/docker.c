// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of the connection to the engine: GET /version, then the event
 * stream, then the lists of networks and containers, in this order, so that no
 * change falls between a list and the events. Decides when to ask, to give up
 * and to try again; what is learned goes out through the ops.
 */
#include "logger/docker/docker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/text.h"
#include "logger/docker/api.h"
#include "logger/docker/doc.h"
#include "logger/docker/docker_list.h"

enum {
	BACKOFF_MIN_MS = 250,
	BACKOFF_MAX_MS = 5000,
	ANSWER_TIMEOUT_MS = 10000,
	REFUSED_RETRY_MS = 5000, /* after a list that was refused */
};

_Static_assert((int)CLIENT_EXTRA_MAX == (int)DOCKER_EXTRA_MAX,
	       "both bound the same array");

static bool take_events(void *arg, const char *data, size_t len)
{
	struct docker *d = arg;

	d->stream_error = events_feed(&d->events, data, len, &d->news);
	return d->stream_error == 0;
}

int docker_new(const char *socket_path, const struct docker_ops *ops, void *arg,
	       struct docker **ret_docker)
{
	struct docker *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return -ENOMEM;
	d->ops = ops;
	d->arg = arg;
	d->backoff_ms = BACKOFF_MIN_MS;
	events_init(&d->events);
	r = client_new(socket_path, take_events, d, &d->client);
	if (r < 0) {
		free(d);
		return r;
	}
	*ret_docker = d;
	return 0;
}

void docker_free(struct docker *d)
{
	if (!d)
		return;
	client_free(d->client);
	events_free(&d->events);
	free(d);
}

void docker_report_nonsense(struct docker *d, enum source source,
			    const char *what)
{
	if (*d->nonsense[source])
		return;
	str_copy(d->nonsense[source], TEXT_MAX, what);
	d->ops->nonsense(d->arg, what);
}

void docker_report_fine(struct docker *d, enum source source)
{
	d->nonsense[source][0] = '\0';
}

/* Of events the lists make good. */
void docker_tell_standing(struct docker *d)
{
	size_t i = SOURCE_LIST;

	while (i + 1 < SOURCES && !*d->nonsense[i])
		i++;
	d->ops->standing(d->arg, d->nonsense[i]);
}

/* Gives up the connection. A connection that lasted starts over at once. */
static void go_down(struct docker *d, uint64_t now_ms, const char *why)
{
	if (d->state == STATE_UP && now_ms - d->up_ms >= BACKOFF_MAX_MS)
		d->backoff_ms = BACKOFF_MIN_MS;
	client_stop(d->client, CLIENT_REQUEST);
	client_stop(d->client, CLIENT_STREAM);
	d->state = STATE_DOWN;
	d->due_ms = now_ms + d->backoff_ms;
	d->backoff_ms *= 2;
	if (d->backoff_ms > BACKOFF_MAX_MS)
		d->backoff_ms = BACKOFF_MAX_MS;
	if (d->down_told)
		return;
	d->down_told = true;
	d->ops->down(d->arg, why);
}

static int ask(struct docker *d, enum client_slot slot, const char *path,
	       uint64_t now_ms)
{
	char target[TEXT_MAX];

	d->deadline_ms = now_ms + ANSWER_TIMEOUT_MS;
	if (d->api == 0)
		return client_start(d->client, slot, path);
	snprintf(target, sizeof(target), "/v1.%u%s", d->api, path);
	return client_start(d->client, slot, target);
}

static uint64_t next_due_ms(const struct docker *d)
{
	return d->state == STATE_UP ? docker_list_due_ms(d) : d->due_ms;
}

/* Starts what is due. Never more than one request is under way. */
static int start_due(struct docker *d, uint64_t now_ms)
{
	if (now_ms < next_due_ms(d) || client_busy(d->client, CLIENT_REQUEST))
		return 0;
	switch (d->state) {
	case STATE_DOWN:
		d->state = STATE_VERSION;
		d->api = 0;
		return ask(d, CLIENT_REQUEST, "/version", now_ms);
	case STATE_UP:
		return ask(d, CLIENT_REQUEST, docker_list_ask(d, now_ms),
			   now_ms);
	case STATE_VERSION:
	case STATE_EVENTS:
		break;
	}
	return 0;
}

/* Whether somebody owes us an answer by deadline_ms. */
static bool is_waiting(const struct docker *d)
{
	return d->state == STATE_EVENTS ||
	       client_busy(d->client, CLIENT_REQUEST);
}

/* timeout_ms, or less when something of ours is due before. */
static int bound_timeout(const struct docker *d, uint64_t now_ms,
			 int timeout_ms)
{
	uint64_t next_ms = is_waiting(d) ? d->deadline_ms : next_due_ms(d);
	uint64_t left_ms = next_ms > now_ms ? next_ms - now_ms : 0;

	if (left_ms > POLL_MS)
		left_ms = POLL_MS;
	if (timeout_ms < 0 || left_ms < (uint64_t)timeout_ms)
		return (int)left_ms;
	return timeout_ms;
}

void docker_refuse(struct docker *d, uint64_t now_ms, enum source source,
		   const struct client_result *result)
{
	if (result->end != CLIENT_FAILED)
		docker_report_nonsense(d, source, result->why);
	if (result->end == CLIENT_FAILED || d->state != STATE_UP)
		go_down(d, now_ms, result->why);
	else
		docker_list_by(d, d->asked, now_ms + REFUSED_RETRY_MS);
}

static int take_version(struct docker *d, uint64_t now_ms,
			const struct client_result *result)
{
	static const char wrong[] = "GET /version: the answer has no Version";
	char why[API_WHY_MAX];

	if (result->end != CLIENT_OK) {
		docker_refuse(d, now_ms, SOURCE_VERSION, result);
		return 0;
	}
	if (doc_engine_version(result->body, result->len, d->version,
			       sizeof(d->version)) < 0) {
		docker_report_nonsense(d, SOURCE_VERSION, wrong);
		go_down(d, now_ms, wrong);
		return 0;
	}
	if (api_choose(result->body, result->len, &d->api, why) < 0) {
		docker_report_nonsense(d, SOURCE_VERSION, why);
		go_down(d, now_ms, why);
		return 0;
	}
	docker_report_fine(d, SOURCE_VERSION);
	events_free(&d->events);
	events_init(&d->events);
	d->state = STATE_EVENTS;
	return ask(d, CLIENT_STREAM, events_path, now_ms);
}

static int take_answer(struct docker *d, uint64_t now_ms)
{
	struct client_result result;
	int r = 0;

	if (!client_result(d->client, CLIENT_REQUEST, &result))
		return 0;
	if (d->state == STATE_VERSION)
		r = take_version(d, now_ms, &result);
	else
		docker_list_take(d, now_ms, &result);
	client_stop(d->client, CLIENT_REQUEST);
	return r;
}

static void come_up(struct docker *d, uint64_t now_ms)
{
	d->state = STATE_UP;
	d->up_ms = now_ms;
	docker_list_start(d, now_ms);
	d->down_told = false;
	d->ops->up(d->arg, d->version);
	docker_tell_standing(d);
}

static void take_moves(struct docker *d, const struct events_news *news)
{
	for (size_t i = 0; i < news->n_moves; i++) {
		const struct events_move *m = &news->moves[i];

		connects_take(&d->connects, m);
		if (!m->connected)
			d->ops->disconnected(d->arg, m->container_id,
					     m->network_id, m->at_ns);
	}
}

static void take_news(struct docker *d, uint64_t now_ms)
{
	const struct events_news news = d->news;

	d->news = (struct events_news){ 0 };
	if (news.nonsense > 0) {
		char text[TEXT_MAX];

		snprintf(text, sizeof(text),
			 "GET /events: %zu not understood or over %d bytes",
			 news.nonsense, EVENTS_OBJECT_MAX);
		docker_report_nonsense(d, SOURCE_EVENTS, text);
	} else if (news.understood > 0) {
		docker_report_fine(d, SOURCE_EVENTS);
	}
	take_moves(d, &news);
	docker_list_news(d, now_ms, &news);
	if (news.rules)
		d->ops->changed(d->arg, news.what);
}

static void take_stream(struct docker *d, uint64_t now_ms)
{
	static const char garbage[] = "GET /events: no stream of JSON objects";
	struct client_result result;
	bool ended = client_result(d->client, CLIENT_STREAM, &result);

	if (d->stream_error == -EBADMSG) {
		d->stream_error = 0;
		d->news = (struct events_news){ 0 };
		docker_report_nonsense(d, SOURCE_EVENTS, garbage);
		go_down(d, now_ms, garbage);
		return;
	}
	if (d->state == STATE_EVENTS &&
	    client_answered(d->client, CLIENT_STREAM))
		come_up(d, now_ms);
	if (d->state == STATE_UP)
		take_news(d, now_ms);
	if (!ended)
		return;
	if (result.end == CLIENT_STATUS || result.end == CLIENT_TOO_BIG)
		docker_report_nonsense(d, SOURCE_EVENTS, result.why);
	if (d->state == STATE_UP)
		go_down(d, now_ms, "the engine ended the event stream");
	else
		go_down(d, now_ms, result.why);
}

int docker_wait(struct docker *d, struct pollfd *extra, size_t n,
		int timeout_ms)
{
	uint64_t before_ms = d->ops->now_ms(d->arg), now_ms;
	int r;

	r = start_due(d, before_ms);
	if (r < 0)
		return r;
	r = client_wait(d->client, extra, n,
			bound_timeout(d, before_ms, timeout_ms));
	if (r < 0)
		return r;
	now_ms = d->ops->now_ms(d->arg);
	d->waited_ms += now_ms - before_ms;
	take_stream(d, now_ms);
	if (d->stream_error < 0)
		return d->stream_error;
	r = take_answer(d, now_ms);
	if (r < 0)
		return r;
	if (is_waiting(d) && now_ms >= d->deadline_ms)
		go_down(d, now_ms, "no answer within 10 seconds");
	return 0;
}
