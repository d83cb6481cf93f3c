/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The files that give records: trace (snapshot.c), trace_pipe and
 * trace_pipe_raw (pipe.c). i_private is the CPU's number, or BUFFER_ALL, plus 1.
 */
#ifndef TCP_TEARDOWN_TRACE_FILES_H
#define TCP_TEARDOWN_TRACE_FILES_H

#include <linux/fs.h>

extern const struct file_operations snapshot_fops;
extern const struct file_operations pipe_fops;
extern const struct file_operations pipe_raw_fops;

static inline void *trace_files_data(int cpu)
{
	return (void *)(long)(cpu + 1);
}

static inline int trace_files_cpu(const struct inode *inode)
{
	return (long)inode->i_private - 1;
}

#endif
