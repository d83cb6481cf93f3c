// SPDX-License-Identifier: GPL-2.0
/*
 * usage: conns [-6] [-m] [-u] [-n CONNECTIONS] [-w SECONDS]
 *
 * Makes connections over loopback, one after the other, both ends in this process:
 * connect, accept, a request of 64 bytes, an answer of 256, close by the client, which
 * gets the TIME_WAIT, close by the server. Then waits until the last minisock must have
 * expired, and a reader has read all records. Prints
 *
 *	the instructions of all that, of the whole guest, idle aside
 *	the instructions until the last close
 *
 * The second contains no idle time, because nothing in it sleeps.
 *
 * -m: on two CPUs, for executed.c. Everything up to the client's close() runs on the
 * first, so both ends get their state there; then the process moves to the second, where
 * both end, the minisock too. Prints 0, because the idle time of two CPUs can't be
 * subtracted from their common clock.
 *
 * -u: for executed.c, where the kernel does not tell its idle time. Prints 0.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "busy.h"
#include "marks.h"

#define REQUEST	64
#define ANSWER	256

static int family = AF_INET;
static unsigned int connections = 2000;
static unsigned int wait_seconds = 66;	/* TIME_WAIT, and what the timer wheel adds */
static bool moves;
static bool untimed;
static struct sockaddr_storage server;
static socklen_t server_len;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void fill_address(void)
{
	struct sockaddr_in6 *in6 = (void *)&server;
	struct sockaddr_in *in = (void *)&server;

	server.ss_family = family;
	if (family == AF_INET6) {
		in6->sin6_addr = in6addr_loopback;
		server_len = sizeof(*in6);
	} else {
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		server_len = sizeof(*in);
	}
}

static int listen_somewhere(void)
{
	int fd = socket(family, SOCK_STREAM, 0);

	fill_address();
	if (fd < 0 || bind(fd, (void *)&server, server_len) || listen(fd, 128) ||
	    getsockname(fd, (void *)&server, &server_len))
		die("listen");
	return fd;
}

/* All of it, in one segment. */
static void pass(int from, int to, size_t size)
{
	static char room[ANSWER];

	if (send(from, room, size, 0) != (ssize_t)size ||
	    recv(to, room, size, MSG_WAITALL) != (ssize_t)size)
		die("exchange");
}

static void move_to(int cpu)
{
	cpu_set_t set;

	if (!moves)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("move");
}

static void one(int listener)
{
	int client, child;
	char end;

	move_to(0);
	client = socket(family, SOCK_STREAM, 0);
	if (client < 0 || connect(client, (void *)&server, server_len))
		die("connect");
	child = accept(listener, NULL, NULL);
	if (child < 0)
		die("accept");
	pass(client, child, REQUEST);
	pass(child, client, ANSWER);
	close(client);
	move_to(1);
	if (recv(child, &end, 1, 0) != 0)
		die("end of file");
	close(child);
}

static void parse(int argc, char **argv)
{
	int opt;

	while ((opt = getopt(argc, argv, "6mun:w:")) != -1) {
		switch (opt) {
		case '6':
			family = AF_INET6;
			break;
		case 'm':
			moves = true;
			break;
		case 'u':
			untimed = true;
			break;
		case 'n':
			connections = atoi(optarg);
			break;
		case 'w':
			wait_seconds = atoi(optarg);
			break;
		default:
			exit(2);
		}
	}
}

static struct busy now(void)
{
	return moves || untimed ? (struct busy){ 0 } : busy_now();
}

int main(int argc, char **argv)
{
	struct busy before, closed, after;
	unsigned long long until_close;
	int listener;
	unsigned int i;

	parse(argc, argv);
	listener = listen_somewhere();
	mark(MARK_BEGIN);
	before = now();
	for (i = 0; i < connections; i++) {
		mark(MARK_CONNECTION);
		one(listener);
	}
	mark(MARK_CLOSED);
	closed = now();
	sleep(wait_seconds);
	after = now();
	mark(MARK_END);
	until_close = busy_between(&before, &closed);
	printf("%llu %llu\n", until_close + busy_between(&closed, &after), until_close);
	return 0;
}
