// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The daemon's messages, each one line, escaped so that a container's name
 * can't write to the terminal. To standard error or to syslog.
 */
#include "logger/log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#include "lib/text.h"

enum { LINE_MAX_LEN = 1024 };

static const char *log_role = "";
static int log_to_syslog;

void log_init(const char *role, int to_syslog)
{
	log_role = role;
	log_to_syslog = to_syslog;
	if (to_syslog)
		openlog("bridgeauditd", LOG_PID | LOG_PERROR, LOG_DAEMON);
}

void log_detach(void)
{
	int fd;

	if (!log_to_syslog)
		return;
	openlog("bridgeauditd", LOG_PID, LOG_DAEMON);
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	dup2(fd, STDERR_FILENO);
	close(fd);
}

static void __attribute__((format(printf, 2, 0)))
log_line(int priority, const char *fmt, va_list ap)
{
	char line[LINE_MAX_LEN];
	char safe[4 * LINE_MAX_LEN];

	vsnprintf(line, sizeof(line), fmt, ap);
	str_escape(safe, sizeof(safe), line);
	if (log_to_syslog)
		syslog(priority, "%s", safe);
	else
		fprintf(stderr, "bridgeauditd%s%s: %s\n", *log_role ? " " : "",
			log_role, safe);
}

void log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_INFO, fmt, ap);
	va_end(ap);
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_WARNING, fmt, ap);
	va_end(ap);
}

void log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_ERR, fmt, ap);
	va_end(ap);
}
