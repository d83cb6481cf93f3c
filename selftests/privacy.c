// SPDX-License-Identifier: GPL-2.0
/*
 * What a container sees: it has its own user, network, mount and pid namespaces, and its
 * root is unprivileged outside. And no file shows a kernel address.
 *
 * Shows: while the host and another container close connections, the container sees only
 * its own namespace in /proc, with its own uids and pids; a closer outside it has no pid
 * there. It cannot open, list or mount debugfs, write a file, or remove the module; nor
 * can the user nobody on the host. No file, text or binary, and no line of the log has a
 * number in the kernel's address range, as known from /proc/kallsyms, or one that looks
 * like a hashed pointer.
 *
 * Needs: root, debugfs, user namespaces.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/listed.h"
#include "lib/module.h"
#include "lib/stream.h"
#include "lib/torture.h"
#include "lib/traffic.h"

#define PROC "/proc/net/tcp_teardown"
#define DEBUGFS "/sys/kernel/debug/tcp_teardown"
#define ROOT_OUTSIDE 100000
#define NOBODY 65534
#define MOST_LISTED 16
#define MOST (4 << 20)

/*
 * Two pipes between a container and the host: it reports its progress, and waits for
 * orders.
 */
struct container {
	pid_t pid;
	int up[2], down[2];
	uint32_t inode;
};

static char text[MOST];

static size_t read_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	size_t len = 0;
	ssize_t got;

	REQUIRE(fd >= 0, "%s", path);
	while ((got = read(fd, text + len, MOST - 1 - len)) > 0)
		len += got;
	text[len] = '\0';
	close(fd);
	return len;
}

static void write_id_map(pid_t pid, const char *name)
{
	char path[64], map[64];
	int fd, len;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	len = snprintf(map, sizeof(map), "0 %d 1000", ROOT_OUTSIDE);
	fd = open(path, O_WRONLY);
	REQUIRE(fd >= 0 && write(fd, map, len) == len, "%s", path);
	close(fd);
}

static void await(int fd)
{
	char c;

	REQUIRE(read(fd, &c, 1) == 1, "the other side is gone");
}

static void tell(int fd)
{
	REQUIRE(write(fd, "", 1) == 1, "the other side is gone");
}

/* One connection, half-closed by this process; the other end waits. */
static void half_close(struct net_end *ends)
{
	net_pair(NET_IPV4, &ends[0], &ends[1]);
	shutdown(ends[0].fd, SHUT_WR);
	net_await_state(&ends[0], TCP_FIN_WAIT2);
}

/*
 * Count the lines of "connections", CHECK that all are of that namespace, and look for
 * that closer.
 */
static unsigned int count_lines(uint32_t inode, const char *pid, const char *comm)
{
	struct listed all[MOST_LISTED];
	unsigned int nr = listed_read(PROC "/connections", all, MOST_LISTED), i, owned = 0;

	for (i = 0; i < nr; i++) {
		CHECK(all[i].netns == inode, "of %u, not of %u", all[i].netns, inode);
		owned += !strcmp(all[i].pid, pid) && !strcmp(all[i].comm, comm);
	}
	CHECK(!nr || owned, "none is owned by %s %s", pid, comm);
	return nr;
}

static bool summary_is_empty(void)
{
	char *line, *rest, *word, *inner;
	bool empty = true;

	read_path(PROC "/summary");
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (*line == '#')
			continue;
		strtok_r(line, " ", &inner);
		while ((word = strtok_r(NULL, " ", &inner)))
			empty &= !strtoul(word, NULL, 10);
	}
	return empty;
}

static bool cannot_open(const char *path, int flags, int error)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return CHECK(fd < 0 && (errno == error || errno == EPERM), "%s opens, or errno %d",
		     path, errno);
}

/* Root may open an unwritable file of /proc; the write then fails: fs/proc/generic.c. */
static void cannot_write(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	CHECK((fd < 0 || write(fd, "1", 1) < 0) && errno == EACCES,
	      "%s can be written, or errno %d", path, errno);
	close(fd);
}

static void check_shut_out(void)
{
	static const char * const names[] = {
		"", "/trace", "/trace_pipe", "/stats", "/connections", "/hooks", "/filter",
		"/per_cpu/cpu0/trace_pipe_raw", "/reconcile", "/summary",
	};
	char path[128];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), DEBUGFS "%s", names[i]);
		cannot_open(path, O_RDONLY, EACCES);
	}
	cannot_open(DEBUGFS "/filter", O_WRONLY, EACCES);
	CHECK(module_unload() == EPERM, "may remove the module: errno %d", errno);
	CHECK(module_load_image("") == EPERM, "may load the module");
	cannot_write(PROC "/summary");
	cannot_write(PROC "/latency");
	cannot_write(PROC "/connections");
}

