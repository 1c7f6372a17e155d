-- SPDX-License-Identifier: GPL-2.0-or-later
-- Gives what fill.c laid down the names that docs/questions.md asks for: two
-- networks of a shop, an outside, and a container behind each address.

UPDATE network SET name = 'frontend' WHERE name = 'net03';
UPDATE network SET name = 'database' WHERE name = 'net04';
UPDATE network SET name = 'jobs' WHERE name = 'net05';

INSERT INTO interface (name) VALUES ('eth0');
UPDATE path SET src_network = NULL,
	in_if = (SELECT id FROM interface WHERE name = 'eth0')
	WHERE src_network = (SELECT id FROM network WHERE name = 'net00');
-- and what comes from there wants a published port
UPDATE conversation SET service = 6 << 16 | 8080
	WHERE service = 6 << 16 | 53 AND path IN
	(SELECT id FROM path WHERE src_network IS NULL);
UPDATE tally SET service = 6 << 16 | 8080
	WHERE service = 6 << 16 | 53 AND path IN
	(SELECT id FROM path WHERE src_network IS NULL);
-- what passed from the frontend to the database behind all of Docker's rules
UPDATE path SET verdict = 3 WHERE id IN (SELECT p.id FROM path p
	JOIN network s ON s.id = p.src_network
	JOIN network d ON d.id = p.dst_network
	WHERE s.name IN ('net10', 'frontend') AND d.name <> 'database');

-- ten in each network: fill.c's 10.N.0.2 and so on, by the order of networks
WITH RECURSIVE i (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM i WHERE i < 9)
INSERT INTO container (docker_id, name, image, project, service, from_ns)
	SELECT printf('%064x', n.id * 100 + i),
	CASE WHEN n.name = 'frontend' AND i = 1 THEN 'web'
		WHEN n.name = 'frontend' AND i = 3 THEN 'app'
		WHEN n.name = 'database' AND i = 1 THEN 'db'
		ELSE n.name || '-' || i END,
	iif(n.name = 'database', 'mariadb', 'nginx'),
	iif(n.name IN ('frontend', 'database'), 'shop', n.name),
	CASE WHEN n.name = 'database' THEN 'db' WHEN i = 0 THEN 'app'
		ELSE 'web' END, 1
	FROM network n CROSS JOIN i;
INSERT INTO endpoint (container, network, ip4, mac, from_ns)
	SELECT k.id, n.id,
	(10 << 24) + ((n.id - 1) << 16) + 2 + (k.id - 1) % 10,
	printf('02:42:0a:%02x:00:%02x', n.id - 1, 2 + (k.id - 1) % 10), 1
	FROM container k JOIN network n ON n.id = 1 + (k.id - 1) / 10;
CREATE TEMP TABLE owner AS SELECT ip4, id FROM endpoint;
CREATE UNIQUE INDEX temp.owner_ip ON owner (ip4);
UPDATE conversation SET
	src_endpoint = (SELECT id FROM owner WHERE ip4 = src_ip),
	dst_endpoint = (SELECT id FROM owner WHERE ip4 = dst_ip);
UPDATE conversation SET spoofed = 1 WHERE id % 1000 = 7;
-- web was called otherwise, until an hour ago
UPDATE container SET to_ns = (SELECT max(max_ns) FROM batch) - 3600000000000
	WHERE name = 'web';
INSERT INTO container (docker_id, name, image, project, service, from_ns)
	SELECT docker_id, 'www', image, project, service, to_ns FROM container
	WHERE name = 'web';

-- each rule is watched all the time, but one, which Docker flushed for a minute
UPDATE twin SET checked_ns = (SELECT max(max_ns) FROM batch);
UPDATE coverage SET to_ns = (SELECT max(checked_ns) FROM twin) - 7200000000000
	WHERE rule = (SELECT max(id) FROM rule);
INSERT INTO coverage (rule, variant, state, from_ns, to_ns, cause, missed)
	SELECT rule, 'nft', 'unwatched', to_ns, to_ns + 60000000000,
	'flushed', 0 FROM coverage WHERE to_ns IS NOT NULL;
INSERT INTO coverage (rule, variant, state, from_ns)
	SELECT rule, 'nft', 'watched', to_ns FROM coverage WHERE cause IS NOT NULL;
