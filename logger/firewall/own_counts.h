/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The counters of all rules that our table mirrors, from one listing to the
 * next. */
#ifndef BRIDGEAUDIT_LOGGER_FIREWALL_OWN_COUNTS_H
#define BRIDGEAUDIT_LOGGER_FIREWALL_OWN_COUNTS_H

#include "logger/firewall/nft_history.h"
#include "logger/firewall/own_netlink.h"
#include "logger/rules/mirror_count.h"
#include "logger/rules/own_table.h"

struct own_counter_list { /* sorted by id */
	struct own_counter *list;
	size_t len;
};

struct own_counts {
	struct mirror_count *list; /* sorted by id */
	size_t len;
};

/* A listing of Docker's tables, and ours when it began and when it ended. */
struct own_counts_reading {
	const struct own_table *table;	  /* made of the listing */
	const struct own_table *in_force; /* NULL: none */
	struct own_counter_list before, after;
	struct nft_history *history;
	bool listed[2]; /* IPv4, IPv6: else the table's numbers are old */
	bool old[2];	/* none of that family was told yet */
};

/* Takes a reading, and from history what it told until then; a rule that is
 * not in it is forgotten. 0 or -ENOMEM. */
int own_counts_take(struct own_counts *counts,
		    const struct own_counts_reading *reading);

/* The recorder was told which rules of a family were disturbed. */
void own_counts_told(struct own_counts *counts, const struct own_table *table,
		     int family);

/* Our table was changed by somebody. */
void own_counts_restart(struct own_counts *counts);

/* Whether the number of some hole is still to be found. */
bool own_counts_open(const struct own_counts *counts);

struct mirror_count *own_counts_find(const struct own_counts *counts,
				     uint64_t id);
void own_counts_clear(struct own_counts *counts);

/* Reads all of our table's anew. 0, or -errno and list is as it was. */
int own_counters_read(struct own_counter_list *list);

/* Whether they are those of the rules that the table logs for. */
bool own_counters_fit(const struct own_counter_list *list,
		      const struct own_table *table);

/* The counter of that id, or NULL. */
const struct own_counter *own_counter_find(const struct own_counter_list *list,
					   uint64_t id);

#endif
