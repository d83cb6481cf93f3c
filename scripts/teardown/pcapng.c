// SPDX-License-Identifier: GPL-2.0
#include "pcapng.h"

#define SECTION_HEADER	0x0a0d0d0a
#define INTERFACE	1
#define PACKET		6
#define BYTE_ORDER_MAGIC	0x1a2b3c4d
#define LINKTYPE_RAW	101

/* Options of blocks. */
#define OPT_END		0
#define OPT_COMMENT	1
#define SHB_USERAPPL	4
#define IF_NAME		2
#define IF_TSRESOL	9
#define EPB_FLAGS	2

/* An option's length has 16 bits. */
#define OPT_MAX		65535

static void put16(u16 number)
{
	print_bytes(&out, &number, sizeof(number));
}

static void put32(u32 number)
{
	print_bytes(&out, &number, sizeof(number));
}

/* To the next multiple of 4. */
static void put_padded(const void *bytes, size_t len)
{
	print_bytes(&out, bytes, len);
	print_bytes(&out, "\0\0\0", -len & 3);
}

static void put_option(u16 code, const void *bytes, size_t len)
{
	if (len > OPT_MAX)
		len = OPT_MAX;
	put16(code);
	put16(len);
	put_padded(bytes, len);
}

/* Its length stands at its begin and at its end; returns where it begins. */
static size_t begin_block(u32 type)
{
	size_t begin = out.len;

	put32(type);
	put32(0);
	return begin;
}

static void end_block(size_t begin)
{
	u32 len;

	put16(OPT_END);
	put16(0);
	len = out.len - begin + sizeof(len);
	put32(len);
	memcpy(out.text + begin + sizeof(len), &len, sizeof(len));
}

void pcapng_begin(void)
{
	static const char name[] = "tcp-teardown";
	static const s64 unknown = -1;
	size_t begin = begin_block(SECTION_HEADER);

	put32(BYTE_ORDER_MAGIC);
	put16(1);
	put16(0);
	print_bytes(&out, &unknown, sizeof(unknown));
	put_option(SHB_USERAPPL, name, sizeof(name) - 1);
	end_block(begin);
}

void pcapng_interface(const struct print *name)
{
	static const u8 nanoseconds = 9;
	size_t begin = begin_block(INTERFACE);

	put16(LINKTYPE_RAW);
	put16(0);
	put32(0);
	put_option(IF_NAME, name->text, name->len);
	put_option(IF_TSRESOL, &nanoseconds, sizeof(nanoseconds));
	end_block(begin);
}

void pcapng_packet(const struct pcapng_packet *packet)
{
	size_t begin = begin_block(PACKET);

	put32(packet->interface);
	put32(packet->time >> 32);
	put32(packet->time);
	put32(packet->len);
	put32(packet->whole);
	put_padded(packet->bytes, packet->len);
	put_option(EPB_FLAGS, &packet->direction, sizeof(packet->direction));
	if (packet->comment->len)
		put_option(OPT_COMMENT, packet->comment->text, packet->comment->len);
	end_block(begin);
}
