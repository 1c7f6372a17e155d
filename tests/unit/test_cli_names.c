// SPDX-License-Identifier: GPL-2.0-or-later
/* Containers in what the verbs show, and as what is asked for. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"

/* TALK_BACK has names, TALK_MYSQL none. */
static int set_up(void **state)
{
	static const struct packet packets[] = {
		{ CLI_NOW - 300 * NS_PER_S, TALK_MYSQL },
		{ CLI_NOW - 200 * NS_PER_S, TALK_BACK },
	};
	int r = cli_fixture_set_up(state);

	if (r != 0)
		return r;
	cli_fixture_commit(packets, ARRAY_SIZE(packets));
	cli_fixture_sql(
		"INSERT INTO container VALUES (1, 'aa', 'shop-db-1', 'mysql',"
		" 'shop', 'db', 1, NULL), (2, 'bb', char(27) || 'web',"
		" 'nginx', NULL, NULL, 1, NULL);"
		"INSERT INTO endpoint (id, container, network, ip4, ip6,"
		" mac, from_ns, to_ns, last_conversation) SELECT 1, 1, id, 1, NULL,"
		" '02:42:ac:12:00:03', 1, NULL, NULL FROM network"
		" WHERE name = 'shop_db' LIMIT 1;"
		"INSERT INTO endpoint (id, container, network, ip4, ip6,"
		" mac, from_ns, to_ns, last_conversation) SELECT 2, 2, id, 2, NULL,"
		" '02:42:ac:12:00:02', 1, NULL, NULL FROM network"
		" WHERE name = 'shop_web' LIMIT 1;"
		"UPDATE conversation SET src_endpoint = 1, dst_endpoint = 2,"
		" spoofed = 1 WHERE id = 4"); /* TALK_BACK */
	return 0;
}

static bool has(const struct cli_result *r, const char *text)
{
	return strstr(r->out, text) != NULL;
}

static void every_format_has_the_names(void **state)
{
	const struct cli_result *r;

	(void)state;
	r = cli_fixture_run("log -o jsonl --container shop-db-1");
	assert_true(has(r, "\"src_container\":\"shop-db-1\","));
	assert_true(has(r, "\"src_service\":\"db\",\"src_project\":\"shop\","
			   "\"src_image\":\"mysql\",\"dst_image\":\"nginx\","
			   "\"spoofed\":1,\"src_container_id\":\"aa\","
			   "\"dst_container_id\":\"bb\",\"src_mac\":"
			   "\"02:42:ac:12:00:03\",\"dst_mac\":"
			   "\"02:42:ac:12:00:02\"}"));
	r = cli_fixture_run("log -o text --from-service db");
	assert_true(has(r, "shop/db (172.18.0.3) in network shop_db, which is "
			   "not its address, tried udp port 53 of \\x1bweb "
			   "(192.168.144.2) in network shop_web;"));
	assert_true(has(r, "docker network connect shop_web shop-db-1"));
	r = cli_fixture_run("log -o compact --to-image nginx");
	assert_true(has(r, "shop_db shop-db-1 172.18.0.3:40000 -> "
			   "shop_web \\x1bweb 192.168.144.2:53 udp spoofed"));
	r = cli_fixture_run("log -o table --spoofed");
	assert_true(has(r, "shop_db shop-db-1 172.18.0.3"));
	r = cli_fixture_run("log -o ecs --project shop");
	assert_true(has(r,
			"\"docker\":{\"source\":{\"network\":\"shop_db\","
			"\"container\":\"shop-db-1\",\"container_id\":\"aa\","
			"\"project\":\"shop\",\"service\":\"db\","
			"\"image\":\"mysql\"}"));
	r = cli_fixture_run("log -o ocsf --mac 02:42:ac:12:00:03");
	assert_true(has(r, "\"src_endpoint\":{\"name\":\"shop-db-1\","));
}

#define TASK_ID ".szs655up9puhha4wtqokmmjdn"
#define SENTENCE "log -o text --from-container shop_db.1*"

