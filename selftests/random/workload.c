// SPDX-License-Identifier: GPL-2.0
#include "workload.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ktap.h"
#include "random.h"

/* Connections per pair of processes, and pairs at the same time. */
#define BATCH 32
#define PAIRS 8
#define SERVER_PORT 1000
/* An end gives up after so many milliseconds. */
#define PATIENCE 700
#define KILLED_WITHIN 300

/* How an end closes, after it has sent its data. */
enum shape {
	SHAPE_CLOSE,		/* close(), with or without unread data */
	SHAPE_ABORT,		/* the same, with SO_LINGER 0 */
	SHAPE_SHUTDOWN,		/* shutdown(SHUT_WR), read to the end, close() */
	SHAPE_SHUTDOWN_BOTH,	/* shutdown(SHUT_RDWR), and close() later */
	SHAPE_WAIT,		/* read to the end, perhaps send more, close() */
};

struct plan {
	enum shape shape;
	bool reads;
	unsigned int send, more;		/* bytes */
	unsigned int start, pause, rest;	/* milliseconds before each step */
};

/* The step that an end is at; "due" is when it continues. */
enum step { STEP_CONNECT, STEP_SEND, STEP_ACT, STEP_WAIT, STEP_MORE, STEP_CLOSE };

struct side {
	int fd;
	struct plan plan;
	enum step step;
	unsigned int sent;
	bool eof;
	double due, deadline;
};

enum net_family workload_family(unsigned int conn)
{
	return conn & 1 ? NET_IPV6 : NET_IPV4;
}

uint16_t workload_server_port(unsigned int conn)
{
	return SERVER_PORT + conn / BATCH;
}

/* Most send little or nothing, some much. */
static unsigned int random_size(uint64_t dice)
{
	static const unsigned int most[] = { 0, 0, 1, 100, 1000, 4000, 20000, 200000 };

	return dice / 8 % (most[dice % 8] + 1);
}

static unsigned int random_delay(uint64_t dice)
{
	static const unsigned int most[] = { 0, 0, 0, 1, 3, 10, 50, 150 };

	return dice / 8 % (most[dice % 8] + 1);
}

/* Orderly closes are more frequent. */
static enum shape random_shape(uint64_t dice)
{
	static const enum shape shapes[] = {
		SHAPE_CLOSE, SHAPE_CLOSE, SHAPE_ABORT, SHAPE_SHUTDOWN, SHAPE_SHUTDOWN,
		SHAPE_SHUTDOWN, SHAPE_SHUTDOWN_BOTH, SHAPE_WAIT, SHAPE_WAIT, SHAPE_WAIT,
	};

	return shapes[dice % ARRAY_SIZE(shapes)];
}

static struct plan plan_of(const struct workload *workload, unsigned int conn, unsigned int end)
{
	uint64_t dice[8];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dice); i++)
		dice[i] = random_of(workload->seed, (conn * 2 + end) * 8ULL + i + 1);
	return (struct plan){
		.shape = random_shape(dice[0]),
		.reads = dice[1] % 16,
		.send = random_size(dice[2]),
		.more = dice[3] % 4 ? 0 : random_size(dice[4]),
		.start = random_delay(dice[5]),
		.pause = random_delay(dice[6]),
		.rest = random_delay(dice[7]),
	};
}

static void go_on(struct side *side, enum step step, unsigned int delay)
{
	side->step = step;
	side->due = net_now() + delay / 1e3;
}

static void begin(struct side *side, int fd, const struct plan *plan, enum step step)
{
	*side = (struct side){ .fd = fd, .plan = *plan };
	go_on(side, step, plan->start);
	side->deadline = net_now() + PATIENCE / 1e3;
}

static void end(struct side *side)
{
	close(side->fd);
	side->fd = -1;
}

/* Read what has arrived; an error ends it. */
static void take(struct side *side)
{
	static char data[65536];
	ssize_t got;

	while ((got = recv(side->fd, data, sizeof(data), MSG_DONTWAIT)) > 0)
		;
	side->eof = side->eof || !got;
	if (got < 0 && errno != EAGAIN)
		end(side);
}

/* Whether everything has been sent; an error ends it. */
static bool give(struct side *side, unsigned int total)
{
	static const char data[65536];
	unsigned int left;
	ssize_t got;

	while (side->sent < total) {
		left = total - side->sent;
		got = send(side->fd, data, left < sizeof(data) ? left : sizeof(data),
			   MSG_DONTWAIT | MSG_NOSIGNAL);
		if (got < 0) {
			if (errno != EAGAIN)
				end(side);
			return false;
		}
		side->sent += got;
	}
	side->sent = 0;
	return true;
}

