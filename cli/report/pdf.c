// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs a browser on the page in a directory made for it. The page has no
 * script and may load nothing; the browser gets no network besides, and a
 * time limit.
 */
#include "cli/report/pdf.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/report/report.h"
#include "lib/exitcode.h"
#include "lib/text.h"

extern char **environ;

enum { TIMEOUT_MS = 60000, FILES_OPEN = 16, ARGS_MAX = 16 };

static const char *const browsers[] = {
	"chromium",
	"chromium-browser",
	"google-chrome",
	"google-chrome-stable",
	"chromium-headless-shell",
};

static int find_browser(char *buf, size_t size)
{
	const char *search = getenv("PATH");

	for (; search && *search; search += *search == ':') {
		size_t len = strcspn(search, ":");

		for (size_t i = 0; len > 0 && i < ARRAY_SIZE(browsers); i++) {
			int n = snprintf(buf, size, "%.*s/%s", (int)len, search,
					 browsers[i]);

			if (n > 0 && (size_t)n < size && access(buf, X_OK) == 0)
				return 0;
		}
		search += len;
	}
	return -ENOENT;
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	remove(path); /* what is left makes the directory stay */
	return 0;
}

static int write_page(const json_t *root, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	int r;

	if (!out) {
		r = -errno;
		if (fd >= 0)
			close(fd);
		return r;
	}
	r = report_html(root, out);
	if (fclose(out) == EOF && r == 0)
		r = -errno;
	return r;
}

static int spawn(const char *browser, char **argv, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return -r;
	r = posix_spawnattr_init(&attr);
	if (r == 0) {
		/* a group of its own: it has many children */
		posix_spawnattr_setpgroup(&attr, 0);
		posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
		for (int fd = 0; fd < 3 && r == 0; fd++)
			r = posix_spawn_file_actions_addopen(
				&actions, fd, "/dev/null", O_RDWR, 0);
		if (r == 0)
			r = posix_spawn(ret_pid, browser, &actions, &attr, argv,
					environ);
		posix_spawnattr_destroy(&attr);
	}
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/* 0 when it ended well in time; its group is gone then in any case. */
static int wait_for(pid_t pid)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	int status = 0, waited_ms = 0;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (waited_ms >= TIMEOUT_MS)
			kill(-pid, SIGKILL);
		nanosleep(&pause, NULL);
		waited_ms += 20;
	}
	kill(-pid, SIGKILL);
	if (waited_ms >= TIMEOUT_MS)
		return -ETIMEDOUT;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

/* dir has page.html; makes page.pdf beside it. */
static int print_page(const char *browser, const char *dir)
{
	char profile[PATH_MAX], pdf[PATH_MAX], page[PATH_MAX];
	/* words of ours, which posix_spawn() does not change */
	const char *const words[] = {
		"chromium",
		"--headless",
		"--disable-gpu",
		"--disable-dev-shm-usage",
		"--disable-background-networking",
		"--disable-sync",
		"--no-first-run",
		"--no-pdf-header-footer",
		"--host-resolver-rules=MAP * ~NOTFOUND",
		profile,
		pdf,
		/* it refuses to be root within its sandbox */
		geteuid() == 0 ? "--no-sandbox" : "--disable-extensions",
		page,
	};
	char *argv[ARGS_MAX] = { NULL };
	pid_t pid = 0;
	int r = 0;

	snprintf(profile, sizeof(profile), "--user-data-dir=%s/profile", dir);
	snprintf(pdf, sizeof(pdf), "--print-to-pdf=%s/page.pdf", dir);
	snprintf(page, sizeof(page), "file://%s/page.html", dir);
	for (size_t i = 0; i < ARRAY_SIZE(words) && r == 0; i++) {
		argv[i] = strdup(words[i]);
		r = argv[i] ? 0 : -ENOMEM;
	}
	if (r == 0)
		r = spawn(browser, argv, &pid);
	if (r == 0)
		r = wait_for(pid);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		free(argv[i]);
	return r;
}

/* -EPROTO when there is no PDF; else an error of out. */
static int copy_pdf(const char *path, FILE *out)
{
	FILE *in = fopen(path, "re");
	char buf[65536];
	size_t n = in ? fread(buf, 1, sizeof(buf), in) : 0;
	int r = 0;

	if (n < 5 || memcmp(buf, "%PDF-", 5) != 0)
		r = -EPROTO;
	for (; r == 0 && n > 0; n = fread(buf, 1, sizeof(buf), in))
		if (fwrite(buf, 1, n, out) != n)
			r = -errno;
	if (r == 0 && fflush(out) == EOF)
		r = -errno;
	if (in)
		fclose(in);
	return r;
}

static int run_in(const struct cli *cli, const json_t *root,
		  const char *browser, const char *dir)
{
	char path[PATH_MAX];
	int r;

	snprintf(path, sizeof(path), "%s/page.html", dir);
	r = write_page(root, path);
	if (r == 0)
		r = print_page(browser, dir);
	if (r == 0) {
		snprintf(path, sizeof(path), "%s/page.pdf", dir);
		r = copy_pdf(path, cli->out);
		if (r < 0 && r != -EPROTO)
			return cli_write_failed(cli, r);
	}
	if (r == 0)
		return EXITCODE_OK;
	cli_error(cli, "'%s' made no PDF: %s; take -o html and print that",
		  browser, r == -EPROTO ? "it wrote none" : strerror(-r));
	return EXITCODE_NOTHING;
}

int report_pdf(const struct cli *cli, const json_t *root)
{
	const char *tmp = getenv("TMPDIR");
	char browser[PATH_MAX], dir[PATH_MAX / 2];
	int code;

	if (find_browser(browser, sizeof(browser)) < 0) {
		cli_error(cli, "-o pdf needs a browser and there is none in "
			       "PATH: install chromium, or take -o html and "
			       "print that");
		return EXITCODE_NOTHING;
	}
	snprintf(dir, sizeof(dir), "%.1024s/bridgeaudit-report-XXXXXX",
		 tmp && *tmp == '/' ? tmp : "/tmp");
	if (!mkdtemp(dir)) {
		cli_error(cli, "can't make directory '%s': %s", dir,
			  strerror(errno));
		return EXITCODE_NOTHING;
	}
	code = run_in(cli, root, browser, dir);
	nftw(dir, remove_one, FILES_OPEN, FTW_DEPTH | FTW_PHYS);
	return code;
}
