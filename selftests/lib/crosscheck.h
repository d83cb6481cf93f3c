/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Capture and records, held against each other.
 */
#ifndef SELFTESTS_CROSSCHECK_H
#define SELFTESTS_CROSSCHECK_H

#include "capture.h"
#include "records.h"

/*
 * CHECK that every FIN and RST in the capture stands in the records with its
 * numbers, one to one, and that no record tells of a segment that the capture
 * has not got.
 */
void crosscheck(struct capture *capture, const struct records *records);

#endif
