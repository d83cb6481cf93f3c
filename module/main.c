// SPDX-License-Identifier: GPL-2.0
/*
 * tcp_teardown: how TCP connections end, from the first FIN to the last timer.
 *
 * The parts are stopped in the reverse order of their start. The hooks are attached
 * after everything that they write to has been started. They are detached, and their
 * handlers waited for, before any of it is stopped. The files in debugfs are created
 * last, when nothing can fail any more, because their readers may wait for records.
 */
#include <linux/module.h>

#include "conn/conn.h"
#include "files/debugfs.h"
#include "files/proc.h"
#include "filter/filter_file.h"
#include "format/stream.h"
#include "hook/hook_groups.h"
#include "ring/buffer.h"
#include "stats/netns.h"

static unsigned int buffer_kb = BUFFER_KB;
module_param_named(buffer_size_kb, buffer_kb, uint, 0444);
MODULE_PARM_DESC(buffer_size_kb, "ring of each CPU, KiB (default " __stringify(BUFFER_KB) ")");

static unsigned int buffer_total_kb = BUFFER_TOTAL_KB;
module_param(buffer_total_kb, uint, 0444);
MODULE_PARM_DESC(buffer_total_kb, "all rings, KiB (default " __stringify(BUFFER_TOTAL_KB) ")");

module_param_named(overwrite, buffer_overwrite, bool, 0444);
MODULE_PARM_DESC(overwrite, "full ring: overwrite the oldest record, else drop the newest (default Y)");

static unsigned int max_connections;
module_param(max_connections, uint, 0444);
MODULE_PARM_DESC(max_connections, "connections remembered at once (default 0: by the host's memory)");

static char *attach = "auto";
module_param(attach, charp, 0444);
MODULE_PARM_DESC(attach, "how to hook functions: auto (ftrace where possible) or kprobe");

static char *groups = "transitions,segments,timewait,resets,calls";
module_param(groups, charp, 0444);
MODULE_PARM_DESC(groups, "hooks to attach: transitions,segments,timewait,resets,calls,acks,opens or all (default all but acks and opens)");

static int __init tcp_teardown_init(void)
{
	int err;

	stream_start();
	err = buffer_start(buffer_kb, buffer_total_kb);
	if (err)
		return err;
	err = conn_start(&max_connections);
	if (err)
		goto stop_buffer;
	err = netns_start();
	if (err)
		goto stop_conn;
	err = proc_start();
	if (err)
		goto stop_netns;
	err = hook_groups_start(attach, groups);
	if (err)
		goto stop_proc;
	hook_groups_debugfs(debugfs_start());
	return 0;

stop_proc:
	proc_stop();
stop_netns:
	netns_stop();
stop_conn:
	conn_stop();
stop_buffer:
	buffer_stop();
	return err;
}

static void __exit tcp_teardown_exit(void)
{
	debugfs_stop();
	hook_groups_stop();
	filter_stop();		/* it starts with the file filter in debugfs */
	proc_stop();
	netns_stop();
	conn_stop();
	buffer_stop();
}

module_init(tcp_teardown_init);
module_exit(tcp_teardown_exit);

MODULE_DESCRIPTION("Traces how TCP connections end");
MODULE_AUTHOR("tcp_teardown");
MODULE_VERSION("2.0.0");
MODULE_LICENSE("GPL");
