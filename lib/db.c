// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Opening the database: path in, checked sqlite3 handle out, or a sentence
 * that says what is wrong and what to do. Knows application id and version,
 * no table. Never prints.
 */
#include "lib/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/db_upgrade.h"
#include "lib/text.h"

enum { BUSY_TIMEOUT_MS = 2000, FILE_PATH_MAX = 4096 };

extern const char schema_sql[];

int db_errno(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_READONLY:
		return -EACCES;
	case SQLITE_INTERRUPT:
		return -EINTR;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_CORRUPT:
		return -EUCLEAN;
	case SQLITE_NOTADB:
		return -EMEDIUMTYPE;
	default:
		return -EIO;
	}
}

int db_explain(const char *path, sqlite3 *db, int rc, char *error)
{
	int r = db_errno(rc);
	int saved = db ? sqlite3_system_errno(db) : 0;

	if ((rc & 0xff) == SQLITE_CANTOPEN && saved != 0)
		r = -saved;
	switch (r) {
	case -ENOENT:
		snprintf(error, DB_ERROR_MAX,
			 "no database at '%s': start bridgeauditd, or name "
			 "another with --db",
			 path);
		break;
	case -EACCES:
	case -EPERM:
		r = -EACCES;
		snprintf(error, DB_ERROR_MAX,
			 "no permission for database '%s': become root or a "
			 "member of its group",
			 path);
		break;
	case -EBUSY:
		snprintf(error, DB_ERROR_MAX,
			 "database '%s' is locked by another program: try "
			 "again, or end that program",
			 path);
		break;
	case -EUCLEAN:
		snprintf(error, DB_ERROR_MAX,
			 "database '%s' is damaged (%s): keep a copy, then try "
			 "sqlite3's .recover; if it was put back, put it back "
			 "without the -wal beside it, which is another's",
			 path, sqlite3_errmsg(db));
		break;
	case -EMEDIUMTYPE:
		snprintf(error, DB_ERROR_MAX,
			 "'%s' is not a database of bridgeaudit: name another "
			 "file with --db",
			 path);
		break;
	case -ENOSPC:
		snprintf(error, DB_ERROR_MAX,
			 "no space left for database '%s': free some, or name "
			 "another place with --db",
			 path);
		break;
	default:
		snprintf(error, DB_ERROR_MAX, "can't open database '%s': %s%s",
			 path,
			 saved ? strerror(saved)
			 : db  ? sqlite3_errmsg(db)
			       : "out of memory",
			 /* our SQL is right: a table or column is missing */
			 (rc & 0xff) == SQLITE_ERROR
				 ? ": a build between versions made it, or "
				   "somebody changed it; move it away, its "
				   "-wal too, and bridgeauditd begins a new one"
				 : "");
	}
	return r;
}

/* Runs a statement whose one result is an integer. */
static int query_int(sqlite3 *db, const char *sql, int *ret)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW) {
		*ret = sqlite3_column_int(stmt, 0);
		rc = SQLITE_OK;
	}
	sqlite3_finalize(stmt);
	return rc;
}

/* Whether the database is ours; *ret_version is 0 when it has nothing in it
 * yet, and may be an earlier one. */
static int check_identity(sqlite3 *db, const char *path, int *ret_version,
			  char *error)
{
	int app = 0, version = 0, tables = 0;
	int rc;

	rc = query_int(db, "PRAGMA application_id", &app);
	if (rc == SQLITE_OK)
		rc = query_int(db, "PRAGMA user_version", &version);
	if (rc == SQLITE_OK)
		rc = query_int(db, "SELECT count(*) FROM sqlite_schema",
			       &tables);
	if (rc != SQLITE_OK)
		return db_explain(path, db, rc, error);
	*ret_version = version;
	if (app == 0 && version == 0 && tables == 0)
		return 0;
	if (app != DB_APPLICATION_ID || version < 1)
		return db_explain(path, db, SQLITE_NOTADB, error);
	if (version > DB_SCHEMA_VERSION) {
		snprintf(error, DB_ERROR_MAX,
			 "database '%s' has schema version %d and this program "
			 "knows %d: use the bridgeaudit that wrote it, or name "
			 "another file with --db",
			 path, version, DB_SCHEMA_VERSION);
		return -EPROTONOSUPPORT;
	}
	return 0;
}

