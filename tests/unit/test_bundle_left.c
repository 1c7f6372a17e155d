// SPDX-License-Identifier: GPL-2.0-or-later
/* A bundle that could not be finished leaves nothing. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "cli/interrupt.h"
#include "lib/exitcode.h"
#include "tests/unit/bundle_world.h"
#include "tests/unit/cmocka_all.h"

/* What begins with the bundle's name in its directory. */
static size_t count_left(const struct bundle_world *w)
{
	DIR *dir = opendir(w->world.dir);
	const struct dirent *entry;
	size_t n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		n += strncmp(entry->d_name, "b.tar", 5) == 0;
	closedir(dir);
	return n;
}

static void a_disk_that_is_full_leaves_nothing(void **state)
{
	struct bundle_world *w = *state;
	struct rlimit limit = { 0 }, old;
	char args[512];

	snprintf(args, sizeof(args), "bundle -o %s", w->bundle);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	for (size_t kib = 33; kib < 130; kib += 37) {
		limit = (struct rlimit){ kib * 1024, old.rlim_max };
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
		bundle_world_run(w, args);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
		assert_int_equal(w->result.code, EXITCODE_NOTHING);
		if (!strstr(w->result.err, "File too large; nothing is left"))
			fail_msg("%zu KiB: %s", kib, w->result.err);
		assert_int_equal(count_left(w), 0);
	}
	signal(SIGXFSZ, SIG_DFL);
}

static void ctrl_c_leaves_nothing(void **state)
{
	struct bundle_world *w = *state;
	struct interrupt saved;
	char args[512];

	snprintf(args, sizeof(args), "bundle -o %s", w->bundle);
	interrupt_catch(&saved);
	raise(SIGINT);
	bundle_world_run(w, args);
	assert_int_equal(interrupt_release(&saved), SIGINT);
	assert_int_equal(w->result.code, EXITCODE_NOTHING);
	assert_string_equal(w->result.err, "");
	assert_int_equal(count_left(w), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_disk_that_is_full_leaves_nothing, bundle_world_set_up,
			bundle_world_tear_down),
		cmocka_unit_test_setup_teardown(ctrl_c_leaves_nothing,
						bundle_world_set_up,
						bundle_world_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
