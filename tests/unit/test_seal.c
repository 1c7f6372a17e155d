// SPDX-License-Identifier: GPL-2.0-or-later
/* Checkpoints: who signs them, where they go, and what they prove. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/db.h"
#include "lib/text.h"
#include "logger/channel.h"
#include "logger/seal.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/verify_world.h"

enum { PATH_SIZE = 160 };

static struct seal seal;
static int channel[2];
static char checkpoints[PATH_SIZE], public_key[PATH_SIZE];

static int set_up(void **state)
{
	struct world *w;

	if (store_world_set_up(state) < 0 || channel_open(channel) < 0)
		return -1;
	w = *state;
	seal_open(&seal, w->db);
	snprintf(checkpoints, sizeof(checkpoints), "%s.keeper/checkpoints",
		 w->db);
	snprintf(public_key, sizeof(public_key), "%s.keeper/signing.pub",
		 w->db);
	return seal.able ? 0 : -1;
}

static int tear_down(void **state)
{
	static const char *const names[] = { "checkpoints", "signing.key",
					     "signing.pub", "stolen.pub" };
	struct world *w = *state;
	char path[PATH_SIZE];

	seal_close(&seal);
	close(channel[0]);
	close(channel[1]);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s.keeper/%s", w->db, names[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s.keeper", w->db);
	rmdir(path);
	return store_world_tear_down(state);
}

/* As recorder and keeper do. */
static void sign(struct store *st, uint64_t now_ns)
{
	struct channel_msg msg = { 0 };

	assert_true(store_unsigned(st, &msg.u.checkpoint));
	seal_checkpoint(&seal, &msg.u.checkpoint, channel[0], now_ns);
	assert_int_equal(channel_recv(channel[1], &msg), 1);
	assert_int_equal(msg.kind, CHANNEL_CHECKPOINT);
	store_add_fact(st, &msg);
	assert_int_equal(store_commit(st, now_ns), 0);
	assert_false(store_unsigned(st, &msg.u.checkpoint));
}

/* n batches, each signed. */
static void fill(const struct world *w, unsigned int n)
{
	struct store *st = store_world_open(w, T0);

	for (unsigned int i = 0; i < n; i++) {
		struct event ev = store_world_event(T0 + i, 80);

		store_add_event(st, &ev);
		assert_int_equal(store_commit(st, T0 + i), 0);
		sign(st, T0 + i);
	}
	assert_int_equal(store_end(st, T0 + n), 0);
	sign(st, T0 + n);
	assert_int_equal(store_close(st, T0 + n), 0);
}

static struct verify_report check(const struct image *image, const char *sql,
				  const char *against, const char *key)
{
	const struct verify_options options = { .against = against,
						.public_key = key };
	sqlite3 *db = verify_world_open(image);
	struct verify_report report;

	if (sql)
		assert_true(verify_world_try(db, sql));
	report = verify_world_check(db, &options);
	sqlite3_close(db);
	return report;
}

static void the_key_is_its_owners_alone(void **state)
{
	const struct world *w = *state;
	char path[PATH_SIZE];
	struct seal other;
	struct stat st;

	snprintf(path, sizeof(path), "%s.keeper/signing.key", w->db);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	/* the next start has the same one */
	seal_open(&other, w->db);
	assert_memory_equal(other.secret, seal.secret, sizeof(seal.secret));
	seal_close(&other);
	/* one that others could read signs nothing */
	assert_int_equal(chmod(path, 0640), 0);
	seal_open(&other, w->db);
	assert_false(other.able);
	seal_close(&other);
}

static void a_signed_log_is_proven_by_the_last_checkpoint(void **state)
{
	const struct world *w = *state;
	struct verify_report report;
	struct image image;

	fill(w, 3);
	image = verify_world_image(w);
	report = check(&image, NULL, checkpoints, public_key);
	if (report.fault)
		fail_msg("%s", report.fault_detail);
	assert_int_equal(report.signed_seq, report.last_seq);
	assert_int_equal(report.signed_ns, T0 + 3);
	assert_true(report.key_trusted);
	assert_int_equal(report.checkpoints, 4);
	assert_int_equal(report.outside, 4);
	report = check(&image, NULL, NULL, NULL);
	assert_int_equal(report.fault, FAULT_NONE);
	assert_false(report.key_trusted);
	sqlite3_free(image.bytes);
}

