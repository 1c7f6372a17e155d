// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows to bytes, and bytes to a BLAKE2b hash. Every number is 64 bits, least
 * significant byte first; no two different rows give the same bytes.
 */
#include "lib/canonical.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	BLOCK = 64, /* rows that are hashed at once */
	EVENT_WORDS = 3,
	PACKETS_SHIFT = 56, /* above the bits of event.detail */
	PACKETS_MANY = 255,
	CONVERSATION_BYTES = 4 * 8 + 3 + 2 * 16, /* at most */
};

const struct canonical_table canonical_tables[ITEM_END] = {
	[ITEM_SESSION] = { "session", "id, start_ns, stop_ns, pid, nflog_group,"
				      " version, retain_days, retain_bytes,"
				      " space_left, space_left_action,"
				      " disk_full_action, host_name, host_id" },
	[ITEM_NETWORK] = { "network", "id, docker_id, name, bridge, internal,"
				      " created_ns, gone_ns" },
	[ITEM_INTERFACE] = { "interface", "id, name" },
	[ITEM_RULE] = { "rule", "id, family, \"table\", chain, text, verdict,"
				" first_ns, dst_bridge" },
	[ITEM_COVERAGE] = { "coverage", "id, rule, variant, state, from_ns,"
					" to_ns, cause, missed" },
	[ITEM_CONTAINER] = { "container", "id, docker_id, name, image,"
					  " project, service, from_ns, to_ns" },
	[ITEM_ENDPOINT] = { "endpoint",
			    "id, container, network, ip4, ip6, mac,"
			    " port, was, from_ns, to_ns, last_conversation" },
	[ITEM_PATH] = { "path", "id, rule, verdict, in_if, out_if, src_network,"
				" dst_network, first_ns, probe" },
	[ITEM_GAP] = { "gap",
		       "id, from_ns, to_ns, packets, cause, detail, rule,"
		       " gaps" },
	[ITEM_FINDING] = { "finding", "id, from_ns, to_ns, subject, detail" },
	[ITEM_PROBE] = { "probe", "id, sent_ns, src_network, dst_network,"
				  " src_ip, dst_ip, src_port, dst_port,"
				  " seen_ns, logged_ns, rule, verdict,"
				  " arrived, named" },
	[ITEM_DIGEST] = { "digest",
			  "block, min_ns, max_ns, entries, begun, sums" },
	[ITEM_POSTING] = { "posting", "id, entries" },
	[ITEM_ADDRESS_POSTING] = { "address_posting", "id, entries" },
	[ITEM_PROOF] = { "proof",
			 "id, log, first_event, first_conversation,"
			 " begun_ns, removed_seq, removed_conversation,"
			 " removed_checkpoint, removed_ns" },
	[ITEM_BATCH] = { "batch", "first_event, last_event, min_ns, max_ns,"
				  " packets, bytes, commit_ns,"
				  " last_conversation, pruned_ns, batches" },
	[ITEM_CONVERSATION] = { "conversation",
				"id, path, src_ip, dst_ip, service, minute,"
				" src_endpoint, dst_endpoint, spoofed" },
	[ITEM_TWIN] = { "twin", "rule, variant, state, since_ns, checked_ns,"
				" rule_packets, twin_packets" },
	[ITEM_ACCOUNT] = { "account",
			   "rule, base, rows, lost, missed, overlogged" },
	[ITEM_READING] = { "reading", "id, from_ns, to_ns, uid, gid, pid, auid,"
				      " user, login, verb, command, rows, exit,"
				      " reads" },
};

enum canonical_item canonical_item_of(const char *table)
{
	for (int i = 0; i < ITEM_END; i++)
		if (canonical_tables[i].name && i != ITEM_CONVERSATION &&
		    strcmp(canonical_tables[i].name, table) == 0)
			return (enum canonical_item)i;
	return 0;
}

int canonical_init(void)
{
	return sodium_init() < 0 ? -ENOSYS : 0;
}

void canonical_begin(struct canonical *c, const char *purpose)
{
	crypto_generichash_init(&c->state, NULL, 0, CANONICAL_HASH);
	canonical_bytes(c, "bridgeaudit 1 ", strlen("bridgeaudit 1 "));
	canonical_bytes(c, purpose, strlen(purpose) + 1);
}

void canonical_bytes(struct canonical *c, const void *bytes, size_t len)
{
	crypto_generichash_update(&c->state, bytes, len);
}

void canonical_number(struct canonical *c, int64_t number)
{
	uint64_t le = htole64((uint64_t)number);

	canonical_bytes(c, &le, sizeof(le));
}

