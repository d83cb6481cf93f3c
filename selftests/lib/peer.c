// SPDX-License-Identifier: GPL-2.0
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_tun.h>
#include <linux/ipv6.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ktap.h"

#define TUN_DEVICE "/dev/net/tun"
#define IP_LEN 20
#define IPV6_LEN 40
#define TCP_LEN 20
#define OPTIONS_MAX 16
#define PAYLOAD_MAX 1400
#define PACKET_MAX (IPV6_LEN + TCP_LEN + OPTIONS_MAX + PAYLOAD_MAX)
#define ICMP_LEN 8

/* Addresses reserved for documentation; .1 and ::1 are the kernel's. */
#define KERNEL_IPV4 "192.0.2.1"
#define PEER_IPV4 "192.0.2.2"
#define KERNEL_IPV6 "2001:db8::1"
#define PEER_IPV6 "2001:db8::2"
#define PEER_PORT 4000

/* Where nobody has made the device at boot, it comes with its module. */
bool peer_possible(void)
{
	int fd;

	if (access(TUN_DEVICE, F_OK) && system("modprobe -q tun"))
		return false;
	fd = open(TUN_DEVICE, O_RDWR);
	close(fd);
	return fd >= 0;
}

static void set_ipv4(struct ifreq *ifr)
{
	struct sockaddr_in *addr = (void *)&ifr->ifr_addr;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	addr->sin_family = AF_INET;
	inet_pton(AF_INET, KERNEL_IPV4, &addr->sin_addr);
	REQUIRE(!ioctl(fd, SIOCSIFADDR, ifr), "no IPv4 address");
	inet_pton(AF_INET, "255.255.255.0", &addr->sin_addr);
	REQUIRE(!ioctl(fd, SIOCSIFNETMASK, ifr), "no netmask");
	ifr->ifr_flags = IFF_UP;
	REQUIRE(!ioctl(fd, SIOCSIFFLAGS, ifr), "the device does not come up");
	close(fd);
}

/* The address can't be used before a kernel thread has checked it. */
static bool is_tentative(void)
{
	unsigned int flags = IFA_F_TENTATIVE;
	FILE *file = fopen("/proc/net/if_inet6", "r");
	char line[128], name[IF_NAMESIZE];

	REQUIRE(file, "no /proc/net/if_inet6");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "20010db8%*s %*x %*x %*x %x %15s", &flags, name) == 2)
			break;
	fclose(file);
	return flags & IFA_F_TENTATIVE;
}

static void set_ipv6(void)
{
	struct in6_ifreq ifr = { .ifr6_prefixlen = 64 };
	struct net_wait wait = { };
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);

	ifr.ifr6_ifindex = if_nametoindex(PEER_INTERFACE);
	inet_pton(AF_INET6, KERNEL_IPV6, &ifr.ifr6_addr);
	REQUIRE(!ioctl(fd, SIOCSIFADDR, &ifr), "no IPv6 address");
	close(fd);
	while (is_tentative())
		REQUIRE(net_wait(&wait), "the IPv6 address stays tentative");
}

static struct net_place place(enum net_family family, const char *ipv4,
			      const char *ipv6, uint16_t port)
{
	struct net_place place = { .addr = { [10] = 0xff, 0xff }, .port = port };

	if (family == NET_IPV6)
		inet_pton(AF_INET6, ipv6, place.addr);
	else
		inet_pton(AF_INET, ipv4, place.addr + 12);
	return place;
}

void peer_open(struct peer *peer, enum net_family family)
{
	struct ifreq ifr = { .ifr_name = PEER_INTERFACE,
			     .ifr_flags = IFF_TUN | IFF_NO_PI };

	peer->family = family;
	peer->window = PEER_WINDOW;
	peer->fd = open(TUN_DEVICE, O_RDWR | O_NONBLOCK);
	REQUIRE(peer->fd >= 0 && !ioctl(peer->fd, TUNSETIFF, &ifr), "no TUN device");
	set_ipv4(&ifr);
	set_ipv6();
	peer->self = place(family, PEER_IPV4, PEER_IPV6, PEER_PORT);
	peer->kernel = place(family, KERNEL_IPV4, KERNEL_IPV6, 0);
}

