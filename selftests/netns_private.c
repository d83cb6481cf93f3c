// SPDX-License-Identifier: GPL-2.0
/*
 * Two namespaces in teardown do not see each other in /proc/net/tcp_teardown.
 *
 * In the first, one connection closes in four waves, and the client's minisock is left;
 * in the second one end is shut down and waits. Each summary and each list has exactly
 * its own namespace's connections. Only a reader with CAP_NET_ADMIN in that namespace
 * sees who closed.
 *
 * Modes: icount smp
 *
 * Needs: the module; CAP_NET_ADMIN, CAP_SETUID.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/ktap.h"
#include "lib/listed.h"
#include "lib/module.h"
#include "lib/net.h"
#include "lib/records.h"

#define SUMMARY "/proc/self/net/tcp_teardown/summary"
#define MOST 8
#define NOBODY 65534

/* A namespace and its connections. */
struct room {
	int ns;
	uint32_t inode;
	struct net_end client, server;
	struct records records;
};

static void room_open(struct room *room, enum net_family family)
{
	net_new();
	room->ns = open("/proc/self/ns/net", O_RDONLY);
	REQUIRE(room->ns >= 0, "no handle of the namespace");
	room->inode = net_inode();
	records_start(&room->records);
	net_pair(family, &room->client, &room->server);
}

static void room_enter(const struct room *room)
{
	REQUIRE(!setns(room->ns, CLONE_NEWNET), "can't go back");
}

static void room_close(struct room *room)
{
	records_stop(&room->records);
	close(room->ns);
}

static void read_file(const char *path, char *text, size_t size)
{
	size_t len = 0;
	ssize_t got;
	int fd = open(path, O_RDONLY);

	REQUIRE(fd >= 0, "%s", path);
	while ((got = read(fd, text + len, size - 1 - len)) > 0)
		len += got;
	text[len] = '\0';
	close(fd);
}

/* A name and its number; all others are 0. */
struct figure {
	const char *name;
	unsigned long value;
};

static const struct figure of_four_waves[] = {
	{ "ESTABLISHED>FIN_WAIT1", 1 }, { "ESTABLISHED>CLOSE_WAIT", 1 },
	{ "FIN_WAIT1>FIN_WAIT2", 1 }, { "FIN_WAIT2>TIME_WAIT", 1 },
	{ "CLOSE_WAIT>LAST_ACK", 1 }, { "LAST_ACK>CLOSE", 1 },
	{ "call_shutdown_wr", 1 }, { "call_close", 2 }, { "fin_received", 2 }, { "fin_queued", 2 },
	{ "minisock_asked", 1 }, { "minisock_born_in_fin_wait2", 1 },
	{ "end=four_way", 1 }, { "end=four_way,by=peer", 1 }, { "first=peer", 1 },
};

static const struct figure of_shutdown[] = {
	{ "ESTABLISHED>FIN_WAIT1", 1 }, { "ESTABLISHED>CLOSE_WAIT", 1 },
	{ "FIN_WAIT1>FIN_WAIT2", 1 },
	{ "call_shutdown_wr", 1 }, { "fin_received", 1 }, { "fin_queued", 1 },
};

static bool is_in(const struct figure *figures, unsigned int nr, const char *name,
		  unsigned long value)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!strcmp(figures[i].name, name))
			return figures[i].value == value;
	return false;
}

/* The file has these counters and no others; there is no line for 0. */
static void check_summary(const struct figure *figures, unsigned int nr)
{
	char text[8192], name[64], *line, *rest;
	unsigned int lines = 0;
	unsigned long value;

	read_file(SUMMARY, text, sizeof(text));
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (*line == '#')
			continue;
		lines++;
		CHECK(sscanf(line, "%63s %lu", name, &value) == 2 &&
		      is_in(figures, nr, name, value), "%s", line);
	}
	CHECK(lines == nr, "%u lines, not %u", lines, nr);
}

