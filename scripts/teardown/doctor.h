/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What doctor knows and how it says it. doctor_*.c: the facts of each network namespace
 * (files, records, namespaces, owners), the rules that judge them, and the findings.
 */
#ifndef TEARDOWN_DOCTOR_H
#define TEARDOWN_DOCTOR_H

#include <stdio.h>

#include "options.h"
#include "print.h"

/* A closing state that lasts longer than this is looked at. */
#define LONG_AGE	(60 * NSEC_PER_SEC)
#define ENDPOINT_LEN	56

/* What is counted: by the module in summary, and by doctor in the records that it reads. */
enum fact {
	FACT_LOCAL_FIRST,
	FACT_PEER_FIRST,
	FACT_BOTH_FIRST,
	FACT_NONE_FIRST,
	FACT_UNREAD,
	FACT_DATA_AFTER_CLOSE,
	FACT_RETRIES,
	FACT_USER_TIMEOUT,
	FACT_CLOSED_WINDOW,
	FACT_ORPHAN_KILLED,
	FACT_FIN_WAIT2_EXPIRED,
	FACT_FIN_QUEUED,
	FACT_FIN_RESENT,
	FACT_FIN_AGAIN,
	FACT_LAST_ACK_RESENT,
	FACT_LAST_ACK_RESET,
	FACT_TW_BORN,
	FACT_TW_REFUSED,
	FACT_TW_REFUSED_ORPHAN,
	FACT_TW_REARMED,
	FACT_TW_REOPENED,
	FACT_SYN_REFUSED_PAWS,
	FACT_SYN_REFUSED_SEQ,
	FACT_NO_LOCAL_PORT,
	FACT_QUEUE_RESET,
	FACTS
};

/* Of the kernel: /proc/net/netstat, snmp and sockstat. */
enum kernel_count {
	KERNEL_TW_OVERFLOW,
	KERNEL_LISTEN_OVERFLOWS,
	KERNEL_ABORT_ON_MEMORY,
	KERNEL_ORPHANS,
	KERNEL_TIME_WAITS,
	KERNEL_COUNTS
};

enum sysctl {
	SYSCTL_MAX_TW_BUCKETS,
	SYSCTL_TW_REUSE,
	SYSCTL_FIN_TIMEOUT,
	SYSCTL_MAX_ORPHANS,
	SYSCTL_ORPHAN_RETRIES,
	SYSCTL_RETRIES2,
	SYSCTL_ABORT_ON_OVERFLOW,
	SYSCTL_PORT_FIRST,
	SYSCTL_PORT_LAST,
	SYSCTL_SOMAXCONN,
	SYSCTLS
};

/**
 * struct sock - a socket that is closing or listening
 * @state: TCP_CLOSE_WAIT ...
 * @minisock: it is one, or nobody could hold it
 * @at_least: it may be older
 * @age: in that state, ns; UNKNOWN where not known
 * @unread: bytes; UNKNOWN where not known
 * @unsent: bytes sent or not that are not acknowledged; UNKNOWN where not known
 * @probes: the timer of a closed window runs
 * @inode: 0 for none; UNKNOWN where not known
 * @cookie: its id
 * @uid: all ones where not known
 * @cgroup: 0 where not known
 * @pid: who closed or opened it; 0 where not known
 * @local_port: its own
 * @peer_port: the other side's
 * @comm: of @pid
 * @local: its address and port, as text
 * @peer: the other side's
 */
struct sock {
	u8 state;
	bool minisock;
	bool at_least;
	u64 age;
	u64 unread;
	u64 unsent;
	bool probes;
	u64 inode;
	u64 cookie;
	u32 uid;
	u64 cgroup;
	u32 pid;
	u16 local_port;
	u16 peer_port;
	char comm[2 * TCP_TEARDOWN_COMM_LEN];
	char local[ENDPOINT_LEN];
	char peer[ENDPOINT_LEN];
};

struct socks {
	u64 nr;
	struct sock *sock;
};

/**
 * struct tally - how often each of some keys came
 * @nr: keys
 * @rest: of the keys for which there was no place
 * @count: by key
 */
#define TALLY_KEYS	512
#define TALLY_KEY_LEN	80
struct tally {
	unsigned int nr;
	u64 rest;
	struct tally_count {
		u64 count;
		char key[TALLY_KEY_LEN];
	} *count;
};

/**
 * struct place - a network namespace
 * @netns: its inode number; 0 where not known
 * @name: a process in it
 * @looked: its files were read
 * @has_summary: @told is from summary
 * @has_since: less what it said before; records may be older
 * @told: counted by the module
 * @seen: in the records that were read
 * @who: of them
 * @records: that were read
 * @has_kernel: which of @kernel are known
 * @kernel: counts of the kernel
 * @has_sysctl: which of @sysctl are known
 * @sysctl: its settings
 * @has_closing: @closing is from the module, with ages
 * @closing: sockets in closing states
 * @has_socks: @socks is from /proc/net/tcp and tcp6
 * @socks: closing and listening, of them
 * @states: sockets there, by state
 * @busiest: of (own address, peer, its port) that with most local ports in use
 * @busiest_ports: how many
 * @untracked: what the module did not hold
 */
struct place {
	u32 netns;
	char name[48];
	bool looked;
	bool has_summary;
	bool has_since;
	u64 told[FACTS];
	u64 seen[FACTS];
	struct tally who[FACTS];
	u64 records;
	bool has_kernel[KERNEL_COUNTS];
	u64 kernel[KERNEL_COUNTS];
	bool has_sysctl[SYSCTLS];
	u64 sysctl[SYSCTLS];
	bool has_closing;
	struct socks closing;
	bool has_socks;
	struct socks socks;
	u64 states[16];
	char busiest[2 * ENDPOINT_LEN];
	u64 busiest_ports;
	u64 untracked;
};