void peer_close(struct peer *peer)
{
	close(peer->fd);
}

static uint32_t add(uint32_t sum, const uint8_t *data, unsigned int len)
{
	unsigned int i;

	for (i = 0; i < len; i++)
		sum += i & 1 ? data[i] : data[i] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static void put16(uint8_t *to, uint16_t value)
{
	to[0] = value >> 8;
	to[1] = value;
}

static void put32(uint8_t *to, uint32_t value)
{
	put16(to, value >> 16);
	put16(to + 2, value);
}

/* Return: its length. */
static unsigned int put_ip(uint8_t *ip, bool ipv6, uint8_t protocol, unsigned int len,
			   const struct net_place *from, const struct net_place *to)
{
	if (ipv6) {
		ip[0] = 0x60;
		put16(ip + 4, len);
		ip[6] = protocol;
		ip[7] = 64;
		memcpy(ip + 8, from->addr, 16);
		memcpy(ip + 24, to->addr, 16);
		return IPV6_LEN;
	}
	ip[0] = 0x45;
	put16(ip + 2, IP_LEN + len);
	ip[8] = 64;
	ip[9] = protocol;
	memcpy(ip + 12, from->addr + 12, 4);
	memcpy(ip + 16, to->addr + 12, 4);
	put16(ip + 10, fold(add(0, ip, IP_LEN)));
	return IP_LEN;
}

/* Including the pseudo-header; that of v4-mapped addresses has the same sum. */
static uint16_t checksum(const struct peer *peer, uint8_t protocol, const uint8_t *tcp,
			 unsigned int len)
{
	unsigned int from = peer->family == NET_IPV6 ? 0 : 12;
	uint32_t sum = protocol + len;

	sum = add(sum, peer->self.addr + from, 16 - from);
	sum = add(sum, peer->kernel.addr + from, 16 - from);
	return fold(add(sum, tcp, len));
}

/* Aligned as by Linux. Return: their length. */
static unsigned int put_options(const struct peer *peer, uint8_t flags, uint8_t *to)
{
	uint8_t *at = to;

	if (peer->tsval) {
		put32(at, TCPOPT_NOP << 24 | TCPOPT_NOP << 16 | TCPOPT_TIMESTAMP << 8 |
		      TCPOLEN_TIMESTAMP);
		put32(at + 4, peer->tsval);
		at += 12;
	}
	if (peer->wscale && flags & SYN) {
		put32(at, TCPOPT_NOP << 24 | TCPOPT_WINDOW << 16 | TCPOLEN_WINDOW << 8 |
		      peer->wscale);
		at += 4;
	}
	return at - to;
}

/* A segment in its packet. Return: its size. */
static size_t put_segment(const struct peer *peer, uint8_t *packet, uint8_t flags,
			  uint32_t seq, uint32_t ack, unsigned int len)
{
	uint8_t options[OPTIONS_MAX] = { 0 }, *tcp;
	unsigned int header = TCP_LEN + put_options(peer, flags, options);

	REQUIRE(len <= PAYLOAD_MAX, "%u bytes are too many", len);
	memset(packet, 0, PACKET_MAX);
	tcp = packet + put_ip(packet, peer->family == NET_IPV6, IPPROTO_TCP, header + len,
			      &peer->self, &peer->kernel);
	memcpy(tcp + TCP_LEN, options, header - TCP_LEN);
	put16(tcp, peer->self.port);
	put16(tcp + 2, peer->kernel.port);
	put32(tcp + 4, seq);
	put32(tcp + 8, ack);
	tcp[12] = header / 4 << 4;
	tcp[13] = flags;
	put16(tcp + 14, flags & RST ? 0 : peer->window);
	put16(tcp + 16, checksum(peer, IPPROTO_TCP, tcp, header + len));
	return tcp + header + len - packet;
}

void peer_send(const struct peer *peer, uint8_t flags, uint32_t seq, uint32_t ack,
	       unsigned int len)
{
	uint8_t packet[PACKET_MAX];
	size_t size = put_segment(peer, packet, flags, seq, ack, len);

	REQUIRE(write(peer->fd, packet, size) == (ssize_t)size, "segment not sent");
}

/* The packet includes its header; by its address it is sent to this host. */
void peer_forge(const struct peer *peer, uint8_t flags, uint32_t seq, uint32_t ack)
{
	const int domain = peer->family == NET_IPV6 ? AF_INET6 : AF_INET;
	int fd = socket(domain, SOCK_RAW, IPPROTO_RAW);
	struct sockaddr_storage addr = { .ss_family = domain };
	uint8_t packet[PACKET_MAX];
	ssize_t size = put_segment(peer, packet, flags, seq, ack, 0);
	socklen_t len = sizeof(struct sockaddr_in);

	if (domain == AF_INET6) {
		memcpy(&((struct sockaddr_in6 *)&addr)->sin6_addr, peer->kernel.addr, 16);
		len = sizeof(struct sockaddr_in6);
	} else {
		memcpy(&((struct sockaddr_in *)&addr)->sin_addr, peer->kernel.addr + 12, 4);
	}
	REQUIRE(fd >= 0 && sendto(fd, packet, size, 0, (void *)&addr, len) == size,
		"segment not forged");
	close(fd);
}

/* It quotes the IP header and as much of TCP's as ICMP must. */
void peer_send_unreachable(const struct peer *peer, const struct segment *about)
{
	bool ipv6 = peer->family == NET_IPV6;
	unsigned int quoted = (ipv6 ? IPV6_LEN : IP_LEN) + TCP_LEN;
	uint8_t packet[IPV6_LEN + ICMP_LEN + IPV6_LEN + TCP_LEN] = { 0 }, *icmp, *tcp;
	ssize_t size;

	icmp = packet + put_ip(packet, ipv6, ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP,
			       ICMP_LEN + quoted, &peer->self, &peer->kernel);
	icmp[0] = ipv6 ? 1 : 3;		/* destination unreachable: port */
	icmp[1] = ipv6 ? 4 : 3;
	tcp = icmp + ICMP_LEN;
	tcp += put_ip(tcp, ipv6, IPPROTO_TCP, TCP_LEN, &about->from, &about->to);
	put16(tcp, about->from.port);
	put16(tcp + 2, about->to.port);
	put32(tcp + 4, about->seq);
	tcp[12] = TCP_LEN / 4 << 4;
	tcp[13] = about->flags;
	put16(icmp + 2, ipv6 ? checksum(peer, IPPROTO_ICMPV6, icmp, ICMP_LEN + quoted) :
			       fold(add(0, icmp, ICMP_LEN + quoted)));
	size = tcp + TCP_LEN - packet;
	REQUIRE(write(peer->fd, packet, size) == size, "ICMP not sent");
}

bool peer_try_read(const struct peer *peer, struct segment *segment)
{
	uint8_t packet[2048];
	ssize_t len;

	while ((len = read(peer->fd, packet, sizeof(packet))) > 0)
		if (segment_parse(segment, packet, len))
			return true;
	return false;
}

bool peer_read(const struct peer *peer, struct segment *segment, unsigned int patience)
{
	struct net_wait wait = { .patience = patience };

	do {
		if (peer_try_read(peer, segment))
			return true;
	} while (net_wait(&wait));
	return false;
}

void peer_expect(const struct peer *peer, uint8_t flags, uint32_t seq, uint32_t ack,
		 unsigned int len)
{
	struct segment segment;

	if (!CHECK(peer_read(peer, &segment, 0), "no segment with flags %x", flags))
		return;
	if (!CHECK((segment.flags & ~PSH) == flags && segment.seq == seq &&
		   segment.ack == ack && segment.len == len,
		   "another segment than flags %x seq %u ack %u len %u", flags, seq,
		   ack, len))
		segment_note(&segment, "came");
}

/* On that port of the kernel's, or with 0 on one that it chooses. */
int peer_listen(struct peer *peer, uint16_t port)
{
	struct sockaddr_storage addr = { .ss_family = net_domain(peer->family) };
	int fd = socket(addr.ss_family, SOCK_STREAM, 0), on = 1;
	socklen_t len = sizeof(addr);

	/* Both families have the port at the same offset. */
	((struct sockaddr_in *)&addr)->sin_port = htons(port);
	REQUIRE(!setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), "SO_REUSEADDR");
	REQUIRE(!bind(fd, (void *)&addr, addr.ss_family == AF_INET ?
		      sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6)) &&
		!listen(fd, 1), "no listener");
	REQUIRE(!getsockname(fd, (void *)&addr, &len), "it has no port");
	peer->kernel.port = net_place_of(&addr).port;
	return fd;
}