/* A task is the swarm's: "docker network connect" is not for it. */
static void a_task_of_a_swarm_has_the_swarm_s_remedies(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql("UPDATE container SET name = 'shop_db.1" TASK_ID "',"
			" service = 'shop_db' WHERE id = 1;"
			"UPDATE conversation SET spoofed = NULL");
	r = cli_fixture_run(SENTENCE);
	assert_true(has(r, ": shop_db.1 (172.18.0.3) in network shop_db "
			   "tried udp port 53 of \\x1bweb (192.168.144.2)"));
	assert_true(has(r, " To allow it: put both on one overlay network "
			   "(docker service update --network-add NETWORK "
			   "SERVICE).\n"));
	cli_fixture_sql("UPDATE container SET name = 'web.node.1" TASK_ID "',"
			" service = 'web.node' WHERE id = 2");
	r = cli_fixture_run(SENTENCE);
	assert_true(has(r, " of web.node.1 (192.168.144.2)"));
	assert_true(has(
		r,
		" SERVICE); or publish the port and use the host's "
		"address: docker service update --publish-add 53:53/udp web.node.\n"));
}

/* Neither a network nor a published port gets a packet past DOCKER-USER. */
static void what_the_user_forbids_docker_can_not_allow(void **state)
{
	static const char *const asked[] = { "log -o text --to-port 3306",
					     "log -o text --to-port 53" };

	(void)state;
	cli_fixture_sql("UPDATE network SET internal = 0;"
			"UPDATE rule SET chain = 'DOCKER-USER', verdict = 1;"
			"UPDATE path SET verdict = 1, dst_network = NULL"
			" WHERE dst_network = 1");
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++)
		assert_non_null(strstr(cli_fixture_run(asked[i])->out,
				       "of chain DOCKER-USER. To allow it: "
				       "change that rule, which is not "
				       "Docker's.\n"));
}

/* A network's own rules stop what claims to be from elsewhere, icc or not. */
static void icc_is_not_what_an_internal_network_lacks(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql("UPDATE path SET dst_network = src_network;"
			"UPDATE rule SET chain = 'FORWARD'");
	r = cli_fixture_run("log -o text --to-port 3306");
	assert_true(has(r,
			" of chain FORWARD. To allow it: make the network "
			"with com.docker.network.bridge.enable_icc=true.\n"));
	cli_fixture_sql("UPDATE rule SET chain = 'DOCKER-ISOLATION-STAGE-1'");
	r = cli_fixture_run("log -o text --to-port 3306");
	assert_true(has(r, " of chain DOCKER-ISOLATION-STAGE-1.\n"));
	cli_fixture_sql("UPDATE rule SET chain = 'DOCKER-INTERNAL'");
	r = cli_fixture_run("log -o text --to-port 3306");
	assert_true(has(r, " of chain DOCKER-INTERNAL.\n"));
}

/* What only looks like a task's name is none. */
static void a_dot_in_a_name_makes_no_task(void **state)
{
	static const char *const names[] = {
		"shop_db.1.szs655up9puhha4wtqokmmjd",
		"shop_db.szs655up9puhha4wtqokmmjdn",
		"shop_db.1.SZS655up9puhha4wtqokmmjdn",
		"shop_dbx.1" TASK_ID,
		"other.1" TASK_ID,
	};
	char sql[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(sql, sizeof(sql),
			 "UPDATE container SET name = '%s',"
			 " service = 'shop_db' WHERE id = 1",
			 names[i]);
		cli_fixture_sql(sql);
		assert_true(has(cli_fixture_run("log -o text"),
				"shop/shop_db (172.18.0.3) in network"));
		assert_true(has(cli_fixture_run("log -o text"),
				"docker network connect shop_web "));
	}
}

/* Nobody can be connected to it. */
static void docker_gwbridge_is_no_network_to_connect_to(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql("UPDATE network SET name = 'docker_gwbridge' WHERE"
			" name = 'shop_web'");
	r = cli_fixture_run("log -o text");
	assert_false(has(r, "network connect"));
	assert_true(has(r, "put both on one overlay network (docker service "));
}

static void what_is_counted_can_be_counted_by_container(void **state)
{
	const struct cli_result *r;

	(void)state;
	r = cli_fixture_run("top --by container -o jsonl --spoofed");
	assert_true(has(r, "\"src_container\":\"shop-db-1\""));
	assert_true(has(r, "\"packets\":"));
	r = cli_fixture_run("matrix --by service -o jsonl --from-service db");
	assert_true(has(r, "\"src_service\":\"db\""));
	assert_int_equal(r->code, EXITCODE_OK);
}

