// SPDX-License-Identifier: GPL-2.0
#include "kernel.h"

char host_log[2048];
unsigned int host_logged;

void host_print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vscnprintf(host_log, sizeof(host_log), format, args);
	va_end(args);
	host_logged++;
}

void seq_printf(struct seq_file *m, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vscnprintf(m->file->shown, sizeof(m->file->shown), format, args);
	va_end(args);
}

/* It shows at once. */
int single_open(struct file *file, int (*show)(struct seq_file *m, void *v), void *data)
{
	struct seq_file m = { .file = file };

	return show(&m, data);
}

/* Of just that size, so that AddressSanitizer sees who reads on. */
void *memdup_user_nul(const char *from, size_t size)
{
	char *copy = malloc(size + 1);

	if (!copy)
		return ERR_PTR(-ENOMEM);
	memcpy(copy, from, size);
	copy[size] = '\0';
	return copy;
}
