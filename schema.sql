-- bridgeaudit's database, version 2. The one source of the schema: the logger
-- embeds this file, and whoever opens audit.db with sqlite3 may live on it.
-- v_event and v_matrix show what is in it in words.
--
-- Times are nanoseconds since the epoch, UTC. A packet's time is the kernel's
-- receive stamp where it gave one. Addresses are in network order: IPv4 as a
-- signed 32-bit integer (four bytes on disk), IPv6 as a 16-byte blob.
-- Ids only grow and are never used twice.
--
-- The layout serves a million packets a second: rows of event and conversation
-- are only ever appended, and no index of them is kept.

PRAGMA application_id = 0x42724175; -- "BrAu"
PRAGMA user_version = 2;

-- One run of the logger. stop_ns stays NULL while it runs, and for good when
-- it was killed.
CREATE TABLE session (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	start_ns    INTEGER NOT NULL,
	stop_ns     INTEGER,
	pid         INTEGER NOT NULL,
	nflog_group INTEGER NOT NULL,
	version     TEXT NOT NULL,
	-- what it was told of its disk, as in bridgeaudit.conf(5)
	retain_days       INTEGER,    -- 0: any age
	retain_bytes      INTEGER,    -- 0: any size
	space_left        TEXT,
	space_left_action TEXT,
	disk_full_action  TEXT,
	-- where it ran; NULL: not known. host_id is made of /etc/machine-id
	-- and tells nothing of it (logger/machine.h)
	host_name TEXT,
	host_id   TEXT
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
-- the same on every host and after every restart; no row is removed that
-- anything refers to, so the rule that decided a packet can always be read.
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
) STRICT;

-- From when to when an audited rule was watched, each rule from its first sight
-- to its removal without a hole; to_ns is NULL while it lasts. watched: its
-- twin was in place and the logger listened. unwatched: not. overlogged: the
-- twin outlived its rule, or rules ahead of it changed; of the packets that it
-- logged then others may have decided.
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
	rows       INTEGER NOT NULL, -- in event: the sum of packets
	lost       INTEGER NOT NULL, -- on the way to the logger
	missed     INTEGER NOT NULL, -- not watched
	overlogged INTEGER NOT NULL  -- logged and not counted
) STRICT;

-- What Docker said a container was, in the time it did: a rename or another
-- label makes another row. Times are of Docker's events where there were any;
-- a change that happened while nobody looked has the time it was found.
CREATE TABLE container (
	id        INTEGER PRIMARY KEY AUTOINCREMENT,
	docker_id TEXT NOT NULL,
	name      TEXT NOT NULL,
	image     TEXT,
	project   TEXT,               -- of compose, or a swarm stack
	service   TEXT,               -- of compose, or swarm
	from_ns   INTEGER NOT NULL,
	to_ns     INTEGER             -- NULL: so it is
) STRICT;
CREATE INDEX container_ended ON container (to_ns) WHERE to_ns IS NOT NULL;

-- A container's place in a network, in the time it had it: with an address as
-- Docker said. Without one it is how a sender was seen: mac is what its packets
-- had, and port the port of the bridge (veth) that they came in by. container
-- is NULL when that is nobody Docker knows; else port tells that it was found
-- by it, and a mac that is not the container's that it wrote a false one.
CREATE TABLE endpoint (
	id        INTEGER PRIMARY KEY AUTOINCREMENT,
	container INTEGER REFERENCES container (id),
	network   INTEGER REFERENCES network (id), -- NULL: none of Docker's
	ip4       INTEGER,            -- as conversation.src_ip
	ip6       BLOB,
	mac       TEXT,               -- 02:42:ac:12:00:02
	port      TEXT,               -- '': it was gone when its name was asked
	was       INTEGER,            -- row that was named so late; NULL: none
	from_ns   INTEGER NOT NULL,
	to_ns     INTEGER,            -- NULL: it is there
	last_conversation INTEGER     -- once it ended: no higher id refers to it
) STRICT;
CREATE INDEX endpoint_open ON endpoint (id) WHERE to_ns IS NULL;
CREATE INDEX endpoint_ended ON endpoint (to_ns) WHERE to_ns IS NOT NULL;
CREATE INDEX endpoint_container ON endpoint (container);

