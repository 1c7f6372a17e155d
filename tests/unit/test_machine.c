// SPDX-License-Identifier: GPL-2.0-or-later
/* Which host this is: its name as it says, its id only through a hash. */
#include "logger/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/cmocka_all.h"

static char path[64];

static int set_up(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "/tmp/bridgeaudit-test-XXXXXX");
	return close(mkstemp(path));
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

/* The id that comes of a file with this text. */
static const char *id_of(const char *text, size_t len)
{
	static struct machine machine;
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
	machine_read(path, &machine);
	return machine.id;
}

static void the_id_is_the_machine_id_s_by_systemd_s_hash(void **state)
{
	static const char id[] = "0123456789abcdef0123456789abcdef\n";

	(void)state;
	/* what systemd-id128 --app-specific makes of it */
	assert_string_equal(id_of(id, 33), "3ebe98dc3fe04c23bab41904a209d39f");
	assert_string_equal(id_of(id, 32), "3ebe98dc3fe04c23bab41904a209d39f");
}

/* The same on the machine at hand, if that has both. */
static void it_is_what_systemd_says_of_this_machine(void **state)
{
	char said[64] = "";
	struct machine machine;
	FILE *f = popen("systemd-id128 machine-id --app-specific="
			"25536c54ab1c4277a09e7e9b41eac057 2>/dev/null",
			"re");

	(void)state;
	assert_non_null(f);
	if (!fgets(said, sizeof(said), f))
		said[0] = '\0';
	if (pclose(f) != 0)
		skip();
	said[strcspn(said, "\n")] = '\0';
	machine_read("/etc/machine-id", &machine);
	assert_string_equal(machine.id, said);
}

static void what_is_no_machine_id_makes_no_id(void **state)
{
	(void)state;
#define NONE(text) assert_string_equal(id_of(text, sizeof(text) - 1), "")
	NONE("");
	NONE("uninitialized\n");
	NONE("00000000000000000000000000000000\n");
	NONE("0123456789abcdef0123456789abcde\n");
	NONE("0123456789abcdef0123456789abcdef0\n");
	NONE("0123456789abcdef0123456789abcdeg\n");
	NONE("\0\0\0\0");
	assert_int_equal(unlink(path), 0);
	{
		struct machine machine = { .id = "x" };

		machine_read(path, &machine);
		assert_string_equal(machine.id, "");
	}
	assert_int_equal(set_up(NULL), 0);
}

static void the_name_is_the_kernel_s(void **state)
{
	struct machine machine;
	char name[65] = "";

	(void)state;
	machine_read(path, &machine);
	assert_int_equal(gethostname(name, sizeof(name) - 1), 0);
	assert_string_equal(machine.name, name);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(the_id_is_the_machine_id_s_by_systemd_s_hash),
		T(it_is_what_systemd_says_of_this_machine),
		T(what_is_no_machine_id_makes_no_id),
		T(the_name_is_the_kernel_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
