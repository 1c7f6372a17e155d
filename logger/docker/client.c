// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The transport, on libcurl's multi interface. Every transfer has a connection
 * of its own: after a restart of the engine nothing stale is around, and one
 * connect of a unix socket costs nothing.
 */
#include "logger/docker/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/text.h"
#include "logger/docker/buffer.h"
#include "logger/docker/tls.h"

enum {
	PATH_MAX_LEN = 512,
	EXCERPT_MAX = 80, /* of a body that is an error message, bytes */
};

struct transfer {
	struct client *client;
	CURL *easy;
	struct buffer body;
	char path[PATH_MAX_LEN];
	char error[CURL_ERROR_SIZE];
	CURLcode code; /* valid when ended */
	bool busy;
	bool ended; /* and not told yet */
	bool answered;
	bool too_big;
};

struct client {
	CURLM *multi;
	client_sink *sink;
	void *arg;
	char socket_path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	struct transfer transfers[CLIENT_SLOTS];
};

static long http_status(const struct transfer *t)
{
	long status = 0;

	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static bool is_stream(const struct transfer *t)
{
	return t == &t->client->transfers[CLIENT_STREAM];
}

/* Returning less than len makes curl end the transfer. */
static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	size_t len = size * count;

	if (is_stream(t) && http_status(t) == 200)
		return t->client->sink(t->client->arg, data, len) ? len : 0;
	if (buffer_append(&t->body, data, len) < 0) {
		t->too_big = true;
		return 0;
	}
	return len;
}

/* Called once per header line; the last is an empty one. */
static size_t on_header(char *data, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	size_t len = size * count;

	if (len > 0 && (data[0] == '\r' || data[0] == '\n'))
		t->answered = http_status(t) == 200;
	return len;
}

/* Children that the keeper runs must not inherit the connection. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose,
				 struct curl_sockaddr *addr)
{
	(void)arg;
	(void)purpose;
	return socket(addr->family, addr->socktype | SOCK_CLOEXEC,
		      addr->protocol);
}

/* The environment (http_proxy, .netrc) has no say: no proxy, no encoding. */
static int set_up(struct client *client, struct transfer *t)
{
	CURLcode bad = CURLE_OK;
	CURL *e = curl_easy_init();

	if (!e)
		return -ENOMEM;
	t->client = client;
	t->easy = e;
	t->body.max = CLIENT_BODY_MAX;
	bad |= curl_easy_setopt(e, CURLOPT_UNIX_SOCKET_PATH,
				client->socket_path);
	bad |= curl_easy_setopt(e, CURLOPT_PROXY, "");
	bad |= curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	bad |= curl_easy_setopt(e, CURLOPT_HTTP_VERSION,
				(long)CURL_HTTP_VERSION_1_1);
	bad |= curl_easy_setopt(e, CURLOPT_USERAGENT, "bridgeaudit/" VERSION);
	bad |= curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
	bad |= curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
	bad |= curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS,
				(long)CLIENT_CONNECT_TIMEOUT_MS);
	bad |= curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error);
	bad |= curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	bad |= curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	bad |= curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
	bad |= curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	bad |= curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
	bad |= curl_easy_setopt(e, CURLOPT_PRIVATE, t);
	return bad == CURLE_OK ? 0 : -ENOMEM;
}

int client_new(const char *socket_path, client_sink *sink, void *arg,
	       struct client **ret_client)
{
	struct client *client;
	int r = 0;

	if (strlen(socket_path) >= sizeof(client->socket_path))
		return -ENAMETOOLONG;
	client = calloc(1, sizeof(*client));
	if (!client)
		return -ENOMEM;
	str_copy(client->socket_path, sizeof(client->socket_path), socket_path);
	client->sink = sink;
	client->arg = arg;
	tls_leave_out();
	if (curl_global_init(CURL_GLOBAL_NOTHING) != CURLE_OK) {
		free(client);
		return -ENOMEM;
	}
	client->multi = curl_multi_init();
	if (!client->multi)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < CLIENT_SLOTS; i++)
		r = set_up(client, &client->transfers[i]);
	if (r < 0) {
		client_free(client);
		return r;
	}
	*ret_client = client;
	return 0;
}

void client_free(struct client *client)
{
	if (!client)
		return;
	for (size_t i = 0; i < CLIENT_SLOTS; i++) {
		struct transfer *t = &client->transfers[i];

		if (t->busy)
			curl_multi_remove_handle(client->multi, t->easy);
		curl_easy_cleanup(t->easy);
		buffer_free(&t->body);
	}
	curl_multi_cleanup(client->multi);
	curl_global_cleanup();
	free(client);
}

int client_start(struct client *client, enum client_slot slot, const char *path)
{
	struct transfer *t = &client->transfers[slot];
	char url[PATH_MAX_LEN + 32];

	str_copy(t->path, sizeof(t->path), path);
	snprintf(url, sizeof(url), "http://localhost%s", t->path);
	buffer_clear(&t->body);
	t->error[0] = '\0';
	t->ended = false;
	t->answered = false;
	t->too_big = false;
	if (curl_easy_setopt(t->easy, CURLOPT_URL, url) != CURLE_OK ||
	    curl_multi_add_handle(client->multi, t->easy) != CURLM_OK)
		return -ENOMEM;
	t->busy = true;
	return 0;
}

