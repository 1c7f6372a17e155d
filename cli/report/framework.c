// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The controls that a log of network boundaries can speak to, by the numbers
 * of one release of each framework. What the log does not show is as much a
 * part of an entry as what it does. The words are ours: read the framework's
 * own beside them.
 */
#include "cli/report/framework.h"

#include <errno.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/guess.h"
#include "lib/text.h"

static const struct report_control pci_dss_4_0_1[] = {
	{ "1.2.5", "services, protocols and ports that are allowed are known",
	  "published", "which published ports were used, by whom and how often",
	  "ports that are published and were not used, and whether anybody "
	  "approved of one" },
	{ "1.2.7", "rules of network security controls are reviewed", "rules",
	  "the rules of Docker's that were in force, to review",
	  "that a review took place, and rules that are not Docker's" },
	{ "1.3.1, 1.3.2",
	  "traffic into and out of the cardholder data environment is "
	  "restricted",
	  "matrix", "what was dropped and let in between Docker networks",
	  "which networks belong to that environment; what leaves them, "
	  "unless profile egress is on" },
	{ "1.4.3", "forged source addresses are detected and blocked",
	  "spoofed",
	  "containers that wrote another's address into a packet about which "
	  "an audited rule decided",
	  "forged addresses that reached no audited rule" },
	{ "10.2.1.3", "access to audit logs is itself logged", "access",
	  "who read, exported and verified this log with bridgeaudit while a "
	  "logger ran: user, login, time, command, rows",
	  "who read the file with another program, and what root did: watch it "
	  "with auditd" },
	{ "10.2.1.6", "starts, stops and pauses of the log are logged",
	  "sessions",
	  "each start and stop of the logger, and when it was killed",
	  "who started or stopped it" },
	{ "10.2.2", "records say what, when, whether it succeeded and where",
	  "conversations",
	  "rule, time, verdict, addresses, networks and containers",
	  "a person: packets have none" },
	{ "10.3.2, 10.3.4", "logs are protected, and a change is noticed",
	  "verification", "what could be proven about the records",
	  "permissions and backups of the host" },
	{ "10.4.1", "security events are reviewed daily", "new",
	  "what is new against the period before, to begin a review with",
	  "that somebody reviewed it" },
	{ "10.5.1", "twelve months are kept, three of them at hand", "records",
	  "from when to when records are here, and what was removed",
	  "copies elsewhere" },
	{ "10.7.2", "failures of security controls are detected", "unwatched",
	  "when an audited rule was not watched, and why; packets lost",
	  "that somebody was alerted and acted" },
	{ "11.4.5", "segmentation is tested", "probes",
	  "that test packets between networks were dropped, and logged",
	  "a penetration test, which is asked for: probes only support it" },
};

static const struct report_control iso27001_2022[] = {
	{ "A.5.28", "evidence is collected and kept", "verification",
	  "what could be proven about the records",
	  "the chain of custody after this report left the host" },
	{ "A.8.9", "configurations are managed", "changes",
	  "each change of Docker's firewall rules that was seen, with its time",
	  "who made the change, and whether it was planned" },
	{ "A.8.15", "logs are produced, kept and protected", "records",
	  "from when to when records are here, and what is missing",
	  "logs of anything else" },
	{ "A.8.16", "networks are monitored for anomalies", "new",
	  "who talked to whom that did not before", "what is normal" },
	{ "A.8.17", "clocks agree", "gaps",
	  "steps of the clock, when they were seen",
	  "that the clock was right" },
	{ "A.8.20", "networks are secured", "rules",
	  "the rules of Docker's that were in force",
	  "other firewalls of the host and around it" },
	{ "A.8.22", "networks are kept apart", "matrix",
	  "what was dropped and let in between Docker networks",
	  "traffic that no rule sees: the blind spots below" },
	{ "A.8.22", "the separation is tested", "probes",
	  "that test packets between networks were dropped, and logged",
	  "pairs of networks that were not probed" },
};

