// SPDX-License-Identifier: GPL-2.0
#include "capture.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ktap.h"

#define IP_MIN_LEN 20
#define IPV6_LEN 40
#define TCP_MIN_LEN 20

static uint16_t be16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

static uint32_t be32(const uint8_t *at)
{
	return (uint32_t)be16(at) << 16 | be16(at + 2);
}

static void mapped(struct net_place *place, const uint8_t *addr)
{
	memset(place->addr, 0, 10);
	memset(place->addr + 10, 0xff, 2);
	memcpy(place->addr + 12, addr, 4);
}

/*
 * The offset of the TCP header; 0 if there is none. *len becomes the length of the IP
 * packet.
 */
static unsigned int parse_ip(struct segment *segment, const uint8_t *p,
			     unsigned int *len)
{
	if (*len >= IP_MIN_LEN && p[0] >> 4 == 4 && p[9] == IPPROTO_TCP) {
		mapped(&segment->from, p + 12);
		mapped(&segment->to, p + 16);
		*len = be16(p + 2);
		return (p[0] & 15) * 4;
	}
	if (*len >= IPV6_LEN && p[0] >> 4 == 6 && p[6] == IPPROTO_TCP) {
		memcpy(segment->from.addr, p + 8, 16);
		memcpy(segment->to.addr, p + 24, 16);
		*len = be16(p + 4) + IPV6_LEN;
		return IPV6_LEN;
	}
	return 0;
}

/* TSval (RFC 7323). */
static uint32_t parse_tsval(const uint8_t *option, const uint8_t *end)
{
	while (option + 1 < end && *option != TCPOPT_EOL) {
		if (*option == TCPOPT_TIMESTAMP && option + TCPOLEN_TIMESTAMP <= end)
			return be32(option + 2);
		if (*option != TCPOPT_NOP && option[1] < 2)
			break;
		option += *option == TCPOPT_NOP ? 1 : option[1];
	}
	return 0;
}

bool segment_parse(struct segment *segment, const uint8_t *packet, unsigned int len)
{
	unsigned int captured = len, at, header;
	const uint8_t *th;

	memset(segment, 0, sizeof(*segment));
	at = parse_ip(segment, packet, &len);
	if (!at || captured < at + TCP_MIN_LEN)
		return false;
	th = packet + at;
	segment->from.port = be16(th);
	segment->to.port = be16(th + 2);
	segment->seq = be32(th + 4);
	segment->ack = be32(th + 8);
	segment->flags = th[13];
	segment->window = be16(th + 14);
	header = (th[12] >> 4) * 4;
	segment->len = len - at - header;
	if (captured >= at + header)
		segment->tsval = parse_tsval(th + TCP_MIN_LEN, th + header);
	return true;
}

void capture_start(struct capture *capture, const char *interface)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex(interface),
	};
	int size = 8 << 20;

	memset(capture, 0, sizeof(*capture));
	/* No protocol yet: it receives nothing until it is bound. */
	capture->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	REQUIRE(capture->fd >= 0, "no packet socket");
	REQUIRE(!setsockopt(capture->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)),
		"no room for packets");
	REQUIRE(!bind(capture->fd, (void *)&addr, sizeof(addr)), "no capture on %s",
		interface);
}

void capture_read(struct capture *capture)
{
	uint8_t packet[256];
	struct sockaddr_ll addr;
	struct segment *segment;
	socklen_t len;
	ssize_t got;

	for (;;) {
		REQUIRE(capture->nr < CAPTURE_MAX, "more segments than expected");
		segment = &capture->segments[capture->nr];
		len = sizeof(addr);
		got = recvfrom(capture->fd, packet, sizeof(packet), 0, (void *)&addr, &len);
		if (got < 0)
			return;
		if (!segment_parse(segment, packet, got))
			continue;
		segment->out = addr.sll_pkttype == PACKET_OUTGOING;
		capture->nr++;
	}
}

void capture_stop(struct capture *capture)
{
	struct tpacket_stats stats = { };
	socklen_t len = sizeof(stats);

	capture_read(capture);
	REQUIRE(!getsockopt(capture->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len),
		"no statistics");
	CHECK(!stats.tp_drops, "the capture lost %u packets", stats.tp_drops);
	close(capture->fd);
}

unsigned int capture_count(const struct capture *capture, bool out, uint8_t flags)
{
	unsigned int i, count = 0;

	for (i = 0; i < capture->nr; i++)
		count += capture->segments[i].out == out &&
			 (capture->segments[i].flags & flags) == flags;
	return count;
}

void segment_note(const struct segment *s, const char *why)
{
	ktap_note("%s: %s %u>%u flags 0x%02x seq %u ack %u win %u len %u", why,
		  s->out ? "out" : "in", s->from.port, s->to.port, s->flags, s->seq,
		  s->ack, s->window, s->len);
}
