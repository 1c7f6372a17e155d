// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every statement that the writer runs over and over, whole, in one place.
 */
#include "logger/store_sql.h"

const char *const store_sql[STMT_COUNT] = {
	[STMT_BEGIN] = "BEGIN IMMEDIATE",
	[STMT_COMMIT] = "COMMIT",
	[STMT_ROLLBACK] = "ROLLBACK",
	[STMT_EVENT] =
		"INSERT INTO event (id, time_ns, conversation, src_port,"
		" length, tcp_flags, ttl, marks) VALUES (:id, :time_ns,"
		" :conversation, :src_port, :length, :tcp_flags, :ttl, :marks)",
	[STMT_BATCH] =
		"INSERT INTO batch (first_event, last_event, min_ns, max_ns,"
		" packets, bytes, commit_ns) VALUES (:first_event, :last_event,"
		" :min_ns, :max_ns, :packets, :bytes, :commit_ns)",
	[STMT_TALLY] =
		"INSERT INTO tally (minute, conversation, packets, bytes,"
		" first_ns, last_ns) VALUES (:minute, :conversation, :packets,"
		" :bytes, :first_ns, :last_ns)"
		" ON CONFLICT (minute, conversation) DO UPDATE SET"
		" packets = packets + excluded.packets,"
		" bytes = bytes + excluded.bytes,"
		" first_ns = min(first_ns, excluded.first_ns),"
		" last_ns = max(last_ns, excluded.last_ns)",
	[STMT_INTERFACE] =
		"INSERT INTO interface (name) VALUES (:name)"
		" ON CONFLICT (name) DO UPDATE SET name = name RETURNING id",
	[STMT_CONVERSATION] =
		"INSERT INTO conversation (verdict, rule, in_if, out_if,"
		" src_network, dst_network, src_ip, dst_ip, proto, dst_port,"
		" first_ns) VALUES (:verdict, :rule, :in_if, :out_if,"
		" :src_network, :dst_network, :src_ip, :dst_ip, :proto,"
		" :dst_port, :first_ns)"
		/* the expressions of the index conversation_key */
		" ON CONFLICT (coalesce(src_ip, 0), coalesce(dst_ip, 0),"
		" coalesce(dst_port, -1), coalesce(proto, -1), rule, verdict,"
		" coalesce(in_if, 0), coalesce(out_if, 0),"
		" coalesce(src_network, 0), coalesce(dst_network, 0))"
		" DO UPDATE SET rule = rule RETURNING id",
	[STMT_NETWORK] =
		"INSERT INTO network (docker_id, name, bridge, internal,"
		" created_ns) VALUES (:docker_id, :name, :bridge, :internal,"
		" :created_ns) ON CONFLICT (docker_id) DO UPDATE SET"
		" gone_ns = NULL RETURNING id",
	[STMT_NETWORK_GONE] =
		"UPDATE network SET gone_ns = :gone_ns WHERE id = :id"
		" AND gone_ns IS NULL",
	/*
	 * A packet can be faster than the news of its network. What began
	 * after the network did and has no name yet gets its name.
	 */
	[STMT_NAME_SRC] =
		"UPDATE OR IGNORE conversation SET src_network = :network"
		" WHERE src_network IS NULL AND first_ns >= :created_ns"
		" AND in_if = (SELECT id FROM interface WHERE name = :bridge)",
	[STMT_NAME_DST] =
		"UPDATE OR IGNORE conversation SET dst_network = :network"
		" WHERE dst_network IS NULL AND first_ns >= :created_ns"
		" AND (out_if = (SELECT id FROM interface WHERE name ="
		" :bridge) OR (out_if IS NULL AND rule IN"
		" (SELECT id FROM rule WHERE dst_bridge = :bridge)))",
	[STMT_RULE] =
		"INSERT INTO rule (id, family, \"table\", chain, text, verdict,"
		" first_ns, dst_bridge) VALUES (:id, :family, :table, :chain,"
		" :text, :verdict, :first_ns, :dst_bridge) ON CONFLICT (id) DO NOTHING",
	[STMT_RULE_BRIDGE] = "SELECT dst_bridge FROM rule WHERE id = :id"
			     " AND dst_bridge IS NOT NULL",
	[STMT_TWIN] =
		"INSERT INTO twin (rule, variant, state, since_ns, checked_ns,"
		" rule_packets, twin_packets) VALUES (:rule, :variant, :state,"
		" :now_ns, :now_ns, :rule_packets, :twin_packets)"
		" ON CONFLICT (rule, variant) DO UPDATE SET"
		" since_ns = CASE state WHEN excluded.state THEN since_ns"
		" ELSE excluded.since_ns END,"
		" state = excluded.state, checked_ns = excluded.checked_ns,"
		" rule_packets = excluded.rule_packets,"
		" twin_packets = excluded.twin_packets",
	[STMT_FINDING_OPEN] =
		"INSERT INTO finding (from_ns, subject, detail)"
		" SELECT :from_ns, :subject, :detail WHERE NOT EXISTS"
		" (SELECT 1 FROM finding WHERE to_ns IS NULL"
		" AND subject = :subject AND detail = :detail)",
	[STMT_FINDING_CLOSE] =
		"UPDATE finding SET to_ns = :to_ns WHERE to_ns IS NULL"
		" AND subject = :subject AND detail <> :detail",
	/* a rule's packets get a sentence, with the words of the rule */
	[STMT_GAP] =
		"INSERT INTO gap (from_ns, to_ns, packets, cause, detail, rule)"
		" VALUES (:from_ns, :to_ns, :packets, :cause, coalesce(:detail,"
		" (SELECT iif(:packets IS NULL, 'packets', :packets ||"
		" iif(:packets = 1, ' packet', ' packets')) ||"
		" CASE verdict WHEN 1 THEN ' dropped' WHEN 2 THEN ' accepted'"
		" ELSE ' passed' END || ' by ' || chain || ' ' || text ||"
		" CASE :cause WHEN 'not watched' THEN ' before it was watched'"
		" WHEN 'daemon down' THEN ' while no logger ran'"
		" ELSE ' that never reached the logger' END"
		" FROM rule WHERE id = :rule)), :rule)",
};
