// SPDX-License-Identifier: GPL-2.0-or-later
/* The administrator's program: how it is run, and how often. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "logger/program.h"
#include "tests/unit/cmocka_all.h"

enum { WAIT_MS = 20000 };

struct script {
	char dir[64];
	char path[96];
	char out[96];
};

static void write_script(struct script *s, const char *text)
{
	FILE *f;

	strcpy(s->dir, "/tmp/bridgeaudit-script-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->path, sizeof(s->path), "%s/script", s->dir);
	snprintf(s->out, sizeof(s->out), "%s/out", s->dir);
	f = fopen(s->path, "we");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s", text);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(s->path, 0700), 0);
}

static void remove_script(const struct script *s)
{
	unlink(s->out);
	assert_int_equal(unlink(s->path), 0);
	assert_int_equal(rmdir(s->dir), 0);
}

static void await_end(struct program *p)
{
	for (int i = 0; p->pid && i < WAIT_MS / 10; i++) {
		usleep(10000);
		program_reap(p);
	}
	assert_int_equal(p->pid, 0);
}

/* Its word, environment, input and descriptors. */
static void it_gets_nothing_that_is_ours(void **state)
{
	struct script s;
	struct program p = { 0 };
	char text[1024] = "";
	int secret = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */
	size_t n;
	FILE *f;

	(void)state;
	write_script(&s, "{ echo \"$#:$*\"; cat; /usr/bin/env | grep -vE "
			 "'^(PWD|_|OLDPWD|SHLVL)='; ls /proc/self/fd; } "
			 ">\"${0%/*}/out\"\n");
	assert_true(secret > STDERR_FILENO);
	assert_int_equal(setenv("SECRET", "value", 1), 0);
	program_start(&p, s.path, "disk_full; id", 1);
	assert_true(p.pid > 0);
	await_end(&p);
	f = fopen(s.out, "re");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	assert_string_equal(text, "1:disk_full; id\n"
				  "PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"
				  "0\n1\n2\n3\n"); /* 3: ls's directory */
	close(secret);
	remove_script(&s);
}

static void one_at_a_time_and_not_too_often(void **state)
{
	struct script s;
	struct program p = { 0 };
	pid_t first;

	(void)state;
	write_script(&s, "while [ ! -e \"${0%/*}/out\" ]; do sleep 0.1; done");
	program_start(&p, s.path, "space_left", 1);
	first = p.pid;
	assert_true(first > 0);
	program_reap(&p);
	program_start(&p, s.path, "space_left", 1 + PROGRAM_PAUSE_MS);
	assert_int_equal(p.pid, first);
	close(open(s.out, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	await_end(&p);
	program_start(&p, s.path, "space_left", PROGRAM_PAUSE_MS);
	assert_int_equal(p.pid, 0);
	program_start(&p, s.path, "space_left", 1 + PROGRAM_PAUSE_MS);
	assert_true(p.pid > 0);
	await_end(&p);
	remove_script(&s);
}

static void a_program_that_is_not_there_is_no_harm(void **state)
{
	struct program p = { 0 };

	(void)state;
	program_start(&p, "/nonexistent/program", "space_left", 1);
	/* where a spawn is a fork, as under valgrind, there is a child first */
	if (p.pid > 0)
		await_end(&p);
	assert_int_equal(p.pid, 0);
	program_reap(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_gets_nothing_that_is_ours),
		cmocka_unit_test(one_at_a_time_and_not_too_often),
		cmocka_unit_test(a_program_that_is_not_there_is_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
