// SPDX-License-Identifier: GPL-2.0-or-later
/* The formats of events: what is in them, and that others can read them. */
#include <jansson.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/event/words.h"
#include "cli/output/community_id.h"
#include "cli/output/output.h"
#include "lib/exitcode.h"
#include "lib/text.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/cmocka_all.h"

/* The n-th line, from 0, as JSON; the caller releases it. */
static json_t *line(const struct cli_result *r, size_t n)
{
	const char *at = r->out;
	json_error_t error;
	json_t *json;

	while (n-- > 0)
		at = strchr(at, '\n') + 1;
	json = json_loads(at, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES,
			  &error);
	if (!json)
		fail_msg("%s in %s", error.text, at);
	return json;
}

/* The member at a path such as "event.type.1". */
static json_t *at(json_t *json, const char *path)
{
	char words[128], *rest = words, *word;

	str_copy(words, sizeof(words), path);
	while (json && (word = strsep(&rest, ".")))
		json = json_is_array(json)
			       ? json_array_get(json, strtoul(word, NULL, 10))
			       : json_object_get(json, word);
	return json;
}

/* Path and value; a value of digits is a number, of "" something absent. */
struct member {
	const char *path;
	const char *value;
	bool number;
};

static void expect(json_t *json, const struct member *m, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		json_t *v = at(json, m[i].path);

		if (!*m[i].value)
			assert_null(v);
		else if (m[i].number && json_is_integer(v))
			assert_int_equal(json_integer_value(v),
					 atoll(m[i].value));
		else if (json_is_string(v))
			assert_string_equal(json_string_value(v), m[i].value);
		else
			fail_msg("%s is not %s", m[i].path, m[i].value);
	}
}

/* Which field has what; test_cli_schemas.c holds them to the schema. */
static void ecs_has_the_packet_in_its_fields(void **state)
{
	static const struct member drop[] = {
		{ "@timestamp", "2026-11-23T21:08:57.000000001Z", false },
		{ "ecs.version", "8.11.0", false },
		{ "event.kind", "event", false },
		{ "event.category.0", "network", false },
		{ "event.type.0", "connection", false },
		{ "event.type.1", "denied", false },
		{ "event.action", "dropped", false },
		{ "event.sequence", "1", true },
		{ "event.id", "1", false },
		{ "event.outcome", "", false },
		{ "source.ip", "192.168.144.2", false },
		{ "source.port", "40000", true },
		{ "source.packets", "1", true },
		{ "destination.ip", "172.18.0.3", false },
		{ "destination.port", "3306", true },
		{ "network.transport", "tcp", false },
		{ "network.type", "ipv4", false },
		{ "network.iana_number", "6", false }, /* keyword */
		{ "network.direction", "internal", false },
		{ "network.bytes", "60", true },
		{ "observer.ingress.interface.name", "br-aaaaaaaaaaaa", false },
		{ "observer.egress.interface.name", "br-bbbbbbbbbbbb", false },
		{ "rule.id", "000000000123", false },
		{ "rule.name", "-o br-bbbbbbbbbbbb -j DROP", false },
		{ "rule.ruleset", "DOCKER-ISOLATION-STAGE-2", false },
		{ "docker.source.network", "shop_web", false },
		{ "docker.destination.network", "shop_db", false },
		{ "related.ip.0", "192.168.144.2", false },
		{ "related.hosts.1", "shop_db", false },
		{ "bridgeaudit.schema_version", "1", true },
		{ "bridgeaudit.tcp_flags", "SYN", false },
	};
	static const struct member accept[] = {
		{ "event.type.1", "allowed", false },
		{ "event.action", "accepted", false },
		{ "network.type", "ipv6", false },
		{ "network.direction", "inbound", false },
		{ "docker.source", "", false },
	};
	static const struct member unknown[] = {
		{ "event.id", "5", false },
		{ "source", "", false },
		{ "destination", "", false },
		{ "network.transport", "", false },
		{ "network.iana_number", "", false },
		{ "network.type", "", false },
		{ "network.direction", "unknown", false },
		{ "network.community_id", "", false },
		{ "rule.name", "", false },
		{ "docker", "", false },
	};
	const struct cli_result *r = cli_fixture_run("log -o ecs");
	json_t *json[3] = { line(r, 0), line(r, 2), line(r, 4) };

	(void)state;
	assert_int_equal(r->code, EXITCODE_OK);
	expect(json[0], drop, ARRAY_SIZE(drop));
	expect(json[1], accept, ARRAY_SIZE(accept));
	expect(json[2], unknown, ARRAY_SIZE(unknown));
	for (size_t i = 0; i < 3; i++)
		json_decref(json[i]);
}

