// SPDX-License-Identifier: GPL-2.0
/*
 * record: the raw records of all CPUs in one file, by time. Such a file is a stream as
 * trace_pipe_raw gives it: a header, then records; and what else was there to know stands
 * in notes, which a reader of streams skips.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "choose.h"
#include "complain.h"
#include "options.h"
#include "print.h"

/* Written when there is so much, and when nothing comes. */
#define FULL		(256 * 1024)
/* A note is at most so long, with its head. */
#define NOTE_LEN	32768
#define PROGRESS	NSEC_PER_SEC

/**
 * struct recorder - where it is
 * @options: what was asked for
 * @fd: of the recording
 * @waiting: what is not written yet
 * @written: bytes of it, whole records
 * @records: that it has
 * @lost: records that were lost, as far as the recording says so
 * @begun: it has a header
 * @told: when the last line of progress was
 */
struct recorder {
	struct options *options;
	int fd;
	struct print waiting;
	u64 written;
	u64 records;
	u64 lost;
	bool begun;
	u64 told;
};

/* Of what waits so much was written: the records of it that are whole stay. */
static void keep_whole(struct recorder *rec, size_t wrote)
{
	struct tcp_teardown_record head;

	for (size_t at = 0; at < rec->waiting.len; at += head.size) {
		memcpy(&head, rec->waiting.text + at, HEAD_LEN);
		if (at + head.size <= wrote)
			rec->written += head.size;
		else if (head.kind != NOTE_KIND && head.kind != TCP_TEARDOWN_HEADER)
			rec->records--;
	}
}

/* A full disk: what is there stays a recording, for no record in it is cut. */
static bool write_waiting(struct recorder *rec)
{
	size_t at = 0;
	int error;

	while (at < rec->waiting.len) {
		ssize_t wrote = write(rec->fd, rec->waiting.text + at, rec->waiting.len - at);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			break;
		at += wrote;
	}
	if (at == rec->waiting.len) {
		rec->written += at;
		rec->waiting.len = 0;
		return true;
	}
	error = errno;
	keep_whole(rec, at);
	complain("%s: %s; it has the %llu bytes before", rec->options->output, strerror(error),
		 rec->written);
	if (ftruncate(rec->fd, rec->written))
		say("%s: its last record is cut off", rec->options->output);
	return false;
}

static void read_boot_id(u8 *id)
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
	int c, nr = 0;

	while (file && nr < 32 && (c = fgetc(file)) != EOF) {
		int digit = hex_to_bin(c);

		if (digit < 0)
			continue;
		id[nr / 2] = id[nr / 2] << 4 | digit;
		nr++;
	}
	if (file)
		fclose(file);
}

/* Where no stream has given one. */
static void make_header(struct tcp_teardown_header *header)
{
	struct timespec mono, real;

	*header = (struct tcp_teardown_header) {
		.size = sizeof(*header),
		.version = TCP_TEARDOWN_VERSION,
		.record_size = sizeof(struct tcp_teardown_record),
		.magic = TCP_TEARDOWN_MAGIC,
	};
	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_REALTIME, &real);
	header->time = mono.tv_sec * NSEC_PER_SEC + mono.tv_nsec;
	header->realtime = real.tv_sec * NSEC_PER_SEC + real.tv_nsec;
	read_boot_id(header->boot_id);
	gethostname((char *)header->host, sizeof(header->host) - 1);
}

static void print_note(struct recorder *rec, const struct print *text)
{
	struct tcp_teardown_record head = { .kind = NOTE_KIND, .time = now() };
	size_t len = text->len;

	if (len > NOTE_LEN - HEAD_LEN - 1)
		len = NOTE_LEN - HEAD_LEN - 1;
	/* So that what follows lies well. */
	head.size = (HEAD_LEN + 1 + len + 7) / 8 * 8;
	print_bytes(&rec->waiting, &head, HEAD_LEN + 1);
	print_bytes(&rec->waiting, text->text, len);
	for (size_t i = HEAD_LEN + 1 + len; i < head.size; i++)
		print_char(&rec->waiting, '\n');
}

static void print_file(struct print *to, const char *path, const char *before)
{
	FILE *file = fopen(path, "r");
	char line[512];

	while (file && fgets(line, sizeof(line), file))
		print_format(to, "%s%s", before, line);
	if (file)
		fclose(file);
}

static void print_module_file(struct recorder *rec, const char *name)
{
	struct print text = { };
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", rec->options->directory, name);
	print_format(&text, "%s\n", name);
	print_file(&text, path, "");
	print_note(rec, &text);
	free(text.text);
}

