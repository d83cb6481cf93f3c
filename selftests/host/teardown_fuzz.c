// SPDX-License-Identifier: GPL-2.0
/*
 * The input of tcp-teardown, for libFuzzer: a file of any bytes, raw or text, for each
 * verb that reads it, and for doctor in place of each file of a host. Checked beside what
 * sanitizers see: list has a line for each record with an end, and show holds no more
 * connections than allowed.
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

/* A host's files; the input replaces each of them. */
static const char * const host_files[] = {
	"files/connections", "files/stats", "files/hooks", "proc/net/tcp_teardown/summary",
	"proc/net/netstat", "proc/net/sockstat", "proc/net/tcp", "proc/net/tcp6",
	"proc/sys/net/ipv4/ip_local_port_range", "proc/1/comm",
};

/* The name that libFuzzer calls. */
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

static char root[32] = "/tmp/teardown_fuzz.XXXXXX";

static void remove_root(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	if (system(command))
		perror(command);
}

/* Make a root, once, whose files are links to the file with the input. */
static int make_root(void)
{
	char path[128], input[64];
	int fd = memfd_create("host", 0);

	if (fd < 0 || !mkdtemp(root) || atexit(remove_root))
		abort();
	snprintf(input, sizeof(input), "/proc/self/fd/%d", fd);
	for (size_t i = 0; i < ARRAY_SIZE(host_files); i++) {
		snprintf(path, sizeof(path), "mkdir -p $(dirname %s/%s)", root, host_files[i]);
		if (system(path))
			abort();
		snprintf(path, sizeof(path), "%s/%s", root, host_files[i]);
		if (symlink(input, path))
			abort();
	}
	return fd;
}

static void run_host(const u8 *data, size_t size)
{
	static int fd;
	struct options options = {
		.count = U64_MAX,
		.max_connections = MAX_CONNECTIONS,
		.directory = "files",
		.json = size & 1,
	};
	char slashed[sizeof(root) + 1];

	if (!fd)
		fd = make_root();
	if (ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	snprintf(slashed, sizeof(slashed), "%s/", root);
	options.root = slashed;
	doctor(&options);
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
	run(doctor, data, size);
	run_host(data, size);
	/* Output that exceeds the memory is written, and can't be counted. */
	lines = count_lines(data, size);
	if (ends < 200 && lines != ends + 1)
		abort();
	return 0;
}
