-- bridgeaudit's database, version 1. The one source of the schema: the logger
-- embeds this file, and whoever opens audit.db with sqlite3 may live on it.
--
-- Times are nanoseconds since the epoch, UTC. A packet's time is the kernel's
-- receive stamp where it gave one. Addresses are in network order: IPv4 as a
-- signed 32-bit integer (four bytes on disk), IPv6 as a 16-byte blob.
-- Ids only grow and are never used twice.

PRAGMA application_id = 0x42724175; -- "BrAu"
PRAGMA user_version = 1;

-- One run of the logger. stop_ns stays NULL while it runs, and for good when
-- it was killed.
CREATE TABLE session (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	start_ns    INTEGER NOT NULL,
	stop_ns     INTEGER,
	pid         INTEGER NOT NULL,
	nflog_group INTEGER NOT NULL,
	version     TEXT NOT NULL
) STRICT;

-- A Docker bridge network in the time it was there. A bridge name that is used
-- again by another network makes another row.
CREATE TABLE network (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	docker_id  TEXT NOT NULL UNIQUE,
	name       TEXT NOT NULL,
	bridge     TEXT NOT NULL,
	internal   INTEGER NOT NULL,
	created_ns INTEGER NOT NULL,
	gone_ns    INTEGER            -- first time it was seen to be missing
) STRICT;

-- Interface names, each once.
CREATE TABLE interface (
	id   INTEGER PRIMARY KEY AUTOINCREMENT,
	name TEXT NOT NULL UNIQUE
) STRICT;

-- A verdict rule of Docker's. id is a hash of family, table, chain and text,
-- the same on every host and after every restart; rows are never removed, so
-- the rule that decided an old packet can always be read.
CREATE TABLE rule (
	id       INTEGER PRIMARY KEY,
	family   INTEGER NOT NULL,    -- 4, 6
	"table"  TEXT NOT NULL,
	chain    TEXT NOT NULL,
	text     TEXT NOT NULL,       -- as iptables-save prints it, without -A CHAIN
	verdict  INTEGER NOT NULL,    -- 1 drop, 2 accept, 3 pass
	first_ns INTEGER NOT NULL,    -- first seen
	dst_bridge TEXT               -- what it protects, where the kernel names
	                              -- no out interface (raw PREROUTING)
) STRICT;

-- The NFLOG twin of each rule as the keeper last saw it: counters that did not
-- change since checked_ns are written again once a minute only.
CREATE TABLE twin (
	rule         INTEGER NOT NULL REFERENCES rule (id),
	variant      TEXT NOT NULL,    -- nft, legacy
	state        TEXT NOT NULL,    -- in place, missing, gone
	since_ns     INTEGER NOT NULL, -- in that state since
	checked_ns   INTEGER NOT NULL,
	rule_packets INTEGER NOT NULL, -- kernel counters at checked_ns
	twin_packets INTEGER NOT NULL,
	PRIMARY KEY (rule, variant)
) STRICT, WITHOUT ROWID;

-- From when to when an audited rule was watched, each rule from its first sight
-- to its removal without a hole; to_ns is NULL while it lasts. watched: its
-- twin was in place and the logger listened. unwatched: not. overlogged: the
-- twin outlived its rule; packets that it logged then were not decided by it.
CREATE TABLE coverage (
	id      INTEGER PRIMARY KEY AUTOINCREMENT,
	rule    INTEGER NOT NULL REFERENCES rule (id),
	variant TEXT NOT NULL,
	state   TEXT NOT NULL,
	from_ns INTEGER NOT NULL,
	to_ns   INTEGER,
	cause   TEXT,              -- of unwatched and overlogged
	missed  INTEGER            -- of unwatched: packets that the rule
	                           -- counted meanwhile, each also in gap; NULL:
	                           -- not known (yet)
) STRICT;
CREATE INDEX coverage_time ON coverage (to_ns, from_ns, rule, state, missed);
CREATE INDEX coverage_rule ON coverage (rule, variant, to_ns);
CREATE INDEX coverage_unknown ON coverage (rule)
	WHERE state = 'unwatched' AND missed IS NULL;
CREATE INDEX coverage_overlogged ON coverage (rule, from_ns, to_ns)
	WHERE state = 'overlogged';

-- A rule's packets since its account was opened. When it is quiet, its
-- counters (the sum of twin.rule_packets) are base + rows + lost + missed -
-- overlogged. base is NULL while that can't be compared.
CREATE TABLE account (
	rule       INTEGER PRIMARY KEY REFERENCES rule (id),
	base       INTEGER,
	rows       INTEGER NOT NULL, -- in event
	lost       INTEGER NOT NULL, -- on the way to the logger
	missed     INTEGER NOT NULL, -- not watched
	overlogged INTEGER NOT NULL  -- logged and not counted
) STRICT;