/* What doctor wants to know of the host: of this network namespace. */
static void print_host(struct recorder *rec)
{
	static const char * const sysctls[] = {
		"tcp_fin_timeout", "tcp_max_tw_buckets", "tcp_tw_reuse", "tcp_max_orphans",
		"tcp_orphan_retries", "tcp_retries2", "tcp_abort_on_overflow",
		"ip_local_port_range", "tcp_keepalive_time", "tcp_keepalive_intvl",
		"tcp_keepalive_probes", "tcp_rfc1337", "tcp_timestamps", "tcp_mem",
	};
	struct print text = { };
	struct utsname name;
	char path[64], before[64];
	struct stat st;

	uname(&name);
	print_word(&text, NOTE_RECORDING);
	print_format(&text, "kernel %s %s\n", name.release, name.machine);
	if (!stat("/proc/self/ns/net", &st))
		print_format(&text, "netns %lu\n", (unsigned long)st.st_ino);
	if (rec->options->filter)
		print_word(&text, NOTE_FILTERED);
	for (size_t i = 0; i < ARRAY_SIZE(sysctls); i++) {
		snprintf(path, sizeof(path), "/proc/sys/net/ipv4/%s", sysctls[i]);
		snprintf(before, sizeof(before), "sysctl %s ", sysctls[i]);
		print_file(&text, path, before);
	}
	print_note(rec, &text);
	free(text.text);
	print_module_file(rec, "hooks");
}

static void begin(struct recorder *rec, const struct source *source)
{
	struct tcp_teardown_header header;

	if (source)
		header = source->header;
	else
		make_header(&header);
	print_bytes(&rec->waiting, &header, sizeof(header));
	print_host(rec);
	rec->begun = true;
}

static u64 count_lost(const struct input *input)
{
	u64 lost = 0;

	for (unsigned int i = 0; i < input->nr; i++)
		lost += input->source[i]->losses.total;
	return lost;
}

static void tell(struct recorder *rec, bool last)
{
	bool tty = isatty(STDERR_FILENO);
	u64 time = now();

	if (!last && (!tty || time - rec->told < PROGRESS))
		return;
	rec->told = time;
	fprintf(stderr, "%s%llu records, %llu bytes, %llu lost%s", tty ? "\r" : "",
		rec->records, rec->written, count_lost(&rec->options->input),
		last ? "\n" : " ");
}

/*
 * Behind a filter, the numbers of the records no longer tell what was lost before this one. So a
 * note does.
 */
static void take_lost(struct recorder *rec, const struct tcp_teardown_record *r)
{
	u64 lost = rec->options->input.lost - rec->lost;
	struct print text = { };

	rec->lost += lost;
	if (!lost || !rec->options->filter)
		return;
	if (!rec->begun)
		begin(rec, rec->options->input.of);
	print_format(&text, NOTE_LOST "%u %llu\n", r->cpu, lost);
	print_note(rec, &text);
	free(text.text);
}

static bool take(struct recorder *rec, const struct tcp_teardown_record *r)
{
	if (!rec->begun)
		begin(rec, rec->options->input.of);
	print_bytes(&rec->waiting, r, sizeof(*r));
	rec->records++;
	return rec->waiting.len < FULL || write_waiting(rec);
}

/* Until ^C, or all have ended; false where it can't be written. */
static bool record_all(struct recorder *rec)
{
	struct options *options = rec->options;
	const struct tcp_teardown_record *r;
	enum input_state state;

	while ((state = input_next(&options->input, &r)) != INPUT_END) {
		if (state == INPUT_RECORD) {
			take_lost(rec, r);
			if (choose(options->filter, r) && !take(rec, r))
				return false;
			if (rec->records % 4096)
				continue;
		} else if (!write_waiting(rec)) {
			return false;
		}
		tell(rec, false);
		if (rec->records >= options->count)
			break;
	}
	if (!rec->begun)
		begin(rec, NULL);
	print_module_file(rec, "stats");
	return write_waiting(rec);
}

static void open_cpus(struct options *options)
{
	char pattern[4096];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/per_cpu/cpu*/trace_pipe_raw", options->directory);
	if (glob(pattern, 0, NULL, &found))
		die("%s: no CPU has records there; is the module loaded, and are you root?",
		    options->directory);
	for (size_t i = 0; i < found.gl_pathc; i++)
		input_add(&options->input, found.gl_pathv[i]);
	globfree(&found);
}

bool record(struct options *options)
{
	struct recorder rec = { .options = options };

	if (!options->output)
		die("-o FILE is missing; -h tells more");
	open_cpus(options);
	rec.fd = open(options->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (rec.fd < 0)
		die("%s: %s", options->output, strerror(errno));
	record_all(&rec);
	tell(&rec, true);
	if (close(rec.fd))
		complain("%s: %s", options->output, strerror(errno));
	free(rec.waiting.text);
	return true;
}
