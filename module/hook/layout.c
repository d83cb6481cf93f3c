// SPDX-License-Identifier: GPL-2.0
#include "hook/layout.h"

#include <linux/errno.h>
#include <linux/printk.h>
#include <linux/stddef.h>
#include <linux/stringify.h>
#include <net/net_namespace.h>
#include <net/tcp.h>

#include "hook/kbtf.h"

/**
 * struct layout_member - a member that the module reads
 * @name: name of the member, "a.b" for b in a
 * @offset: its offset in the kernel that the module was built for
 */
struct layout_member {
	const char *name;
	size_t offset;
};

/**
 * struct layout - a structure that the module reads
 * @name: name of the structure
 * @size: its size in the kernel that the module was built for
 * @members: those that the module reads, without bit fields; an empty entry ends the list
 */
struct layout {
	const char *name;
	size_t size;
	struct layout_member members[32];
};

#define LAYOUT(s)	.name = #s, .size = sizeof(struct s)
/* __stringify(), because many members are macros for a member of an inner structure. */
#define AT(s, m)	{ __stringify(m), offsetof(struct s, m) }

static const struct layout layouts[] = {
	{ LAYOUT(sock_common), .members = {
		AT(sock_common, skc_daddr), AT(sock_common, skc_rcv_saddr),
		AT(sock_common, skc_dport), AT(sock_common, skc_num),
		AT(sock_common, skc_family), AT(sock_common, skc_state),
		AT(sock_common, skc_net), AT(sock_common, skc_cookie),
		AT(sock_common, skc_flags), AT(sock_common, skc_bound_dev_if), } },
	{ LAYOUT(sock), .members = {
		AT(sock, sk_receive_queue), AT(sock, sk_write_queue), AT(sock, sk_lock),
		AT(sock, sk_protocol), AT(sock, sk_lingertime), AT(sock, sk_socket),
		AT(sock, sk_shutdown), AT(sock, sk_err), AT(sock, sk_err_soft),
#ifdef HAVE_SK_WAIT_PENDING
		AT(sock, sk_wait_pending),
#endif
		AT(sock, sk_state), AT(sock, sk_uid), AT(sock, sk_dst_cache),
#ifdef CONFIG_SOCK_CGROUP_DATA
		AT(sock, sk_cgrp_data),
#endif
		} },
	{ LAYOUT(inet_sock), .members = { AT(inet_sock, inet_sport), } },
	{ LAYOUT(inet_connection_sock), .members = {
		AT(inet_connection_sock, icsk_user_timeout),
		AT(inet_connection_sock, icsk_pending),
		AT(inet_connection_sock, icsk_probes_out),
		AT(inet_connection_sock, icsk_probes_tstamp),
		AT(inet_connection_sock, icsk_bind_hash), } },
	{ LAYOUT(tcp_sock), .members = {
		AT(tcp_sock, rcv_nxt), AT(tcp_sock, copied_seq), AT(tcp_sock, rcv_wup),
		AT(tcp_sock, snd_nxt), AT(tcp_sock, snd_una), AT(tcp_sock, write_seq),
		AT(tcp_sock, snd_wl1), AT(tcp_sock, snd_wnd), AT(tcp_sock, rx_opt),
		AT(tcp_sock, linger2), AT(tcp_sock, packets_out),
		AT(tcp_sock, bytes_acked), AT(tcp_sock, max_window),
		AT(tcp_sock, bytes_received), AT(tcp_sock, bytes_sent),
		AT(tcp_sock, bytes_retrans), AT(tcp_sock, segs_out),
		AT(tcp_sock, rcv_wnd), AT(tcp_sock, snd_cwnd), AT(tcp_sock, sacked_out),
		AT(tcp_sock, lost_out), AT(tcp_sock, retrans_out),
		AT(tcp_sock, retrans_stamp), AT(tcp_sock, rcv_tstamp),
		AT(tcp_sock, selective_acks), AT(tcp_sock, fastopen_rsk), } },
	{ LAYOUT(inet_timewait_sock), .members = {
		AT(inet_timewait_sock, tw_substate), AT(inet_timewait_sock, tw_sport),
		AT(inet_timewait_sock, tw_timer), AT(inet_timewait_sock, tw_dr),
		AT(inet_timewait_sock, tw_cookie), } },
	{ LAYOUT(tcp_timewait_sock), .members = {
		AT(tcp_timewait_sock, tw_rcv_nxt), AT(tcp_timewait_sock, tw_snd_nxt),
		AT(tcp_timewait_sock, tw_rcv_wnd), AT(tcp_timewait_sock, tw_ts_recent),
		AT(tcp_timewait_sock, tw_ts_recent_stamp), } },
	{ LAYOUT(timer_list), .members = { AT(timer_list, entry), AT(timer_list, expires), } },
	{ LAYOUT(inet_timewait_death_row), .members = {
		AT(inet_timewait_death_row, hashinfo),
		AT(inet_timewait_death_row, sysctl_max_tw_buckets), } },
	{ LAYOUT(inet_hashinfo), .members = {
		AT(inet_hashinfo, ehash), AT(inet_hashinfo, ehash_locks),
		AT(inet_hashinfo, ehash_mask), AT(inet_hashinfo, ehash_locks_mask), } },
	{ LAYOUT(sk_buff), .members = {
		AT(sk_buff, cb), AT(sk_buff, len), AT(sk_buff, dev), AT(sk_buff, _skb_refdst),
		AT(sk_buff, skb_iif),
		AT(sk_buff, head), AT(sk_buff, network_header), AT(sk_buff, transport_header), } },
	{ LAYOUT(tcp_skb_cb), .members = {
		AT(tcp_skb_cb, seq), AT(tcp_skb_cb, end_seq), AT(tcp_skb_cb, ack_seq),
		AT(tcp_skb_cb, tcp_flags), } },
	{ LAYOUT(dst_entry), .members = { AT(dst_entry, dev), } },
	{ LAYOUT(net_device), .members = { AT(net_device, nd_net), AT(net_device, ifindex), } },
	{ LAYOUT(rtable), .members = { AT(rtable, rt_type), } },
	{ LAYOUT(net), .members = {
		AT(net, net_cookie), AT(net, ns), AT(net, ipv4), AT(net, mib), AT(net, gen), } },
	{ LAYOUT(netns_ipv4), .members = {
		AT(netns_ipv4, tcp_death_row), AT(netns_ipv4, sysctl_tcp_rfc1337),
		AT(netns_ipv4, sysctl_tcp_orphan_retries), } },
};

