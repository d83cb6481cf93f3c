// SPDX-License-Identifier: GPL-2.0
/*
 * The file trace: the text of all records that the rings hold. A read consumes nothing and disturbs
 * no other reader; it ends with the records that were there when it began. A write clears the
 * rings.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "files/merge.h"
#include "files/trace_files.h"
#include "format/format.h"
#include "uapi/tcp_teardown.h"

/**
 * struct snapshot - an open file
 * @merge: reads the records
 * @record: the record at @pos; NULL at the end
 * @pos: current position: 0 is the header, 1 the first record
 * @flows: texts of connections, for format_record()
 * @line: room for a line
 */
struct snapshot {
	struct merge *merge;
	const struct tcp_teardown_record *record;
	loff_t pos;
	struct format_flows flows;
	char line[2 * FORMAT_LINE];
};

/* What is at the current position. */
static void *snapshot_at(struct snapshot *s)
{
	if (!s->pos)
		return SEQ_START_TOKEN;
	return (void *)s->record;
}

static int snapshot_rewind(struct snapshot *s)
{
	s->record = NULL;
	s->pos = 0;
	return merge_begin(s->merge);
}

/*
 * Goes to the next position; a seek does so for all before its target. Return: false if the reader
 * is being killed. Then the position stays the same, because others may read from the open file.
 */
static bool snapshot_advance(struct snapshot *s)
{
	cond_resched();
	if (fatal_signal_pending(current))
		return false;
	s->record = merge_next(s->merge);
	s->pos++;
	return true;
}

/* To seek backwards, seq_file starts at position 0 again. */
static void *snapshot_start(struct seq_file *m, loff_t *pos)
{
	struct snapshot *s = m->private;
	int err = 0;

	if (!*pos || *pos < s->pos)
		err = snapshot_rewind(s);
	if (err)
		return ERR_PTR(err);
	while (s->pos < *pos && snapshot_at(s))
		if (!snapshot_advance(s))
			return NULL;
	return s->pos == *pos ? snapshot_at(s) : NULL;
}

static void *snapshot_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct snapshot *s = m->private;

	++*pos;
	return snapshot_advance(s) ? snapshot_at(s) : NULL;
}

static void snapshot_stop(struct seq_file *m, void *v)
{
}

static int snapshot_show(struct seq_file *m, void *v)
{
	struct snapshot *s = m->private;
	char *line = s->line;
	int len;

	if (v == SEQ_START_TOKEN) {
		seq_write(m, line, format_trace_header(line, sizeof(s->line)));
		return 0;
	}
	len = s->merge->lost ? format_lost(line, FORMAT_LINE, s->merge->from, s->merge->lost) : 0;
	len += format_record(&s->flows, line + len, FORMAT_LINE, v);
	seq_write(m, line, len);
	return 0;
}

static const struct seq_operations snapshot_ops = {
	.start = snapshot_start,
	.next = snapshot_next,
	.stop = snapshot_stop,
	.show = snapshot_show,
};

static int snapshot_open_read(struct inode *inode, struct file *file)
{
	struct snapshot *s = __seq_open_private(file, &snapshot_ops, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->merge = merge_alloc(trace_files_cpu(inode), false);
	if (!s->merge) {
		seq_release_private(inode, file);
		return -ENOMEM;
	}
	return 0;
}

static int snapshot_release(struct inode *inode, struct file *file)
{
	struct snapshot *s;

	if (!(file->f_mode & FMODE_READ))
		return 0;
	s = ((struct seq_file *)file->private_data)->private;
	merge_free(s->merge);
	return seq_release_private(inode, file);
}

static int snapshot_open(struct inode *inode, struct file *file)
{
	int err = 0;

	if (file->f_mode & FMODE_READ)
		err = snapshot_open_read(inode, file);
	if (err || !(file->f_mode & FMODE_WRITE) || !(file->f_flags & O_TRUNC))
		return err;
	err = buffer_clear(trace_files_cpu(inode));
	if (err)
		snapshot_release(inode, file);
	return err;
}

static ssize_t snapshot_write(struct file *file, const char __user *from,
			      size_t size, loff_t *pos)
{
	int err = buffer_clear(trace_files_cpu(file_inode(file)));

	return err ? err : size;
}

static loff_t snapshot_llseek(struct file *file, loff_t offset, int whence)
{
	if (file->f_mode & FMODE_READ)
		return seq_lseek(file, offset, whence);
	return 0;	/* a shell's >> seeks to the end */
}

const struct file_operations snapshot_fops = {
	.owner = THIS_MODULE,
	.open = snapshot_open,
	.read = seq_read,
	.write = snapshot_write,
	.llseek = snapshot_llseek,
	.release = snapshot_release,
};