-- Which way packets took: the rule that decided, and the networks on both
-- sides as they were then.
CREATE TABLE path (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	rule        INTEGER NOT NULL,  -- may precede its row in rule
	verdict     INTEGER NOT NULL,  -- 1 drop, 2 accept, 3 pass
	in_if       INTEGER REFERENCES interface (id),
	out_if      INTEGER REFERENCES interface (id),
	src_network INTEGER REFERENCES network (id),
	dst_network INTEGER REFERENCES network (id),
	first_ns    INTEGER NOT NULL,
	probe       INTEGER            -- 1: of test packets of ours; they are
	                               -- counted apart, and not in v_matrix
) STRICT;
CREATE INDEX path_rule ON path (rule);

-- What repeats from packet to packet: who, to whom, which way. The logger
-- remembers the last half a million of them; one that comes back after it was
-- forgotten is a conversation of its own. service is
--    proto << 16 | port      protocol and destination port; ICMP: type << 8 | code
--    -1 - proto              a protocol without ports, or a fragment of one
--    -257                    not even the protocol is known
CREATE TABLE conversation (
	path    INTEGER NOT NULL REFERENCES path (id),
	src_ip  ANY,
	dst_ip  ANY,
	service INTEGER NOT NULL,
	minute  INTEGER NOT NULL,    -- of its first packet: time_ns / 60e9
	-- who it was: NULL where that is not known, or no container
	src_endpoint INTEGER REFERENCES endpoint (id),
	dst_endpoint INTEGER REFERENCES endpoint (id),
	spoofed INTEGER,             -- 1: src_ip or the MAC was not its own
	last_hour INTEGER,           -- it was seen in after that of minute
	id      INTEGER PRIMARY KEY  -- last, as that of event
) STRICT;

-- One logged packet, or so many of one batch that are the same but for their
-- time (see the finding "load"): then it is the time of the first. detail is
--    source port | TCP flags << 16 | TTL or hop limit << 24 | IP length << 32
--    | marks << 52 (1 fragment, 2 truncated, 4 malformed; overlogged: see
--    v_event)
--    | 1 << 55 when it is TCP, but cut off before the flags
-- The source port is there when service has a port that is not ICMP's.
CREATE TABLE event (
	conversation INTEGER NOT NULL REFERENCES conversation (id),
	time_ns      INTEGER NOT NULL,
	detail       INTEGER NOT NULL,
	packets      INTEGER NOT NULL,
	-- last: an INSERT that leaves it out then copies no values about
	id           INTEGER PRIMARY KEY
) STRICT;

-- One commit: the time index of event, and the proof of what belongs together.
-- When its events are removed because of their age or number the row stays, or
-- becomes one with others of the same hour, and much later of 30 days.
CREATE TABLE batch (
	first_event INTEGER PRIMARY KEY,
	last_event  INTEGER NOT NULL,
	min_ns      INTEGER NOT NULL,
	max_ns      INTEGER NOT NULL,
	packets     INTEGER NOT NULL,
	bytes       INTEGER NOT NULL,
	commit_ns   INTEGER NOT NULL,
	last_conversation INTEGER,  -- highest id given to one until then
	pruned_ns   INTEGER,        -- when its events were removed
	batches     INTEGER         -- that became this row; NULL: one
) STRICT;
CREATE INDEX batch_time ON batch (max_ns, min_ns);
-- What is there yet, oldest first, and what is not.
CREATE INDEX batch_kept ON batch (first_event) WHERE pruned_ns IS NULL;
CREATE INDEX batch_pruned ON batch (max_ns, min_ns) WHERE pruned_ns IS NOT NULL;

