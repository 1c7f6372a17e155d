/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the store keeps in memory between and within batches. */
#ifndef BRIDGEAUDIT_LOGGER_STORE_MEMORY_H
#define BRIDGEAUDIT_LOGGER_STORE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/event.h"

enum { CONVERSATIONS_MAX = 524288 };

struct store;
struct conversations;

/* What makes two packets the same conversation, all bytes significant. */
struct conversation_key {
	uint64_t path;
	uint8_t src[16];
	uint8_t dst[16];
	int32_t service; /* as in schema.sql */
	uint8_t family;
	uint8_t late;	 /* see identity_stamp */
	uint8_t mac[6];	 /* of the sender */
	uint32_t owners; /* of the addresses: another number, other owners */
	uint32_t late_src, late_dst;
	uint32_t port; /* of the bridge, by which it came; 0: not told */
	uint32_t zero; /* no padding: all bytes are compared */
};

struct conversation {
	uint64_t hash[2];
	int64_t id;	 /* of its row; 0: empty */
	uint32_t minute; /* in which it was seen last */
	uint32_t age;	 /* batch of its last packet; odd: it repeats */
};

/* conversation.c. begin: makes room before a batch of n. hash: of a key,
 * into ret. find: the one with that hash, or one with id 0 for the caller to
 * fill. repeat: one that was found in another way has a packet more. at: the
 * place with that number, which another conversation may have taken since.
 * remember: before the caller changes one that it found otherwise. undo:
 * forgets all changes since begin or settle. settle: they are committed. rest:
 * none come soon; numbers from before are good no more. load: reads the newest,
 * without containers or (named) with some that are known now, an SQLite code.
 * expire: forgets what was last seen before that minute. */
void conversation_begin(struct conversations *c, size_t n);
void conversation_hash(const struct conversations *c,
		       const struct conversation_key *key, uint64_t ret[2]);
struct conversation *conversation_find(struct conversations *c,
				       const uint64_t hash[2]);
void conversation_repeat(const struct conversations *c,
			 struct conversation *conv);
struct conversation *conversation_at(const struct conversations *c,
				     uint32_t number);
uint32_t conversation_number(const struct conversations *c,
			     const struct conversation *conv);
void conversation_remember(struct conversations *c, struct conversation *conv);
void conversation_undo(struct conversations *c);
void conversation_settle(struct conversations *c);
void conversation_rest(struct conversations *c);
int conversation_load(struct store *st, bool named);
void conversation_expire(struct conversations *c, uint32_t before_minute);
struct conversations *conversation_new(void);
void conversation_free(struct conversations *c);

#endif
