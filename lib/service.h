/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A conversation's service as one number (schema.sql): proto << 16 | port, of
 * ICMP proto << 16 | type << 8 | code, -1 - proto of a protocol without ports.
 */
#ifndef BRIDGEAUDIT_LIB_SERVICE_H
#define BRIDGEAUDIT_LIB_SERVICE_H

/* As stored in the database; never renumber. */
enum {
	SERVICE_NONE = -257, /* not even the protocol is known */
	SERVICE_OTHERS =
		-258, /* of a tally: several that were counted as one */
};

#endif
