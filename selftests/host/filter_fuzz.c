// SPDX-License-Identifier: GPL-2.0
/*
 * filter_check() for libFuzzer: eight bytes, from which the events are made, then the
 * text.
 */
#include "filter_check.h"

/* The name that libFuzzer calls. */
int fuzz_one(const u8 *data, size_t size) asm("LLVMFuzzerTestOneInput");

int fuzz_one(const u8 *data, size_t size)
{
	u64 seed;

	if (size < sizeof(seed))
		return 0;
	memcpy(&seed, data, sizeof(seed));
	filter_check((const char *)data + sizeof(seed), size - sizeof(seed), seed);
	return 0;
}
