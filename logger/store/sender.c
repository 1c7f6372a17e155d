// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What was seen of a sender beside its address: MAC and port of the bridge in,
 * row id out. They repeat with every packet, so they are a row of endpoint and
 * not of the conversation. Whoever writes a new MAC into each packet fills this
 * memory and not the disk: of those beyond a number per hour only the port, and
 * the container that it leads to, are kept.
 */
#include "logger/store/sender.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lib/addr.h"
#include "lib/text.h"
#include "lib/timefmt.h"
#include "logger/store/bind.h"
#include "logger/store/private.h"

enum { HEADS = 4096 }; /* a power of two */

/* All bytes are compared. */
struct key {
	int64_t endpoint; /* Docker's; 0: of nobody that Docker knows */
	int64_t network;
	int64_t was;
	uint32_t port; /* 0: not told, or it was not found by that */
	uint8_t mac[6];
	uint8_t has_mac;
	uint8_t zero[5]; /* else padding, which would be compared */
};

struct sender {
	struct key key;
	int64_t id;    /* 0: free */
	uint32_t next; /* index + 1 */
};

struct hour {
	uint64_t number; /* of the packet that came last */
	size_t n;	 /* MACs that began in it */
	size_t refused;	 /* not kept, in it */
	bool told;	 /* that there were such */
};

struct senders {
	uint64_t secret;    /* nobody outside can make keys collide */
	uint64_t n;	    /* ever */
	uint64_t n_settled; /* of these in the last commit or before */
	struct hour hour, committed;
	uint32_t heads[HEADS];
	struct sender ring[SENDERS_MAX];
};

_Static_assert(sizeof(struct key) == 40, "no padding, whole words");

static uint32_t *head_of(struct senders *s, const struct key *key)
{
	uint64_t words[sizeof(*key) / sizeof(uint64_t)], hash = s->secret;

	memcpy(words, key, sizeof(words));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15U;
		hash ^= hash >> 32;
	}
	return &s->heads[hash >> 20 & (HEADS - 1)];
}

static struct sender *find(struct senders *s, const struct key *key)
{
	uint32_t at = *head_of(s, key);

	while (at) {
		struct sender *sender = &s->ring[at - 1];

		if (memcmp(&sender->key, key, sizeof(*key)) == 0)
			return sender;
		at = sender->next;
	}
	return NULL;
}

/* No conversation that begins later has it. */
static int end(struct store *st, const struct sender *sender, uint64_t at_ns)
{
	sqlite3_stmt *s = st->stmts[STMT_SENDER_END];

	sqlite3_bind_int64(s, 1, (int64_t)at_ns);
	sqlite3_bind_int64(s, 2, st->next_conversation + STORE_EVENTS_MAX);
	sqlite3_bind_int64(s, 3, sender->id);
	return store_run(st, STMT_SENDER_END, NULL);
}

/* Nobody finds the one of that number any more. */
static void take_out(struct senders *s, uint32_t number)
{
	struct sender *sender = &s->ring[number - 1];
	uint32_t *at = head_of(s, &sender->key);

	if (sender->id) {
		while (*at != number)
			at = &s->ring[*at - 1].next;
		*at = sender->next;
	}
	*sender = (struct sender){ 0 };
}

/* The place of the oldest. */
static int make_room(struct store *st, uint64_t at_ns, struct sender **ret)
{
	struct senders *s = st->senders;
	uint32_t number = (uint32_t)(s->n++ % SENDERS_MAX) + 1;
	struct sender *sender = &s->ring[number - 1];
	int rc = sender->id ? end(st, sender, at_ns) : SQLITE_OK;

	take_out(s, number);
	*ret = sender;
	return rc;
}

static int insert(struct store *st, const struct key *key, uint64_t time_ns,
		  int64_t *ret_id)
{
	sqlite3_stmt *s = st->stmts[STMT_SENDER];
	char mac[MAC_TEXT_MAX], port[STORE_IFNAME_MAX] = "";

	if (key->port)
		st->names.ifname(st->names.arg, key->port, port, sizeof(port));
	sqlite3_bind_int64(s, 1, key->endpoint);
	bind_id(s, 2, key->network);
	sqlite3_bind_text(s, 3, key->has_mac ? mac_text(key->mac, mac) : NULL,
			  -1, SQLITE_TRANSIENT);
	/* one that is gone has no name any more, but it was told by it */
	sqlite3_bind_text(s, 4, key->port ? port : NULL, -1, SQLITE_TRANSIENT);
	bind_id(s, 5, key->was);
	sqlite3_bind_int64(s, 6, (int64_t)time_ns);
	return store_run(st, STMT_SENDER, ret_id);
}

