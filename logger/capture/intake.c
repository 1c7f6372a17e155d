// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages of the kernel in, events and gaps out to the store. When the store
 * can't take more it leaves the packets in the kernel, whose numbers tell
 * later how many did not fit.
 */
#include "logger/capture/intake.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#include "logger/capture/capture.h"
#include "logger/log.h"
#include "logger/netlink.h"

enum { RECEIVES_MAX = 64 }; /* in a row, before others have their turn */

static void take_gap(struct intake *in, uint64_t lost, uint64_t to_ns)
{
	struct gap gap = {
		.from_ns = in->sequence.last_ns ? in->sequence.last_ns : to_ns,
		.to_ns = to_ns,
		.packets = reconcile_hole(in->rec, lost),
		.known = true,
		.cause = "lost in the kernel",
		.detail = "gap in the sequence numbers of the NFLOG group",
	};

	if (gap.from_ns < in->written_ns)
		gap.cause = "lost while the database could not be written";
	if (gap.from_ns > to_ns) /* the clock was set back */
		gap.from_ns = to_ns;
	if (gap.packets > 0)
		store_add_gap(in->store, &gap);
	in->sequence.overrun = false;
	in->sequence.gap_seen = true;
	in->lost.packets += lost;
	in->lost.gaps++;
}

static void add(struct intake *in, const struct event *ev)
{
	if (!in->sharing) {
		store_add_event(in->store, ev);
		return;
	}
	switch (fair_add(in->fair, in->store, ev)) {
	case FAIR_WHOLE:
		return;
	case FAIR_COUNTED:
		in->shed.packets++;
		in->shed.gaps = 1; /* that they are several is no news */
		break;
	case FAIR_SAME:
		break;
	}
	in->shared = true;
}

static void take_message(struct intake *in, const struct nlmsghdr *nlh,
			 uint64_t now_ns)
{
	struct capture_packet p;
	uint64_t lost;
	int r = capture_parse(nlh, &p);

	if (r == -EAGAIN)
		return;
	if (r < 0) {
		/* its number is unknown: the next packet shows it as a gap */
		if (in->malformed++ == 0)
			in->note(in->arg, "malformed messages were skipped; "
					  "they count as lost");
		return;
	}
	if (p.ev.time_ns == 0)
		p.ev.time_ns = now_ns;
	lost = p.has_seq ? sequence_next(&in->sequence, p.seq, p.ev.time_ns)
			 : 0;
	if (lost)
		take_gap(in, lost, p.ev.time_ns);
	in->sequence.last_ns = p.ev.time_ns;
	if (!p.ours) {
		in->rec->foreign = true;
		if (in->foreign++ == 0)
			in->note(in->arg, "a rule that is not ours logs to "
					  "our group; its packets are ignored");
		return;
	}
	add(in, &p.ev);
	if (store_events_full(in->store))
		in->full(in->arg);
}

/*
 * Every message of one receive; when the store is full and can't be written
 * the rest is lost, and the numbering says so with the next packet.
 */
static void take_messages(struct intake *in, size_t len, uint64_t now_ns)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)in->buf;
	int left = (int)len;

	while (netlink_ok(nlh, left)) {
		if (store_events_full(in->store))
			return;
		take_message(in, nlh, now_ns);
		nlh = mnl_nlmsg_next(nlh, &left);
	}
	if (left > 0 && in->malformed++ == 0)
		in->note(in->arg, "malformed bytes were skipped; what they "
				  "were counts as lost");
}

/*
 * The socket is empty: whatever it dropped until now either showed as a gap in
 * the numbers, or is a loss at the very end that no number shows yet.
 */
static void check_drops(struct intake *in)
{
	struct sequence *seq = &in->sequence;
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(in->nflog_fd, SOL_SOCKET, SO_MEMINFO, info, &len) < 0)
		return;
	if (info[SK_MEMINFO_DROPS] != seq->drops && !seq->gap_seen)
		seq->overrun = true;
	seq->drops = info[SK_MEMINFO_DROPS];
	seq->gap_seen = false;
}

bool intake_take(struct intake *in, uint64_t now_ns)
{
	for (int i = 0; i < RECEIVES_MAX; i++) {
		struct sockaddr_nl from;
		socklen_t from_len = sizeof(from);
		ssize_t n;

		if (store_events_full(in->store))
			return false;
		n = recvfrom(in->nflog_fd, in->buf, CAPTURE_RECV_SIZE,
			     MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&from,
			     &from_len);
		if (n < 0 && errno == ENOBUFS) {
			in->sequence.overrun = true;
			continue;
		}
		if (n < 0) {
			check_drops(in);
			return true;
		}
		/* only the kernel (port 0) may speak here */
		if (from_len < sizeof(from) || from.nl_pid != 0)
			continue;
		if (n > CAPTURE_RECV_SIZE) {
			log_warn("a batch of %zd bytes was cut: its packets "
				 "count as lost",
				 n);
			n = CAPTURE_RECV_SIZE;
		}
		take_messages(in, (size_t)n, now_ns);
	}
	return false;
}
