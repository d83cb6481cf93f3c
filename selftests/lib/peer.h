/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A TCP peer that only does what the test says, at the other end of a TUN device. The
 * kernel's end is an ordinary socket.
 */
#ifndef SELFTESTS_PEER_H
#define SELFTESTS_PEER_H

#include "capture.h"
#include "net.h"

#define PEER_INTERFACE "tun0"
#define PEER_WINDOW 8192	/* its first window, unscaled */
#define PEER_ISS 1000

struct peer {
	int fd;
	uint16_t window;		/* its window from now on */
	uint8_t wscale;			/* in its SYNs; 0: without that option */
	uint32_t tsval;			/* its timestamp from now on; 0: without them */
	enum net_family family;
	struct net_place self, kernel;
};

/* Create the device and its addresses in the caller's namespace. */
void peer_open(struct peer *peer, enum net_family family);
void peer_close(struct peer *peer);

/* Whether a peer can be created. */
bool peer_possible(void);

/* The peer connects to a listener, without any options; *end is accepted. */
void peer_connect(struct peer *peer, struct net_end *end);

/* The same in two steps, for a listener that stays. */
int peer_listen(struct peer *peer, uint16_t port);
void peer_accept(struct peer *peer, int listener, struct net_end *end);

/* Where the peer is, for connect(). */
socklen_t peer_address(const struct peer *peer, struct sockaddr_storage *to);

/*
 * The kernel connects to the peer, which has read the SYN: *end is in SYN_SENT,
 * end->snd_nxt counts the SYN, end->rcv_nxt is 0.
 */
void peer_await_connect(struct peer *peer, struct net_end *end);

/* The kernel's end shuts down, and the peer acknowledges its FIN. */
void peer_half_close(const struct peer *peer, const struct net_end *end);

/* Send a segment to the kernel, with a payload of len bytes. */
void peer_send(const struct peer *peer, uint8_t flags, uint32_t seq, uint32_t ack,
	       unsigned int len);

/*
 * Send a segment in the peer's name from this host itself, over its loopback device, as a
 * firewall does that rejects what is sent.
 */
void peer_forge(const struct peer *peer, uint8_t flags, uint32_t seq, uint32_t ack);

/* Answer a segment of the kernel's by ICMP: nobody listens at that port. */
void peer_send_unreachable(const struct peer *peer, const struct segment *about);

/* CHECK that this segment, PSH aside, is the next that the kernel sends. */
void peer_expect(const struct peer *peer, uint8_t flags, uint32_t seq, uint32_t ack,
		 unsigned int len);

/* The next segment, if it has already arrived. */
bool peer_try_read(const struct peer *peer, struct segment *segment);

/* The next segment that the kernel sends; false: none within some seconds. */
bool peer_read(const struct peer *peer, struct segment *segment, unsigned int patience);

#endif