/* Which attribute has what; test_cli_schemas.c holds them to the schema. */
static void ocsf_has_the_packet_in_its_attributes(void **state)
{
	static const struct member drop[] = {
		{ "class_uid", "4001", true },
		{ "category_uid", "4", true },
		{ "activity_id", "5", true },
		{ "type_uid", "400105", true },
		{ "severity_id", "1", true },
		{ "time", "1795468137000", true },
		{ "metadata.version", "1.4.0", false },
		{ "metadata.product.name", "bridgeaudit", false },
		{ "metadata.product.vendor_name", "bridgeaudit", false },
		{ "metadata.profiles.0", "security_control", false },
		{ "metadata.sequence", "1", true },
		{ "metadata.uid", "1", false },
		{ "action_id", "2", true },
		{ "disposition_id", "2", true },
		{ "src_endpoint.ip", "192.168.144.2", false },
		{ "src_endpoint.port", "40000", true },
		{ "src_endpoint.interface_name", "br-aaaaaaaaaaaa", false },
		{ "dst_endpoint.ip", "172.18.0.3", false },
		{ "dst_endpoint.port", "3306", true },
		{ "connection_info.direction_id", "3", true },
		{ "connection_info.protocol_num", "6", true },
		{ "connection_info.protocol_ver_id", "4", true },
		{ "connection_info.tcp_flags", "2", true },
		{ "firewall_rule.uid", "000000000123", false },
		{ "firewall_rule.name", "-o br-bbbbbbbbbbbb -j DROP", false },
		{ "policy.name", "DOCKER-ISOLATION-STAGE-2", false },
		{ "traffic.packets", "1", true },
		{ "traffic.bytes", "60", true },
		{ "unmapped.src_network", "shop_web", false },
	};
	static const struct member accept[] = {
		{ "activity_id", "1", true },
		{ "type_uid", "400101", true },
		{ "action_id", "1", true },
		{ "disposition_id", "1", true },
		{ "connection_info.direction_id", "1", true },
		{ "connection_info.protocol_ver_id", "6", true },
	};
	static const struct member unknown[] = {
		{ "type_uid", "400105", true },
		{ "src_endpoint", "", false },
		{ "connection_info.direction_id", "0", true },
		{ "connection_info.protocol_num", "", false },
		{ "connection_info.tcp_flags", "", false },
		{ "policy", "", false },
	};
	const struct cli_result *r = cli_fixture_run("log -o ocsf");
	json_t *json[3] = { line(r, 0), line(r, 2), line(r, 4) };

	(void)state;
	assert_int_equal(r->code, EXITCODE_OK);
	expect(json[0], drop, ARRAY_SIZE(drop));
	expect(json[1], accept, ARRAY_SIZE(accept));
	expect(json[2], unknown, ARRAY_SIZE(unknown));
	for (size_t i = 0; i < 3; i++)
		json_decref(json[i]);
}

