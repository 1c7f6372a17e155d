/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file system that fails when it is told to, for SQLite. */
#ifndef BRIDGEAUDIT_TESTS_UNIT_FAULTY_VFS_H
#define BRIDGEAUDIT_TESTS_UNIT_FAULTY_VFS_H

#include <stdbool.h>
#include <stdint.h>

enum fault {
	FAULT_IO,	   /* the device says no */
	FAULT_FULL,	   /* there is no room */
	FAULT_SHORT_WRITE, /* half of it was written, then there was no room */
	FAULT_READ,	   /* what is there can't be read */
	FAULT_COUNT,
};

/* Makes it the one that databases are opened with; and the usual one again. */
void faulty_vfs_register(void);
void faulty_vfs_unregister(void);

/* Lets the nth write, sync or truncation, or with FAULT_READ read, from now on
 * fail, and, if lasting, all that follow. */
void faulty_vfs_fail(enum fault fault, int nth, bool lasting);

/* A disk that does not answer: syncs wait from hold until release. */
void faulty_vfs_hold(void);
void faulty_vfs_release(void);

/* Bytes that the calling thread has written to databases; logs don't count. */
uint64_t faulty_vfs_written(void);

/* All is well again. Returns whether something failed since. */
bool faulty_vfs_heal(void);

#endif
