// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a bundle proves, sentence by sentence, and as much what it does not:
 * whoever reads this was not there.
 */
#include "cli/bundle/report.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/json.h"
#include "lib/exitcode.h"
#include "lib/text.h"
#include "lib/timefmt.h"

static const char *time_text(uint64_t time_ns, char *buf)
{
	return time_rfc3339(time_ns, buf, TIME_TEXT_MAX);
}

static const char *key_text(const uint8_t key[CHECKPOINT_KEY],
			    char ret[2 * CHECKPOINT_KEY + 1])
{
	return sodium_bin2hex(ret, 2 * CHECKPOINT_KEY + 1, key, CHECKPOINT_KEY);
}

static void print_rows(const struct checked *c, FILE *out)
{
	const struct bundle_proof *p = &c->proof;

	if (p->events.all == 0) {
		fprintf(out, "it has no packets of that time\n");
	} else {
		fprintf(out,
			"every line of events.csv and events.jsonl is a row of "
			"the evidence, and each row there of that time%s is in "
			"them\n",
			*c->filter.words ? " that the filter means" : "");
		fprintf(out,
			"held by a signature: %" PRIu64 " of %" PRIu64
			" %s (%" PRId64 " to %" PRId64
			", none missing between), %" PRIu64 " %s, in "
			"%" PRIu64 " of %" PRIu64 " %s\n",
			p->events.held, p->events.all,
			p->events.all == 1 ? "row" : "rows", p->first_event,
			p->last_event, p->packets,
			p->packets == 1 ? "packet" : "packets", p->batches.held,
			p->batches.all,
			p->batches.all == 1 ? "commit" : "commits");
	}
	if (p->events.all > 0 && !(p->from_begin && p->to_end))
		fprintf(out,
			"whether rows are missing at %s of the time can't be "
			"told: nothing signed here is %s it\n",
			p->from_begin ? "the end"
			: p->to_end   ? "the beginning"
				      : "the beginning and the end",
			p->from_begin ? "from after"
			: p->to_end   ? "from before"
				      : "from before or after");
	fprintf(out,
		"and %" PRIu64 " of %" PRIu64 " %s, %" PRIu64 " of %" PRIu64
		" names, rules, gaps and other records\n",
		p->conversations.held, p->conversations.all,
		p->conversations.all == 1 ? "conversation" : "conversations",
		p->names.held, p->names.all);
}

/* Of sessions, gaps and what else is no packet. */
static void print_records(const struct checked *c, FILE *out)
{
	const struct bundle_proof *p = &c->proof;
	char at[TIME_TEXT_MAX];

	if (p->records_ns)
		fprintf(out,
			"no session, gap, coverage, finding, probe, reading, "
			"network or rule that was committed until %s is "
			"missing%s\n",
			time_text(p->records_ns, at),
			p->records_begin ? ""
					 : ", but for such of before the first "
					   "link here: no signed one says "
					   "which lasted then");
	if (p->records_ns < c->filter.until_ns)
		fprintf(out,
			"whether %s can't be told: no checkpoint here signs "
			"it\n",
			p->records_ns ? "such are missing after that"
				      : "sessions, gaps or other records are "
					"missing");
	if (p->records_removed.all > 0)
		fprintf(out,
			"%" PRIu64 " of them %s removed by retention since, "
			"%" PRIu64 " of these by commits that nobody signed\n",
			p->records_removed.all,
			p->records_removed.all == 1 ? "was" : "were",
			p->records_removed.all - p->records_removed.held);
}

