// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Options to struct filter. Options may stand before and after the verb, so
 * all of them are known here, and each verb names those that it takes. What
 * selects packets becomes one tree, the same that --where is.
 */
#include "cli/filter/filter.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "cli/filter/option.h"
#include "cli/guess.h"
#include "cli/shell_word.h"
#include "lib/db.h"
#include "lib/text.h"

enum {
	OPT_OPERAND = 1,
	OPT_NOT = 256,
	OPT_WHERE,
	OPT_PLAIN,	  /* + index of filter_option_at() */
	OPT_FIELD = 1024, /* + index of expr_field_at() * SIDE_COUNT + side */
	OPTIONS_MAX = 128,
	NAMES_MAX = 4096,
};

/* One option that selects packets; of --where the field is NULL. */
struct condition {
	const struct expr_field *field;
	enum expr_side side;
	int node;
	bool negated;
	bool done;
};

struct parse {
	const struct cli *cli;
	struct filter *f;
	struct option longopts[OPTIONS_MAX];
	size_t n_longopts;
	char letters[64];
	char names[NAMES_MAX]; /* of the options that fields make */
	size_t names_len;
	struct condition conditions[EXPR_NODES_MAX];
	size_t n_conditions;
	bool negate; /* --not was the last option */
};

static void add_long(struct parse *p, const char *name, bool value, int code)
{
	if (p->n_longopts + 1 < OPTIONS_MAX)
		p->longopts[p->n_longopts++] = (struct option){
			name, value ? required_argument : no_argument, NULL,
			code
		};
}

static void add_field(struct parse *p, size_t i)
{
	static const char *const prefixes[SIDE_COUNT] = {
		[SIDE_FROM] = "from-",
		[SIDE_TO] = "to-",
		[SIDE_EITHER] = "",
	};
	const struct expr_field *field = expr_field_at(i);

	for (int side = 0; side < SIDE_COUNT; side++) {
		char *name = p->names + p->names_len;
		size_t room = sizeof(p->names) - p->names_len;
		int len;

		if (side != SIDE_EITHER && !field->sides)
			continue;
		len = snprintf(name, room, "%s%s", prefixes[side], field->name);
		if (len < 0 || (size_t)len >= room)
			return;
		p->names_len += (size_t)len + 1;
		add_long(p, name, field->type != EXPR_NONE,
			 OPT_FIELD + (int)i * SIDE_COUNT + side);
	}
}

