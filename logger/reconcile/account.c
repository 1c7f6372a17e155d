// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Accounts by rule id: a hash table in one block of memory that never grows,
 * so that the packet path does not allocate.
 */
#include "logger/reconcile/accounts.h"

#include <stdlib.h>

enum { BUCKETS = 2 * ACCOUNTS_MAX };

struct accounts {
	uint32_t buckets[BUCKETS]; /* index + 1 */
	uint32_t free;		   /* index + 1 of the first free one */
	size_t used;		   /* slots that were ever used */
	size_t n_dirty;
	uint64_t refused;
	uint32_t dirty[ACCOUNTS_MAX];
	struct account slots[ACCOUNTS_MAX];
};

struct accounts *accounts_new(void)
{
	return calloc(1, sizeof(struct accounts));
}

void accounts_free(struct accounts *accs)
{
	free(accs);
}

static uint32_t *bucket_of(struct accounts *accs, uint64_t rule_id)
{
	/* ids are hashes already */
	return &accs->buckets[(rule_id ^ rule_id >> 24) % BUCKETS];
}

struct account *accounts_find(struct accounts *accs, uint64_t rule_id)
{
	uint32_t at = *bucket_of(accs, rule_id);

	while (at && accs->slots[at - 1].rule_id != rule_id)
		at = accs->slots[at - 1].next;
	return at ? &accs->slots[at - 1] : NULL;
}

struct account *accounts_get(struct accounts *accs, uint64_t rule_id)
{
	struct account *a = accounts_find(accs, rule_id);
	uint32_t *bucket = bucket_of(accs, rule_id);
	uint32_t at = accs->free;

	if (a || rule_id == 0)
		return a;
	if (at) {
		accs->free = accs->slots[at - 1].next;
	} else if (accs->used < ACCOUNTS_MAX) {
		at = (uint32_t)++accs->used;
	} else {
		accs->refused++;
		return NULL;
	}
	a = &accs->slots[at - 1];
	*a = (struct account){
		.rule_id = rule_id,
		.known = true,
		.next = *bucket,
	};
	*bucket = at;
	return a;
}

uint64_t accounts_refused(const struct accounts *accs)
{
	return accs->refused;
}

void accounts_remove(struct accounts *accs, struct account *a)
{
	uint32_t *at = bucket_of(accs, a->rule_id);
	uint32_t me = (uint32_t)(a - accs->slots) + 1;

	while (*at != me)
		at = &accs->slots[*at - 1].next;
	*at = a->next;
	for (size_t i = 0; a->dirty && i < accs->n_dirty; i++) {
		if (accs->dirty[i] == me - 1) {
			accs->dirty[i] = accs->dirty[--accs->n_dirty];
			break;
		}
	}
	*a = (struct account){ .next = accs->free };
	accs->free = me;
}

struct account *accounts_next(struct accounts *accs, size_t *at)
{
	/* an account that is in use has an id: a hash of 48 bits, never 0 */
	while (*at < accs->used && accs->slots[*at].rule_id == 0)
		(*at)++;
	return *at < accs->used ? &accs->slots[(*at)++] : NULL;
}

void accounts_touch(struct accounts *accs, struct account *a)
{
	if (a->dirty)
		return;
	a->dirty = true;
	accs->dirty[accs->n_dirty++] = (uint32_t)(a - accs->slots);
}

struct account *accounts_dirty(struct accounts *accs, size_t i)
{
	return i < accs->n_dirty ? &accs->slots[accs->dirty[i]] : NULL;
}

void accounts_written(struct accounts *accs)
{
	for (size_t i = 0; i < accs->n_dirty; i++) {
		struct account *a = &accs->slots[accs->dirty[i]];

		a->dirty = false;
		a->resolved = a->exact = false;
	}
	accs->n_dirty = 0;
}
