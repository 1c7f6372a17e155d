/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One iptables of this host, variant and family: its rules as they were last
 * read, and our twins among them. */
#ifndef BRIDGEAUDIT_LOGGER_FIREWALL_BACKEND_H
#define BRIDGEAUDIT_LOGGER_FIREWALL_BACKEND_H

#include "logger/firewall/iptables.h"
#include "logger/firewall/nftmon.h"
#include "logger/firewall/past_look.h"
#include "logger/firewall/report.h"

/* A rule as it stood at the end of the last round; sorted by id. */
struct backend_seen {
	uint64_t id;
	bool in_place;
};

/* What the last read changed. */
struct backend_change {
	struct report_change report; /* no cause: nothing */
	bool lost; /* a rule that was watched is there and is not any more */
};

struct backend {
	struct iptables ipt;
	struct report report;
	unsigned int announced; /* enum nftmon_what; 0: nobody announces it */
	struct ruleset *rs;	/* as last read, with its plan; or both NULL */
	struct plan *plan;
	bool fresh;		      /* read in this round, and not told yet */
	struct backend_change change; /* of this round */
	uint64_t read_ns;	      /* when the last read began */
	uint64_t before_ns;	      /* and the one before it */
	struct backend_seen *seen;    /* NULL: this is the first round */
	size_t seen_len;
	struct past_notices notices; /* of its changes, in this round */
	struct rule_past past;
	struct passed passed;		/* not told yet */
	char error[IPTABLES_ERROR_MAX]; /* of this round; "": none */
};

void backend_clear(struct backend *b);

/* Whether it holds rules that are audited. */
bool backend_used(const struct backend *b);

/*
 * Reads the rules and plans. Returns 0, or -errno with b->error set; then the
 * rules are still those of the last read that went well.
 */
int backend_read(struct backend *b, const struct plan_config *config);

/* Plans anew without reading. Returns as above. */
int backend_replan(struct backend *b, const struct plan_config *config);

/*
 * Works out what the read rules changed against the last round; at_ns: when
 * somebody's edit was noticed, 0: no edit was.
 */
void backend_judge(struct backend *b, uint64_t at_ns);

/*
 * Puts the plan into force. noticed: notices tell of every other edit, so that
 * what was written needs no read to prove it: an edit in between would be one
 * more round. Returns 0, or -errno with b->error set when the twins are not
 * all in place.
 */
int backend_apply(struct backend *b, const struct plan_config *config,
		  bool noticed, struct nftmon_pids *pids);

/* Tells the recorder, and keeps what was told for the next round. */
void backend_tell(struct backend *b);

/* It is not in use any more: its rules went with it. */
void backend_gone(struct backend *b);

/* Takes every twin out. Returns 0, or -errno with b->error set. */
int backend_remove(struct backend *b, struct nftmon_pids *pids);

#endif