-- What repeats from packet to packet: who, to whom, by which rule.
CREATE TABLE conversation (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	verdict     INTEGER NOT NULL,
	rule        INTEGER NOT NULL,  -- may precede its row in rule
	in_if       INTEGER REFERENCES interface (id),
	out_if      INTEGER REFERENCES interface (id),
	src_network INTEGER REFERENCES network (id),
	dst_network INTEGER REFERENCES network (id),
	src_ip      ANY,
	dst_ip      ANY,
	proto       INTEGER,           -- IANA protocol number
	dst_port    INTEGER,           -- ICMP: type * 256 + code
	first_ns    INTEGER NOT NULL
) STRICT;
-- NULLs are distinct in an index, hence the coalescing.
CREATE UNIQUE INDEX conversation_key ON conversation (
	coalesce(src_ip, 0), coalesce(dst_ip, 0), coalesce(dst_port, -1),
	coalesce(proto, -1), rule, verdict,
	coalesce(in_if, 0), coalesce(out_if, 0),
	coalesce(src_network, 0), coalesce(dst_network, 0)
);

-- One logged packet.
CREATE TABLE event (
	id           INTEGER PRIMARY KEY,
	time_ns      INTEGER NOT NULL,
	conversation INTEGER NOT NULL REFERENCES conversation (id),
	src_port     INTEGER,
	length       INTEGER NOT NULL,  -- IP length in bytes
	tcp_flags    INTEGER,
	ttl          INTEGER,           -- IPv6: hop limit
	marks        INTEGER NOT NULL   -- 1 fragment, 2 truncated, 4 malformed
	                                -- (overlogged: see v_event)
) STRICT;

-- One commit: the time index of event, and the proof of what belongs together.
CREATE TABLE batch (
	first_event INTEGER PRIMARY KEY,
	last_event  INTEGER NOT NULL,
	min_ns      INTEGER NOT NULL,
	max_ns      INTEGER NOT NULL,
	packets     INTEGER NOT NULL,
	bytes       INTEGER NOT NULL,
	commit_ns   INTEGER NOT NULL
) STRICT;
CREATE INDEX batch_time ON batch (max_ns, min_ns);

-- Packets per minute and conversation. minute is time_ns / 60e9.
CREATE TABLE tally (
	minute       INTEGER NOT NULL,
	conversation INTEGER NOT NULL REFERENCES conversation (id),
	packets      INTEGER NOT NULL,
	bytes        INTEGER NOT NULL,
	first_ns     INTEGER NOT NULL,
	last_ns      INTEGER NOT NULL,
	PRIMARY KEY (minute, conversation)
) STRICT, WITHOUT ROWID;

-- What the log did not see. packets is NULL where nobody can know the number.
CREATE TABLE gap (
	id      INTEGER PRIMARY KEY AUTOINCREMENT,
	from_ns INTEGER NOT NULL,
	to_ns   INTEGER NOT NULL,
	packets INTEGER,
	cause   TEXT NOT NULL,
	detail  TEXT,
	rule    INTEGER REFERENCES rule (id) -- NULL: of several rules
) STRICT;

-- What the keeper can't audit, and since when. to_ns is NULL while it lasts.
CREATE TABLE finding (
	id      INTEGER PRIMARY KEY AUTOINCREMENT,
	from_ns INTEGER NOT NULL,
	to_ns   INTEGER,
	subject TEXT NOT NULL,
	detail  TEXT NOT NULL
) STRICT;