/* The baseline of github.com/corelight/community-id-spec. */
static void the_community_id_is_that_of_others(void **state)
{
	struct event_row row = {
		.family = 4,
		.proto_number = 6,
		.src = { 128, 232, 110, 120 },
		.dst = { 66, 35, 250, 204 },
	};
	char buf[COMMUNITY_ID_MAX] = "";

	(void)state;
	row.values[FIELD_SRC_PORT] = (struct value){ VALUE_INT, 34855, NULL };
	row.values[FIELD_DST_PORT] = (struct value){ VALUE_INT, 80, NULL };
	assert_true(community_id(&row, buf, sizeof(buf)));
	assert_string_equal(buf, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
	/* both directions are one flow */
	memcpy(row.src, (uint8_t[]){ 66, 35, 250, 204 }, 4);
	memcpy(row.dst, (uint8_t[]){ 128, 232, 110, 120 }, 4);
	row.values[FIELD_SRC_PORT].number = 80;
	row.values[FIELD_DST_PORT].number = 34855;
	assert_true(community_id(&row, buf, sizeof(buf)));
	assert_string_equal(buf, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
	row.proto_number = 1;
	assert_false(community_id(&row, buf, sizeof(buf)));
}

/* Runs the program with a file as its output, which is left at path. */
static int run_into(const char *path, const char *format)
{
	char program[] = "bridgeaudit", verb[] = "log", db[] = "--db",
	     option[] = "-o";
	char database[128], name[16], *err = NULL;
	char *argv[] = { program, verb, db, database, option, name, NULL };
	struct cli cli = { .now_ns = CLI_NOW, .out = fopen(path, "w") };
	size_t size = 0;
	int code;

	str_copy(database, sizeof(database), cli_fixture_db());
	str_copy(name, sizeof(name), format);
	cli.err = open_memstream(&err, &size);
	assert_non_null(cli.out);
	code = cli_run(&cli, ARRAY_SIZE(argv) - 1, argv);
	fclose(cli.out);
	fclose(cli.err);
	assert_string_equal(err, "1 packet without addresses or protocol "
				 "can't be written in this format\n" CLI_COVERED
				 "\n");
	free(err);
	return code;
}

static const uint8_t *next_packet(pcap_t *pcap, struct pcap_pkthdr **ret)
{
	const uint8_t *bytes = NULL;

	assert_int_equal(pcap_next_ex(pcap, ret, &bytes), 1);
	return bytes;
}

static void pcap_is_read_back_by_libpcap(void **state)
{
	char error[PCAP_ERRBUF_SIZE] = "", path[128];
	struct bpf_program program;
	struct pcap_pkthdr *h;
	const uint8_t *p;
	pcap_t *pcap;

	(void)state;
	snprintf(path, sizeof(path), "%s.pcap", cli_fixture_db());
	assert_int_equal(run_into(path, "pcap"), EXITCODE_OK);
	pcap = pcap_open_offline_with_tstamp_precision(
		path, PCAP_TSTAMP_PRECISION_NANO, error);
	if (!pcap)
		fail_msg("%s", error);
	assert_int_equal(pcap_datalink(pcap), DLT_RAW);
	p = next_packet(pcap, &h); /* TCP over IPv4 */
	assert_int_equal(h->ts.tv_sec, CLI_NOW / NS_PER_S - 600);
	assert_int_equal(h->ts.tv_usec, 1); /* ns */
	assert_int_equal(h->len, 60);
	assert_int_equal(h->caplen, 40);
	assert_memory_equal(p + 12, "\xc0\xa8\x90\x02\xac\x12\x00\x03", 8);
	assert_memory_equal(p + 20, "\x9c\x40\x0c\xea", 4);
	assert_int_equal(p[8], 63);
	assert_int_equal(p[33], 2);
	/* libpcap's own filters see what was asked */
	assert_int_equal(pcap_compile(pcap, &program,
				      "src host 192.168.144.2 and dst port 3306"
				      " and tcp[tcpflags] == tcp-syn",
				      1, PCAP_NETMASK_UNKNOWN),
			 0);
	assert_true(pcap_offline_filter(&program, h, p) > 0);
	pcap_freecode(&program);
	p = next_packet(pcap, &h); /* ICMP */
	assert_int_equal(p[9], 1);
	assert_memory_equal(p + 20, "\x08\x00", 2);
	p = next_packet(pcap, &h); /* TCP over IPv6 */
	assert_int_equal(p[0] >> 4, 6);
	assert_int_equal(h->caplen, 60);
	assert_int_equal(p[6], 6);
	assert_memory_equal(p + 40, "\x9c\x40\x00\x50", 4);
	p = next_packet(pcap, &h); /* UDP */
	assert_memory_equal(p + 20, "\x9c\x40\x00\x35\x00\x28", 6);
	assert_int_equal(pcap_next_ex(pcap, &h, &p), PCAP_ERROR_BREAK);
	pcap_close(pcap);
	unlink(path);
}

/* What tshark makes of it, where there is one. */
static void pcap_is_read_by_tshark(void **state)
{
	char path[128], command[512], got[512];
	size_t len;
	FILE *p;

	(void)state;
	if (system("command -v tshark >/dev/null 2>&1") != 0) {
		print_message("SKIP: there is no tshark\n");
		skip();
	}
	snprintf(path, sizeof(path), "%s.pcap", cli_fixture_db());
	assert_int_equal(run_into(path, "pcap"), EXITCODE_OK);
	snprintf(command, sizeof(command),
		 "tshark -n -r %s -T fields -E separator=, -e frame.time_epoch"
		 " -e ip.src -e ipv6.dst -e tcp.dstport -e udp.dstport"
		 " -e icmp.type -e ip.checksum.status -o ip.check_checksum:TRUE"
		 " 2>/dev/null",
		 path);
	p = popen(command, "r");
	assert_non_null(p);
	len = fread(got, 1, sizeof(got) - 1, p);
	got[len] = '\0';
	pclose(p);
	unlink(path);
	assert_string_equal(got,
			    "1795468137.000000001,192.168.144.2,,3306,,,1\n"
			    "1795468237.000000000,192.168.144.2,,,,8,1\n"
			    "1795468337.000000000,,fd00::2,80,,,\n"
			    "1795468437.000000000,172.18.0.3,,,53,,1\n");
}

static void pcap_is_not_thrown_at_a_terminal(void **state)
{
	(void)state;
	cli_fixture_columns(80);
	assert_int_equal(cli_fixture_run("log -o pcap")->code, EXITCODE_USAGE);
}

static void text_is_a_sentence_and_a_remedy(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql("UPDATE network SET internal = 0");
	r = cli_fixture_run("log -o text");
	assert_string_equal(
		r->out,
		"2026-11-23 21:08:57.000: 192.168.144.2 in network shop_web "
		"tried tcp port 3306 of 172.18.0.3 in network shop_db; it was "
		"dropped by rule '-o br-bbbbbbbbbbbb -j DROP' of chain "
		"DOCKER-ISOLATION-STAGE-2. To allow it: docker network connect "
		"shop_db CONTAINER, with the container that is 192.168.144.2; "
		"or, with Docker's userland proxy, publish the port and use the "
		"host's address: docker run -p 3306:3306/tcp.\n"
		"2026-11-23 21:10:37.000: 192.168.144.2 in network shop_web "
		"tried icmp type 8 to 172.18.0.3 in network shop_db; it was "
		"dropped by rule '-o br-bbbbbbbbbbbb -j DROP' of chain "
		"DOCKER-ISOLATION-STAGE-2. To allow it: docker network connect "
		"shop_db CONTAINER, with the container that is "
		"192.168.144.2.\n"
		"2026-11-23 21:12:17.000: 2001:db8::1 behind eth0 tried tcp "
		"port 80 of fd00::2 in network shop_web; it was let in by rule "
		"'-d fd00::2/128 ! -i br-aaaaaaaaaaaa -o br-aaaaaaaaaaaa -p "
		"tcp -m tcp --dport 80 -j ACCEPT' of chain DOCKER.\n"
		"2026-11-23 21:13:57.000: 172.18.0.3 in network shop_db tried "
		"udp port 53 of 192.168.144.2 in network shop_web; it was "
		"dropped by rule '-o br-bbbbbbbbbbbb -j DROP' of chain "
		"DOCKER-ISOLATION-STAGE-2. To allow it: docker network connect "
		"shop_web CONTAINER, with the container that is 172.18.0.3; "
		"or, with Docker's userland proxy, publish the port and use the "
		"host's address: docker run -p 53:53/udp.\n"
		"2026-11-23 21:15:37.000: an unknown address tried an unknown "
		"protocol to an unknown address; it was dropped by rule "
		"000000000007.\n");
}

/* Neither can be reached, nor reach the host, but over another network. */
static void nothing_of_an_internal_network_is_published(void **state)
{
	(void)state;
	/* shop_db is internal, and has no way out */
	assert_non_null(
		strstr(cli_fixture_run("log -o text --to-port 3306")->out,
		       " is 192.168.144.2.\n"));
	assert_non_null(strstr(cli_fixture_run("log -o text --to-port 53")->out,
			       " is 172.18.0.3.\n"));
	cli_fixture_sql("UPDATE network SET internal = 1 WHERE id = 1;"
			"UPDATE path SET verdict = 1");
	assert_null(strstr(cli_fixture_run("log -o text --to-port 80")->out,
			   "To allow it"));
	cli_fixture_sql("UPDATE network SET internal = 0 WHERE id = 1");
	assert_non_null(
		strstr(cli_fixture_run("log -o text --to-port 80")->out,
		       "To allow it: publish the port and use the host's "
		       "address: docker run -p 80:80/tcp.\n"));
}

static void no_name_becomes_a_command(void **state)
{
	const struct cli_result *r;

	(void)state;
	cli_fixture_sql("UPDATE network SET name = 'db; rm -rf /' WHERE id = 2;"
			"UPDATE network SET name = char(27) || '[2J'"
			" || char(0x202e) WHERE id = 1");
	r = cli_fixture_run("log -o text -n 5");
	assert_non_null(strstr(r->out, "docker network connect NETWORK CONT"));
	assert_non_null(strstr(r->out, "in network \\x1b[2J\\u202e tried"));
	assert_null(strchr(r->out, '\033'));
}

/* A text is put as it was for the row before only when it is the same. */
static void a_json_row_has_its_own_texts(void **state)
{
	static const char *const fields[] = { "a", "b" };
	const struct output_spec spec = { .fields = fields, .n_fields = 2 };
	char longer[300], other[300], *got = NULL, expected[2048];
	const char *const texts[] = { "web",  "web",  "webb", "we",  "web",
				      "w\"b", "web",  "w\\b", "web", longer,
				      "web",  longer, other,  "web" };
	size_t size = 0, len = 0;
	FILE *out = open_memstream(&got, &size);
	struct output *o = output_open(OUTPUT_JSONL, &spec, out, false);

	(void)state;
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	memcpy(other, longer, sizeof(other));
	other[sizeof(other) - 2] = 'y';
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *text = texts[i];
		const char *as = strcmp(text, "w\"b") == 0   ? "w\\\"b"
				 : strcmp(text, "w\\b") == 0 ? "w\\\\b"
							     : text;
		/* now and then a number, or nothing, in between */
		const struct value values[] = {
			i % 3 ? int_value((int64_t)i) : text_value(NULL),
			text_value(text),
		};

		assert_int_equal(output_row(o, values), 0);
		len += (size_t)snprintf(expected + len, sizeof(expected) - len,
					i % 3 ? "{\"a\":%zu," : "{", i);
		len += (size_t)snprintf(expected + len, sizeof(expected) - len,
					"\"b\":\"%s\"}\n", as);
	}
	assert_int_equal(output_end(o, NULL, NULL, 0), 0);
	output_free(o);
	fclose(out);
	assert_string_equal(got, expected);
	free(got);
}

int main(void)
{
#define T(f)                                                                   \
	cmocka_unit_test_setup_teardown(f, cli_fixture_talks,                  \
					cli_fixture_tear_down)
	const struct CMUnitTest tests[] = {
		T(ecs_has_the_packet_in_its_fields),
		T(ocsf_has_the_packet_in_its_attributes),
		T(the_community_id_is_that_of_others),
		T(pcap_is_read_back_by_libpcap),
		T(pcap_is_read_by_tshark),
		T(pcap_is_not_thrown_at_a_terminal),
		T(text_is_a_sentence_and_a_remedy),
		T(nothing_of_an_internal_network_is_published),
		T(no_name_becomes_a_command),
		cmocka_unit_test(a_json_row_has_its_own_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
