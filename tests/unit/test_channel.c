// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages between the processes, and what a broken peer can do with them. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "logger/channel.h"
#include "logger/clock.h"
#include "tests/unit/cmocka_all.h"

static void a_message_arrives_as_it_was_sent(void **state)
{
	struct channel_msg sent = { .kind = CHANNEL_TWIN }, got;
	int fds[2];

	(void)state;
	sent.u.twin.rule_id = 0x3f9a2c1d77aa;
	sent.u.twin.twin_packets = 7;
	assert_int_equal(channel_open(fds), 0);
	assert_int_equal(channel_recv(fds[1], &got), 0);
	assert_int_equal(channel_send(fds[0], &sent), 0);
	assert_int_equal(channel_recv(fds[1], &got), 1);
	assert_memory_equal(&got, &sent, sizeof(got));
	close(fds[0]);
	assert_int_equal(channel_recv(fds[1], &got), -EPIPE);
	assert_int_equal(channel_send(fds[1], &sent), -EPIPE);
	close(fds[1]);
}

static void another_length_or_kind_is_refused(void **state)
{
	struct channel_msg msg = { .kind = 99 }, got = { 0 };
	char longer[sizeof(msg) + 1] = { CHANNEL_STOP };
	int fds[2];

	(void)state;
	assert_int_equal(channel_open(fds), 0);
	assert_int_equal(send(fds[0], &msg, sizeof(msg), 0), sizeof(msg));
	assert_int_equal(channel_recv(fds[1], &got), -EBADMSG);
	assert_int_equal(send(fds[0], longer, sizeof(longer), 0),
			 sizeof(longer));
	assert_int_equal(channel_recv(fds[1], &got), -EBADMSG);
	assert_int_equal(send(fds[0], longer, 4, 0), 4);
	assert_int_equal(channel_recv(fds[1], &got), -EBADMSG);
	assert_int_equal(got.kind, 0);
	close(fds[0]);
	close(fds[1]);
}

static void strings_without_an_end_get_one(void **state)
{
	struct channel_msg msg, got;
	int fds[2];

	(void)state;
	memset(&msg, 'x', sizeof(msg));
	msg.kind = CHANNEL_RULE;
	assert_int_equal(channel_open(fds), 0);
	assert_int_equal(channel_send(fds[0], &msg), 0);
	assert_int_equal(channel_recv(fds[1], &got), 1);
	assert_int_equal(strlen(got.u.rule.text), CHANNEL_RULE_MAX - 1);
	assert_int_equal(strlen(got.u.rule.chain), CHANNEL_CHAIN_MAX - 1);
	msg.kind = CHANNEL_TWIN;
	assert_int_equal(channel_send(fds[0], &msg), 0);
	assert_int_equal(channel_recv(fds[1], &got), 1);
	assert_int_equal(strlen(got.u.twin.variant), CHANNEL_IFNAME_MAX - 1);
	assert_int_equal(strlen(got.u.twin.cause), CHANNEL_CAUSE_MAX - 1);
	close(fds[0]);
	close(fds[1]);
}

static void who_does_not_read_does_not_stall_the_sender(void **state)
{
	const struct channel_msg msg = { .kind = CHANNEL_STOP };
	int fds[2], r = 0;

	(void)state;
	assert_int_equal(channel_open(fds), 0);
	for (int i = 0; i < 100000 && r == 0; i++)
		r = channel_send(fds[0], &msg);
	assert_int_equal(r, -EAGAIN);
	close(fds[0]);
	close(fds[1]);
}

/* As many messages as a host with hundreds of containers has for a list. */
static void who_does_not_read_is_waited_for_once(void **state)
{
	const struct channel_msg msg = { .kind = CHANNEL_READY };
	struct channel_msg got;
	uint64_t begun_ms;
	int fds[2];

	(void)state;
	assert_int_equal(channel_open(fds), 0);
	while (channel_send(fds[0], &msg) == 0)
		;
	begun_ms = clock_ms();
	for (int i = 0; i < 100; i++)
		assert_int_equal(channel_send(fds[0], &msg), -EAGAIN);
	assert_true(clock_ms() - begun_ms < 10000);
	assert_int_equal(channel_recv(fds[1], &got), 1);
	assert_int_equal(channel_send(fds[0], &msg), 0);
	close(fds[0]);
	close(fds[1]);
}

static void stop_needs_no_room(void **state)
{
	const struct channel_msg msg = { .kind = CHANNEL_READY };
	struct channel_msg got = { 0 };
	int fds[2];

	(void)state;
	assert_int_equal(channel_open(fds), 0);
	while (channel_send(fds[0], &msg) == 0)
		;
	assert_int_equal(channel_send_stop(fds[0]), 0);
	while (channel_recv(fds[1], &got) == 1 && got.kind == CHANNEL_READY)
		;
	assert_int_equal(got.kind, CHANNEL_STOP);
	/* what was not said yet can be */
	assert_int_equal(channel_send(fds[1], &msg), 0);
	assert_int_equal(channel_recv(fds[0], &got), 1);
	close(fds[0]);
	assert_int_equal(channel_recv(fds[1], &got), -EPIPE);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_arrives_as_it_was_sent),
		cmocka_unit_test(another_length_or_kind_is_refused),
		cmocka_unit_test(strings_without_an_end_get_one),
		cmocka_unit_test(who_does_not_read_does_not_stall_the_sender),
		cmocka_unit_test(who_does_not_read_is_waited_for_once),
		cmocka_unit_test(stop_needs_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
