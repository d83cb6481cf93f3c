// SPDX-License-Identifier: GPL-2.0
/*
 * The input of tcp-teardown, for libFuzzer: a file of whatever bytes, raw or text, to each
 * verb that reads it. What must be true beyond what sanitizers see: list has a line for
 * each record with an end, and show holds no more connections than it may.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "complain.h"
#include "options.h"
#include "print.h"

#define MAX_CONNECTIONS	8

/* By the name that libFuzzer knows. */
int fuzz_one(const u8 *data, size_t size) asm("LLVMFuzzerTestOneInput");

static void begin(struct options *options, const u8 *data, size_t size)
{
	char name[64];
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	*options = (struct options) {
		.count = U64_MAX,
		.max_connections = MAX_CONNECTIONS,
		.by = size & 2 ? "peer" : "comm",
	};
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	if (!input_add(&options->input, name))
		abort();
	close(fd);
}

static void end(struct options *options)
{
	out.len = 0;
	options_free(options);
}

static void run(bool (*verb)(struct options *options), const u8 *data, size_t size)
{
	struct options options;

	begin(&options, data, size);
	options.wide = size & 1;
	verb(&options);
	end(&options);
}

static u64 count_ends(const u8 *data, size_t size)
{
	const struct tcp_teardown_record *r;
	struct options options;
	u64 ends = 0;

	begin(&options, data, size);
	while (input_next(&options.input, &r) == INPUT_RECORD)
		ends += !!r->how;
	end(&options);
	return ends;
}

static u64 count_lines(const u8 *data, size_t size)
{
	struct options options;
	u64 lines = 0;

	begin(&options, data, size);
	list(&options);
	for (size_t i = 0; i < out.len; i++)
		lines += out.text[i] == '\n';
	end(&options);
	return lines;
}

int fuzz_one(const u8 *data, size_t size)
{
	u64 ends = count_ends(data, size), lines;

	run(show, data, size);
	run(export_json, data, size);
	run(export_pcapng, data, size);
	run(export_dot, data, size);
	run(top, data, size);
	run(live, data, size);
	/* What has no room in memory is written, and can't be counted. */
	lines = count_lines(data, size);
	if (ends < 200 && lines != ends + 1)
		abort();
	return 0;
}