static const struct report_control soc2[] = {
	{ "CC6.1", "access to protected assets is restricted", "matrix",
	  "what was dropped and let in between Docker networks",
	  "access by people, and within an application" },
	{ "CC6.6", "boundaries are protected against the outside", "published",
	  "which published ports were used, by whom and how often",
	  "ports that are published and were not used" },
	{ "CC7.1", "changes that bring new weaknesses are detected", "changes",
	  "each change of Docker's firewall rules that was seen, with its time",
	  "who made the change, and its risk" },
	{ "CC7.2", "components are monitored for anomalies", "new",
	  "who talked to whom that did not before", "what is normal" },
	{ "CC7.2", "the monitoring itself works", "unwatched",
	  "when an audited rule was not watched, and why; packets lost",
	  "that somebody was alerted and acted" },
	{ "CC7.3", "events are evaluated", "timeline",
	  "when it was, to begin with", "that somebody evaluated it" },
};

static const struct report_control cis_docker_1_6[] = {
	{ "2.2",
	  "traffic between containers of the default bridge is "
	  "restricted",
	  "matrix", "drops within docker0 when profile icc is on",
	  "the setting itself (icc); it is about docker0 alone" },
	{ "2.4", "Docker may write the firewall's rules", "rules",
	  "that rules of Docker's were there, so it could",
	  "the setting itself (iptables)" },
	{ "2.16", "the userland proxy is off", "blind",
	  "whether docker-proxy was found: it is a blind spot",
	  "connections that went through it" },
	{ "5.9", "only ports that are needed are open", "published",
	  "which published ports were used, by whom and how often",
	  "ports that are open and were not used" },
	{ "5.10", "the host's network namespace is not shared", "blind",
	  "containers in host mode that were found: they are a blind spot",
	  "their traffic" },
	{ "5.14", "published ports are bound to one interface", "published",
	  "the interfaces by which they were used",
	  "the address that a port is bound to" },
	{ "5.30", "the default bridge docker0 is not used", "matrix",
	  "packets from and to the network 'bridge'",
	  "containers in it that are quiet" },
};

static const struct report_framework frameworks[] = {
	{ "pci-dss-4.0.1", "PCI DSS v4.0.1", pci_dss_4_0_1,
	  ARRAY_SIZE(pci_dss_4_0_1) },
	{ "iso27001-2022", "ISO/IEC 27001:2022, Annex A", iso27001_2022,
	  ARRAY_SIZE(iso27001_2022) },
	{ "soc2", "SOC 2, Trust Services Criteria of 2017", soc2,
	  ARRAY_SIZE(soc2) },
	{ "cis-docker-1.6", "CIS Docker Benchmark v1.6.0", cis_docker_1_6,
	  ARRAY_SIZE(cis_docker_1_6) },
};

const struct report_framework *report_framework_at(size_t i)
{
	return i < ARRAY_SIZE(frameworks) ? &frameworks[i] : NULL;
}

static const struct report_framework *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(frameworks); i++)
		if (strcmp(name, frameworks[i].name) == 0)
			return &frameworks[i];
	return NULL;
}

int report_framework_take(const struct cli *cli, const char *name,
			  const struct report_framework **ret)
{
	struct guess guess = { .written = name };
	char list[256] = "", meant[GUESS_TEXT_MAX];
	size_t at = 0;

	*ret = name ? find(name) : NULL;
	if (!name || *ret)
		return 0;
	for (size_t i = 0; report_framework_at(i); i++) {
		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s",
				       i ? ", " : "",
				       report_framework_at(i)->name);
		guess_offer(&guess, report_framework_at(i)->name);
	}
	cli_error(cli, "--framework is one of %s, not '%s'%s", list, name,
		  guess_text(&guess, meant, sizeof(meant)));
	return -EINVAL;
}
