// SPDX-License-Identifier: GPL-2.0-or-later
/* One event in, a sentence and a remedy out. */
#include "cli/event/sentence.h"

#include <inttypes.h>
#include <string.h>

#include "cli/event/words.h"
#include "lib/event.h"
#include "lib/text.h"

enum { TASK_ID_LEN = 25 };

static void put(FILE *out, const char *text)
{
	char safe[PLACE_MAX];

	fputs(str_escape(safe, sizeof(safe), text), out);
}

/*
 * The end of a task's name, which swarm makes of its service's, its number (or
 * its node) and its id: "shop_api.1.szs655up9puhha4wtqokmmjdn". NULL of what is
 * no task. container and what it is a part of are of one side.
 */
static const char *task_id(const struct value *container)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	const struct value *service =
		container + (FIELD_SRC_SERVICE - FIELD_SRC_CONTAINER);
	const char *end;
	size_t len;

	if (container->kind != VALUE_TEXT || service->kind != VALUE_TEXT)
		return NULL;
	len = strlen(service->text);
	if (strncmp(container->text, service->text, len) != 0 ||
	    container->text[len] != '.')
		return NULL;
	end = strrchr(container->text, '.');
	if (end == container->text + len || strlen(end + 1) != TASK_ID_LEN ||
	    strspn(end + 1, digits) != TASK_ID_LEN)
		return NULL;
	return end;
}

/* "shop/web" of compose, "shop_api.1" of a swarm, "web" */
static void put_name(FILE *out, const struct value *container)
{
	const struct value *service =
		container + (FIELD_SRC_SERVICE - FIELD_SRC_CONTAINER);
	const struct value *project =
		container + (FIELD_SRC_PROJECT - FIELD_SRC_CONTAINER);
	const char *task = task_id(container);
	char name[PLACE_MAX];

	if (task) {
		str_copy(name, sizeof(name), container->text);
		if ((size_t)(task - container->text) < sizeof(name))
			name[task - container->text] = '\0';
		put(out, name);
	} else if (service->kind == VALUE_TEXT && project->kind == VALUE_TEXT) {
		put(out, project->text);
		putc('/', out);
		put(out, service->text);
	} else {
		put(out, container->text);
	}
}

/* "shop/web (172.18.0.2) in network front", "203.0.113.9 behind eth0" */
static void put_side(FILE *out, const struct value *container,
		     const struct value *ip, const struct value *network,
		     const struct value *ifname)
{
	if (container->kind == VALUE_TEXT) {
		put_name(out, container);
		fputs(" (", out);
	}
	fputs(ip->kind == VALUE_TEXT ? ip->text : "an unknown address", out);
	fputs(container->kind == VALUE_TEXT ? ")" : "", out);
	if (network->kind == VALUE_TEXT) {
		fputs(" in network ", out);
		put(out, network->text);
	} else if (ifname->kind == VALUE_TEXT) {
		fputs(" behind ", out);
		put(out, ifname->text);
	}
}

/* "tcp port 3306 of ", "udp to ", "icmp type 8 to " */
static void put_what(FILE *out, const struct event_row *row)
{
	const struct value *v = row->values;
	const char *proto = v[FIELD_PROTO].kind == VALUE_TEXT
				    ? v[FIELD_PROTO].text
				    : "an unknown protocol";

	fputs(proto, out);
	if (v[FIELD_DST_PORT].kind == VALUE_INT)
		fprintf(out, " port %" PRId64 " of ", v[FIELD_DST_PORT].number);
	else if (v[FIELD_ICMP_TYPE].kind == VALUE_INT)
		fprintf(out, " type %" PRId64 " to ",
			v[FIELD_ICMP_TYPE].number);
	else
		fputs(" to ", out);
}

static const char *verdict_words(int verdict)
{
	switch (verdict) {
	case VERDICT_DROP:
		return "dropped";
	case VERDICT_ACCEPT:
		return "let in";
	case VERDICT_PASS:
		return "seen passing";
	default:
		return "decided";
	}
}

void sentence_write(const struct event_row *row, FILE *out)
{
	const struct value *v = row->values;
	char time[TIME_TEXT_MAX];

	fprintf(out, "%s: %s", time_local(row->time_ns, time, sizeof(time)),
		row->probe ? "a test packet of bridgeaudit: " : "");
	put_side(out, &v[FIELD_SRC_CONTAINER], &v[FIELD_SRC_IP],
		 &v[FIELD_SRC_NETWORK], &v[FIELD_IN_IF]);
	if (v[FIELD_SPOOFED].kind == VALUE_INT)
		fputs(", which is not its address,", out);
	fputs(" tried ", out);
	put_what(out, row);
	put_side(out, &v[FIELD_DST_CONTAINER], &v[FIELD_DST_IP],
		 &v[FIELD_DST_NETWORK], &v[FIELD_OUT_IF]);
	if (v[FIELD_COLLAPSED].kind == VALUE_INT)
		fprintf(out, ", %" PRId64 " times", v[FIELD_COLLAPSED].number);
	if (row->marks & EVENT_OVERLOGGED)
		fputs("; what became of it is not known, for the firewall was "
		      "changed just then: it was logged for ",
		      out);
	else
		fprintf(out, "; it was %s by ", verdict_words(row->verdict));
	if (v[FIELD_RULE].kind == VALUE_TEXT &&
	    v[FIELD_CHAIN].kind == VALUE_TEXT) {
		fputs("rule '", out);
		put(out, v[FIELD_RULE].text);
		fputs("' of chain ", out);
		put(out, v[FIELD_CHAIN].text);
	} else {
		fprintf(out, "rule %s", row->rule_id);
	}
	putc('.', out);
}