static void make_options(struct parse *p)
{
	size_t at;

	/* "-": operands come in their place, whatever POSIXLY_CORRECT says */
	str_copy(p->letters, sizeof(p->letters), "-:46");
	at = strlen(p->letters);
	for (size_t i = 0; filter_option_at(i); i++) {
		const struct filter_long *o = filter_option_at(i);

		add_long(p, o->name, o->value, OPT_PLAIN + (int)i);
		if (o->letter && at + 2 < sizeof(p->letters)) {
			p->letters[at++] = o->letter;
			if (o->value)
				p->letters[at++] = ':';
			p->letters[at] = '\0';
		}
	}
	add_long(p, "not", false, OPT_NOT);
	add_long(p, "where", true, OPT_WHERE);
	for (size_t i = 0; expr_field_at(i); i++)
		add_field(p, i);
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

static int add_condition(struct parse *p, const struct expr_field *field,
			 enum expr_side side, int node)
{
	if (node == -E2BIG || p->n_conditions == EXPR_NODES_MAX / 3) {
		cli_error(p->cli, "more than %d filters", EXPR_NODES_MAX / 3);
		return -EINVAL;
	}
	p->conditions[p->n_conditions++] = (struct condition){
		.field = field, .side = side, .node = node, .negated = p->negate
	};
	p->negate = false;
	p->f->given |= FILTER_WHERE;
	return 0;
}

static int take_field(struct parse *p, const struct expr_field *field,
		      enum expr_side side, const char *value)
{
	static const char *const prefixes[SIDE_COUNT] = { "from-", "to-", "" };
	struct guess guess = { .written = value ? value : "" };
	char meant[GUESS_TEXT_MAX];
	int node = expr_term(&p->f->expr, field, side, guess.written);
	/* flags are the one value that a comma is part of */
	bool several = field->type != EXPR_FLAGS && strchr(guess.written, ',');

	if (node == -EINVAL) {
		expr_value_guess(field, &guess);
		guess_text(&guess, meant, sizeof(meant));
		cli_error(p->cli, "--%s%s takes %s, not '%s'%s", prefixes[side],
			  field->name, field->takes, guess.written,
			  several ? GUESS_EACH : meant);
		return -EINVAL;
	}
	return add_condition(p, field, side, node);
}

/* Says what is wrong, and below the expression where. */
static int take_where(struct parse *p, const char *text)
{
	struct expr_error error;
	char before[EXPR_TEXT_MAX], safe[4 * EXPR_TEXT_MAX + 1];
	int node = expr_parse(&p->f->expr, text, &error);

	if (node >= 0)
		return add_condition(p, NULL, SIDE_EITHER, node);
	cli_error(p->cli, "--where, column %zu: %s", error.column + 1,
		  error.text);
	if (strlen(text) >= EXPR_TEXT_MAX)
		return -EINVAL;
	fprintf(p->cli->err, "  %s\n", str_escape(safe, sizeof(safe), text));
	memcpy(before, text, error.column);
	before[error.column] = '\0';
	str_escape(safe, sizeof(safe), before);
	fprintf(p->cli->err, "  %*s\n", (int)str_width(safe) + 1, "^");
	return -EINVAL;
}

static int take_plain(struct parse *p, const struct filter_long *o,
		      const char *value)
{
	if (p->negate) {
		cli_error(p->cli, "--not goes before a filter, not before --%s",
			  o->name);
		return -EINVAL;
	}
	p->f->given |= o->bit;
	return o->take(p->cli, value, p->f);
}

static int bad_option(const struct parse *p, int option, char *const *argv)
{
	const struct cli *cli = p->cli;
	const char *written = argv[optind - 1];
	char name[64], known[64], meant[GUESS_TEXT_MAX];
	struct guess guess = { .written = name };

	str_copy(name, sizeof(name), written);
	name[strcspn(name, "=")] = '\0';
	for (size_t i = 0; i < p->n_longopts; i++) {
		snprintf(known, sizeof(known), "--%s", p->longopts[i].name);
		guess_offer(&guess, known);
	}
	if (option == ':')
		cli_error(cli, "%s needs a value", written);
	else if (optopt > 0 && optopt < 128)
		cli_error(cli, "there is no option '-%c'", optopt);
	else
		cli_error(cli, "there is no option '%s'%s", written,
			  guess_text(&guess, meant, sizeof(meant)));
	return -EINVAL;
}

static bool note_word(struct filter *f, const char *word)
{
	return shell_word_add(f->words, sizeof(f->words), &f->words_len, word);
}

/* Keeps the words of an option that selects packets. */
static int note_option(struct parse *p, int option, const char *value)
{
	char name[64] = "";

	if (option == '4' || option == '6')
		snprintf(name, sizeof(name), "-%c", option);
	for (size_t i = 0; i < p->n_longopts && !*name; i++)
		if (p->longopts[i].val == option)
			snprintf(name, sizeof(name), "--%s",
				 p->longopts[i].name);
	if (note_word(p->f, name) && (!value || note_word(p->f, value)))
		return 0;
	cli_error(p->cli, "more than %d bytes of filters", FILTER_WORDS_MAX);
	return -EINVAL;
}

static int take_family(struct parse *p, const char *name)
{
	return take_field(p, expr_field_find(name, strlen(name)), SIDE_EITHER,
			  NULL);
}

/* Whether it selects packets. */
static bool is_condition(int option)
{
	return option >= OPT_FIELD || option == OPT_WHERE ||
	       option == OPT_NOT || option == '4' || option == '6';
}

static int take_one(struct parse *p, int option, char **argv)
{
	const struct filter_long *o;

	if (option == OPT_OPERAND)
		return add_operand(p->cli, p->f, optarg);
	if (option == ':' || option == '?')
		return bad_option(p, option, argv);
	if (option >= OPT_FIELD) {
		option -= OPT_FIELD;
		return take_field(p, expr_field_at((size_t)option / SIDE_COUNT),
				  (enum expr_side)(option % SIDE_COUNT),
				  optarg);
	}
	if (option >= OPT_PLAIN)
		return take_plain(
			p, filter_option_at((size_t)(option - OPT_PLAIN)),
			optarg);
	if (option == OPT_WHERE)
		return take_where(p, optarg);
	if (option == '4')
		return take_family(p, "ipv4");
	if (option == '6')
		return take_family(p, "ipv6");
	if (option == OPT_NOT) {
		p->negate = !p->negate;
		return 0;
	}
	for (size_t i = 0; (o = filter_option_at(i)); i++)
		if (o->letter == option)
			return take_plain(p, o, optarg);
	return -EINVAL;
}

static int take_option(struct parse *p, int option, char **argv)
{
	int r = take_one(p, option, argv);

	return r == 0 && is_condition(option) ? note_option(p, option, optarg)
					      : r;
}

/* Whether two options are the same one, so that they mean "or". */
static bool same_option(const struct condition *a, const struct condition *b)
{
	const char *group_a = a->field ? a->field->group : NULL;
	const char *group_b = b->field ? b->field->group : NULL;

	if (a->side != b->side)
		return false;
	return a->field == b->field ||
	       (group_a && group_b && strcmp(group_a, group_b) == 0);
}

/* The same option again means or, different ones mean and. */
static int join_conditions(struct parse *p)
{
	struct expr *e = &p->f->expr;
	int root = -1;

	for (size_t i = 0; i < p->n_conditions; i++) {
		struct condition *c = &p->conditions[i];
		int node = c->node;

		if (c->done)
			continue;
		for (size_t j = i + 1; j < p->n_conditions && !c->negated;
		     j++) {
			struct condition *d = &p->conditions[j];

			if (d->negated || !same_option(c, d))
				continue;
			node = expr_join(e, EXPR_OR, node, d->node);
			d->done = true;
		}
		if (c->negated && node >= 0)
			node = expr_not(e, node);
		if (node >= 0)
			root = expr_join(e, EXPR_AND, root, node);
		if (node < 0 || root < 0) {
			cli_error(p->cli, "more filters than fit");
			return -EINVAL;
		}
	}
	e->root = root;
	return 0;
}

static int check(const struct cli *cli, const struct parse *p)
{
	if (p->negate) {
		cli_error(cli, "--not has no filter behind it");
		return -EINVAL;
	}
	if ((p->f->given & FILTER_FIRST) && (p->f->given & FILTER_LAST)) {
		cli_error(cli, "--first and --last: only one of them");
		return -EINVAL;
	}
	if (p->f->since_ns >= p->f->until_ns) {
		cli_error(cli, "--since is not before --until");
		return -EINVAL;
	}
	return 0;
}

static bool is_verb(const struct filter *f, const char *name)
{
	return f->n_operands > 0 && strcmp(f->operands[0], name) == 0;
}

int filter_parse(const struct cli *cli, int argc, char **argv,
		 struct filter *ret)
{
	static struct parse p; /* too big for a stack; there is one argv */
	int option, r = 0;

	*ret = (struct filter){
		.db_path = cli->db_path ? cli->db_path : DB_PATH_DEFAULT,
		.until_ns = INT64_MAX,
		.last = -1,
		.format = OUTPUT_TABLE,
		.color = cli->color,
		.ascii = cli->ascii,
		.pager = true,
	};
	expr_init(&ret->expr);
	p = (struct parse){ .cli = cli, .f = ret };
	make_options(&p);
	optind = 0; /* glibc: start anew */
	opterr = 0;
	while (r == 0 && (option = getopt_long(argc, argv, p.letters,
					       p.longopts, NULL)) != -1)
		r = take_option(&p, option, argv);
	for (; r == 0 && optind < argc; optind++)
		r = add_operand(cli, ret, argv[optind]);
	if (r == 0)
		r = check(cli, &p);
	if (r == 0 && ret->against && !is_verb(ret, "verify"))
		r = filter_option_window(cli, ret);
	if (r == 0 && ret->output && !is_verb(ret, "bundle"))
		r = filter_option_format(cli, ret);
	return r < 0 ? r : join_conditions(&p);
}

bool filter_fits(const struct cli *cli, const struct filter *f,
		 const struct verb *verb)
{
	unsigned int odd = f->given & ~verb->options;
	const struct filter_long *o;
	char list[256];

	for (size_t i = 0; (o = filter_option_at(i)); i++) {
		if (!(odd & o->bit))
			continue;
		cli_error(cli, "%s takes no --%s", verb->name, o->name);
		return false;
	}
	if (odd & FILTER_WHERE) {
		cli_error(cli, "%s takes no filters for packets", verb->name);
		return false;
	}
	if (f->fields && !output_format_has_fields(f->format)) {
		cli_error(cli, "-o %s has no --fields",
			  output_format_name(f->format));
		return false;
	}
	if (!(verb->formats & 1U << f->format)) {
		cli_error(
			cli, "%s can't do -o %s: it can %s", verb->name,
			output_format_name(f->format),
			output_format_list(verb->formats, list, sizeof(list)));
		return false;
	}
	return true;
}

bool filter_has_window(const struct filter *f)
{
	return f->given & (FILTER_SINCE | FILTER_UNTIL);
}
