/* SPDX-License-Identifier: GPL-2.0 */
/* What is written to the files of debugfs. */
#ifndef TCP_TEARDOWN_USER_TEXT_H
#define TCP_TEARDOWN_USER_TEXT_H

#include <linux/types.h>
#include <linux/uaccess.h>

/**
 * user_text_get() - take what is written as text
 * @to: room for @size characters and a NUL
 * @from: user space
 * @size: how many
 *
 * A NUL would hide what is behind it: it becomes a ?, which is part of no number,
 * name or expression.
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
