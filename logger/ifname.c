// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Interface index in, name out: libnfnetlink's table of what there is, and a
 * small memory of what there was.
 */
#include "logger/ifname.h"

#include <errno.h>
#include <fcntl.h>
#include <libnfnetlink/libnfnetlink.h>
#include <net/if.h>
#include <stdlib.h>

#include "lib/text.h"

enum { REMEMBERED = 1024 }; /* slots, a power of two */

struct ifname_table {
	struct nlif_handle *nlif;
	struct {
		uint32_t ifindex;
		char name[IF_NAMESIZE];
	} seen[REMEMBERED];
};

int ifname_open(struct ifname_table **ret)
{
	struct ifname_table *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return -ENOMEM;
	t->nlif = nlif_open();
	if (!t->nlif) {
		r = errno ? -errno : -EIO;
		free(t);
		return r;
	}
	if (nlif_query(t->nlif) < 0) {
		r = errno ? -errno : -EIO;
		ifname_close(t);
		return r;
	}
	/* nlif_catch() must not wait when there is nothing */
	if (fcntl(nlif_fd(t->nlif), F_SETFL, O_NONBLOCK) < 0) {
		r = -errno;
		ifname_close(t);
		return r;
	}
	*ret = t;
	return 0;
}

int ifname_fd(const struct ifname_table *t)
{
	return nlif_fd(t->nlif);
}

void ifname_update(struct ifname_table *t)
{
	/* after an overrun only the table as a whole is right again */
	if (nlif_catch(t->nlif) < 0 && errno == ENOBUFS)
		nlif_query(t->nlif);
}

void ifname_get(struct ifname_table *t, uint32_t ifindex, char *name,
		size_t size)
{
	size_t at = ifindex & (REMEMBERED - 1);
	char now[IF_NAMESIZE];

	if (nlif_index2name(t->nlif, ifindex, now) >= 0) {
		t->seen[at].ifindex = ifindex;
		str_copy(t->seen[at].name, sizeof(t->seen[at].name), now);
	}
	str_copy(name, size,
		 t->seen[at].ifindex == ifindex ? t->seen[at].name : "");
}

void ifname_close(struct ifname_table *t)
{
	if (!t)
		return;
	if (t->nlif)
		nlif_close(t->nlif);
	free(t);
}
