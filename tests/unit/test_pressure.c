// SPDX-License-Identifier: GPL-2.0-or-later
/* When detail is given up, when it comes back, and that the ledger says so. */
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "logger/capture/pressure.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/store_world.h"

static void it_goes_up_at_once_and_down_when_it_was_calm(void **state)
{
	static const struct {
		uint64_t now_ms;
		unsigned int fill;
		enum store_pressure level;
	} steps[] = {
		{ 1, 0, STORE_PRESSURE_NONE },
		{ 2, 24, STORE_PRESSURE_NONE },
		{ 3, 25, STORE_PRESSURE_BATCH },
		{ 4, 24, STORE_PRESSURE_BATCH },
		{ 5, 60, STORE_PRESSURE_FAIR },
		{ 6, 30, STORE_PRESSURE_FAIR },
		{ 7, 4, STORE_PRESSURE_FAIR },
		{ 4000, 5, STORE_PRESSURE_FAIR }, /* not calm */
		{ 5000, 0, STORE_PRESSURE_FAIR },
		{ 9999, 0, STORE_PRESSURE_FAIR },
		{ 10000, 0, STORE_PRESSURE_NONE },
		{ 10001, 100, STORE_PRESSURE_FAIR },
	};
	struct pressure p = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		p.level = pressure_next(&p, steps[i].fill, steps[i].now_ms);
		assert_int_equal(p.level, steps[i].level);
	}
}

/* From half full until a quarter: what waits then can be written in time. */
static void it_shares_until_there_is_time_again(void **state)
{
	static const struct {
		unsigned int fill;
		bool shares;
	} steps[] = {
		{ 25, false }, { 49, false }, { 50, true },  { 49, true },
		{ 25, true },  { 24, false }, { 49, false }, { 100, true },
	};
	struct pressure p = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		p.sharing = pressure_shares(&p, steps[i].fill);
		assert_int_equal(p.sharing, steps[i].shares);
	}
}

/* UDP to itself: memory that waits is accounted as netlink's is. */
static int open_socket(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int size = 65536;

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, len), 0);
	return fd;
}

static void a_change_is_in_the_ledger(void **state)
{
	const struct world *w = *state;
	struct store *st = store_world_open(w, T0);
	struct pressure p = { 0 };
	char bytes[4096] = { 0 };
	int fd = open_socket();

	for (int i = 0; i < 100; i++) /* more than its buffer holds */
		assert_true(send(fd, bytes, sizeof(bytes), 0) > 0);
	pressure_update(&p, fd, st, 1);
	assert_int_equal(p.level, STORE_PRESSURE_FAIR);
	assert_true(p.sharing);
	assert_int_equal(store_commit(st, T0 + 1), 0);
	assert_string_equal(
		store_world_ask(w, "SELECT subject, detail LIKE"
				   " '%of who sends most%only counted', to_ns"
				   " FROM finding"),
		"load|1|NULL");
	while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	pressure_update(&p, fd, st, 2);
	assert_int_equal(p.level, STORE_PRESSURE_FAIR);
	assert_false(p.sharing);
	pressure_update(&p, fd, st, 6000);
	assert_int_equal(p.level, STORE_PRESSURE_NONE);
	assert_int_equal(store_commit(st, T0 + 2), 0);
	assert_string_equal(store_world_ask(w,
					    "SELECT to_ns - 1700000000000000000"
					    " FROM finding"),
			    "2");
	assert_int_equal(store_close(st, T0), 0);
	close(fd);
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, store_world_set_up,              \
					store_world_tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_goes_up_at_once_and_down_when_it_was_calm),
		cmocka_unit_test(it_shares_until_there_is_time_again),
		T(a_change_is_in_the_ledger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