void canonical_events(struct canonical *c, const struct canonical_event *e,
		      size_t n)
{
	uint64_t words[BLOCK * (EVENT_WORDS + 1)];
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t packets = (uint64_t)e[i].packets;
		bool many = packets >= PACKETS_MANY;

		if (at > (BLOCK - 1) * (EVENT_WORDS + 1)) {
			canonical_bytes(c, words, at * sizeof(words[0]));
			at = 0;
		}
		words[at++] = htole64((uint64_t)e[i].conversation);
		words[at++] = htole64((uint64_t)e[i].time_ns);
		words[at++] = htole64((uint64_t)e[i].detail |
				      (many ? PACKETS_MANY : packets)
					      << PACKETS_SHIFT);
		if (many)
			words[at++] = htole64(packets);
	}
	canonical_bytes(c, words, at * sizeof(words[0]));
}

static void put_number(uint8_t *to, int64_t number)
{
	uint64_t le = htole64((uint64_t)number);

	memcpy(to, &le, sizeof(le));
}

static size_t address_len(uint8_t family)
{
	return family == 4 ? 4 : family == 6 ? 16 : 0;
}

/* Returns how many bytes. */
static size_t put_conversation(uint8_t *to,
			       const struct canonical_conversation *conv)
{
	const uint8_t tags[] = { conv->src_family, conv->dst_family,
				 conv->spoofed };
	size_t at = 4 * sizeof(int64_t);

	put_number(to, conv->path);
	put_number(to + 8, (int64_t)((uint64_t)conv->minute << 32 |
				     (uint32_t)conv->service));
	put_number(to + 16, conv->src_endpoint);
	put_number(to + 24, conv->dst_endpoint);
	memcpy(to + at, tags, sizeof(tags));
	at += sizeof(tags);
	memcpy(to + at, conv->src, address_len(conv->src_family));
	at += address_len(conv->src_family);
	memcpy(to + at, conv->dst, address_len(conv->dst_family));
	return at + address_len(conv->dst_family);
}

void canonical_conversations(struct canonical *c,
			     const struct canonical_conversation *conv,
			     size_t n)
{
	uint8_t block[BLOCK * CONVERSATION_BYTES];
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		if (at > sizeof(block) - CONVERSATION_BYTES) {
			canonical_bytes(c, block, at);
			at = 0;
		}
		at += put_conversation(block + at, &conv[i]);
	}
	canonical_bytes(c, block, at);
}

void canonical_end(struct canonical *c, uint8_t ret[CANONICAL_HASH])
{
	crypto_generichash_final(&c->state, ret, CANONICAL_HASH);
}

static void hash_cell(struct canonical *c, sqlite3_stmt *s, int column)
{
	uint8_t type = (uint8_t)sqlite3_column_type(s, column);
	const void *bytes;
	int len;

	canonical_bytes(c, &type, 1);
	if (type == SQLITE_INTEGER) {
		canonical_number(c, sqlite3_column_int64(s, column));
	} else if (type != SQLITE_NULL) {
		bytes = sqlite3_column_blob(s, column);
		len = sqlite3_column_bytes(s, column);
		canonical_number(c, len);
		if (len > 0)
			canonical_bytes(c, bytes, (size_t)len);
	}
}

void canonical_row(sqlite3_stmt *s, int first, int n,
		   uint8_t ret[CANONICAL_HASH])
{
	struct canonical c;

	canonical_begin(&c, "row");
	for (int i = first; i < first + n; i++)
		hash_cell(&c, s, i);
	canonical_end(&c, ret);
}

void canonical_row_as(sqlite3_stmt *s, int first, int n, int64_t key,
		      uint8_t ret[CANONICAL_HASH])
{
	const uint8_t type = SQLITE_INTEGER;
	struct canonical c;

	canonical_begin(&c, "row");
	canonical_bytes(&c, &type, 1);
	canonical_number(&c, key);
	for (int i = first + 1; i < first + n; i++)
		hash_cell(&c, s, i);
	canonical_end(&c, ret);
}

void canonical_select(enum canonical_item item, bool one,
		      char ret[CANONICAL_SQL_MAX])
{
	const struct canonical_table *t = &canonical_tables[item];

	if (item == ITEM_NAMED_SRC || item == ITEM_NAMED_DST)
		t = &canonical_tables[ITEM_CONVERSATION];
	snprintf(ret, CANONICAL_SQL_MAX, "SELECT rowid, %s FROM \"%s\" %s",
		 t->columns, t->name,
		 one ? "WHERE rowid = ?1" : "ORDER BY rowid");
}