/* An interface that has just come up may lose it; so repeat it, as TCP does. */
static bool peer_send_syn(struct peer *peer, struct segment *reply)
{
	unsigned int tries;

	for (tries = 0; tries < 5; tries++) {
		peer_send(peer, SYN, PEER_ISS, 0, 0);
		if (peer_read(peer, reply, 2))
			return true;
	}
	return false;
}

void peer_accept(struct peer *peer, int listener, struct net_end *end)
{
	struct segment reply;

	REQUIRE(peer_send_syn(peer, &reply), "no answer to the SYN");
	REQUIRE(reply.flags == (SYN | ACK) && reply.ack == PEER_ISS + 1,
		"the answer to the SYN is not good");
	peer_send(peer, ACK, PEER_ISS + 1, reply.seq + 1, 0);
	end->fd = accept(listener, NULL, NULL);
	REQUIRE(end->fd >= 0, "no connection accepted");
	net_learn(end);
	CHECK(end->snd_nxt == reply.seq + 1 && end->rcv_nxt == PEER_ISS + 1,
	      "own numbers are %u, %u", end->snd_nxt, end->rcv_nxt);
}

void peer_connect(struct peer *peer, struct net_end *end)
{
	int listener = peer_listen(peer, 0);

	peer_accept(peer, listener, end);
	close(listener);
}

