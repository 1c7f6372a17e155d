// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every statement that the writer runs over and over, whole, in one place.
 */
#include "logger/store/sql.h"

/* Conversations that have no event from a minute on, of those that were not
 * seen in a later hour; within an hour: nor in the rest of it. */
#define GONE                                                                   \
	"id >= :first AND id < :end"                                           \
	" AND (coalesce(last_hour, minute / 60) < :minute / 60"                \
	" OR (:minute % 60 > 0 AND minute < :minute"                           \
	" AND coalesce(last_hour, minute / 60) = :minute / 60"                 \
	" AND id NOT IN (WITH RECURSIVE m (n) AS (VALUES (:minute)"            \
	" UNION ALL SELECT n + 1 FROM m WHERE (n + 1) % 60 > 0)"               \
	" SELECT s.conversation FROM m CROSS JOIN seen s"                      \
	" WHERE s.span = 2 AND s.start = m.n"                                  \
	" AND s.conversation >= :first AND s.conversation < :end)))"

const char *const store_sql[STMT_COUNT] = {
	[STMT_BEGIN] = "BEGIN IMMEDIATE",
	[STMT_COMMIT] = "COMMIT",
	[STMT_ROLLBACK] = "ROLLBACK",
	/*
	 * The tables new_... are those of batch.c; a value costs 40 ns,
	 * so there are statements that leave out what is all the same. OR FAIL
	 * spares the statement a journal of its own: on any failure all is
	 * rolled back.
	 */
	[STMT_EVENT_FIRST] =
		"INSERT OR FAIL INTO event (conversation, time_ns, detail,"
		" packets, id) SELECT conversation, time_ns, detail, packets,"
		" :id FROM new_event",
	[STMT_EVENTS] = "INSERT OR FAIL INTO event (conversation, time_ns,"
			" detail, packets) SELECT conversation, time_ns,"
			" detail, packets FROM new_event",
	[STMT_EVENTS_SINGLE] =
		"INSERT OR FAIL INTO event (conversation, time_ns, detail,"
		" packets) SELECT conversation, time_ns, detail, 1"
		" FROM new_event",
	[STMT_BATCH] =
		"INSERT INTO batch (first_event, last_event, min_ns, max_ns,"
		" packets, bytes, commit_ns, last_conversation) VALUES"
		" (:first_event, :last_event, :min_ns, :max_ns, :packets,"
		" :bytes, :commit_ns, :last_conversation)",
	[STMT_DIGEST] = "INSERT INTO digest (block, min_ns, max_ns, entries,"
			" begun, sums) VALUES (:block, :min_ns, :max_ns,"
			" :entries, :begun, :sums)",
	[STMT_POSTING] = "INSERT INTO posting (id, entries)"
			 " VALUES (:id, :entries)",
	[STMT_ADDRESS] = "INSERT INTO address_posting (id, entries)"
			 " VALUES (:id, :entries)",
	[STMT_CONVERSATION_FIRST] =
		"INSERT OR FAIL INTO conversation (path, src_ip, dst_ip,"
		" service, minute, src_endpoint, dst_endpoint, spoofed, id)"
		" SELECT path, src_ip, dst_ip, service, minute, src_endpoint,"
		" dst_endpoint, spoofed, :id FROM new_conversation",
	[STMT_CONVERSATIONS] =
		"INSERT OR FAIL INTO conversation (path, src_ip, dst_ip,"
		" service, minute, src_endpoint, dst_endpoint, spoofed)"
		" SELECT path, src_ip, dst_ip, service, minute, src_endpoint,"
		" dst_endpoint, spoofed FROM new_conversation",
	[STMT_CONVERSATIONS_PLAIN] =
		"INSERT OR FAIL INTO conversation (path, src_ip, dst_ip,"
		" service, minute, src_endpoint) SELECT path, src_ip, dst_ip,"
		" service, minute, src_endpoint FROM new_conversation",
	[STMT_CONVERSATIONS_ALIKE] =
		"INSERT OR FAIL INTO conversation (path, src_ip, dst_ip,"
		" service, minute, src_endpoint) SELECT :path, src_ip, dst_ip,"
		" service, :minute, :src_endpoint FROM new_conversation",
	[STMT_SEEN] = "INSERT OR IGNORE INTO seen (span, start, conversation)"
		      " SELECT span, start, conversation FROM new_seen",
	[STMT_SEEN_HOUR] =
		"UPDATE conversation SET last_hour = s.hour FROM"
		" (SELECT conversation AS id, max(start) AS hour FROM new_seen"
		" WHERE span = 1 GROUP BY conversation) s"
		" WHERE conversation.id = s.id"
		" AND s.hour > max(coalesce(last_hour, 0), minute / 60)",
	[STMT_TALLY] =
		"INSERT INTO tally (span, start, path, service, packets, bytes,"
		" begun, first_ns, last_ns) VALUES (:span, :start, :path,"
		" :service, :packets, :bytes, :begun, :first_ns, :last_ns)"
		" ON CONFLICT (span, start, path, service) DO UPDATE SET"
		" packets = packets + excluded.packets,"
		" bytes = bytes + excluded.bytes,"
		" begun = begun + excluded.begun,"
		" first_ns = min(first_ns, excluded.first_ns),"
		" last_ns = max(last_ns, excluded.last_ns)",
	[STMT_TALKER] =
		"INSERT INTO talker (hour, path, src_ip, packets, bytes)"
		" VALUES (:hour, :path, :src_ip, :packets, :bytes)"
		" ON CONFLICT (hour, path, src_ip) DO UPDATE SET"
		" packets = packets + excluded.packets,"
		" bytes = bytes + excluded.bytes",
	[STMT_TALKER_MORE] =
		"UPDATE talker SET packets = packets + ?4, bytes = bytes + ?5"
		" WHERE hour = ?1 AND path = ?2 AND src_ip = ?3",
	[STMT_INTERFACE] =
		"INSERT INTO interface (name) VALUES (:name)"
		" ON CONFLICT (name) DO UPDATE SET name = name RETURNING id",
	/*
	 * A side without a network may get its name later (below), so what is
	 * older than the last end of a network there is not the same.
	 */
	[STMT_PATH_FIND] =
		"SELECT id FROM path WHERE rule = :rule AND verdict = :verdict"
		" AND in_if IS :in_if AND out_if IS :out_if"
		" AND src_network IS :src_network"
		" AND dst_network IS :dst_network"
		" AND (src_network IS NOT NULL OR first_ns >= coalesce("
		" (SELECT max(gone_ns) FROM network WHERE bridge = :in), 0))"
		" AND (dst_network IS NOT NULL OR first_ns >= coalesce("
		" (SELECT max(gone_ns) FROM network WHERE bridge = :out), 0))"
		" AND probe IS :probe ORDER BY id DESC LIMIT 1",
	[STMT_PATH] =
		"INSERT INTO path (rule, verdict, in_if, out_if, src_network,"
		" dst_network, first_ns, probe) VALUES (:rule, :verdict,"
		" :in_if, :out_if, :src_network, :dst_network, :first_ns,"
		" :probe) RETURNING id",
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
		"UPDATE path SET src_network = :network"
		" WHERE src_network IS NULL AND first_ns >= :created_ns"
		" AND in_if = (SELECT id FROM interface WHERE name = :bridge)",
	[STMT_NAME_DST] =
		"UPDATE path SET dst_network = :network"
		" WHERE dst_network IS NULL AND first_ns >= :created_ns"
		" AND (out_if = (SELECT id FROM interface WHERE name ="
		" :bridge) OR (out_if IS NULL AND rule IN"
		" (SELECT id FROM rule WHERE dst_bridge = :bridge)))",
	[STMT_CONTAINER] =
		"INSERT INTO container (docker_id, name, image, project,"
		" service, from_ns) VALUES (:docker_id, :name, :image,"
		" :project, :service, :from_ns) RETURNING id",
	[STMT_CONTAINER_BEGIN] =
		"UPDATE container SET from_ns = min(from_ns, :from_ns),"
		" to_ns = NULL WHERE id = :id",
	[STMT_CONTAINER_END] =
		"UPDATE container SET to_ns = :to_ns WHERE id = :id",
	[STMT_ENDPOINT] =
		"INSERT INTO endpoint (container, network, ip4, ip6, mac,"
		" from_ns) VALUES (:container, :network, :ip4, :ip6, :mac,"
		" :from_ns) RETURNING id",
	/* and how its packets were seen */
	[STMT_ENDPOINT_END] =
		"UPDATE endpoint SET to_ns = :to_ns, last_conversation ="
		" :last_conversation WHERE id IN (SELECT o.id FROM endpoint e"
		" JOIN endpoint o ON o.container = e.container"
		" AND o.network = e.network WHERE e.id = :id"
		" AND o.to_ns IS NULL)",
	/* what is not told of ?1 is of nobody that Docker knows */
	[STMT_SENDER] =
		"INSERT INTO endpoint (container, network, mac, port, was,"
		" from_ns, to_ns) VALUES"
		" ((SELECT container FROM endpoint WHERE id = :endpoint),"
		" :network, :mac, :port, :was, coalesce((SELECT from_ns"
		" FROM endpoint WHERE id = :endpoint), :time_ns),"
		" (SELECT to_ns FROM endpoint WHERE id = :endpoint))"
		" RETURNING id",
	[STMT_SENDER_END] =
		"UPDATE endpoint SET to_ns = max(:to_ns, from_ns),"
		" last_conversation = :last_conversation WHERE id = :id"
		" AND to_ns IS NULL",
	[STMT_ENDPOINT_LATE] =
		"UPDATE endpoint SET last_conversation = :conversation"
		" WHERE id IN (:src, :dst) AND to_ns IS NOT NULL",
	[STMT_CONTAINER_SRC] =
		"UPDATE conversation SET src_endpoint = :endpoint,"
		" spoofed = :spoofed WHERE id = :id AND src_endpoint IS :was",
	/* the address alone does not say in which network it was */
	[STMT_SRC_NETWORK] =
		"SELECT coalesce((SELECT src_network FROM path WHERE path.id ="
		" conversation.path), 0) FROM conversation WHERE id = :id",
	[STMT_CONTAINER_DST] =
		"UPDATE conversation SET dst_endpoint = :endpoint"
		" WHERE id = :id AND dst_endpoint IS NULL"
		" AND (SELECT dst_network FROM path WHERE path.id ="
		" conversation.path) = :network",
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
		" WHEN 'shed under load' THEN ' that came in by ' ||"
		" coalesce(:interface, '?') ||"
		" ' and were more than could be written'"
		" ELSE ' that never reached the logger' END"
		" FROM rule WHERE id = :rule), 'they came in by ' ||"
		" :interface), :rule)",
	[STMT_PROBE] =
		"INSERT INTO probe (sent_ns, src_network, dst_network, src_ip,"
		" dst_ip, src_port, dst_port, seen_ns, rule, verdict, arrived,"
		" logged_ns, named) VALUES (:sent_ns, :src_network,"
		" :dst_network, :src_ip, :dst_ip, :src_port, :dst_port,"
		" :seen_ns, :rule, :verdict, :arrived, :logged_ns,"
		" EXISTS (SELECT 1 FROM path WHERE rule = :rule"
		" AND probe = 1 AND src_network = :src_network"
		" AND dst_network = :dst_network))",
	[STMT_READING] =
		"INSERT INTO reading (id, from_ns, to_ns, uid, gid, pid, auid,"
		" user, login, verb, command, rows, exit, reads) VALUES (:id,"
		" :from_ns, :to_ns, :uid, :gid, :pid, :auid, :user, :login,"
		" :verb, :command, :rows, :exit, :reads) ON CONFLICT (id)"
		" DO UPDATE SET to_ns = excluded.to_ns, rows = excluded.rows,"
		" exit = excluded.exit",
	[STMT_OLDEST_BATCH] =
		"SELECT first_event, last_event, min_ns, max_ns FROM batch"
		" INDEXED BY batch_kept WHERE pruned_ns IS NULL ORDER BY first_event LIMIT 1",
	/* of those that are kept */
	[STMT_OLDEST_TIMES] =
		"SELECT min_ns, max_ns FROM batch INDEXED BY batch_time"
		" WHERE pruned_ns IS NULL ORDER BY max_ns LIMIT 1",
	/* the clock may have been set back since the oldest one */
	[STMT_OLDER_BATCH] = "SELECT 1 FROM batch WHERE pruned_ns IS NULL"
			     " AND max_ns < :before_ns LIMIT 1",
	[STMT_PRUNE_EVENTS] =
		"DELETE FROM event WHERE id BETWEEN :first AND :last",
	[STMT_PRUNE_DIGEST] = "DELETE FROM digest WHERE block < :end",
	[STMT_PRUNE_POSTING] = "DELETE FROM posting WHERE id < :end",
	[STMT_PRUNE_BATCH_JOIN] =
		"UPDATE batch SET last_event = b.last_event,"
		" min_ns = min(batch.min_ns, b.min_ns),"
		" max_ns = max(batch.max_ns, b.max_ns),"
		" batches = coalesce(batch.batches, 1) + 1,"
		" packets = batch.packets + b.packets,"
		" bytes = batch.bytes + b.bytes, commit_ns = b.commit_ns,"
		" last_conversation = b.last_conversation, pruned_ns = :now_ns"
		" FROM (SELECT * FROM batch WHERE first_event = :first) b"
		" WHERE batch.first_event = (SELECT max(first_event)"
		" FROM batch WHERE first_event < :first)"
		" AND batch.pruned_ns IS NOT NULL"
		" AND batch.min_ns / 3600000000000 = b.min_ns / 3600000000000",
	[STMT_PRUNE_BATCH_DROP] =
		"DELETE FROM batch WHERE first_event = :first",
	[STMT_PRUNE_BATCH_MARK] = "UPDATE batch SET pruned_ns = :now_ns"
				  " WHERE first_event = :first",
	/* of n hours or minutes at a time */
	[STMT_PRUNE_TALLY] =
		"DELETE FROM tally WHERE span = :span AND start < :before"
		" AND start < :n + (SELECT min(start) FROM tally"
		" WHERE span = :span)",
	[STMT_PRUNE_SEEN] =
		"DELETE FROM seen WHERE span = :span AND start < :before"
		" AND start < :n + (SELECT min(start) FROM seen"
		" WHERE span = :span)",
	[STMT_PRUNE_TALKER] = "DELETE FROM talker WHERE hour < :before"
			      " AND hour = (SELECT min(hour) FROM talker)",
	/* the first conversation that began later */
	[STMT_BATCH_BEFORE] = "SELECT coalesce(last_conversation + 1, (SELECT"
			      " first_conversation FROM proof)) FROM batch"
			      " WHERE first_event < :first_event"
			      " ORDER BY first_event DESC LIMIT 1",
	[STMT_NEXT_CONVERSATION] = "SELECT id, minute FROM conversation"
				   " WHERE id >= :from ORDER BY id LIMIT 1",
	[STMT_PRUNE_CONVERSATIONS] = "DELETE FROM conversation WHERE " GONE,
	[STMT_COUNT_CONVERSATIONS] =
		"SELECT count(*) FROM conversation WHERE " GONE,
	/* not as tables: these would be parsed each time */
	[STMT_PAGES_ALL] = "PRAGMA page_count",
	[STMT_PAGES_FREE] = "PRAGMA freelist_count",
	[STMT_PAGE_SIZE] = "PRAGMA page_size",
};
