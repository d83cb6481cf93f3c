// SPDX-License-Identifier: GPL-2.0
#include "connections.h"

#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/seq_file.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "event.h"
#include "format.h"
#include "record.h"

/* So many are copied with a bucket held; there are seldom more in one. */
#define BATCH	8

struct batch {
	const struct connections_view *view;
	unsigned int seen;
	unsigned int nr;
	struct format_conn conns[BATCH];
	kuid_t uids[BATCH];
};

/* Its file may be closed meanwhile; the inode is freed after a grace period. */
static u64 connection_inode(const struct sock *sk)
{
	struct socket *sock;
	u64 inode = 0;

	rcu_read_lock();
	sock = READ_ONCE(sk->sk_socket);
	if (sock)
		inode = SOCK_INODE(sock)->i_ino;
	rcu_read_unlock();
	return inode;
}

/* The bucket is held, so a full socket is there: see conn.h. */
static void connection_copy(struct format_conn *to, const struct conn *conn)
{
	const struct sock *sk;

	memcpy(to->local, conn->local, sizeof(to->local));
	memcpy(to->peer, conn->peer, sizeof(to->peer));
	to->cookie = conn->cookie;
	to->age = conn->since ? elapsed(conn->since, record_now()) :
				TCP_TEARDOWN_UNKNOWN;
	to->netns = conn->netns;
	to->pid = conn->pid;
	memcpy(to->comm, conn->comm, sizeof(to->comm));
	to->local_port = conn->local_port;
	to->peer_port = conn->peer_port;
	to->family = conn->family;
	to->state = conn->state;
	to->minisock = conn->minisock;
	to->adopted = conn->adopted;
	to->cgroup = conn->owner_id.cgroup;
	to->unread = 0;
	to->inode = 0;
	if (conn->minisock)
		return;
	sk = container_of(conn->owner, struct sock, __sk_common);
	to->unread = event_unread(sk);
	to->inode = connection_inode(sk);
}

static bool connection_see(const struct conn *conn, void *arg)
{
	struct batch *batch = arg;
	const struct net *net = batch->view->net;

	if (batch->nr == BATCH)
		return false;
	batch->seen++;
	if (!net || net_identity(net) == conn->net_cookie) {
		connection_copy(&batch->conns[batch->nr], conn);
		batch->uids[batch->nr++] = conn->owner_id.uid;
	}
	return true;
}

/* As the reader's pid namespace numbers it; 0 if it does not see it, or no more. */
static u32 reader_pid(u32 pid)
{
	struct pid_namespace *ns = task_active_pid_ns(current);
	u32 nr;

	if (ns == &init_pid_ns)
		return pid;
	rcu_read_lock();
	nr = pid_nr_ns(find_pid_ns(pid, &init_pid_ns), ns);
	rcu_read_unlock();
	return nr;
}

static void connection_owner(struct format_conn *conn, kuid_t uid,
			     const struct user_namespace *user_ns, bool visible)
{
	conn->knows_uid = uid_valid(uid);
	conn->uid = from_kuid_munged((struct user_namespace *)user_ns, uid);
	conn->pid = visible && conn->pid ? reader_pid(conn->pid) : 0;
	/* Nor the name of one that the reader does not see. */
	if (!conn->pid)
		conn->comm[0] = '\0';
}

/* Position 0 is the header, n the bucket n - 1; an empty one prints nothing. */
void *connections_start(struct seq_file *m, loff_t *pos)
{
	return *pos >= 0 && *pos <= conn_buckets() ? pos : NULL;
}

void *connections_next(struct seq_file *m, void *v, loff_t *pos)
{
	do {
		++*pos;
		if (!(*pos % 1024))
			cond_resched();
	} while (*pos <= conn_buckets() && conn_is_empty(*pos - 1));
	return connections_start(m, pos);
}

void connections_stop(struct seq_file *m, void *v)
{
}

/**
 * connections_show() - print one bucket's connections
 * @m: the file
 * @v: from connections_start() or connections_next()
 * @view: what the reader may see
 *
 * Context: process. Return: 0.
 */
int connections_show(struct seq_file *m, void *v,
		     const struct connections_view *view)
{
	loff_t pos = *(loff_t *)v;
	struct batch batch = { .view = view };
	struct format_conn *conn;
	unsigned int i;
	bool all;

	if (!pos) {
		format_connections_header(m);
		return 0;
	}
	do {
		batch.nr = 0;
		all = conn_walk(pos - 1, batch.seen, connection_see, &batch);
		for (i = 0; i < batch.nr; i++) {
			conn = &batch.conns[i];
			connection_owner(conn, batch.uids[i], seq_user_ns(m), view->owners);
			format_connection(m, conn);
		}
		cond_resched();
	} while (!all);
	return 0;
}