static void act(struct side *side)
{
	struct linger linger = { .l_onoff = 1 };

	switch (side->plan.shape) {
	case SHAPE_ABORT:
		setsockopt(side->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
		end(side);
		break;
	case SHAPE_SHUTDOWN:
		shutdown(side->fd, SHUT_WR);
		go_on(side, STEP_WAIT, 0);
		break;
	case SHAPE_SHUTDOWN_BOTH:
		shutdown(side->fd, SHUT_RDWR);
		go_on(side, STEP_CLOSE, side->plan.rest);
		break;
	case SHAPE_WAIT:
		go_on(side, STEP_WAIT, 0);
		break;
	default:
		end(side);
	}
}

static void step(struct side *side)
{
	switch (side->step) {
	case STEP_CONNECT:
		break;
	case STEP_SEND:
		if (give(side, side->plan.send))
			go_on(side, STEP_ACT, side->plan.pause);
		break;
	case STEP_ACT:
		act(side);
		break;
	case STEP_WAIT:
		if (side->eof)
			go_on(side, side->plan.shape == SHAPE_WAIT ? STEP_MORE : STEP_CLOSE,
			      side->plan.rest);
		break;
	case STEP_MORE:
		if (give(side, side->plan.more))
			go_on(side, STEP_CLOSE, side->plan.rest);
		break;
	case STEP_CLOSE:
		end(side);
	}
}

static void turn(struct side *side, short events, double now)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (side->step == STEP_CONNECT) {
		if (events & (POLLOUT | POLLERR | POLLHUP)) {
			getsockopt(side->fd, SOL_SOCKET, SO_ERROR, &error, &len);
			if (error) {
				end(side);
				return;
			}
			go_on(side, STEP_SEND, side->plan.start);
		}
	} else if (side->plan.reads && !side->eof && events & (POLLIN | POLLERR | POLLHUP)) {
		take(side);
	}
	if (side->fd >= 0 && now >= side->due)
		step(side);
	if (side->fd >= 0 && now >= side->deadline)
		end(side);
}

/* The events that this side waits for; it wakes up at its due time in any case. */
static short wanted(const struct side *side)
{
	if (side->step == STEP_CONNECT)
		return POLLOUT;
	return (side->plan.reads && !side->eof ? POLLIN : 0) |
	       (side->step == STEP_SEND || side->step == STEP_MORE ? POLLOUT : 0);
}

/* One process's connections and listeners. */
struct worker {
	const struct workload *workload;
	unsigned int first, nr;		/* the numbers of its connections */
	unsigned int nr_sides;
	struct side sides[BATCH];
	double killed;			/* when; 0 for never */
};

/* Wait for a moment, or for an event. */
static void turn_all(struct worker *worker, struct pollfd *polls, unsigned int others)
{
	unsigned int i;
	double now;

	for (i = 0; i < worker->nr_sides; i++) {
		polls[others + i].fd = worker->sides[i].fd;
		polls[others + i].events = worker->sides[i].fd < 0 ? 0 :
					   wanted(&worker->sides[i]);
	}
	/* A side that may write but is not due yet would cause a busy loop. */
	for (i = 0, now = net_now(); i < worker->nr_sides; i++)
		if (worker->sides[i].due > now)
			polls[others + i].events &= ~POLLOUT;
	poll(polls, others + worker->nr_sides, 1);
	now = net_now();
	if (worker->killed && now >= worker->killed)
		raise(SIGKILL);
	for (i = 0; i < worker->nr_sides; i++)
		if (worker->sides[i].fd >= 0)
			turn(&worker->sides[i], polls[others + i].revents, now);
}

static bool all_ended(const struct worker *worker)
{
	unsigned int i;

	for (i = 0; i < worker->nr_sides; i++)
		if (worker->sides[i].fd >= 0)
			return false;
	return true;
}

static void worker_begin(struct worker *worker, unsigned int end)
{
	uint64_t dice = random_of(~worker->workload->seed, worker->first * 2 + end);

	signal(SIGPIPE, SIG_IGN);
	if (!(dice % 8))
		worker->killed = net_now() + dice / 8 % KILLED_WITHIN / 1e3;
}

static void connect_one(struct worker *worker, unsigned int conn)
{
	enum net_family family = workload_family(conn);
	struct plan plan = plan_of(worker->workload, conn, WIRE_A);
	struct sockaddr_storage addr;
	socklen_t len = wire_address(family, WIRE_A, WORKLOAD_PORT + conn, &addr);
	int fd = socket(net_domain(family), SOCK_STREAM | SOCK_NONBLOCK, 0);

	REQUIRE(fd >= 0 && !bind(fd, (void *)&addr, len), "no port for connection %u", conn);
	wire_address(family, WIRE_B, workload_server_port(conn), &addr);
	begin(&worker->sides[worker->nr_sides++], fd, &plan, STEP_CONNECT);
	if (connect(fd, (void *)&addr, len) && errno != EINPROGRESS)
		end(&worker->sides[worker->nr_sides - 1]);
}

