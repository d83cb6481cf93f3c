/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random numbers that are reproducible by a seed.
 */
#ifndef SELFTESTS_RANDOM_H
#define SELFTESTS_RANDOM_H

#include <stdint.h>

/* Another number for each salt: splitmix64. */
uint64_t random_of(uint64_t seed, uint64_t salt);

#endif
