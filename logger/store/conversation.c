// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The memory of conversations: key in, row id out, no database. An index on
 * disk would cost a scan of random addresses a random page per packet, so the
 * last CONVERSATIONS_MAX are remembered by a keyed 128-bit hash instead, each
 * in one of two sets of four, the emptier one when it came: so none is full
 * long before all are. What repeats is kept longer than what was seen once: a
 * scan can't push it out. One that was forgotten gets a new row when it comes
 * back.
 */
#include <netinet/ether.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "logger/memory.h"
#include "logger/store/private.h"

enum {
	WAYS = 4,
	SETS_MIN = 1024,
	SETS_MAX = CONVERSATIONS_MAX / WAYS,
	LOAD_MAX = 32768, /* rows read at the start */
	LARGE_PAGE = 2 * 1024 * 1024,
};

struct set {
	struct conversation ways[WAYS];
};

struct change {
	struct conversation *at;
	struct conversation was;
};

struct conversations {
	struct set *sets;
	size_t n_sets; /* a power of two */
	size_t n_used;
	size_t n_changes;
	uint32_t now; /* counts batches; twice, for the bit in age */
	uint64_t secret[2];
	struct change changes[STORE_EVENTS_MAX]; /* of this batch */
};

static inline uint64_t rotl(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static inline void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[0] = rotl(v[0], 32);
	v[2] += v[3];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[2] = rotl(v[2], 32);
}

static inline void sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
}

static inline uint64_t word_of(const void *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

/* The words of a key that differ; the first says which others there are. */
static inline void sip_key(uint64_t v[4], const struct conversation_key *key)
{
	_Static_assert(sizeof(*key) == 72, "no padding, whole words");
	sip_word(v, word_of(&key->service)); /* and family, late, part of mac */
	sip_word(v, word_of(&key->mac[2]));  /* and owners */
	sip_word(v, word_of(&key->port));    /* and zero */
	sip_word(v, key->path);
	if (key->family == 4) {
		sip_word(v, (word_of(key->src) & UINT32_MAX) | word_of(key->dst)
								       << 32);
	} else {
		sip_word(v, word_of(key->src));
		sip_word(v, word_of(key->src + 8));
		sip_word(v, word_of(key->dst));
		sip_word(v, word_of(key->dst + 8));
	}
	if (key->late)
		sip_word(v, word_of(&key->late_src)); /* and late_dst */
}

/*
 * SipHash-1-3 with 128 bits (Aumasson and Bernstein, 2012), without the word
 * of the length. Whoever does not know the secret can't make two conversations
 * look like one.
 */
void conversation_hash(const struct conversations *c,
		       const struct conversation_key *key, uint64_t ret[2])
{
	uint64_t v[4] = {
		c->secret[0] ^ 0x736f6d6570736575U,
		c->secret[1] ^ 0x646f72616e646f6dU ^ 0xee,
		c->secret[0] ^ 0x6c7967656e657261U,
		c->secret[1] ^ 0x7465646279746573U,
	};

	sip_key(v, key);
	v[2] ^= 0xee;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	ret[0] = v[0] ^ v[1] ^ v[2] ^ v[3];
	v[1] ^= 0xdd;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	ret[1] = v[0] ^ v[1] ^ v[2] ^ v[3];
	for (int i = 0; i < 2; i++) {
		const struct set *set = &c->sets[ret[i] & (c->n_sets - 1)];

		__builtin_prefetch(&set->ways[0]);
		__builtin_prefetch(&set->ways[WAYS / 2]);
	}
}

void conversation_remember(struct conversations *c, struct conversation *conv)
{
	struct change *change = &c->changes[c->n_changes++];

	change->at = conv;
	change->was = *conv;
}

static struct conversation *find_in(struct set *set, const uint64_t hash[2])
{
	for (size_t i = 0; i < WAYS; i++) {
		struct conversation *way = &set->ways[i];

		if (way->hash[0] == hash[0] && way->hash[1] == hash[1] &&
		    way->id != 0)
			return way;
	}
	return NULL;
}

/*
 * Where a new one goes: into the emptier set; when both are full in the place
 * of one that was seen once if there is one, and of those the one that was seen
 * longest ago. Without branches but the loops': which of eight it is, nobody
 * can foresee.
 */
static struct conversation *make_room(struct set *const sets[2])
{
	unsigned int empty[2] = { 0, 0 };
	uint64_t victim = UINT64_MAX;
	size_t at;

	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < WAYS; j++)
			empty[i] += sets[i]->ways[j].id == 0;
	}
	if (empty[0] + empty[1] > 0) {
		struct set *set = sets[empty[1] > empty[0]];

		for (at = 0; set->ways[at].id != 0;)
			at++;
		return &set->ways[at];
	}
	for (size_t i = 0; i < 2 * WAYS; i++) {
		uint32_t age = sets[i / WAYS]->ways[i % WAYS].age;
		uint64_t order = (uint64_t)(age >> 1 | age << 31) << 8 | i;

		victim = order < victim ? order : victim;
	}
	at = victim & (2 * WAYS - 1);
	return &sets[at / WAYS]->ways[at % WAYS];
}

