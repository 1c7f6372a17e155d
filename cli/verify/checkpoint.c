// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Checkpoints, of the database and of the file that they were also sent to:
 * who signed them, and whether the chain still has what was signed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/verify/keys.h"
#include "cli/verify/private.h"
#include "lib/checkpoint.h"

enum { LINE_MAX_LEN = 4096 };

struct check {
	struct verify *v;
	sqlite3_stmt *link;
	const struct verify_keys *trusted; /* NULL: nobody was named */
	int64_t state_seq;
	uint8_t state[CANONICAL_HASH];
	bool closed; /* the logger ended, nothing changed after it */
};

/* The link that was signed; false when that is not what the chain has. */
static int check_link(struct check *c, const struct checkpoint *cp,
		      const char *where, bool *ret_same)
{
	struct verify *v = c->v;
	int r;

	*ret_same = false;
	sqlite3_bind_int64(c->link, 1, cp->seq);
	r = verify_step(c->link);
	if (r == 1)
		*ret_same =
			sqlite3_column_bytes(c->link, 0) == CANONICAL_HASH &&
			memcmp(sqlite3_column_blob(c->link, 0), cp->hash,
			       CANONICAL_HASH) == 0;
	sqlite3_reset(c->link);
	if (r < 0)
		return r;
	if (r == 0 && cp->seq > v->report->last_seq)
		verify_found(v, FAULT_TAIL_CUT, v->report->last_seq + 1,
			     (uint64_t)cp->time_ns,
			     "the log went on: checkpoint %lld of %s signed "
			     "link %lld",
			     (long long)cp->id, where, (long long)cp->seq);
	else if (r == 0)
		verify_found(v, FAULT_REMOVED, cp->seq, (uint64_t)cp->time_ns,
			     "the link that checkpoint %lld of %s signed is "
			     "gone",
			     (long long)cp->id, where);
	else if (!*ret_same)
		verify_found(v, FAULT_CHANGED, cp->seq, (uint64_t)cp->time_ns,
			     "the chain up to here is not what checkpoint %lld "
			     "of %s signed",
			     (long long)cp->id, where);
	return 0;
}

static int check(struct check *c, const struct checkpoint *cp,
		 const char *where)
{
	struct verify_report *report = c->v->report;
	bool same, known = !c->trusted || verify_keys_have(c->trusted, cp->key);
	uint64_t faults = report->n_faults;
	int r;

	if (!checkpoint_signed(cp))
		verify_found(c->v, FAULT_SIGNATURE, cp->seq,
			     (uint64_t)cp->time_ns,
			     "the signature of checkpoint %lld of %s is wrong",
			     (long long)cp->id, where);
	else if (!known)
		verify_found(c->v, FAULT_KEY_UNKNOWN, cp->seq,
			     (uint64_t)cp->time_ns,
			     "checkpoint %lld of %s is signed by another key "
			     "than yours",
			     (long long)cp->id, where);
	r = check_link(c, cp, where, &same);
	if (r < 0)
		return r;
	if (same && c->closed && cp->seq == report->last_seq &&
	    c->state_seq == cp->seq &&
	    memcmp(c->state, cp->state, sizeof(c->state)) != 0)
		verify_found(c->v, FAULT_CHANGED, cp->seq,
			     (uint64_t)cp->time_ns,
			     "the counters of the rules (twin, account) are "
			     "not what checkpoint %lld of %s signed",
			     (long long)cp->id, where);
	if (same && report->n_faults == faults &&
	    cp->seq >= report->signed_seq) {
		report->signed_seq = cp->seq;
		report->signed_id = cp->id;
		report->signed_ns = (uint64_t)cp->time_ns;
		memcpy(report->signed_key, cp->key, sizeof(cp->key));
		report->key_trusted = c->trusted != NULL;
	}
	return 0;
}

