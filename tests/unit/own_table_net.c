// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bridges, veths and namespaces by iproute2, in a network and a mount
 * namespace of our own, so that nothing of it is left when the test ends. The
 * addresses that packets go to are permanent neighbours: nobody needs to be
 * there to receive them.
 */
#include "tests/unit/own_table_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "logger/firewall/nft.h"
#include "tests/unit/cmocka_all.h"

enum { TIMEOUT_MS = 60000 };

/* ns "a" is a container on br-a, "x" a router's neighbour, "t" a trusted one */
static const char setup[] =
	"set -e; export PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"
	"mkdir -p /run/netns; ip link set lo up\n"
	"sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1\n"
	"sysctl -qw net.ipv4.conf.all.rp_filter=0 "
	"net.ipv4.conf.default.rp_filter=0 "
	"net.ipv4.conf.all.send_redirects=0 "
	"net.ipv4.conf.default.send_redirects=0 "
	"net.ipv4.conf.all.route_localnet=1\n"
	"i=0; for n in a b r u i n x t; do i=$((i + 1))\n"
	"ip netns add $n\n"
	"case $n in\n"
	"x|t) dev=${n}0; ip link add $dev type veth peer name eth0 netns $n;;\n"
	"*) dev=br-$n; ip link add $dev type bridge\n"
	"ip link add v$n type veth peer name eth0 netns $n\n"
	"ip link set v$n master $dev up;; esac\n"
	"ip addr add 10.$i.0.1/24 dev $dev\n"
	"ip addr add fd00:$i::1/64 dev $dev nodad; ip link set $dev up\n"
	"for h in 2 22 77; do ip neigh replace 10.$i.0.$h dev $dev "
	"lladdr 02:00:00:00:00:02 nud permanent\n"
	"ip neigh replace fd00:$i::$h dev $dev "
	"lladdr 02:00:00:00:00:02 nud permanent; done\n"
	"mac=$(ip -o link show $dev | sed 's/.*ether \\([^ ]*\\).*/\\1/')\n"
	"in=\"ip -n $n\"\n"
	"$in addr add 10.$i.0.9/32 dev eth0\n"
	"$in addr add fd00:$i::9/128 dev eth0 nodad\n"
	"$in link set eth0 up; $in route add 10.$i.0.1 dev eth0\n"
	"$in route add default via 10.$i.0.1; $in route add fd00:$i::1 dev eth0\n"
	"$in route add default via fd00:$i::1\n"
	"$in neigh replace 10.$i.0.1 dev eth0 lladdr $mac nud permanent\n"
	"$in neigh replace fd00:$i::1 dev eth0 lladdr $mac nud permanent\n"
	"done\n"
	"ip netns exec x sysctl -qw net.ipv4.conf.all.route_localnet=1\n"
	"ip -n x link set lo down\n"
	"ip -n x route del local 127.0.0.1 table local 2>/dev/null || :\n"
	"ip -n x route add 127.0.0.1 via 10.7.0.1\n"
	/* from far off, so that no address of it is like a container's */
	"ip -n x addr add 192.0.2.9/32 dev eth0\n"
	"ip -n x addr add 2001:db8::9/128 dev eth0 nodad\n"
	"ip -n x route replace default via 10.7.0.1 src 192.0.2.9\n"
	"ip -n x route replace default via fd00:7::1 src 2001:db8::9\n"
	"sleep 1\n";

static const char tally[] =
	"table inet tally { chain post {\n"
	"type filter hook postrouting priority 300\n"
	"meta l4proto { 6, 17 } counter\n"
	"icmp type echo-request counter\nicmpv6 type echo-request counter\n"
	"}\n}\n";

static void net_shell(const char *command)
{
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

void net_nft(const char *text)
{
	char error[NFT_RUN_ERROR_MAX];
	pid_t pid;

	if (nft_apply(text, TIMEOUT_MS, &pid, error) < 0)
		fail_msg("%s, given:\n%s", error, text);
}

char *net_list(const char *family, const char *name)
{
	char error[NFT_RUN_ERROR_MAX];
	char *text = NULL;
	size_t len;
	int r = nft_list_table(family, name, TIMEOUT_MS, &text, &len, error);

	if (r < 0 && r != -ENOENT)
		fail_msg("%s", error);
	return text;
}

bool net_make(void)
{
	char error[NFT_RUN_ERROR_MAX];

	if (geteuid() != 0 || unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/run", "tmpfs", 0, NULL) < 0 ||
	    !nft_available(TIMEOUT_MS, error))
		return false;
	net_shell(setup);
	net_nft(tally);
	return true;
}

uint64_t net_forwarded(void)
{
	char *text = net_list("inet", "tally");
	uint64_t sum = 0;

	assert_non_null(text);
	for (const char *p = text; (p = strstr(p, "packets ")); p++)
		sum += strtoull(p + 8, NULL, 10);
	free(text);
	return sum;
}

/* A socket in a neighbour's namespace, and we are back in ours. */
static int open_socket(const char *ns, int af, int type, int proto)
{
	int ours = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	char path[64];
	int theirs, fd;

	snprintf(path, sizeof(path), "/run/netns/%s", ns);
	theirs = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(ours >= 0 && theirs >= 0);
	assert_int_equal(setns(theirs, CLONE_NEWNET), 0);
	fd = socket(af, type | SOCK_CLOEXEC | SOCK_NONBLOCK, proto);
	assert_int_equal(setns(ours, CLONE_NEWNET), 0);
	assert_true(fd >= 0);
	close(ours);
	close(theirs);
	return fd;
}

static socklen_t make_address(const struct net_packets *p,
			      struct sockaddr_storage *ret)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	uint16_t port = p->proto == NET_ICMP ? 0 : htons((uint16_t)p->port);
	char text[64];

	if (p->family == 6) {
		snprintf(text, sizeof(text), "fd00:%d::%d", p->net, p->host);
		assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
		v6.sin6_port = port;
		memcpy(ret, &v6, sizeof(v6));
		return sizeof(v6);
	}
	snprintf(text, sizeof(text), "10.%d.0.%d", p->net, p->host);
	assert_int_equal(inet_pton(AF_INET, p->net == 0 ? "127.0.0.1" : text,
				   &v4.sin_addr),
			 1);
	v4.sin_port = port;
	memcpy(ret, &v4, sizeof(v4));
	return sizeof(v4);
}

void net_send(const struct net_packets *p)
{
	static const uint8_t echo4[8] = { 8, 0, 0xf7, 0xff },
			     echo6[8] = { 128 };
	const int af = p->family == 4 ? AF_INET : AF_INET6;
	struct sockaddr_storage to;
	socklen_t len = make_address(p, &to);
	int type = p->proto == NET_UDP	 ? SOCK_DGRAM
		   : p->proto == NET_TCP ? SOCK_STREAM
					 : SOCK_RAW;
	int proto = p->proto != NET_ICMP ? 0
		    : p->family == 4	 ? IPPROTO_ICMP
					 : IPPROTO_ICMPV6;
	int fd = open_socket(p->from, af, type, proto);

	for (int i = 0; i < p->n; i++) {
		const void *data = p->family == 4 ? echo4 : echo6;

		if (p->proto == NET_TCP) {
			int r = connect(fd, (struct sockaddr *)&to, len);

			assert_true(r < 0 && errno == EINPROGRESS);
			close(fd);
			fd = open_socket(p->from, af, type, proto);
		} else {
			assert_int_equal(sendto(fd, data, 8, 0,
						(struct sockaddr *)&to, len),
					 8);
		}
	}
	close(fd);
}
