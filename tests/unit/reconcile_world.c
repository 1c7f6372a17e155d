// SPDX-License-Identifier: GPL-2.0-or-later
/* A logger's session without its processes: facts and rows in, ledger out. */
#include "tests/unit/reconcile_world.h"

#include <sqlite3.h>

#include "lib/text.h"
#include "tests/unit/cmocka_all.h"

struct session rw_begin(const struct world *w, uint64_t at)
{
	struct session s = { .st = store_world_open(w, T0 + at * S) };

	reconcile_init(&s.rec, s.st, T0 + at * S);
	return s;
}

static void rw_commit(struct session *s, uint64_t at)
{
	assert_int_equal(store_commit(s->st, T0 + at * S), 0);
}

void rw_end(struct session *s, uint64_t at)
{
	reconcile_look(&s->rec, T0 + at * S, true);
	rw_commit(s, at);
	assert_int_equal(store_close(s->st, T0 + at * S), 0);
}

void rw_end_killed(const struct world *w, struct session *s)
{
	sqlite3 *db = NULL;

	assert_int_equal(store_close(s->st, 1), 0);
	assert_int_equal(sqlite3_open(w->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "UPDATE session SET stop_ns = NULL",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
}

static void rw_hear(struct session *s, const struct channel_msg *msg)
{
	struct channel_msg copy = *msg;

	reconcile_fact(&s->rec, &copy);
	store_add_fact(s->st, &copy);
}

static struct channel_msg rule_msg(uint64_t packets, bool appeared)
{
	return (struct channel_msg){
		.kind = CHANNEL_RULE,
		.u.rule = { .id = RULE,
			    .family = 4,
			    .verdict = VERDICT_DROP,
			    .appeared = appeared,
			    .packets = packets,
			    .table = "filter",
			    .chain = "DOCKER",
			    .text = "-o br-x -j DROP" },
	};
}

void rw_rule_of(struct session *s, const char *variant, uint64_t packets,
		bool appeared)
{
	struct channel_msg msg = rule_msg(packets, appeared);

	str_copy(msg.u.rule.variant, CHANNEL_IFNAME_MAX, variant);
	rw_hear(s, &msg);
}

void rw_witness(struct session *s, bool appeared)
{
	struct channel_msg msg = rule_msg(0, appeared);

	str_copy(msg.u.rule.variant, CHANNEL_IFNAME_MAX, "nft");
	msg.u.rule.uncounted = true;
	rw_hear(s, &msg);
}

void rw_rule(struct session *s, uint64_t packets, bool appeared)
{
	rw_rule_of(s, "nft", packets, appeared);
}

void rw_twin(struct session *s, struct told t)
{
	rw_mirrored(s, t, (struct mirror_told){ 0 });
}

void rw_mirrored(struct session *s, struct told t, struct mirror_told mirror)
{
	struct channel_msg msg = {
		.kind = CHANNEL_TWIN,
		.u.twin = { .rule_id = RULE,
			    .state = (uint8_t)t.state,
			    .partial = t.partial,
			    .disturbed = t.disturbed,
			    .mirror = mirror,
			    .rule_packets = t.packets,
			    .twin_packets = t.twin,
			    .after_ns =
				    s->last_told ? T0 + s->last_told * S : 0,
			    .since_ns = T0 + t.at * S,
			    .change_ns = t.change ? T0 + t.change * S : 0 },
	};

	str_copy(msg.u.twin.variant, CHANNEL_IFNAME_MAX,
		 t.variant ? t.variant : "nft");
	str_copy(msg.u.twin.cause, CHANNEL_CAUSE_MAX, t.cause ? t.cause : "");
	rw_hear(s, &msg);
	s->last_told = t.at;
}

void rw_rows(struct session *s, unsigned int n)
{
	struct event ev = store_world_event(T0 + 1, 80);

	while (n-- > 0)
		store_add_event(s->st, &ev);
}

uint64_t rw_look(struct session *s, uint64_t at)
{
	uint64_t lost = reconcile_look(&s->rec, T0 + at * S, false);

	rw_commit(s, at);
	return lost;
}

const char *rw_coverage(const struct world *w)
{
	return store_world_ask(
		w, "SELECT state, from_ns / 1000000000 - 1700000000,"
		   " to_ns / 1000000000 - 1700000000, cause, missed"
		   " FROM coverage ORDER BY id");
}

const char *rw_gaps(const struct world *w)
{
	return store_world_ask(w, "SELECT packets, cause, detail FROM gap");
}

const char *rw_findings(const struct world *w)
{
	return store_world_ask(w, "SELECT detail FROM finding"
				  " WHERE to_ns IS NULL");
}

void rw_assert_closed(const struct world *w)
{
	assert_string_equal(
		store_world_ask(w, "SELECT base + rows + lost + missed -"
				   " overlogged = (SELECT sum(rule_packets)"
				   " FROM twin t WHERE t.rule = a.rule)"
				   " FROM account a"),
		"1");
}

struct session rw_watched(const struct world *w, uint64_t packets)
{
	struct session s = rw_begin(w, 1);

	rw_rule(&s, 0, true);
	rw_twin(&s, (struct told){ TWIN_IN_PLACE, packets, 0, 11, 10,
				   "docker wrote rule", NULL, false, false });
	rw_look(&s, 12);
	return s;
}