static void sets_of(const struct conversations *c, const uint64_t hash[2],
		    struct set *ret[2])
{
	ret[0] = &c->sets[hash[0] & (c->n_sets - 1)];
	ret[1] = &c->sets[hash[1] & (c->n_sets - 1)];
}

void conversation_repeat(const struct conversations *c,
			 struct conversation *conv)
{
	conv->age = c->now | 1;
}

struct conversation *conversation_find(struct conversations *c,
				       const uint64_t hash[2])
{
	struct conversation *conv;
	struct set *sets[2];

	sets_of(c, hash, sets);
	conv = find_in(sets[0], hash);
	if (!conv)
		conv = find_in(sets[1], hash);
	if (conv) {
		conversation_repeat(c, conv);
		return conv;
	}
	conv = make_room(sets);
	conversation_remember(c, conv);
	c->n_used += conv->id == 0;
	*conv = (struct conversation){
		.hash = { hash[0], hash[1] },
		.age = c->now,
	};
	return conv;
}

struct conversation *conversation_at(const struct conversations *c,
				     uint32_t number)
{
	return &c->sets[number / WAYS].ways[number % WAYS];
}

uint32_t conversation_number(const struct conversations *c,
			     const struct conversation *conv)
{
	return (uint32_t)(conv - &c->sets[0].ways[0]);
}

/*
 * Empty sets that begin with a cache line each; NULL without memory. Many of
 * them are in large pages where the kernel has some: else every look at one
 * takes a walk through the page tables first.
 */
static struct set *sets_new(size_t n)
{
	size_t len = n * sizeof(struct set);
	struct set *sets = aligned_alloc(
		len < LARGE_PAGE ? sizeof(*sets) : LARGE_PAGE, len);

	_Static_assert(sizeof(*sets) == 128, "two lines");
	if (!sets)
		return NULL;
	if (len >= LARGE_PAGE)
		madvise(sets, len, MADV_HUGEPAGE);
	memset(sets, 0, len);
	return sets;
}

/* Moves all into so many sets. Returns whether there was memory for them. */
static bool resize(struct conversations *c, size_t n)
{
	struct set *old = c->sets;
	size_t n_old = c->n_sets;
	struct set *sets = sets_new(n);

	if (!sets)
		return false;
	c->sets = sets;
	c->n_sets = n;
	c->n_used = 0;
	for (size_t i = 0; i < n_old * WAYS; i++) {
		const struct conversation *from = &old[i / WAYS].ways[i % WAYS];
		struct set *to[2];
		struct conversation *conv;

		if (from->id == 0)
			continue;
		sets_of(c, from->hash, to);
		conv = make_room(to);
		c->n_used += conv->id == 0;
		*conv = *from;
	}
	free(old);
	return true;
}

void conversation_begin(struct conversations *c, size_t n)
{
	while (c->n_sets < SETS_MAX && c->n_used + n > c->n_sets * WAYS / 2)
		if (!resize(c, 2 * c->n_sets))
			break;
	c->n_changes = 0;
	c->now += 2;
}

void conversation_undo(struct conversations *c)
{
	while (c->n_changes > 0) {
		const struct change *change = &c->changes[--c->n_changes];

		c->n_used -= change->was.id == 0;
		*change->at = change->was;
	}
}

void conversation_settle(struct conversations *c)
{
	c->n_changes = 0;
}

void conversation_rest(struct conversations *c)
{
	size_t n = SETS_MIN;

	memory_give_back(c->changes, sizeof(c->changes));
	/* so sparse that hardly one has to go for another, and not so full that
	 * the next batch needs more */
	while (c->n_used > n * WAYS * 7 / 16)
		n *= 2;
	if (n < c->n_sets)
		resize(c, n);
}

void conversation_expire(struct conversations *c, uint32_t before_minute)
{
	for (size_t i = 0; i < c->n_sets * WAYS; i++) {
		struct conversation *way = &c->sets[i / WAYS].ways[i % WAYS];

		if (way->id == 0 || way->minute >= before_minute)
			continue;
		*way = (struct conversation){ 0 };
		c->n_used--;
	}
}

