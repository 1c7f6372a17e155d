// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signs checkpoints. A recorder that went mad can have its nonsense signed,
 * but with the keeper's clock, and never anything before what was signed: it
 * can't write the past anew. Copies leave the database before it has its own.
 */
#include "logger/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "logger/channel.h"
#include "logger/log.h"

static void load(struct seal *s)
{
	uint8_t key[CHECKPOINT_KEY];
	char hex[2 * CHECKPOINT_KEY + 1];
	int r = signing_key_load(s->dir, s->secret);

	/* the directory above may be the recorder's, and we are root without
	 * a capability for it by now */
	if (r == -EACCES && s->dir_fd >= 0)
		r = signing_key_load_at(s->dir_fd, s->secret);
	if (r == -ENOENT) {
		r = signing_key_make(s->dir, NULL, s->secret);
		if (r == 0)
			log_info("made a signing key in '%s': keep a copy of "
				 "signing.pub elsewhere",
				 s->dir);
	}
	s->able = r == 0;
	if (r < 0) {
		log_warn("no signing key in '%s': %s; the log is not signed",
			 s->dir,
			 r == -EPERM ? "others than root may read it, or have "
				       "it or the directory"
				     : strerror(-r));
		return;
	}
	crypto_sign_ed25519_sk_to_pk(key, s->secret);
	log_info("checkpoints are signed with key %s",
		 sodium_bin2hex(hex, sizeof(hex), key, sizeof(key)));
}

void seal_open(struct seal *s, const char *db_path)
{
	char path[SIGNING_PATH_MAX];
	mode_t mask;

	*s = (struct seal){ .fd = -1, .dir_fd = -1 };
	if (canonical_init() < 0 || signing_key_dir(db_path, s->dir) < 0)
		return;
	/* who checks the log need not be root, whatever our caller's umask */
	mask = umask(022);
	load(s);
	if (s->able)
		s->dir_fd = open(s->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (s->able && signing_key_file(s->dir, "checkpoints", path) == 0) {
		s->fd = open(path,
			     O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC |
				     O_NOFOLLOW,
			     0644);
		if (s->fd < 0)
			log_warn("can't write '%s': %s; checkpoints go to the "
				 "system's log only",
				 path, strerror(errno));
	}
	umask(mask);
}

void seal_reload(struct seal *s)
{
	if (s->able)
		load(s);
}

void seal_close(struct seal *s)
{
	sodium_memzero(s->secret, sizeof(s->secret));
	if (s->fd >= 0)
		close(s->fd);
	if (s->dir_fd >= 0)
		close(s->dir_fd);
	s->fd = s->dir_fd = -1;
	s->able = false;
}

/* A disk that was full, or lost its power, may have left half a line. */
static bool is_at_line(int fd)
{
	off_t end = lseek(fd, 0, SEEK_END);
	char last;

	return end <= 0 || pread(fd, &last, 1, end - 1) != 1 || last == '\n';
}

static void send_out(struct seal *s, const char *line)
{
	char text[CHECKPOINT_LINE_MAX + 2];
	int len = snprintf(text, sizeof(text), "%s%s\n",
			   s->fd >= 0 && !is_at_line(s->fd) ? "\n" : "", line);

	log_info("%s", line);
	errno = ENOSPC; /* none is set when a part was written */
	if (s->fd >= 0 &&
	    (write(s->fd, text, (size_t)len) != len || fdatasync(s->fd) < 0))
		log_warn("can't write a checkpoint to '%s': %s", s->dir,
			 strerror(errno));
	if (s->courier)
		courier_send(s->courier, line);
}

void seal_checkpoint(struct seal *s, const struct checkpoint *asked,
		     int channel_fd, uint64_t now_ns)
{
	struct channel_msg msg = { .kind = CHANNEL_CHECKPOINT };
	struct checkpoint *cp = &msg.u.checkpoint;
	char line[CHECKPOINT_LINE_MAX];

	if (!s->able || asked->id < s->id || asked->seq < s->seq)
		return;
	*cp = *asked;
	cp->time_ns = (int64_t)now_ns;
	checkpoint_sign(cp, s->secret);
	s->id = cp->id;
	s->seq = cp->seq;
	send_out(s, checkpoint_print(cp, line));
	channel_send(channel_fd, &msg);
}
