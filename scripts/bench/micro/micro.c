// SPDX-License-Identifier: GPL-2.0
/*
 * Microbenchmarks of the record path, in a build of the module that is only for
 * measuring. A parameter controls them, so that the module's own files need no change:
 *
 *	echo NAME >/sys/module/tcp_teardown/parameters/micro	# one of micro_runs[]
 *	echo N >/sys/module/tcp_teardown/parameters/micro	# remember N connections
 *	echo empty >/sys/module/tcp_teardown/parameters/micro	# and forget them
 *	cat /sys/module/tcp_teardown/parameters/micro		# instructions, in hundredths
 *
 * The clock counts instructions (scripts/vm -m icount). Each is called ROUNDS times, and
 * the cost of calling an empty function is subtracted.
 */
#include <linux/bits.h>
#include <linux/delay.h>
#include <linux/in.h>
#include <linux/module.h>
#include <linux/net.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "conn/conn.h"
#include "filter/filter_file.h"
#include "hook/hook.h"
#include "record/record.h"
#include "record/record_filter.h"
#include "ring/buffer_write.h"

#define ROUNDS	1000

/* Ids that no socket will have. */
#define FILLED	BIT_ULL(48)

static struct sock *micro_sk;
static struct subject micro_subject;
static unsigned long micro_filled;
static unsigned long micro_result;

typedef void (*micro_probe)(void *data, const struct sock *sk, const int from, const int to);

static void transition(int from, int to)
{
	((micro_probe)hook_table[HOOK_STATE].probe)(NULL, micro_sk, from, to);
}

static noinline void run_nothing(unsigned int round)
{
	barrier();
}

/* From the hook's entry to the published record, for a tracked connection. */
static noinline void run_transition(unsigned int round)
{
	transition(TCP_FIN_WAIT1, TCP_FIN_WAIT2);
}

/* The same, for another connection each time. */
static noinline void run_spread(unsigned int round)
{
	u64 n = round * 2654435761ULL % micro_filled;

	atomic64_set(&micro_sk->sk_cookie, FILLED + n);
	transition(TCP_FIN_WAIT1, TCP_FIN_WAIT2);
}

/* A whole connection: begun, and ended with its verdict. */
static noinline void run_life(unsigned int round)
{
	transition(TCP_ESTABLISHED, TCP_FIN_WAIT1);
	transition(TCP_LAST_ACK, TCP_CLOSE);
}

static noinline void run_find(unsigned int round)
{
	conn_put(conn_find(atomic64_read(&micro_sk->sk_cookie), common_of_sock(micro_sk)));
}

static noinline void run_make(unsigned int round)
{
	struct conn_ref ref = conn_find(FILLED - 1, common_of_sock(micro_sk));
	struct conn *conn = conn_make(ref.bucket, FILLED - 1, common_of_sock(micro_sk));

	if (conn)
		conn_untrack(conn);
	conn_put(ref);
}

static noinline void run_claim(unsigned int round)
{
	struct ring_slot *slot = buffer_claim();

	if (slot)
		buffer_publish(slot);
}

/* The moment of a transition, as a record of a known socket. */
static noinline void run_record(unsigned int round)
{
	struct moment m;

	moment_of_sock(&m, micro_sk, sock_clock(), TCP_TEARDOWN_STATE, 0);
	m.to = TCP_FIN_WAIT2;
	record_tell(&micro_subject, &m, NULL);
}

static noinline void run_clock(unsigned int round)
{
	static u64 now;

	WRITE_ONCE(now, sock_clock());
}

/* Only the filter in force. */
static noinline void run_filter(unsigned int round)
{
	const struct moment m = { .kind = TCP_TEARDOWN_STATE };
	const struct filter *filter = filter_get();

	if (filter)
		record_keeps(filter, &micro_subject, &m, NULL);
}

static const struct micro_run {
	const char *name;
	void (*run)(unsigned int round);
} micro_runs[] = {
	{ "transition", run_transition }, { "spread", run_spread }, { "life", run_life },
	{ "find", run_find }, { "make", run_make }, { "claim", run_claim },
	{ "record", run_record }, { "clock", run_clock }, { "filter", run_filter },
};

