/* SPDX-License-Identifier: GPL-2.0 */
/* Copies what a user writes to a debugfs file. */
#ifndef TCP_TEARDOWN_USER_TEXT_H
#define TCP_TEARDOWN_USER_TEXT_H

#include <linux/types.h>
#include <linux/uaccess.h>

/**
 * user_text_get() - copy text from user space
 * @to: room for @size characters and a NUL
 * @from: the text, in user space
 * @size: its length
 *
 * A NUL would hide the characters after it, so it is replaced by "?", which no number, name
 * or expression contains.
 *
 * Return: 0 or -EFAULT.
 */
static inline int user_text_get(char *to, const char __user *from, size_t size)
{
	size_t i;

	if (copy_from_user(to, from, size))
		return -EFAULT;
	to[size] = '\0';
	for (i = 0; i < size; i++)
		if (!to[i])
			to[i] = '?';
	return 0;
}

#endif