void client_stop(struct client *client, enum client_slot slot)
{
	struct transfer *t = &client->transfers[slot];

	if (t->busy)
		curl_multi_remove_handle(client->multi, t->easy);
	t->busy = false;
	t->ended = false;
	t->answered = false;
	buffer_clear(&t->body);
}

bool client_busy(const struct client *client, enum client_slot slot)
{
	return client->transfers[slot].busy;
}

bool client_answered(const struct client *client, enum client_slot slot)
{
	return client->transfers[slot].answered;
}

static void collect_ended(struct client *client)
{
	struct CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(client->multi, &left))) {
		CURL *easy = msg->easy_handle;
		CURLcode code = msg->data.result;
		char *private = NULL;
		struct transfer *t;

		if (msg->msg != CURLMSG_DONE)
			continue;
		/* msg is gone after this */
		curl_multi_remove_handle(client->multi, easy);
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
		t = (struct transfer *)(void *)private;
		t->code = code;
		t->busy = false;
		t->ended = true;
	}
}

/*
 * curl_multi_poll leaves POLLHUP and POLLERR out of what it hands back, which
 * would make the caller's loop spin on a pipe whose writer is gone.
 */
static int poll_extra(struct pollfd *extra, size_t n)
{
	if (n == 0)
		return 0;
	if (poll(extra, n, 0) < 0 && errno != EINTR)
		return -errno;
	return 0;
}

static int multi_errno(CURLMcode code)
{
	if (code == CURLM_OK)
		return 0;
	return code == CURLM_OUT_OF_MEMORY ? -ENOMEM : -EIO;
}

static short wait_events(short events)
{
	int wanted = 0;

	if (events & POLLIN)
		wanted |= CURL_WAIT_POLLIN;
	if (events & POLLPRI)
		wanted |= CURL_WAIT_POLLPRI;
	if (events & POLLOUT)
		wanted |= CURL_WAIT_POLLOUT;
	return (short)wanted;
}

int client_wait(struct client *client, struct pollfd *extra, size_t n,
		int timeout_ms)
{
	struct curl_waitfd fds[CLIENT_EXTRA_MAX];
	int running, r;

	if (n > CLIENT_EXTRA_MAX)
		return -E2BIG;
	for (size_t i = 0; i < n; i++) {
		fds[i] = (struct curl_waitfd){
			.fd = extra[i].fd,
			.events = wait_events(extra[i].events),
		};
		extra[i].revents = 0;
	}
	r = multi_errno(curl_multi_poll(client->multi, fds, (unsigned int)n,
					timeout_ms, NULL));
	if (r < 0)
		return r;
	r = multi_errno(curl_multi_perform(client->multi, &running));
	if (r < 0)
		return r;
	collect_ended(client);
	return poll_extra(extra, n);
}

static void explain_failure(const struct transfer *t, char *why, size_t size)
{
	const char *reason = t->error;
	char shown[CURL_ERROR_SIZE];
	long os_error = 0;

	(void)curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &os_error);
	if (t->code == CURLE_COULDNT_CONNECT && os_error != 0) {
		str_escape(shown, sizeof(shown), t->client->socket_path);
		snprintf(why, size, "can't connect to '%s': %s", shown,
			 strerror((int)os_error));
		return;
	}
	if (reason[0] == '\0')
		reason = curl_easy_strerror(t->code);
	snprintf(why, size, "GET %.*s: %s", (int)strcspn(t->path, "?"), t->path,
		 str_escape(shown, sizeof(shown), reason));
}

static void explain_status(const struct transfer *t, char *why, size_t size)
{
	char head[EXCERPT_MAX + 1] = "";
	char shown[4 * EXCERPT_MAX + 1];
	size_t len = t->body.len < EXCERPT_MAX ? t->body.len : EXCERPT_MAX;

	if (t->body.data)
		snprintf(head, sizeof(head), "%.*s", (int)len, t->body.data);
	head[strcspn(head, "\r\n")] = '\0';
	snprintf(why, size, "GET %.*s: HTTP status %ld: %s",
		 (int)strcspn(t->path, "?"), t->path, http_status(t),
		 str_escape(shown, sizeof(shown), head));
}

bool client_result(struct client *client, enum client_slot slot,
		   struct client_result *ret)
{
	struct transfer *t = &client->transfers[slot];

	if (!t->ended)
		return false;
	t->ended = false;
	*ret = (struct client_result){ .body = t->body.data,
				       .len = t->body.len };
	if (t->too_big) {
		ret->end = CLIENT_TOO_BIG;
		snprintf(ret->why, sizeof(ret->why),
			 "GET %.*s: the answer is longer than %d bytes",
			 (int)strcspn(t->path, "?"), t->path, CLIENT_BODY_MAX);
	} else if (t->code != CURLE_OK) {
		ret->end = CLIENT_FAILED;
		explain_failure(t, ret->why, sizeof(ret->why));
	} else if (http_status(t) != 200) {
		ret->end = CLIENT_STATUS;
		explain_status(t, ret->why, sizeof(ret->why));
	} else {
		ret->end = CLIENT_OK;
	}
	return true;
}
