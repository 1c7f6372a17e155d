// SPDX-License-Identifier: GPL-2.0-or-later
/* A store in a temporary directory, and short words for using it. */
#include "tests/unit/store_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/db.h"
#include "lib/text.h"
#include "tests/unit/cmocka_all.h"

enum { ANSWER_SIZE = 1024 };

static void ifname(void *arg, uint32_t ifindex, char *name, size_t size)
{
	(void)arg;
	if (ifindex >= 7 && ifindex <= 9) { /* ports of bridges */
		snprintf(name, size, "port%u", ifindex);
		return;
	}
	str_copy(name, size,
		 ifindex == 1	? "br-aaaaaaaaaaaa"
		 : ifindex == 2 ? "br-bbbbbbbbbbbb"
		 : ifindex == 3 ? "eth0"
				: "");
}

struct store *store_world_open_as(const struct world *w,
				  const struct store_session *session)
{
	const struct store_names names = { ifname, NULL };
	struct store *st = NULL;
	char error[DB_ERROR_MAX] = "";
	int r = store_open(w->db, session, &names, &st, error);

	if (r < 0)
		print_message("%s\n", error);
	assert_int_equal(r, 0);
	return st;
}

struct store *store_world_open(const struct world *w, uint64_t now_ns)
{
	return store_world_open_as(w, &(struct store_session){
					      .start_ns = now_ns,
					      .pid = 1,
					      .nflog_group = 7,
					      .version = "test",
				      });
}

const char *store_world_ask(const struct world *w, const char *sql)
{
	static char answer[ANSWER_SIZE];
	char error[DB_ERROR_MAX];
	sqlite3_stmt *s = NULL;
	sqlite3 *db = NULL;
	size_t at = 0;

	assert_int_equal(db_open_reader(w->db, &db, error), 0);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	answer[0] = '\0';
	while (sqlite3_step(s) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(s); i++) {
			const char *text =
				(const char *)sqlite3_column_text(s, i);

			at += (size_t)snprintf(answer + at, sizeof(answer) - at,
					       "%s%s",
					       i    ? "|"
					       : at ? "\n"
						    : "",
					       text ? text : "NULL");
			assert_true(at < sizeof(answer));
		}
	}
	sqlite3_finalize(s);
	sqlite3_close(db);
	return answer;
}

void store_world_checkpoint(const struct world *w)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(w->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
}

struct event store_world_event(uint64_t time_ns, uint16_t dst_port)
{
	struct event ev = {
		.time_ns = time_ns,
		.rule_id = 0x3f9a2c1d77aa,
		.in_ifindex = 1,
		.out_ifindex = 2,
		.length = 60,
		.src = { 192, 168, 144, 2 },
		.dst = { 10, 0, 0, 9 },
		.src_port = 40000,
		.dst_port = dst_port,
		.family = 4,
		.verdict = VERDICT_DROP,
		.proto = 6,
		.ttl = 63,
		.tcp_flags = 2,
		.have = HAVE_ADDR | HAVE_PROTO | HAVE_PORTS | HAVE_TCP_FLAGS |
			HAVE_TTL,
	};

	return ev;
}

int store_world_set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	str_copy(w->dir, sizeof(w->dir), "/tmp/bridgeaudit-store-XXXXXX");
	if (!mkdtemp(w->dir))
		return -1;
	snprintf(w->db, sizeof(w->db), "%s/audit.db", w->dir);
	*state = w;
	return 0;
}

int store_world_tear_down(void **state)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", ".lock",
						"-journal" };
	struct world *w = *state;
	char path[sizeof(w->db) + 16];

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		snprintf(path, sizeof(path), "%s%s", w->db, suffixes[i]);
		unlink(path);
	}
	rmdir(w->dir);
	free(w);
	return 0;
}

void store_world_must_be(const struct world *w, const char *sql, const char *as)
{
	const char *is = store_world_ask(w, sql);

	if (strcmp(is, as) != 0)
		fail_msg("%s: %s", sql, is);
}

void store_world_add(struct store *st, uint64_t time_ns, uint16_t dst_port)
{
	const struct event first = store_world_event(time_ns, 80);
	const struct event second = store_world_event(time_ns, dst_port);
	const struct gap gap = { .from_ns = time_ns,
				 .to_ns = time_ns,
				 .packets = 5,
				 .known = true,
				 .cause = "lost in the kernel" };

	store_add_gap(st, &gap);
	store_add_event(st, &first);
	store_add_event(st, &second);
}

void store_world_tell_rule(struct store *st, uint64_t id, const char *text)
{
	struct channel_msg msg = { .kind = CHANNEL_RULE };
	struct channel_rule *r = &msg.u.rule;

	r->id = id;
	r->family = 4;
	r->verdict = VERDICT_DROP;
	str_copy(r->table, sizeof(r->table), "filter");
	str_copy(r->chain, sizeof(r->chain), "DOCKER");
	str_copy(r->text, sizeof(r->text), text);
	store_add_fact(st, &msg);
}
