/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The filter of a bundle, from the words that bundle.json has of it. */
#ifndef BRIDGEAUDIT_CLI_BUNDLE_FILTER_H
#define BRIDGEAUDIT_CLI_BUNDLE_FILTER_H

#include "cli/filter/filter.h"

/*
 * words, as struct filter has them, to the filter that they make; *ret is used
 * as long as it is. 0; -EINVAL for what bridgeaudit bundle would not write;
 * -ENOMEM.
 */
int bundle_filter_parse(const char *words, struct filter *ret);

#endif