-- Every packet in words: the columns are the fields of `bridgeaudit log -o
-- jsonl`, time_ns and conversation besides. IPv6 addresses are
-- uncompressed here.
CREATE VIEW v_event AS
SELECT
	e.id,
	strftime('%Y-%m-%dT%H:%M:%S', e.time_ns / 1000000000, 'unixepoch')
		|| printf('.%09dZ', e.time_ns % 1000000000) AS time,
	CASE c.verdict WHEN 1 THEN 'drop' WHEN 2 THEN 'accept' WHEN 3 THEN 'pass'
		END AS verdict,
	r.chain,
	printf('%012x', c.rule) AS rule_id,
	r.text AS rule,
	i.name AS in_if,
	o.name AS out_if,
	s.name AS src_network,
	d.name AS dst_network,
	CASE typeof(c.src_ip) WHEN 'integer' THEN
		printf('%d.%d.%d.%d', c.src_ip >> 24 & 255, c.src_ip >> 16 & 255,
			c.src_ip >> 8 & 255, c.src_ip & 255)
	WHEN 'blob' THEN lower(
		substr(hex(c.src_ip), 1, 4) || ':' || substr(hex(c.src_ip), 5, 4)
		|| ':' || substr(hex(c.src_ip), 9, 4) || ':'
		|| substr(hex(c.src_ip), 13, 4) || ':'
		|| substr(hex(c.src_ip), 17, 4) || ':'
		|| substr(hex(c.src_ip), 21, 4) || ':'
		|| substr(hex(c.src_ip), 25, 4) || ':'
		|| substr(hex(c.src_ip), 29, 4))
	END AS src_ip,
	CASE typeof(c.dst_ip) WHEN 'integer' THEN
		printf('%d.%d.%d.%d', c.dst_ip >> 24 & 255, c.dst_ip >> 16 & 255,
			c.dst_ip >> 8 & 255, c.dst_ip & 255)
	WHEN 'blob' THEN lower(
		substr(hex(c.dst_ip), 1, 4) || ':' || substr(hex(c.dst_ip), 5, 4)
		|| ':' || substr(hex(c.dst_ip), 9, 4) || ':'
		|| substr(hex(c.dst_ip), 13, 4) || ':'
		|| substr(hex(c.dst_ip), 17, 4) || ':'
		|| substr(hex(c.dst_ip), 21, 4) || ':'
		|| substr(hex(c.dst_ip), 25, 4) || ':'
		|| substr(hex(c.dst_ip), 29, 4))
	END AS dst_ip,
	CASE c.proto WHEN 1 THEN 'icmp' WHEN 2 THEN 'igmp' WHEN 6 THEN 'tcp'
		WHEN 17 THEN 'udp' WHEN 33 THEN 'dccp' WHEN 47 THEN 'gre'
		WHEN 50 THEN 'esp' WHEN 51 THEN 'ah' WHEN 58 THEN 'ipv6-icmp'
		WHEN 132 THEN 'sctp' WHEN 136 THEN 'udplite'
		ELSE CAST(c.proto AS TEXT) END AS proto,
	e.src_port,
	CASE WHEN c.proto NOT IN (1, 58) THEN c.dst_port END AS dst_port,
	CASE WHEN c.proto IN (1, 58) THEN c.dst_port >> 8 END AS icmp_type,
	CASE WHEN c.proto IN (1, 58) THEN c.dst_port & 255 END AS icmp_code,
	nullif(ltrim(
		CASE WHEN e.tcp_flags & 1 THEN ',FIN' ELSE '' END
		|| CASE WHEN e.tcp_flags & 2 THEN ',SYN' ELSE '' END
		|| CASE WHEN e.tcp_flags & 4 THEN ',RST' ELSE '' END
		|| CASE WHEN e.tcp_flags & 8 THEN ',PSH' ELSE '' END
		|| CASE WHEN e.tcp_flags & 16 THEN ',ACK' ELSE '' END
		|| CASE WHEN e.tcp_flags & 32 THEN ',URG' ELSE '' END
		|| CASE WHEN e.tcp_flags & 64 THEN ',ECE' ELSE '' END
		|| CASE WHEN e.tcp_flags & 128 THEN ',CWR' ELSE '' END, ','), '')
		AS tcp_flags,
	e.length,
	e.ttl,
	nullif(ltrim(
		CASE WHEN e.marks & 1 THEN ',fragment' ELSE '' END
		|| CASE WHEN e.marks & 2 THEN ',truncated' ELSE '' END
		|| CASE WHEN e.marks & 4 THEN ',malformed' ELSE '' END
		|| CASE WHEN EXISTS (SELECT 1 FROM coverage w
			INDEXED BY coverage_overlogged WHERE w.rule = c.rule AND w.state = 'overlogged'
			AND w.from_ns <= e.time_ns AND w.to_ns > e.time_ns)
		THEN ',overlogged' ELSE '' END, ','), '') AS marks,
	e.time_ns,
	e.conversation
FROM event e
JOIN conversation c ON c.id = e.conversation
LEFT JOIN rule r ON r.id = c.rule
LEFT JOIN interface i ON i.id = c.in_if
LEFT JOIN interface o ON o.id = c.out_if
LEFT JOIN network s ON s.id = c.src_network
LEFT JOIN network d ON d.id = c.dst_network;

-- Who tried to reach whom, over all time. A side that is no Docker network
-- shows its interface in parentheses.
CREATE VIEW v_matrix AS
SELECT
	coalesce(s.name, '(' || i.name || ')', '(unknown)') AS src_network,
	coalesce(d.name, '(' || o.name || ')', '(unknown)') AS dst_network,
	CASE c.verdict WHEN 1 THEN 'drop' WHEN 2 THEN 'accept' WHEN 3 THEN 'pass'
		END AS verdict,
	sum(t.packets) AS packets,
	count(DISTINCT t.conversation) AS conversations,
	strftime('%Y-%m-%dT%H:%M:%SZ', min(t.first_ns) / 1000000000, 'unixepoch')
		AS first_seen,
	strftime('%Y-%m-%dT%H:%M:%SZ', max(t.last_ns) / 1000000000, 'unixepoch')
		AS last_seen
FROM tally t
JOIN conversation c ON c.id = t.conversation
LEFT JOIN interface i ON i.id = c.in_if
LEFT JOIN interface o ON o.id = c.out_if
LEFT JOIN network s ON s.id = c.src_network
LEFT JOIN network d ON d.id = c.dst_network
GROUP BY 1, 2, 3
ORDER BY packets DESC;
