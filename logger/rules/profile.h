/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of Docker's verdicts are audited, as words of the configuration. */
#ifndef BRIDGEAUDIT_LOGGER_RULES_PROFILE_H
#define BRIDGEAUDIT_LOGGER_RULES_PROFILE_H

enum profile {
	PROFILE_DROPS = 1,     /* DROP and REJECT in Docker's own chains */
	PROFILE_PUBLISHED = 2, /* ACCEPT in DOCKER: published ports */
	PROFILE_USER = 4,      /* DROP and REJECT in DOCKER-USER */
	PROFILE_ICC = 8,       /* drops within one bridge */
	PROFILE_EGRESS = 16,   /* from a bridge to outside */
	PROFILE_ALL = 31,
	PROFILE_DEFAULT = PROFILE_DROPS | PROFILE_PUBLISHED,
	PROFILE_SUPPORTED = PROFILE_DEFAULT,
};

enum { PROFILE_ERROR_MAX = 128 };

/*
 * Parses "drops,published" (commas or blanks between) into a mask of enum
 * profile. Returns 0, -EINVAL for no word or an unknown one, -EOPNOTSUPP for
 * one that this version can't audit; error[PROFILE_ERROR_MAX] then says which.
 */
int profile_parse(const char *text, unsigned int *ret_mask, char *error);

#endif