/* In the container, as its process 1. */
static void look_around(const struct container *self)
{
	struct net_end ends[2];
	uint32_t inode = net_inode();
	char head[64];

	read_path(PROC "/summary");
	snprintf(head, sizeof(head), "# tcp_teardown 2 summary of netns %u\n", inode);
	CHECK(!strncmp(text, head, strlen(head)), "it is %.60s, not %s", text, head);
	CHECK(summary_is_empty(), "it sees transitions of others");
	CHECK(!count_lines(inode, "", ""), "it sees connections of others");

	half_close(ends);
	CHECK(count_lines(inode, "1", "privacy") == 2, "not its own two connections");
	CHECK(!summary_is_empty(), "it does not see its own");
	read_path(PROC "/connections");
	CHECK(!strstr(text, " 100000 "), "a uid of the host:\n%s", text);

	tell(self->up[1]);
	await(self->down[0]);	/* now a process outside has closed one */
	CHECK(count_lines(inode, "-", "-") == 4, "not four connections");
	read_path(PROC "/connections");
	CHECK(!strstr(text, "outsider"), "it sees who is not there:\n%s", text);

	check_shut_out();
	CHECK(mount("debugfs", "/tmp", "debugfs", 0, NULL) && errno == EPERM,
	      "it can mount debugfs: errno %d", errno);
}

static void contain(const struct container *self)
{
	int status;
	pid_t pid;

	REQUIRE(!unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID), "no namespaces");
	tell(self->up[1]);
	await(self->down[0]);
	REQUIRE(!setgid(0) && !setuid(0), "not root within");
	net_new();
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		REQUIRE(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "mounts are shared");
		REQUIRE(!mount("proc", "/proc", "proc", 0, NULL), "no /proc");
		look_around(self);
		_exit(ktap_case_failed());
	}
	REQUIRE(waitpid(pid, &status, 0) == pid, "no process 1");
	tell(self->up[1]);
	_exit(status ? 1 : ktap_case_failed());
}

/* Create a container, which waits with one connection. */
static void container_start(struct container *c)
{
	REQUIRE(!pipe(c->up) && !pipe(c->down), "no pipe");
	c->pid = fork();
	if (!c->pid)
		contain(c);
	REQUIRE(c->pid > 0, "no process");
	await(c->up[0]);
	write_id_map(c->pid, "uid_map");
	write_id_map(c->pid, "gid_map");
	tell(c->down[1]);
	await(c->up[0]);
}

/* A process of the host closes a connection in the container. */
static void close_within(const struct container *c)
{
	char path[64], name[16];
	struct net_end ends[2];
	int ns, own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	snprintf(path, sizeof(path), "/proc/%d/ns/net", c->pid);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	REQUIRE(ns >= 0 && !setns(ns, CLONE_NEWNET), "can't enter");
	prctl(PR_GET_NAME, name);
	prctl(PR_SET_NAME, "outsider");
	half_close(ends);
	prctl(PR_SET_NAME, name);
	REQUIRE(!setns(own, CLONE_NEWNET), "can't return");
	close(ns);
	close(own);
}

static void container_end(struct container *c)
{
	int status;

	tell(c->down[1]);
	await(c->up[0]);
	CHECK(waitpid(c->pid, &status, 0) == c->pid && !status,
	      "what the container saw is wrong: status %x", status);
}

static void test_containers(void)
{
	static struct container containers[2];
	struct net_end ends[2];
	int i;

	half_close(ends);
	for (i = 0; i < 2; i++)
		container_start(&containers[i]);
	for (i = 0; i < 2; i++) {
		close_within(&containers[i]);
		container_end(&containers[i]);
	}
	ktap_result("a container sees only its own namespace");
}

static void test_nobody(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		REQUIRE(!setgid(NOBODY) && !setuid(NOBODY), "still root");
		check_shut_out();
		_exit(ktap_case_failed());
	}
	CHECK(waitpid(pid, &status, 0) == pid && !status, "nobody may too much");
	ktap_result("an unprivileged user cannot enter debugfs, write, or remove the module");
}

/* The kernel's text as kallsyms has it; the rest of its memory is all above. */
static uint64_t text_low = UINT64_MAX, text_high;

