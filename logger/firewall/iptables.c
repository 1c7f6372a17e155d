// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: which variant and family, for a restore also the batch. Out: what the
 * program printed, or why it failed. Knows names and options of the programs;
 * logger/child.c runs them.
 */
#include "logger/firewall/iptables.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

enum { VERSION_TIMEOUT_MS = 5000 };

const char *iptables_variant_name(enum iptables_variant variant)
{
	static const char *const names[] = {
		[IPTABLES_NFT] = "nft",
		[IPTABLES_LEGACY] = "legacy",
	};

	return names[variant];
}

int iptables_save(const struct iptables *ipt, int timeout_ms, char **ret_text,
		  size_t *ret_len, char *error)
{
	char program[IPTABLES_PATH_MAX];
	char counters[] = "-c";
	char *argv[] = { program, counters, NULL };
	struct child c = {
		.argv = argv,
		.timeout_ms = timeout_ms,
		.want_output = true,
		.error = error,
	};
	int r;

	str_copy(program, sizeof(program), ipt->save);
	r = child_run(&c);
	if (r < 0)
		return r;
	*ret_text = c.output;
	*ret_len = c.output_len;
	return 0;
}

int iptables_restore(const struct iptables *ipt, const char *batch,
		     int timeout_ms, pid_t *ret_pid, char *error)
{
	char program[IPTABLES_PATH_MAX];
	char noflush[] = "--noflush", wait[] = "-w", seconds[16];
	char *argv[] = { program, noflush, wait, seconds, NULL };
	struct child c = {
		.argv = argv,
		.input = batch,
		.timeout_ms = timeout_ms,
		.error = error,
	};
	int r;

	str_copy(program, sizeof(program), ipt->restore);
	snprintf(seconds, sizeof(seconds), "%u", ipt->wait_s);
	r = child_run(&c);
	*ret_pid = c.pid;
	return r;
}

/* The path of prefix + suffix in PATH. 0 or -ENOENT. */
static int find_program(const char *prefix, const char *suffix, char *ret)
{
	char name[64];
	int n = snprintf(name, sizeof(name), "%s%s", prefix, suffix);

	return n > 0 && (size_t)n < sizeof(name) ? child_find(name, ret)
						 : -ENOENT;
}

static int find_pair(const char *prefix, struct iptables *ipt)
{
	int r = find_program(prefix, "-save", ipt->save);

	return r < 0 ? r : find_program(prefix, "-restore", ipt->restore);
}

/* Whether "iptables --version" says that plain iptables is this variant. */
static bool plain_is(const char *name, enum iptables_variant variant)
{
	char program[IPTABLES_PATH_MAX];
	char error[IPTABLES_ERROR_MAX];
	char version[] = "--version";
	char *argv[] = { program, version, NULL };
	struct child c = {
		.argv = argv,
		.timeout_ms = VERSION_TIMEOUT_MS,
		.want_output = true,
		.error = error,
	};
	bool nft;

	if (find_program(name, "", program) < 0 || child_run(&c) < 0)
		return false;
	nft = strstr(c.output, "(nf_tables)") != NULL;
	free(c.output);
	return nft == (variant == IPTABLES_NFT);
}

int iptables_find(enum iptables_variant variant, int family,
		  struct iptables *ret)
{
	const char *name = family == 6 ? "ip6tables" : "iptables";
	struct iptables ipt = {
		.variant = variant,
		.family = family,
		.wait_s = IPTABLES_LOCK_S,
	};
	bool any = false;

	for (int v = IPTABLES_NFT; v <= IPTABLES_LEGACY; v++) {
		char prefix[32];

		snprintf(prefix, sizeof(prefix), "%s-%s", name,
			 iptables_variant_name((enum iptables_variant)v));
		if (find_pair(prefix, &ipt) < 0)
			continue;
		any = true;
		if (v == (int)variant) {
			*ret = ipt;
			return 0;
		}
	}
	if (any || find_pair(name, &ipt) < 0 || !plain_is(name, variant))
		return -ENOENT;
	*ret = ipt;
	return 0;
}

bool iptables_in_use(const struct iptables *ipt)
{
	const char *names = ipt->family == 6 ? "/proc/net/ip6_tables_names"
					     : "/proc/net/ip_tables_names";
	char line[64];
	bool found = false;
	FILE *file;

	if (ipt->variant == IPTABLES_NFT)
		return true;
	file = fopen(names, "re");
	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file))
		found = strcmp(line, "filter\n") == 0;
	fclose(file);
	return found;
}
