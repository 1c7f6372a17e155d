// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A line per event for people who watch: who, to whom, what, by which chain.
 * Nothing is aligned, so that nothing has to wait for a second line.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/event/row.h"
#include "cli/event/words.h"
#include "cli/output/hole.h"
#include "lib/text.h"

static int compact_begin(struct output *o)
{
	(void)o;
	return 0;
}

static void put(struct output *o, enum color color, const char *text)
{
	const char *code = output_color_code(o, color);

	fprintf(o->mem, "%s%s%s", code, text, *code ? "\033[0m" : "");
}

/* "front web 172.18.0.2:40000" */
static void put_side(struct output *o, const struct value *network,
		     const struct value *ifname, const struct value *container,
		     const struct value *ip, const struct value *port)
{
	char place[PLACE_MAX], name[PLACE_MAX], number[16];
	bool v6 = ip->kind == VALUE_TEXT && strchr(ip->text, ':') &&
		  port->kind == VALUE_INT;

	if (!o->numeric || ip->kind != VALUE_TEXT) {
		place_text(network, ifname, place, sizeof(place));
		put(o, network->kind == VALUE_TEXT ? COLOR_MAGENTA : COLOR_CYAN,
		    place);
		if (container->kind == VALUE_TEXT) {
			putc(' ', o->mem);
			put(o, COLOR_MAGENTA,
			    str_escape(name, sizeof(name), container->text));
		}
		if (ip->kind == VALUE_TEXT)
			putc(' ', o->mem);
	}
	if (ip->kind != VALUE_TEXT)
		return;
	fputs(v6 ? "[" : "", o->mem);
	put(o, COLOR_CYAN, ip->text);
	fputs(v6 ? "]" : "", o->mem);
	if (port->kind != VALUE_INT)
		return;
	snprintf(number, sizeof(number), "%" PRId64, port->number);
	putc(':', o->mem);
	put(o, COLOR_YELLOW, number);
}

static int compact_event(struct output *o, const struct event_row *row)
{
	const struct value *v = row->values;
	char time[TIME_TEXT_MAX], what[96], chain[256];
	const char *verdict = v[FIELD_VERDICT].kind == VALUE_TEXT
				      ? v[FIELD_VERDICT].text
				      : "?";

	fprintf(o->mem, "%s ", time_local(row->time_ns, time, sizeof(time)));
	put(o, verdict_color(row->verdict), verdict);
	putc(' ', o->mem);
	put_side(o, &v[FIELD_SRC_NETWORK], &v[FIELD_IN_IF],
		 &v[FIELD_SRC_CONTAINER], &v[FIELD_SRC_IP], &v[FIELD_SRC_PORT]);
	fputs(" -> ", o->mem);
	put_side(o, &v[FIELD_DST_NETWORK], &v[FIELD_OUT_IF],
		 &v[FIELD_DST_CONTAINER], &v[FIELD_DST_IP], &v[FIELD_DST_PORT]);
	if (v[FIELD_CHAIN].kind == VALUE_TEXT)
		str_escape(chain, sizeof(chain), v[FIELD_CHAIN].text);
	else /* its text came too late or never */
		snprintf(chain, sizeof(chain), "rule %s", row->rule_id);
	fprintf(o->mem, " %s %s\n", event_row_what(row, what, sizeof(what)),
		chain);
	return 0;
}

const struct output_ops output_compact_ops = {
	.begin = compact_begin,
	.event = compact_event,
	.hole = output_hole_line,
};