/* TALK_HTTP is from eth0, nobody knows whose TALK_UNKNOWN is; web is of no
 * service. */
static void what_is_outside_is_not_unknown(void **state)
{
	static const struct packet more[] = {
		{ CLI_NOW - 100 * NS_PER_S, TALK_HTTP },
		{ CLI_NOW - 90 * NS_PER_S, TALK_UNKNOWN },
	};
	static const char db_to_web[] =
		"{\"src_container\":\"shop-db-1\",\"src_service\":\"db\","
		"\"dst_service\":\"\",\"packets\":1}\n";
	const struct cli_result *r;

	(void)state;
	cli_fixture_commit(more, ARRAY_SIZE(more));
	r = cli_fixture_run("matrix --by service -o table");
	assert_true(has(r, "\n(eth0) ?  accept        1"));
	assert_true(has(r, "\n?      ?  drop          2"));
	assert_true(has(r, "\ndb     -  drop          1"));
	r = cli_fixture_run("matrix --by container -o dot");
	assert_true(has(r, "(eth0)"));
	r = cli_fixture_run("timeline --step 1h --by src_container");
	assert_true(has(r, "(eth0)"));
	r = cli_fixture_run("diff -S 110s --by src_container,port");
	assert_true(has(r, "\nnew    (eth0) "));
	assert_true(has(r, "\nnew    ? "));
	r = cli_fixture_run("matrix --by container -o csv --fields "
			    "src_container,src_external,packets");
	assert_true(has(r, "\r\n,eth0,1\r\n"));
	assert_true(has(r, "\r\n,,2\r\n"));
	r = cli_fixture_run("top --by src_service,dst_service -o csv --fields "
			    "src_service,dst_service");
	assert_true(has(r, "\r\ndb,\"\"\r\n"));
	/* each field once, though both dimensions of a side have it */
	r = cli_fixture_run("top --by src_container,service -o jsonl --fields"
			    " src_container,src_service,src_external,"
			    "dst_service,packets");
	assert_true(has(r, "{\"src_external\":\"eth0\",\"packets\":1}\n"));
	assert_true(has(r, db_to_web));
	r = cli_fixture_run("top --by container,service -o json");
	assert_true(has(r, "{\"src_external\":\"eth0\",\"packets\":"));
	r = cli_fixture_run("top --by container,service,project -o json");
	assert_true(has(r, "{\"src_external\":\"eth0\",\"packets\":"));
	r = cli_fixture_run("top --by from,in_if -o csv");
	assert_memory_equal(r->out, "src_network,in_if,packets,", 26);
	assert_true(has(r, "\r\nshop_web,br-aaaaaaaaaaaa,1,"));
	assert_true(has(r, "\r\n,eth0,1,"));
}

/* What top has written is what diff has, also of whom nobody knows. */
static void a_baseline_knows_who_is_outside(void **state)
{
	static const struct packet more[] = {
		{ CLI_NOW - 100 * NS_PER_S, TALK_HTTP },
	};
	const struct cli_result *r;
	char args[192], name[128];
	FILE *file;

	(void)state;
	cli_fixture_commit(more, ARRAY_SIZE(more));
	r = cli_fixture_run("top --by container,service -n 0 -o jsonl");
	snprintf(name, sizeof(name), "%s-known", cli_fixture_db());
	file = fopen(name, "we");
	assert_non_null(file);
	fputs(r->out, file);
	assert_int_equal(fclose(file), 0);
	snprintf(args, sizeof(args),
		 "diff --by container,service --baseline %s", name);
	r = cli_fixture_run(args);
	unlink(name);
	assert_string_equal(r->err, "nothing is new, gone or much more\n");
}

static void unknown_containers_get_a_hint_and_others_are_not_selected(
	void **state)
{
	const struct cli_result *r;

	(void)state;
	r = cli_fixture_run("log --container shop-db-2");
	assert_int_equal(r->code, EXITCODE_USAGE);
	assert_non_null(strstr(r->err, "shop-db-1"));
	r = cli_fixture_run("log -o jsonl --not --container shop-db-1");
	assert_false(has(r, "shop-db-1"));
	assert_true(has(r, "{\"id\":1,")); /* unknown is not that one */
	r = cli_fixture_run("log --to-container shop-db-1");
	assert_int_equal(r->code, EXITCODE_NOTHING);
	r = cli_fixture_run("values container");
	assert_string_equal(r->out, "\\x1bweb\nshop-db-1\n");
}

