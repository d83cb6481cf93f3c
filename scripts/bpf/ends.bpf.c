// SPDX-License-Identifier: GPL-2.0
/*
 * The end of each connection, handed to user space: the record as the module made it. A raw
 * tracepoint gets a pointer to struct tcp_teardown_record, whose layout the interface fixes, so
 * this needs no BTF, neither the kernel's nor the module's.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "tcp_teardown.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 18);
} records SEC(".maps");

SEC("raw_tp/tcp_teardown_end")
int on_end(struct bpf_raw_tracepoint_args *ctx)
{
	struct tcp_teardown_record *r = bpf_ringbuf_reserve(&records, sizeof(*r), 0);

	if (!r)
		return 0;
	if (bpf_probe_read_kernel(r, sizeof(*r), (const void *)ctx->args[0]))
		bpf_ringbuf_discard(r, 0);
	else
		bpf_ringbuf_submit(r, 0);
	return 0;
}

char _license[] SEC("license") = "GPL";
