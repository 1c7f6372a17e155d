// SPDX-License-Identifier: GPL-2.0-or-later
/* Listings in, tables out; what fails fails the test. */
#include "tests/unit/own_table_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logger/rules/profile.h"
#include "tests/unit/cmocka_all.h"

struct own_table_input own_bench_input(void)
{
	return (struct own_table_input){ .group = 4242,
					 .profile = PROFILE_DEFAULT };
}

struct own_table *own_bench_make(const struct own_table_input *in)
{
	struct own_table *table = NULL;

	assert_int_equal(own_table_make(in, &table), 0);
	assert_non_null(table);
	return table;
}

struct own_table *own_bench_docker(const char *text, size_t len)
{
	struct own_table_input in = own_bench_input();

	in.docker[0] = text;
	in.docker_len[0] = len;
	return own_bench_make(&in);
}

struct own_table *own_bench_chain(const char *rules)
{
	static char text[256 * 1024];
	int n = snprintf(text, sizeof(text),
			 "table ip docker-bridges {\n" JUMPS
			 "\tchain in__br-a {\n%s\t}\n" FORWARD "}\n",
			 rules);

	assert_true(n > 0 && (size_t)n < sizeof(text));
	return own_bench_docker(text, (size_t)n);
}