/*
 * Whether path can be read, and only the files that SQLite wants beside it
 * can't be made. With a -wal there a copy of it alone would lack the newest.
 */
static bool is_whole_copy(const char *path)
{
	char wal[FILE_PATH_MAX];
	int n = snprintf(wal, sizeof(wal), "%s-wal", path);

	return n > 0 && (size_t)n < sizeof(wal) &&
	       faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0 &&
	       faccessat(AT_FDCWD, wal, F_OK, AT_EACCESS) < 0 &&
	       errno == ENOENT;
}

int db_open_reader(const char *path, sqlite3 **ret_db, char *error)
{
	sqlite3 *db = NULL;
	int version = 0;
	int rc, r;

	rc = sqlite3_open_v2(path, &db,
			     SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc != SQLITE_OK) {
		r = db_explain(path, db, rc, error);
		goto fail;
	}
	sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
	r = check_identity(db, path, &version, error);
	if (r < 0)
		goto fail;
	if (version == 0) {
		r = db_explain(path, db, SQLITE_NOTADB, error);
		goto fail;
	}
	if (version < DB_SCHEMA_VERSION) {
		snprintf(error, DB_ERROR_MAX,
			 "database '%s' was made by an earlier version (schema "
			 "%d, this program knows %d): start bridgeauditd once, "
			 "it brings it up to date",
			 path, version, DB_SCHEMA_VERSION);
		r = -EPROTONOSUPPORT;
		goto fail;
	}
	*ret_db = db;
	return 0;
fail:
	if (r == -EACCES && is_whole_copy(path))
		snprintf(error, DB_ERROR_MAX,
			 "can't make files beside database '%s', which it "
			 "takes: copy it to a directory of yours",
			 path);
	sqlite3_close(db);
	return r;
}

/* Lays the schema into an empty database, whole or not at all. */
static int create(sqlite3 *db)
{
	int rc = sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, schema_sql, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

/*
 * A file of version 1 is written anew once, so that it can shrink from now on,
 * and of the rows that an upgrade had twice nothing is left. If there is no
 * room for that, or it is cut short, the next start tries again.
 */
static void make_shrinkable(sqlite3 *db)
{
	int mode;

	if (query_int(db, "PRAGMA auto_vacuum", &mode) == SQLITE_OK &&
	    mode == 0)
		sqlite3_exec(db, "PRAGMA auto_vacuum = INCREMENTAL; VACUUM",
			     NULL, NULL, NULL);
}

/* What every writer asks of its handle, and the schema of this version. */
static int prepare_writer(sqlite3 *db, int version)
{
	int persist = 1;
	int rc = SQLITE_OK;

	/* before the first page: pruning gives back what it frees */
	if (version == 0)
		rc = sqlite3_exec(db, "PRAGMA auto_vacuum = INCREMENTAL", NULL,
				  NULL, NULL);
	/*
	 * The -wal and -shm files stay when the last writer leaves: who may
	 * not write the directory could not open the database without them.
	 */
	if (rc == SQLITE_OK)
		rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL,
					  &persist);
	/* 64 MiB of the log stay when a reader that made it longer is gone */
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db,
				  "PRAGMA journal_mode = WAL;"
				  "PRAGMA journal_size_limit = 67108864;"
				  "PRAGMA synchronous = NORMAL;",
				  NULL, NULL, NULL);
	if (rc == SQLITE_OK && version == 0)
		rc = create(db);
	else if (rc == SQLITE_OK && version < DB_SCHEMA_VERSION)
		rc = db_upgrade(db, version);
	if (rc == SQLITE_OK)
		make_shrinkable(db);
	return rc;
}

/* Where SQLite puts temporary files (sqlite.org/tempfiles.html, 5.0): without
 * any of these the first that is needed is an I/O error. */
static bool has_temporary_directory(void)
{
	const char *const dirs[] = { getenv("SQLITE_TMPDIR"),
				     getenv("TMPDIR"),
				     "/var/tmp",
				     "/usr/tmp",
				     "/tmp",
				     "." };
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (dirs[i] && stat(dirs[i], &st) == 0 && S_ISDIR(st.st_mode) &&
		    access(dirs[i], W_OK | X_OK) == 0)
			return true;
	return false;
}