/* With the checkpoints in it, and all that would tell of the rest. */
static void a_tail_cut_off_with_all_its_traces_is_told_by_the_file(void **state)
{
	const struct world *w = *state;
	struct image image;

	fill(w, 6);
	image = verify_world_image(w);
	for (int last = 2; last < 8; last++) {
		char sql[2048];

		snprintf(sql, sizeof(sql),
			 "UPDATE session SET stop_ns = NULL;"
			 "DELETE FROM event WHERE id > %d;"
			 "DELETE FROM batch WHERE first_event > %d;"
			 "DELETE FROM checkpoint WHERE seq > %d;"
			 "DELETE FROM chain WHERE seq > %d;"
			 "DELETE FROM journal WHERE seq > %d;"
			 "UPDATE state SET seq = %d",
			 last - 1, last - 1, last, last, last, last);
		assert_int_equal(check(&image, sql, checkpoints, NULL).fault,
				 FAULT_TAIL_CUT);
	}
	sqlite3_free(image.bytes);
}

/* Those of links that retention removed prove nothing, and are no fault. */
static void checkpoints_of_what_was_removed_are_left_out(void **state)
{
	const struct world *w = *state;
	const uint64_t hour = 60 * NS_PER_MINUTE;
	struct verify_options options = { .against = checkpoints };
	struct verify_report report;
	struct image image;
	char error[VERIFY_DETAIL_MAX];
	sqlite3 *db;
	struct store *st = store_world_open_as(
		w, &(struct store_session){ .start_ns = T0,
					    .version = "test",
					    .retain_ns = 3 * hour });

	for (unsigned int i = 0; i < 10; i++) {
		uint64_t now_ns = T0 + i * hour;
		struct event ev = store_world_event(now_ns, 80);

		store_add_event(st, &ev);
		do
			assert_int_equal(store_commit(st, now_ns), 0);
		while (store_pending(st));
		sign(st, now_ns);
	}
	assert_int_equal(store_close(st, T0 + 10 * hour), 0);
	image = verify_world_image(w);
	report = check(&image, NULL, checkpoints, public_key);
	if (report.fault)
		fail_msg("%s", report.fault_detail);
	assert_true(report.outside_removed > 0);
	assert_true(report.outside > 0);
	assert_int_equal(report.outside + report.outside_removed, 10);
	assert_true(report.checkpoints <= report.outside);
	assert_int_equal(report.signed_id, 10);
	/* who says that all of the signed part was removed */
	db = verify_world_open(&image);
	assert_true(verify_world_try(
		db, "UPDATE proof SET removed_seq = (SELECT max(seq) + 1 FROM"
		    " checkpoint), removed_checkpoint = 10;"
		    "DELETE FROM checkpoint"));
	assert_int_equal(verify_database(db, &options, &report, error),
			 -EINVAL);
	assert_non_null(strstr(error, "only checkpoints of what retention"));
	sqlite3_close(db);
	report = check(&image,
		       "DELETE FROM checkpoint WHERE id = (SELECT"
		       " min(id) FROM checkpoint)",
		       NULL, NULL);
	assert_int_equal(report.fault, FAULT_REMOVED);
	sqlite3_free(image.bytes);
}

static void another_key_and_a_wrong_signature_are_told(void **state)
{
	const struct world *w = *state;
	struct verify_report report;
	struct image image;
	char stolen[PATH_SIZE];
	FILE *f;

	fill(w, 3);
	snprintf(stolen, sizeof(stolen), "%s.keeper/stolen.pub", w->db);
	f = fopen(stolen, "we");
	assert_non_null(f);
	fputs("bridgeaudit-key-1 "
	      "0101010101010101010101010101010101010101010101010101010101010101"
	      "\n",
	      f);
	fclose(f);
	image = verify_world_image(w);
	report = check(&image, NULL, NULL, stolen);
	assert_int_equal(report.fault, FAULT_KEY_UNKNOWN);
	report = check(&image,
		       "UPDATE checkpoint SET signature = zeroblob(64)"
		       " WHERE id = 2",
		       NULL, NULL);
	assert_int_equal(report.fault, FAULT_SIGNATURE);
	report = check(&image, "DELETE FROM checkpoint WHERE id = 2", NULL,
		       NULL);
	assert_int_equal(report.fault, FAULT_REMOVED);
	sqlite3_free(image.bytes);
}

