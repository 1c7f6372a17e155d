/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the vocabularies of log stores, ECS and OCSF, have in common. */
#ifndef BRIDGEAUDIT_CLI_OUTPUT_SIEM_H
#define BRIDGEAUDIT_CLI_OUTPUT_SIEM_H

#include <jansson.h>

#include "cli/event/host.h"
#include "cli/event/row.h"

/* As seen from Docker's networks; the numbers are OCSF's direction_id. */
enum siem_direction {
	SIEM_UNKNOWN,
	SIEM_INBOUND,
	SIEM_OUTBOUND,
	SIEM_LATERAL,
};

/* What became of the packet; the numbers are OCSF's action_id. */
enum siem_outcome {
	SIEM_UNDECIDED, /* nobody knows: its rule was changed just then */
	SIEM_ALLOWED,
	SIEM_DENIED,
};

/* A member of an object and the field that it shows. */
struct siem_member {
	const char *name;
	enum event_field field;
};

enum siem_direction siem_direction(const struct event_row *row);
enum siem_outcome siem_outcome(const struct event_row *row);

/* The field as JSON; NULL when it is absent, which "o*" of json_pack() leaves
 * out. */
json_t *siem_field(const struct event_row *row, enum event_field field);

/* The members that are known; NULL when none is. */
json_t *siem_object(const struct event_row *row,
		    const struct siem_member *members, size_t n);

/* The same with the version of the fields that are our own, which is known. */
json_t *siem_own(const struct event_row *row, const struct siem_member *members,
		 size_t n);

/* The host as ECS has it (host), and OCSF (device); NULL when not known. */
json_t *siem_host_ecs(const struct output *o);
json_t *siem_host_ocsf(const struct output *o);

enum { SIEM_UID_MAX = HOST_TEXT_MAX + 24 };

/*
 * What no other event has, of this log or another: "LOG-ID", of a log without
 * proof only the id. Returns buf (SIEM_UID_MAX bytes).
 */
const char *siem_uid(const struct output *o, const struct event_row *row,
		     char *buf);

/* Of all packets of the row, which are alike; NULL when not known. */
json_t *siem_bytes(const struct event_row *row);

/* A line of json, which it releases. 0 or -errno */
int siem_put_line(struct output *o, json_t *json);

#endif
