// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bridgeauditd: options, checks that need all of root's privileges, then two
 * processes: the keeper (this one) and the recorder.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/db.h"
#include "lib/exitcode.h"
#include "lib/timefmt.h"
#include "logger/capture/capture.h"
#include "logger/channel.h"
#include "logger/courier.h"
#include "logger/diagnose/diagnose.h"
#include "logger/firewall/nftmon.h"
#include "logger/firewall/plan_command.h"
#include "logger/keeper.h"
#include "logger/kernel.h"
#include "logger/log.h"
#include "logger/options.h"
#include "logger/privilege.h"
#include "logger/recorder.h"

/* A directory that is missing is made and handed to user. */
static int prepare_directory(const char *db_path, const char *user)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(db_path, '/');
	uid_t uid;
	gid_t gid;
	int r = privilege_lookup(user, &uid, &gid);

	if (r == -ENOENT) {
		log_error("there is no user '%s': make it with 'useradd "
			  "--system %s', or name another with --user",
			  user, user);
		return r;
	}
	if (r < 0) {
		log_error("the recorder can't run as user '%s': %s", user,
			  r == -EPERM ? "it would be root" : strerror(-r));
		return r;
	}
	if (!slash || slash == db_path ||
	    (size_t)(slash - db_path) >= sizeof(dir))
		return 0;
	memcpy(dir, db_path, (size_t)(slash - db_path));
	dir[slash - db_path] = '\0';
	if (mkdir(dir, 0750) < 0) {
		r = errno == EEXIST ? 0 : -errno;
		if (r < 0)
			log_error("can't make directory '%s': %s", dir,
				  strerror(-r));
		return r;
	}
	/* our caller's umask took something of the mode */
	if (chmod(dir, 0750) == 0 && chown(dir, uid, gid) == 0)
		return 0;
	r = -errno;
	log_error("can't give directory '%s' to user '%s': %s", dir, user,
		  strerror(-r));
	rmdir(dir);
	return r;
}

/* The kernel and the iptables of this host can do the work. */
static int check_host(void)
{
	static const enum iptables_variant variants[] = { IPTABLES_NFT,
							  IPTABLES_LEGACY };
	char error[KERNEL_ERROR_MAX] = "no iptables found: install iptables";
	int r = -ENOENT;

	for (size_t i = 0; i < 2 && r == -ENOENT; i++) {
		struct iptables ipt;

		if (variants[i] == IPTABLES_NFT && !nftmon_supported())
			continue;
		if (iptables_find(variants[i], 4, &ipt) == 0)
			r = kernel_check(&ipt, error);
	}
	if (r < 0)
		log_error("%s", error);
	return r;
}

/* Another logger on this host would take our twins for strays, and we its. */
static int check_alone(const struct options *opt)
{
	struct firewall *fw = NULL;
	int other, pid;

	if (firewall_new(opt->config.profile, (uint16_t)opt->config.nflog_group,
			 -1, &fw) < 0)
		return 0;
	other = firewall_other_group(fw);
	firewall_free(fw);
	pid = other < 0 ? 0 : capture_group_holder((unsigned int)other);
	if (pid == 0)
		return 0;
	log_error("pid %d audits this host already, through NFLOG group %d: "
		  "stop it first",
		  pid, other);
	return -EBUSY;
}

static int open_group(unsigned int group)
{
	int fd = capture_open(group);

	if (fd == -EBUSY)
		log_error("NFLOG group %u is held by pid %d: stop it, or name "
			  "another group with --group",
			  group, capture_group_holder(group));
	else if (fd == -EPROTONOSUPPORT)
		log_error("this kernel can't log packets to programs: load "
			  "the module nfnetlink_log");
	else if (fd < 0)
		log_error("can't listen to NFLOG group %u: %s", group,
			  strerror(-fd));
	return fd;
}

static void say_started(void *arg)
{
	const int *ready_fd = arg;

	log_info("audit is running");
	log_detach();
	if (*ready_fd >= 0 && write(*ready_fd, "", 1) != 1)
		log_warn("nobody waits for the start any more");
}

/*
 * Goes to the background: the caller's process waits until the child is
 * started or ended, and exits with its code. Returns in the child, with the
 * descriptor to write to when all is in place.
 */
static int daemonize(void)
{
	int fds[2], status = 0, null;
	char byte;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0 || (pid = fork()) < 0) {
		log_error("can't go to the background: %s", strerror(errno));
		exit(EXITCODE_NOTHING);
	}
	if (pid > 0) {
		close(fds[1]);
		if (read(fds[0], &byte, 1) == 1)
			_exit(EXITCODE_OK);
		waitpid(pid, &status, 0);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status)
					: EXITCODE_NOTHING);
	}
	close(fds[0]);
	setsid();
	if (chdir("/") < 0)
		log_warn("can't go to '/': %s", strerror(errno));
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		close(null);
	}
	return fds[1];
}

