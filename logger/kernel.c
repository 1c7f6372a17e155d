// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The self-test of the packet's path: iptables' NFLOG target, the kernel's
 * logger, our socket. It runs in a child with a network namespace of its own,
 * so no rule of the host's is ever touched.
 */
#include "logger/kernel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "logger/capture/capture.h"

enum { TEST_GROUP = 1, TEST_WAIT_MS = 1000, TEST_DEADLINE_MS = 5000 };

/* How far the child came, as its exit code. */
enum stage {
	STAGE_OK,
	STAGE_NAMESPACE,
	STAGE_LISTENER,
	STAGE_RULE,
	STAGE_PACKET,
};

static int loopback_up(void)
{
	struct ifreq req = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return -errno;
	r = ioctl(fd, SIOCGIFFLAGS, &req);
	req.ifr_flags |= IFF_UP;
	if (r == 0)
		r = ioctl(fd, SIOCSIFFLAGS, &req);
	close(fd);
	return r;
}

static int send_packet(void)
{
	const struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(9), /* discard */
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = sendto(fd, "", 1, 0, (const struct sockaddr *)&to, sizeof(to));
	close(fd);
	return n == 1 ? 0 : -errno;
}

/* The whole path; error says what a failing iptables printed. */
static enum stage try_path(const struct iptables *ipt, char *error)
{
	static const char batch[] = "*filter\n-A OUTPUT -o lo -j NFLOG"
				    " --nflog-prefix selftest"
				    " --nflog-group 1\nCOMMIT\n";
	struct pollfd fd = { .events = POLLIN };
	pid_t pid;

	if (unshare(CLONE_NEWNET) < 0 || loopback_up() < 0)
		return STAGE_NAMESPACE;
	fd.fd = capture_open(TEST_GROUP);
	if (fd.fd < 0)
		return STAGE_LISTENER;
	if (iptables_restore(ipt, batch, TEST_DEADLINE_MS, &pid, error) < 0)
		return STAGE_RULE;
	if (send_packet() < 0 || poll(&fd, 1, TEST_WAIT_MS) != 1)
		return STAGE_PACKET;
	return STAGE_OK;
}

/* Runs try_path() in a child; its error text comes back through a pipe. */
static enum stage run_child(const struct iptables *ipt, char *error)
{
	enum stage stage = STAGE_NAMESPACE;
	int fds[2], status = 0;
	ssize_t n;
	pid_t pid;

	error[0] = '\0';
	if (pipe2(fds, O_CLOEXEC) < 0)
		return STAGE_NAMESPACE;
	pid = fork();
	if (pid == 0) {
		char why[IPTABLES_ERROR_MAX] = "";

		stage = try_path(ipt, why);
		/* best effort: without the text the stage still tells */
		n = write(fds[1], why, strlen(why));
		_exit(n < 0 ? STAGE_NAMESPACE : (int)stage);
	}
	close(fds[1]);
	n = pid > 0 ? read(fds[0], error, IPTABLES_ERROR_MAX - 1) : 0;
	error[n > 0 ? n : 0] = '\0';
	close(fds[0]);
	if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status))
		stage = (enum stage)WEXITSTATUS(status);
	return stage;
}

static void modprobe(const char *module)
{
	char *argv[] = { (char[]){ "modprobe" }, (char[]){ "-q" },
			 strdup(module), NULL };
	char *envp[] = { (char[]){ "PATH=/usr/sbin:/usr/bin:/sbin:/bin" },
			 NULL };
	pid_t pid;

	if (argv[2] && posix_spawnp(&pid, argv[0], NULL, NULL, argv, envp) == 0)
		waitpid(pid, NULL, 0);
	free(argv[2]);
}

int kernel_check(const struct iptables *ipt, char *error)
{
	static const char *const modules[] = { "nfnetlink_log", "xt_NFLOG",
					       "nft_log" };
	char why[IPTABLES_ERROR_MAX];
	enum stage stage = run_child(ipt, why);

	if (stage != STAGE_OK) {
		for (size_t i = 0; i < 3; i++)
			modprobe(modules[i]);
		stage = run_child(ipt, why);
	}
	switch (stage) {
	case STAGE_OK:
		return 0;
	case STAGE_NAMESPACE:
		snprintf(error, KERNEL_ERROR_MAX,
			 "can't make a network namespace for the self-test: "
			 "run bridgeauditd as root, outside of containers");
		return -EPERM;
	case STAGE_LISTENER:
		snprintf(error, KERNEL_ERROR_MAX,
			 "this kernel can't log packets to programs: load the "
			 "module nfnetlink_log (CONFIG_NETFILTER_NETLINK_LOG)");
		return -ENOTSUP;
	case STAGE_RULE:
		snprintf(error, KERNEL_ERROR_MAX,
			 "this kernel can't take a rule with the NFLOG target: "
			 "load the module %s (iptables said: %s)",
			 ipt->variant == IPTABLES_NFT ? "nft_log" : "xt_NFLOG",
			 *why ? why : "nothing");
		return -ENOTSUP;
	case STAGE_PACKET:
		break;
	}
	snprintf(error, KERNEL_ERROR_MAX,
		 "the kernel took an NFLOG rule, and its packet never came: "
		 "try sysctl net.netfilter.nf_log_all_netns=1, and see that "
		 "nothing filters netlink here (seccomp, an LSM)");
	return -ENOTSUP;
}