/* The container 1 is called otherwise since 21:18, and was before 1970. */
static void names_are_those_of_the_time_that_is_asked_for(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql(
		"UPDATE container SET to_ns = 1795468680000000000 WHERE id = 1;"
		"INSERT INTO container VALUES (3, 'aa', 'maria', 'mariadb',"
		" 'store', 'sql', 1795468680000000000, NULL),"
		" (4, 'cc', 'late', NULL, NULL, NULL, 1795468700000000000,"
		" NULL)");
	r = cli_fixture_run("log -o jsonl --spoofed");
	assert_true(has(r, "\"src_container\":\"shop-db-1\""));
	r = cli_fixture_run("log -o jsonl --spoofed --as-of now");
	assert_true(has(r, "\"src_container\":\"maria\""));
	assert_true(has(r, "\"src_service\":\"sql\",\"src_project\":"
			   "\"store\",\"src_image\":\"mariadb\""));
	assert_true(has(r, "\"dst_container\":\"\\u001Bweb\""));
	r = cli_fixture_run("log -o jsonl --spoofed --as-of 21:17");
	assert_true(has(r, "\"src_container\":\"shop-db-1\""));
	/* it was not there then */
	r = cli_fixture_run("log -o jsonl --spoofed --as-of 1970-01-01");
	assert_true(has(r, "\"src_container\":\"shop-db-1\""));
	/* filters, counts, hints and lists mean the same names */
	r = cli_fixture_run("top --by container -o jsonl --as-of now"
			    " --from-container maria");
	assert_true(has(r, "\"src_container\":\"maria\""));
	r = cli_fixture_run("matrix --by container --container shop-db-1"
			    " --as-of now");
	assert_int_equal(r->code, EXITCODE_USAGE);
	r = cli_fixture_run("values container --as-of now");
	assert_string_equal(r->out, "\\x1bweb\nlate\nmaria\n");
	r = cli_fixture_run("show 2 --as-of now");
	assert_true(has(r, "store/sql (172.18.0.3)"));
	r = cli_fixture_run(
		"diff -S 1h --by from,container --as-of now -o csv");
	assert_true(has(r, "maria"));
	assert_int_equal(cli_fixture_run("log --as-of whenever")->code,
			 EXITCODE_USAGE);
}

/* Both sides with their time, and the conversation apart from its path. */
static void show_says_who_both_were_and_since_when(void **state)
{
	static const struct packet more[] = {
		{ CLI_NOW - 100 * NS_PER_S, TALK_BACK },
		{ CLI_NOW - 90 * NS_PER_S, TALK_UNKNOWN + 1 },
	};
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql("UPDATE container SET docker_id ="
			" '0123456789abcdef0123456789abcdef' WHERE id = 1;"
			"UPDATE endpoint SET from_ns = 1795468000000000000,"
			" to_ns = 1795468700000000000 WHERE id = 1;"
			/* another address on the same way to the same port */
			"INSERT INTO conversation (path, src_ip, dst_ip,"
			" service, minute) SELECT path, 1, dst_ip, service, 0"
			" FROM conversation WHERE id = 4");
	cli_fixture_commit(more, ARRAY_SIZE(more));
	r = cli_fixture_run("show 2");
	assert_true(has(r, "        container shop-db-1, id 0123456789ab, "
			   "image mysql, project shop, service db, mac "
			   "02:42:ac:12:00:03\n        from 2026-11-23 "
			   "21:06:40.000 to 2026-11-23 21:18:20.000\n"));
	assert_true(has(r,
			"        container \\x1bweb, id bb, image nginx, mac "
			"02:42:ac:12:00:02\n"));
	assert_true(has(r,
			"history this conversation: 2 packets, 120 bytes, "
			"first 2026-11-23 21:15:37.000, last 2026-11-23 "
			"21:17:17.000\n        all on this way to this port: "
			"3 packets, 180 bytes,"));
	assert_true(has(r, "        found by its address and mac; the packet "
			   "came with mac 02:42:ac:12:00:03\n"));
	r = cli_fixture_run("show 2 -o json");
	assert_true(has(r, "\"source\":{\"network\":{\"name\":\"shop_db\","));
	assert_true(has(r, "\"container\":{\"name\":\"shop-db-1\",\"id\":"
			   "\"0123456789abcdef0123456789abcdef\","));
	assert_true(has(r, "\"conversation\":{\"packets\":2,"));
}

