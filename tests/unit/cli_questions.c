// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/cli_questions.h"

#include "lib/text.h"
#include "tests/unit/cli_fixture.h"

#define S NS_PER_S

const char *const cli_questions[] = {
	"matrix",
	"matrix -o json",
	"matrix -o jsonl",
	"matrix -o csv",
	"matrix -o grid",
	"matrix -o dot --by container",
	"matrix -o mermaid",
	"matrix -o svg --by ip",
	"log",
	"log -o compact",
	"log -o json --as-of now",
	"log -o jsonl -r",
	"log -o csv -S 400s",
	"log -o ecs",
	"log -o ocsf",
	"log -o text",
	"log -o pcap",
	"log -n 2 --network shop_web --port 3306",
	"log --container shop-db-1 --first 3",
	"top --by network,ip,port",
	"top -o json -s ports",
	"top -o jsonl --by container,service",
	"top -o csv -s bytes",
	"timeline --step 1s --by rule",
	"timeline -o json",
	"timeline -o jsonl -S 400s",
	"timeline -o csv",
	"diff -S 300s",
	"diff -S 300s -o json",
	"diff -S 300s -o jsonl",
	"diff -S 300s -o csv --by container",
	"show 3",
	"show 3 -o json",
	"values network",
	"values container",
	"status",
	"status -o json",
	"rules",
	"rules -o json",
	"rules -o jsonl",
	"rules -o csv --all",
	"probe --all",
	"probe --all -o csv",
	"reads",
	"reads -S 400s --user 1000 -o json",
	"reads -o jsonl",
	"reads -o csv",
	"verify",
	"verify -o json",
	"report -o html",
	"report -o md --framework soc2",
	"report -o json -S 300s",
	"follow -o csv --timeout 1s --cursor 1 --exit-on-match",
	"follow -o jsonl --timeout 1s --cursor 1 --exit-on-match",
};

const size_t cli_questions_count = ARRAY_SIZE(cli_questions);
const size_t cli_questions_but_follow = ARRAY_SIZE(cli_questions) - 2;

/* TALK_MYSQL's own id is 1. Rules, twins and what else the verbs read. */
static const char more_sql[] =
	"INSERT INTO container VALUES (1, printf('%064d', 1), 'shop-db-1',"
	" 'mysql', 'shop', 'db', 1, NULL), (2, printf('%064d', 2), 'web',"
	" 'nginx', NULL, NULL, 1, NULL);"
	"INSERT INTO endpoint (id, container, network, ip4, ip6, mac,"
	" from_ns, to_ns) VALUES (1, 1, 2, NULL, NULL,"
	" '02:42:ac:12:00:03', 1, NULL), (2, 2, 1, NULL, NULL,"
	" '02:42:ac:12:00:02', 1, NULL);"
	"UPDATE conversation SET src_endpoint = 2, dst_endpoint = 1"
	" WHERE id = 1;"
	"INSERT INTO session (start_ns, stop_ns, pid, nflog_group, version)"
	" VALUES (1795468000000000000, 1795468737000000000, 1, 5, '0.1.0');"
	"INSERT INTO twin VALUES (291, 'nft', 'in place', 1, 1, 5, 5);"
	"INSERT INTO gap (from_ns, to_ns, packets, cause) VALUES"
	" (1795468336000000000, 1795468338000000000, 12, 'sequence');"
	"INSERT INTO coverage (rule, variant, state, from_ns, to_ns, cause)"
	" VALUES (291, 'nft', 'unwatched', 1795468336000000000,"
	" 1795468338000000000, 'flushed');"
	"INSERT INTO probe (sent_ns, src_network, dst_network, src_ip, dst_ip,"
	" src_port, dst_port, seen_ns, logged_ns, rule, verdict, arrived, named)"
	" VALUES (1795468336000000000, 1, 2, 1, 2, 3, 4, 1795468336000000000,"
	" 1795468336020000000, 291,"
	" 1, 0, 1);"
	"INSERT INTO reading (from_ns, to_ns, uid, gid, pid, auid, user, login,"
	" verb, command, rows, exit, reads) VALUES (1795468336000000000,"
	" 1795468336000000000, 0, 0, 1, 1000, 'root', 'alice', 'log', 'log',"
	" 5, 0, 1), (1795468337000000000, NULL, 1000, 1000, NULL, NULL, NULL,"
	" NULL, NULL, NULL, NULL, NULL, 3);"
	"INSERT INTO finding (from_ns, subject, detail) VALUES (1, 'load',"
	" 'too much')";

int cli_questions_set_up(void **state)
{
	int r = cli_fixture_set_up(state);
	struct packet packets[64];

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(packets); i++)
		packets[i] = (struct packet){ CLI_NOW - (600 - 5 * i) * S,
					      TALK_MYSQL + (int)i % 5 };
	for (size_t i = 0; i < ARRAY_SIZE(packets); i += 16)
		cli_fixture_commit(packets + i, 16);
	cli_fixture_sql(more_sql);
	cli_fixture_sql("PRAGMA wal_checkpoint(TRUNCATE)");
	return 0;
}
