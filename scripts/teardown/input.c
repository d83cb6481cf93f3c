// SPDX-License-Identifier: GPL-2.0
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "complain.h"

/* Between two looks at what is live, while something else has records. */
#define LOOK_RECORDS	4096
/* Between two words of progress. */
#define PROGRESS	(2 * NSEC_PER_SEC)
#define GRACE		(GRACE_MS * NSEC_PER_MSEC)

static volatile sig_atomic_t interrupted;

u64 now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * NSEC_PER_SEC + time.tv_nsec;
}

/* A second one ends the program. */
static void on_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

void input_catch_interrupt(void)
{
	const struct sigaction action = { .sa_handler = on_interrupt, .sa_flags = SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

bool input_interrupted(void)
{
	return interrupted;
}

static struct source *append(struct input *input, int fd, const char *name)
{
	struct source *source = source_new(fd, name);

	input->source = grow(input->source, input->nr, input->nr + 1, sizeof(source));
	input->source[input->nr++] = source;
	input->live |= source->live;
	return source;
}

/* Each stream of a file that has several is a source of its own. */
static void split(struct input *input, const char *name)
{
	struct source *source = input->source[input->nr - 1];
	u64 from = 0, next, size = source->size;
	int fd = source->fd;

	while (size) {
		next = raw_next_stream(fd, from, size);
		if (next == size && !from)
			return;
		source->pos = from;
		source->stop = next;
		if (next == size)
			return;
		source = append(input, dup(fd), name);
		from = next;
	}
}

static bool is_raw_file(const struct source *source)
{
	u8 head[64];
	ssize_t got;

	if (source->live || !source->size || lseek(source->fd, 0, SEEK_CUR) != 0)
		return false;
	got = pread(source->fd, head, sizeof(head), 0);
	return got > 0 && raw_begins(head, got);
}

bool input_add(struct input *input, const char *name)
{
	bool is_stdin = !strcmp(name, "-");
	int fd = is_stdin ? dup(STDIN_FILENO) : open(name, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0) {
		complain("%s: %s", name, strerror(errno));
		return false;
	}
	if (!fstat(fd, &st) && S_ISDIR(st.st_mode)) {
		close(fd);
		complain("%s: a directory", name);
		return false;
	}
	append(input, fd, is_stdin ? "stdin" : name);
	if (is_raw_file(input->source[input->nr - 1]))
		split(input, is_stdin ? "stdin" : name);
	return true;
}

static bool knows_boot(const struct source *source)
{
	static const u8 unknown[sizeof(source->boot_id)];

	return memcmp(source->boot_id, unknown, sizeof(unknown));
}

unsigned int input_hosts(const struct input *input)
{
	const struct source *last = NULL;
	unsigned int hosts = 0;

	for (unsigned int i = 0; i < input->nr; i++) {
		struct source *source = input->source[i];

		if (source->live || source_peek(source) == TAKEN_END || !knows_boot(source))
			continue;
		if (!last || memcmp(last->boot_id, source->boot_id, sizeof(last->boot_id)))
			hosts++;
		last = source;
	}
	return hosts;
}

/* Until one of those that are live has something, or for that long. */
static bool wait_for_any(struct input *input, int timeout_ms)
{
	struct pollfd *fds = allocate(input->nr * sizeof(*fds));
	unsigned int nr = 0;
	int ready;

	for (unsigned int i = 0; i < input->nr; i++)
		if (!input->source[i]->ended && !input->source[i]->head)
			fds[nr++] = (struct pollfd) { input->source[i]->fd, POLLIN, 0 };
	ready = poll(fds, nr, timeout_ms);
	free(fds);
	return ready > 0;
}

static u64 time_of(const struct input *input, const struct source *source)
{
	return source->head->time + (input->by_real_time ? source->real : 0);
}

/* What a look at all has found. */
struct look {
	struct source *first;
	u64 second;
	bool waits;
	bool ended;
};

/* Whose record is the oldest, and up to when is it? */
static struct look look(struct input *input)
{
	struct look look = { .second = U64_MAX, .ended = true };

	for (unsigned int i = 0; i < input->nr; i++) {
		struct source *source = input->source[i];
		enum taken taken = source_peek(source);

		look.ended &= taken == TAKEN_END;
		look.waits |= taken == TAKEN_MORE && !source->idle;
		if (taken != TAKEN)
			continue;
		if (!look.first) {
			look.first = source;
		} else if (time_of(input, source) < time_of(input, look.first)) {
			look.second = time_of(input, look.first);
			look.first = source;
		} else if (time_of(input, source) < look.second) {
			look.second = time_of(input, source);
		}
	}
	return look;
}

static void all_idle(struct input *input)
{
	for (unsigned int i = 0; i < input->nr; i++)
		if (!input->source[i]->ended && !input->source[i]->head)
			input->source[i]->idle = true;
}

/* Of a pipe it is not known how much there is; on the same terminal its records are enough. */
static void show_progress(struct input *input)
{
	u64 size = 0, read = 0, records = 0, time = now();
	bool piped = false;

	if (!input->looked)
		input->looked = time;
	if (time - input->looked < PROGRESS || !isatty(STDERR_FILENO))
		return;
	input->looked = time;
	for (unsigned int i = 0; i < input->nr; i++) {
		size += input->source[i]->size;
		read += input->source[i]->read;
		records += input->source[i]->records;
		piped |= input->source[i]->piped;
	}
	if (size && !piped)
		fprintf(stderr, "\r%llu records, %.0f %% read\r", records, 100.0 * read / size);
	else if (piped && !isatty(STDOUT_FILENO))
		fprintf(stderr, "\r%llu records, %llu MB read\r", records, read / 1000000);
	else
		return;
	input->has_progress = true;
}

static enum input_state give(struct input *input, struct source *source,
			     const struct tcp_teardown_record **r)
{
	*r = source->head;
	input->of = source;
	input->lost += source->lost;
	source->lost = 0;
	source_pop(source);
	return INPUT_RECORD;
}

/* For all that are live and not idle; those of which nothing comes in time are idle then. */
static struct look wait_for_all(struct input *input)
{
	u64 deadline = now() + GRACE;
	struct look found;

	for (found = look(input); found.waits && now() < deadline; found = look(input))
		wait_for_any(input, (deadline - now()) / NSEC_PER_MSEC + 1);
	if (found.waits)
		all_idle(input);
	return found;
}

/* Of all sources; waits where one that is live may have an older one. */
static enum input_state find_next(struct input *input, const struct tcp_teardown_record **r)
{
	struct look found = look(input);

	if (input->until_look-- == 0) {
		input->until_look = LOOK_RECORDS;
		show_progress(input);
	}
	if (found.waits)
		found = wait_for_all(input);
	if (found.ended || (!found.first && interrupted))
		return INPUT_END;
	if (!found.first) {
		wait_for_any(input, found.waits ? 0 : GRACE_MS);
		return INPUT_IDLE;
	}
	input->bound = found.second;
	return give(input, found.first, r);
}

/* Some that was on its way may still come for a while; all that was read is given. */
static void stop(struct input *input)
{
	if (!input->stop_at)
		input->stop_at = now() + GRACE;
	if (now() < input->stop_at)
		return;
	for (unsigned int i = 0; i < input->nr; i++)
		input->source[i]->stopped = true;
}

enum input_state input_next(struct input *input, const struct tcp_teardown_record **r)
{
	struct source *source = input->of;

	if (unlikely(interrupted))
		stop(input);
	if (source && input->until_look && source_peek(source) == TAKEN &&
	    time_of(input, source) < input->bound) {
		input->until_look--;
		return give(input, source, r);
	}
	return find_next(input, r);
}

u64 input_lost_between(const struct input *input, u64 begin, u64 end)
{
	u64 lost = 0;

	for (unsigned int i = 0; i < input->nr; i++) {
		const struct source *source = input->source[i];
		s64 real = input->by_real_time ? source->real : 0;

		lost += loss_between(&source->losses, begin - real, end - real);
	}
	return lost;
}

void input_tell(const struct input *input)
{
	if (input->has_progress)
		fputs("\033[K", stderr);
	for (unsigned int i = 0; i < input->nr; i++)
		source_tell(input->source[i]);
}

void input_free(struct input *input)
{
	for (unsigned int i = 0; i < input->nr; i++)
		source_free(input->source[i]);
	free(input->source);
}
