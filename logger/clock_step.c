// SPDX-License-Identifier: GPL-2.0-or-later
/* Two clocks in, a sentence out when one of them was set. */
#include "logger/clock_step.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/timefmt.h"

#define STEP_MIN_NS ((int64_t)(2 * NS_PER_S))

bool clock_step_look(struct clock_step *cs, uint64_t real_ns, uint64_t boot_ns,
		     char *detail, size_t size)
{
	int64_t offset_ns = (int64_t)(real_ns - boot_ns);
	int64_t by_ns = offset_ns - cs->offset_ns;
	uint64_t by_s =
		((uint64_t)(by_ns < 0 ? -by_ns : by_ns) + NS_PER_S / 2) /
		NS_PER_S; /* the clocks are not read at once */
	bool first = !cs->looked;
	char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX];

	cs->offset_ns = offset_ns;
	cs->looked = true;
	if (first || (by_ns < STEP_MIN_NS && by_ns > -STEP_MIN_NS))
		return false;
	time_rfc3339(real_ns - (uint64_t)by_ns, from, sizeof(from));
	time_rfc3339(real_ns, to, sizeof(to));
	snprintf(detail, size,
		 "it was set %s by %" PRIu64 " seconds, from about %.19sZ to "
		 "%.19sZ: %s",
		 by_ns < 0 ? "back" : "forth", by_s, from, to,
		 by_ns < 0 ? "times repeat, the order of ids is the order in "
			     "which packets came"
			   : "nothing can be of the time between");
	return true;
}
