// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bridgeaudit key: the public half of the key that signs checkpoints, and
 * another key in its place.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/filter/filter.h"
#include "lib/exitcode.h"
#include "lib/signing_key.h"

static const char help_text[] =
	"usage: bridgeaudit [--db FILE] key [rotate]\n"
	"\n"
	"Prints the public half of the key that signs the log's checkpoints, and\n"
	"of those that followed one another before it. Keep it on another\n"
	"machine, for verify --public-key.\n"
	"\n"
	"  rotate  as root: make a new key, which the old one signs, and forget\n"
	"          the old one; the logger takes it at its start or on SIGHUP\n"
	"\n"
	"  bridgeaudit key > bridgeaudit.pub\n";

static int print(const struct cli *cli, const char *dir)
{
	char path[SIGNING_PATH_MAX], line[CHECKPOINT_LINE_MAX + 2];
	FILE *f;
	int r = signing_key_file(dir, "signing.pub", path);

	f = r == 0 ? fopen(path, "re") : NULL;
	if (!f) {
		cli_error(cli,
			  "can't read '%s': %s; the logger makes it at its "
			  "first start",
			  path, strerror(r < 0 ? -r : errno));
		return EXITCODE_NOTHING;
	}
	while (fgets(line, sizeof(line), f))
		fputs(line, cli->out);
	fclose(f);
	return fflush(cli->out) == 0 ? EXITCODE_OK
				     : cli_write_failed(cli, -errno);
}

static int rotate(const struct cli *cli, const char *dir)
{
	uint8_t old[CHECKPOINT_SECRET], fresh[CHECKPOINT_SECRET];
	int r = canonical_init();

	if (r == 0)
		r = signing_key_load(dir, old);
	if (r == 0)
		r = signing_key_make(dir, old, fresh);
	sodium_memzero(old, sizeof(old));
	sodium_memzero(fresh, sizeof(fresh));
	if (r < 0) {
		cli_error(cli, "can't put a new key into '%s': %s", dir,
			  r == -EPERM ? "it or its directory is not yours alone"
				      : strerror(-r));
		return EXITCODE_NOTHING;
	}
	return print(cli, dir);
}

static int run(const struct cli *cli, const struct filter *f)
{
	char dir[SIGNING_PATH_MAX];

	if (signing_key_dir(f->db_path, dir) < 0) {
		cli_error(cli, "the name of the database is too long");
		return EXITCODE_USAGE;
	}
	if (f->n_operands < 2)
		return print(cli, dir);
	if (f->n_operands == 2 && strcmp(f->operands[1], "rotate") == 0)
		return rotate(cli, dir);
	cli_error(cli, "key takes 'rotate' or nothing");
	return EXITCODE_USAGE;
}

const struct verb verb_key = {
	.name = "key",
	.help = help_text,
	.options = FILTER_OPERAND,
	.formats = 1U << OUTPUT_TABLE,
	.run = run,
};