/**
 * struct hook_line - a hook that is absent or off
 * @name: of it
 * @group: its group
 * @status: absent, off, or "missed calls"
 */
struct hook_line {
	char name[48];
	char group[16];
	char status[16];
};

/**
 * struct doctor - all that is known
 * @options: what was asked for
 * @root: before each path
 * @host: this host's files are read
 * @has_module: the module's files are there
 * @only: that namespace is asked about; 0 for all
 * @nr: of @place
 * @place: network namespaces
 * @lost: records that stats shows as lost, or that are missing
 * @table_full: times that a connection could not be remembered
 * @nr_hooks: of @hook
 * @hook: those that do not see
 * @owners: by inode
 * @unseen: what could not be seen, a line each
 * @found: findings that are not FINE
 */
struct doctor {
	struct options *options;
	const char *root;
	bool host;
	bool has_module;
	u32 only;
	unsigned int nr;
	struct place *place;
	u64 lost;
	u64 table_full;
	unsigned int nr_hooks;
	struct hook_line *hook;
	struct owners *owners;
	struct print unseen;
	u64 found;
};

enum certainty { POSSIBLE, LIKELY, CERTAIN };

/**
 * struct finding - what a rule says of a place
 * @fine: it is no trouble
 * @certainty: how sure that is
 * @fact: what is so, in one line
 * @who: whose it is, a line each
 * @note: more of it
 * @see: a command that shows more
 * @but: why it is less than certain
 */
struct finding {
	bool fine;
	enum certainty certainty;
	struct print fact;
	struct print who;
	struct print note;
	struct print see;
	struct print but;
};

/**
 * struct rule - a trouble, and what to say of it; in its texts a newline is a blank
 * @name: in JSON
 * @word: what the finding begins with
 * @why: what it means
 * @do_this: what helps
 * @not_this: what does not, or harms
 * @from: where that is written: functions of the kernel, or its ip-sysctl.rst
 * @needs: the groups of hooks without which it is not seen
 * @by_records: it rests on records, of which some may be lost
 * @look: false: nothing to say of that place
 */
struct rule {
	const char *name;
	const char *word;
	const char *why;
	const char *do_this;
	const char *not_this;
	const char *from;
	const char *needs;
	bool by_records;
	bool (*look)(const struct doctor *doctor, const struct place *place,
		     struct finding *finding);
};

/* Each ends with a rule without a name. */
extern const struct rule time_wait_rules[];
extern const struct rule port_rules[];
extern const struct rule close_wait_rules[];
extern const struct rule fin_rules[];
extern const struct rule fin_wait2_rules[];
extern const struct rule reset_rules[];
extern const struct rule accept_rules[];

/* doctor_finding.c */
void finding_doubt(struct finding *finding, const char *format, ...) __printf(2, 3);
void finding_note(struct finding *finding, const char *format, ...) __printf(2, 3);
void finding_print(const struct doctor *doctor, const struct rule *rule,
		   const struct place *place, struct finding *finding);
void finding_free(struct finding *finding);
/* So many, with a comma behind thousands. */
void print_count(struct print *print, u64 count);
/* 3 h 12 m */
void print_age(struct print *print, u64 ns);

/* doctor_place.c */
struct place *place_of(struct doctor *doctor, u32 netns);
struct sock *socks_add(struct socks *socks, const struct sock *sock);
void place_free(struct place *place);
void tally_add(struct tally *tally, const char *key, u64 count);
/* The keys with the most, a line each. */
void tally_print(struct print *print, const struct tally *tally);

/* How often, since the module was loaded or --since; in the records alone without that. */
u64 count_of(const struct place *place, enum fact fact);
/* Connections that ended. */
u64 ends_of(const struct place *place);
/* So often, of so many: at least three, and one in a hundred; of all or of the records. */
bool is_notable(const struct place *place, enum fact fact);
/* In that state now; by the module's list, or /proc/net/tcp. */
u64 count_state(const struct place *place, u8 state);
/* The sockets that are closing: the module's, with ages, or those of /proc/net/tcp. */
const struct socks *closing_of(const struct place *place);
const char *netns_prefix(const struct doctor *doctor, const struct place *place);

/* doctor_files.c */
void files_read_module(struct doctor *doctor);
void files_read_place(struct doctor *doctor, struct place *place);
void files_read_since(struct doctor *doctor, const char *path);
void files_read_note(struct doctor *doctor, const char *text, size_t len);
void unseen(struct doctor *doctor, const char *format, ...) __printf(2, 3);
FILE *doctor_open(const struct doctor *doctor, const char *name);

/* doctor_socks.c: lines of connections, and of /proc/net/tcp and tcp6. */
void socks_read_connections(struct doctor *doctor, FILE *file);
void socks_read_proc(struct place *place, FILE *tcp, FILE *tcp6);
/* In ip_local_port_range. */
bool is_ephemeral(const struct place *place, u16 port);

/* doctor_records.c: all of options->input. */
void records_read(struct doctor *doctor);
/* The fact that a line of summary is; FACTS for none. */
enum fact fact_by_name(const char *name);
bool fact_is_in_summary(enum fact fact);

/* doctor_netns.c: each network namespace that can be entered. */
void netns_read(struct doctor *doctor);
/* Of a process, a number or "self"; 0 where it can't be read. */
u32 netns_of(const struct doctor *doctor, const char *pid);

/* doctor_owner.c */
void owners_read(struct doctor *doctor);
void owners_free(struct owners *owners);
/* The name of a process, as one word. */
void read_comm(const struct doctor *doctor, const char *pid, char *comm, size_t room);
/* name[pid], or what is known in place of that. */
void print_owner(struct print *print, const struct doctor *doctor, const struct sock *sock);

#endif