int db_open_scratch(sqlite3 **ret_db)
{
	bool on_disk = has_temporary_directory();
	sqlite3 *db = NULL;
	/* "": a file that nobody else sees, gone when it is closed */
	int rc = sqlite3_open_v2(on_disk ? "" : ":memory:", &db,
				 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
					 SQLITE_OPEN_NOMUTEX,
				 NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db,
				  "PRAGMA journal_mode = OFF;"
				  "PRAGMA synchronous = OFF;",
				  NULL, NULL, NULL);
	if (rc == SQLITE_OK && !on_disk)
		rc = sqlite3_exec(db, "PRAGMA temp_store = MEMORY", NULL, NULL,
				  NULL);
	if (rc == SQLITE_OK)
		rc = create(db);
	if (rc == SQLITE_OK)
		*ret_db = db;
	else
		sqlite3_close(db);
	return db_errno(rc);
}

/*
 * Beside a file that is new -wal and -shm are another's, which was moved away
 * without them. SQLite removes such a -wal, but not the -shm while somebody
 * reads the other file: then both had the same map of two different logs.
 */
static int remove_leftovers(sqlite3 *db, char *error)
{
	static const char *const suffixes[] = { "-wal", "-shm" };
	const char *path = sqlite3_db_filename(db, "main");
	char name[FILE_PATH_MAX];
	struct stat st;

	if (!path || stat(path, &st) < 0 || st.st_size > 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		if (unlink(name) < 0 && errno != ENOENT) {
			int r = -errno;

			snprintf(error, DB_ERROR_MAX,
				 "can't remove '%.400s', which is of another "
				 "database: %s",
				 name, strerror(-r));
			return r;
		}
	}
	return 0;
}

static int open_writer(const char *path, sqlite3 **ret_db, char *error)
{
	sqlite3 *db = NULL;
	int version = 0;
	int rc, r;

	rc = sqlite3_open_v2(path, &db,
			     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
				     SQLITE_OPEN_NOMUTEX,
			     NULL);
	if (rc != SQLITE_OK) {
		r = db_explain(path, db, rc, error);
		goto fail;
	}
	sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
	r = remove_leftovers(db, error);
	if (r == 0)
		r = check_identity(db, path, &version, error);
	if (r < 0)
		goto fail;
	if (sqlite3_db_readonly(db, "main") == 1) {
		r = db_explain(path, db, SQLITE_READONLY, error);
		goto fail;
	}
	rc = prepare_writer(db, version);
	if (rc != SQLITE_OK) {
		r = db_explain(path, db, rc, error);
		goto fail;
	}
	*ret_db = db;
	return 0;
fail:
	sqlite3_close(db);
	return r;
}

/* A reader that is root and comes first makes the -shm file, and gives it to
 * the database's owner a moment later. */
int db_open_writer(const char *path, sqlite3 **ret_db, char *error)
{
	const struct timespec moment = { .tv_nsec = 20000000 };
	int r = open_writer(path, ret_db, error);

	for (int i = 0; i < 5 && r == -EACCES; i++) {
		nanosleep(&moment, NULL);
		r = open_writer(path, ret_db, error);
	}
	return r;
}

static int lock_open(const char *path, int flags)
{
	char name[FILE_PATH_MAX];
	int n = snprintf(name, sizeof(name), "%s.lock", path);
	int fd;

	if (n < 0 || (size_t)n >= sizeof(name))
		return -ENAMETOOLONG;
	fd = open(name, flags | O_CLOEXEC | O_NOFOLLOW, 0640);
	return fd < 0 ? -errno : fd;
}

/* The pid that holds the lock on fd, 0 for nobody, -errno. */
static int lock_holder(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_GETLK, &lock) < 0)
		return -errno;
	return lock.l_type == F_UNLCK ? 0 : lock.l_pid;
}

int db_writer_pid(const char *path)
{
	int fd = lock_open(path, O_RDONLY);
	int pid;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	pid = lock_holder(fd);
	close(fd);
	return pid;
}

int db_writer_lock(const char *path, int *ret_pid)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = lock_open(path, O_RDWR | O_CREAT);
	int r;

	if (fd < 0)
		return fd;
	if (fcntl(fd, F_SETLK, &lock) == 0)
		return 0; /* fd stays open: closing it drops the lock */
	r = -errno;
	if (r == -EACCES || r == -EAGAIN) {
		*ret_pid = lock_holder(fd);
		r = -EBUSY;
	}
	close(fd);
	return r;
}
