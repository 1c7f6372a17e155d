// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In: what is due. Out: the listings of Docker's tables. nft runs as a child,
 * so that a table it chokes on is an error text and nothing more.
 */
#include "logger/firewall/own_docker.h"

#include <errno.h>
#include <stdlib.h>

#include "logger/firewall/nftmon.h"
#include "logger/rules/own_table.h"

enum { TIMEOUT_MS = 5000, WAIT_MAX = 12 };

static const char *const families[OWN_DOCKER_FAMILIES] = { "ip", "ip6" };

unsigned int own_docker_bit(int i)
{
	return i == 0 ? NFTMON_DOCKER4 : NFTMON_DOCKER6;
}

unsigned int own_docker_back_off(unsigned int *failures)
{
	if (*failures < WAIT_MAX)
		++*failures;
	return *failures;
}

static bool is_due(struct own_docker *docker, int i,
		   const struct own_docker_due *due)
{
	if (docker->look || (due->what & own_docker_bit(i)))
		return true;
	if (!due->all)
		return false;
	if (docker->wait[i] > 0)
		docker->wait[i]--;
	return docker->wait[i] == 0 && (docker->text[i] || *docker->error[i]);
}

static void list(struct own_docker *docker, int i)
{
	char *text = NULL;
	size_t len = 0;
	int r = nft_list_handles(families[i], OWN_TABLE_DOCKER, TIMEOUT_MS,
				 &text, &len, docker->error[i]);

	if (r < 0 && r != -ENOENT) {
		docker->wait[i] = own_docker_back_off(&docker->missed[i]);
		return;
	}
	docker->listed[i] = true;
	docker->missed[i] = 0;
	docker->error[i][0] = '\0';
	free(docker->text[i]);
	docker->text[i] = text;
	docker->len[i] = len;
}

void own_docker_read(struct own_docker *docker,
		     const struct own_docker_due *due)
{
	for (int i = 0; i < OWN_DOCKER_FAMILIES; i++) {
		docker->listed[i] = false;
		if (is_due(docker, i, due))
			list(docker, i);
	}
	docker->look = false;
}

void own_docker_clear(struct own_docker *docker)
{
	for (int i = 0; i < OWN_DOCKER_FAMILIES; i++) {
		free(docker->text[i]);
		docker->text[i] = NULL;
	}
}
