// SPDX-License-Identifier: GPL-2.0-or-later
/* Shell scripts for programs, and what was asked of them. */
#include "tests/unit/program_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/cmocka_all.h"

enum { TEXT_MAX = 256 * 1024 };

static char dir[] = "/tmp/bridgeaudit-programs-XXXXXX";
static char *real_path;

bool program_open(void)
{
	const char *path = getenv("PATH");

	real_path = strdup(path ? path : "/usr/sbin:/usr/bin:/sbin:/bin");
	return real_path && mkdtemp(dir);
}

void program_enter(void)
{
	setenv("PATH", dir, 1);
}

void program_close(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	program_shell(command);
	setenv("PATH", real_path, 1);
	free(real_path);
}

void program_shell(const char *command)
{
	setenv("PATH", real_path, 1);
	if (system(command) != 0)
		fail_msg("failed: %s", command);
	setenv("PATH", dir, 1);
}

char *program_output(const char *command)
{
	char *text = calloc(1, TEXT_MAX);
	FILE *file;

	assert_non_null(text);
	setenv("PATH", real_path, 1);
	file = popen(command, "re");
	assert_non_null(file);
	assert_true(fread(text, 1, TEXT_MAX - 1, file) < TEXT_MAX - 1);
	pclose(file);
	setenv("PATH", dir, 1);
	return text;
}

void program_write(const char *name, const char *body)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fprintf(file, "#!/bin/sh\necho %s \"$*\" >>%s/calls\n%s\n", name, dir,
		body);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0755), 0);
}

void program_write_real(const char *name)
{
	char body[128];

	snprintf(body, sizeof(body), "exec /usr/sbin/%s \"$@\"", name);
	program_write(name, body);
}

void program_remove(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
}

char *program_calls(void)
{
	char command[128];

	snprintf(command, sizeof(command),
		 "cat %s/calls 2>/dev/null; rm -f %s/calls", dir, dir);
	return program_output(command);
}

bool program_prints(const char *command, const char *what)
{
	char *text = program_output(command);
	bool found = strstr(text, what) != NULL;

	free(text);
	return found;
}

bool pids_are_the_kernels(void)
{
	char name[64] = "";

	return readlink("/proc/self/ns/pid", name, sizeof(name) - 1) > 0 &&
	       strcmp(name, "pid:[4026531836]") == 0; /* PROC_PID_INIT_INO */
}