static void print_limits(const struct checked *c, FILE *out)
{
	const struct bundle_proof *p = &c->proof;
	uint64_t open =
		p->events.all - p->events.held - p->before_chain - p->nameless;

	if (p->nameless > 0)
		fprintf(out,
			"%" PRIu64 " %s signed, but not who, or by which "
			"rule: what names that is not here, or was written "
			"after the last checkpoint\n",
			p->nameless, p->nameless == 1 ? "row is" : "rows are");
	if (open > 0)
		fprintf(out,
			"%" PRIu64 " %s in the chain and no checkpoint here "
			"signs %s: too new when it was made, or links "
			"went with retention\n",
			open, open == 1 ? "row is" : "rows are",
			open == 1 ? "it" : "them");
	if (p->before_chain > 0)
		fprintf(out,
			"%" PRIu64 " %s from before the chain began and not "
			"proven\n",
			p->before_chain,
			p->before_chain == 1 ? "row is" : "rows are");
	if (p->removed.all > 0)
		fprintf(out,
			"%" PRIu64 " %s removed by retention; what is left "
			"of %s\n",
			p->removed.all,
			p->removed.all == 1 ? "row was" : "rows were",
			p->removed.all == 1 ? "it is its batch"
					    : "them are their batches");
	if (p->removed.all > p->removed.held)
		fprintf(out,
			"%" PRIu64 " of these by commits that nobody signed\n",
			p->removed.all - p->removed.held);
	fprintf(out,
		"not proven: changes of names after this time; what was "
		"learnt of it later; what the log could not see (the report "
		"names it)\n");
}

/* What lasted when the last commit was signed is counted until then. */
static void print_known(const struct checked *c, const char *who, FILE *out)
{
	uint64_t known_ns = c->recount.known_ns;
	char at[TIME_TEXT_MAX];

	if (known_ns > c->filter.until_ns)
		known_ns = c->filter.until_ns;
	if (known_ns > c->proof.records_ns)
		fprintf(out,
			"that what lasted then went on, and the logger with "
			"it, until %s: %s vouches for that\n",
			time_text(known_ns, at), who);
}

/* Which numbers are whose word. */
static void print_sums(const struct checked *c, FILE *out)
{
	const char *who = c->seal.is_signed ? "who signed the seal" : "nobody";
	char rest[4 * RECOUNT_REST_MAX + 1];

	str_escape(rest, sizeof(rest), c->recount.rest);
	if (!c->recount.counted) {
		fprintf(out,
			"the sums of the report and of data/ were not counted "
			"again: %s; %s vouches for them\n",
			rest, who);
		return;
	}
	fprintf(out, "the report and data/ were made again from the evidence, "
		     "and are the same\n");
	if (*c->recount.rest)
		fprintf(out,
			"but for what the evidence can't give, of sections "
			"%s: %s vouches for that\n",
			rest, who);
	print_known(c, who, out);
}

static void print_signed(const struct checked *c, FILE *out)
{
	const struct bundle_proof *p = &c->proof;
	char at[TIME_TEXT_MAX], key[2 * CHECKPOINT_KEY + 1];

	if (!p->signed_seq)
		fprintf(out, "no checkpoint signed any of it: whoever made the "
			     "bundle could have made it all up\n");
	else
		fprintf(out,
			"signed until commit %" PRId64 " at %s by key %s\n",
			p->signed_seq, time_text(p->signed_ns, at),
			key_text(p->signed_key, key));
	for (size_t i = 0; i < p->n_keys; i++)
		if (memcmp(p->keys[i], p->signed_key, CHECKPOINT_KEY) != 0)
			fprintf(out, "and other parts of it by key %s\n",
				key_text(p->keys[i], key));
	if (p->more_keys)
		fprintf(out, "and by more keys than have room here\n");
	if (c->seal.is_signed)
		fprintf(out, "the bundle as a whole is signed by key %s\n",
			key_text(c->seal.key, key));
	else
		fprintf(out, "nobody signed the bundle as a whole\n");
	if (!c->trusted && (p->signed_seq || c->seal.is_signed))
		fprintf(out, "those keys are the bundle's own: compare them, "
			     "or name yours with --public-key\n");
	if (p->outside > 0)
		fprintf(out, "%" PRIu64 " %s from elsewhere %s the same\n",
			p->outside,
			p->outside == 1 ? "checkpoint" : "checkpoints",
			p->outside == 1 ? "says" : "say");
}

