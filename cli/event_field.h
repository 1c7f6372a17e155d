/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fields of an event, as programs see them. */
#ifndef BRIDGEAUDIT_CLI_EVENT_FIELD_H
#define BRIDGEAUDIT_CLI_EVENT_FIELD_H

/* In the order of the output, which is a contract. */
enum event_field {
	FIELD_ID,
	FIELD_TIME,
	FIELD_VERDICT,
	FIELD_CHAIN,
	FIELD_RULE_ID,
	FIELD_RULE,
	FIELD_IN_IF,
	FIELD_OUT_IF,
	FIELD_SRC_NETWORK,
	FIELD_DST_NETWORK,
	FIELD_SRC_IP,
	FIELD_DST_IP,
	FIELD_PROTO,
	FIELD_SRC_PORT,
	FIELD_DST_PORT,
	FIELD_ICMP_TYPE,
	FIELD_ICMP_CODE,
	FIELD_TCP_FLAGS,
	FIELD_LENGTH,
	FIELD_TTL,
	FIELD_MARKS,
	FIELD_COLLAPSED,     /* packets of the row, when it is several */
	FIELD_SRC_CONTAINER, /* names of then */
	FIELD_DST_CONTAINER,
	FIELD_SRC_SERVICE,
	FIELD_DST_SERVICE,
	FIELD_SRC_PROJECT,
	FIELD_DST_PROJECT,
	FIELD_SRC_IMAGE,
	FIELD_DST_IMAGE,
	FIELD_SPOOFED, /* 1: src_ip is not src_container's */
	FIELD_COUNT,
};

#endif
