// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds the verb and runs it; and what all verbs say in the same words when
 * something fails.
 */
#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/filter/filter.h"
#include "cli/guess.h"
#include "cli/interrupt.h"
#include "cli/pager.h"
#include "cli/progress.h"
#include "cli/telling.h"
#include "cli/verbs.h"
#include "lib/db.h"
#include "lib/exitcode.h"
#include "lib/text.h"

static const struct verb *const verbs[] = {
	&verb_matrix, &verb_log,    &verb_follow, &verb_top,	&verb_timeline,
	&verb_show,   &verb_diff,   &verb_values, &verb_status, &verb_rules,
	&verb_doctor, &verb_report, &verb_probe,  &verb_verify, &verb_key,
	&verb_bundle, &verb_reads,
};

static const char help_text[] =
	"usage: bridgeaudit [--db FILE] [VERB] [OPTIONS]\n"
	"\n"
	"Who tried to reach whom over Docker's bridge networks, and when.\n"
	"\n"
	"  matrix        packets per source and destination network (default)\n"
	"  log, follow   each packet, the newest last; each one as it comes\n"
	"  top           what there is most of\n"
	"  timeline      packets per slot of time\n"
	"  show          everything about one packet\n"
	"  diff          what is new, gone or much more than before\n"
	"  values        the names that a filter can take\n"
	"  status        is the logger there, what was stored, what was lost\n"
	"  rules         the audited firewall rules and their NFLOG twins\n"
	"  doctor        is all watched on this host, and what can't be\n"
	"  report, bundle   all of it for somebody who has to judge it\n"
	"  probe         send test packets: are they dropped, and logged\n"
	"  verify, key, reads   is it what was committed, who signed, who read it\n"
	"\n"
	"  --db FILE     the database (" DB_PATH_DEFAULT ")\n"
	"  -h, --help    or of a verb: bridgeaudit log --help; -V, --version\n"
	"\n"
	"  bridgeaudit log --from-network shop_web --verdict drop -S 1h\n"
	"\n"
	"Exit: 0 done, 1 nothing or failed, 2 usage, 3 incomplete, 4 damaged, 5 none\n";

void cli_error(const struct cli *cli, const char *format, ...)
{
	char text[1024], safe[4096];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	/* names in it were written by others */
	fprintf(cli->err, "bridgeaudit: %s\n",
		str_escape(safe, sizeof(safe), text));
}

static int usage(const struct cli *cli, const struct verb *verb)
{
	fprintf(cli->err, "try 'bridgeaudit%s%s --help'\n", verb ? " " : "",
		verb ? verb->name : "");
	return EXITCODE_USAGE;
}

static const struct verb *find_verb(const struct filter *f)
{
	if (f->n_operands == 0)
		return &verb_matrix;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(f->operands[0], verbs[i]->name) == 0)
			return verbs[i];
	return NULL;
}

