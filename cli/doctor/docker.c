// SPDX-License-Identifier: GPL-2.0-or-later
/* Decides: which Docker is it, and in which firewall does it write what. */
#include <string.h>

#include "cli/doctor/doctor.h"
#include "lib/text.h"

static const struct {
	const char *generation, *dockers;
} generations[] = {
	{ "A", "20.10 to 27" },	     { "B0", "28.0.0" },
	{ "B1", "28.0.1 to 28.1" },  { "B2", "28.2 to 28.5" },
	{ "C", "29 with iptables" }, { "D", "29 with nftables" },
};

static const char *dockers_of(const char *generation)
{
	for (size_t i = 0; i < ARRAY_SIZE(generations); i++)
		if (strcmp(generation, generations[i].generation) == 0)
			return generations[i].dockers;
	return "a version that this program does not know";
}

/* "rules of Docker 28.2 to 28.5 (B2)"; several stand side by side. */
static void tell_generation(struct doctor *d, const json_t *rules)
{
	const json_t *list = json_object_get(rules, "generations");
	struct check check = {
		.section = SECTION_DOCKER,
		.name = "generation",
		.family = (int)fact_number(rules, "family"),
		.state = CHECK_NOTE,
	};
	char text[512] = "";
	const json_t *item;
	size_t i;

	str_copy(check.backend, sizeof(check.backend),
		 fact_string(rules, "backend"));
	json_array_foreach(list, i, item)
	{
		const char *name = json_string_value(item);
		size_t len = strlen(text);

		name = name ? name : "?";
		snprintf(text + len, sizeof(text) - len, "%s%s (%s)",
			 i ? ", or beside it " : "", dockers_of(name), name);
	}
	if (json_array_size(list) == 0)
		doctor_add(d, check,
			   "%s: rules in chains of Docker's, of no "
			   "generation that is known",
			   check.backend);
	else
		doctor_add(d, check, "%s: rules of Docker %s", check.backend,
			   text);
}

static void tell_engine(struct doctor *d, const struct facts *facts)
{
	const json_t *state = facts_find(facts, "docker", NULL, NULL);
	const json_t *info = facts_find(facts, "docker_info", NULL, NULL);
	const json_t *dockerd = facts_find(facts, "process", "name", "dockerd");
	const char *word = fact_string(state, "state");
	const char *backend = fact_string(info, "backend");
	struct check check = {
		.section = SECTION_DOCKER,
		.name = "engine",
		.state = CHECK_OK,
	};

	if (info)
		doctor_add(d, check, "Docker %s, firewall backend %s",
			   fact_string(info, "version"),
			   *backend ? backend : "not told by this version");
	if (strcmp(word, "up") == 0)
		return;
	check.state = CHECK_UNKNOWN;
	if (strcmp(word, "absent") == 0 && fact_number(dockerd, "count") == 0)
		check.state = CHECK_NA;
	check.remedy = strcmp(word, "denied") == 0 ? "run it with sudo"
		       : strcmp(word, "absent") == 0
			       ? "if it is elsewhere, name docker_socket in "
				 "bridgeaudit.conf"
			       : "systemctl status docker; the rules are "
				 "watched without it too";
	if (strcmp(word, "silent") == 0)
		doctor_add(d, check, "Docker does not answer in time (%s)",
			   fact_string(state, "detail"));
	else if (strcmp(word, "nonsense") == 0)
		doctor_add(d, check, "Docker's answer is not understood (%s)",
			   fact_string(state, "detail"));
	else
		doctor_add(d, check, "no Docker at '%s': %s",
			   fact_string(state, "socket"),
			   *word ? fact_string(state, "detail")
				 : "the probe says nothing");
}

/* Docker's tables, when it says so, must be there. */
static void check_backend(struct doctor *d, const struct facts *facts)
{
	const struct check check = {
		.section = SECTION_DOCKER,
		.name = "backend",
		.state = CHECK_FAILED,
		.remedy = "install nftables, and run this where dockerd runs",
	};
	const char *backend = fact_string(
		facts_find(facts, "docker_info", NULL, NULL), "backend");
	const json_t *rules;
	size_t at = 0;

	if (strncmp(backend, "nftables", 8) != 0 ||
	    !facts_find(facts, "rules", NULL, NULL))
		return;
	while ((rules = facts_next(facts, "rules", &at)))
		if (strcmp(fact_string(rules, "backend"), "nftables") == 0 &&
		    strcmp(fact_string(rules, "state"), "none") != 0)
			return;
	doctor_add(d, check,
		   "Docker says that it uses nftables, and none of "
		   "its tables can be seen here");
}

/* The variant that plain "iptables" is, against the one that holds rules. */
static void check_variant(struct doctor *d, const struct facts *facts)
{
	const struct check check = {
		.section = SECTION_DOCKER,
		.name = "variant",
		.state = CHECK_NOTE,
		.remedy = "rules of both variants are in force and watched; "
			  "restart Docker, then remove the stale ones",
	};
	const char *version = fact_string(
		facts_find(facts, "tool", "name", "iptables"), "version");
	bool nft = strstr(version, "nf_tables") != NULL;
	const char *other = nft ? "iptables-legacy" : "iptables-nft";
	const json_t *rules;
	size_t at = 0;

	if (!*version)
		return;
	while ((rules = facts_next(facts, "rules", &at))) {
		if (strcmp(fact_string(rules, "backend"), other) != 0 ||
		    strcmp(fact_string(rules, "state"), "docker") != 0)
			continue;
		doctor_add(d, check,
			   "'iptables' is the %s variant here, and "
			   "there are rules of Docker's in %s",
			   nft ? "nft" : "legacy", other);
		return;
	}
}

void doctor_docker(struct doctor *d, const struct facts *facts)
{
	const json_t *rules;
	size_t at = 0;

	tell_engine(d, facts);
	while ((rules = facts_next(facts, "rules", &at)))
		if (strcmp(fact_string(rules, "state"), "docker") == 0)
			tell_generation(d, rules);
	check_backend(d, facts);
	check_variant(d, facts);
}
