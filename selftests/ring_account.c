// SPDX-License-Identifier: GPL-2.0
/*
 * A full ring: what is overwritten or dropped is counted, exactly.
 *
 * Shows, with the smallest ring, with one record less than it holds, as many, one more
 * and several rounds: written = read + pending + overwritten + dropped, with the figures
 * that the test computes, in the stats of the CPU and of all CPUs; overwriting keeps the
 * newest records, dropping the oldest; the only gaps in the numbers are overwritten
 * records, and the text says so; clearing; switching overwrite while full; tracing_on;
 * real connections.
 *
 * The process stays on one CPU, which also receives what it sends.
 *
 * Modes: icount smp
 *
 * Needs: root, debugfs.
 */
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"

static struct source source;
static struct tcp_teardown_record records[4 * SMALLEST];
static int cpu;

/* Start with an empty ring whose first record will have the number 1. */
static void fresh(unsigned int overwrite)
{
	files_set("buffer_size_kb", SMALLEST_KB);
	files_set("overwrite", overwrite);
	files_clear(ALL_CPUS);
	source.made = 0;
}

/* CHECK the account of this CPU; that of the others is 0. */
static void check(struct account want)
{
	int i;

	for (i = 0; i < online_cpus(); i++)
		files_check_account(i, i == cpu ? want : (struct account) { });
	files_check_account(ALL_CPUS, want);
}

/* Take all records; CHECK that their numbers are @first, @first + 1 ... */
static int take(unsigned int first, int want)
{
	int i, nr = files_take(cpu, records, 4 * SMALLEST);

	CHECK(nr == want, "%d records, want %d", nr, want);
	for (i = 0; i < nr; i++) {
		if (!CHECK(records[i].number == first + i, "number %llu, want %u",
			   records[i].number, first + i))
			break;
		CHECK(records[i].cookie == source_cookie(&source, first + i - 1),
		      "number %u is not that connection's", first + i);
		CHECK(records[i].cpu == cpu, "cpu %u", records[i].cpu);
	}
	return nr;
}

static void test_overwrite(int n)
{
	int kept = n < SMALLEST ? n : SMALLEST;

	fresh(1);
	source_make(&source, n);
	check((struct account) { .written = n, .pending = kept, .overwritten = n - kept });
	take(n - kept + 1, kept);
	check((struct account) { .written = n, .read = kept, .overwritten = n - kept });
	ktap_result("overwrite: %d records in a ring of %d", n, SMALLEST);
}

static void test_drop(int n)
{
	int kept = n < SMALLEST ? n : SMALLEST;

	fresh(0);
	source_make(&source, n);
	check((struct account) { .written = n, .pending = kept, .dropped = n - kept });
	take(1, kept);
	check((struct account) { .written = n, .read = kept, .dropped = n - kept });
	/* There is room again, and the numbers continue. */
	source.made = kept;
	source_make(&source, 1);
	take(kept + 1, 1);
	check((struct account) { .written = n + 1, .read = kept + 1, .dropped = n - kept });
	ktap_result("drop: %d records in a ring of %d", n, SMALLEST);
}

/* Read between the rounds; the gap in the numbers is what was overwritten. */
static void test_laps(void)
{
	struct account want = { };
	int lap, n, lost;

	fresh(1);
	for (lap = 0; lap < 5; lap++) {
		n = SMALLEST + lap * 3;
		lost = n - SMALLEST;
		source_make(&source, n);
		want.written += n;
		want.overwritten += lost;
		want.pending = SMALLEST;
		check(want);
		take(want.written - SMALLEST + 1, SMALLEST);
		want.read += SMALLEST;
		want.pending = 0;
		check(want);
	}
	ktap_result("reading between the rounds of the ring");
}

static void check_lost(const char *text, int lost, int lines)
{
	char want[80];
	int nr = 0;

	snprintf(want, sizeof(want), "\n# cpu %d lost %d records", cpu, lost);
	CHECK(!lost == !strstr(text, " lost ") && (!lost || strstr(text, want)),
	      "want \"%s\" in:\n%.400s", want + 1, text);
	for (; (text = strchr(text, '\n')) && *++text;)
		nr += *text != '#';
	CHECK(nr == lines, "%d lines, want %d", nr, lines);
}

/* One read returns only a part; read until there is nothing. */
static void check_pipe(int of, int lost, int lines)
{
	int fd = files_open(of, "trace_pipe", O_RDONLY | O_NONBLOCK);
	char text[32768];
	size_t len = 0;
	ssize_t got;

	while ((got = read(fd, text + len, sizeof(text) - len - 1)) > 0)
		len += got;
	text[len] = '\0';
	check_lost(text, lost, lines);
	close(fd);
}

static void check_trace(int of, int lost, int lines)
{
	char *text = files_text(of, "trace");

	check_lost(text, lost, lines);
	free(text);
}

static void test_text(void)
{
	const int lost = 9, n = SMALLEST + lost;

	fresh(1);
	source_make(&source, n);
	check_trace(cpu, lost, SMALLEST);
	check_pipe(cpu, lost, SMALLEST);
	check_trace(cpu, 0, 0);
	source_make(&source, n);
	check_pipe(ALL_CPUS, lost, SMALLEST);
	source_make(&source, SMALLEST);
	check_pipe(ALL_CPUS, 0, SMALLEST);
	check((struct account) {
		.written = 2 * n + SMALLEST,
		.read = 3 * SMALLEST,
		.overwritten = 2 * lost,
	});
	ktap_result("trace says how many records were lost, and where");
}

