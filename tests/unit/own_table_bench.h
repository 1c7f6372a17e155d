/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making our table from a listing, for tests. */
#ifndef BRIDGEAUDIT_TESTS_UNIT_OWN_TABLE_BENCH_H
#define BRIDGEAUDIT_TESTS_UNIT_OWN_TABLE_BENCH_H

#include <stddef.h>

#include "logger/rules/own_table.h"

/* What every batch of ours starts with. */
#define HEAD                                                                   \
	"table inet bridgeaudit { }\n"                                         \
	"delete table inet bridgeaudit\n"
/* Docker's base chain, and a map that leads to chain in__br-a. */
#define FORWARD                                                                \
	"\tchain filter-FORWARD {\n"                                           \
	"\t\ttype filter hook forward priority filter; policy accept;\n"       \
	"\t\toifname vmap @filter-forward-in-jumps\n"                          \
	"\t\tiifname vmap @filter-forward-out-jumps\n"                         \
	"\t}\n"
#define JUMPS                                                                  \
	"\tmap filter-forward-in-jumps {\n\t\ttype ifname : verdict\n"         \
	"\t\telements = { \"br-a\" : jump in__br-a }\n\t}\n"

/* An input with nothing but group and profile. */
struct own_table_input own_bench_input(void);

/* The table; own_table_free() it. */
struct own_table *own_bench_make(const struct own_table_input *in);

/* The table for one listing of Docker's IPv4 table. */
struct own_table *own_bench_docker(const char *text, size_t len);

/* With FORWARD, JUMPS and these rules in the chain of br-a. */
struct own_table *own_bench_chain(const char *rules);

#endif
