// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Checkpoints of a bundle, and of a file kept elsewhere: a signature over a
 * link's hash holds that link and all before it that are here without a hole.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/bundle/lines.h"
#include "cli/bundle/prove.h"

enum { LINE_MAX_LEN = 4096 };

static void note_key(struct bundle_proof *proof,
		     const uint8_t key[CHECKPOINT_KEY])
{
	for (size_t i = 0; i < proof->n_keys; i++)
		if (memcmp(proof->keys[i], key, CHECKPOINT_KEY) == 0)
			return;
	if (proof->n_keys < BUNDLE_SIGNERS_MAX)
		memcpy(proof->keys[proof->n_keys++], key, CHECKPOINT_KEY);
	else
		proof->more_keys = true;
}

static int check(struct bundle_prove *p, const struct checkpoint *cp,
		 const char *where, uint64_t *count)
{
	struct bundle_proof *proof = p->proof;
	struct bundle_link *link = bundle_link_find(p, cp->seq);
	long long id = (long long)cp->id;

	if (!checkpoint_signed(cp))
		return bundle_fault(p,
				    "the signature of checkpoint %lld of %s "
				    "is wrong",
				    id, where);
	if (p->trusted && !verify_keys_have(p->trusted, cp->key))
		return bundle_fault(p,
				    "checkpoint %lld of %s is signed by "
				    "another key than yours",
				    id, where);
	if (!link)
		return 0;
	if (memcmp(link->hash, cp->hash, sizeof(link->hash)) != 0)
		return bundle_fault(p,
				    "link %lld is not what checkpoint %lld of "
				    "%s signed",
				    (long long)cp->seq, id, where);
	link->sealed = true;
	(*count)++;
	note_key(proof, cp->key);
	if (cp->seq < proof->signed_seq)
		return 0;
	proof->signed_seq = cp->seq;
	proof->signed_ns = (uint64_t)cp->time_ns;
	memcpy(proof->signed_key, cp->key, sizeof(cp->key));
	proof->key_trusted = p->trusted != NULL;
	return 0;
}

/* As it was written, with nothing said before it or behind. */
static bool is_line_of(const struct checkpoint *cp, const char *line,
		       size_t len)
{
	char text[CHECKPOINT_LINE_MAX];

	return strlen(checkpoint_print(cp, text)) == len &&
	       memcmp(text, line, len) == 0;
}

static int check_own(struct bundle_prove *p)
{
	const struct bundle_file *file =
		bundle_find(p->bundle, BUNDLE_CHECKPOINTS);
	struct bundle_lines lines;
	struct checkpoint cp;
	size_t len;
	char *line;
	int64_t before = 0;
	int r = bundle_lines_open(&lines, p->bundle->fd, file->at, file->size);

	while (r == 0 && (r = bundle_lines_next(&lines, &line, &len)) == 1) {
		if (checkpoint_parse(line, &cp) < 0 ||
		    !is_line_of(&cp, line, len) || cp.id <= before ||
		    memcmp(cp.log, p->proof->log, sizeof(cp.log)) != 0)
			r = bundle_fault(p,
					 BUNDLE_CHECKPOINTS
					 ", line %llu: is no checkpoint of "
					 "this log",
					 (unsigned long long)lines.n);
		else
			r = check(p, &cp, "the bundle", &p->proof->checkpoints);
		before = cp.id;
	}
	bundle_lines_close(&lines);
	return r == -EMSGSIZE ? bundle_fault(p, BUNDLE_CHECKPOINTS
					     " has a line without an end")
			      : r;
}

/* One file may have those of several logs, among other lines. */
static int check_against(struct bundle_prove *p)
{
	char line[LINE_MAX_LEN];
	struct checkpoint cp;
	uint64_t n = 0;
	FILE *f = fopen(p->against, "re");
	int r = f ? 0 : -errno;

	while (r == 0 && fgets(line, sizeof(line), f)) {
		if (checkpoint_parse(line, &cp) < 0 ||
		    memcmp(cp.log, p->proof->log, sizeof(cp.log)) != 0)
			continue;
		n++;
		r = check(p, &cp, "the file", &p->proof->outside);
	}
	if (f)
		fclose(f);
	if (f && (r < 0 || n > 0))
		return r;
	bundle_fault(p,
		     f ? "'%.200s' has no checkpoint of this log"
		       : "can't read the checkpoints '%.200s': %s",
		     p->against, strerror(-r));
	return -EINVAL;
}

int bundle_signed(struct bundle_prove *p)
{
	bool behind = false; /* the link behind is sealed */
	int r = check_own(p);

	if (r == 0 && p->against)
		r = check_against(p);
	if (r < 0)
		return r;
	for (size_t i = p->n_links; i-- > 0;) {
		struct bundle_link *link = &p->links[i];
		const struct bundle_link *next =
			i + 1 < p->n_links ? link + 1 : NULL;

		/* its hash went into that of the next one */
		link->sealed =
			link->sealed || (behind && next->seq == link->seq + 1);
		behind = link->sealed;
		p->proof->links.all += link->whole;
		p->proof->links.held += link->whole && link->sealed;
	}
	return 0;
}
