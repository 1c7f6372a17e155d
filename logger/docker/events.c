// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Cuts the event stream into its JSON objects and says what each means for
 * us. An object that can't be read costs one resync, not the stream: labels
 * of containers are in it, and whoever starts containers writes those.
 */
#include "logger/docker/events.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/text.h"

const char events_path[] =
	"/events?filters=%7B%22type%22%3A%5B%22network%22%2C%22container%22%2C"
	"%22daemon%22%5D%2C%22event%22%3A%5B%22create%22%2C%22destroy%22%2C"
	"%22remove%22%2C%22update%22%2C%22connect%22%2C%22disconnect%22%2C"
	"%22start%22%2C%22die%22%2C%22rename%22%2C%22reload%22%5D%7D";

/* action NULL: every other action of the type; the first match counts. */
static const struct meaning {
	const char *type;
	const char *action;
	bool rules;
	bool networks;
	bool containers;
} meanings[] = {
	{ "network", "connect", true, false, true },
	{ "network", "disconnect", true, false, true },
	{ "network", NULL, true, true, false },
	{ "container", "start", true, false, true },
	{ "container", "die", true, false, true },
	{ "container", "rename", false, false, true },
	{ "daemon", NULL, true, false, false },
};

void events_init(struct events *events)
{
	*events = (struct events){ .object = { .max = EVENTS_OBJECT_MAX } };
}

void events_free(struct events *events)
{
	buffer_free(&events->object);
}

static const struct meaning *find_meaning(const char *type, const char *action)
{
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++) {
		const struct meaning *m = &meanings[i];

		if (strcmp(m->type, type) != 0)
			continue;
		if (!m->action || strcmp(m->action, action) == 0)
			return m;
	}
	return NULL;
}

static void note(struct events_news *news, const char *type, const char *action)
{
	const struct meaning *meaning = find_meaning(type, action);

	if (!meaning)
		return;
	news->networks |= meaning->networks;
	news->containers |= meaning->containers;
	if (meaning->rules && !news->rules) {
		char words[EVENTS_WHAT_MAX];

		snprintf(words, sizeof(words), "%s %s", type, action);
		str_escape(news->what, sizeof(news->what), words);
	}
	news->rules |= meaning->rules;
}

static void note_nonsense(struct events_news *news)
{
	news->nonsense++;
	news->networks = true;
	news->containers = true;
	if (!news->rules)
		str_copy(news->what, sizeof(news->what), "unreadable event");
	news->rules = true;
}

/* A copy of an identifier; false when it is none. */
static bool copy_id(char *dst, const char *id)
{
	return *id && !str_copy(dst, EVENTS_ID_MAX, id);
}

/*
 * Notes which container came or left, and when. What does not fit or is not
 * understood is left to the lists.
 */
static void note_move(struct events_news *news, const json_t *root,
		      const char *action)
{
	const json_t *actor = json_object_get(root, "Actor");
	const json_t *at = json_object_get(root, "timeNano");
	const char *network = "", *container = "";
	struct events_move move = { 0 };

	move.connected = strcmp(action, "connect") == 0;
	if (!move.connected && strcmp(action, "disconnect") != 0)
		return;
	if (news->n_moves == EVENTS_MOVES_MAX || !json_is_integer(at) ||
	    json_integer_value(at) <= 0 ||
	    doc_text(actor, "ID", &network) < 0 ||
	    doc_text(json_object_get(actor, "Attributes"), "container",
		     &container) < 0 ||
	    !copy_id(move.container_id, container) ||
	    !copy_id(move.network_id, network))
		return;
	move.at_ns = (uint64_t)json_integer_value(at);
	news->moves[news->n_moves++] = move;
}

static void decode(struct buffer *object, struct events_news *news)
{
	json_t *root = doc_load(object->data, object->len);
	const char *type, *action;

	if (doc_text(root, "Type", &type) < 0 ||
	    doc_text(root, "Action", &action) < 0) {
		note_nonsense(news);
	} else {
		news->understood++;
		note(news, type, action);
		if (strcmp(type, "network") == 0)
			note_move(news, root, action);
	}
	json_decref(root);
}

/* The object is at its end: understand it, and be ready for the next. */
static void finish(struct events *events, struct events_news *news)
{
	if (events->skipped > 0)
		note_nonsense(news);
	else
		decode(&events->object, news);
	events->skipped = 0;
	buffer_clear(&events->object);
}

/* Keeps len bytes of the object, or counts them when it is too big. */
static int keep(struct events *events, const char *data, size_t len)
{
	int r = -EMSGSIZE;

	if (events->skipped == 0)
		r = buffer_append(&events->object, data, len);
	if (r != -EMSGSIZE)
		return r;
	buffer_clear(&events->object);
	events->skipped += len;
	return events->skipped > EVENTS_SKIP_MAX ? -EBADMSG : 0;
}

int events_feed(struct events *events, const char *data, size_t len,
		struct events_news *news)
{
	size_t start = 0; /* of what is not kept yet */
	int r;

	for (size_t i = 0; i < len; i++) {
		if (events->place.depth == 0) {
			start = i + 1;
			if (doc_is_blank(data[i]))
				continue;
			if (data[i] != '{')
				return -EBADMSG;
			start = i;
		}
		if (!doc_step(&events->place, data[i]))
			continue;
		r = keep(events, data + start, i + 1 - start);
		if (r < 0)
			return r;
		start = i + 1;
		finish(events, news);
	}
	return keep(events, data + start, len - start);
}