static int get(struct store *st, const struct key *key, uint64_t time_ns,
	       int64_t *ret_id)
{
	struct senders *s = st->senders;
	struct sender *sender = find(s, key);
	uint32_t *head;
	int rc;

	if (sender) {
		*ret_id = sender->id;
		return SQLITE_OK;
	}
	rc = make_room(st, time_ns, &sender);
	if (rc == SQLITE_OK)
		rc = insert(st, key, time_ns, ret_id);
	if (rc != SQLITE_OK)
		return rc;
	head = head_of(s, key);
	*sender = (struct sender){ *key, *ret_id, *head };
	*head = (uint32_t)(sender - s->ring) + 1;
	return SQLITE_OK;
}

static void look_at_hour(struct hour *hour, uint64_t time_ns)
{
	uint64_t number = time_ns / (60 * NS_PER_MINUTE);

	if (number <= hour->number)
		return;
	hour->number = number;
	hour->n = hour->refused = 0;
}

/* Whether another MAC may begin; the log is no place to fill. */
static bool may_begin(struct hour *hour, uint64_t time_ns)
{
	look_at_hour(hour, time_ns);
	if (hour->n < SENDERS_HOUR_MAX) {
		hour->n++;
		return true;
	}
	hour->refused++;
	return false;
}

int sender_get(struct store *st, const struct event *ev,
	       const struct identity_who *who, int64_t network, int64_t was,
	       int64_t *ret_id)
{
	struct key key = {
		.endpoint = who->src,
		.network = network,
		.was = was,
		/* of a stranger too: where it came in is known */
		.port = who->by_port || !who->src ? ev->port_ifindex : 0,
		.has_mac = (ev->have & HAVE_MAC) != 0,
	};

	*ret_id = who->src;
	if (who->src && !key.port && !who->foreign && !was)
		return SQLITE_OK;
	if (!who->src && !key.port && !key.has_mac)
		return SQLITE_OK;
	if (key.has_mac)
		memcpy(key.mac, ev->src_mac, sizeof(key.mac));
	if (key.has_mac && (who->foreign || !who->src) &&
	    !find(st->senders, &key) &&
	    !may_begin(&st->senders->hour, ev->time_ns)) {
		memset(key.mac, 0, sizeof(key.mac));
		key.has_mac = 0;
		if (!who->src && !key.port)
			return SQLITE_OK;
	}
	return get(st, &key, ev->time_ns, ret_id);
}

int sender_tell(struct store *st, uint64_t now_ns)
{
	struct channel_msg msg = { .kind = CHANNEL_FINDING };
	struct hour *hour = &st->senders->hour;

	look_at_hour(hour, now_ns);
	if (hour->told == (hour->refused > 0))
		return SQLITE_OK;
	str_copy(msg.u.finding.subject, sizeof(msg.u.finding.subject), "MACs");
	if (hour->refused)
		snprintf(msg.u.finding.detail, sizeof(msg.u.finding.detail),
			 "more than %d senders' MACs came within an hour: "
			 "of the others none is kept",
			 SENDERS_HOUR_MAX);
	hour->told = hour->refused > 0;
	return ledger_fact(st, &msg, now_ns);
}

int sender_load(struct store *st, uint64_t last_ns)
{
	static const char sql[] =
		"UPDATE endpoint SET to_ns = max(?1, from_ns),"
		" last_conversation = ?2 WHERE to_ns IS NULL"
		" AND ip4 IS NULL AND ip6 IS NULL";
	const int64_t numbers[] = { (int64_t)last_ns,
				    st->next_conversation - 1 };

	return chain_run(st, sql, numbers, 2, NULL);
}

struct senders *senders_new(void)
{
	struct senders *s = calloc(1, sizeof(*s));

	if (s && getrandom(&s->secret, sizeof(s->secret), 0) ==
			 (ssize_t)sizeof(s->secret))
		return s;
	free(s);
	return NULL;
}

void senders_settle(struct senders *s)
{
	s->committed = s->hour;
	s->n_settled = s->n;
}

void senders_forget(struct senders *s)
{
	s->hour = s->committed;
	while (s->n > s->n_settled)
		take_out(s, (uint32_t)(--s->n % SENDERS_MAX) + 1);
}

void senders_free(struct senders *s)
{
	free(s);
}
