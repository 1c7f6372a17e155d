// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Another time of day for one program, as if the host's clock had been set: to
 * be preloaded, and built by the test that does. CLOCK_REALTIME is so many
 * seconds off as the file TEST_CLOCK says at that moment, and so are the times
 * of NFLOG's packets, which the kernel takes from that clock. All other clocks
 * are as they are.
 */
#include <endian.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { TEXT = 16 };

static const char *text; /* a number and blanks; NULL: no file */

ssize_t recvfrom(int fd, void *buf, size_t len, int flags,
		 struct sockaddr *from, socklen_t *from_len);

__attribute__((constructor)) static void open_file(void)
{
	const char *path = getenv("TEST_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *p;

	if (fd < 0)
		return;
	p = mmap(NULL, TEXT, PROT_READ, MAP_SHARED, fd, 0);
	if (p != MAP_FAILED)
		text = p;
	close(fd);
}

static long offset(void)
{
	char copy[TEXT + 1] = "";

	if (text)
		memcpy(copy, text, TEXT);
	return strtol(copy, NULL, 10);
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
	int r = (int)syscall(SYS_clock_gettime, id, ts);

	if (r == 0 && id == CLOCK_REALTIME)
		ts->tv_sec += offset();
	return r;
}

static int shift_time(const struct nlattr *a, void *arg)
{
	struct nfulnl_msg_packet_timestamp ts;

	(void)arg;
	if (mnl_attr_get_type(a) != NFULA_TIMESTAMP)
		return MNL_CB_OK;
	memcpy(&ts, mnl_attr_get_payload(a), sizeof(ts));
	ts.sec = htobe64(be64toh(ts.sec) + (uint64_t)offset());
	memcpy(mnl_attr_get_payload(a), &ts, sizeof(ts));
	return MNL_CB_STOP;
}

static void shift(const struct nlmsghdr *nlh)
{
	if (nlh->nlmsg_type == (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET))
		mnl_attr_parse(nlh, sizeof(struct nfgenmsg), shift_time, NULL);
}

ssize_t recvfrom(int fd, void *buf, size_t len, int flags,
		 struct sockaddr *from, socklen_t *from_len)
{
	ssize_t n = syscall(SYS_recvfrom, fd, buf, len, flags, from, from_len);
	struct nlmsghdr *nlh = buf;
	int domain = 0;
	socklen_t size = sizeof(domain);
	int left = (int)n;

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
	if (n < 0 || (size_t)n > len || domain != AF_NETLINK)
		return n;
	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
		shift(nlh);
	return n;
}