/* A name as one word of a shell; some that can't be are left to the reader. */
static void put_word(FILE *out, const char *name, const char *otherwise)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_.-";

	if (*name != '-' && name[strspn(name, plain)] == '\0')
		fputs(name, out);
	else
		fputs(otherwise, out);
}

static bool is_gateway(const struct value *network)
{
	return network->kind == VALUE_TEXT &&
	       strcmp(network->text, "docker_gwbridge") == 0;
}

/* Nobody can be connected to docker_gwbridge, and a task is the swarm's. */
static bool is_swarms(const struct event_row *row)
{
	const struct value *v = row->values;

	return is_gateway(&v[FIELD_SRC_NETWORK]) ||
	       is_gateway(&v[FIELD_DST_NETWORK]) ||
	       task_id(&v[FIELD_SRC_CONTAINER]) ||
	       task_id(&v[FIELD_DST_CONTAINER]);
}

static bool write_swarms(const struct event_row *row, FILE *out)
{
	const struct value *v = row->values;
	bool inside = v[FIELD_SRC_NETWORK].kind == VALUE_TEXT;
	bool publish = v[FIELD_DST_PORT].kind == VALUE_INT &&
		       task_id(&v[FIELD_DST_CONTAINER]);

	if (!inside && !publish)
		return false;
	fputs(" To allow it: ", out);
	if (inside)
		fputs("put both on one overlay network (docker service update "
		      "--network-add NETWORK SERVICE)",
		      out);
	if (publish) {
		int64_t port = v[FIELD_DST_PORT].number;

		fprintf(out,
			"%spublish the port and use the host's address: "
			"docker service update --publish-add %" PRId64
			":%" PRId64 "/%s ",
			inside ? "; or " : "", port, port, v[FIELD_PROTO].text);
		put_word(out, v[FIELD_DST_SERVICE].text, "SERVICE");
	}
	putc('.', out);
	return true;
}

static bool is_of_chain(const struct event_row *row, const char *name)
{
	const struct value *chain = &row->values[FIELD_CHAIN];

	return chain->kind == VALUE_TEXT && strcmp(chain->text, name) == 0;
}

/* The rules that keep an internal network to itself, by its subnet. */
static bool is_internals(const struct event_row *row)
{
	return is_of_chain(row, "DOCKER-ISOLATION-STAGE-1") ||
	       is_of_chain(row, "DOCKER-INTERNAL");
}

bool sentence_write_remedy(const struct event_row *row, FILE *out)
{
	const struct value *v = row->values;
	const struct value *src = &v[FIELD_SRC_NETWORK];
	const struct value *dst = &v[FIELD_DST_NETWORK];

	if (row->verdict != VERDICT_DROP ||
	    row->marks & (EVENT_OVERLOGGED | EVENT_PROBE))
		return false;
	if (is_of_chain(row, "DOCKER-USER")) {
		fputs(" To allow it: change that rule, which is not Docker's.",
		      out);
		return true;
	}
	if (dst->kind != VALUE_TEXT)
		return false;
	if (is_swarms(row))
		return write_swarms(row, out);
	if (src->kind == VALUE_TEXT && strcmp(src->text, dst->text) == 0) {
		if (is_internals(row))
			return false;
		fputs(" To allow it: make the network with "
		      "com.docker.network.bridge.enable_icc=true.",
		      out);
		return true;
	}
	if (src->kind == VALUE_TEXT && v[FIELD_SRC_IP].kind == VALUE_TEXT) {
		fputs(" To allow it: docker network connect ", out);
		put_word(out, dst->text, "NETWORK");
		putc(' ', out);
		if (v[FIELD_SRC_CONTAINER].kind == VALUE_TEXT)
			put_word(out, v[FIELD_SRC_CONTAINER].text, "CONTAINER");
		else
			fprintf(out, "CONTAINER, with the container that is %s",
				v[FIELD_SRC_IP].text);
	} else if (src->kind == VALUE_TEXT) {
		return false;
	}
	/* Docker publishes nothing of an internal network, nor to one */
	if (v[FIELD_DST_PORT].kind == VALUE_INT && !row->internal) {
		int64_t port = v[FIELD_DST_PORT].number;

		fprintf(out,
			"%spublish the port and use the host's address: "
			"docker run -p %" PRId64 ":%" PRId64 "/%s",
			src->kind == VALUE_TEXT
				? "; or, with Docker's userland proxy, "
				: " To allow it: ",
			port, port, v[FIELD_PROTO].text);
	} else if (src->kind != VALUE_TEXT) {
		return false;
	}
	putc('.', out);
	return true;
}
