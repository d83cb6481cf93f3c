// SPDX-License-Identifier: GPL-2.0
#include "filter/filter_file.h"

#include <linux/cgroup.h>
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/nsproxy.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/net_namespace.h>

#include "base/user_text.h"

struct filter __rcu *filter_in_force __read_mostly;

/* Held to replace the filter, and to read its text. */
static DEFINE_MUTEX(filter_lock);

/* Logs three lines, or none: the expression, a mark below the mistake, and what is wrong. */
static void filter_log(const char *text, const struct filter_error *error)
{
	static DEFINE_RATELIMIT_STATE(ratelimit, DEFAULT_RATELIMIT_INTERVAL,
				      DEFAULT_RATELIMIT_BURST);
	int column = error->at + 1;

	if (!__ratelimit(&ratelimit))
		return;
	pr_err("filter: %s\n", text);
	pr_err("filter: %*s\n", column, "^");
	if (error->len)
		pr_err("filter: column %d: %s '%.*s'\n", column, error->what,
		       (int)error->len, text + error->at);
	else
		pr_err("filter: column %d: %s\n", column, error->what);
}

/* The cgroup of version 2, because that is the one that sockets have. */
static u64 cgroup_of_current(void)
{
	u64 id = 0;

#ifdef CONFIG_SOCK_CGROUP_DATA
	rcu_read_lock();
	id = cgroup_id(task_dfl_cgroup(current));
	rcu_read_unlock();
#endif
	return id;
}

static struct filter *filter_make(const char *text)
{
	struct filter *filter = kzalloc(sizeof(*filter), GFP_KERNEL);
	struct filter_self self = {
		.netns = current->nsproxy->net_ns->ns.inum,
		.cgroup = cgroup_of_current(),
	};
	struct filter_error error;
	char *c;

	if (!filter)
		return ERR_PTR(-ENOMEM);
	strscpy(filter->text, text, sizeof(filter->text));
	if (filter_parse(filter, &self, &error))
		return filter;
	/* In the log each byte must take one column, so that the mark is below the mistake. */
	for (c = filter->text; *c; c++)
		if (!isascii(*c) || !isprint(*c))
			*c = *c == '\t' ? ' ' : '?';
	filter_log(filter->text, &error);
	kfree(filter);
	return ERR_PTR(-EINVAL);
}

/* Puts @fresh in use, or no filter if it is NULL. Frees the old one when no handler uses it. */
static void filter_replace(struct filter *fresh)
{
	struct filter *old;

	mutex_lock(&filter_lock);
	old = rcu_replace_pointer(filter_in_force, fresh, lockdep_is_held(&filter_lock));
	mutex_unlock(&filter_lock);
	synchronize_rcu();
	kfree(old);
}

/* "0", "none" and an empty line remove the filter. */
static int filter_set(char *text)
{
	/* Cuts blanks off the end. Those before @word stay: the log counts them as columns. */
	const char *word = strim(text);
	struct filter *fresh = NULL;

	if (*word && strcmp(word, "0") && strcmp(word, "none")) {
		fresh = filter_make(text);
		if (IS_ERR(fresh))
			return PTR_ERR(fresh);
	}
	filter_replace(fresh);
	return 0;
}

static ssize_t filter_write(struct file *file, const char __user *from, size_t size,
			    loff_t *pos)
{
	char *text;
	int err;

	if (size > FILTER_TEXT) {
		pr_err_ratelimited("filter: %zu bytes are too many\n", size);
		return -EINVAL;
	}
	text = kmalloc(size + 1, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	err = user_text_get(text, from, size);
	if (!err)
		err = filter_set(text);
	kfree(text);
	return err ? err : size;
}

static int filter_show(struct seq_file *m, void *v)
{
	const struct filter *filter;

	mutex_lock(&filter_lock);
	filter = rcu_dereference_protected(filter_in_force, lockdep_is_held(&filter_lock));
	seq_printf(m, "%s\n", filter ? filter->text : "none");
	mutex_unlock(&filter_lock);
	return 0;
}

static int filter_open(struct inode *inode, struct file *file)
{
	return single_open(file, filter_show, NULL);
}

const struct file_operations filter_fops = {
	.owner = THIS_MODULE,
	.open = filter_open,
	.read = seq_read,
	.write = filter_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/**
 * filter_stop() - free the filter
 *
 * Context: any; all hooks are detached, and the file is removed.
 */
void filter_stop(void)
{
	kfree(rcu_dereference_protected(filter_in_force, true));
}
