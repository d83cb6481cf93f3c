// SPDX-License-Identifier: GPL-2.0
/*
 * metrics --serve: GET /metrics by HTTP, and nothing else. One thread; a bound on clients,
 * on what each may send, and on its time. Each answer ends its connection: with shutdown()
 * first, and close() when the client has closed too, as unread bytes would make it a reset.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "complain.h"
#include "http.h"
#include "metrics.h"
#include "options.h"
#include "print.h"

#define MAX_CLIENTS	16
/* To send the request; to take the answer; to close. */
#define CLIENT_TIME	(5 * NSEC_PER_SEC)

enum stage { STAGE_FREE, STAGE_REQUEST, STAGE_ANSWER, STAGE_CLOSE };

/**
 * struct client - a connection
 * @stage: where it is
 * @fd: of it
 * @deadline: of this stage
 * @request: what has come of it
 * @len: of that
 * @answer: what is sent
 * @sent: of that
 */
struct client {
	enum stage stage;
	int fd;
	u64 deadline;
	char request[HTTP_REQUEST_LEN];
	size_t len;
	struct print answer;
	size_t sent;
};

/**
 * struct server - all of it
 * @options: what was asked for
 * @fd: that listens
 * @client: those that there may be
 */
struct server {
	struct options *options;
	int fd;
	struct client client[MAX_CLIENTS];
};

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static u16 read_port(const char *text)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	if (*end || !isdigit((unsigned char)*text) || port > U16_MAX)
		die("'%s' is no port", text);
	return htons(port);
}

/* PORT, of 127.0.0.1; 10.0.0.1:PORT; [::1]:PORT */
static void read_address(const char *text, union address *address)
{
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 2];

	*address = (union address) { };
	snprintf(host, sizeof(host), "%.*s", colon ? (int)(colon - text) : 0, text);
	if (!colon)
		strcpy(host, "127.0.0.1");
	if (*host == '[' && host[strlen(host) - 1] == ']') {
		host[strlen(host) - 1] = '\0';
		address->v6.sin6_family = AF_INET6;
		address->v6.sin6_port = read_port(colon + 1);
		if (inet_pton(AF_INET6, host + 1, &address->v6.sin6_addr) == 1)
			return;
	} else if (inet_pton(AF_INET, host, &address->v4.sin_addr) == 1) {
		address->v4.sin_family = AF_INET;
		address->v4.sin_port = read_port(colon ? colon + 1 : text);
		return;
	}
	die("'%s' is not PORT, ADDRESS:PORT or [ADDRESS]:PORT", text);
}

static void tell_address(int fd)
{
	union address address;
	socklen_t len = sizeof(address);
	char host[INET6_ADDRSTRLEN] = "";

	if (getsockname(fd, &address.any, &len))
		return;
	if (address.any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &address.v4.sin_addr, host, sizeof(host));
		say("http://%s:%u/metrics", host, ntohs(address.v4.sin_port));
	} else {
		inet_ntop(AF_INET6, &address.v6.sin6_addr, host, sizeof(host));
		say("http://[%s]:%u/metrics", host, ntohs(address.v6.sin6_port));
	}
}

static int listen_at(const char *text)
{
	union address address;
	int fd, one = 1;

	read_address(text, &address);
	fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, &address.any, address.any.sa_family == AF_INET ? sizeof(address.v4) :
		 sizeof(address.v6)) || listen(fd, MAX_CLIENTS))
		die("can't listen at %s: %s", text, strerror(errno));
	tell_address(fd);
	return fd;
}

static void enter(struct client *client, enum stage stage)
{
	client->stage = stage;
	client->deadline = now() + CLIENT_TIME;
}

static void drop(struct client *client)
{
	close(client->fd);
	free(client->answer.text);
	client->answer = (struct print) { };
	client->stage = STAGE_FREE;
}

static void take_clients(struct server *server)
{
	for (int i = 0; i < MAX_CLIENTS; i++) {
		struct client *client = &server->client[i];

		if (client->stage != STAGE_FREE)
			continue;
		client->fd = accept4(server->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (client->fd < 0)
			return;
		client->len = 0;
		client->sent = 0;
		enter(client, STAGE_REQUEST);
	}
}

static void print_head(struct print *to, int status, const char *type, size_t len)
{
	time_t time_now = time(NULL);
	char date[64];
	struct tm tm;

	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&time_now, &tm));
	print_format(to, "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: %s; charset=utf-8\r\n"
		     "Content-Length: %zu\r\nConnection: close\r\n%s\r\n", status,
		     http_reason(status), date, type, len,
		     status == HTTP_NOT_ALLOWED ? "Allow: GET, HEAD\r\n" : "");
}

