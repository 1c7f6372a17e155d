// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which programs there are, what the kernel can do with them. The tests of the
 * kernel are those by which the daemon starts: a packet sent through a rule in
 * a network namespace of its own, a table like ours made and taken back.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "logger/child.h"
#include "logger/diagnose/diagnose.h"
#include "logger/diagnose/fact.h"
#include "logger/firewall/iptables.h"
#include "logger/firewall/nft.h"
#include "logger/firewall/nftmon.h"
#include "logger/kernel.h"

enum { TIMEOUT_MS = 5000 };

static void tell_tool(FILE *out, const char *name)
{
	char program[CHILD_PATH_MAX], error[CHILD_ERROR_MAX] = "";
	char option[] = "--version";
	char *argv[] = { program, option, NULL };
	struct child c = {
		.argv = argv,
		.timeout_ms = TIMEOUT_MS,
		.want_output = true,
		.error = error,
	};
	int r;

	/* as dockerd looks for it: the first of that name in PATH */
	if (child_find(name, program) < 0) {
		fact_write(out, "tool", json_pack("{s:s}", "name", name));
		return;
	}
	r = child_run(&c);
	if (r == 0)
		c.output[strcspn(c.output, "\n")] = '\0';
	fact_write(out, "tool",
		   json_pack("{s:s, s:o*, s:o*, s:o*}", "name", name, "path",
			     fact_text(program), "version",
			     r == 0 ? fact_text(c.output) : NULL, "detail",
			     r < 0 ? fact_text(error) : NULL));
	if (r == 0)
		free(c.output);
}

static void tell_kernel(FILE *out, const char *test, bool good,
			const char *detail)
{
	fact_write(out, "kernel",
		   json_pack("{s:s, s:s, s:o*}", "test", test, "state",
			     good ? "ok" : "missing", "detail",
			     good ? NULL : fact_text(detail)));
}

/* Sends a packet through NFLOG, where that iptables is in use. */
static void test_nflog(FILE *out, enum iptables_variant variant)
{
	const char *test =
		variant == IPTABLES_NFT ? "nflog_nft" : "nflog_legacy";
	char error[KERNEL_ERROR_MAX] = "";
	struct iptables ipt;
	int r;

	if (iptables_find(variant, 4, &ipt) < 0 || !iptables_in_use(&ipt))
		return;
	r = kernel_check(&ipt, error);
	if (r == -EPERM)
		fact_write(out, "kernel",
			   json_pack("{s:s, s:s, s:o*}", "test", test, "state",
				     "unknown", "detail", fact_text(error)));
	else
		tell_kernel(out, test, r == 0, error);
}

void diagnose_tools(FILE *out)
{
	char error[NFT_RUN_ERROR_MAX] = "";
	bool nf_tables;

	tell_tool(out, "iptables");
	tell_tool(out, "ip6tables");
	tell_tool(out, "nft");
	if (geteuid() != 0)
		return;
	nf_tables = nftmon_supported();
	tell_kernel(out, "nf_tables", nf_tables,
		    "this kernel has no nf_tables (CONFIG_NF_TABLES)");
	if (nf_tables) {
		bool own = nft_available(TIMEOUT_MS, error);

		tell_kernel(out, "own_table", own, error);
		test_nflog(out, IPTABLES_NFT);
	}
	test_nflog(out, IPTABLES_LEGACY);
}
