// SPDX-License-Identifier: GPL-2.0
#include "hook/hook_groups.h"

#include <linux/bitops.h>
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "base/user_text.h"
#include "conn/adopt.h"
#include "conn/conn.h"
#include "conn/verdict.h"
#include "event/event.h"
#include "event/event_call.h"
#include "event/minisock_cause.h"
#include "hook/hook.h"
#include "stats/baseline.h"

/* Held to attach and detach hooks, and to read their state. */
static DEFINE_MUTEX(hooks_lock);
static bool hooks_by_kprobe;		/* attach=kprobe */
static bool group_is_on[GROUPS];

/* Waits for the probes of detached tracepoints. For ftrace and kprobes, hook_detach() waits. */
static void hooks_settle(void)
{
	tracepoint_synchronize_unregister();
}

/* Before the hooks of a group are detached: what depends on them is no longer certain. */
static void hooks_clear_certain(enum hook_group group)
{
	switch (group) {
	case GROUP_TIMEWAIT:
		WRITE_ONCE(verdict_knows_minisocks, false);
		WRITE_ONCE(minisock_cause_known, false);
		break;
	case GROUP_SEGMENTS:
		WRITE_ONCE(verdict_knows_waves, false);
		break;
	case GROUP_RESETS:
		WRITE_ONCE(verdict_knows_resets, false);
		WRITE_ONCE(event_resets_seen, false);
		break;
	case GROUP_CALLS:
		WRITE_ONCE(verdict_knows_calls, false);
		WRITE_ONCE(event_calls_sure, false);
		break;
	default:
		break;
	}
}

static bool is_minisock(const struct conn *conn)
{
	return conn->minisock;
}

static void group_detach(enum hook_group group)
{
	int i;

	group_is_on[group] = false;
	clear_bit(group, &hook_groups_whole);
	if (group == GROUP_TRANSITIONS)
		conn_close();	/* only transitions show that a socket is destroyed */
	hooks_clear_certain(group);
	for (i = HOOKS - 1; i >= 0; i--)
		if (hook_table[i].group == group)
			hook_detach(&hook_table[i]);
	hooks_settle();
	if (group == GROUP_TIMEWAIT)
		conn_untrack_all(is_minisock);
	if (group == GROUP_OPENS)
		conn_untrack_all(event_is_opened);
}

/* It is attached, and no caller bypasses it by calling a part of the function. */
static bool hook_sees_all(enum hook_id id)
{
	return hook_table[id].attached && !hook_table[id].part[0];
}

/* Moreover, it is not a kprobe, which is skipped while another one runs on the same CPU. */
static bool hook_misses_none(enum hook_id id)
{
	return hook_sees_all(id) && hook_table[id].kind == HOOK_FTRACE;
}

/* A conclusion is certain if no hook is missing that it depends on. */
static void hooks_set_certain(void)
{
	WRITE_ONCE(verdict_knows_minisocks, hook_sees_all(HOOK_TIME_WAIT));
	WRITE_ONCE(verdict_knows_waves, hook_sees_all(HOOK_RCV));
	WRITE_ONCE(verdict_knows_resets, hook_table[HOOK_SEND_RESET].attached);
	WRITE_ONCE(event_resets_seen, hook_table[HOOK_RESET].attached ||
		   hook_table[HOOK_RECEIVE_RESET].attached);
	WRITE_ONCE(verdict_knows_calls, hook_sees_all(HOOK_CLOSE) &&
		   hook_sees_all(HOOK_DISCONNECT));
	WRITE_ONCE(event_calls_sure, hook_misses_none(HOOK_CLOSE) &&
		   hook_misses_none(HOOK_SHUTDOWN));
	WRITE_ONCE(minisock_cause_known, hook_sees_all(HOOK_TIMER) &&
		   hook_sees_all(HOOK_UNIQUE) && hook_sees_all(HOOK_TW_SEGMENT));
	WRITE_ONCE(minisock_cause_deaths_seen, hook_table[HOOK_KILL].attached ||
		   !group_is_on[GROUP_TIMEWAIT]);
}

/* Minisocks only if their ends are seen: otherwise their state would never be freed. */
static void hooks_adopt(void)
{
	adopt_all(hook_table[HOOK_BORN].attached);
}

/* Detach hooks whose @with could not be attached. */
static void group_complete(enum hook_group group)
{
	int i;

	for (i = 0; i < HOOKS; i++)
		if (hook_table[i].group == group && hook_table[i].with &&
		    hook_table[i].attached && !hook_table[hook_table[i].with].attached) {
			hook_detach(&hook_table[i]);
			hook_note_need(&hook_table[i], hook_table[i].with);
		}
	hooks_settle();
}

static int group_attach(enum hook_group group)
{
	bool whole = true;
	int i, err;

	group_is_on[group] = true;
	for (i = 0; i < HOOKS; i++) {
		if (hook_table[i].group != group || hook_table[i].attached)
			continue;
		err = hook_attach(&hook_table[i], hooks_by_kprobe);
		if (!err)
			continue;
		if (hook_table[i].required) {
			pr_err("%s: %s\n", hook_table[i].name, hook_table[i].note);
			group_detach(group);
			return err;
		}
		pr_notice("%s: %s, going on without\n", hook_table[i].name, hook_table[i].note);
		whole = false;
	}
	group_complete(group);
	if (whole)
		set_bit(group, &hook_groups_whole);
	return 0;
}

