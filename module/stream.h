/* SPDX-License-Identifier: GPL-2.0 */
/* What each stream of records begins with: which host, since when, what its clock is. */
#ifndef TCP_TEARDOWN_STREAM_H
#define TCP_TEARDOWN_STREAM_H

#include <linux/types.h>

struct tcp_teardown_header;

void stream_start(void);
void stream_header(struct tcp_teardown_header *header, unsigned int cpu);

#endif