/* Interrupts are off, so that nothing else is counted. */
static u64 micro_time(void (*run)(unsigned int round))
{
	unsigned long flags;
	unsigned int i;
	u64 begin, end;

	local_irq_save(flags);
	run(0);		/* do what happens at the first use */
	begin = sock_clock();
	for (i = 0; i < ROUNDS; i++)
		run(i);
	end = sock_clock();
	local_irq_restore(flags);
	return end - begin;
}

/* The connection of the socket, where a run rests on it. */
static void micro_begin(void)
{
	preempt_disable();
	atomic64_set(&micro_sk->sk_cookie, FILLED - 2);
	micro_sk->sk_state = TCP_FIN_WAIT1;
	transition(TCP_ESTABLISHED, TCP_FIN_WAIT1);
	preempt_enable();
}

static void micro_end(void)
{
	preempt_disable();
	atomic64_set(&micro_sk->sk_cookie, FILLED - 2);
	transition(TCP_FIN_WAIT2, TCP_CLOSE);
	micro_sk->sk_state = TCP_CLOSE;
	preempt_enable();
}

static void micro_run(const struct micro_run *run)
{
	u64 nothing;

	micro_begin();
	nothing = micro_time(run_nothing);
	micro_result = (micro_time(run->run) - nothing) * 100 / ROUNDS;
	micro_end();
}

static bool micro_remember(u64 cookie)
{
	struct conn_ref ref;
	struct conn *conn;

	ref = conn_find(cookie, common_of_sock(micro_sk));
	conn = ref.conn ?: conn_make(ref.bucket, cookie, common_of_sock(micro_sk));
	conn_put(ref);
	return conn;
}

/* Let the worker run in between, long before memory runs out. */
#define AT_ONCE	128

static void micro_let_work(void)
{
	if (micro_filled % AT_ONCE == 0)
		msleep(20);
}

static int micro_fill(unsigned long nr)
{
	unsigned int tries = 0;

	while (micro_filled < nr && tries < 1000) {
		if (micro_remember(FILLED + micro_filled)) {
			micro_filled++;
			tries = 0;
			micro_let_work();
		} else {
			tries++;
			msleep(20);
		}
	}
	micro_result = micro_filled;
	return micro_filled == nr ? 0 : -ENOMEM;
}

static void micro_empty(void)
{
	struct conn_ref ref;

	while (micro_filled) {
		micro_filled--;
		ref = conn_find(FILLED + micro_filled, common_of_sock(micro_sk));
		if (ref.conn)
			conn_untrack(ref.conn);
		conn_put(ref);
		micro_let_work();
	}
}

static int micro_set(const char *text, const struct kernel_param *param)
{
	unsigned long nr;
	unsigned int i;
	int err;

	if (!micro_sk) {
		struct socket *sock;

		err = sock_create_kern(&init_net, PF_INET, SOCK_STREAM, IPPROTO_TCP, &sock);
		if (err)
			return err;
		micro_sk = sock->sk;	/* kept as long as the guest runs */
		record_subject_of_sock(&micro_subject, micro_sk);
	}
	if (!kstrtoul(text, 0, &nr))
		return micro_fill(nr);
	if (sysfs_streq(text, "empty")) {
		micro_empty();
		return 0;
	}
	for (i = 0; i < ARRAY_SIZE(micro_runs); i++)
		if (sysfs_streq(text, micro_runs[i].name)) {
			micro_run(&micro_runs[i]);
			return 0;
		}
	return -EINVAL;
}

static int micro_get(char *to, const struct kernel_param *param)
{
	return sysfs_emit(to, "%lu\n", micro_result);
}

static const struct kernel_param_ops micro_ops = { .set = micro_set, .get = micro_get };
module_param_cb(micro, &micro_ops, NULL, 0600);
MODULE_PARM_DESC(micro, "microbenchmarks");