-- What is in events, for whoever does not want to read them all: once a block
-- of 16384 of them (id >> 14) is full. One that has no row here is read itself.
-- entries: numbers of seven bits a byte, the lowest first, the high bit saying
-- that more follow (LEB128). For each conversation in the block, by its id:
--    how much higher its id is than the one before it
--    packets, bytes, first time - min_ns, last time - first time
-- sums stands for those with ids from begun on, which began in the block, when
-- there are many: first how they are put together (0 by path, source and
-- service, 1 by path and source, 2 by path), then of each group
--    how much higher the id of one of it is than that of the group before it,
--    or than begun; twice the number of its conversations, and 1 more when
--    they are of different services; and as above
CREATE TABLE digest (
	block   INTEGER PRIMARY KEY,
	min_ns  INTEGER NOT NULL,
	max_ns  INTEGER NOT NULL,
	entries BLOB NOT NULL,
	begun   INTEGER,
	sums    BLOB
) STRICT;

-- And where they are. id is block << 6 | conversation % 64; entries, for each
-- such conversation, as above:
--    how much higher its id / 64 is than the one before it, twice, and 1 more
--    when it has several events; then how many
--    for each event how much higher its id % 16384 is than the one before it
CREATE TABLE posting (
	id      INTEGER PRIMARY KEY,
	entries BLOB NOT NULL
) STRICT;

-- From addresses to conversations, once a block of 16384 of these (id >> 14) is
-- full. The key of an address is the FNV-1a hash (32 bits) of its 4 or 16
-- bytes, 0 for none. id is block << 7 | side << 6 | key % 64, side 0 the
-- source's and 1 the destination's; entries as those of posting, with the key
-- for the event's conversation, and conversations for events.
CREATE TABLE address_posting (
	id      INTEGER PRIMARY KEY,
	entries BLOB NOT NULL
) STRICT;

-- Packets per path and service: of all time (span 0, start 0), of each hour
-- (span 1, start is time_ns / 3600e9) and of each minute (span 2, start is
-- time_ns / 60e9). begun counts the conversations whose first packet is among
-- them. Of the services that one commit adds to a path only those with the
-- most packets have rows of their own, all others are in service -258.
CREATE TABLE tally (
	span     INTEGER NOT NULL,
	start    INTEGER NOT NULL,
	path     INTEGER NOT NULL REFERENCES path (id),
	service  INTEGER NOT NULL,
	packets  INTEGER NOT NULL,
	bytes    INTEGER NOT NULL,
	begun    INTEGER NOT NULL,
	first_ns INTEGER NOT NULL,
	last_ns  INTEGER NOT NULL,
	PRIMARY KEY (span, start, path, service)
) STRICT, WITHOUT ROWID;

-- Which conversations went on: those seen in an hour (span 1) or minute (span
-- 2) that is not the one in which they began. With tally.begun this is how
-- many different ones there were in any window.
CREATE TABLE seen (
	span         INTEGER NOT NULL,
	start        INTEGER NOT NULL,
	conversation INTEGER NOT NULL REFERENCES conversation (id),
	PRIMARY KEY (span, start, conversation)
) STRICT, WITHOUT ROWID;

-- Packets per hour, path and source address. Of the addresses that one hour
-- adds only so many have rows of their own, all others are src_ip ''.
CREATE TABLE talker (
	hour    INTEGER NOT NULL,    -- time_ns / 3600e9
	path    INTEGER NOT NULL REFERENCES path (id),
	src_ip  ANY NOT NULL,        -- '' also for what has no address
	packets INTEGER NOT NULL,
	bytes   INTEGER NOT NULL,
	PRIMARY KEY (hour, path, src_ip)
) STRICT, WITHOUT ROWID;

-- What the log did not see. packets is NULL where nobody can know the number.
-- When the packets of its time are removed, the gaps of one cause and 30 days
-- become one with their sum: what was lost stays counted.
CREATE TABLE gap (
	id      INTEGER PRIMARY KEY AUTOINCREMENT,
	from_ns INTEGER NOT NULL,
	to_ns   INTEGER NOT NULL,
	packets INTEGER,
	cause   TEXT NOT NULL,
	detail  TEXT,
	rule    INTEGER REFERENCES rule (id), -- NULL: of several rules
	gaps    INTEGER -- that became this row by retention; NULL: none did
) STRICT;