static void answer(struct server *server, struct client *client, int status,
		   const struct http_request *request)
{
	const char *type = "text/plain";

	if (status == HTTP_OK &&
	    (request->path_len != 8 || memcmp(request->path, "/metrics", 8)))
		status = HTTP_NOT_FOUND;
	server->options->prometheus = !request->takes_openmetrics;
	if (status == HTTP_OK && !metrics_print(server->options))
		status = HTTP_UNAVAILABLE;
	if (status == HTTP_OK)
		type = request->takes_openmetrics ?
		       "application/openmetrics-text; version=1.0.0" : "text/plain; version=0.0.4";
	else
		print_format(&out, "%d %s\n", status, http_reason(status));
	print_head(&client->answer, status, type, out.len);
	if (!request->is_head)
		print_bytes(&client->answer, out.text, out.len);
	out.len = 0;
	enter(client, STAGE_ANSWER);
}

/* At its end, or where nothing can come: 0. */
static ssize_t receive(int fd, void *to, size_t len)
{
	ssize_t got = recv(fd, to, len, 0);

	return got < 0 && errno != EAGAIN && errno != EINTR ? 0 : got;
}

static void read_request(struct server *server, struct client *client)
{
	ssize_t got = receive(client->fd, client->request + client->len,
			      sizeof(client->request) - client->len);
	struct http_request request;
	int status;

	if (!got)
		drop(client);
	if (got <= 0)
		return;
	client->len += got;
	status = http_parse(client->request, client->len, &request);
	if (status)
		answer(server, client, status, &request);
}

static void send_answer(struct client *client)
{
	ssize_t sent = send(client->fd, client->answer.text + client->sent,
			    client->answer.len - client->sent, MSG_NOSIGNAL);

	if (sent < 0 && errno != EAGAIN && errno != EINTR)
		drop(client);
	if (sent < 0)
		return;
	client->sent += sent;
	if (client->sent < client->answer.len)
		return;
	shutdown(client->fd, SHUT_WR);
	enter(client, STAGE_CLOSE);
}

/* What it still sends is nothing to us. */
static void wait_for_close(struct client *client)
{
	if (!receive(client->fd, client->request, sizeof(client->request)))
		drop(client);
}

static void serve(struct server *server, struct client *client, bool is_ready)
{
	if (is_ready && client->stage == STAGE_REQUEST)
		read_request(server, client);
	else if (is_ready && client->stage == STAGE_ANSWER)
		send_answer(client);
	else if (is_ready && client->stage == STAGE_CLOSE)
		wait_for_close(client);
	if (client->stage == STAGE_FREE || now() < client->deadline)
		return;
	if (client->stage == STAGE_REQUEST)
		answer(server, client, HTTP_TIMEOUT, &(struct http_request) { });
	else
		drop(client);
}

/* Which may go on; -1: nothing is asked of it. When full, others wait in the kernel. */
static struct timespec set_up(struct server *server, struct pollfd *fds)
{
	u64 first = U64_MAX, time = now();
	bool is_full = true;

	for (int i = 0; i < MAX_CLIENTS; i++) {
		struct client *client = &server->client[i];
		short events = client->stage == STAGE_ANSWER ? POLLOUT : POLLIN;

		fds[i] = (struct pollfd) { client->stage ? client->fd : -1, events, 0 };
		is_full &= client->stage != STAGE_FREE;
		if (client->stage && client->deadline < first)
			first = client->deadline;
	}
	fds[MAX_CLIENTS] = (struct pollfd) { is_full ? -1 : server->fd, POLLIN, 0 };
	first = first > time ? first - time : 0;
	return (struct timespec) { first / NSEC_PER_SEC, first % NSEC_PER_SEC };
}

bool metrics_serve(struct options *options)
{
	struct server *server = allocate(sizeof(*server));
	struct pollfd fds[MAX_CLIENTS + 1];
	sigset_t ends, before;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	/* They come while it waits, and at no other time. */
	sigprocmask(SIG_BLOCK, &ends, &before);
	server->options = options;
	server->fd = listen_at(options->serve);
	while (!input_interrupted()) {
		struct timespec time = set_up(server, fds);

		if (ppoll(fds, MAX_CLIENTS + 1, &time, &before) < 0)
			continue;
		for (int i = 0; i < MAX_CLIENTS; i++)
			serve(server, &server->client[i], fds[i].revents);
		if (fds[MAX_CLIENTS].revents)
			take_clients(server);
	}
	for (int i = 0; i < MAX_CLIENTS; i++)
		if (server->client[i].stage)
			drop(&server->client[i]);
	close(server->fd);
	free(server);
	return true;
}
