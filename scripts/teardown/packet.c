// SPDX-License-Identifier: GPL-2.0
#include "packet.h"

#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>

bool is_packet(const struct tcp_teardown_record *r)
{
	return is_received(r) || is_sent(r) || (queues_fin(r) && !r->unsent);
}

static bool is_ipv4(const u8 *addr)
{
	static const u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(addr, mapped, sizeof(mapped));
}

static u32 sum(u32 sum, const void *bytes, size_t len)
{
	const u8 *at = bytes;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += at[i] << 8 | at[i + 1];
	return sum;
}

static u16 fold(u32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

/* As in the header: what was sent is known in bytes; nobody scales that of a SYN. */
static u16 window_field(const struct tcp_teardown_record *r)
{
	u64 window = r->window;

	if (!is_received(r))
		window >>= r->wscale & 31;
	return htons(window < U16_MAX ? window : U16_MAX);
}

/* A FIN that is queued goes behind all that was sent. */
static void make_tcp(const struct tcp_teardown_record *r, struct tcphdr *tcp)
{
	bool received = is_received(r);
	u8 flags = r->tcp_flags;

	if (r->kind != TCP_TEARDOWN_SEGMENT && r->kind != TCP_TEARDOWN_RESET)
		flags = TCP_FLAG_FIN | TCP_FLAG_ACK;
	memset(tcp, 0, sizeof(*tcp));
	tcp->source = htons(received ? r->peer_port : r->local_port);
	tcp->dest = htons(received ? r->local_port : r->peer_port);
	tcp->seq = htonl(r->seq);
	tcp->ack_seq = htonl(flags & TCP_FLAG_ACK ? r->ack : 0);
	tcp->doff = sizeof(*tcp) / 4;
	((u8 *)tcp)[13] = flags;
	tcp->window = window_field(r);
}

/* With a payload that is not there it can't be known, and is 0. */
static void check_tcp(struct tcphdr *tcp, u32 len, const void *addresses, size_t size)
{
	u32 all = sum(IPPROTO_TCP + sizeof(*tcp), addresses, size);

	if (!len)
		tcp->check = fold(sum(all, tcp, sizeof(*tcp)));
}

/* More than a header can say, as a NIC may merge, is 0 there. */
static u16 length_field(u32 len)
{
	return htons(len <= U16_MAX ? len : 0);
}

static u32 make_ipv4(const u8 *from, const u8 *to, u32 len, u8 *bytes, struct tcphdr *tcp)
{
	struct iphdr ip = {
		.version = 4,
		.ihl = sizeof(ip) / 4,
		.tot_len = length_field(sizeof(ip) + sizeof(*tcp) + len),
		.frag_off = htons(IP_DF),
		.ttl = 64,
		.protocol = IPPROTO_TCP,
	};

	memcpy(&ip.saddr, from + 12, 4);
	memcpy(&ip.daddr, to + 12, 4);
	ip.check = fold(sum(0, &ip, sizeof(ip)));
	check_tcp(tcp, len, &ip.saddr, 8);
	memcpy(bytes, &ip, sizeof(ip));
	return sizeof(ip);
}

static u32 make_ipv6(const u8 *from, const u8 *to, u32 len, u8 *bytes, struct tcphdr *tcp)
{
	struct ip6_hdr ip = { };

	ip.ip6_flow = htonl(6U << 28);
	ip.ip6_plen = length_field(sizeof(*tcp) + len);
	ip.ip6_nxt = IPPROTO_TCP;
	ip.ip6_hlim = 64;
	memcpy(&ip.ip6_src, from, 16);
	memcpy(&ip.ip6_dst, to, 16);
	check_tcp(tcp, len, &ip.ip6_src, 32);
	memcpy(bytes, &ip, sizeof(ip));
	return sizeof(ip);
}

u32 packet_make(const struct tcp_teardown_record *r, u8 *bytes, u32 *whole)
{
	const u8 *from = is_received(r) ? r->peer : r->local;
	const u8 *to = is_received(r) ? r->local : r->peer;
	u32 len, payload = r->len < 1 << 20 ? r->len : 1 << 20;
	struct tcphdr tcp;

	make_tcp(r, &tcp);
	if (is_ipv4(from) && is_ipv4(to))
		len = make_ipv4(from, to, payload, bytes, &tcp);
	else
		len = make_ipv6(from, to, payload, bytes, &tcp);
	memcpy(bytes + len, &tcp, sizeof(tcp));
	len += sizeof(tcp);
	*whole = len + payload;
	return len;
}

static u64 mix(u64 hash, u64 number)
{
	hash = (hash ^ number) * 0x9e3779b97f4a7c15;
	return hash ^ hash >> 29;
}

static u64 mix_end(u64 hash, const u8 *addr, u16 port)
{
	u64 half[2];

	memcpy(half, addr, sizeof(half));
	return mix(mix(mix(hash, half[0]), half[1]), port);
}

u64 packet_key(const struct tcp_teardown_record *r)
{
	u64 hash;

	if (is_received(r)) {
		hash = mix_end(0, r->peer, r->peer_port);
		hash = mix_end(hash, r->local, r->local_port);
	} else {
		hash = mix_end(0, r->local, r->local_port);
		hash = mix_end(hash, r->peer, r->peer_port);
	}
	if (has_fin(r))
		return mix(mix(hash, 1), fin_number(r));
	if (r->tcp_flags & TCP_FLAG_RST)
		return mix(hash, 2);
	return mix(mix(mix(hash, 3), r->seq), (u64)r->ack << 32 | r->len);
}
