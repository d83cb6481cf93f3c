/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The files that contain records: trace (snapshot.c), trace_pipe and trace_pipe_raw (pipe.c).
 * Their i_private is the CPU's number plus 1, which for BUFFER_ALL is 0.
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

static inline int trace_files_data_cpu(const void *data)
{
	return (long)data - 1;
}

static inline int trace_files_cpu(const struct inode *inode)
{
	return trace_files_data_cpu(inode->i_private);
}

#endif
