// SPDX-License-Identifier: GPL-2.0
/*
 * More than 4 GiB through one connection: the payload counters of the verdict do not
 * wrap.
 *
 *	A shuts down its side, B sends 4.5 GiB, and both close. The verdict has the bytes
 *	between the FINs, and all bytes sent and received
 *
 * Over loopback, with sendfile() and MSG_TRUNC, so that no data is copied. With skipped
 * time only IPv4 runs, because each family takes a minute there.
 *
 * Modes: icount
 * Needs: the module.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "lib/ktap.h"
#include "lib/module.h"
#include "lib/records.h"

#define GIB (1ULL << 30)
#define BYTES (4 * GIB + GIB / 2)
#define PIECE (1 << 20)		/* the file's size */

/* Send as much as fits now. */
static uint64_t give(const struct net_end *end, int file, uint64_t left)
{
	off_t from = 0;
	ssize_t sent = sendfile(end->fd, file, &from, left < PIECE ? left : PIECE);

	REQUIRE(sent > 0 || errno == EAGAIN, "sendfile");
	return sent > 0 ? sent : 0;
}

/* Discard what has been received so far. */
static uint64_t take(const struct net_end *end)
{
	ssize_t got = recv(end->fd, NULL, GIB, MSG_TRUNC | MSG_DONTWAIT);

	REQUIRE(got > 0 || errno == EAGAIN, "recv");
	return got > 0 ? got : 0;
}

static void stream(const struct net_end *from, const struct net_end *to)
{
	int file = memfd_create("piece", 0);
	uint64_t sent = 0, got = 0;

	REQUIRE(file >= 0 && !ftruncate(file, PIECE), "no file");
	REQUIRE(!fcntl(from->fd, F_SETFL, O_NONBLOCK), "O_NONBLOCK");
	while (got < BYTES) {
		if (sent < BYTES)
			sent += give(from, file, BYTES - sent);
		got += take(to);
	}
	CHECK(got == BYTES, "%llu bytes came", (unsigned long long)got);
	close(file);
}

static const struct tcp_teardown_record *find_end(const struct records *records,
						  const struct net_end *end)
{
	unsigned int i;

	for (i = 0; i < records->nr_moments; i++)
		if (records->moments[i].cookie == end->cookie && records->moments[i].how)
			return &records->moments[i];
	return NULL;
}

static const struct tcp_teardown_record *end_of(struct records *records,
						const struct net_end *end)
{
	struct net_wait wait = { };

	do
		records_read(records);
	while (!find_end(records, end) && net_wait(&wait));
	return find_end(records, end);
}

static void check_end(struct records *records, const struct net_end *end, uint64_t tx,
		      uint64_t rx)
{
	const struct tcp_teardown_record *r = end_of(records, end);

	if (!CHECK(r, "no verdict"))
		return;
	CHECK(r->bytes == BYTES, "bytes %llu", r->bytes);
	CHECK(r->tx == tx, "tx %llu, not %llu", r->tx, (unsigned long long)tx);
	CHECK(r->rx == rx, "rx %llu, not %llu", r->rx, (unsigned long long)rx);
}

/* In units for people. */
static void check_text(void)
{
	char line[1024], bytes[32];
	FILE *file = fopen(DEBUGFS_DIR "/trace", "r");
	bool found = false;

	REQUIRE(file, "no trace");
	snprintf(bytes, sizeof(bytes), " bytes=%llu ", BYTES);
	while (fgets(line, sizeof(line), file))
		found |= !!strstr(line, bytes);
	fclose(file);
	CHECK(found, "no \"%s\"", bytes);
}

static void run(enum net_family family)
{
	static struct records records;
	struct net_end a, b;

	net_new();
	records_start(&records);
	net_pair(family, &a, &b);
	CHECK(!shutdown(a.fd, SHUT_WR), "shutdown");
	net_expect_eof(&b);
	stream(&b, &a);
	close(b.fd);
	net_expect_eof(&a);
	close(a.fd);
	net_settle();
	check_text();
	net_new();		/* its namespace and minisock are removed */
	check_end(&records, &a, 0, BYTES);
	check_end(&records, &b, BYTES, 0);
	records_stop(&records);
	ktap_result("%llu bytes after the first FIN, %s", BYTES, net_family_names[family]);
}

int main(void)
{
	unsigned int i, families = net_time_is_skipped() ? 1 : NET_FAMILIES;

	module_need();
	ktap_plan(families);
	for (i = 0; i < families; i++)
		run(i);
	return ktap_exit();
}
