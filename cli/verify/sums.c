// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The sums (tally, talker, seen) are in no link: they follow from the events.
 * This counts them again while the events are read, a minute at a time: as
 * soon as no batch that is still to come has packets of a minute, that is held
 * against the tables (compare.c) and forgotten.
 */
#include "cli/verify/sums.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/timefmt.h"

enum { CONVERSATIONS_MAX = 1 << 26 };

uint64_t verify_sums_source(const struct verify_sums *s, int64_t path,
			    uint8_t family, const uint8_t addr[16])
{
	uint8_t bytes[8 + 1 + 16], hash[crypto_shorthash_BYTES];
	uint64_t ret;

	memcpy(bytes, &path, 8);
	bytes[8] = family;
	memcpy(bytes + 9, addr, 16);
	crypto_shorthash(hash, bytes, sizeof(bytes), s->secret);
	memcpy(&ret, hash, sizeof(ret));
	return ret;
}

/* Ids have no holes but where retention or somebody else removed some. */
static struct verify_conversation *find(const struct verify_sums *s, int64_t id)
{
	struct verify_conversation *at = s->conversations;
	size_t low = 0, high = s->n_conversations;
	uint64_t back;

	if (high == 0 || id > at[high - 1].id)
		return NULL;
	back = (uint64_t)at[high - 1].id - (uint64_t)id;
	if (back < high && at[high - 1 - back].id == id)
		return &at[high - 1 - back];
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (at[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return at[low].id == id ? &at[low] : NULL;
}

const struct verify_conversation *verify_sums_find(const struct verify_sums *s,
						   int64_t conversation)
{
	return find(s, conversation);
}

void verify_sums_conversation(struct verify *v, int64_t id, uint32_t last_hour,
			      const struct canonical_conversation *conv)
{
	struct verify_sums *s = v->sums;

	if (!s)
		return;
	if (s->n_conversations == CONVERSATIONS_MAX ||
	    verify_make_room(&s->conversations, s->n_conversations,
			     &s->conversations_room,
			     sizeof(s->conversations[0])) < 0) {
		verify_sums_free(v);
		return;
	}
	s->conversations[s->n_conversations++] = (struct verify_conversation){
		.id = id,
		.service = (uint64_t)conv->path << 32 | (uint32_t)conv->service,
		.source = verify_sums_source(s, conv->path, conv->src_family,
					     conv->src),
		.begun = conv->minute,
		.seen = conv->minute,
		.last_hour = last_hour,
	};
}

/* That it went on in a minute, and hour, in which it did not begin. */
static int note_seen(struct verify_window *minute, struct verify_window *hour,
		     struct verify_conversation *conv)
{
	const struct verify_slot seen = { .key = (uint64_t)conv->id,
					  .packets = 1 };
	uint32_t begun_hour = conv->begun / 60;

	conv->seen = (uint32_t)minute->start;
	if (hour->start > begun_hour && hour->start > conv->hour)
		conv->hour = (uint32_t)hour->start;
	if (minute->start != conv->begun &&
	    verify_map_add(&minute->seen, &seen) < 0)
		return -ENOMEM;
	if (hour->start != begun_hour && verify_map_add(&hour->seen, &seen) < 0)
		return -ENOMEM;
	return 0;
}

bool verify_sums_event(struct verify *v, const struct canonical_event *e)
{
	struct verify_sums *s = v->sums;
	struct verify_conversation *conv = s ? find(s, e->conversation) : NULL;
	uint64_t time_ns = (uint64_t)e->time_ns;
	uint64_t n = time_ns / NS_PER_MINUTE;
	struct verify_window *minute, *hour;
	struct verify_slot one;
	int r = 0;

	if (!conv)
		return !s || e->conversation < v->proof.first_conversation;
	if (e->packets < 1)
		return true;
	minute = verify_window_get(&s->minutes, n);
	hour = verify_window_get(&s->hours, n / 60);
	if (!minute || !hour) {
		verify_sums_free(v);
		return true;
	}
	one = (struct verify_slot){
		.key = conv->service,
		.packets = (uint64_t)e->packets,
		.bytes = (uint64_t)e->packets *
			 ((uint64_t)e->detail >> 32 & 0x1ffff),
		.first_ns = time_ns,
		.last_ns = time_ns,
		.begun = !conv->had_event && conv->begun == n,
		.path = (uint32_t)(conv->service >> 32),
	};
	conv->had_event = true;
	if (conv->seen != n)
		r = note_seen(minute, hour, conv);
	if (r == 0)
		r = verify_map_add(&minute->services, &one);
	one.key = conv->source;
	if (r == 0)
		r = verify_map_add(&hour->talkers, &one);
	if (r < 0)
		verify_sums_free(v);
	return true;
}

/* The services of a minute are part of the hour's, and of all time's; the paths
 * of all time can be told also where these can't. */
static int add_up(struct verify_sums *s, const struct verify_window *minute)
{
	struct verify_window *hour =
		verify_window_get(&s->hours, minute->start / 60);
	bool all = s->whole_ns == 0 && s->n_loose == 0;

	if (!hour)
		return -ENOMEM;
	for (size_t i = 0; i < minute->services.room; i++) {
		const struct verify_slot *n = &minute->services.slots[i];
		struct verify_slot path = *n;

		if (!n->packets)
			continue;
		path.key = path.path;
		if (verify_map_add(&s->paths, &path) < 0)
			return -ENOMEM;
		if (verify_map_add(&hour->services, n) < 0)
			return -ENOMEM;
		if (all && verify_map_add(&s->all.services, n) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Nothing comes any more of what is before that minute. */
static int close_until(struct verify *v, uint64_t minute)
{
	struct verify_sums *s = v->sums;
	struct verify_window *w;
	int r = 0;

	while (r == 0 && (w = verify_window_first(&s->minutes)) &&
	       w->start < minute) {
		r = add_up(s, w);
		if (r == 0)
			r = verify_compare_minute(v, w);
		verify_window_drop_first(&s->minutes);
	}
	while (r == 0 && (w = verify_window_first(&s->hours)) &&
	       w->start < minute / 60) {
		r = verify_compare_hour(v, w);
		verify_window_drop_first(&s->hours);
	}
	return r;
}

/* Packets that share a row have the time of the first: in the minutes of such
 * a batch the sums of the others can't be told. */
static int note_loose(struct verify_sums *s, const struct evidence_batch *b)
{
	uint64_t from_ns = (uint64_t)b->min_ns, to_ns = (uint64_t)b->max_ns;
	struct verify_loose *last =
		s->n_loose > 0 ? &s->loose[s->n_loose - 1] : NULL;

	if (last && last->from_ns <= from_ns &&
	    from_ns / NS_PER_MINUTE <= last->to_ns / NS_PER_MINUTE) {
		if (to_ns > last->to_ns)
			last->to_ns = to_ns;
		return 0;
	}
	if (verify_make_room(&s->loose, s->n_loose, &s->loose_room,
			     sizeof(s->loose[0])) < 0)
		return -ENOMEM;
	s->loose[s->n_loose++] = (struct verify_loose){ from_ns, to_ns };
	return 0;
}

/* Without memory the sums are not checked, and that is said. */
static int give_up(struct verify *v, int r)
{
	if (r == -ENOMEM) {
		verify_sums_free(v);
		return 0;
	}
	return r;
}

int verify_sums_batch(struct verify *v, const struct evidence_batch *b,
		      bool collapsed)
{
	struct verify_sums *s = v->sums;
	int r = 0;

	if (!s)
		return 0;
	if (collapsed)
		r = note_loose(s, b);
	while (s->n_horizon > 0 &&
	       s->horizon[s->n_horizon - 1].first_event <= b->last_event)
		s->n_horizon--;
	if (r == 0 && s->n_horizon > 0)
		r = close_until(v, s->horizon[s->n_horizon - 1].minute);
	return give_up(v, r);
}

/* From the last batch back: until where minutes can still get packets. */
static int read_horizon(struct verify *v)
{
	struct verify_sums *s = v->sums;
	uint64_t least = UINT64_MAX;
	sqlite3_stmt *stmt = NULL;
	int r = verify_prepare(v->db,
			       "SELECT first_event, min_ns FROM batch WHERE"
			       " pruned_ns IS NULL ORDER BY first_event DESC",
			       &stmt);

	while (r == 0 && (r = verify_step(stmt)) == 1) {
		uint64_t minute =
			(uint64_t)sqlite3_column_int64(stmt, 1) / NS_PER_MINUTE;

		r = 0;
		if (minute >= least)
			continue;
		least = minute;
		r = verify_make_room(&s->horizon, s->n_horizon,
				     &s->horizon_room, sizeof(s->horizon[0]));
		if (r == 0)
			s->horizon[s->n_horizon++] = (struct verify_horizon){
				sqlite3_column_int64(stmt, 0), minute
			};
	}
	sqlite3_finalize(stmt);
	return r;
}

int verify_sums_open(struct verify *v)
{
	struct verify_sums *s = calloc(1, sizeof(*s));
	int r;

	v->sums = s;
	if (!s)
		return -ENOMEM;
	crypto_shorthash_keygen(s->secret);
	randombytes_buf(&s->minutes.secret, sizeof(s->minutes.secret));
	s->hours.secret = s->minutes.secret;
	s->all.services.secret = s->paths.secret = s->minutes.secret;
	r = verify_compare_open(v);
	return give_up(v, r == 0 ? read_horizon(v) : r);
}

/* Whether a path's sums of all time, of the statement's row, have what its
 * events have, and no more where none was removed. */
static bool has_its_events(const struct verify_sums *s, sqlite3_stmt *row,
			   const struct verify_slot *counted)
{
	uint64_t packets = (uint64_t)sqlite3_column_int64(row, 1);
	uint64_t bytes = (uint64_t)sqlite3_column_int64(row, 2);

	if (!counted)
		return s->whole_ns > 0;
	if (s->whole_ns == 0)
		return packets == counted->packets && bytes == counted->bytes;
	return packets >= counted->packets && bytes >= counted->bytes &&
	       (uint64_t)sqlite3_column_int64(row, 3) <= counted->first_ns &&
	       (uint64_t)sqlite3_column_int64(row, 4) >= counted->last_ns;
}

static int compare_paths(struct verify *v)
{
	const struct verify_sums *s = v->sums;
	sqlite3_stmt *stmt = NULL;
	size_t met = 0;
	int r = verify_prepare(v->db,
			       "SELECT path, sum(packets), sum(bytes),"
			       " min(first_ns), max(last_ns) FROM tally"
			       " WHERE span = 0 GROUP BY path",
			       &stmt);

	while (r == 0 && (r = verify_step(stmt)) == 1) {
		int64_t path = sqlite3_column_int64(stmt, 0);
		const struct verify_slot *counted =
			verify_map_find(&s->paths, (uint64_t)path);

		r = 0;
		met += counted != NULL;
		if (!has_its_events(s, stmt, counted))
			verify_found(v, FAULT_SUMS, INT64_MAX, 0,
				     "tally of all time: the sums of path %lld "
				     "are not those of its events",
				     (long long)path);
	}
	if (r == 0 && met < s->paths.n)
		verify_found(v, FAULT_SUMS, INT64_MAX, 0,
			     "tally of all time: %zu paths are missing",
			     s->paths.n - met);
	sqlite3_finalize(stmt);
	return r;
}

int verify_sums_end(struct verify *v)
{
	const struct verify_sums *s = v->sums;
	int r;

	if (!s)
		return 0;
	r = close_until(v, UINT64_MAX);
	if (r == 0)
		r = verify_compare_end(v);
	if (r == 0)
		r = compare_paths(v);
	v->report->sums_checked = r == 0;
	v->report->sums_ns = s->whole_ns;
	return give_up(v, r);
}

void verify_sums_free(struct verify *v)
{
	struct verify_sums *s = v->sums;

	if (!s)
		return;
	verify_windows_free(&s->minutes);
	verify_windows_free(&s->hours);
	verify_window_empty(&s->all);
	verify_map_free(&s->paths);
	verify_compare_free(s->compare);
	free(s->conversations);
	free(s->loose);
	free(s->horizon);
	free(s);
	v->sums = NULL;
}