static void every_byte_of_a_checkpoint_is_proven(void **state)
{
	static const struct {
		const char *column;
		int len;
	} blobs[] = { { "hash", 32 },
		      { "state", 32 },
		      { "key", 32 },
		      { "signature", 64 } };
	static const char *const numbers[] = { "id", "seq", "time_ns" };
	const struct world *w = *state;
	struct image image;
	char sql[512];

	fill(w, 1);
	image = verify_world_image(w);
	for (size_t i = 0; i < ARRAY_SIZE(blobs); i++)
		for (int at = 1; at <= blobs[i].len; at++) {
			snprintf(sql, sizeof(sql),
				 "UPDATE checkpoint SET %s = CAST(substr(%s, 1,"
				 " %d) || iif(substr(%s, %d, 1) = x'00', x'01',"
				 " x'00') || substr(%s, %d) AS BLOB)"
				 " WHERE id = 1",
				 blobs[i].column, blobs[i].column, at - 1,
				 blobs[i].column, at, blobs[i].column, at + 1);
			assert_int_not_equal(
				check(&image, sql, NULL, NULL).fault,
				FAULT_NONE);
		}
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		for (int bit = 0; bit < 63; bit++) {
			snprintf(sql, sizeof(sql),
				 "UPDATE checkpoint SET %s = (%s | (1 << %d)) -"
				 " (%s & (1 << %d)) WHERE id = 2",
				 numbers[i], numbers[i], bit, numbers[i], bit);
			assert_int_not_equal(
				check(&image, sql, NULL, NULL).fault,
				FAULT_NONE);
		}
	sqlite3_free(image.bytes);
}

static void a_key_that_follows_is_trusted_like_the_first(void **state)
{
	const struct world *w = *state;
	uint8_t fresh[CHECKPOINT_SECRET];
	struct verify_report report;
	struct image image;
	char first[PATH_SIZE], line[512];
	FILE *f;

	/* what the auditor took away at the beginning */
	snprintf(first, sizeof(first), "%s.keeper/stolen.pub", w->db);
	f = fopen(public_key, "re");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	fclose(f);
	f = fopen(first, "we");
	fputs(line, f);
	fclose(f);
	assert_int_equal(signing_key_make(seal.dir, seal.secret, fresh), 0);
	seal_reload(&seal);
	assert_memory_equal(seal.secret, fresh, sizeof(fresh));
	fill(w, 2);
	image = verify_world_image(w);
	report = check(&image, NULL, checkpoints, public_key);
	assert_int_equal(report.fault, FAULT_NONE);
	assert_true(report.key_trusted);
	report = check(&image, NULL, checkpoints, first);
	assert_int_equal(report.fault, FAULT_KEY_UNKNOWN);
	sqlite3_free(image.bytes);
}

static void the_keeper_never_signs_what_is_before_its_last(void **state)
{
	struct checkpoint cp = { .id = 5, .seq = 50 };
	struct channel_msg msg;

	(void)state;
	seal_checkpoint(&seal, &cp, channel[0], T0);
	assert_int_equal(channel_recv(channel[1], &msg), 1);
	cp.seq = 49;
	seal_checkpoint(&seal, &cp, channel[0], T0);
	cp.seq = 51;
	cp.id = 4;
	seal_checkpoint(&seal, &cp, channel[0], T0);
	assert_int_equal(channel_recv(channel[1], &msg), 0);
}

static void lines_that_are_not_whole_are_no_checkpoints(void **state)
{
	char line[CHECKPOINT_LINE_MAX], syslog[CHECKPOINT_LINE_MAX + 64];
	struct checkpoint cp = { .id = 1, .seq = 2, .time_ns = 3 }, back;

	(void)state;
	checkpoint_sign(&cp, seal.secret);
	checkpoint_print(&cp, line);
	snprintf(syslog, sizeof(syslog), "Nov 26 h bridgeauditd[1]: %s\n",
		 line);
	assert_int_equal(checkpoint_parse(syslog, &back), 0);
	assert_memory_equal(&back, &cp, sizeof(cp));
	assert_true(checkpoint_signed(&back));
	for (size_t len = strlen(line); len-- > 0;) {
		line[len] = '\0';
		assert_true(checkpoint_parse(line, &back) < 0);
	}
}