static int layout_differs(const struct layout *layout, const char *what, size_t built,
			  s64 running)
{
	if (running < 0)
		pr_err("struct %s: this kernel has no %s\n", layout->name, what);
	else
		pr_err("struct %s: %s is %lld in this kernel, and %zu in that which the module was built for\n",
		       layout->name, what, running, built);
	pr_err("build the module for this kernel\n");
	return -ENOEXEC;
}

static int layout_check_one(const struct kbtf *btf, const struct layout *layout)
{
	const struct btf_type *type = kbtf_struct(btf, layout->name);
	const struct layout_member *m;
	s64 offset;

	if (!type)
		return layout_differs(layout, "structure of that name", 0, -ENOENT);
	if (type->size != layout->size)
		return layout_differs(layout, "size", layout->size, type->size);
	for (m = layout->members; m->name; m++) {
		offset = kbtf_offset(btf, type, m->name);
		if (offset != (s64)m->offset)
			return layout_differs(layout, m->name, m->offset, offset);
	}
	return 0;
}

/**
 * layout_check() - compare the structures with those that the module was built for
 * @btf: the running kernel's BTF
 *
 * A module may load into a kernel that it was not built for: Debian's later kernels do not
 * have MODVERSIONS, and the vermagic may be the same.
 *
 * Return: 0; -ENOEXEC if a layout differs, and the log says which.
 */
int layout_check(const struct kbtf *btf)
{
	int i, err = 0;

	for (i = 0; i < ARRAY_SIZE(layouts) && !err; i++)
		err = layout_check_one(btf, &layouts[i]);
	return err;
}
