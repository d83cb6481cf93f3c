// SPDX-License-Identifier: GPL-2.0
/*
 * The ring for libFuzzer. At every access to shared memory (host_point()) the input may
 * insert another operation: a nested writer, or a reader on another CPU. The input is the
 * size and mode of the ring, then pairs of bytes: how many points to skip, and what to do
 * there. When no operation is in progress, the rest of the input is executed in sequence.
 *
 * With -DHOST_RANDOM it is a program that makes inputs at random:
 *
 * usage: ring_random [RECORDS [SEED]]	default 1000000 1
 */
#include "world.h"

static const u8 *input, *input_end;
static unsigned int pass;
static bool at_work;

static unsigned int next_byte(void)
{
	return input < input_end ? *input++ : 0;
}

/* Choose an operation; the usual ones are more likely. */
static enum world_op next_op(void)
{
	unsigned int byte = next_byte() % 16;

	return byte < WORLD_OPS ? byte : byte < 12 ? WORLD_WRITE : WORLD_CONSUME_ONE;
}

static void one_op(void)
{
	enum world_op op = next_op();

	pass = next_byte();
	if (world_may(op))
		world_do(op);
}

void host_point(void)
{
	if (!at_work || input == input_end || pass--)
		return;
	one_op();
}

static void play(const u8 *data, size_t size)
{
	unsigned int first;

	input = data;
	input_end = data + size;
	first = next_byte();
	world_begin(2U << first % 4, first & 4);
	at_work = true;
	while (input < input_end)
		one_op();
	at_work = false;
	world_end();
}

#ifdef HOST_RANDOM
int main(int argc, char **argv)
{
	u64 records = argc > 1 ? strtoull(argv[1], NULL, 0) : 1000000, written = 0, inputs = 0;
	u64 random = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	u8 data[1024];
	size_t i, most;

	while (written < records) {
		most = 1 + host_random(&random) % 256;
		for (i = 0; i < sizeof(data); i++)
			data[i] = host_random(&random) % (i % 2 ? 16 : most);
		play(data, sizeof(data));
		written += world_written();
		inputs++;
	}
	printf("%llu inputs, %llu records\n", inputs, written);
	return 0;
}
#else
/* The name that libFuzzer calls. */
int fuzz_one(const u8 *data, size_t size) asm("LLVMFuzzerTestOneInput");

int fuzz_one(const u8 *data, size_t size)
{
	play(data, size);
	return 0;
}
#endif
