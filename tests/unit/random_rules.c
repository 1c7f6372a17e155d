// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Dice in, a ruleset as iptables-save prints it out. Which rules are audited
 * is not known here: the tests tell that from the text.
 */
#include "tests/unit/random_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "lib/text.h"
#include "logger/rules/rule.h"
#include "tests/unit/rule_id_text.h"

/* Where a chain's rules come from. */
struct dice {
	uint64_t *rng;
	FILE *out;
	unsigned int group;
	const char *table;
	const char *chain;
	bool side; /* the side chain is there */
};

#define STAGE "DOCKER-ISOLATION-STAGE-2"
#define SIDE "bridgeaudit-stage-2"

uint64_t test_seed(void)
{
	const char *given = getenv("BRIDGEAUDIT_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);

	print_message("BRIDGEAUDIT_SEED=%llu\n", (unsigned long long)seed);
	return seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
}

/* xorshift64* */
unsigned int test_random(uint64_t *rng, unsigned int max)
{
	*rng ^= *rng >> 12;
	*rng ^= *rng << 25;
	*rng ^= *rng >> 27;
	return (unsigned int)((*rng * UINT64_C(0x2545f4914f6cdd1d)) >> 33) %
	       max;
}

static const char *pick(const struct dice *d, const char *const *list,
			size_t len)
{
	return list[test_random(d->rng, (unsigned int)len)];
}

/* Writes format into buf, each # a bridge (the same one), each % a digit. */
static void fill(const struct dice *d, const char *format, char *buf,
		 size_t size)
{
	static const char *const bridges[] = { "br-000000000001",
					       "br-000000000002", "backend0",
					       "docker0", "br-1" };
	const char *bridge = pick(d, bridges, ARRAY_SIZE(bridges));
	size_t len = 0;

	for (; *format && len + 20 < size; format++) {
		if (*format == '#')
			len += (size_t)snprintf(buf + len, size - len, "%s",
						bridge);
		else if (*format == '%')
			buf[len++] = (char)('1' + test_random(d->rng, 3));
		else
			buf[len++] = *format;
	}
	buf[len] = '\0';
}

/* The forms of all generations, and some that are none. */
static void random_matches(const struct dice *d, char *buf, size_t size)
{
	static const char *const formats[] = {
		"",
		"-o # ",
		"-i # ",
		"-i # ! -o # ",
		"-i # -o # ",
		"! -i # -o # ",
		"-i # -o br-9 ",
		"-i br-+ -o br-+ ",
		"-i # -o # -p tcp ",
		"-o # -m comment --comment \"say \\\"-j DROP\\\" \\\\\" ",
		"-m comment --comment -j ",
		"-m comment --comment -i ",
		"-o # -m conntrack --ctstate RELATED,ESTABLISHED ",
		"-p tcp -m tcp --dport 8%43 -m conntrack --ctstate NEW ",
		"-p tcp -m tcp --sport 8%43 -m conntrack --ctstate "
		"RELATED,ESTABLISHED ",
		"-p tcp -m tcp --dport 8%43 ",
		"-m mark --mark 0x%/0x3 ",
		"! -s 172.20.0.0/16 -o # ",
		"! -d 172.20.0.0/16 -i # ",
		"-d 192.168.144.%/32 ! -i # -o # -p tcp -m tcp --dport 3306 ",
		"-s 172.17.0.%/32 -d 172.17.0.2/32 -i # -o # -p tcp -m tcp "
		"--dport 80 ",
		"-o # -p icmp ",
		"-p udp -m udp --dport % ",
		"-o # -m comment --comment \"-A DOCKER -j NFLOG "
		"--nflog-prefix \\\"bridgeaudit drop 3f9a2c1d77aa\\\"\" ",
	};
	static const char *const raw_formats[] = {
		"-d 172.20.0.%/32 ! -i # ",
		"-d 172.20.0.%/32 ! -i # ",
		"-d 172.20.0.%/32 ! -i # -p tcp -m tcp --dport 80 ",
		"-d 172.20.0.%/32 ! -i # -p udp -m udp --dport 53 ",
		"-d 172.20.0.%/32 -i wg% ",
		"-d 172.20.0.%/32 -i # ",
		"-d 172.20.0.%/32 ! -i eth0 ",
		"-d 172.20.0.%/31 ! -i # ",
		"-d 127.0.0.1/32 ! -i lo -p tcp -m tcp --dport 808% ",
		"-d 127.0.0.1/32 ! -i lo ",
		"-s 10.0.0.%/32 ! -i # ",
		"-i br-+ ",
		"",
	};
	bool raw = strcmp(d->table, "raw") == 0;

	fill(d,
	     raw ? pick(d, raw_formats, ARRAY_SIZE(raw_formats))
		 : pick(d, formats, ARRAY_SIZE(formats)),
	     buf, size);
}

static void print_counters(const struct dice *d)
{
	unsigned int packets = test_random(d->rng, 1000);

	fprintf(d->out, "[%u:%u] ", packets, packets * 60);
}

static void print_twin(const struct dice *d, const char *matches,
		       const char *target)
{
	print_counters(d);
	fprintf(d->out, "-A %s %s-j NFLOG --nflog-prefix \"bridgeaudit %s\n",
		d->chain, matches, target);
}

/* What a narrower twin has behind the matches of its rule. */
static void random_scope(const struct dice *d, char *matches, size_t size)
{
	static const char new_flows[] = "-m conntrack --ctstate NEW ";
	size_t len = strlen(matches);
	char bridge[16];

	if (strcmp(d->table, "filter") != 0 || strstr(matches, "conntrack") ||
	    test_random(d->rng, 2) == 0)
		return;
	if (sscanf(matches, "-i %15s", bridge) == 1 && !strstr(matches, "-o") &&
	    test_random(d->rng, 4) > 0)
		snprintf(matches + len, size - len, "! -o %s %s", bridge,
			 new_flows);
	else
		snprintf(matches + len, size - len, "%s", new_flows);
}

/* A twin of one rule or another, right or wrong, once or twice. */
static void random_twin(const struct dice *d, const char *rule_matches)
{
	static const char *const targets[] = { "DROP", "ACCEPT" };
	static const char *const words[] = { "drop", "accept" };
	static const char *const endings[] = {
		" --nflog-size 128",
		" --nflog-size 128",
		" --nflog-size 128",
		" --nflog-size 64",
		"",
		" --nflog-size 128 --nflog-threshold 8",
	};
	unsigned int v = test_random(d->rng, 2);
	unsigned int group = d->group;
	char id[RULE_ID_TEXT_MAX];
	char text[512], matches[512], target[128];

	str_copy(matches, sizeof(matches), rule_matches);
	random_scope(d, matches, sizeof(matches));
	snprintf(text, sizeof(text), "%s-j %s", rule_matches, targets[v]);
	rule_id_text(rule_id(4, d->table, d->chain, text), id);
	if (test_random(d->rng, 8) == 0)
		str_copy(id, sizeof(id), "3f9a2c1d77aa");
	if (test_random(d->rng, 8) == 0)
		group++;
	snprintf(target, sizeof(target), "%s %s\" --nflog-group %u%s", words[v],
		 id, group, pick(d, endings, ARRAY_SIZE(endings)));
	print_twin(d, matches, target);
	if (test_random(d->rng, 6) == 0)
		print_twin(d, matches, target);
}

static void random_rules(const struct dice *d)
{
	static const char *const targets[] = {
		"-j DROP",
		"-j DROP",
		"-j DROP",
		"-j ACCEPT",
		"-j ACCEPT",
		"-j ACCEPT",
		"-j RETURN",
		"-j LAST",
		"-g LAST",
		"-j LOG --log-prefix \"bridgeaudit drop 3f9a2c1d77aa\"",
		"-j NFLOG --nflog-prefix \"somebody else\" --nflog-group 4",
		"-j NFLOG --nflog-prefix \"bridgeaudit drop 3F9A2C1D77AA\"",
		"-j NFLOG --nflog-group 9",
	};
	bool raw = strcmp(d->table, "raw") == 0;
	char matches[256];

	for (unsigned int n = test_random(d->rng, 14); n > 0; n--) {
		random_matches(d, matches, sizeof(matches));
		if (test_random(d->rng, 2) == 0)
			random_twin(d, matches);
		if (test_random(d->rng, 6) == 0)
			continue;
		print_counters(d);
		/* REJECT is for table filter only */
		if (!raw && test_random(d->rng, 12) == 0)
			fprintf(d->out,
				"-A %s %s-j REJECT --reject-with "
				"icmp-port-unreachable\n",
				d->chain, matches);
		else if (strcmp(d->chain, "FORWARD") == 0 &&
			 test_random(d->rng, 6) == 0)
			fprintf(d->out, "-A %s %s-j DOCKER\n", d->chain,
				matches);
		else
			fprintf(d->out, "-A %s %s%s\n", d->chain, matches,
				pick(d, targets, ARRAY_SIZE(targets)));
	}
}

/* Now and then somebody else's rule. */
static void random_other(const struct dice *d)
{
	if (test_random(d->rng, 8) == 0)
		fprintf(d->out, "[0:0] -A %s -s 10.0.0.1/32 -j RETURN\n",
			d->chain);
}

/* What Docker writes there, and how far ours may have come. */
static void random_stage(const struct dice *d)
{
	for (unsigned int n = test_random(d->rng, 8); n > 0; n--) {
		char matches[64], text[96], target[64];
		char id[RULE_ID_TEXT_MAX];

		if (d->side && strcmp(d->chain, STAGE) == 0 &&
		    test_random(d->rng, 6) == 0)
			fprintf(d->out, "[0:0] -A %s -o br-+ -j " SIDE "\n",
				d->chain);
		fill(d, "-o # ", matches, sizeof(matches));
		snprintf(text, sizeof(text), "%s-j DROP", matches);
		rule_id_text(rule_id(4, d->table, STAGE, text), id);
		snprintf(target, sizeof(target),
			 "drop %s\" --nflog-group %u --nflog-size 128", id,
			 d->group + (test_random(d->rng, 12) == 0));
		if (strcmp(d->chain, SIDE) == 0 || test_random(d->rng, 6) == 0)
			print_twin(d, matches, target);
		if (strcmp(d->chain, SIDE) == 0)
			continue;
		print_counters(d);
		fprintf(d->out, "-A %s %s\n", d->chain, text);
		random_other(d);
	}
	random_other(d);
}

/* A table's section; the first builtin chains are its own. */
static void random_table(struct dice *d, const char *table,
			 const char *const *chains, size_t len, size_t builtin)
{
	bool there[16] = { false };

	assert_true(len <= ARRAY_SIZE(there));
	d->table = table;
	fprintf(d->out, "*%s\n", table);
	for (size_t i = 0; i < len; i++) {
		there[i] = i < builtin || strcmp(chains[i], "DOCKER") == 0 ||
			   test_random(d->rng, 4) > 0;
		if (there[i])
			fprintf(d->out, ":%s %s [0:0]\n", chains[i],
				i < builtin ? "ACCEPT" : "-");
	}
	fputs(":LAST - [0:0]\n", d->out);
	for (size_t i = 0; i < len; i++) {
		d->chain = chains[i];
		if (!there[i] || strcmp(chains[i], "INPUT") == 0 ||
		    strcmp(chains[i], "OUTPUT") == 0)
			continue;
		d->side = there[len - 1] && strcmp(chains[len - 1], SIDE) == 0;
		if (strcmp(chains[i], SIDE) == 0 ||
		    (strcmp(chains[i], STAGE) == 0 &&
		     test_random(d->rng, 4) > 0))
			random_stage(d);
		else
			random_rules(d);
		if (d->side && strcmp(chains[i], "FORWARD") == 0 &&
		    test_random(d->rng, 16) == 0)
			fprintf(d->out,
				"[0:0] -A FORWARD -i wg0 -j " SIDE "\n");
	}
	fputs("COMMIT\n", d->out);
}

char *random_ruleset(uint64_t *rng, unsigned int group, bool all_tables)
{
	static const char *const raw[] = { "PREROUTING", "OUTPUT" };
	static const char *const nat[] = { "PREROUTING", "INPUT", "OUTPUT",
					   "POSTROUTING", "DOCKER" };
	static const char *const filter[] = { "INPUT",
					      "FORWARD",
					      "OUTPUT",
					      "DOCKER",
					      "DOCKER-BRIDGE",
					      "DOCKER-CT",
					      "DOCKER-FORWARD",
					      "DOCKER-INGRESS",
					      "DOCKER-INTERNAL",
					      "DOCKER-ISOLATION-STAGE-1",
					      "DOCKER-ISOLATION-STAGE-2",
					      "DOCKER-USER",
					      SIDE };
	char *text = NULL;
	size_t len = 0;
	struct dice d = {
		.rng = rng,
		.out = open_memstream(&text, &len),
		.group = group,
	};

	assert_non_null(d.out);
	random_table(&d, "raw", raw, ARRAY_SIZE(raw), ARRAY_SIZE(raw));
	random_table(&d, "filter", filter, ARRAY_SIZE(filter), 3);
	if (all_tables)
		random_table(&d, "nat", nat, ARRAY_SIZE(nat), 4);
	fclose(d.out);
	return text;
}
