/* SPDX-License-Identifier: GPL-2.0 */
/* Completion for bash, made of the table of verbs. */
#ifndef TEARDOWN_COMPLETION_H
#define TEARDOWN_COMPLETION_H

void completion_print(void);

#endif
