-- SPDX-License-Identifier: GPL-2.0-or-later
-- A day of a shop's networks, for a report to look at; some of the names are
-- what an attacker would choose. Goes into a database made of schema.sql.

INSERT INTO session (start_ns, stop_ns, pid, nflog_group, version) VALUES
	(1795381200000000000, 1795420800000000000, 811, 1, '0.1.0'),
	(1795421400000000000, NULL, 1022, 1, '0.1.0');

INSERT INTO network (docker_id, name, bridge, internal, created_ns) VALUES
	('a1', 'shop_front', 'br-aaaaaaaaaaaa', 0, 1),
	('b1', 'shop_data', 'br-bbbbbbbbbbbb', 1, 1),
	('c1', 'monitoring', 'br-cccccccccccc', 0, 1),
	('d1', 'bridge', 'docker0', 0, 1),
	('e1', '<script>alert(1)</script>', 'br-eeeeeeeeeeee', 0, 1),
	('f1', 'a_network_whose_name_is_far_longer_than_any_column_of_a_table', 'br-ffffffffffff', 0, 1),
	('g1', '"><img src=x onerror=alert(2)>' || char(0x202e) || char(27) || '[31m', 'br-999999999999', 0, 1);
INSERT INTO interface (name) SELECT bridge FROM network ORDER BY id;
INSERT INTO interface (name) VALUES ('eth0');

INSERT INTO rule (id, family, "table", chain, text, verdict, first_ns)
SELECT 4096 + id, 4, 'filter', 'DOCKER-ISOLATION-STAGE-2',
	'-o ' || bridge || ' -j DROP', 1, 1795381200000000000 FROM network;
INSERT INTO rule (id, family, "table", chain, text, verdict, first_ns) VALUES
	(8192, 4, 'filter', 'DOCKER', '-d 172.18.0.2/32 ! -i br-aaaaaaaaaaaa -o br-aaaaaaaaaaaa -p tcp -m tcp --dport 443 -j ACCEPT', 2, 1795381200000000000),
	(8193, 4, 'inet', 'forward', 'ct state new </style><script>alert(3)</script>', 3, 1795381200000000000);

INSERT INTO coverage (rule, variant, state, from_ns, to_ns, cause, missed)
SELECT id, 'nft', 'watched', 1795381200000000000, 1795420800000000000, NULL, NULL FROM rule;
INSERT INTO coverage (rule, variant, state, from_ns, to_ns, cause, missed)
SELECT id, 'nft', 'unwatched', 1795420800000000000, 1795421400000000000, 'daemon down', iif(id = 4098, 12, 0) FROM rule;
INSERT INTO coverage (rule, variant, state, from_ns, to_ns, cause, missed)
SELECT id, 'nft', 'watched', 1795421400000000000, NULL, NULL, NULL FROM rule;
INSERT INTO gap (from_ns, to_ns, packets, cause, detail, rule) VALUES
	(1795420800000000000, 1795421400000000000, 12, 'daemon down', NULL, 4098),
	(1795450000000000000, 1795450001000000000, NULL, 'netlink', 'a test''s "gap" & more', NULL);
INSERT INTO finding (from_ns, to_ns, subject, detail) VALUES
	(1795421400000000000, NULL, 'docker', 'rules of </td></table> nobody knows');
INSERT INTO probe (sent_ns, src_network, dst_network, src_ip, dst_ip, src_port,
	dst_port, seen_ns, logged_ns, rule, verdict, arrived, named) VALUES
	(1795450000000000000, 1, 2, 2886860801, 2886926337, 40000, 50000,
		1795450000000100000, 1795450000011000000, 4098, 1, 0, 1),
	(1795450000000000000, 2, 3, 2886860801, 2886926337, 40001, 50001,
		1795450000000100000, 1795450001011000000, 4098, 1, 0, 1),
	(1795450000000000000, 1, 3, 2886860801, 2886926337, 40002, 50002,
		NULL, NULL, NULL, NULL, 1, 0);

