// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Decides: what no firewall rule can see. Each is there, or not, or can't be
 * told; none is ever guessed.
 */
#include <string.h>

#include "cli/doctor/doctor.h"

enum { NAMES_MAX = 1024 };

/* A blind spot that is there, with what it consists of. */
static void tell(struct doctor *d, const char *name, const char *what,
		 const char *remedy, const json_t *list)
{
	struct check check = {
		.section = SECTION_BLIND,
		.name = name,
		.state = CHECK_BLIND,
		.remedy = remedy,
	};
	char names[NAMES_MAX];

	if (fact_number(list, "count") > 0) {
		doctor_add(d, check, "%s, %lld: %s", what,
			   (long long)fact_number(list, "count"),
			   fact_names(list, names, sizeof(names)));
		return;
	}
	check.state = CHECK_OK;
	check.remedy = NULL;
	doctor_add(d, check, "%s: none", what);
}

static void tell_unknown(struct doctor *d, const struct facts *facts,
			 const char *name, const char *what)
{
	const json_t *docker = facts_find(facts, "docker", NULL, NULL);
	const json_t *dockerd = facts_find(facts, "process", "name", "dockerd");
	struct check check = {
		.section = SECTION_BLIND,
		.name = name,
		.state = CHECK_UNKNOWN,
		.remedy = facts_remedy(facts),
	};

	if (strcmp(fact_string(docker, "state"), "absent") == 0 && dockerd &&
	    fact_number(dockerd, "count") == 0 &&
	    fact_number(dockerd, "untold") == 0) {
		check.state = CHECK_NA;
		check.remedy = NULL;
		doctor_add(d, check, "%s: there is no Docker", what);
		return;
	}
	if (facts_by_root(facts))
		check.remedy = "see what is said of Docker";
	doctor_add(d, check, "%s: Docker did not say", what);
}

static void tell_proxy(struct doctor *d, const struct facts *facts)
{
	static const char what[] = "connections through docker-proxy";
	const json_t *p = facts_find(facts, "process", "name", "docker-proxy");
	const struct check unknown = {
		.section = SECTION_BLIND,
		.name = "blind.docker_proxy",
		.state = CHECK_UNKNOWN,
		.remedy = facts_remedy(facts),
	};

	if (fact_number(p, "count") == 0 && (!p || fact_number(p, "untold")))
		doctor_add(d, unknown, "%s: can't tell whose they are", what);
	else
		tell(d, "blind.docker_proxy", what,
		     "\"userland-proxy\": false in daemon.json sends them "
		     "through the rules",
		     p);
}

static void tell_host_mode(struct doctor *d, const struct facts *facts)
{
	static const char what[] = "containers in host mode";
	const json_t *list = json_object_get(
		facts_find(facts, "docker_containers", NULL, NULL), "host");

	if (list)
		tell(d, "blind.host_mode", what,
		     "give them a network of their own, or audit the host's "
		     "own firewall",
		     list);
	else
		tell_unknown(d, facts, "blind.host_mode", what);
}

static void tell_networks(struct doctor *d, const struct facts *facts)
{
	static const struct {
		const char *driver, *name, *what, *remedy;
	} drivers[] = {
		{ "macvlan", "blind.macvlan", "macvlan networks",
		  "watch them on the switch; they bypass this host's rules" },
		{ "ipvlan", "blind.ipvlan", "ipvlan networks",
		  "watch them on the switch; they bypass this host's rules" },
		{ "overlay", "blind.overlay", "overlay networks",
		  "their traffic is in tunnels: watch within the containers" },
	};
	const json_t *fact = facts_find(facts, "docker_networks", NULL, NULL);

	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		const json_t *list = json_object_get(fact, drivers[i].driver);

		if (list)
			tell(d, drivers[i].name, drivers[i].what,
			     drivers[i].remedy, list);
		else
			tell_unknown(d, facts, drivers[i].name,
				     drivers[i].what);
	}
}

static void tell_same_bridge(struct doctor *d, const struct facts *facts)
{
	static const char *const names[] = {
		"net/bridge/bridge-nf-call-iptables",
		"net/bridge/bridge-nf-call-ip6tables",
	};
	struct check check = {
		.section = SECTION_BLIND,
		.name = "blind.same_bridge",
		.state = CHECK_BLIND,
		.remedy = "modprobe br_netfilter, sysctl "
			  "net.bridge.bridge-nf-call-iptables=1 and "
			  "-ip6tables=1; then 'icc' in the profile shows drops",
	};

	for (size_t i = 0; i < 2; i++) {
		const json_t *fact =
			facts_find(facts, "sysctl", "name", names[i]);

		if (strcmp(fact_string(fact, "value"), "1") == 0)
			continue;
		doctor_add(d, check,
			   "traffic within one bridge: br_netfilter "
			   "does not show it to the rules");
		return;
	}
	check.remedy = "to have them apart, give them networks of their own";
	doctor_add(d, check,
		   "traffic within one bridge that is allowed "
		   "(icc=true): no rule of Docker's is about it");
}

static void tell_rootless(struct doctor *d, const struct facts *facts)
{
	static const char what[] = "rootless Docker";
	static const char remedy[] =
		"run bridgeauditd in its network namespace as well";
	const json_t *sockets = facts_find(facts, "rootless", NULL, NULL);
	const json_t *info = facts_find(facts, "docker_info", NULL, NULL);
	const struct check check = {
		.section = SECTION_BLIND,
		.name = "blind.rootless",
		.state = fact_flag(info, "rootless") ? CHECK_BLIND
						     : CHECK_UNKNOWN,
		.remedy = fact_flag(info, "rootless") ? remedy
						      : facts_remedy(facts),
	};

	if (fact_flag(info, "rootless"))
		doctor_add(d, check,
			   "%s: this Docker is one, its rules are in "
			   "a namespace of its own",
			   what);
	else if (sockets &&
		 (facts_by_root(facts) || fact_number(sockets, "count") > 0))
		tell(d, "blind.rootless", what, remedy, sockets);
	else
		doctor_add(d, check, "%s: can't look into /run/user", what);
}

void doctor_blind(struct doctor *d, const struct facts *facts)
{
	tell_proxy(d, facts);
	tell_same_bridge(d, facts);
	tell_host_mode(d, facts);
	tell_networks(d, facts);
	tell_rootless(d, facts);
}
