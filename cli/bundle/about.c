// SPDX-License-Identifier: GPL-2.0-or-later
/* What a bundle says of itself: its readme, and which log, time and filter. */
#include "cli/bundle/about.h"

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bundle/bundle.h"
#include "cli/json.h"
#include "cli/report/doc.h"

const char bundle_readme[] =
	"What a log of Docker's bridge networks has about a time, and what\n"
	"proves it.\n"
	"\n"
	"  report.html, .md, .json   who tried to reach whom, to read\n"
	"  data/                     the report's tables, as CSV and JSONL\n"
	"  events.csv, .jsonl        every packet of that time\n"
	"  evidence/                 rows of the database and the links of its\n"
	"                            hash chain, as JSONL\n"
	"  checkpoints, keys         links that were signed, and by whom\n"
	"  bundle.json               of which log, which time, which filter\n"
	"  manifest.sha256           hashes of all files before it\n"
	"  seal                      the manifest's hash; signed, where the\n"
	"                            log's key could be read\n"
	"\n"
	"  bridgeaudit verify BUNDLE.tar --public-key bridgeaudit.pub\n"
	"\n"
	"needs no database, and says what is proven and what is not. Get the\n"
	"public key from whoever runs the log, by another way than this file.\n"
	"Without bridgeaudit: sha256sum -c manifest.sha256.\n"
	"\n"
	"Proven, where verify says so: each packet, conversation, name, rule\n"
	"and gap is one that was committed; no packet between the first and\n"
	"the last is missing; no session, gap, coverage, finding, probe or\n"
	"reading is, of those that were committed until the time that verify\n"
	"names; and the report's sums are theirs. Not proven, but by the hand\n"
	"that signed the seal: in section new, that the time before had none\n"
	"of them; in verification, what is of the whole database; in blind,\n"
	"what is of the host. Nor what was learnt of that time later, what was\n"
	"committed but never signed, and what the log itself could not see,\n"
	"which the report names.\n";

int bundle_about_write(const struct bundle_about *about, FILE *out)
{
	char log[2 * EVIDENCE_LOG_ID + 1];
	json_t *json = json_pack(
		"{s:i, s:s, s:o, s:s, s:I, s:o, s:I, s:I, s:o, s:o, s:o, s:b,"
		" s:I, s:I}",
		"bundle_version", BUNDLE_VERSION, "product", "bridgeaudit",
		"version", json_text(about->version), "log",
		sodium_bin2hex(log, sizeof(log), about->log,
			       sizeof(about->log)),
		"made_ns", (json_int_t)about->made_ns, "made",
		json_time((uint64_t)about->made_ns), "since_ns",
		(json_int_t)about->since_ns, "until_ns",
		(json_int_t)about->until_ns, "since",
		report_time(about->since_ns), "until",
		json_time((uint64_t)about->until_ns), "filter",
		json_text(about->filter), "exact", about->exact, "first_link",
		(json_int_t)about->first_link, "last_link",
		(json_int_t)about->last_link);
	int r = json_write(out, json);

	if (r == 0 && putc('\n', out) == EOF)
		r = -errno;
	return r;
}

int bundle_about_is(const struct bundle_about *about, const char *text,
		    size_t len)
{
	char *bytes = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&bytes, &n);
	int r = out ? bundle_about_write(about, out) : -ENOMEM;

	if (out && fclose(out) == EOF)
		r = -ENOMEM;
	if (r == 0)
		r = n == len && memcmp(bytes, text, n) == 0;
	free(bytes);
	return r;
}
