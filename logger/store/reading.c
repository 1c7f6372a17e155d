// SPDX-License-Identifier: GPL-2.0-or-later
/* Readings of the log: a row when one begins, the same row when it ends. */
#include "logger/store/reading.h"

#include "logger/store/bind.h"
#include "logger/store/private.h"

int64_t store_reading_id(struct store *st)
{
	return st->readings.next_id++;
}

size_t store_readings_room(const struct store *st)
{
	return STORE_READINGS_MAX - st->readings.n;
}

void store_add_reading(struct store *st, const struct reading *reading)
{
	struct readings *r = &st->readings;
	size_t i = 0;

	while (i < r->n && r->waiting[i].id != reading->id)
		i++;
	r->waiting[i] = *reading;
	r->n += i == r->n;
}

/* Rows that retention removed had ids, too. */
int readings_load(struct store *st)
{
	static const char sql[] =
		"SELECT seq FROM sqlite_sequence WHERE name = 'reading'";
	int64_t last = 0;
	int rc = chain_run(st, sql, NULL, 0, &last);

	st->readings.next_id = last + 1;
	return rc;
}

static void bind_known(sqlite3_stmt *s, int at, int64_t number)
{
	if (number >= 0)
		sqlite3_bind_int64(s, at, number);
	else
		sqlite3_bind_null(s, at);
}

static int write_one(struct store *st, const struct reading *r)
{
	sqlite3_stmt *s = st->stmts[STMT_READING];

	sqlite3_bind_int64(s, 1, r->id);
	sqlite3_bind_int64(s, 2, (int64_t)r->from_ns);
	bind_id(s, 3, (int64_t)r->to_ns);
	sqlite3_bind_int64(s, 4, r->uid);
	sqlite3_bind_int64(s, 5, r->gid);
	bind_id(s, 6, r->pid);
	bind_known(s, 7, r->auid);
	bind_text(s, 8, r->user);
	bind_text(s, 9, r->login);
	bind_text(s, 10, r->verb);
	bind_text(s, 11, r->command);
	bind_known(s, 12, r->rows);
	bind_known(s, 13, r->exit);
	sqlite3_bind_int64(s, 14, (int64_t)r->reads);
	return store_run(st, STMT_READING, NULL);
}

int readings_write(struct store *st)
{
	int rc = SQLITE_OK;

	for (size_t i = 0; i < st->readings.n && rc == SQLITE_OK; i++)
		rc = write_one(st, &st->readings.waiting[i]);
	return rc;
}
