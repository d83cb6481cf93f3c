// SPDX-License-Identifier: GPL-2.0
/*
 * The files trace_pipe and trace_pipe_raw: a read consumes the records that it returns. If several
 * readers read the same CPUs, each record goes to one of them.
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

/* The most raw records that are copied at once. If a writer overwrites one, none of them counts. */
#define SPAN_MOST	32UL

/**
 * struct pipe - an open file
 * @cpu: the CPU whose records are read, or BUFFER_ALL
 * @lock: threads that read from this open file; protects the members below
 * @merge: reads the records of trace_pipe; NULL for trace_pipe_raw
 * @flows: texts of connections, for format_record()
 * @headed: the header is in @text, or has been returned
 * @at: offset in @text of what to return next
 * @len: characters in @text
 * @text: lines of records that have been consumed
 */
struct pipe {
	int cpu;
	struct mutex lock;	/* readers */
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

/*
 * Sleeps until there is a record, which another reader may take first. This is not wait_event(),
 * because a reader is only woken if it has called buffer_expect() before it sleeps, each time.
 */
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
		/* With EPOLLET, epoll does not call pipe_poll() again before it is woken. */
		if (waitqueue_active(buffer_waitqueue(pipe->cpu)))
			buffer_expect(pipe->cpu);
		return -EAGAIN;
	}
	return pipe_sleep(pipe->cpu);
}

/* Appends a record's line to the text. */
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

/*
 * Consumes records and makes their text, until it has @want characters or there are no more. There
 * may be none, if another reader was faster.
 */
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
	/* Without the lock: if another thread reads meanwhile, any answer may be out of date. */
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

/*
 * Gives one record to the reader, from a copy: a writer may overwrite the record in the ring
 * meanwhile. Return: 1; 0 if there is no record; or an error.
 */
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

/*
 * Gives up to @max consecutive records to the reader, straight from the ring. If that fails, gives
 * one from a copy: a writer may have overwritten a record, or the reader's memory may end within
 * them. Return: the number of records; or an error.
 */
static long pipe_raw_give(int cpu, char __user *to, unsigned long max)
{
	const struct ring_slot *first;
	unsigned long nr = buffer_span(cpu, min(max, SPAN_MOST), &first);

	/* If a writer overwrites a record meanwhile, buffer_span_consumed() returns false. */
	if (nr && !data_race(copy_to_user(to, first, nr * sizeof(*first))) &&
	    buffer_span_consumed(cpu, nr))
		return nr;
	return pipe_raw_give_one(cpu, to);
}

/*
 * Gives as many records to the reader as fit. A record that could not be copied is not consumed.
 * Return: bytes; 0 if there is no record; or an error.
 */
static ssize_t pipe_raw_take(int cpu, char __user *to, size_t size)
{
	const size_t max = size / sizeof(struct ring_slot);
	size_t done = 0;
	long nr = 0;
	int err = buffer_lock(cpu);

	if (err)
		return err;
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

/* Gives the header, in the first read alone. Return: its size; 0 if it was returned before. */
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
