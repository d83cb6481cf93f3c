/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module's files that are compiled in (see Makefile) want of the kernel. It is
 * included ahead of all files here: the tool speaks of the same states and types.
 */
#ifndef TEARDOWN_MODULE_H
#define TEARDOWN_MODULE_H

#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <asm/byteorder.h>
#include <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;

#define U8_MAX		UINT8_MAX
#define U16_MAX		UINT16_MAX
#define U32_MAX		UINT32_MAX
#define U64_MAX		UINT64_MAX

/* The C library's list of states ends one before. */
#define TCP_NEW_SYN_RECV	12
#define TCP_MAX_STATES		13

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define __printf(a, b)	__attribute__((format(printf, a, b)))
#define __noreturn	__attribute__((noreturn))
#define ilog2(a)	(63 - __builtin_clzll(a))

#undef be64_to_cpu
#define be64_to_cpu(x)	__be64_to_cpu(x)

#define NSEC_PER_SEC	1000000000ULL
#define NSEC_PER_MSEC	1000000ULL
#define NSEC_PER_USEC	1000ULL

/* module.c */
int hex_to_bin(unsigned char digit);
int in4_pton(const char *text, int len, u8 *addr, int delim, const char **end);
int in6_pton(const char *text, int len, u8 *addr, int delim, const char **end);

#endif
