/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Prints records, counters and connections as text, from copies: nothing here reads a socket or a
 * ring. Lines that begin with # are comments for people. The other lines have fields separated by
 * spaces, for awk and other programs.
 */
#ifndef TCP_TEARDOWN_FORMAT_H
#define TCP_TEARDOWN_FORMAT_H

#include <linux/types.h>

#include "base/moment.h"

struct ring_account;
struct seq_file;
struct stats;
struct tcp_teardown_record;

/*
 * The most characters that one call of format_record(), format_lost() or format_trace_header()
 * prints.
 */
#define FORMAT_LINE	1024

/* Begins each file: name and version of the format. The name of the file follows. */
#define FORMAT_TITLE	"# tcp_teardown 2 "

/* Room for the text of struct format_flow. */
#define FORMAT_FLOW	176

/**
 * struct format_flow - the part of a line that shows a record's connection
 * @of: the fields of a record that the text was made from: net_cookie up to the ports
 * @local_port: another one of these fields
 * @peer_port: another one
 * @family: another one; 0 if there is no text yet
 * @len: number of characters in @text
 * @text: the namespace, the id and both addresses
 */
struct format_flow {
	u64 of[7];
	u16 local_port;
	u16 peer_port;
	u8 family;
	u8 len;
	char text[FORMAT_FLOW];
};

/**
 * struct format_flows - a cache of texts that show connections
 * @flow: the texts, by the lowest bits of the id; all 0 at first
 *
 * The records of a connection come in bursts, and half of each line shows the connection. So a
 * reader keeps these texts from one line to the next.
 */
struct format_flows {
	struct format_flow flow[32];
};

int format_trace_header(char *to, size_t size);
int format_record(struct format_flows *flows, char *to, size_t size,
		  const struct tcp_teardown_record *r);
int format_show(struct seq_file *m, void *v);
int format_lost(char *to, size_t size, unsigned int cpu, unsigned long lost);

void format_account(struct seq_file *m, const struct ring_account *account);
void format_summary(struct seq_file *m, const struct stats *stats);
void format_elsewhere(struct seq_file *m, unsigned long count);
void format_latency(struct seq_file *m, const struct stats *stats);

/**
 * struct format_conn - a line of the file connections
 * @subject: the connection and its owner; @uid and @pid are printed instead of those in it
 * @uid: the socket's user, in the reader's user namespace
 * @pid: process id of the closer, in the reader's pid namespace; 0 if it is not known
 * @age: nanoseconds in @state, TCP_TEARDOWN_UNKNOWN if it was entered unseen
 * @lifetime: nanoseconds since it was opened, TCP_TEARDOWN_UNKNOWN if that was not seen
 * @inode: inode number of the socket; 0 if it has no file
 * @rx: payload bytes received
 * @tx: payload bytes sent, each byte once
 * @unread: bytes received and not read
 * @state: TCP_ESTABLISHED ...
 * @minisock: a minisock stands for it, and @unread is not known
 * @adopted: it was already closing when first seen
 * @knows_uid: @uid is known
 * @knows_bytes: @rx and @tx are known
 * @gone: the process of the closer is gone
 * @age_is_bound: @age is a lower bound
 */
struct format_conn {
	struct subject subject;
	u32 uid;
	u32 pid;
	u64 age;
	u64 lifetime;
	u64 inode;
	u64 rx;
	u64 tx;
	u32 unread;
	u8  state;
	bool minisock;
	bool adopted;
	bool knows_uid;
	bool knows_bytes;
	bool gone;
	bool age_is_bound;
};

/**
 * struct format_counter - a line of the file reconcile
 * @name: name of the kernel's counter
 * @kernel: by how much the kernel's counter has grown
 * @ours: the module's count
 * @netns: inode number of the namespace
 * @proof: "=" if both must be equal, "~" if they may differ, "off" if hooks are missing
 * @unseen: no hook sees what the kernel counts; then @ours is not printed
 */
struct format_counter {
	const char *name;
	unsigned long kernel;
	unsigned long ours;
	u32 netns;
	const char *proof;
	bool unseen;
};

void format_reconcile_header(struct seq_file *m);
void format_reconcile(struct seq_file *m, const struct format_counter *counter);

void format_connections_header(struct seq_file *m, unsigned long seen, unsigned int nr);
void format_connection(struct seq_file *m, const struct format_conn *conn);

#endif
