// SPDX-License-Identifier: GPL-2.0-or-later
/* In: our table as it is and as it should be. Out: one batch for nft, or one
 * message of our own where nothing is left to watch. */
#include "logger/firewall/own_apply.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "logger/firewall/nft.h"
#include "logger/firewall/own_netlink.h"
#include "logger/rules/own_diff.h"

enum { TIMEOUT_MS = 5000 };

/* The batch that makes the new table of what is there; *ret to be freed. */
static int make_batch(const struct own_step *step, char **ret, bool *ret_whole)
{
	int r = -ENOTSUP;

	if (step->from && !step->from->empty)
		r = own_diff(step->from->text, step->to->text, ret);
	*ret_whole = r != 0;
	if (r == 0 || r == -ENOMEM)
		return r;
	*ret = strdup(step->to->text);
	return *ret ? 0 : -ENOMEM;
}

/* We are the process of that edit ourselves. */
int own_apply_delete(struct nftmon_pids *pids)
{
	nftmon_pids_add(pids, getpid());
	return own_netlink_delete();
}

static int apply_text(const char *text, struct nftmon_pids *pids, char *error)
{
	pid_t pid = 0;
	int r = *text ? nft_apply(text, TIMEOUT_MS, &pid, error) : 0;

	nftmon_pids_add(pids, pid);
	return r;
}

int own_apply(const struct own_step *step, struct nftmon_pids *pids,
	      bool *ret_anew, char *error)
{
	char *batch = NULL;
	bool whole = true;
	int r;

	if (step->to->empty) {
		r = step->from || step->left ? own_apply_delete(pids) : 0;
		if (r < 0)
			snprintf(error, NFT_RUN_ERROR_MAX, "%s", strerror(-r));
	} else {
		r = make_batch(step, &batch, &whole);
		if (r == 0)
			r = apply_text(batch, pids, error);
		/* it may not be what it was after all: make it anew */
		if (r < 0 && step->from) {
			r = apply_text(step->to->text, pids, error);
			whole = true;
		}
		free(batch);
	}
	*ret_anew = r == 0 && whole && step->from && !step->from->empty;
	return r;
}