static void block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* Before the key is read and root's privileges are given up. */
static int open_courier(const struct options *opt, struct courier *ret)
{
	const struct config *cfg = &opt->config;
	int r = courier_open(ret, cfg->checkpoint_command, cfg->user,
			     COURIER_TIMEOUT_MS);

	if (r == -EACCES)
		log_error("user '%s' can't run checkpoint_command '%s': make "
			  "it executable for that user",
			  cfg->user, cfg->checkpoint_command);
	else if (r < 0)
		log_error("can't start checkpoint_command '%s': %s",
			  cfg->checkpoint_command, strerror(-r));
	return r;
}

/* Parts the two processes; returns the keeper's (or recorder's) exit code. */
static int run_processes(const struct options *opt, int nflog_fd, int ready_fd)
{
	struct courier courier;
	int channel[2];
	int r = open_courier(opt, &courier);
	pid_t pid;

	if (r < 0)
		return EXITCODE_NOTHING;
	r = channel_open(channel);
	pid = r == 0 ? fork() : -1;

	if (r < 0 || pid < 0) {
		log_error("can't start the recorder: %s",
			  strerror(r < 0 ? -r : errno));
		return EXITCODE_NOTHING;
	}
	if (pid == 0) {
		const struct recorder_config config = {
			.db_path = opt->config.db,
			.user = opt->config.user,
			.group = opt->config.nflog_group,
			.retain_ns = opt->config.retain_days * NS_PER_DAY,
			.retain_bytes = opt->config.retain_size,
			.checkpoint_minutes = opt->config.checkpoint_minutes,
			.record_reads = opt->config.record_reads,
			.space = &opt->config.space,
			.nflog_fd = nflog_fd,
			.channel_fd = channel[1],
		};

		close(channel[0]);
		if (courier.fd >= 0)
			close(courier.fd);
		if (ready_fd >= 0)
			close(ready_fd);
		log_init("recorder", !opt->foreground);
		return recorder_run(&config);
	}
	const struct keeper_config config = {
		.db_path = opt->config.db,
		.docker_socket = opt->config.docker_socket,
		.profile = opt->config.profile,
		.group = opt->config.nflog_group,
		.nflog_fd = nflog_fd,
		.channel_fd = channel[0],
		.recorder = pid,
		.probe_every_ms = opt->config.probe_every_s * 1000,
		.courier = &courier,
		.space = &opt->config.space,
		.started = say_started,
		.arg = &ready_fd,
	};

	close(channel[1]);
	log_init("keeper", !opt->foreground);
	return keeper_run(&config);
}

static int run(const struct options *opt)
{
	int ready_fd = -1;
	int nflog_fd;
	int code;

	if (geteuid() != 0) {
		log_error("only root can write firewall rules: run it with "
			  "sudo");
		return EXITCODE_NOTHING;
	}
	/* what root's shell had open is nothing for an unprivileged recorder,
	 * nor for as long as we run */
	close_range(STDERR_FILENO + 1, ~0U, 0);
	if (prepare_directory(opt->config.db, opt->config.user) < 0 ||
	    check_host() < 0 || check_alone(opt) < 0)
		return EXITCODE_NOTHING;
	if (!opt->foreground)
		ready_fd = daemonize();
	block_signals();
	nflog_fd = open_group(opt->config.nflog_group);
	if (nflog_fd < 0)
		return EXITCODE_NOTHING;
	code = run_processes(opt, nflog_fd, ready_fd);
	close(nflog_fd);
	return code;
}

static int remove_rules(const struct options *opt)
{
	struct firewall *fw = NULL;
	int pid = db_writer_pid(opt->config.db);
	int r;

	if (pid > 0) {
		log_error("bridgeauditd runs with pid %d and would put them "
			  "back: stop it, that takes its rules out",
			  pid);
		return EXITCODE_NOTHING;
	}
	r = firewall_new(opt->config.profile, (uint16_t)opt->config.nflog_group,
			 -1, &fw);
	if (r == 0)
		r = firewall_remove(fw);
	else
		log_error("no iptables found");
	firewall_free(fw);
	return r == 0 ? EXITCODE_OK : EXITCODE_NOTHING;
}

static int say_config(const struct options *opt)
{
	if (!opt->config_path)
		puts("there is no " CONFFILE_PATH_DEFAULT
		     ": the defaults are used");
	else
		printf("'%s' is right\n", opt->config_path);
	return fflush(stdout) == 0 ? EXITCODE_OK : EXITCODE_NOTHING;
}

int main(int argc, char **argv)
{
	struct options opt;
	int code;

	log_init("", 0);
	code = options_parse(argc, argv, &opt);
	if (code >= 0)
		return code;
	switch (opt.action) {
	case ACTION_PLAN:
		return plan_command(opt.ipv6 ? 6 : 4, opt.config.profile,
				    (uint16_t)opt.config.nflog_group);
	case ACTION_REMOVE_RULES:
		return remove_rules(&opt);
	case ACTION_CHECK_CONFIG:
		return say_config(&opt);
	case ACTION_PROBE:
		return diagnose_run(&opt.config, stdout);
	case ACTION_RUN:
		break;
	}
	return run(&opt);
}
