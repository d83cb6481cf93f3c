/* SPDX-License-Identifier: GPL-2.0 */
/* The fields of struct tcp_teardown_header, and their offsets, which never change. */
FIELD(0, __u64, number);
FIELD(8, __u64, time);
FIELD(16, __u16, size);
FIELD(18, __u8, kind);
FIELD(19, __u8, version);
FIELD(20, __u16, record_size);
FIELD(22, __u16, cpu);
FIELD(24, __u32, magic);
FIELD(28, __u32, reserved);
FIELD(32, __u64, realtime);
ARRAY(40, __u8, boot_id, 16);
ARRAY(56, __u8, host, 65);
ARRAY(121, __u8, room, 135);