INSERT INTO path (rule, verdict, in_if, out_if, src_network, dst_network, first_ns)
SELECT 4096 + d.id, 1, s.id, d.id, s.id, d.id, 1795381200000000000
FROM network s, network d WHERE s.id <> d.id AND (s.id * 5 + d.id * 3) % 4 <> 0;
INSERT INTO path (rule, verdict, in_if, out_if, src_network, dst_network, first_ns) VALUES
	(8192, 2, 8, 1, NULL, 1, 1795381200000000000),
	(8193, 3, 3, 2, 3, 2, 1795381200000000000);

INSERT INTO container (docker_id, name, image, project, service, from_ns) VALUES
	('c0ffee', 'web<b>1</b>', 'nginx', 'shop', 'web', 1);
INSERT INTO endpoint (container, network, ip4, mac, from_ns) VALUES
	(1, 1, -1408106494, '02:42:ac:12:00:02', 1);
INSERT INTO conversation (path, src_ip, dst_ip, service, minute, last_hour, src_endpoint, spoofed)
SELECT id, -1408106494 + id, -1408040958 + id, 6 << 16 | 443, 29923000, 498740, NULL, NULL FROM path WHERE verdict = 2;
INSERT INTO conversation (path, src_ip, dst_ip, service, minute, last_hour, src_endpoint, spoofed)
SELECT id, -1408040900, -1408040958, 6 << 16 | 5432, 29923100, 498740, 1, 1 FROM path WHERE verdict = 1 LIMIT 1;

-- Readers: one who was root by then, one who broke off, one who was too many.
INSERT INTO reading (from_ns, to_ns, uid, gid, pid, auid, user, login, verb, command, rows, exit, reads) VALUES
	(1795424400000000000, 1795424401000000000, 0, 0, 4711, 1000, 'root', 'alice', 'log', 'log --to-port 5432', 1200, 0, 1),
	(1795428000000000000, 1795428005000000000, 1001, 999, 4712, NULL, 'bob<i>', NULL, 'follow', 'follow', NULL, NULL, 1),
	(1795431600000000000, 1795431700000000000, 54321, 999, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 140);

-- Some packets in every hour, with a flood in one of them.
WITH RECURSIVE hour (n) AS (SELECT 498717 UNION ALL SELECT n + 1 FROM hour WHERE n < 498741),
service (s) AS (VALUES (6 << 16 | 5432), (6 << 16 | 443), (17 << 16 | 53), (1 << 16 | 2048))
INSERT INTO tally (span, start, path, service, packets, bytes, begun, first_ns, last_ns)
SELECT 1, n, p.id, s, 1 + (p.id * 7919 + s * 31 + n * 104729) % (20 * p.id) + iif(p.id = 2 AND n = 498730, 40000, 0),
	60 * (1 + (p.id * 7919 + s * 31 + n * 104729) % (20 * p.id)), 1 + n % 3, n * 3600000000000 + 1, n * 3600000000000 + 3500000000000
FROM hour CROSS JOIN path p CROSS JOIN service
WHERE (p.id + s + n) % 3 = 0 AND (p.verdict <> 2 OR s = (6 << 16 | 443)) AND (p.id <> 5 OR n > 498735);
INSERT INTO tally (span, start, path, service, packets, bytes, begun, first_ns, last_ns)
SELECT 2, start * 60, path, service, packets, bytes, begun, first_ns, first_ns + 1 FROM tally WHERE span = 1;
-- The packets that these are the sums of; one commit.
INSERT INTO conversation (path, src_ip, dst_ip, service, minute, last_hour)
SELECT path, -1408106494 + path, -1408040958 + path, service, min(start) * 60, max(start)
FROM tally WHERE span = 1 GROUP BY path, service;
INSERT INTO event (conversation, time_ns, detail, packets)
SELECT max(c.id), t.first_ns, 60 << 32 | 2 << 16 | 40000, t.packets
FROM tally t JOIN conversation c ON c.path = t.path AND c.service = t.service
WHERE t.span = 1 GROUP BY t.start, t.path, t.service ORDER BY t.first_ns;
INSERT INTO batch (first_event, last_event, min_ns, max_ns, packets, bytes, commit_ns)
SELECT min(id), max(id), min(time_ns), max(time_ns), sum(packets), sum(60 * packets), max(time_ns) FROM event;
