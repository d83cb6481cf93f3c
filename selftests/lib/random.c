// SPDX-License-Identifier: GPL-2.0
#include "random.h"

uint64_t random_of(uint64_t seed, uint64_t salt)
{
	uint64_t x = seed + salt * 0x9e3779b97f4a7c15;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}