-- Test packets that the logger sent from one network to another, and what
-- became of each. verdict, rule and the times are NULL when none was logged.
CREATE TABLE probe (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	sent_ns     INTEGER NOT NULL,
	src_network INTEGER REFERENCES network (id),
	dst_network INTEGER REFERENCES network (id),
	src_ip      ANY NOT NULL,      -- as conversation.src_ip
	dst_ip      ANY NOT NULL,
	src_port    INTEGER NOT NULL,
	dst_port    INTEGER NOT NULL,  -- of TCP
	seen_ns     INTEGER,           -- the kernel's time of its first row
	logged_ns   INTEGER,           -- when that was committed; NULL also for
	                               -- one that was not when it was over
	rule        INTEGER,
	verdict     INTEGER,           -- pass, when any row of it says so
	arrived     INTEGER NOT NULL,  -- 1: somebody asked for dst_ip there
	named       INTEGER NOT NULL   -- 1: its row has both networks' names
) STRICT;

-- Who read this log with bridgeaudit while a logger ran. Who reads the file in
-- another way is not here.
CREATE TABLE reading (
	id      INTEGER PRIMARY KEY AUTOINCREMENT,
	from_ns INTEGER NOT NULL,
	to_ns   INTEGER,          -- NULL: it goes on, or outlived the logger
	-- what the kernel said of the process
	uid     INTEGER NOT NULL, -- effective
	gid     INTEGER NOT NULL,
	pid     INTEGER,          -- NULL: of several
	auid    INTEGER,          -- that logged in; NULL: none, or not known
	user    TEXT,             -- of uid, and login of auid, as /etc/passwd
	login   TEXT,             -- had them then
	-- what the process said of itself
	verb    TEXT,             -- NULL: only counted, see reads
	command TEXT,             -- its words as for a shell, perhaps cut
	rows    INTEGER,          -- that it printed; NULL: not said
	exit    INTEGER,          -- its status; NULL: not said, so it was killed
	reads   INTEGER NOT NULL  -- 1; or readings that were too many to be
	                          -- rows, and messages that were none
) STRICT;
CREATE INDEX reading_time ON reading (from_ns);
CREATE INDEX reading_open ON reading (id) WHERE to_ns IS NULL;

-- What the keeper can't audit, and since when. to_ns is NULL while it lasts.
CREATE TABLE finding (
	id      INTEGER PRIMARY KEY AUTOINCREMENT,
	from_ns INTEGER NOT NULL,
	to_ns   INTEGER,
	subject TEXT NOT NULL,
	detail  TEXT NOT NULL
) STRICT;
CREATE INDEX finding_open ON finding (id) WHERE to_ns IS NULL;

-- The evidence, docs/evidence.md: what was committed can't be changed unseen.
-- One row, written when the chain begins: what was there before is not proven,
-- nor is what retention removed.
CREATE TABLE proof (
	id                   INTEGER PRIMARY KEY CHECK (id = 1),
	log                  BLOB NOT NULL,    -- random: which log it is
	first_event          INTEGER NOT NULL, -- older ones are not in the chain
	first_conversation   INTEGER NOT NULL,
	begun_ns             INTEGER NOT NULL,
	removed_seq          INTEGER NOT NULL, -- the chain is kept after it;
	                                       -- 0: all of it
	removed_conversation INTEGER NOT NULL, -- below it only those in journal
	removed_checkpoint   INTEGER NOT NULL, -- the highest id that is gone
	removed_ns           INTEGER NOT NULL  -- before it only gaps, names and
	                                       -- sums that are still needed
) STRICT;

