// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's own answers: a veth whose other end is in another network
 * namespace, and the number of that one. Needs root. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "logger/veth/links.h"
#include "tests/unit/cmocka_all.h"

enum { MAX = 64 };

static struct link links[MAX];

static const struct link *find(size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(links[i].name, name) == 0)
			return &links[i];
	print_error("no link '%s'\n", name);
	fail();
	return &links[0]; /* not reached, which the compiler does not know */
}

/* A bridge with a veth to the namespace of pid, and one that stays here. */
static void make_links(pid_t pid)
{
	char command[256];

	snprintf(command, sizeof(command),
		 "ip link add br-a type bridge && ip link add va type veth"
		 " peer name eth0 netns %d && ip link set va master br-a &&"
		 " ip link add v1 type veth peer name v2",
		 pid);
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

/* A process in a namespace of its own. */
static pid_t start_other(void)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWNET) < 0 || write(ready[1], "", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void a_veth_leads_to_the_namespace_of_a_process(void **state)
{
	const struct link *bridge, *veth, *local;
	struct link again;
	int32_t nsid = 0;
	size_t n = 0;
	pid_t pid;
	int fd;

	(void)state;
	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0)
		skip();
	pid = start_other();
	fd = links_open();
	assert_true(fd >= 0);
	make_links(pid);
	assert_int_equal(links_read(fd, links, MAX, &n), 0);
	for (size_t i = 1; i < n; i++)
		assert_true(links[i - 1].index < links[i].index);
	bridge = find(n, "br-a");
	veth = find(n, "va");
	local = find(n, "v1");
	assert_int_equal(veth->master, bridge->index);
	assert_int_equal(local->nsid, LINKS_NO_NSID);
	assert_int_equal(local->master, 0);
	assert_int_equal(links_nsid(fd, pid, &nsid), 0);
	assert_true(nsid >= 0);
	assert_int_equal(veth->nsid, nsid);
	assert_int_equal(links_nsid(fd, getpid(), &nsid), 0);
	assert_int_not_equal(nsid, veth->nsid);
	assert_int_equal(links_get(fd, veth->index, &again), 0);
	assert_memory_equal(&again, veth, sizeof(again));
	assert_int_equal(links_get(fd, 4711, &again), -ENODEV);
	assert_int_equal(links_read(fd, links, 2, &n), -E2BIG);
	/* what is left of an answer is not taken for the next one */
	assert_int_equal(links_read(fd, links, MAX, &n), 0);
	assert_int_equal(find(n, "va")->nsid, again.nsid);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(links_nsid(fd, pid, &nsid), -ESRCH);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_veth_leads_to_the_namespace_of_a_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
