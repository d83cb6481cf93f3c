// SPDX-License-Identifier: GPL-2.0
/*
 * trace_pipe and trace_pipe_raw: records are read once and then gone. Readers
 * of the same records share them; each record goes to one of them.
 */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "files/merge.h"
#include "files/trace_files.h"
#include "format/format.h"
#include "format/stream.h"
#include "uapi/tcp_teardown.h"

#define TEXT_SIZE	(16 * FORMAT_LINE)

/**
 * struct pipe - an open file
 * @cpu: whose records, or BUFFER_ALL
 * @lock: threads that read through this one file
 * @merge: for text
 * @flows: for text
 * @headed: the header has been returned
 * @at: next character of @text to return
 * @len: characters in @text
 * @text: of records that this file has consumed
 */
struct pipe {
	int cpu;
	struct mutex lock;	/* threads that share the file */
	struct merge *merge;
	struct format_flows flows;
	bool headed;
	size_t at;
	size_t len;
	char text[TEXT_SIZE];
};

static int pipe_open_common(struct inode *inode, struct file *file)
{
	struct pipe *pipe = kvzalloc(sizeof(*pipe), GFP_KERNEL);

	if (!pipe)
		return -ENOMEM;
	pipe->cpu = trace_files_cpu(inode);
	mutex_init(&pipe->lock);
	file->private_data = pipe;
	return stream_open(inode, file);
}

static int pipe_release(struct inode *inode, struct file *file)
{
	struct pipe *pipe = file->private_data;

	merge_free(pipe->merge);
	kvfree(pipe);
	return 0;
}

static int pipe_open(struct inode *inode, struct file *file)
{
	int err = pipe_open_common(inode, file);
	struct pipe *pipe = file->private_data;

	if (err)
		return err;
	pipe->merge = merge_alloc(pipe->cpu, true);
	if (pipe->merge)
		return 0;
	pipe_release(inode, file);
	return -ENOMEM;
}

/* Sleep until there is a record; another reader may take it first. */
static int pipe_sleep(int cpu)
{
	wait_queue_head_t *queue = buffer_waitqueue(cpu);
	DEFINE_WAIT(wait);
	int err = 0;

	for (;;) {
		prepare_to_wait(queue, &wait, TASK_INTERRUPTIBLE);
		if (!buffer_is_empty(cpu))
			break;
		err = signal_pending(current) ? -ERESTARTSYS : 0;
		if (err)
			break;
		buffer_expect(cpu);
		schedule();
	}
	finish_wait(queue, &wait);
	return err;
}

static int pipe_wait(const struct pipe *pipe, const struct file *file)
{
	if (!buffer_is_empty(pipe->cpu))
		return 0;
	if (file->f_flags & O_NONBLOCK) {
		/* With EPOLLET, pipe_poll() is not called until there is a record. */
		if (waitqueue_active(buffer_waitqueue(pipe->cpu)))
			buffer_expect(pipe->cpu);
		return -EAGAIN;
	}
	return pipe_sleep(pipe->cpu);
}

static void pipe_add(struct pipe *pipe, const struct tcp_teardown_record *r)
{
	char *to = pipe->text;
	const size_t size = sizeof(pipe->text);

	if (!pipe->headed)
		pipe->len += format_trace_header(to + pipe->len, size - pipe->len);
	pipe->headed = true;
	if (pipe->merge->lost)
		pipe->len += format_lost(to + pipe->len, size - pipe->len,
					 pipe->merge->from, pipe->merge->lost);
	pipe->len += format_record(&pipe->flows, to + pipe->len, size - pipe->len, r);
}

/* Consume as many records as make @want characters, but at least one. */
static int pipe_fill(struct pipe *pipe, size_t want)
{
	const struct tcp_teardown_record *r;
	int err = buffer_lock(pipe->cpu);

	if (err)
		return err;
	pipe->at = 0;
	pipe->len = 0;
	want = min_t(size_t, want, TEXT_SIZE - 3 * FORMAT_LINE);
	err = merge_begin(pipe->merge);
	while (!err && pipe->len < want) {
		r = merge_next(pipe->merge);
		if (!r)
			break;
		pipe_add(pipe, r);
	}
	buffer_unlock(pipe->cpu);
	return err;
}

static ssize_t pipe_give(struct pipe *pipe, char __user *to, size_t size)
{
	size = min(size, pipe->len - pipe->at);
	if (copy_to_user(to, pipe->text + pipe->at, size))
		return -EFAULT;
	pipe->at += size;
	return size;
}

