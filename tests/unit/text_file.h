/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BRIDGEAUDIT_TESTS_UNIT_TEXT_FILE_H
#define BRIDGEAUDIT_TESTS_UNIT_TEXT_FILE_H

/* A whole file of text, of up to 64 KiB; free() it. */
char *text_file_read(const char *path);

#endif