-- A link for each commit; seq has no hole from proof.removed_seq on. Of that
-- one only the hash, from which the next is hashed on, says anything.
CREATE TABLE chain (
	seq         INTEGER PRIMARY KEY,
	time_ns     INTEGER NOT NULL,
	first_event INTEGER,       -- the batch that it committed, if there is one
	events      BLOB,          -- hash of the batch's row and its events
	first_conversation INTEGER, -- and those that began in it, if any did
	last_conversation  INTEGER,
	conversations BLOB,        -- hash of these
	hash        BLOB NOT NULL  -- of this link and the one before
) STRICT;
CREATE INDEX chain_conversation ON chain (last_conversation)
	WHERE last_conversation IS NOT NULL;

-- Hashes of the rows that a commit wrote or changed, as they were then; all
-- zero of one that it removed. item says of which table, key is the rowid.
-- Before a link is removed, rows that it proves get another entry.
CREATE TABLE journal (
	seq  INTEGER NOT NULL,
	item INTEGER NOT NULL,
	key  INTEGER NOT NULL,
	hash BLOB NOT NULL,
	PRIMARY KEY (seq, item, key)
) STRICT, WITHOUT ROWID;
-- The last entry of a row, of those tables that any commit may change.
CREATE INDEX journal_row ON journal (item, key)
	WHERE item < 12 OR item = 22;

-- One row: what twin and account, which change all the time, are since seq.
CREATE TABLE state (
	id   INTEGER PRIMARY KEY CHECK (id = 1),
	seq  INTEGER NOT NULL,
	hash BLOB NOT NULL
) STRICT;

-- Links that were signed. key is the public one of Ed25519.
CREATE TABLE checkpoint (
	id        INTEGER PRIMARY KEY, -- without a hole
	seq       INTEGER NOT NULL,
	time_ns   INTEGER NOT NULL, -- when it was signed
	hash      BLOB NOT NULL,    -- chain.hash
	state     BLOB NOT NULL,    -- state.hash then
	key       BLOB NOT NULL,
	signature BLOB NOT NULL
) STRICT;
CREATE INDEX checkpoint_seq ON checkpoint (seq);

-- Conversations with their service taken apart, and the names of then.
CREATE VIEW v_conversation AS
SELECT c.id, c.path, c.src_ip, c.dst_ip, c.service, c.minute,
	CASE WHEN c.service >= 0 THEN c.service >> 16
		WHEN c.service > -257 THEN -1 - c.service END AS proto,
	CASE WHEN c.service >= 0 THEN c.service & 65535 END AS port,
	s.name AS src_container, d.name AS dst_container,
	s.service AS src_service, d.service AS dst_service,
	s.project AS src_project, d.project AS dst_project,
	s.image AS src_image, d.image AS dst_image, c.spoofed,
	substr(s.docker_id, 1, 12) AS src_container_id,
	substr(d.docker_id, 1, 12) AS dst_container_id,
	se.mac AS src_mac, de.mac AS dst_mac
FROM conversation c
LEFT JOIN endpoint se ON se.id = c.src_endpoint
LEFT JOIN endpoint de ON de.id = c.dst_endpoint
LEFT JOIN container s ON s.id = se.container
LEFT JOIN container d ON d.id = de.container;