/* The address of a column, as conversation_key has it. */
static void read_address(sqlite3_stmt *s, int column, uint8_t ret[16],
			 uint8_t *family)
{
	uint32_t v4;

	switch (sqlite3_column_type(s, column)) {
	case SQLITE_INTEGER:
		v4 = (uint32_t)sqlite3_column_int64(s, column);
		for (int i = 0; i < 4; i++)
			ret[i] = (uint8_t)(v4 >> (24 - 8 * i));
		*family = 4;
		break;
	case SQLITE_BLOB:
		if (sqlite3_column_bytes(s, column) == 16)
			memcpy(ret, sqlite3_column_blob(s, column), 16);
		*family = 6;
		break;
	}
}

/* A packet of the conversation in this row, as if it came now. */
static struct event read_event(sqlite3_stmt *s)
{
	struct event ev = { .time_ns = UINT64_MAX - 1, .have = HAVE_ADDR };
	const char *mac = (const char *)sqlite3_column_text(s, 8);
	struct ether_addr addr;

	read_address(s, 2, ev.src, &ev.family);
	read_address(s, 3, ev.dst, &ev.family);
	if (mac && ether_aton_r(mac, &addr)) {
		memcpy(ev.src_mac, &addr, sizeof(ev.src_mac));
		ev.have |= HAVE_MAC;
	}
	return ev;
}

/* Takes one row of the database if a packet of it would be of the same
 * containers now; the newest of a key comes first. */
static void load(struct store *st, sqlite3_stmt *s)
{
	const struct path_sides path = { sqlite3_column_int64(s, 1),
					 sqlite3_column_int64(s, 6),
					 sqlite3_column_int64(s, 7) };
	const struct event ev = read_event(s);
	struct conversation_key key = {
		.path = (uint64_t)path.id,
		.service = sqlite3_column_int(s, 4),
		.family = ev.family,
	};
	struct conversation *conv;
	struct identity_who who;
	uint64_t hash[2];

	memcpy(key.src, ev.src, sizeof(key.src));
	memcpy(key.dst, ev.dst, sizeof(key.dst));
	memcpy(key.mac, ev.src_mac, sizeof(key.mac));
	identity_attribute(st->identity, &ev, &path, &who);
	if (who.src != sqlite3_column_int64(s, 9) ||
	    who.dst != sqlite3_column_int64(s, 10) ||
	    who.spoofed != sqlite3_column_int(s, 11))
		return;
	identity_stamp(st->identity, &ev, &path, &key);
	if (path.src_network && !who.src)
		identity_lost(st->identity, &ev, false);
	if (path.dst_network && !who.dst)
		identity_lost(st->identity, &ev, true);
	conversation_hash(st->conversations, &key, hash);
	conv = conversation_find(st->conversations, hash);
	conversation_settle(st->conversations);
	if (conv->id != 0)
		return;
	conv->id = sqlite3_column_int64(s, 0);
	conv->minute = (uint32_t)sqlite3_column_int64(s, 5);
}

int conversation_load(struct store *st, bool named)
{
	static const char sql[] =
		"SELECT c.id, c.path, c.src_ip, c.dst_ip, c.service, c.minute,"
		" p.src_network, p.dst_network, e.mac, iif(e.container IS NULL"
		/* a port's number is not kept: those begin anew */
		" AND e.port IS NULL, NULL, iif(e.ip4 IS NULL AND e.ip6"
		" IS NULL, -1, e.id)),"
		" c.dst_endpoint, c.spoofed FROM (SELECT * FROM conversation"
		/* nothing proves those from before the chain */
		" WHERE id >= (SELECT first_conversation FROM proof)"
		" ORDER BY id DESC LIMIT :limit) c JOIN path p ON p.id = c.path"
		" LEFT JOIN endpoint e ON e.id = c.src_endpoint"
		" WHERE (e.container IS NULL AND c.dst_endpoint IS NULL)"
		" <> :named ORDER BY c.id DESC";
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(st->db, sql, -1, &s, NULL);

	if (rc == SQLITE_OK) {
		sqlite3_bind_int(s, 1, LOAD_MAX);
		sqlite3_bind_int(s, 2, named);
		while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
			conversation_begin(st->conversations, 1);
			load(st, s);
		}
	}
	sqlite3_finalize(s);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

struct conversations *conversation_new(void)
{
	struct conversations *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->n_sets = SETS_MIN;
	c->sets = sets_new(c->n_sets);
	if (c->sets && getrandom(c->secret, sizeof(c->secret), 0) ==
			       (ssize_t)sizeof(c->secret))
		return c;
	conversation_free(c);
	return NULL;
}

void conversation_free(struct conversations *c)
{
	if (c)
		free(c->sets);
	free(c);
}
