/* SPDX-License-Identifier: GPL-2.0 */
/* The header of a stream of records: the host, its boot, and its clock. */
#ifndef TCP_TEARDOWN_STREAM_H
#define TCP_TEARDOWN_STREAM_H

#include <linux/types.h>

struct tcp_teardown_header;

void stream_start(void);
void stream_header(struct tcp_teardown_header *header, unsigned int cpu);

#endif
