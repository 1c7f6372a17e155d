/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exit codes of both programs: a contract, stated in the man pages. */
#ifndef BRIDGEAUDIT_LIB_EXITCODE_H
#define BRIDGEAUDIT_LIB_EXITCODE_H

enum exitcode {
	EXITCODE_OK = 0,
	EXITCODE_NOTHING = 1, /* cli: nothing matched; daemon: failed */
	EXITCODE_USAGE = 2,
	EXITCODE_INCOMPLETE = 3, /* packets were lost inside the window */
	EXITCODE_INTEGRITY = 4,	 /* the database is damaged */
	EXITCODE_STORE = 5,	 /* database missing, busy, not ours ... */
};

#endif
