// SPDX-License-Identifier: GPL-2.0-or-later
/* bridgeaudit top: what there is most of, by whatever it is counted. */
#include <errno.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/cmd/counted.h"
#include "cli/filter/selection.h"
#include "cli/guess.h"
#include "cli/query/flow.h"
#include "cli/query/loss.h"
#include "lib/exitcode.h"
#include "lib/text.h"

enum { ROWS_DEFAULT = 10 };

static const char help_text[] =
	"usage: bridgeaudit [--db FILE] top [OPTIONS]\n"
	"\n"
	"The most packets, bytes, conversations or ports, counted by whatever\n"
	"--by says. Bytes are those of the IP packets as they were sent.\n"
	"\n"
	"  --by A,B             network ip interface container service project image\n"
	"                       of both sides; from to src_ip dst_service ... of one;\n"
	"                       port proto verdict chain rule (network,port)\n"
	"  -s, --sort WORD      packets (default), bytes, conversations, ports;\n"
	"                       or as nfdump has it: port/bytes, ip/packets\n"
	"  -n, --last N         rows (10); 0: all\n"
	"  -S, --since TIME, -U, --until TIME, filters, --where EXPR, --fields,\n"
	"  --utc, --color WHEN  as bridgeaudit log has them\n"
	"  -o, --output FORMAT  table json jsonl csv\n"
	"\n"
	"  bridgeaudit top --by src_ip -s ports --verdict drop\n"
	"  bridgeaudit top -s port/bytes -n 5 -S today\n"
	"  bridgeaudit top --by from,to,port -n 0 -o jsonl > known.jsonl\n";

static const struct {
	const char *name;
	enum flow_order order;
} orders[] = {
	{ "packets", FLOW_BY_PACKETS },
	{ "bytes", FLOW_BY_BYTES },
	{ "conversations", FLOW_BY_CONVERSATIONS },
	{ "ports", FLOW_BY_PORTS },
};

/* "bytes", or "port/bytes" whose first word is what to count by. */
static int parse_sort(const struct cli *cli, const struct filter *f,
		      enum flow_order *ret_order, char *by, size_t size)
{
	const char *word = f->sort ? f->sort : "packets";
	const char *slash = strrchr(word, '/');
	struct guess guess;
	char meant[GUESS_TEXT_MAX];

	str_copy(by, size, f->by ? f->by : "network,port");
	if (slash) {
		if (f->by) {
			cli_error(cli,
				  "-s %s and --by both say by what to "
				  "count",
				  word);
			return -EINVAL;
		}
		snprintf(by, size, "%.*s", (int)(slash - word), word);
		if (strcmp(by, "ports") == 0)
			str_copy(by, size, "port");
		word = slash + 1;
	}
	guess = (struct guess){ .written = word };
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		if (strcmp(word, orders[i].name) == 0) {
			*ret_order = orders[i].order;
			return 0;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++)
		guess_offer(&guess, orders[i].name);
	cli_error(cli,
		  "--sort takes packets, bytes, conversations or ports, not "
		  "'%s'%s",
		  word, guess_text(&guess, meant, sizeof(meant)));
	return -EINVAL;
}

static int run(const struct cli *cli, const struct filter *f)
{
	struct flow_question q = { .limit = ROWS_DEFAULT };
	struct group group = { .n = 0 };
	char by[256];

	if (f->given & FILTER_LAST)
		q.limit = f->last > 0 ? f->last : -1;
	if (parse_sort(cli, f, &q.order, by, sizeof(by)) < 0 ||
	    group_parse(cli, by, &group) < 0)
		return EXITCODE_USAGE;
	q.group = &group;
	return counted_run(cli, f, &q, "top");
}

const struct verb verb_top = {
	.name = "top",
	.help = help_text,
	.options = FILTER_SINCE | FILTER_AS_OF | FILTER_UNTIL | FILTER_WHERE |
		   FILTER_OUTPUT | FILTER_FIELDS | FILTER_BY | FILTER_SORT |
		   FILTER_LAST | FILTER_PAGER,
	.formats = 1U << OUTPUT_TABLE | 1U << OUTPUT_JSON | 1U << OUTPUT_JSONL |
		   1U << OUTPUT_CSV,
	.reads = true,
	.run = run,
};
