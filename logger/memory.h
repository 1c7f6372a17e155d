/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that is not needed for now. */
#ifndef BRIDGEAUDIT_LOGGER_MEMORY_H
#define BRIDGEAUDIT_LOGGER_MEMORY_H

#include <stddef.h>

/* Gives the whole pages among those bytes back to the kernel; what was in them
 * is gone: each byte is what it was, or 0. Only for heap memory. */
void memory_give_back(void *bytes, size_t len);

#endif
