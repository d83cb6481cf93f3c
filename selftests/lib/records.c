// SPDX-License-Identifier: GPL-2.0
#include "records.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ktap.h"

static int open_cpu(unsigned int cpu)
{
	char path[128];

	snprintf(path, sizeof(path), DEBUGFS_DIR "/per_cpu/cpu%u/trace_pipe_raw", cpu);
	return open(path, O_RDONLY | O_NONBLOCK);
}

static int compare_moments(const void *a, const void *b)
{
	const struct tcp_teardown_record *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->cpu != y->cpu)
		return x->cpu < y->cpu ? -1 : 1;
	return x->number < y->number ? -1 : 1;
}

static void keep(struct records *records, const struct tcp_teardown_record *r)
{
	struct fact facts[FACTS_MAX];
	unsigned int i, nr = facts_of(r, facts);

	REQUIRE(records->nr + nr <= RECORDS_MAX && records->nr_ends < RECORDS_MAX &&
		records->nr_moments < RECORDS_MAX, "too many records");
	records->moments[records->nr_moments++] = *r;
	for (i = 0; i < nr; i++)
		if (facts[i].kind == FACT_END)
			records->ends[records->nr_ends++] = facts[i];
		else
			records->records[records->nr++] = facts[i];
}

static void read_cpu(struct records *records, unsigned int cpu)
{
	struct stream *stream = &records->streams[cpu];
	struct tcp_teardown_record r;
	char room[1 << 14];
	ssize_t got;

	while ((got = stream_read(stream, records->fds[cpu], room, sizeof(room))) > 0)
		while (stream_next(stream, &r))
			if (r.netns == records->netns)
				keep(records, &r);
	REQUIRE(!got || errno == EAGAIN, "records can't be read");
}

void records_read(struct records *records)
{
	unsigned int i;

	for (i = 0; i < records->cpus; i++)
		read_cpu(records, i);
	qsort(records->records, records->nr, sizeof(*records->records), fact_compare);
	qsort(records->moments, records->nr_moments, sizeof(*records->moments),
	      compare_moments);
}

void records_start(struct records *records)
{
	memset(records, 0, sizeof(*records));
	while (records->cpus < RECORDS_CPUS) {
		records->fds[records->cpus] = open_cpu(records->cpus);
		if (records->fds[records->cpus] < 0)
			break;
		records->cpus++;
	}
	REQUIRE(records->cpus, "no records of any CPU");
	records_read(records);
	records->nr_moments = 0;
	records->nr = 0;
	records->nr_ends = 0;
	records->netns = net_inode();
}

void records_stop(struct records *records)
{
	while (records->cpus)
		close(records->fds[--records->cpus]);
}

unsigned int records_count(const struct records *records, uint64_t cookie)
{
	unsigned int i, count = 0;

	for (i = 0; i < records->nr; i++)
		count += records->records[i].cookie == cookie;
	return count;
}

const struct fact *records_last(const struct records *records, uint64_t cookie)
{
	unsigned int i = records->nr;

	while (i--)
		if (records->records[i].cookie == cookie)
			return &records->records[i];
	return NULL;
}

void records_await(struct records *records, uint64_t cookie, unsigned int nr,
		   unsigned int patience)
{
	struct net_wait wait = { .patience = patience };

	records_read(records);
	while (records_count(records, cookie) < nr) {
		if (!CHECK(net_wait(&wait), "%u records, not %u, of connection %llx",
			   records_count(records, cookie), nr,
			   (unsigned long long)cookie))
			return;
		records_read(records);
	}
	/*
	 * The last record's event may not be complete: a minisock is recorded before it
	 * is hashed, and a segment that arrived now would find neither it nor the full
	 * socket.
	 */
	net_settle();
}

void record_note(const struct fact *r, const char *why)
{
	ktap_note("%s: %llx %u<>%u kind %u what %u state %u>%u flags 0x%02x, 0x%x", why,
		  r->cookie, r->local_port, r->peer_port, r->kind, r->what,
		  r->old_state, r->new_state, r->tcp_flags, r->flags);
	ktap_note("%s: seq %u ack %u win %u len %u, at %llu on cpu %u", why, r->seq,
		  r->ack, r->window, r->kind == FACT_SEGMENT ? r->segment.len : 0,
		  r->time, r->cpu);
}

unsigned long long records_counter(const char *name)
{
	char line[256], key[64];
	unsigned long long value;
	bool found = false;
	FILE *file;

	file = fopen("/proc/thread-self/net/tcp_teardown/summary", "r");
	REQUIRE(file, "no summary");
	while (!found && fgets(line, sizeof(line), file))
		found = sscanf(line, "%63s %llu", key, &value) == 2 && !strcmp(key, name);
	fclose(file);
	return found ? value : 0;	/* a counter that is 0 has no line */
}

bool records_have_rst(void)
{
	char line[256], hook[64], group[32], status[32];
	static int lacking = -1;	/* constant while the module is loaded */
	FILE *file;

	if (lacking >= 0)
		return !lacking;
	file = fopen(DEBUGFS_DIR "/hooks", "r");
	REQUIRE(file, "no hooks");
	lacking = 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%63s %31s %*s %31s", hook, group, status) == 3 &&
		    !strcmp(hook, "tcp_rcv_state_process") && !strcmp(group, "resets"))
			lacking = !strcmp(status, "attached");
	fclose(file);
	return !lacking;
}

unsigned long long records_netstat(const char *name)
{
	char names[8192] = "", values[8192] = "", *n, *v, *save_n, *save_v;
	FILE *file;

	file = fopen("/proc/thread-self/net/netstat", "r");
	REQUIRE(file && fgets(names, sizeof(names), file) &&
		fgets(values, sizeof(values), file), "no netstat");
	fclose(file);
	n = strtok_r(names, "\n ", &save_n);
	v = strtok_r(values, "\n ", &save_v);
	while (n && v && strcmp(n, name)) {
		n = strtok_r(NULL, "\n ", &save_n);
		v = strtok_r(NULL, "\n ", &save_v);
	}
	REQUIRE(n && v, "no %s", name);
	return strtoull(v, NULL, 10);
}
