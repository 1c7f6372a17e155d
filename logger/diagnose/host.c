// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel's files say: sysctls, and processes that matter. A process
 * counts when it is in our network namespace; when that can't be told, it is
 * counted apart.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/text.h"
#include "logger/diagnose/diagnose.h"
#include "logger/diagnose/fact.h"
#include "logger/diagnose/host.h"

static void tell_sysctl(FILE *out, const char *name)
{
	char path[PATH_MAX], value[64] = "";
	FILE *file;
	bool there;

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	file = fopen(path, "re");
	there = file && fgets(value, sizeof(value), file);
	if (file)
		fclose(file);
	value[strcspn(value, "\n")] = '\0';
	fact_write(out, "sysctl",
		   json_pack("{s:s, s:o*}", "name", name, "value",
			     there ? fact_text(value) : NULL));
}

/* The start of a small file of /proc, NUL added; its length. */
static size_t read_start(int dir, const char *name, char *buf, size_t size)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

struct watched_process {
	const char *comm;
	uint64_t count, untold;
	json_t *names;
};

static void take_process(struct watched_process *w, int dir)
{
	char ours[64] = "", its[64] = "", args[4096], shown[FACT_TEXT_MAX];
	size_t len;

	/* links to "net:[4026531840]" */
	if (readlink("/proc/self/ns/net", ours, sizeof(ours) - 1) < 0 ||
	    readlinkat(dir, "ns/net", its, sizeof(its) - 1) < 0) {
		w->untold++;
		return;
	}
	if (strcmp(ours, its) != 0)
		return;
	if (w->count++ >= FACT_NAMES_MAX ||
	    strcmp(w->comm, "docker-proxy") != 0)
		return;
	len = read_start(dir, "cmdline", args, sizeof(args));
	if (diagnose_proxy_text(args, len, shown, sizeof(shown)))
		json_array_append_new(w->names, fact_text(shown));
}

static void scan_processes(struct watched_process *list, size_t n)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc && (entry = readdir(proc))) {
		char comm[64];
		int dir;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		dir = openat(dirfd(proc), entry->d_name,
			     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			continue;
		read_start(dir, "comm", comm, sizeof(comm));
		comm[strcspn(comm, "\n")] = '\0';
		for (size_t i = 0; i < n; i++)
			if (strcmp(comm, list[i].comm) == 0)
				take_process(&list[i], dir);
		close(dir);
	}
	/* mounted with hidepid, /proc shows us our own processes only */
	for (size_t i = 0; i < n && access("/proc/1/comm", R_OK) < 0; i++)
		list[i].untold++;
	if (proc)
		closedir(proc);
}

static const char *next_arg(const char *arg, const char *end)
{
	arg += strlen(arg) + 1;
	return arg < end ? arg : NULL;
}

bool diagnose_proxy_text(const char *args, size_t len, char *buf, size_t size)
{
	static const char *const options[] = { "-proto", "-host-ip",
					       "-host-port", "-container-ip",
					       "-container-port" };
	const char *values[ARRAY_SIZE(options)] = { "?", "?", "?", "?", "?" };
	const char *end = args + len;
	const char *arg = len > 0 ? args : NULL;
	bool any = false;

	while (arg) {
		const char *value = next_arg(arg, end);

		for (size_t i = 0; value && i < ARRAY_SIZE(options); i++) {
			if (strcmp(arg, options[i]) != 0)
				continue;
			values[i] = value;
			any = true;
		}
		arg = value;
	}
	snprintf(buf, size, "%s %s port %s to %s port %s", values[0], values[1],
		 values[2], values[3], values[4]);
	return any;
}

static void tell_processes(FILE *out)
{
	struct watched_process list[] = {
		{ .comm = "dockerd" },
		{ .comm = "docker-proxy" },
		{ .comm = "firewalld" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		list[i].names = json_array();
	scan_processes(list, ARRAY_SIZE(list));
	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		fact_write(out, "process",
			   json_pack("{s:s, s:I, s:I, s:o}", "name",
				     list[i].comm, "count",
				     (json_int_t)list[i].count, "untold",
				     (json_int_t)list[i].untold, "names",
				     list[i].names));
}

/* A Docker of an ordinary user has its rules in a namespace of its own. */
static void tell_rootless(FILE *out)
{
	json_t *names = json_array();
	glob_t found = { 0 };

	if (glob("/run/user/*/docker.sock", GLOB_NOSORT, NULL, &found) != 0)
		found.gl_pathc = 0;
	for (size_t i = 0; i < found.gl_pathc && i < FACT_NAMES_MAX; i++)
		json_array_append_new(names, fact_text(found.gl_pathv[i]));
	fact_write(out, "rootless",
		   json_pack("{s:I, s:o}", "count", (json_int_t)found.gl_pathc,
			     "names", names));
	globfree(&found);
}

void diagnose_host(FILE *out)
{
	static const char *const sysctls[] = {
		"net/ipv4/ip_forward",
		"net/ipv6/conf/all/forwarding",
		"net/ipv6/conf/all/disable_ipv6",
		"net/bridge/bridge-nf-call-iptables",
		"net/bridge/bridge-nf-call-ip6tables",
		"net/netfilter/nf_log_all_netns",
	};

	for (size_t i = 0; i < ARRAY_SIZE(sysctls); i++)
		tell_sysctl(out, sysctls[i]);
	tell_processes(out);
	tell_rootless(out);
}
