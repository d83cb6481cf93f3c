/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Compare the capture with the records.
 */
#ifndef SELFTESTS_CROSSCHECK_H
#define SELFTESTS_CROSSCHECK_H

#include "capture.h"
#include "records.h"

/*
 * CHECK that every FIN and RST in the capture is in the records with its numbers, one to
 * one, and that every segment in the records is in the capture.
 */
void crosscheck(struct capture *capture, const struct records *records);

#endif