/* Found by its veth, with the MAC that it forged; and a stranger's MAC. */
static void show_says_how_the_sender_was_found(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql(
		"INSERT INTO endpoint (id, container, network, mac, port,"
		" from_ns) SELECT 3, container, network, '02:42:ac:12:00:99',"
		" 'veth12ab34c', from_ns FROM endpoint WHERE id = 1;"
		"INSERT INTO endpoint (id, mac, from_ns) VALUES"
		" (4, '0a:00:00:00:00:01', 1);"
		"UPDATE conversation SET src_endpoint = 3 WHERE id = 4;"
		"UPDATE conversation SET src_endpoint = 4 WHERE id = 1");
	r = cli_fixture_run("show 2");
	assert_true(has(r, "service db, mac 02:42:ac:12:00:03\n"));
	assert_true(has(r, "        found by its veth; the packet came in by "
			   "veth12ab34c with mac 02:42:ac:12:00:99\n"));
	r = cli_fixture_run("show 2 -o json");
	assert_true(has(r, "\"seen\":{\"mac\":\"02:42:ac:12:00:99\","
			   "\"port\":\"veth12ab34c\",\"by\":\"veth\"}"));
	r = cli_fixture_run("log -o jsonl --mac 02:42:ac:12:00:99");
	assert_true(has(r, "\"src_container\":\"shop-db-1\""));
	assert_true(has(r, "\"src_mac\":\"02:42:ac:12:00:99\""));
	r = cli_fixture_run("log -o jsonl --from-mac 0a:00:00:00:00:01");
	assert_true(has(r, "\"src_mac\":\"0a:00:00:00:00:01\""));
	assert_false(has(r, "src_container"));
	assert_true(has(cli_fixture_run("status"),
			"\nspoofed   1 of the last 5 conversations"));
}

/* A side is known by its container, or as an interface that is none's. */
static void status_counts_the_sides_that_nobody_knows(void **state)
{
	(void)state;
	/* TALK_BACK has names, TALK_HTTP comes from eth0 */
	assert_true(has(cli_fixture_run("status"),
			"\nunknown   source of 3, destination of 4 of the last "
			"5 conversations\n"));
	assert_true(has(cli_fixture_run("status -o json"),
			"\"unknown\":{\"conversations\":5,\"src\":3,"
			"\"dst\":4}"));
	/* nobody has the addresses that test packets of ours come from */
	cli_fixture_sql("UPDATE path SET probe = 1 WHERE id = (SELECT path"
			" FROM conversation WHERE src_endpoint IS NULL AND"
			" dst_endpoint IS NULL ORDER BY id DESC LIMIT 1)");
	assert_true(has(cli_fixture_run("status"),
			"\nunknown   source of 2, destination of 3 of the last "
			"4 conversations\n"));
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, set_up, cli_fixture_tear_down)
	const struct CMUnitTest tests[] = {
		T(every_format_has_the_names),
		T(a_task_of_a_swarm_has_the_swarm_s_remedies),
		T(what_the_user_forbids_docker_can_not_allow),
		T(icc_is_not_what_an_internal_network_lacks),
		T(a_dot_in_a_name_makes_no_task),
		T(docker_gwbridge_is_no_network_to_connect_to),
		T(what_is_counted_can_be_counted_by_container),
		T(what_is_outside_is_not_unknown),
		T(a_baseline_knows_who_is_outside),
		T(names_are_those_of_the_time_that_is_asked_for),
		T(show_says_who_both_were_and_since_when),
		T(show_says_how_the_sender_was_found),
		T(status_counts_the_sides_that_nobody_knows),
		T(unknown_containers_get_a_hint_and_others_are_not_selected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
