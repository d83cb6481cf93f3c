/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The network of a test, and the two ends of a connection.
 */
#ifndef SELFTESTS_NET_H
#define SELFTESTS_NET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* What a connection runs over. */
enum net_family {
	NET_IPV4,
	NET_IPV6,
	NET_MAPPED,	/* AF_INET6 sockets with v4-mapped addresses */
	NET_FAMILIES
};

extern const char * const net_family_names[NET_FAMILIES];

/* Of the sockets; NET_MAPPED is AF_INET6. */
int net_domain(enum net_family family);

/* An address and a port, IPv4 as v4-mapped, as in the records. */
struct net_place {
	uint8_t addr[16];
	uint16_t port;
};

bool net_place_is(const struct net_place *place, const uint8_t *addr, uint16_t port);
struct net_place net_place_of(const struct sockaddr_storage *from);

/* Whether the loopback address of that family exists. */
socklen_t net_loopback(enum net_family family, uint16_t port,
		       struct sockaddr_storage *to);

/* One end of a connection: what the test knows without the module. */
struct net_end {
	int fd;
	uint64_t cookie;		/* SO_COOKIE */
	uint32_t snd_nxt, rcv_nxt;	/* by TCP_REPAIR; nothing is in flight */
	uint8_t domain;
	struct net_place local, peer;
};

/* Move into a new, empty namespace with lo up. */
void net_new(void);

/* Inode number of the namespace, as in the records. */
uint32_t net_inode(void);

/* Write a /proc/sys/net/ file of the namespace. */
void net_sysctl(const char *name, const char *value);

/* A listener on loopback, on a port that is chosen by the kernel. */
int net_listen(enum net_family family, uint16_t *port);

/* Connect two sockets over loopback and fill in both ends. */
void net_pair(enum net_family family, struct net_end *client, struct net_end *server);

/* Fill in all of *end but fd. */
void net_learn(struct net_end *end);

/* Read SND.NXT and RCV.NXT again, after data. */
void net_learn_numbers(struct net_end *end);

/* Send all, or receive all; ends the test if it can't. */
void net_send(const struct net_end *end, unsigned int bytes);
void net_receive(const struct net_end *end, unsigned int bytes);

/* Read the end of the stream, or the expected error. */
void net_expect_eof(const struct net_end *end);
void net_expect_error(const struct net_end *end, int error);

/* close() with SO_LINGER 0, which sends a RST. */
void net_abort(int fd);

/* Wait until so many bytes can be read. */
void net_await_unread(const struct net_end *end, int bytes);

/* Wait until the other side has acknowledged all that was sent. */
void net_await_acked(const struct net_end *end);

/* Wait until the socket, which is still open, is in that state. */
void net_await_state(const struct net_end *end, int state);

/*
 * How much time a condition may take. Where time is skipped, it is also skipped while the
 * host reads a file: there this is only a bound.
 */
#define NET_PATIENCE_S 20
#define NET_PATIENCE_ICOUNT_S 600

bool net_time_is_skipped(void);

/* while (!condition) net_wait(&wait); false: it took too long. */
struct net_wait {
	double deadline;
	unsigned int patience;
	unsigned int rounds;
};

bool net_wait(struct net_wait *wait);

/* A counter of /proc/self/net/snmp or netstat, of the group "Tcp:" or the like. */
long net_mib(const char *path, const char *group, const char *name);

/*
 * while (net_again(&again)) run(): repeats run(), at most 5 times, as long as TCP has
 * retransmitted something in this namespace meanwhile. On a busy host a guest's CPU may
 * stand still for longer than TCP waits.
 */
struct net_again {
	long resent;
	unsigned int rounds;
};

bool net_again(struct net_again *again);
double net_now(void);

/* Wait until all softirqs that are running have ended. */
void net_settle(void);

#endif
