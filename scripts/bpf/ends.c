// SPDX-License-Identifier: GPL-2.0
/*
 * usage: ends [SECONDS]
 *
 * Prints how TCP connections end, a line each, by a BPF program on the raw tracepoint
 * tcp_teardown_end. The module must be loaded.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "tcp_teardown.h"
#include "words.h"

#define NUMBERED(number, word)	\
	[number] = (word),

static const char * const hows[TCP_TEARDOWN_HOWS] = { WORDS_OF_HOW(NUMBERED, NUMBERED) };
static const char * const bys[TCP_TEARDOWN_BYS] = { WORDS_OF_SET_OFF(NUMBERED, NUMBERED) };
static const char * const firsts[TCP_TEARDOWN_FIRSTS] = { WORDS_OF_FIRST(NUMBERED, NUMBERED) };

/* A later module may have numbers that this program does not know. */
static const char *word(const char * const *words, size_t nr, size_t number)
{
	return number < nr ? words[number] : "?";
}

static int print_end(void *context, void *data, size_t size)
{
	const struct tcp_teardown_record *r = data;
	char local[INET6_ADDRSTRLEN], peer[INET6_ADDRSTRLEN];

	(void)context;
	if (size < sizeof(*r))
		return 0;
	inet_ntop(AF_INET6, r->local, local, sizeof(local));
	inet_ntop(AF_INET6, r->peer, peer, sizeof(peer));
	printf("id=%llx [%s]:%u [%s]:%u end=%s first=%s by=%s pid=%u comm=%.16s rx=%llu tx=%llu\n",
	       (unsigned long long)r->cookie, local, r->local_port, peer, r->peer_port,
	       word(hows, TCP_TEARDOWN_HOWS, r->how), word(firsts, TCP_TEARDOWN_FIRSTS, r->first),
	       word(bys, TCP_TEARDOWN_BYS, r->set_off), r->pid, (const char *)r->comm,
	       (unsigned long long)r->rx, (unsigned long long)r->tx);
	return 0;
}

static struct bpf_object *attached(const char *path)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_program *program;

	if (!object || bpf_object__load(object))
		return NULL;
	bpf_object__for_each_program(program, object)
		if (!bpf_program__attach(program))
			return NULL;
	return object;
}

int main(int argc, char **argv)
{
	time_t end = argc > 1 ? time(NULL) + atoi(argv[1]) : 0;
	struct ring_buffer *ring;
	struct bpf_object *object;
	char path[4096];

	snprintf(path, sizeof(path), "%s.bpf.o", argv[0]);
	object = attached(path);
	if (!object) {
		fprintf(stderr, "ends: %s: %s\n", path, strerror(errno));
		return 1;
	}
	ring = ring_buffer__new(bpf_object__find_map_fd_by_name(object, "records"), print_end,
				NULL, NULL);
	if (!ring)
		return 1;
	setlinebuf(stdout);
	fprintf(stderr, "ends: attached\n");
	while (!end || time(NULL) < end)
		if (ring_buffer__poll(ring, 200) < 0 && errno != EINTR)
			return 1;
	return 0;
}
