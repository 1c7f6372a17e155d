// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The order of the questions. The first line says who asks, for without root
 * most answers are "can't be told"; the last says that all of it was said.
 */
#include "logger/diagnose/diagnose.h"

#include <unistd.h>

#include "lib/exitcode.h"
#include "logger/diagnose/fact.h"

int diagnose_run(const struct config *config, FILE *out)
{
	fact_write(out, "probe",
		   json_pack("{s:s, s:b}", "version", VERSION, "root",
			     geteuid() == 0));
	diagnose_tools(out);
	diagnose_firewall(config, out);
	diagnose_host(out);
	diagnose_docker(config->docker_socket, out);
	fact_write(out, "end", NULL);
	return ferror(out) ? EXITCODE_NOTHING : EXITCODE_OK;
}
