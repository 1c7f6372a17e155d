// SPDX-License-Identifier: GPL-2.0-or-later
/* Credentials of a connection, and the names that belong to them. */
#include "logger/reading/who.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/socket.h>

#include "lib/text.h"

/* Of a process that nobody logged in for: AUDIT_UID_UNSET of linux/audit.h. */
#define AUID_UNSET UINT32_MAX

enum { USERS_MAX = 8192 }; /* lines that are looked through for a name */

static bool is_open(int fd)
{
	struct pollfd p = { .fd = fd };

	return poll(&p, 1, 0) == 0;
}

/*
 * While the connection is open the pid is that of who made it. Who leaves it to
 * a child and ends may pass for another login so, never for another uid.
 */
static int64_t read_auid(int fd, int pid)
{
	unsigned int auid = AUID_UNSET;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/loginuid", pid);
	f = pid > 0 ? fopen(path, "re") : NULL;
	if (!f)
		return -1;
	if (fscanf(f, "%u", &auid) != 1)
		auid = AUID_UNSET;
	fclose(f);
	return auid != AUID_UNSET && is_open(fd) ? (int64_t)auid : -1;
}

int reading_who(int fd, struct reading *r)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return -errno;
	r->uid = cred.uid;
	r->gid = cred.gid;
	r->pid = cred.pid;
	r->auid = read_auid(fd, cred.pid);
	return 0;
}

void reading_names(struct reading *r)
{
	FILE *f = fopen("/etc/passwd", "re");
	const struct passwd *pw;

	for (int i = 0; f && i < USERS_MAX && (pw = fgetpwent(f)); i++) {
		if (pw->pw_uid == r->uid && !*r->user)
			str_copy(r->user, sizeof(r->user), pw->pw_name);
		if (pw->pw_uid == r->auid && !*r->login)
			str_copy(r->login, sizeof(r->login), pw->pw_name);
	}
	if (f)
		fclose(f);
}