static int check_database(struct check *c)
{
	struct checkpoint cp;
	sqlite3_stmt *s = NULL;
	int64_t id = c->v->proof.removed_checkpoint;
	int r = verify_prepare(c->v->db,
			       "SELECT id, seq, time_ns, hash, state, key,"
			       " signature FROM checkpoint ORDER BY id",
			       &s);

	memcpy(cp.log, c->v->proof.log, sizeof(cp.log));
	while (r == 0 && (r = verify_step(s)) == 1) {
		cp.id = sqlite3_column_int64(s, 0);
		cp.seq = sqlite3_column_int64(s, 1);
		cp.time_ns = sqlite3_column_int64(s, 2);
		if (cp.id != ++id) {
			verify_found(c->v, FAULT_REMOVED, cp.seq,
				     (uint64_t)cp.time_ns,
				     "checkpoint %lld is gone", (long long)id);
			id = cp.id;
		}
		if (!verify_take_blob(s, 3, cp.hash, sizeof(cp.hash)) ||
		    !verify_take_blob(s, 4, cp.state, sizeof(cp.state)) ||
		    !verify_take_blob(s, 5, cp.key, sizeof(cp.key)) ||
		    !verify_take_blob(s, 6, cp.signature, sizeof(cp.signature)))
			memset(cp.signature, 0, sizeof(cp.signature));
		c->v->report->checkpoints++;
		r = check(c, &cp, "the database");
	}
	sqlite3_finalize(s);
	return r;
}

static int check_file(struct check *c, const char *path, char *error)
{
	char line[LINE_MAX_LEN];
	struct checkpoint cp;
	FILE *f = fopen(path, "re");
	int r = f ? 0 : -errno;

	while (r == 0 && fgets(line, sizeof(line), f)) {
		if (checkpoint_parse(line, &cp) < 0)
			continue;
		/* one file may have those of several logs */
		if (memcmp(cp.log, c->v->proof.log, sizeof(cp.log)) != 0)
			continue;
		/* nothing hangs on the hash of a link that is gone */
		if (cp.seq < c->v->proof.removed_seq) {
			c->v->report->outside_removed++;
			continue;
		}
		c->v->report->outside++;
		r = check(c, &cp, "the file");
	}
	if (f)
		fclose(f);
	if (!f || (r == 0 && c->v->report->outside == 0)) {
		snprintf(error, VERIFY_DETAIL_MAX,
			 !f ? "can't read the checkpoints '%.200s': %s"
			 : c->v->report->outside_removed
				 ? "'%.200s' has only checkpoints of what "
				   "retention removed: bring newer ones"
				 : "'%.200s' has no checkpoint of this log",
			 path, strerror(-r));
		return -EINVAL;
	}
	return r;
}

static int read_state(struct check *c)
{
	sqlite3_stmt *s = NULL;
	int r = verify_prepare(c->v->db,
			       "SELECT seq, hash, (SELECT stop_ns IS NOT NULL"
			       " FROM session ORDER BY id DESC LIMIT 1)"
			       " FROM state",
			       &s);

	if (r == 0)
		r = verify_step(s);
	if (r == 1) {
		c->state_seq = sqlite3_column_int64(s, 0);
		c->closed =
			verify_take_blob(s, 1, c->state, sizeof(c->state)) &&
			sqlite3_column_int(s, 2);
	}
	sqlite3_finalize(s);
	return r < 0 ? r : 0;
}

int verify_checkpoints(struct verify *v, char *error)
{
	static struct verify_keys keys; /* too big for a stack */
	struct check c = { .v = v };
	int r = 0;

	keys.n = 0;
	if (v->options->public_key) {
		r = verify_keys_read(v->options->public_key, &keys, error);
		c.trusted = &keys;
	}
	if (r == 0)
		r = verify_prepare(v->db,
				   "SELECT hash FROM chain WHERE seq = ?1",
				   &c.link);
	if (r == 0)
		r = read_state(&c);
	if (r == 0)
		r = check_database(&c);
	if (r == 0 && v->options->against)
		r = check_file(&c, v->options->against, error);
	if (r == 0 && c.trusted && !v->report->signed_seq &&
	    v->report->n_faults == 0)
		verify_found(v, FAULT_KEY_UNKNOWN, INT64_MAX, 0,
			     "no checkpoint is there that your key signed");
	sqlite3_finalize(c.link);
	return r;
}