/* A: open connections one by one, beside the existing ones. */
static void client(struct worker *worker)
{
	struct pollfd polls[BATCH];
	unsigned int i;

	worker_begin(worker, WIRE_A);
	for (i = 0; i < worker->nr; i++) {
		connect_one(worker, worker->first + i);
		if (random_of(worker->workload->seed, ~(uint64_t)(worker->first + i)) % 2)
			turn_all(worker, polls, 0);
	}
	while (!all_ended(worker))
		turn_all(worker, polls, 0);
}

static void accept_all(struct worker *worker, int listener)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	struct plan plan;
	int fd;

	while ((fd = accept4(listener, (void *)&addr, &len, SOCK_NONBLOCK)) >= 0) {
		len = sizeof(addr);
		REQUIRE(worker->nr_sides < BATCH, "a connection too many");
		plan = plan_of(worker->workload, net_place_of(&addr).port - WORKLOAD_PORT, WIRE_B);
		begin(&worker->sides[worker->nr_sides++], fd, &plan, STEP_SEND);
	}
}

/* B: run until the client process has ended, and no connection is left. */
static void server(struct worker *worker, const int *listeners, int gone)
{
	struct pollfd polls[3 + BATCH] = {
		{ .fd = listeners[0], .events = POLLIN },
		{ .fd = listeners[1], .events = POLLIN },
		{ .fd = gone },
	};
	bool last = false;

	worker_begin(worker, WIRE_B);
	while (!last || !all_ended(worker)) {
		turn_all(worker, polls, 3);
		last = polls[2].revents & POLLHUP;
		accept_all(worker, listeners[0]);
		accept_all(worker, listeners[1]);
		if (last)
			polls[2].fd = -1;
		last = polls[2].fd < 0;
	}
}

static int listen_at(enum net_family family, uint16_t port)
{
	struct sockaddr_storage addr;
	socklen_t len = wire_address(family, WIRE_B, port, &addr);
	int fd = socket(net_domain(family), SOCK_STREAM | SOCK_NONBLOCK, 0);

	REQUIRE(fd >= 0 && !bind(fd, (void *)&addr, len) && !listen(fd, BATCH),
		"no listener at port %u", port);
	return fd;
}

/* A pair of processes for one batch. */
static void start_pair(const struct workload *workload, unsigned int first, pid_t *pids)
{
	static struct worker worker;
	unsigned int left = workload->nr - first;
	int listeners[2], gone[2];

	worker = (struct worker){ .workload = workload, .first = first,
				  .nr = left < BATCH ? left : BATCH };
	wire_enter(workload->wire, WIRE_B);
	listeners[0] = listen_at(NET_IPV4, workload_server_port(first));
	listeners[1] = listen_at(NET_IPV6, workload_server_port(first));
	REQUIRE(!pipe(gone), "no pipe");
	pids[WIRE_B] = fork();
	if (!pids[WIRE_B]) {
		close(gone[1]);
		server(&worker, listeners, gone[0]);
		_exit(KTAP_PASS);
	}
	wire_enter(workload->wire, WIRE_A);
	pids[WIRE_A] = fork();
	if (!pids[WIRE_A]) {
		close(listeners[0]);
		close(listeners[1]);
		close(gone[0]);
		client(&worker);
		_exit(KTAP_PASS);
	}
	REQUIRE(pids[WIRE_A] > 0 && pids[WIRE_B] > 0, "no process");
	close(listeners[0]);
	close(listeners[1]);
	close(gone[0]);
	close(gone[1]);
}

/* Remove pairs that have ended. Return: whether both processes have. */
static bool reap(pid_t *pids)
{
	unsigned int end;
	int status;

	for (end = 0; end < WIRE_ENDS; end++) {
		if (!pids[end] || !waitpid(pids[end], &status, WNOHANG))
			continue;
		CHECK(!status || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL),
		      "a process at %s ended with status %x", wire_names[end], status);
		pids[end] = 0;
	}
	return !pids[WIRE_A] && !pids[WIRE_B];
}

void workload_run(const struct workload *workload, void (*tick)(void *arg), void *arg)
{
	pid_t pairs[PAIRS][WIRE_ENDS] = { };
	unsigned int i, next = 0, running;

	do {
		running = 0;
		for (i = 0; i < PAIRS; i++) {
			if (reap(pairs[i]) && next < workload->nr) {
				start_pair(workload, next, pairs[i]);
				next += BATCH;
			}
			running += pairs[i][WIRE_A] || pairs[i][WIRE_B];
		}
		tick(arg);
		poll(NULL, 0, 5);
	} while (running);
}
