// SPDX-License-Identifier: GPL-2.0-or-later
/* bridgeaudit timeline: packets per slot of time, as bars. */
#include <time.h>

#include "cli/cli.h"
#include "cli/cmd/counted.h"
#include "lib/exitcode.h"
#include "lib/timefmt.h"

enum { DAY_S = 86400 };

static const char help_text[] =
	"usage: bridgeaudit [--db FILE] timeline [OPTIONS]\n"
	"\n"
	"Packets per slot of time, as a bar chart or as numbers. Slots without\n"
	"packets are left out. A step that is no whole number of minutes\n"
	"reads the packets themselves: give a window as well.\n"
	"\n"
	"  --step SPAN          1s, 1m, 1h, 1d; by itself what suits the window\n"
	"  --by A,B             a bar for each: verdict, network, port ...; see\n"
	"                       bridgeaudit top --help (default: verdict)\n"
	"  --ascii              bars of # instead of block characters\n"
	"  -S, --since TIME, -U, --until TIME, filters, --where EXPR, --fields,\n"
	"  --utc, --color WHEN  as bridgeaudit log has them\n"
	"  -o, --output FORMAT  table json jsonl csv\n"
	"\n"
	"  bridgeaudit timeline -S 6h\n"
	"  bridgeaudit timeline -S 10m --step 10s --verdict drop\n"
	"  bridgeaudit timeline -S 7d --step 1d --by network -o csv\n";

/* A step that makes some dozens of slots of the window. */
static int64_t usual_step(const struct filter *f, uint64_t now_ns)
{
	static const int64_t steps[] = { 60,	   300,	     900,  3600,
					 3 * 3600, 6 * 3600, DAY_S };
	uint64_t until_ns = f->until_ns < now_ns ? f->until_ns : now_ns;
	int64_t span_s =
		f->since_ns > 0 && until_ns > f->since_ns
			? (int64_t)((until_ns - f->since_ns) / NS_PER_S)
			: 0;

	if (f->since_ns == 0)
		return 3600;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (span_s / steps[i] <= 48)
			return steps[i];
	return DAY_S;
}

/* Slots of hours and days begin with the local ones, as at the window's end. */
static int64_t zone_offset(const struct filter *f, uint64_t now_ns)
{
	uint64_t ns = f->until_ns < now_ns ? f->until_ns : now_ns;
	time_t s = (time_t)(ns / NS_PER_S);
	struct tm tm = { 0 };

	localtime_r(&s, &tm);
	return tm.tm_gmtoff;
}

static int run(const struct cli *cli, const struct filter *f)
{
	struct flow_question q = { .order = FLOW_BY_TIME, .limit = -1 };
	struct group group = { .n = 0 };

	if (group_parse(cli, f->by ? f->by : "verdict", &group) < 0)
		return EXITCODE_USAGE;
	q.group = &group;
	q.step_s = f->given & FILTER_STEP ? (int64_t)(f->step_ns / NS_PER_S)
					  : usual_step(f, cli->now_ns);
	q.offset_s = zone_offset(f, cli->now_ns);
	q.packets = f->format == OUTPUT_TABLE && !f->fields;
	return counted_run(cli, f, &q, "timeline");
}

const struct verb verb_timeline = {
	.name = "timeline",
	.help = help_text,
	.options = FILTER_SINCE | FILTER_AS_OF | FILTER_UNTIL | FILTER_WHERE |
		   FILTER_OUTPUT | FILTER_FIELDS | FILTER_BY | FILTER_STEP |
		   FILTER_ASCII | FILTER_PAGER,
	.formats = 1U << OUTPUT_TABLE | 1U << OUTPUT_JSON | 1U << OUTPUT_JSONL |
		   1U << OUTPUT_CSV,
	.reads = true,
	.run = run,
};
