// SPDX-License-Identifier: GPL-2.0-or-later
/* What a reader may send, and how much of it becomes rows. */
#include <errno.h>
#include <string.h>

#include "lib/reading.h"
#include "lib/text.h"
#include "lib/timefmt.h"
#include "logger/reading/readers.h"
#include "tests/unit/cmocka_all.h"

#define T0 (1700000000ULL * NS_PER_S)

static void only_whole_messages_are_taken(void **state)
{
	struct reading_message m = { .kind = READING_BEGIN, .verb = "log" }, is;
	char bytes[sizeof(m) + 1] = { 0 };
	const size_t head = offsetof(struct reading_message, command);

	(void)state;
	str_copy(m.command, sizeof(m.command), "log \033[2J \xff'\n");
	assert_int_equal(reading_parse(&m, reading_len(&m), &is), 0);
	assert_string_equal(is.command, m.command);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		memcpy(bytes, &m, sizeof(m));
		if (len != reading_len(&m))
			assert_int_equal(reading_parse(bytes, len, &is),
					 -EBADMSG);
	}
	memset(m.command, 'x', sizeof(m.command));
	assert_int_equal(reading_parse(&m, sizeof(m), &is), -EBADMSG);
	m.command[sizeof(m.command) - 1] = '\0';
	assert_int_equal(reading_parse(&m, sizeof(m), &is), 0);
	m.command[0] = '\0';
	assert_int_equal(reading_parse(&m, head + 1, &is), 0);
	for (const char *verb = "\0Log\0lo g\0log2\0l\033g\0";; verb++) {
		memset(m.verb, 0, sizeof(m.verb));
		str_copy(m.verb, sizeof(m.verb), verb);
		assert_int_equal(reading_parse(&m, head + 1, &is), -EBADMSG);
		verb += strlen(verb);
		if (verb[1] == '\0')
			break;
	}
	memset(m.verb, 'a', sizeof(m.verb));
	assert_int_equal(reading_parse(&m, head + 1, &is), -EBADMSG);
	m = (struct reading_message){ .kind = READING_END, .rows = -1 };
	assert_int_equal(reading_parse(&m, head + 1, &is), 0);
	m.rows = -2;
	assert_int_equal(reading_parse(&m, head + 1, &is), -EBADMSG);
	m.rows = INT64_MAX;
	m.exit = 256;
	assert_int_equal(reading_parse(&m, head + 1, &is), -EBADMSG);
	m.exit = -1;
	assert_int_equal(reading_parse(&m, head + 1, &is), -EBADMSG);
	m.kind = 0;
	m.exit = 0;
	assert_int_equal(reading_parse(&m, head + 1, &is), -EBADMSG);
}

static void a_user_gets_a_burst_and_then_one_a_second(void **state)
{
	struct readers rs = { 0 };
	struct reader gone, *r = readers_find(&rs, 7, 1000, &gone);

	(void)state;
	for (int i = 0; i < READERS_BURST; i++)
		assert_true(readers_begin(r, 1000));
	assert_false(readers_begin(r, 1000));
	assert_false(readers_begin(r, 1000 + READERS_PACE_MS - 1));
	assert_true(readers_begin(r, 1000 + READERS_PACE_MS));
	assert_false(readers_begin(r, 1000 + READERS_PACE_MS));
	/* after a pause all of it again, and no more */
	for (int i = 0; i < READERS_BURST; i++)
		assert_true(readers_begin(r, 10000000));
	assert_false(readers_begin(r, 10000000));
	/* another user has one of his own */
	assert_true(readers_begin(readers_find(&rs, 8, 1000, &gone), 1000));
}

static void users_take_turns_and_no_count_is_lost(void **state)
{
	struct readers rs = { 0 };
	struct reader gone, told;

	(void)state;
	for (uint32_t uid = 0; uid < READERS_MAX; uid++) {
		struct reader *r = readers_find(&rs, uid, 1000 + uid, &gone);

		assert_int_equal(gone.counted, 0);
		if (uid != 3)
			assert_true(readers_admit(r));
		readers_count(r, T0 + uid, 1000 + uid);
		readers_count(r, T0 + uid + 1, 1000 + uid);
	}
	/* the only one without a connection goes, with what it had */
	assert_non_null(readers_find(&rs, 4711, 2000, &gone));
	assert_int_equal(gone.uid, 3);
	assert_int_equal(gone.counted, 2);
	assert_true(readers_admit(readers_find(&rs, 4711, 2000, &gone)));
	assert_null(readers_find(&rs, 4712, 2000, &gone));
	assert_int_equal(gone.counted, 0);
	assert_false(
		readers_take(&rs, false, 1000 + READERS_TELL_MS - 1, &told));
	assert_true(readers_take(&rs, false, 1000 + READERS_TELL_MS, &told));
	assert_int_equal(told.uid, 0);
	assert_int_equal(told.counted, 2);
	assert_int_equal(told.first_ns, T0);
	assert_int_equal(told.last_ns, T0 + 1);
	assert_false(readers_take(&rs, false, 1000 + READERS_TELL_MS, &told));
	for (int i = 0; i < READERS_MAX - 2; i++)
		assert_true(readers_take(&rs, true, 2000, &told));
	assert_false(readers_take(&rs, true, 2000, &told));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_whole_messages_are_taken),
		cmocka_unit_test(a_user_gets_a_burst_and_then_one_a_second),
		cmocka_unit_test(users_take_turns_and_no_count_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
