// SPDX-License-Identifier: GPL-2.0-or-later
/* Decides: what around Docker changes what its rules see. */
#include <stdlib.h>
#include <string.h>

#include "cli/doctor/doctor.h"

/* The sysctl's value; "" when it is not there. */
static const char *sysctl(const struct facts *facts, const char *name)
{
	return fact_string(facts_find(facts, "sysctl", "name", name), "value");
}

static bool has_rules(const struct facts *facts, int family)
{
	const json_t *rules;
	size_t at = 0;

	while ((rules = facts_next(facts, "rules", &at)))
		if (fact_number(rules, "family") == family &&
		    strcmp(fact_string(rules, "state"), "docker") == 0)
			return true;
	return false;
}

static void tell_ipv6(struct doctor *d, const struct facts *facts)
{
	const char *off = sysctl(facts, "net/ipv6/conf/all/disable_ipv6");
	const char *forwarding = sysctl(facts, "net/ipv6/conf/all/forwarding");
	const json_t *networks = json_object_get(
		facts_find(facts, "docker_networks", NULL, NULL), "ipv6");
	const char *does =
		strcmp(forwarding, "1") ? "does not forward" : "forwards";
	struct check check = {
		.section = SECTION_NETWORK,
		.name = "ipv6",
		.state = CHECK_OK,
	};
	char names[512];

	if (!*off || strcmp(off, "1") == 0) {
		check.state = CHECK_NA;
		doctor_add(d, check, "IPv6 is off here");
	} else if (!facts_find(facts, "rules", NULL, NULL)) {
		check.state = CHECK_UNKNOWN;
		check.remedy = facts_remedy(facts);
		doctor_add(d, check,
			   "IPv6: whether Docker has rules for it; "
			   "the kernel %s it",
			   does);
	} else if (has_rules(facts, 6)) {
		doctor_add(d, check,
			   "IPv6: Docker writes rules for it; the "
			   "kernel %s it",
			   does);
	} else if (fact_number(networks, "count") > 0) {
		check.state = CHECK_BLIND;
		check.remedy = "set \"ip6tables\": true in daemon.json and "
			       "restart Docker";
		doctor_add(d, check,
			   "IPv6: networks have it, and Docker has "
			   "no rules for it (the kernel %s it): %s",
			   does, fact_names(networks, names, sizeof(names)));
	} else {
		check.state = CHECK_NA;
		doctor_add(d, check,
			   "IPv6: Docker has no rules for it, nor "
			   "is a network with it known; the kernel "
			   "%s it",
			   does);
	}
}

static void tell_forwarding(struct doctor *d, const struct facts *facts)
{
	struct check check = {
		.section = SECTION_NETWORK,
		.name = "ip_forward",
		.state = CHECK_OK,
	};
	const char *value = sysctl(facts, "net/ipv4/ip_forward");

	if (strcmp(value, "1") == 0) {
		doctor_add(d, check, "the kernel forwards IPv4");
		return;
	}
	check.state = CHECK_NOTE;
	check.remedy = "sysctl net.ipv4.ip_forward=1 (Docker does it when it "
		       "starts)";
	doctor_add(d, check,
		   "the kernel does not forward IPv4: nothing goes "
		   "from one bridge to another (ip_forward is %s)",
		   *value ? value : "not there");
}

static void tell_bridge(struct doctor *d, const struct facts *facts)
{
	const char *four = sysctl(facts, "net/bridge/bridge-nf-call-iptables");
	const char *six = sysctl(facts, "net/bridge/bridge-nf-call-ip6tables");
	struct check check = {
		.section = SECTION_NETWORK,
		.name = "br_netfilter",
		.state = CHECK_NOTE,
	};

	if (strcmp(four, "1") == 0 && strcmp(six, "1") == 0)
		doctor_add(d, check,
			   "br_netfilter: rules see traffic within "
			   "one bridge; its drops are watched with "
			   "'icc' in the profile");
	else
		doctor_add(d, check, "br_netfilter: %s%s%s",
			   *four ? "bridge-nf-call-iptables=" : "not loaded",
			   four,
			   *four ? strcmp(six, "1") == 0 ? ", -ip6tables=1"
							 : ", -ip6tables=0"
				 : "");
}

static void tell_nf_log(struct doctor *d, const struct facts *facts)
{
	const char *value = sysctl(facts, "net/netfilter/nf_log_all_netns");
	const struct check check = {
		.section = SECTION_NETWORK,
		.name = "nf_log_all_netns",
		.state = CHECK_NOTE,
	};

	/* the kernel shows it in its first network namespace only */
	if (*value)
		doctor_add(d, check,
			   "nf_log_all_netns=%s: it is about LOG in "
			   "other namespaces; NFLOG works either way",
			   value);
	else
		doctor_add(d, check,
			   "nf_log_all_netns is not shown in this "
			   "network namespace; NFLOG works either "
			   "way");
}

/* 20.10 and 26.1 were seen to do so; 28.0 mends it (CVE-2025-54410). */
static bool forgets_isolation(const struct facts *facts)
{
	const char *version = fact_string(
		facts_find(facts, "docker_info", NULL, NULL), "version");
	long major = strtol(version, NULL, 10);

	return major > 0 && major < 28;
}

static void tell_firewalld(struct doctor *d, const struct facts *facts)
{
	const json_t *p = facts_find(facts, "process", "name", "firewalld");
	struct check check = {
		.section = SECTION_NETWORK,
		.name = "firewalld",
		.state = CHECK_NOTE,
	};

	if (fact_number(p, "count") > 0 && forgets_isolation(facts)) {
		check.remedy = "restart dockerd after each 'firewall-cmd "
			       "--reload', or use Docker 28 or later";
		doctor_add(d, check,
			   "firewalld runs: its reload flushes Docker's rules, "
			   "and this Docker does not make those again that "
			   "keep networks apart; the log shows what passes");
	} else if (fact_number(p, "count") > 0) {
		check.remedy = "after 'firewall-cmd --reload' run this again";
		doctor_add(d, check,
			   "firewalld runs: its reload flushes "
			   "Docker's rules and ours; Docker writes "
			   "its own again, and the logger follows");
	} else if (!p || fact_number(p, "untold") > 0) {
		check.state = CHECK_UNKNOWN;
		check.remedy = facts_remedy(facts);
		doctor_add(d, check,
			   "whether firewalld works in this network "
			   "namespace");
	} else {
		check.state = CHECK_NA;
		doctor_add(d, check, "firewalld does not run here");
	}
}

void doctor_network(struct doctor *d, const struct facts *facts)
{
	tell_forwarding(d, facts);
	tell_ipv6(d, facts);
	tell_bridge(d, facts);
	tell_nf_log(d, facts);
	tell_firewalld(d, facts);
}