-- Every packet in words: the columns are the fields of `bridgeaudit log -o
-- jsonl`, and some besides. IPv6 addresses are uncompressed here.
CREATE VIEW v_event AS
SELECT
	e.id,
	strftime('%Y-%m-%dT%H:%M:%S', e.time_ns / 1000000000, 'unixepoch')
		|| printf('.%09dZ', e.time_ns % 1000000000) AS time,
	CASE p.verdict WHEN 1 THEN 'drop' WHEN 2 THEN 'accept' WHEN 3 THEN 'pass'
		END AS verdict,
	r.chain,
	printf('%012x', p.rule) AS rule_id,
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
	CASE WHEN c.port >= 0 AND c.proto NOT IN (1, 58)
		THEN e.detail & 65535 END AS src_port,
	CASE WHEN c.proto NOT IN (1, 58) THEN c.port END AS dst_port,
	CASE WHEN c.proto IN (1, 58) THEN c.port >> 8 END AS icmp_type,
	CASE WHEN c.proto IN (1, 58) THEN c.port & 255 END AS icmp_code,
	CASE WHEN c.proto = 6 AND c.port >= 0 AND NOT e.detail >> 55 & 1 THEN
		nullif(ltrim(
		CASE WHEN e.detail >> 16 & 1 THEN ',FIN' ELSE '' END
		|| CASE WHEN e.detail >> 17 & 1 THEN ',SYN' ELSE '' END
		|| CASE WHEN e.detail >> 18 & 1 THEN ',RST' ELSE '' END
		|| CASE WHEN e.detail >> 19 & 1 THEN ',PSH' ELSE '' END
		|| CASE WHEN e.detail >> 20 & 1 THEN ',ACK' ELSE '' END
		|| CASE WHEN e.detail >> 21 & 1 THEN ',URG' ELSE '' END
		|| CASE WHEN e.detail >> 22 & 1 THEN ',ECE' ELSE '' END
		|| CASE WHEN e.detail >> 23 & 1 THEN ',CWR' ELSE '' END, ','),
		'') END AS tcp_flags,
	e.detail >> 32 & 131071 AS length,
	CASE WHEN c.src_ip IS NOT NULL THEN e.detail >> 24 & 255 END AS ttl,
	nullif(ltrim(
		CASE WHEN e.detail >> 52 & 1 THEN ',fragment' ELSE '' END
		|| CASE WHEN e.detail >> 53 & 1 THEN ',truncated' ELSE '' END
		|| CASE WHEN e.detail >> 54 & 1 THEN ',malformed' ELSE '' END
		|| CASE WHEN EXISTS (SELECT 1 FROM coverage w
			INDEXED BY coverage_overlogged WHERE w.rule = p.rule AND w.state = 'overlogged'
			AND w.from_ns <= e.time_ns AND w.to_ns > e.time_ns)
		THEN ',overlogged' ELSE '' END
		|| CASE WHEN p.probe THEN ',probe' ELSE '' END, ','), '') AS marks,
	CASE WHEN e.packets > 1 THEN e.packets END AS collapsed,
	c.src_container,
	c.dst_container,
	c.src_service,
	c.dst_service,
	c.src_project,
	c.dst_project,
	c.src_image,
	c.dst_image,
	c.spoofed,
	c.src_container_id,
	c.dst_container_id,
	c.src_mac,
	c.dst_mac,
	e.time_ns,
	e.conversation,
	e.packets
FROM event e
JOIN v_conversation c ON c.id = e.conversation
JOIN path p ON p.id = c.path
LEFT JOIN rule r ON r.id = p.rule
LEFT JOIN interface i ON i.id = p.in_if
LEFT JOIN interface o ON o.id = p.out_if
LEFT JOIN network s ON s.id = p.src_network
LEFT JOIN network d ON d.id = p.dst_network;

-- Who tried to reach whom, over all time. A side that is no Docker network
-- shows its interface in parentheses.
CREATE VIEW v_matrix AS
SELECT
	coalesce(s.name, '(' || i.name || ')', '(unknown)') AS src_network,
	coalesce(d.name, '(' || o.name || ')', '(unknown)') AS dst_network,
	CASE p.verdict WHEN 1 THEN 'drop' WHEN 2 THEN 'accept' WHEN 3 THEN 'pass'
		END AS verdict,
	sum(t.packets) AS packets,
	sum(t.begun) AS conversations,
	strftime('%Y-%m-%dT%H:%M:%SZ', min(t.first_ns) / 1000000000, 'unixepoch')
		AS first_seen,
	strftime('%Y-%m-%dT%H:%M:%SZ', max(t.last_ns) / 1000000000, 'unixepoch')
		AS last_seen
FROM tally t
JOIN path p ON p.id = t.path
LEFT JOIN interface i ON i.id = p.in_if
LEFT JOIN interface o ON o.id = p.out_if
LEFT JOIN network s ON s.id = p.src_network
LEFT JOIN network d ON d.id = p.dst_network
WHERE t.span = 0 AND p.probe IS NULL
GROUP BY 1, 2, 3
ORDER BY packets DESC;