/* The section of the report, after the change. */
static const char *reported(struct world *w, const char *sql)
{
	char program[] = "bridgeaudit", option[] = "--db", verb[] = "report";
	char format[] = "-ojson", error[DB_ERROR_MAX];
	char *argv[] = { program, option, w->db, verb, format, NULL };
	const struct cli_result *result;
	sqlite3 *db = NULL;
	const char *found;

	assert_int_equal(db_open_writer(w->db, &db, error), 0);
	assert_true(verify_world_try(db, sql));
	sqlite3_close(db);
	result = cli_fixture_run_argv(5, argv);
	found = strstr(result->out, "\"id\":\"verification\"");
	if (!found)
		fail_msg("%d: %s%s", result->code, result->out, result->err);
	return found;
}

static void must_have(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("no '%s' in: %s", words, text);
}

static void a_report_says_what_is_proven_and_by_whom(void **state)
{
	char key[CHECKPOINT_LINE_MAX];
	const char *text;
	FILE *f;

	fill(*state, 3);
	f = fopen(public_key, "re");
	assert_non_null(f);
	assert_non_null(fgets(key, sizeof(key), f));
	fclose(f);
	key[strcspn(key, "\n")] = '\0';
	text = reported(*state, "");
	must_have(text, "Proven: 3 packets in 3 rows");
	must_have(text, "from 2023-11-14T22:13:20.000000000Z to "
			"2023-11-14T22:13:20.000000003Z");
	must_have(text, "by checkpoint 4 at 2023-11-14T22:13:20.000000003Z");
	must_have(text, key);
	assert_null(strstr(text, "NOT PROVEN"));
}

static void a_report_names_the_first_fault(void **state)
{
	const char *text;

	fill(*state, 3);
	text = reported(*state, "UPDATE event SET time_ns = time_ns + 1"
				" WHERE id = 2");
	must_have(text, "NOT PROVEN. ");
	must_have(text, "row changed: commit ");
	assert_null(strstr(text, "Proven:"));
}

static void a_report_of_too_much_is_not_verified(void **state)
{
	const char *text;

	fill(*state, 3);
	text = reported(*state, "INSERT INTO conversation (id, path, service,"
				" minute) VALUES (100000000, 1, 1, 1)");
	must_have(text, "Not verified here: ");
	must_have(text, "Run bridgeaudit verify");
	assert_null(strstr(text, "Proven:"));
	assert_null(strstr(text, "Signed until"));
}

/* Many events, as ids tell; the first one is from before the chain. */
static void a_report_of_many_events_says_what_it_did_not_read(void **state)
{
	static const char many[] =
		"INSERT INTO event (id, conversation, time_ns, detail, packets)"
		" VALUES (1, 1, 1, 1, 1);"
		"INSERT INTO batch (first_event, last_event, min_ns, max_ns,"
		" packets, bytes, commit_ns, pruned_ns)"
		" VALUES (1, 100000000, 1, 1, 1, 1, 1, 1)";
	const struct world *w = *state;
	char error[DB_ERROR_MAX];
	sqlite3 *db = NULL;
	const char *text;

	assert_int_equal(db_open_writer(w->db, &db, error), 0);
	assert_true(verify_world_try(db, many));
	sqlite3_close(db);
	fill(w, 3);
	text = reported(*state, "");
	must_have(text, "Proven: the chain of commits up to number ");
	must_have(text, "3 packets in 3 rows are as they were committed");
	must_have(text, "Not proven here: the sums per hour and minute");
	must_have(text, "Signed until");
	assert_null(strstr(text, "of the whole log"));
	text = reported(*state, "UPDATE event SET time_ns = time_ns + 1"
				" WHERE id = 100000002");
	must_have(text, "NOT PROVEN. ");
	assert_null(strstr(text, "Proven: "));
	assert_null(strstr(text, "hashed as well"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(the_key_is_its_owners_alone),
		T(a_signed_log_is_proven_by_the_last_checkpoint),
		T(a_tail_cut_off_with_all_its_traces_is_told_by_the_file),
		T(checkpoints_of_what_was_removed_are_left_out),
		T(another_key_and_a_wrong_signature_are_told),
		T(every_byte_of_a_checkpoint_is_proven),
		T(a_key_that_follows_is_trusted_like_the_first),
		T(the_keeper_never_signs_what_is_before_its_last),
		T(lines_that_are_not_whole_are_no_checkpoints),
		T(a_report_says_what_is_proven_and_by_whom),
		T(a_report_names_the_first_fault),
		T(a_report_of_too_much_is_not_verified),
		T(a_report_of_many_events_says_what_it_did_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
