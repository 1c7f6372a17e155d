// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/firewall_world.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "logger/firewall/own_netlink.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/program_bench.h"

static int notices = -1;

int firewall_world_open(bool legacy, bool *ret_allowed)
{
	*ret_allowed = false;
	if (!program_open())
		return -1;
	if (geteuid() != 0 || access("/usr/sbin/nft", X_OK) < 0 ||
	    access("/usr/sbin/iptables-nft-save", X_OK) < 0 ||
	    (legacy && access("/usr/sbin/iptables-legacy-save", X_OK) < 0) ||
	    unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/run", "tmpfs", 0, NULL) < 0)
		return 0;
	notices = nftmon_open();
	*ret_allowed = notices >= 0;
	return 0;
}

int firewall_world_close(void **state)
{
	(void)state;
	program_close();
	return 0;
}

void firewall_world_end(struct firewall **fw, const int channel[2])
{
	firewall_free(*fw);
	*fw = NULL;
	close(channel[0]);
	close(channel[1]);
}

size_t firewall_world_counters(void)
{
	struct own_counter *list = NULL;
	size_t len = 0;

	assert_int_equal(own_netlink_counters(&list, &len), 0);
	free(list);
	return len;
}

void firewall_world_step(void *arg)
{
	(void)arg;
}

unsigned int firewall_world_notices(struct firewall *fw)
{
	unsigned int what = 0;

	nftmon_read(notices, firewall_pids(fw), firewall_history(fw), &what);
	return what;
}

void firewall_world_lose_notices(struct firewall *fw)
{
	char buf[64];

	while (recv(notices, buf, sizeof(buf), 0) > 0)
		;
	nft_history_lose(firewall_history(fw));
}

void firewall_world_narrow(bool narrow)
{
	int size = narrow ? 1 : 1 << 20;

	setsockopt(notices, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
}

const char *firewall_world_command(const char *format, const char *variant)
{
	static char command[2048];
	size_t len = 0;

	for (; *format && len + 8 < sizeof(command); format++) {
		if (*format == '@')
			len += (size_t)snprintf(command + len, 8, "%s",
						variant);
		else
			command[len++] = *format;
	}
	command[len] = '\0';
	return command;
}
