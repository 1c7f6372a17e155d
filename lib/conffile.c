// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A file in, settings out, by inih. Whoever may write the file decides what
 * root's daemon does, so a file that others may write is refused.
 */
#include "lib/conffile.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/text.h"

struct reading {
	FILE *file;
	conffile_set *set;
	void *arg;
	int line; /* the one that is being read */
	bool failed;
	char why[CONFFILE_ERROR_MAX];
};

static void fail(struct reading *rd, const char *why)
{
	rd->failed = true;
	str_copy(rd->why, sizeof(rd->why), why);
}

/* As fgets(), for inih; it tells a handler of no line number. */
static char *next_line(char *buf, int size, void *arg)
{
	struct reading *rd = arg;
	size_t blanks, len;

	if (rd->failed || !fgets(buf, size, rd->file))
		return NULL;
	rd->line++;
	len = strlen(buf);
	if (len + 1 == (size_t)size && buf[len - 1] != '\n') {
		fail(rd, "the line is too long");
		return NULL;
	}
	/* inih would take an indented line for more of the value above */
	blanks = strspn(buf, " \t");
	memmove(buf, buf + blanks, len - blanks + 1);
	return buf;
}

static int on_setting(void *arg, const char *section, const char *name,
		      const char *value)
{
	struct reading *rd = arg;
	char why[CONFFILE_ERROR_MAX] = "", text[CONFFILE_ERROR_MAX];

	if (*section) {
		fail(rd, "there are no [sections] here");
	} else if (rd->set(rd->arg, name, value, why) < 0) {
		snprintf(text, sizeof(text), "%.64s %.256s", name, why);
		fail(rd, text);
	}
	return !rd->failed;
}

static int open_file(const char *path, FILE **ret, char *error)
{
	FILE *file = fopen(path, "re");
	struct stat st;
	int r;

	if (!file) {
		r = -errno;
		snprintf(error, CONFFILE_ERROR_MAX, "can't open '%s': %s", path,
			 strerror(-r));
		return r;
	}
	if (fstat(fileno(file), &st) == 0 &&
	    (st.st_mode & (S_IWGRP | S_IWOTH)) == 0 &&
	    (st.st_uid == 0 || st.st_uid == geteuid())) {
		*ret = file;
		return 0;
	}
	snprintf(error, CONFFILE_ERROR_MAX,
		 "'%s' may be written by others than its reader: make it "
		 "root's, mode 0644",
		 path);
	fclose(file);
	return -EPERM;
}

int conffile_read(const char *path, conffile_set *set, void *arg, char *error)
{
	struct reading rd = { .set = set, .arg = arg };
	int r = open_file(path, &rd.file, error);
	int line;

	if (r < 0)
		return r;
	line = ini_parse_stream(next_line, &rd, on_setting, &rd);
	if (ferror(rd.file)) {
		r = -EIO;
		snprintf(error, CONFFILE_ERROR_MAX, "can't read '%s'", path);
	} else if (rd.failed) {
		r = -EINVAL;
		snprintf(error, CONFFILE_ERROR_MAX, "%.200s:%d: %.288s", path,
			 rd.line, rd.why);
	} else if (line != 0) {
		r = -EINVAL;
		snprintf(error, CONFFILE_ERROR_MAX,
			 "%.200s:%d: write 'key = value'", path, line);
	}
	fclose(rd.file);
	return r;
}