static void learn_addresses(void)
{
	FILE *file = fopen("/proc/kallsyms", "r");
	unsigned long long at;
	char line[512];

	REQUIRE(file, "no kallsyms");
	while (fgets(line, sizeof(line), file)) {
		/* Symbols of per-CPU variables are offsets. */
		at = strtoull(line, NULL, 16);
		if (at < 1ULL << 63)
			continue;
		text_low = at < text_low ? at : text_low;
		text_high = at > text_high ? at : text_high;
	}
	fclose(file);
	REQUIRE(text_low < text_high, "kallsyms hides its addresses");
	ktap_note("kernel at %llx to %llx", (unsigned long long)text_low,
		  (unsigned long long)text_high);
}

/*
 * An address of code, the direct map, vmalloc or vmemmap, on x86-64 and arm64. The
 * exception is the beginning of a v4-mapped address.
 */
static bool is_address(uint64_t value)
{
	return (value >= text_low && value <= text_high) ||
	       (value >= 0xff00000000000000 && value < 0xfffffe0000000000 &&
		value != 0xffff000000000000);
}

/* Returns how many numbers were looked at. */
static unsigned long check_text(const char *name, const char *at)
{
	unsigned long numbers = 0;
	const char *end;

	for (; *at; at = end) {
		end = at + 1;
		if (!isxdigit((unsigned char)*at))
			continue;
		for (; isxdigit((unsigned char)*end); end++)
			;
		numbers++;
		CHECK(end - at < 16 || strspn(at, "0123456789") >= 16,
		      "%s: like a pointer: %.20s", name, at);
		CHECK(!is_address(strtoull(at, NULL, 16)) && !is_address(strtoull(at, NULL, 10)),
		      "%s: an address: %.20s", name, at);
	}
	return numbers;
}

/*
 * Fields begin at multiples of 4. Sequence numbers are random, and so is the lower half
 * of a time whose upper half is 0.
 */
static void check_raw(const struct tcp_teardown_record *r)
{
	const size_t wire = offsetof(struct tcp_teardown_record, seq);
	const size_t time = offsetof(struct tcp_teardown_record, time);
	uint64_t value;
	size_t at;

	for (at = 0; at + 8 <= sizeof(*r); at += 4) {
		if ((at + 8 > wire && at < wire + 12) || at == time - 4)
			continue;
		memcpy(&value, (const char *)r + at, 8);
		CHECK(!is_address(value), "record of kind %u, byte %zu: %llx", r->kind, at,
		      (unsigned long long)value);
	}
}

/* The file as read by read_path(). The header has its documented size. */
static unsigned long check_stream(size_t len)
{
	struct tcp_teardown_record r;
	struct stream stream = { };
	unsigned long looked = 0;

	stream_give(&stream, text, len);
	for (; stream_next(&stream, &r); looked++)
		check_raw(&r);
	CHECK(!stream.bad, "not a stream: %s", stream.bad);
	return looked;
}

static unsigned long check_files(bool raw)
{
	const char * const *file;
	unsigned long looked = 0;
	size_t len;

	for (file = torture_files(); *file; file++) {
		if (raw != !!strstr(*file, "trace_pipe_raw"))
			continue;
		len = read_path(*file);
		if (!raw)
			looked += check_text(*file, text);
		else
			looked += check_stream(len);
	}
	return looked;
}

/* Make all kinds of records, also of TIME_WAIT. */
static void make_records(void)
{
	int listeners[2], i;

	traffic_listen(listeners);
	for (i = 0; i < 120; i++)
		traffic_one(i, listeners);
	close(listeners[0]);
	close(listeners[1]);
}

static unsigned long check_log(void)
{
	int len = klogctl(3, text, MOST - 1);
	unsigned long looked = 0;
	char *line, *rest;

	text[len > 0 ? len : 0] = '\0';
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (strstr(line, "tcp_teardown: "))
			looked += check_text("the log", strstr(line, "tcp_teardown: "));
	return looked;
}

static void test_addresses(void)
{
	unsigned long texts, raws;

	learn_addresses();
	files_clear(ALL_CPUS);
	make_records();
	raws = check_files(true);
	CHECK(raws > 500, "only %lu raw records", raws);
	make_records();
	texts = check_files(false);
	CHECK(texts > 10000, "only %lu numbers", texts);
	files_write(ALL_CPUS, "filter", "nonsense");
	CHECK(check_log(), "the log has none of our lines");
	ktap_note("%lu raw records, %lu numbers in texts", raws, texts);
	ktap_result("no file shows a kernel address");
}

int main(void)
{
	files_start();
	if (access("/proc/self/ns/user", F_OK))
		ktap_skip_all("no user namespaces");
	/* Read it now: an unprivileged process may not reach the file. */
	REQUIRE(module_load_image("") == EEXIST, "the module can be loaded twice");
	ktap_plan(3);
	test_containers();
	test_nobody();
	test_addresses();
	files_reset();
	return ktap_exit();
}
