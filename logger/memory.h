/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that is not needed for now. */
#ifndef BRIDGEAUDIT_LOGGER_MEMORY_H
#define BRIDGEAUDIT_LOGGER_MEMORY_H

#include <stddef.h>

/* Gives the whole pages among those bytes back to the kernel; what was in them
 * is gone: each byte is what it was, or 0. Only for heap memory. */
void memory_give_back(void *bytes, size_t len);

/* Lets go of all pages of the program and its libraries that are as in their
 * files: what is used again is mapped again, from the page cache. */
void memory_give_back_files(void);

#endif
