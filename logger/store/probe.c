// SPDX-License-Identifier: GPL-2.0-or-later
/* Test packets: recognised as they are logged, and written when they ended. */
#include "logger/store/probe.h"

#include <string.h>

#include "logger/store/bind.h"
#include "logger/store/private.h"

enum { PROTO_TCP = 6, STORED_ARRIVED = 11 };

void probes_expect(struct probes *p, const struct channel_probe *probe)
{
	if (p->n == PROBES_WAITING_MAX) {
		p->n--;
		memmove(&p->waiting[0], &p->waiting[1],
			p->n * sizeof(p->waiting[0]));
	}
	p->waiting[p->n] = *probe;
	p->waiting[p->n].seen_ns = p->waiting[p->n].logged_ns = 0;
	p->n++;
}

static bool same_addresses(const struct channel_probe *p, const uint8_t *src,
			   const uint8_t *dst)
{
	size_t len = p->family == 4 ? 4 : 16;

	return memcmp(src, p->src, len) == 0 && memcmp(dst, p->dst, len) == 0;
}

void probes_match(struct probes *p, struct event *ev)
{
	if (ev->family == 0 || ev->proto != PROTO_TCP ||
	    !(ev->have & HAVE_PORTS))
		return;
	for (size_t i = 0; i < p->n; i++) {
		struct channel_probe *w = &p->waiting[i];

		if (ev->src_port != w->src_port ||
		    ev->dst_port != w->dst_port || ev->family != w->family ||
		    !same_addresses(w, ev->src, ev->dst))
			continue;
		ev->probe = 1;
		/* that it passed weighs more than what was said before */
		if (w->seen_ns == 0 || ev->verdict == VERDICT_PASS) {
			w->rule_id = ev->rule_id;
			w->verdict = ev->verdict;
		}
		if (w->seen_ns == 0)
			w->seen_ns = ev->time_ns;
		return;
	}
}

void probes_committed(struct probes *p, uint64_t now_ns)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->waiting[i].seen_ns && !p->waiting[i].logged_ns)
			p->waiting[i].logged_ns = now_ns;
}

static bool is_same(const struct channel_probe *a,
		    const struct channel_probe *b)
{
	return a->src_port == b->src_port && a->dst_port == b->dst_port &&
	       a->family == b->family && same_addresses(a, b->src, b->dst);
}

void probes_end(struct probes *p, struct channel_probe *probe)
{
	probe->seen_ns = probe->logged_ns = 0;
	for (size_t i = 0; i < p->n; i++) {
		if (!is_same(&p->waiting[i], probe))
			continue;
		probe->seen_ns = p->waiting[i].seen_ns;
		probe->logged_ns = p->waiting[i].logged_ns;
		probe->rule_id = p->waiting[i].rule_id;
		probe->verdict = p->waiting[i].verdict;
		p->waiting[i] = p->waiting[--p->n];
		return;
	}
}

static void bind_address(sqlite3_stmt *s, int at, int family,
			 const uint8_t *addr)
{
	if (family == 6) {
		sqlite3_bind_blob(s, at, addr, 16, SQLITE_TRANSIENT);
		return;
	}
	sqlite3_bind_int(s, at,
			 (int)((uint32_t)addr[0] << 24 |
			       (uint32_t)addr[1] << 16 |
			       (uint32_t)addr[2] << 8 | addr[3]));
}

int probe_write(struct store *st, const struct channel_probe *probe)
{
	sqlite3_stmt *s = st->stmts[STMT_PROBE];

	sqlite3_bind_int64(s, 1, (int64_t)probe->sent_ns);
	bind_id(s, 2, ledger_network(st, probe->src_bridge));
	bind_id(s, 3, ledger_network(st, probe->dst_bridge));
	bind_address(s, 4, probe->family, probe->src);
	bind_address(s, 5, probe->family, probe->dst);
	sqlite3_bind_int(s, 6, probe->src_port);
	sqlite3_bind_int(s, 7, probe->dst_port);
	bind_id(s, 8, (int64_t)probe->seen_ns);
	for (int at = 9; at < STORED_ARRIVED; at++)
		sqlite3_bind_null(s, at);
	if (probe->seen_ns) {
		sqlite3_bind_int64(s, 9, (int64_t)probe->rule_id);
		sqlite3_bind_int(s, 10, probe->verdict);
	}
	sqlite3_bind_int(s, STORED_ARRIVED, probe->arrived);
	bind_id(s, STORED_ARRIVED + 1, (int64_t)probe->logged_ns);
	return store_run(st, STMT_PROBE, NULL);
}
