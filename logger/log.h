/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's messages: standard error, or syslog when in the background. */
#ifndef BRIDGEAUDIT_LOGGER_LOG_H
#define BRIDGEAUDIT_LOGGER_LOG_H

/* Which process speaks ("keeper", "recorder"; "" for none), and where to. */
void log_init(const char *role, int to_syslog);

/* In the background: from now on nothing goes to the starter's terminal. */
void log_detach(void);

/* An ordinary message; one line, lower case, no full stop. */
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Something that is not as it should be, and goes on. */
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The reason why a process ends or could not start. */
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