static void say_no_verb(const struct cli *cli, const char *written)
{
	struct guess guess = { .written = written };
	char meant[GUESS_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		guess_offer(&guess, verbs[i]->name);
	cli_error(cli, "there is no verb '%s'%s", written,
		  guess_text(&guess, meant, sizeof(meant)));
}

/* "help" and "help VERB", as other programs have it. */
static void take_help(struct filter *f)
{
	if (f->n_operands == 0 || strcmp(f->operands[0], "help") != 0)
		return;
	f->help = true;
	f->n_operands--;
	for (size_t i = 0; i < f->n_operands; i++)
		f->operands[i] = f->operands[i + 1];
}

static int print(const struct cli *cli, const char *text)
{
	if (fputs(text, cli->out) == EOF || fflush(cli->out) == EOF)
		return cli_write_failed(cli, -errno);
	return EXITCODE_OK;
}

/* What is good on a terminal, when nothing else was asked for. */
static void settle(const struct cli *cli, const struct verb *verb,
		   struct filter *f)
{
	if (f->given & FILTER_OUTPUT)
		return;
	f->format = (enum output_format)(cli->columns ? verb->on_terminal
						      : verb->elsewhere);
	if (f->fields && !output_format_has_fields(f->format))
		f->format = OUTPUT_TABLE;
}

/*
 * Only on a terminal, and never for what has no end. What is said about the
 * answer comes when the pager is done: it would be above the answer, or in it.
 */
static int run_paged(const struct cli *cli, const struct verb *verb,
		     const struct filter *f)
{
	struct cli paged = *cli;
	struct pager pager;
	char *said = NULL;
	size_t size = 0;
	int code;

	if (cli->columns == 0 || !f->pager || !(verb->options & FILTER_PAGER) ||
	    f->format == OUTPUT_PCAP || pager_start(&pager) < 0)
		return verb->run(cli, f);
	paged.out = pager.out;
	paged.progress = false; /* the pager draws there */
	paged.err = open_memstream(&said, &size);
	if (!paged.err)
		paged.err = cli->err;
	code = verb->run(&paged, f);
	if (pager_end(&pager) < 0)
		cli_error(cli,
			  "there is no pager '%s': set BRIDGEAUDIT_PAGER, or "
			  "ask with --no-pager",
			  pager_command());
	if (paged.err != cli->err) {
		fclose(paged.err);
		fputs(said ? said : "", cli->err);
		free(said);
	}
	return code;
}

/* With the logger told before and after, when the verb reads the log. */
static int run_told(const struct cli *cli, const struct verb *verb,
		    const struct filter *f, int argc, char **argv)
{
	struct telling telling = {
		.verb = verb->name,
		.argc = argc,
		.argv = argv,
		.fd = -1,
		.rows = -1,
	};
	struct cli told = *cli;
	int code;

	told.telling = verb->reads ? &telling : NULL;
	code = run_paged(&told, verb, f);
	telling_end(&telling, code);
	return code;
}

int cli_run(const struct cli *cli, int argc, char **argv)
{
	const struct verb *verb;
	static struct filter f; /* too big for a stack */

	if (filter_parse(cli, argc, argv, &f) < 0)
		return usage(cli, f.n_operands > 0 ? find_verb(&f) : NULL);
	if (f.version)
		return print(cli, "bridgeaudit " VERSION "\n");
	take_help(&f);
	verb = find_verb(&f);
	if (!verb) {
		say_no_verb(cli, f.operands[0]);
		return usage(cli, NULL);
	}
	if (f.help)
		return print(cli, f.n_operands ? verb->help : help_text);
	if (verb == &verb_log && f.given & FILTER_FOLLOW)
		verb = &verb_follow;
	settle(cli, verb, &f);
	if (!filter_fits(cli, &f, verb))
		return usage(cli, verb);
	if (f.n_operands > 1 && !(verb->options & FILTER_OPERAND)) {
		cli_error(cli, "%s takes no '%s'", verb->name, f.operands[1]);
		return usage(cli, verb);
	}
	if ((f.format == OUTPUT_PCAP || f.format == OUTPUT_PDF) &&
	    cli->columns > 0) {
		cli_error(cli,
			  "%s is nothing for a terminal: write it to a file or "
			  "a pipe",
			  output_format_name(f.format));
		return EXITCODE_USAGE;
	}
	return run_told(cli, verb, &f, argc, argv);
}

/* The first that is no field of --fields, or one too many. */
static void say_no_field(const struct cli *cli, const struct output_spec *spec,
			 const char *word)
{
	struct guess guess = { .written = word };
	char list[512] = "", meant[GUESS_TEXT_MAX];
	size_t at = 0;

	for (size_t i = 0; i < spec->n_fields; i++) {
		if (at < sizeof(list))
			at += (size_t)snprintf(list + at, sizeof(list) - at,
					       "%s%s", i ? ", " : "",
					       spec->fields[i]);
		guess_offer(&guess, spec->fields[i]);
	}
	cli_error(cli, "--fields takes some of %s, not '%s'%s", list, word,
		  guess_text(&guess, meant, sizeof(meant)));
}

int cli_output(const struct cli *cli, const struct filter *f,
	       const struct output_spec *spec, struct output **ret)
{
	struct output *o = NULL;
	char word[64];
	int r = output_open_fields(f->format, spec, cli->out, f->color,
				   f->fields, word, sizeof(word), &o);

	if (r == -EINVAL) {
		say_no_field(cli, spec, word);
		return EXITCODE_USAGE;
	}
	if (r < 0) {
		cli_error(cli, "out of memory");
		return EXITCODE_NOTHING;
	}
	output_stop_by(o, interrupt_flag);
	output_set_terminal(o, cli->columns, f->ascii);
	if (cli->telling) {
		cli->telling->rows = 0;
		output_count(o, &cli->telling->rows);
	}
	if (f->numeric)
		output_set_numeric(o);
	*ret = o;
	return EXITCODE_OK;
}

static int store_exitcode(int r)
{
	return r == -EUCLEAN ? EXITCODE_INTEGRITY : EXITCODE_STORE;
}

int cli_open(const struct cli *cli, const struct filter *f, sqlite3 **ret_db)
{
	char error[DB_ERROR_MAX] = "";
	int r = db_open_reader(f->db_path, ret_db, error);

	if (r == 0) {
		progress_watch(*ret_db, cli);
		if (cli->telling)
			telling_begin(cli->telling, *ret_db);
		return EXITCODE_OK;
	}
	cli_error(cli, "%s", error);
	return store_exitcode(r);
}

int cli_reopen(const struct filter *f, sqlite3 **ret_db)
{
	char error[DB_ERROR_MAX] = "";

	return db_open_reader(f->db_path, ret_db, error);
}

void cli_goes_on(const struct cli *cli, sqlite3 *db)
{
	if (cli->telling)
		telling_go_on(cli->telling, db);
}

void cli_count_rows(const struct cli *cli, uint64_t rows)
{
	if (cli->telling)
		cli->telling->rows = (int64_t)rows;
}

int cli_read_failed(const struct cli *cli, const struct filter *f, int r)
{
	const char *why = strerror(-r);

	if (r == -EINTR && interrupted())
		return EXITCODE_NOTHING;
	if (r == -EUCLEAN)
		why = "it is damaged, or of a build between versions: keep a "
		      "copy, then try sqlite3's .recover, or the bridgeaudit "
		      "that wrote it";
	else if (r == -EBUSY)
		why = "it is locked by another program: try again";
	cli_error(cli, "can't read database '%s': %s", f->db_path, why);
	return store_exitcode(r);
}

int cli_write_failed(const struct cli *cli, int r)
{
	if (r == -EPIPE)
		return EXITCODE_OK;
	if (r == -EINTR && interrupted())
		return EXITCODE_NOTHING;
	cli_error(cli, "can't write the result: %s", strerror(-r));
	return EXITCODE_NOTHING;
}
