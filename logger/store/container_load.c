// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is known of containers, across sessions and across transactions that
 * fail: reads what the last session left open, and copies and restores memory.
 */
#include <netinet/ether.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "logger/store/container.h"
#include "logger/store/private.h"

struct container_save {
	struct identity *identity;
	struct nameless *nameless;
	struct containers containers;
};

enum column {
	CONTAINER,
	DOCKER_ID,
	NAME,
	IMAGE,
	PROJECT,
	SERVICE,
	ENDPOINT,
	NETWORK,
	IP4,
	IP6,
	MAC,
	FROM_NS,
};

static void copy_text(char *to, size_t size, sqlite3_stmt *s, int c)
{
	const char *text = (const char *)sqlite3_column_text(s, c);

	str_copy(to, size, text ? text : "");
}

static void read_container(sqlite3_stmt *s, struct channel_container *is)
{
	*is = (struct channel_container){ 0 };
	copy_text(is->docker_id, sizeof(is->docker_id), s, DOCKER_ID);
	copy_text(is->name, sizeof(is->name), s, NAME);
	copy_text(is->image, sizeof(is->image), s, IMAGE);
	copy_text(is->project, sizeof(is->project), s, PROJECT);
	copy_text(is->service, sizeof(is->service), s, SERVICE);
}

static void read_endpoint(sqlite3_stmt *s, struct identity_endpoint *ep)
{
	const char *mac = (const char *)sqlite3_column_text(s, MAC);
	uint32_t v4 = (uint32_t)sqlite3_column_int64(s, IP4);
	struct ether_addr addr;

	*ep = (struct identity_endpoint){
		.id = sqlite3_column_int64(s, ENDPOINT),
		.network = sqlite3_column_int64(s, NETWORK),
		.from_ns = (uint64_t)sqlite3_column_int64(s, FROM_NS),
	};
	ep->has[IDENTITY_IP4] = sqlite3_column_type(s, IP4) == SQLITE_INTEGER;
	for (int i = 0; i < 4 && ep->has[IDENTITY_IP4]; i++)
		ep->address[IDENTITY_IP4][i] = (uint8_t)(v4 >> (24 - 8 * i));
	ep->has[IDENTITY_IP6] = sqlite3_column_bytes(s, IP6) == 16;
	if (ep->has[IDENTITY_IP6])
		memcpy(ep->address[IDENTITY_IP6], sqlite3_column_blob(s, IP6),
		       16);
	ep->has[IDENTITY_MAC] = mac && ether_aton_r(mac, &addr);
	if (ep->has[IDENTITY_MAC])
		memcpy(ep->address[IDENTITY_MAC], addr.ether_addr_octet,
		       sizeof(addr.ether_addr_octet));
}

static void load(struct store *st, sqlite3_stmt *s)
{
	struct identity_container *c;
	struct identity_endpoint ep;
	struct channel_container is;

	read_container(s, &is);
	read_endpoint(s, &ep);
	c = identity_find(st->identity, is.docker_id);
	if (!c)
		c = identity_new_container(st->identity, &is);
	if (c)
		c->id = sqlite3_column_int64(s, CONTAINER);
	if (!c ||
	    !identity_add(st->identity, identity_number(st->identity, c), &ep))
		st->containers->refused++;
}

int container_load(struct store *st, uint64_t start_ns)
{
	static const char sql[] =
		"SELECT c.id, c.docker_id, c.name, c.image, c.project,"
		" c.service, e.id, e.network, e.ip4, e.ip6, e.mac, e.from_ns"
		" FROM endpoint e JOIN container c ON c.id = e.container"
		" WHERE e.to_ns IS NULL AND (e.ip4 IS NOT NULL"
		" OR e.ip6 IS NOT NULL) ORDER BY e.id";
	sqlite3_stmt *s = NULL;
	int rc = coverage_down(st, &st->containers->last_ns);

	st->containers->start_ns = start_ns;
	if (rc == SQLITE_OK)
		rc = sender_load(st, st->containers->last_ns);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(st->db, sql, -1, &s, NULL);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		rc = sqlite3_step(s);
		if (rc == SQLITE_ROW)
			load(st, s);
	}
	sqlite3_finalize(s);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static void save_free(struct container_save *save)
{
	identity_free(save->identity);
	nameless_free(save->nameless);
	free(save);
}

struct container_save *container_save(const struct store *st)
{
	struct container_save *save = calloc(1, sizeof(*save));

	if (!save)
		return NULL;
	save->identity = identity_copy(st->identity);
	save->nameless = nameless_copy(st->nameless);
	save->containers = *st->containers;
	if (save->identity && save->nameless)
		return save;
	save_free(save);
	return NULL;
}

void container_keep(struct container_save *save)
{
	if (save)
		save_free(save);
}

void container_restore(struct store *st, struct container_save *save)
{
	struct identity *identity = st->identity;
	struct nameless *nameless = st->nameless;

	if (!save)
		return;
	st->identity = save->identity;
	st->nameless = save->nameless;
	*st->containers = save->containers;
	save->identity = identity;
	save->nameless = nameless;
	save_free(save);
}

struct containers *containers_new(void)
{
	return calloc(1, sizeof(struct containers));
}

void containers_free(struct containers *c)
{
	free(c);
}