static int print_text(const struct checked *c, FILE *out, bool proven)
{
	char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX], at[TIME_TEXT_MAX];
	char error[4 * BUNDLE_ERROR_MAX + 1];
	char hash[2 * BUNDLE_HASH + 1];

	if (!proven) {
		fprintf(out, "NOT PROVEN: %s\n",
			str_escape(error, sizeof(error), c->error));
		return fflush(out);
	}
	fprintf(out,
		"whole: %zu files as the manifest says (sha256 %s), made at "
		"%s\n",
		c->bundle.n,
		sodium_bin2hex(hash, sizeof(hash), c->seal.manifest,
			       sizeof(c->seal.manifest)),
		time_text((uint64_t)c->seal.made_ns, at));
	fprintf(out, "about %s to %s\n", time_text(c->filter.since_ns, from),
		time_text(c->filter.until_ns, to));
	print_rows(c, out);
	print_records(c, out);
	print_sums(c, out);
	print_signed(c, out);
	print_limits(c, out);
	return fflush(out);
}

static json_t *count(const struct bundle_count *n)
{
	return json_pack("{s:I, s:I}", "all", (json_int_t)n->all, "held",
			 (json_int_t)n->held);
}

static json_t *key_json(bool is, const uint8_t key[CHECKPOINT_KEY])
{
	char text[2 * CHECKPOINT_KEY + 1];

	return is ? json_string(key_text(key, text)) : json_null();
}

static json_t *keys_json(const struct bundle_proof *p)
{
	json_t *keys = json_array();

	for (size_t i = 0; i < p->n_keys; i++)
		json_array_append_new(keys, key_json(true, p->keys[i]));
	return keys;
}

static int print_json(const struct checked *c, FILE *out, bool proven)
{
	const struct bundle_proof *p = &c->proof;
	json_t *json;
	int r;

	if (!proven)
		json = json_pack("{s:b, s:o}", "proven", 0, "fault",
				 json_text(c->error));
	else
		json = json_pack(
			"{s:b, s:n, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o,"
			" s:I, s:I, s:I, s:o, s:o, s:b, s:I, s:o, s:b, s:o,"
			" s:o, s:b, s:o, s:I, s:o}",
			"proven", 1, "fault", "made",
			json_time((uint64_t)c->seal.made_ns), "since",
			json_time(c->filter.since_ns), "until",
			json_time(c->filter.until_ns), "filtered",
			*c->filter.words != '\0', "rows", count(&p->events),
			"commits", count(&p->batches), "conversations",
			count(&p->conversations), "records", count(&p->names),
			"packets", (json_int_t)p->packets, "before_chain",
			(json_int_t)p->before_chain, "removed",
			(json_int_t)p->removed.all, "signed_key",
			key_json(p->signed_seq != 0, p->signed_key),
			"sealed_key", key_json(c->seal.is_signed, c->seal.key),
			"key_trusted", c->trusted != NULL,
			"checkpoints_outside", (json_int_t)p->outside, "filter",
			json_text(c->filter.words), "recounted",
			c->recount.counted, "not_recounted",
			json_text(c->recount.rest), "records_until",
			p->records_ns ? json_time(p->records_ns) : json_null(),
			"records_from_begin", p->records_begin,
			"records_removed", count(&p->records_removed),
			"removed_held", (json_int_t)p->removed.held,
			"signing_keys", keys_json(p));
	r = json_write(out, json);
	return r == 0 && putc('\n', out) != EOF ? fflush(out) : -1;
}

int bundle_report(const struct checked *c, const struct filter *f, bool proven)
{
	int r = f->format == OUTPUT_JSON ? print_json(c, c->cli->out, proven)
					 : print_text(c, c->cli->out, proven);

	if (r != 0)
		return cli_write_failed(c->cli, -errno);
	return proven ? EXITCODE_OK : EXITCODE_INTEGRITY;
}
