// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Options to struct filter. Options may stand before and after the verb, so
 * one table knows all of them, and each verb names those that it takes.
 */
#include "cli/filter.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "lib/db.h"
#include "lib/event.h"
#include "lib/text.h"
#include "lib/timefmt.h"

enum {
	OPT_OPERAND = 1,
	OPT_DB = 256,
	OPT_FROM,
	OPT_TO,
	OPT_NETWORK,
	OPT_VERDICT,
	OPT_ALL
};

static const struct option longopts[] = {
	{ "all", no_argument, NULL, OPT_ALL },
	{ "db", required_argument, NULL, OPT_DB },
	{ "from-network", required_argument, NULL, OPT_FROM },
	{ "help", no_argument, NULL, 'h' },
	{ "last", required_argument, NULL, 'n' },
	{ "network", required_argument, NULL, OPT_NETWORK },
	{ "output", required_argument, NULL, 'o' },
	{ "since", required_argument, NULL, 'S' },
	{ "to-network", required_argument, NULL, OPT_TO },
	{ "until", required_argument, NULL, 'U' },
	{ "verdict", required_argument, NULL, OPT_VERDICT },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static const struct {
	unsigned int bit;
	const char *name;
} option_names[] = {
	{ FILTER_SINCE, "--since" },	 { FILTER_UNTIL, "--until" },
	{ FILTER_NETWORK, "--network" }, { FILTER_VERDICT, "--verdict" },
	{ FILTER_LAST, "--last" },	 { FILTER_OUTPUT, "--output" },
	{ FILTER_ALL, "--all" },
};

static int parse_time(const struct cli *cli, const char *option,
		      uint64_t *ret_ns)
{
	int r = time_parse(optarg, cli->now_ns, ret_ns);

	if (r == -ERANGE)
		cli_error(cli, "%s '%s' is out of range (1970 to 2261)", option,
			  optarg);
	else if (r < 0)
		cli_error(cli,
			  "can't understand %s '%s': write 3h, 1h43m, today, "
			  "'2026-01-31 13:45' or RFC 3339",
			  option, optarg);
	return r < 0 ? -EINVAL : 0;
}

static int parse_last(const struct cli *cli, int64_t *ret)
{
	int64_t n = 0;
	const char *p = optarg;

	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, *p - '0', &n))
			break;
	if (*p || p == optarg) {
		cli_error(cli, "--last takes a number, not '%s'", optarg);
		return -EINVAL;
	}
	*ret = n;
	return 0;
}

static int parse_verdict(const struct cli *cli, unsigned int *verdicts)
{
	int verdict = verdict_parse(optarg);

	if (verdict == 0) {
		cli_error(cli, "--verdict is drop, accept or pass, not '%s'",
			  optarg);
		return -EINVAL;
	}
	*verdicts |= 1U << verdict;
	return 0;
}

static int parse_format(const struct cli *cli, enum output_format *ret)
{
	int format = output_format_parse(optarg);

	if (format < 0) {
		cli_error(cli,
			  "--output is table, json, jsonl or csv, not '%s'",
			  optarg);
		return -EINVAL;
	}
	*ret = (enum output_format)format;
	return 0;
}

static int add_network(const struct cli *cli, struct filter_names *names)
{
	if (names->n == FILTER_NAMES_MAX) {
		cli_error(cli, "more than %d networks", FILTER_NAMES_MAX);
		return -EINVAL;
	}
	names->names[names->n++] = optarg;
	return 0;
}

static int add_operand(const struct cli *cli, struct filter *f, const char *arg)
{
	if (f->n_operands == FILTER_OPERANDS_MAX) {
		cli_error(cli, "what is '%s'?", arg);
		return -EINVAL;
	}
	f->operands[f->n_operands++] = arg;
	return 0;
}

static int bad_option(const struct cli *cli, int option, char *const *argv)
{
	if (option == ':')
		cli_error(cli, "%s needs a value", argv[optind - 1]);
	else if (optopt > 0 && optopt < 128)
		cli_error(cli, "there is no option '-%c'", optopt);
	else
		cli_error(cli, "there is no option '%s'", argv[optind - 1]);
	return -EINVAL;
}

static int parse_option(const struct cli *cli, int option, char **argv,
			struct filter *f)
{
	switch (option) {
	case OPT_OPERAND:
		return add_operand(cli, f, optarg);
	case OPT_DB:
		f->db_path = optarg;
		return 0;
	case 'S':
		f->given |= FILTER_SINCE;
		return parse_time(cli, "--since", &f->since_ns);
	case 'U':
		f->given |= FILTER_UNTIL;
		return parse_time(cli, "--until", &f->until_ns);
	case OPT_FROM:
		f->given |= FILTER_NETWORK;
		return add_network(cli, &f->networks[SIDE_FROM]);
	case OPT_TO:
		f->given |= FILTER_NETWORK;
		return add_network(cli, &f->networks[SIDE_TO]);
	case OPT_NETWORK:
		f->given |= FILTER_NETWORK;
		return add_network(cli, &f->networks[SIDE_EITHER]);
	case OPT_VERDICT:
		f->given |= FILTER_VERDICT;
		return parse_verdict(cli, &f->verdicts);
	case 'n':
		f->given |= FILTER_LAST;
		return parse_last(cli, &f->last);
	case 'o':
		f->given |= FILTER_OUTPUT;
		return parse_format(cli, &f->format);
	case OPT_ALL:
		f->given |= FILTER_ALL;
		return 0;
	case 'h':
		f->help = true;
		return 0;
	case 'V':
		f->version = true;
		return 0;
	default:
		return bad_option(cli, option, argv);
	}
}

int filter_parse(const struct cli *cli, int argc, char **argv,
		 struct filter *ret)
{
	struct filter f = { .db_path = cli->db_path ? cli->db_path
						    : DB_PATH_DEFAULT,
			    .until_ns = INT64_MAX,
			    .last = -1,
			    .format = OUTPUT_TABLE };
	int option, r = 0;

	optind = 0; /* glibc: start anew */
	opterr = 0;
	/* "-": operands come in their place, whatever POSIXLY_CORRECT says */
	while (r == 0 && (option = getopt_long(argc, argv, "-:S:U:n:o:hV",
					       longopts, NULL)) != -1)
		r = parse_option(cli, option, argv, &f);
	for (; r == 0 && optind < argc; optind++)
		r = add_operand(cli, &f, argv[optind]);
	if (r == 0 && f.since_ns >= f.until_ns) {
		cli_error(cli, "--since is not before --until");
		r = -EINVAL;
	}
	if (r == 0)
		*ret = f;
	return r;
}

bool filter_fits(const struct cli *cli, const struct filter *f,
		 const struct verb *verb)
{
	unsigned int odd = f->given & ~verb->options;

	for (size_t i = 0; i < ARRAY_SIZE(option_names); i++) {
		if (!(odd & option_names[i].bit))
			continue;
		cli_error(cli, "%s takes no %s", verb->name,
			  option_names[i].name);
		return false;
	}
	if (!(verb->formats & 1U << f->format)) {
		cli_error(cli, "%s can't do -o %s", verb->name,
			  output_format_name(f->format));
		return false;
	}
	return true;
}

bool filter_has_window(const struct filter *f)
{
	return f->given & (FILTER_SINCE | FILTER_UNTIL);
}
