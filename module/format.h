/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Records, counters and connections as text: the only printer. It never reads a
 * socket. All text is lines; those that begin with # are for people, the others
 * have fields separated by blanks, for awk.
 */
#ifndef TCP_TEARDOWN_FORMAT_H
#define TCP_TEARDOWN_FORMAT_H

#include <linux/types.h>

struct ring_account;
struct seq_file;
struct stats;
struct tcp_teardown_record;

/* No line of format_record() or format_lost() is longer. */
#define FORMAT_LINE	512

/* What heads each text: name and version of the format, then the text's own. */
#define FORMAT_TITLE	"# tcp_teardown 1 "

/* Room for the text of a place, and what of a record it is made of. */
#define FORMAT_PLACE	176
#define FORMAT_PLACE_OF	48

/**
 * struct format_place - where records were, as text
 * @family: 0 where there is none yet
 * @len: characters of @text
 * @of: what of the record it was made of
 * @text: namespace, id, and both addresses
 */
struct format_place {
	u8 family;
	u8 len;
	u8 of[FORMAT_PLACE_OF];
	char text[FORMAT_PLACE];
};

/**
 * struct format_places - recent ones
 * @place: by id; all 0 to begin with
 *
 * The records of a connection come in bursts, and half of a line is where it is:
 * whoever reads lines keeps these from one to the next.
 */
struct format_places {
	struct format_place place[8];
};

int format_trace_header(char *to, size_t size);
int format_record(struct format_places *places, char *to, size_t size,
		  const struct tcp_teardown_record *r);
int format_lost(char *to, size_t size, unsigned int cpu, unsigned long lost);

void format_account(struct seq_file *m, const struct ring_account *account);
void format_summary(struct seq_file *m, const struct stats *stats);
void format_verdicts(struct seq_file *m, const struct stats *stats);
void format_latency(struct seq_file *m, const struct stats *stats);

/**
 * struct format_conn - a line of connections
 * @local: own address, IPv4 as v4-mapped
 * @peer: the other side's
 * @cookie: its id
 * @age: nanoseconds in @state, TCP_TEARDOWN_UNKNOWN if it was entered unseen
 * @netns: inode number of the namespace
 * @unread: bytes received, not read
 * @uid: who made the socket, in the reader's user namespace
 * @inode: of the socket, 0 where it has no file
 * @cgroup: id of the socket's cgroup, 0 for unknown
 * @pid: of the owner in the reader's pid namespace; 0 for unknown
 * @comm: of the owner
 * @local_port: own port
 * @peer_port: the other side's
 * @family: AF_INET or AF_INET6
 * @state: TCP_ESTABLISHED ...
 * @minisock: a minisock stands for it; it has no @unread
 * @knows_uid: @uid is known
 * @adopted: it was closing when it was first seen
 */
struct format_conn {
	u8  local[16];
	u8  peer[16];
	u64 cookie;
	u64 age;
	u32 netns;
	u32 unread;
	u32 uid;
	u64 inode;
	u64 cgroup;
	u32 pid;
	char comm[16];
	u16 local_port;
	u16 peer_port;
	u8  family;
	u8  state;
	bool minisock;
	bool knows_uid;
	bool adopted;
};

/**
 * struct format_counter - a line of reconcile
 * @name: of the kernel's counter
 * @kernel: by how much it grew
 * @ours: what we have counted
 * @netns: inode number of the namespace
 * @proof: "=", or why they may differ
 * @unseen: we can't count it
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

void format_connections_header(struct seq_file *m);
void format_connection(struct seq_file *m, const struct format_conn *conn);

#endif