/* The kernel still calls handlers, and an exit function cannot fail: the task never returns. */
static void hooks_stay(void)
{
	pr_emerg("ftrace has shut down and does not let go: the module stays until reboot\n");
	for (;;)
		schedule_timeout_idle(MAX_SCHEDULE_TIMEOUT);
}

/**
 * hook_groups_stop() - detach all hooks, and wait until no handler runs
 *
 * Context: process, may sleep. Does not return if hooks cannot be detached, see hook_detach().
 */
void hook_groups_stop(void)
{
	int group, i;
	bool gone;

	mutex_lock(&hooks_lock);
	for (group = GROUPS - 1; group >= 0; group--)
		if (group_is_on[group])
			group_detach(group);
	gone = hook_anchor_stop();
	for (i = 0; i < HOOKS; i++)
		gone = gone && !hook_table[i].attached;
	mutex_unlock(&hooks_lock);
	if (!gone)
		hooks_stay();
}

static int group_find(const char *where, const char *name)
{
	int group = match_string(hook_groups, GROUPS, name);

	if (group < 0)
		pr_err_ratelimited("%s: no group \"%*pE\"\n", where, (int)strlen(name), name);
	return group;
}

static int hooks_show(struct seq_file *m, void *v)
{
	mutex_lock(&hooks_lock);
	hook_show_all(m, group_is_on);
	mutex_unlock(&hooks_lock);
	return 0;
}

static int hooks_open(struct inode *inode, struct file *file)
{
	return single_open(file, hooks_show, NULL);
}

/* "+group" attaches a group, "-group" detaches it. */
static int hooks_switch(char *word)
{
	int group, err = 0;

	if (*word != '+' && *word != '-') {
		pr_err_ratelimited("hooks: \"%*pE\" is not +group or -group\n",
				   (int)strlen(word), word);
		return -EINVAL;
	}
	group = group_find("hooks", word + 1);
	if (group < 0)
		return -EINVAL;
	if (group == GROUP_TRANSITIONS && *word == '-') {
		pr_err_ratelimited("hooks: transitions is always on, the others rest on it\n");
		return -EINVAL;
	}
	mutex_lock(&hooks_lock);
	if (*word == '+' && !group_is_on[group]) {
		err = group_attach(group);
		hook_find_parts();
		hooks_set_certain();
		if (!err)
			baseline_begin(BIT(group));
		if (group == GROUP_TIMEWAIT)
			hooks_adopt();
	} else if (*word == '-' && group_is_on[group]) {
		group_detach(group);
	}
	mutex_unlock(&hooks_lock);
	return err;
}

static ssize_t hooks_write(struct file *file, const char __user *from, size_t size,
			   loff_t *pos)
{
	char word[32];
	int err;

	if (size >= sizeof(word)) {
		pr_err_ratelimited("hooks: %zu bytes are too many\n", size);
		return -EINVAL;
	}
	err = user_text_get(word, from, size);
	if (!err)
		err = hooks_switch(strim(word));
	return err ? err : size;
}

static const struct file_operations hooks_fops = {
	.owner = THIS_MODULE,
	.open = hooks_open,
	.read = seq_read,
	.write = hooks_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static int hooks_parse_attach(const char *attach)
{
	hooks_by_kprobe = !strcmp(attach, "kprobe");
	if (hooks_by_kprobe || !strcmp(attach, "auto"))
		return 0;
	pr_err("attach: \"%s\" is not auto or kprobe\n", attach);
	return -EINVAL;
}

static int hooks_parse_groups(const char *groups, bool *wanted)
{
	char *copy, *rest, *name;
	int group = 0;

	copy = kstrdup(groups, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	wanted[GROUP_TRANSITIONS] = true;
	rest = copy;
	while (group >= 0 && (name = strsep(&rest, ","))) {
		if (!strcmp(name, "all")) {
			memset(wanted, true, GROUPS * sizeof(*wanted));
			continue;
		}
		group = group_find("groups", name);
		if (group >= 0)
			wanted[group] = true;
	}
	kfree(copy);
	return group < 0 ? -EINVAL : 0;
}

/**
 * hook_groups_start() - attach the hooks
 * @attach: how to hook functions: "auto" or "kprobe"
 * @groups: which groups, separated by commas, or "all"
 *
 * Context: process, may sleep; all that the handlers use has been started.
 *
 * Return: 0; -EINVAL for a bad parameter; -ENOMEM; -ENOEXEC for a kernel that the module was
 * not built for; or the error of a required hook.
 */
int hook_groups_start(const char *attach, const char *groups)
{
	bool wanted[GROUPS] = { };
	int group, err;

	err = hooks_parse_attach(attach);
	if (err)
		return err;
	err = hooks_parse_groups(groups, wanted);
	if (err)
		return err;
	err = hook_check();
	if (err)
		return err;
	mutex_lock(&hooks_lock);
	hook_anchor_start();
	for (group = 0; group < GROUPS && !err; group++)
		if (wanted[group])
			err = group_attach(group);
	if (!err) {
		hook_find_parts();
		hooks_set_certain();
		WRITE_ONCE(event_ends_told, true);
		baseline_begin(~0UL);
		hooks_adopt();
	}
	mutex_unlock(&hooks_lock);
	if (err)
		hook_groups_stop();
	return err;
}

/**
 * hook_groups_debugfs() - create the file hooks
 * @dir: the module's directory in debugfs
 */
void hook_groups_debugfs(struct dentry *dir)
{
	debugfs_create_file("hooks", 0600, dir, NULL, &hooks_fops);
}
