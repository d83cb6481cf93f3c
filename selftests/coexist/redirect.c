// SPDX-License-Identifier: GPL-2.0
/*
 * Uses ftrace as a livepatch does: an ops that may change where a function goes on
 * (FTRACE_OPS_FL_IPMODIFY, of which a function can have one). It goes on where it would have,
 * so nothing changes, and each call is counted. For coexist.sh, built by scripts/build -d.
 */
#include <linux/atomic.h>
#include <linux/ftrace.h>
#include <linux/module.h>

static atomic_t calls;

static int show_calls(char *buffer, const struct kernel_param *param)
{
	return sprintf(buffer, "%d\n", atomic_read(&calls));
}

static const struct kernel_param_ops calls_ops = { .get = show_calls };
module_param_cb(calls, &calls_ops, NULL, 0444);
MODULE_PARM_DESC(calls, "of tcp_rcv_state_process(), until now");

static void redirect(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
		     struct ftrace_regs *fregs)
{
	struct pt_regs *regs = ftrace_get_regs(fregs);

	if (WARN_ON_ONCE(!regs))
		return;
	instruction_pointer_set(regs, ip + MCOUNT_INSN_SIZE);
	atomic_inc(&calls);
}

static struct ftrace_ops redirect_ops = {
	.func = redirect,
	.flags = FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_IPMODIFY,
};

static int __init redirect_init(void)
{
	static unsigned char name[] = "tcp_rcv_state_process";
	int err;

	err = ftrace_set_filter(&redirect_ops, name, sizeof(name) - 1, 0);
	if (!err)
		err = register_ftrace_function(&redirect_ops);
	return err;
}

static void __exit redirect_exit(void)
{
	unregister_ftrace_function(&redirect_ops);
}

module_init(redirect_init);
module_exit(redirect_exit);

MODULE_DESCRIPTION("Uses ftrace as a livepatch does");
MODULE_LICENSE("GPL");
