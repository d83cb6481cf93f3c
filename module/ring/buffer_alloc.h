/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TCP_TEARDOWN_BUFFER_ALLOC_H
#define TCP_TEARDOWN_BUFFER_ALLOC_H

#include "ring/ring.h"

struct ring *ring_alloc(unsigned int cpu, unsigned long nr);
void ring_free(struct ring *ring);

#endif