/* Where the peer is, for connect(). */
socklen_t peer_address(const struct peer *peer, struct sockaddr_storage *to)
{
	struct sockaddr_in6 *ipv6 = (void *)to;
	struct sockaddr_in *ipv4 = (void *)to;

	memset(to, 0, sizeof(*to));
	to->ss_family = net_domain(peer->family);
	/* Both families have the port at the same offset. */
	ipv4->sin_port = htons(peer->self.port);
	if (to->ss_family == AF_INET) {
		memcpy(&ipv4->sin_addr, peer->self.addr + 12, 4);
		return sizeof(*ipv4);
	}
	memcpy(&ipv6->sin6_addr, peer->self.addr, 16);
	return sizeof(*ipv6);
}

void peer_await_connect(struct peer *peer, struct net_end *end)
{
	struct sockaddr_storage addr;
	socklen_t len = peer_address(peer, &addr);
	struct segment syn;

	memset(end, 0, sizeof(*end));
	end->domain = addr.ss_family;
	end->fd = socket(end->domain, SOCK_STREAM | SOCK_NONBLOCK, 0);
	REQUIRE(connect(end->fd, (void *)&addr, len) && errno == EINPROGRESS, "no SYN_SENT");
	REQUIRE(peer_read(peer, &syn, 0) && syn.flags == SYN, "no SYN");
	peer->kernel = syn.from;
	end->local = syn.from;
	end->peer = peer->self;
	end->snd_nxt = syn.seq + 1;
	len = sizeof(end->cookie);
	REQUIRE(!getsockopt(end->fd, SOL_SOCKET, SO_COOKIE, &end->cookie, &len),
		"no cookie");
}

void peer_half_close(const struct peer *peer, const struct net_end *end)
{
	CHECK(!shutdown(end->fd, SHUT_WR), "shutdown");
	peer_expect(peer, FIN | ACK, end->snd_nxt, end->rcv_nxt, 0);
	peer_send(peer, ACK, end->rcv_nxt, end->snd_nxt + 1, 0);
}
