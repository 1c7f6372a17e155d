// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Giving privileges up: the recorder's all, the keeper's but the few that
 * writing firewall rules takes.
 */
#include "logger/privilege.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

int privilege_lookup(const char *user, uid_t *ret_uid, gid_t *ret_gid)
{
	const struct passwd *pw;

	errno = 0;
	pw = getpwnam(user);
	if (!pw)
		return errno && errno != ESRCH ? -errno : -ENOENT;
	if (pw->pw_uid == 0)
		return -EPERM;
	*ret_uid = pw->pw_uid;
	*ret_gid = pw->pw_gid;
	return 0;
}

int privilege_drop(const char *user)
{
	uid_t uid;
	gid_t gid;
	int r = privilege_lookup(user, &uid, &gid);

	if (r < 0)
		return r;
	if (initgroups(user, gid) < 0 || setresgid(gid, gid, gid) < 0 ||
	    setresuid(uid, uid, uid) < 0)
		return -errno;
	/* leaving uid 0 cleared what root had; this clears the rest */
	capng_clear(CAPNG_SELECT_ALL);
	if (capng_apply(CAPNG_SELECT_CAPS) < 0)
		return -EPERM;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return setuid(0) == 0 ? -EPERM : 0;
}

int privilege_keep_firewall(void)
{
	/*
	 * NET_ADMIN: netlink, and nft rules. NET_RAW: iptables-legacy talks
	 * through a raw socket. Docker's socket and xtables.lock are root's,
	 * whom we stay.
	 */
	capng_clear(CAPNG_SELECT_ALL);
	if (capng_updatev(CAPNG_ADD,
			  CAPNG_EFFECTIVE | CAPNG_PERMITTED |
				  CAPNG_BOUNDING_SET,
			  CAP_NET_ADMIN, CAP_NET_RAW, -1) < 0 ||
	    capng_apply(CAPNG_SELECT_BOTH) < 0)
		return -EPERM;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return 0;
}
