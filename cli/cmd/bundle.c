// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bridgeaudit bundle: a report, its data and what proves them as one file. It
 * is written beside its name and gets that when it is whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/bundle/make.h"
#include "cli/cli.h"
#include "cli/filter/filter.h"
#include "cli/interrupt.h"
#include "lib/exitcode.h"

static const char help_text[] =
	"usage: bridgeaudit [--db FILE] bundle -o FILE [OPTIONS]\n"
	"\n"
	"One tar for somebody who has to judge a period on another machine: the\n"
	"report, its tables and every packet as CSV and JSONL, and the rows,\n"
	"hashes, checkpoints and public keys that prove them. Check it with\n"
	"bridgeaudit verify FILE, which needs no database.\n"
	"\n"
	"  -o, --output FILE    a file that is not there yet\n"
	"  -S, --since TIME, -U, --until TIME   what it is about\n"
	"  --framework NAME     as bridgeaudit report has it\n"
	"  filters, --where EXPR   of the report and the packets; the evidence\n"
	"                       is of all packets of the period, for it is\n"
	"                       hashed as a whole\n"
	"\n"
	"  bridgeaudit bundle -S this-month -o november.tar\n"
	"  bridgeaudit verify november.tar --public-key bridgeaudit.pub\n"
	"\n"
	"As root, or whoever else has the log's key, it is signed besides.\n";

enum { PATH_SIZE = 4096 };

void bundle_step(const struct cli *cli, const char *what)
{
	if (!cli->progress)
		return;
	fprintf(cli->err, "\r\033[K%s%s", what ? "bundle: " : "",
		what ? what : "");
	fflush(cli->err);
}

/* It is beside its name, so that it can get that, and only we can read it. */
static FILE *open_beside(const char *path, char beside[PATH_SIZE])
{
	int n = snprintf(beside, PATH_SIZE, "%s.XXXXXX", path);
	FILE *out;
	int fd;

	if (n < 0 || n >= PATH_SIZE) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return NULL;
	out = fdopen(fd, "w+");
	if (!out) {
		close(fd);
		unlink(beside);
	}
	return out;
}

/* Never over a file that is there, where the filesystem can promise that. */
static int move(const char *from, const char *to)
{
	struct stat st;

	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL)
		return -errno;
	if (lstat(to, &st) == 0)
		return -EEXIST;
	return rename(from, to) < 0 ? -errno : 0;
}

static int keep(FILE *out, const char *beside, const char *path)
{
	if (fflush(out) == EOF || fsync(fileno(out)) < 0)
		return -errno;
	return move(beside, path);
}

/* A stream remembers that a write failed, and not why: the next one tells. */
static int why(FILE *out, int r)
{
	static const char block[4096];
	struct stat st;

	if (r == -EIO && ferror(out) && fstat(fileno(out), &st) == 0 &&
	    pwrite(fileno(out), block, sizeof(block), st.st_size) < 0)
		r = -errno;
	return r;
}

static int failed(const struct cli *cli, const struct filter *f, FILE *out,
		  int r)
{
	if (r == -EINTR && interrupted())
		return EXITCODE_NOTHING;
	if (r == -E2BIG) {
		cli_error(cli, "too much for one bundle: take a shorter time");
		return EXITCODE_NOTHING;
	}
	if (!ferror(out) && r != -EEXIST && r != -ENOSPC && r != -EFBIG)
		return cli_read_failed(cli, f, r);
	cli_error(cli, "can't write '%s': %s; nothing is left of it", f->output,
		  strerror(-why(out, r)));
	return EXITCODE_NOTHING;
}

static int finish(const struct cli *cli, const struct filter *f,
		  const struct report *r, const struct bundle_writer *w,
		  bool is_signed)
{
	const struct bundle_file *manifest =
		bundle_find(&w->bundle, BUNDLE_MANIFEST);
	char hash[2 * BUNDLE_HASH + 1];

	for (size_t i = 0; i < BUNDLE_HASH; i++)
		snprintf(hash + 2 * i, 3, "%02x", manifest->hash[i]);
	fprintf(cli->out, "'%s' has %zu files; its manifest is sha256 %s\n",
		f->output, w->bundle.n, hash);
	fprintf(cli->out, "%s\n",
		is_signed ? "it is signed with the log's key"
			  : "nobody signed it as a whole: the log's key is not "
			    "here, or not yours to read");
	if (fflush(cli->out) == EOF)
		return cli_write_failed(cli, -errno);
	return loss_finish(cli, &r->loss, 1, "inside this window");
}

static int write_bundle(const struct cli *cli, const struct filter *f,
			const struct report *r)
{
	static struct bundle_writer w; /* too big for a stack */
	char beside[PATH_SIZE];
	bool is_signed = false;
	int ret, code;

	w = (struct bundle_writer){ .out = open_beside(f->output, beside) };
	if (!w.out) {
		cli_error(cli, "can't write '%s': %s", f->output,
			  strerror(errno));
		return EXITCODE_NOTHING;
	}
	ret = bundle_make(&w, r, &is_signed);
	if (ret == 0)
		ret = keep(w.out, beside, f->output);
	bundle_step(cli, NULL);
	code = ret == 0 ? finish(cli, f, r, &w, is_signed)
			: failed(cli, f, w.out, ret);
	fclose(w.out);
	if (ret < 0)
		unlink(beside);
	return code;
}

static int run_in(const struct cli *cli, const struct filter *f,
		  struct report *r)
{
	/* one snapshot: report, packets and evidence are of the same moment */
	int ret = query_begin(r->db);

	r->exact = true;
	if (ret == 0)
		ret = report_build(r);
	if (ret == -E2BIG) { /* then with rare ports counted together */
		report_done(r);
		r->exact = false;
		r->step = 0;
		ret = report_build(r);
	}
	if (ret == -ENOENT)
		return EXITCODE_USAGE;
	if (ret == -E2BIG) {
		cli_error(cli, "too much for one report: take a shorter time "
			       "or a filter");
		return EXITCODE_USAGE;
	}
	if (ret < 0)
		return cli_read_failed(cli, f, ret);
	return write_bundle(cli, f, r);
}

static int run(const struct cli *cli, const struct filter *f)
{
	struct report r = { .cli = cli, .f = f };
	struct stat st;
	int code;

	if (!f->output) {
		cli_error(cli, "bundle needs -o FILE");
		return EXITCODE_USAGE;
	}
	if (lstat(f->output, &st) == 0) {
		cli_error(cli, "'%s' is there already: name another file",
			  f->output);
		return EXITCODE_USAGE;
	}
	if (report_framework_take(cli, f->framework, &r.framework) < 0)
		return EXITCODE_USAGE;
	code = cli_open(cli, f, &r.db);
	if (code != EXITCODE_OK)
		return code;
	code = run_in(cli, f, &r);
	query_end(r.db);
	report_done(&r);
	sqlite3_close(r.db);
	return code;
}

const struct verb verb_bundle = {
	.name = "bundle",
	.help = help_text,
	.options = FILTER_SINCE | FILTER_UNTIL | FILTER_WHERE | FILTER_OUTPUT |
		   FILTER_FRAMEWORK,
	.formats = 1U << OUTPUT_TABLE,
	.reads = true,
	.run = run,
};
