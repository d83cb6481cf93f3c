// SPDX-License-Identifier: GPL-2.0
/*
 * usage: data bulk|rr
 *
 * Data over one loopback connection that is established before it is counted, and
 * closed after: bulk, 32 MiB in sends of 64 KiB; rr, 10000 requests and answers of
 * 64 bytes. Prints the instructions, of the whole guest, idle aside.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "busy.h"

#define BULK_SENDS	512
#define BULK_SIZE	(64 << 10)
#define RR_ROUNDS	10000
#define RR_SIZE		64

static char room[BULK_SIZE];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void connect_pair(int *client, int *child)
{
	struct sockaddr_in server = { .sin_family = AF_INET };
	socklen_t len = sizeof(server);
	int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (void *)&server, len) || listen(listener, 1) ||
	    getsockname(listener, (void *)&server, &len))
		die("listen");
	*client = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(*client, (void *)&server, len))
		die("connect");
	*child = accept(listener, NULL, NULL);
	if (*child < 0)
		die("accept");
	setsockopt(*client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(*child, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	close(listener);
}

static void pass(int from, int to, size_t size)
{
	size_t sent = 0, got = 0;
	ssize_t n;

	while (got < size) {
		if (sent < size) {
			n = send(from, room, size - sent, MSG_DONTWAIT);
			sent += n > 0 ? n : 0;
		}
		n = recv(to, room, size - got, MSG_DONTWAIT);
		if (!n)
			die("end of file");
		got += n > 0 ? n : 0;
	}
}

static void bulk(int client, int child)
{
	int i;

	for (i = 0; i < BULK_SENDS; i++)
		pass(client, child, BULK_SIZE);
}

static void rr(int client, int child)
{
	int i;

	for (i = 0; i < RR_ROUNDS; i++) {
		pass(client, child, RR_SIZE);
		pass(child, client, RR_SIZE);
	}
}

int main(int argc, char **argv)
{
	void (*work)(int client, int child);
	struct busy before, after;
	int client, child;

	if (argc != 2)
		return 2;
	work = strcmp(argv[1], "rr") ? bulk : rr;
	connect_pair(&client, &child);
	work(client, child);
	before = busy_now();
	work(client, child);
	after = busy_now();
	printf("%llu\n", busy_between(&before, &after));
	close(client);
	close(child);
	return 0;
}