/* The list has these connections and no others, and the owner of one. */
static void check_connections(const struct room *room, unsigned int nr, const char *pid,
			      const char *comm)
{
	struct listed all[MOST];
	unsigned int found = listed_read(LISTED_HERE, all, MOST), owned = 0, i;

	for (i = 0; i < found; i++) {
		CHECK(all[i].netns == room->inode, "%u, not %u", all[i].netns, room->inode);
		owned += !strcmp(all[i].pid, pid) && !strcmp(all[i].comm, comm);
	}
	CHECK(found == nr, "%u connections, not %u", found, nr);
	CHECK(owned, "none with owner %s %s", pid, comm);
}

static void run(struct room *rooms, enum net_family family)
{
	struct room *first = &rooms[0], *second = &rooms[1];

	room_open(first, family);
	room_open(second, family);
	CHECK(!shutdown(second->client.fd, SHUT_WR), "shutdown");
	net_await_state(&second->client, TCP_FIN_WAIT2);
	room_enter(first);
	/*
	 * Not close() alone: if the ACK arrives while close() still holds the lock, it
	 * makes no minisock.
	 */
	CHECK(!shutdown(first->client.fd, SHUT_WR), "shutdown");
	net_await_state(&first->client, TCP_FIN_WAIT2);
	close(first->client.fd);
	records_await(&first->records, first->client.cookie, 7, 0);
	close(first->server.fd);
	records_await(&first->records, first->client.cookie, 9, 0);
	records_await(&first->records, first->server.cookie, 7, 0);
}

static void check_all_connections(const struct room *rooms, const char *pid)
{
	room_enter(&rooms[0]);
	check_connections(&rooms[0], 1, pid, "netns_private");
	room_enter(&rooms[1]);
	check_connections(&rooms[1], 2, pid, "netns_private");
}

/* In a child, which opens both while it is privileged, and then reads. */
static void check_as_nobody(const struct room *room, unsigned int nr)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		room_enter(room);
		REQUIRE(!setgid(NOBODY) && !setuid(NOBODY), "still root");
		check_connections(room, nr, "-", "-");
		/* Whether a CHECK of this case failed. */
		exit(ktap_case_failed());
	}
	REQUIRE(pid > 0 && waitpid(pid, &status, 0) == pid, "no child");
	CHECK(!status, "nobody sees otherwise");
}

static void family_cases(enum net_family family)
{
	static struct room rooms[2];
	const char *name = net_family_names[family];
	char pid[16];

	run(rooms, family);
	room_enter(&rooms[0]);
	check_summary(of_four_waves, ARRAY_SIZE(of_four_waves));
	room_enter(&rooms[1]);
	check_summary(of_shutdown, ARRAY_SIZE(of_shutdown));
	ktap_result("each summary counts its own namespace, %s", name);

	snprintf(pid, sizeof(pid), "%d", getpid());
	check_all_connections(rooms, pid);
	ktap_result("each list shows its own namespace, %s", name);

	check_as_nobody(&rooms[0], 1);
	check_as_nobody(&rooms[1], 2);
	ktap_result("only root sees which process closed, %s", name);

	close(rooms[1].client.fd);
	close(rooms[1].server.fd);
	room_close(&rooms[0]);
	room_close(&rooms[1]);
}

/* A third namespace, in which nothing closes, beside the busy ones. */
static void empty_case(void)
{
	struct net_end client, server;

	net_new();
	net_pair(NET_IPV4, &client, &server);
	check_summary(NULL, 0);
	ktap_result("counters stay 0 where nothing closes");
	close(client.fd);
	close(server.fd);
}

int main(void)
{
	enum net_family family;

	module_need();
	ktap_plan(3 * NET_FAMILIES + 1);
	for (family = 0; family < NET_FAMILIES; family++)
		family_cases(family);
	empty_case();
	return ktap_exit();
}
