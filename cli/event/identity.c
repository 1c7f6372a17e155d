// SPDX-License-Identifier: GPL-2.0-or-later
/* A side's network and container from the database, as JSON and as lines. */
#include "cli/event/identity.h"

#include <errno.h>
#include <string.h>

#include "cli/json.h"
#include "cli/query/query.h"
#include "lib/text.h"
#include "lib/timefmt.h"

enum { SHORT_ID = 12 /* of a container's, as Docker shows it */, ALL = 1024 };

static json_t *text_json(sqlite3_stmt *stmt, int column)
{
	struct value v = query_value(stmt, column);

	return v.kind == VALUE_TEXT ? json_text(v.text) : NULL;
}

static json_t *time_json(sqlite3_stmt *stmt, int column)
{
	return json_time((uint64_t)sqlite3_column_int64(stmt, column));
}

/* The row as an object with these members, the last n_times of them times. */
static int read_object(sqlite3 *db, enum query query, int64_t conversation,
		       int side, const char *const *names, int n, int n_times,
		       json_t **ret)
{
	sqlite3_stmt *stmt = NULL;
	int r = query_prepare(db, query, &stmt);

	if (r == 0) {
		query_bind(stmt, ":id", conversation);
		query_bind(stmt, ":side", side);
		r = query_step(stmt);
	}
	if (r == 1)
		*ret = json_object();
	for (int i = 0; r == 1 && i < n; i++) {
		json_t *member = i < n - n_times ? text_json(stmt, i)
						 : time_json(stmt, i);

		if (member)
			json_object_set_new(*ret, names[i], member);
	}
	sqlite3_finalize(stmt);
	return r < 0 ? r : 0;
}

int identity_read(sqlite3 *db, int64_t conversation, int side, json_t **ret)
{
	static const char *const network_names[] = { "name", "id", "bridge",
						     "from", "to" };
	static const char *const container_names[] = {
		"name",	   "id",  "image", "project",
		"service", "mac", "from",  "to",
	};
	static const char *const seen_names[] = { "mac", "port", "by" };
	json_t *network = NULL, *container = NULL, *seen = NULL;
	int r = read_object(db, QUERY_NETWORK_OF, conversation, side,
			    network_names, ARRAY_SIZE(network_names), 2,
			    &network);

	if (r == 0)
		r = read_object(db, QUERY_CONTAINER_OF, conversation, side,
				container_names, ARRAY_SIZE(container_names), 2,
				&container);
	if (r == 0)
		r = read_object(db, QUERY_SEEN_OF, conversation, side,
				seen_names, ARRAY_SIZE(seen_names), 0, &seen);
	*ret = json_pack("{s:o*, s:o*, s:o*}", "network", network, "container",
			 container, "seen", seen);
	if (r == 0 && !*ret)
		r = -ENOMEM;
	return r;
}

static void put(const json_t *object, const char *name, const char *words,
		int width, FILE *out)
{
	const char *text = json_string_value(json_object_get(object, name));
	char safe[1024];

	if (text)
		fprintf(out, "%s%.*s", words, width,
			str_escape(safe, sizeof(safe), text));
}

static void put_time(const json_t *object, const char *name, FILE *out)
{
	const char *text = json_string_value(json_object_get(object, name));
	char local[TIME_TEXT_MAX];
	uint64_t time_ns = 0;

	if (text && time_parse_rfc3339(text, &time_ns) == 0)
		fputs(time_local(time_ns, local, sizeof(local)), out);
	else
		fputs("now", out);
}

static void put_validity(const json_t *object, FILE *out)
{
	fputs("\n        from ", out);
	put_time(object, "from", out);
	fputs(" to ", out);
	put_time(object, "to", out);
	putc('\n', out);
}

/* "found by its veth; the packet came in by veth1a2b with mac 02:..." */
static void put_seen(const json_t *seen, FILE *out)
{
	const char *by = json_string_value(json_object_get(seen, "by"));
	const char *port = json_string_value(json_object_get(seen, "port"));
	const char *mac = json_string_value(json_object_get(seen, "mac"));

	fputs("        ", out);
	if (!by)
		fputs("no container is known there", out);
	else if (strcmp(by, "mac") == 0)
		fputs("found by its address and mac", out);
	else
		fprintf(out, "found by its %s", by);
	if (port || mac)
		fputs("; the packet came", out);
	if (port)
		put(seen, "port", *port ? " in by " : " in by a port", ALL,
		    out);
	put(seen, "mac", " with mac ", ALL, out);
	putc('\n', out);
}

void identity_print(const json_t *identity, FILE *out)
{
	const json_t *network = json_object_get(identity, "network");
	const json_t *container = json_object_get(identity, "container");
	const json_t *seen = json_object_get(identity, "seen");

	if (network) {
		put(network, "name", "        network ", ALL, out);
		put(network, "id", ", id ", ALL, out);
		put(network, "bridge", ", bridge ", ALL, out);
		put_validity(network, out);
	}
	if (container) {
		put(container, "name", "        container ", ALL, out);
		put(container, "id", ", id ", SHORT_ID, out);
		put(container, "image", ", image ", ALL, out);
		put(container, "project", ", project ", ALL, out);
		put(container, "service", ", service ", ALL, out);
		put(container, "mac", ", mac ", ALL, out);
		put_validity(container, out);
	}
	if (seen)
		put_seen(seen, out);
}
