// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The form of docs/evidence.md: vectors that another program computed from that
 * page, and that no column of a table is left out.
 */
#include <stdio.h>
#include <string.h>

#include "lib/evidence.h"
#include "tests/unit/cmocka_all.h"

extern const char schema_sql[];

static void must_be(const uint8_t *hash, const char *hex)
{
	char text[2 * CANONICAL_HASH + 1];

	assert_string_equal(
		sodium_bin2hex(text, sizeof(text), hash, CANONICAL_HASH), hex);
}

#define ROW "8325a0b53189b59deae5e71d513c90ebf0f11d0d36ba3a0e8b99adf73030f507"

static void hash_row(uint8_t ret[CANONICAL_HASH])
{
	sqlite3_stmt *s = NULL;
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(db, "SELECT 9, 1, 'br-0', NULL, x'fd00'", -1,
				   &s, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	canonical_row(s, 1, 4, ret);
	sqlite3_finalize(s);
	sqlite3_close(db);
}

static void a_row_is_hashed_as_documented(void **state)
{
	uint8_t hash[CANONICAL_HASH];

	(void)state;
	hash_row(hash);
	must_be(hash, ROW);
}

static void a_link_is_hashed_as_documented(void **state)
{
	static const struct evidence_batch batch = {
		1,   2,	    1700000000000000000, 1700000000000000001,
		301, 18060, 1700000000000000002, 8,
	};
	static const struct canonical_event events[] = {
		{ 7, 1700000000000000000, 0x3c3f029c40, 1 },
		{ 8, 1700000000000000001, 5, 300 },
	};
	struct canonical_conversation conv = {
		.path = 3,
		.service = 6 << 16 | 80,
		.minute = 28333333,
		.dst_endpoint = 9,
		.src = { 10, 0, 0, 1 },
		.src_family = 4,
		.dst_family = 6,
		.spoofed = true,
	};
	struct evidence_entry entry = { .item = 2, .key = 1 };
	struct evidence_link link = {
		.seq = 1,
		.time_ns = 1700000000000000002,
		.has_batch = true,
		.first_event = 1,
		.has_conversations = true,
		.first_conversation = 7,
		.last_conversation = 7,
		.n_entries = 1,
		.entries = &entry,
	};
	uint8_t log[EVIDENCE_LOG_ID], root[CANONICAL_HASH];
	uint8_t hash[CANONICAL_HASH];
	struct canonical c;

	(void)state;
	for (uint8_t i = 0; i < sizeof(log); i++)
		log[i] = i;
	evidence_root(log, root);
	must_be(root, "9cd5d2899d1666c3503dcc5e28ab1321"
		      "bee093c9e31140516920e17bee6fc88a");
	evidence_events(&c, &batch);
	canonical_events(&c, events, 2);
	canonical_end(&c, link.events);
	must_be(link.events, "96ec96573971b31832aee03de1e823fc"
			     "cdc559e3704e9ae499504ffa71b4eac0");
	memset(conv.dst, 0xfd, sizeof(conv.dst));
	evidence_conversations(&c);
	canonical_conversations(&c, &conv, 1);
	canonical_end(&c, link.conversations);
	must_be(link.conversations, "e0f1beb3b3493518a9d49319eee42f3e"
				    "b7daa9a7efaa3d2ef494aa4e135ad175");
	hash_row(entry.hash);
	evidence_hash(root, &link, hash);
	must_be(hash, "55d580d449df3d47ab254c66e1b51686"
		      "2f0cf8b1c8b51fb7d483742b1b9853b2");
	entry.item = 16;
	evidence_state(&entry, 1, hash);
	must_be(hash, "a911b7988ec016f5b2464d15f74c4b54"
		      "cc2f50fbe562c56a4a26668d629a02ac");
}

/* A column that somebody adds to a table is proven, or this says so. */
static void every_column_is_hashed(void **state)
{
	sqlite3 *db = NULL;

	(void)state;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, schema_sql, NULL, NULL, NULL),
			 SQLITE_OK);
	for (int item = 1; item < ITEM_END; item++) {
		const struct canonical_table *t = &canonical_tables[item];
		sqlite3_stmt *s = NULL;
		char sql[256];

		/* its last_hour follows from the events */
		if (!t->name || item == ITEM_CONVERSATION)
			continue;
		snprintf(sql, sizeof(sql),
			 "SELECT group_concat(iif(name = 'table', '\"table\"',"
			 " name), ', ') FROM pragma_table_info('%s')",
			 t->name);
		assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL),
				 SQLITE_OK);
		assert_int_equal(sqlite3_step(s), SQLITE_ROW);
		assert_string_equal(t->columns, sqlite3_column_text(s, 0));
		sqlite3_finalize(s);
	}
	sqlite3_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_is_hashed_as_documented),
		cmocka_unit_test(a_link_is_hashed_as_documented),
		cmocka_unit_test(every_column_is_hashed),
	};

	return canonical_init() < 0 ? 1
				    : cmocka_run_group_tests(tests, NULL, NULL);
}