static ssize_t pipe_read(struct file *file, char __user *to, size_t size, loff_t *pos)
{
	struct pipe *pipe = file->private_data;
	ssize_t ret = 0;

	if (!size)
		return 0;
	if (mutex_lock_interruptible(&pipe->lock))
		return -ERESTARTSYS;
	while (!ret && pipe->at == pipe->len) {
		ret = pipe_wait(pipe, file);
		if (!ret)
			ret = pipe_fill(pipe, size);
	}
	if (!ret)
		ret = pipe_give(pipe, to, size);
	mutex_unlock(&pipe->lock);
	return ret;
}

static __poll_t pipe_poll(struct file *file, poll_table *table)
{
	struct pipe *pipe = file->private_data;

	poll_wait(file, buffer_waitqueue(pipe->cpu), table);
	/* A thread that reads meanwhile, with the lock, makes any answer outdated. */
	if (data_race(pipe->at == pipe->len) && buffer_is_empty(pipe->cpu)) {
		buffer_expect(pipe->cpu);
		return 0;
	}
	return EPOLLIN | EPOLLRDNORM;
}

const struct file_operations pipe_fops = {
	.owner = THIS_MODULE,
	.open = pipe_open,
	.read = pipe_read,
	.poll = pipe_poll,
	.release = pipe_release,
};

/* One record, through a copy, because it may be overwritten meanwhile. */
static long pipe_raw_give_one(int cpu, char __user *to)
{
	unsigned long lost = 0;
	struct ring_slot slot;

	if (!buffer_next(cpu, &slot, &lost))
		return 0;
	if (copy_to_user(to, &slot, sizeof(slot)))
		return -EFAULT;
	buffer_consumed(cpu);
	return 1;
}

/* The most at once: if a writer overwrites one, all were copied for nothing. */
#define RUN	32UL

/*
 * Up to @max consecutive records, without a copy. If a writer overwrites one meanwhile, or the
 * reader's memory ends, they are read one by one. Return: how many.
 */
static long pipe_raw_give(int cpu, char __user *to, unsigned long max)
{
	const struct ring_slot *first;
	unsigned long nr = buffer_span(cpu, min(max, RUN), &first);

	/* A writer may overwrite it meanwhile; then it does not count. */
	if (nr && !data_race(copy_to_user(to, first, nr * sizeof(*first))) &&
	    buffer_span_consumed(cpu, nr))
		return nr;
	return pipe_raw_give_one(cpu, to);
}

/* A record that could not be copied to the reader is not consumed. */
static ssize_t pipe_raw_take(int cpu, char __user *to, size_t size)
{
	const size_t max = size / sizeof(struct ring_slot);
	size_t done = 0;
	long nr = buffer_lock(cpu);

	if (nr)
		return nr;
	while (done < max && !(done && fatal_signal_pending(current))) {
		nr = pipe_raw_give(cpu, to + done * sizeof(struct ring_slot), max - done);
		if (nr <= 0)
			break;
		done += nr;
		cond_resched();
	}
	buffer_unlock(cpu);
	return done ? done * sizeof(struct ring_slot) : nr;
}

/* The header, once, in a read of its own. Return: its size; 0 if it was returned before. */
static ssize_t pipe_raw_head(struct pipe *pipe, char __user *to)
{
	struct tcp_teardown_header header;
	ssize_t ret = 0;

	if (READ_ONCE(pipe->headed))
		return 0;
	if (mutex_lock_interruptible(&pipe->lock))
		return -ERESTARTSYS;
	if (!pipe->headed) {
		stream_header(&header, pipe->cpu);
		ret = copy_to_user(to, &header, sizeof(header)) ? -EFAULT : sizeof(header);
		WRITE_ONCE(pipe->headed, ret > 0);
	}
	mutex_unlock(&pipe->lock);
	return ret;
}

static ssize_t pipe_raw_read(struct file *file, char __user *to, size_t size,
			     loff_t *pos)
{
	struct pipe *pipe = file->private_data;
	ssize_t ret;

	if (size < sizeof(struct tcp_teardown_record))
		return -EINVAL;
	ret = pipe_raw_head(pipe, to);
	while (!ret) {
		ret = pipe_wait(pipe, file);
		if (!ret)
			ret = pipe_raw_take(pipe->cpu, to, size);
	}
	return ret;
}

static __poll_t pipe_raw_poll(struct file *file, poll_table *table)
{
	struct pipe *pipe = file->private_data;
	__poll_t mask = pipe_poll(file, table);

	return READ_ONCE(pipe->headed) ? mask : EPOLLIN | EPOLLRDNORM;
}

const struct file_operations pipe_raw_fops = {
	.owner = THIS_MODULE,
	.open = pipe_open_common,
	.read = pipe_raw_read,
	.poll = pipe_raw_poll,
	.release = pipe_release,
};
