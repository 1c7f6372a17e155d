// SPDX-License-Identifier: GPL-2.0-or-later
/* The usual VFS with a counter in front of what reads or changes a file. */
#include "tests/unit/faulty_vfs.h"

#include <pthread.h>
#include <sqlite3.h>
#include <string.h>

struct faulty_file {
	sqlite3_file base;
	sqlite3_file *real; /* behind this struct */
	bool database;	    /* not a log of one */
};

static sqlite3_vfs *usual;
static sqlite3_vfs vfs;
static enum fault fault;
static int countdown; /* 0: nothing fails */
static bool lasting, failed;
static pthread_mutex_t disk = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local uint64_t written;

void faulty_vfs_fail(enum fault what, int nth, bool from_then_on)
{
	fault = what;
	countdown = nth;
	lasting = from_then_on;
	failed = false;
}

void faulty_vfs_hold(void)
{
	pthread_mutex_lock(&disk);
}

void faulty_vfs_release(void)
{
	pthread_mutex_unlock(&disk);
}

uint64_t faulty_vfs_written(void)
{
	return written;
}

bool faulty_vfs_heal(void)
{
	countdown = 0;
	return failed;
}

/* Whether this operation is to fail; reads do only with FAULT_READ. */
static bool is_due(bool read)
{
	if (countdown == 0 || read != (fault == FAULT_READ) || --countdown > 0)
		return false;
	countdown = lasting; /* the next one as well, or none */
	failed = true;
	return true;
}

static sqlite3_file *real(sqlite3_file *file)
{
	return ((struct faulty_file *)file)->real;
}

static int f_write(sqlite3_file *file, const void *buf, int n, sqlite3_int64 at)
{
	struct faulty_file *f = (struct faulty_file *)file;
	sqlite3_file *r = real(file);

	if (f->database)
		written += (uint64_t)n;
	if (!is_due(false))
		return r->pMethods->xWrite(r, buf, n, at);
	if (fault == FAULT_IO)
		return SQLITE_IOERR_WRITE;
	if (fault == FAULT_SHORT_WRITE)
		r->pMethods->xWrite(r, buf, n / 2, at);
	return SQLITE_FULL;
}

static int f_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	sqlite3_file *r = real(file);

	return is_due(false) ? SQLITE_IOERR_TRUNCATE
			     : r->pMethods->xTruncate(r, size);
}

static int f_sync(sqlite3_file *file, int flags)
{
	sqlite3_file *r = real(file);

	pthread_mutex_lock(&disk);
	pthread_mutex_unlock(&disk);
	return is_due(false) ? SQLITE_IOERR_FSYNC
			     : r->pMethods->xSync(r, flags);
}

static int f_close(sqlite3_file *file)
{
	return real(file)->pMethods->xClose(real(file));
}

static int f_read(sqlite3_file *file, void *buf, int n, sqlite3_int64 at)
{
	return is_due(true)
		       ? SQLITE_IOERR_READ
		       : real(file)->pMethods->xRead(real(file), buf, n, at);
}

static int f_size(sqlite3_file *file, sqlite3_int64 *ret)
{
	return real(file)->pMethods->xFileSize(real(file), ret);
}

static int f_lock(sqlite3_file *file, int lock)
{
	return real(file)->pMethods->xLock(real(file), lock);
}

static int f_unlock(sqlite3_file *file, int lock)
{
	return real(file)->pMethods->xUnlock(real(file), lock);
}

static int f_check(sqlite3_file *file, int *ret)
{
	return real(file)->pMethods->xCheckReservedLock(real(file), ret);
}

static int f_control(sqlite3_file *file, int op, void *arg)
{
	return real(file)->pMethods->xFileControl(real(file), op, arg);
}

static int f_sector(sqlite3_file *file)
{
	return real(file)->pMethods->xSectorSize(real(file));
}

static int f_device(sqlite3_file *file)
{
	return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int f_shm_map(sqlite3_file *file, int page, int size, int extend,
		     void volatile **ret)
{
	return real(file)->pMethods->xShmMap(real(file), page, size, extend,
					     ret);
}

static int f_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
	return real(file)->pMethods->xShmLock(real(file), offset, n, flags);
}

static void f_shm_barrier(sqlite3_file *file)
{
	real(file)->pMethods->xShmBarrier(real(file));
}

static int f_shm_unmap(sqlite3_file *file, int remove)
{
	return real(file)->pMethods->xShmUnmap(real(file), remove);
}

static int v_open(sqlite3_vfs *v, const char *name, sqlite3_file *file,
		  int flags, int *ret_flags)
{
	static const sqlite3_io_methods methods = {
		.iVersion = 2,
		.xClose = f_close,
		.xRead = f_read,
		.xWrite = f_write,
		.xTruncate = f_truncate,
		.xSync = f_sync,
		.xFileSize = f_size,
		.xLock = f_lock,
		.xUnlock = f_unlock,
		.xCheckReservedLock = f_check,
		.xFileControl = f_control,
		.xSectorSize = f_sector,
		.xDeviceCharacteristics = f_device,
		.xShmMap = f_shm_map,
		.xShmLock = f_shm_lock,
		.xShmBarrier = f_shm_barrier,
		.xShmUnmap = f_shm_unmap,
	};
	struct faulty_file *f = (struct faulty_file *)file;
	int rc;

	(void)v;
	f->real = (sqlite3_file *)(f + 1);
	rc = usual->xOpen(usual, name, f->real, flags, ret_flags);
	f->database = flags & SQLITE_OPEN_MAIN_DB;
	f->base.pMethods = f->real->pMethods ? &methods : NULL;
	return rc;
}

void faulty_vfs_register(void)
{
	usual = sqlite3_vfs_find(NULL);
	vfs = *usual;
	vfs.zName = "faulty";
	vfs.szOsFile = usual->szOsFile + (int)sizeof(struct faulty_file);
	vfs.xOpen = v_open;
	sqlite3_vfs_register(&vfs, 1);
}

void faulty_vfs_unregister(void)
{
	faulty_vfs_heal();
	sqlite3_vfs_unregister(&vfs);
	sqlite3_vfs_register(usual, 1);
}
