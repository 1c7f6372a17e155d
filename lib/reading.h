/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What bridgeaudit tells the logger when it reads a log: one message before its
 * first row and one at its end, over a SOCK_SEQPACKET connection to the socket
 * beside the database. Both are its own word; who it is, the kernel says.
 */
#ifndef BRIDGEAUDIT_LIB_READING_H
#define BRIDGEAUDIT_LIB_READING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

enum { READING_VERB_MAX = 16, READING_COMMAND_MAX = 1024 };

enum reading_kind { READING_BEGIN = 0x42724101, READING_END };

/* In the host's byte order: both ends are on one host. */
struct reading_message {
	uint32_t kind;
	int32_t exit;	   /* of an end: 0 to 255 */
	uint64_t dev, ino; /* of a beginning: the file that is read */
	int64_t rows;	   /* of an end: that were printed; -1: not counted */
	char verb[READING_VERB_MAX];	   /* of a beginning: small letters */
	char command[READING_COMMAND_MAX]; /* its words, as for a shell */
};

/* How many bytes of a message are sent. */
size_t reading_len(const struct reading_message *m);

/* Takes a message apart that anybody may have sent. Returns 0, or -EBADMSG for
 * one that no bridgeaudit sends. */
int reading_parse(const void *bytes, size_t len, struct reading_message *ret);

/* The socket of the database at path. Returns 0 or -ENAMETOOLONG. */
int reading_address(const char *db_path, struct sockaddr_un *ret);

#endif