static void truncate_trace(int of)
{
	close(files_open(of, "trace", O_WRONLY | O_TRUNC));
}

static void test_clear(void (*clear)(int of), const char *how)
{
	int other = (cpu + 1) % online_cpus();
	int n = SMALLEST + 3;

	fresh(1);
	source_make(&source, n);
	if (other != cpu) {
		clear(other);
		check((struct account) {
			.written = n,
			.pending = SMALLEST,
			.overwritten = 3,
		});
	}
	clear(cpu);
	check((struct account) { });
	take(0, 0);
	source_make(&source, n);
	check((struct account) { .written = n, .pending = SMALLEST, .overwritten = 3 });
	check_trace(ALL_CPUS, 3, SMALLEST);
	take(n + 3 + 1, SMALLEST);
	source_make(&source, 4);
	clear(ALL_CPUS);
	check((struct account) { });
	check_trace(ALL_CPUS, 0, 0);
	ktap_result("clear by %s", how);
}

/* A full ring is switched to overwrite, and back. */
static void test_switch(void)
{
	fresh(0);
	source_make(&source, SMALLEST + 2);
	check((struct account) { .written = SMALLEST + 2, .pending = SMALLEST, .dropped = 2 });
	files_set("overwrite", 1);
	source.made = SMALLEST;
	source_make(&source, 5);
	check((struct account) {
		.written = SMALLEST + 7,
		.pending = SMALLEST,
		.overwritten = 5,
		.dropped = 2,
	});
	files_set("overwrite", 0);
	source_make(&source, 1);
	check((struct account) {
		.written = SMALLEST + 8,
		.pending = SMALLEST,
		.overwritten = 5,
		.dropped = 3,
	});
	take(6, SMALLEST);
	check((struct account) {
		.written = SMALLEST + 8,
		.read = SMALLEST,
		.overwritten = 5,
		.dropped = 3,
	});
	ktap_result("switch overwrite while full");
}

static void test_tracing_off(void)
{
	fresh(1);
	source_make(&source, 3);
	files_set("tracing_on", 0);
	source_make(&source, SMALLEST + 1);
	check((struct account) { .written = 3, .pending = 3 });
	files_set("tracing_on", 1);
	source.made = 3;
	source_make(&source, 2);
	check((struct account) { .written = 5, .pending = 5 });
	take(1, 5);
	ktap_result("tracing_on = 0 records nothing and counts nothing");
}

/*
 * Wait for the other side: its timer sends the ACK of the FIN, and ksoftirqd may receive what
 * was sent. Do not sleep: another CPU may run the timers of an idle one.
 */
static void await_state(int fd, int state)
{
	double deadline = net_now() + NET_PATIENCE_S;
	struct tcp_info info = { };
	socklen_t len;

	while (info.tcpi_state != state) {
		len = sizeof(info);
		getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
		REQUIRE(net_now() < deadline, "state %d", info.tcpi_state);
	}
}

/* Close one connection in four waves, and another by reset. */
static void close_two(enum net_family family)
{
	struct net_end client, server;

	net_pair(family, &client, &server);
	shutdown(client.fd, SHUT_WR);
	await_state(client.fd, TCP_FIN_WAIT2);
	close(server.fd);
	await_state(client.fd, TCP_CLOSE);	/* a minisock has its place */
	close(client.fd);
	net_pair(family, &client, &server);
	net_abort(client.fd);
	await_state(server.fd, TCP_CLOSE);
	close(server.fd);
}

static int count_closes(enum net_family family)
{
	struct net_again again = { };

	while (net_again(&again)) {
		files_clear(ALL_CPUS);
		close_two(family);
	}
	return files_account(ALL_CPUS).written;
}

/* The records that are left, to see which one was not expected. */
static void show_trace(void)
{
	char *text = files_text(ALL_CPUS, "trace"), *line, *rest = text;

	while ((line = strsep(&rest, "\n")))
		ktap_note("%s", line);
	free(text);
}

static void test_connections(enum net_family family)
{
	int each, i, n, rounds = 2 * SMALLEST / 10 + 1;
	int kept = SMALLEST;

	files_set("buffer_size_kb", 1024);
	each = count_closes(family);
	CHECK(each > 10 && each == count_closes(family), "%d records", each);
	n = rounds * each;
	for (i = 0; i < 2; i++) {
		struct net_again again = { };

		while (net_again(&again)) {
			fresh(i);
			for (int round = 0; round < rounds; round++)
				close_two(family);
		}
		check((struct account) {
			.written = n,
			.pending = kept,
			.overwritten = i ? n - kept : 0,
			.dropped = i ? 0 : n - kept,
		});
	}
	if (ktap_case_failed())
		show_trace();
	ktap_result("%s: %d closes of %d records", net_family_names[family], 2 * rounds, each);
}

int main(void)
{
	static const int sizes[] = { SMALLEST - 1, SMALLEST, SMALLEST + 1, 4 * SMALLEST - 3 };
	size_t i;

	files_start();
	cpu = online_cpus() - 1;
	pin(cpu);
	source_open(&source);
	ktap_plan(2 * ARRAY_SIZE(sizes) + 6 + NET_FAMILIES);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		test_overwrite(sizes[i]);
		test_drop(sizes[i]);
	}
	test_laps();
	test_text();
	test_clear(files_clear, "write");
	test_clear(truncate_trace, "O_TRUNC");
	test_switch();
	test_tracing_off();
	for (i = 0; i < NET_FAMILIES; i++)
		test_connections(i);
	source_close(&source);
	files_reset();
	return ktap_exit();
}
