// SPDX-License-Identifier: GPL-2.0-or-later
/* The parts of a bundle's proof, one after the other. */
#include "cli/bundle/prove.h"

#include <stdlib.h>
#include <string.h>

#include "cli/query/query.h"
#include "lib/db.h"

/* Where the chain begins, and of which log it is. */
static int read_proof(struct bundle_prove *p)
{
	sqlite3_stmt *s = NULL;
	int r = query_prepare_text(p->db,
				   "SELECT log, first_event,"
				   " first_conversation, removed_conversation,"
				   " removed_seq FROM proof",
				   &s);

	if (r == 0)
		r = query_step(s);
	if (r == 1 && sqlite3_column_bytes(s, 0) == EVIDENCE_LOG_ID) {
		memcpy(p->proof->log, sqlite3_column_blob(s, 0),
		       EVIDENCE_LOG_ID);
		p->first_event = sqlite3_column_int64(s, 1);
		p->first_conversation = sqlite3_column_int64(s, 2);
		p->removed_conversation = sqlite3_column_int64(s, 3);
		p->removed_seq = sqlite3_column_int64(s, 4);
	} else if (r >= 0) {
		r = bundle_fault(p, "it does not say of which log it is");
	}
	sqlite3_finalize(s);
	return r < 0 ? r : 0;
}

int bundle_prove(struct bundle_prove *p)
{
	/* made behind the rows, which came in their order */
	static const char indexes[] =
		"CREATE INDEX bundle_journal ON journal (key, item, seq);"
		"CREATE INDEX bundle_chain ON chain (first_event);";
	int r = canonical_init();

	if (r == 0)
		r = db_errno(sqlite3_exec(p->db, indexes, NULL, NULL, NULL));
	if (r == 0)
		r = read_proof(p);
	if (r == 0)
		r = bundle_chain(p);
	if (r == 0)
		r = bundle_signed(p);
	if (r == 0)
		r = bundle_rows(p);
	return r == 0 ? bundle_whole(p) : r;
}

void bundle_prove_free(struct bundle_prove *p)
{
	free(p->links);
	p->links = NULL;
}
