/* SPDX-License-Identifier: GPL-2.0 */
/* A file that others read while it is written. */
#ifndef TEARDOWN_REPLACE_H
#define TEARDOWN_REPLACE_H

struct print;

/*
 * @name has the text, or what it had before: at no time a part. @text is empty then. False
 * after a complaint.
 */
bool replace_file(const char *name, struct print *text);

#endif
