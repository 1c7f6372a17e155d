// SPDX-License-Identifier: GPL-2.0-or-later
/* Decides: can this kernel and its tools log what Docker's rules decide. */
#include <string.h>

#include "cli/doctor/doctor.h"
#include "lib/text.h"

static const struct test {
	const char *test; /* in facts, and the check's name */
	const char *what;
	const char *remedy;
	enum check_state missing; /* what it means if it is */
} tests[] = {
	{ "nf_tables", "nf_tables",
	  "a kernel with CONFIG_NF_TABLES has the witness too", CHECK_NOTE },
	{ "own_table", "nft makes a table like ours",
	  "install nftables: without it there is no witness, and Docker 29's "
	  "nftables backend can't be watched",
	  CHECK_NOTE },
	{ "nflog_nft", "a packet is logged through iptables-nft",
	  "modprobe nft_log nfnetlink_log, or install the kernel's modules",
	  CHECK_FAILED },
	{ "nflog_legacy", "a packet is logged through iptables-legacy",
	  "modprobe xt_NFLOG nfnetlink_log, or install the kernel's modules",
	  CHECK_FAILED },
};

static void tell_test(struct doctor *d, const struct test *test,
		      const json_t *fact)
{
	struct check check = { .section = SECTION_KERNEL, .name = test->test };
	const char *state = fact_string(fact, "state");
	const char *detail = fact_string(fact, "detail");

	if (strcmp(state, "ok") == 0) {
		doctor_add(d, check, "%s", test->what);
		return;
	}
	check.state =
		strcmp(state, "missing") == 0 ? test->missing : CHECK_UNKNOWN;
	check.remedy = test->remedy;
	doctor_add(d, check, "not proved: %s (%s)", test->what,
		   *detail ? detail : "no reason given");
}

static void tell_tool(struct doctor *d, const json_t *tool)
{
	struct check check = {
		.section = SECTION_KERNEL,
		.name = "tool",
		.state = CHECK_NOTE,
	};
	const char *name = fact_string(tool, "name");

	if (!*fact_string(tool, "path"))
		doctor_add(d, check, "there is no %s in PATH", name);
	else if (*fact_string(tool, "version"))
		doctor_add(d, check, "%s is %s", fact_string(tool, "path"),
			   fact_string(tool, "version"));
	else
		doctor_add(d, check, "%s does not tell its version: %s",
			   fact_string(tool, "path"),
			   fact_string(tool, "detail"));
}

void doctor_kernel(struct doctor *d, const struct facts *facts)
{
	const struct check unknown = {
		.section = SECTION_KERNEL,
		.name = "kernel",
		.state = CHECK_UNKNOWN,
		.remedy = facts_remedy(facts),
	};
	const json_t *fact;
	bool any = false;
	size_t at = 0;

	for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
		fact = facts_find(facts, "kernel", "test", tests[i].test);
		if (fact)
			tell_test(d, &tests[i], fact);
		any = any || fact;
	}
	if (!any)
		doctor_add(d, unknown, "whether the kernel can log packets");
	while ((fact = facts_next(facts, "tool", &at)))
		tell_tool(d, fact);
}
