// SPDX-License-Identifier: GPL-2.0
/* The kernel's functions that the module's files call. */
#include <arpa/inet.h>

/**
 * hex_to_bin() - the value of a hexadecimal digit
 * @digit: it
 *
 * Return: below 0 if it is none.
 */
int hex_to_bin(unsigned char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit |= 0x20;
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static int pton(int family, const char *text, int len, u8 *addr, const char **end)
{
	char copy[INET6_ADDRSTRLEN + 1];

	*end = text;
	if (len <= 0 || len >= (int)sizeof(copy))
		return 0;
	memcpy(copy, text, len);
	copy[len] = '\0';
	*end = text + len;
	return inet_pton(family, copy, addr) == 1;
}

/**
 * in4_pton() - an IPv4 address
 * @text: where it begins
 * @len: of it
 * @addr: 4 bytes
 * @delim: not used: it ends with @len
 * @end: set behind it
 *
 * Return: 0 if it is none.
 */
int in4_pton(const char *text, int len, u8 *addr, int delim, const char **end)
{
	(void)delim;
	return pton(AF_INET, text, len, addr, end);
}

/**
 * in6_pton() - an IPv6 address
 * @text: where it begins
 * @len: of it
 * @addr: 16 bytes
 * @delim: not used: it ends with @len
 * @end: set behind it
 *
 * Return: 0 if it is none.
 */
int in6_pton(const char *text, int len, u8 *addr, int delim, const char **end)
{
	(void)delim;
	return pton(AF_INET6, text, len, addr, end);
}
