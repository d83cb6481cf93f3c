// SPDX-License-Identifier: GPL-2.0
/* What doctor finds in records: the facts, whose they are, and what is still closing. */
#include <stdio.h>
#include <stdlib.h>

#include "complain.h"
#include "doctor.h"
#include "each.h"
#include "facts.h"
#include "base/names.h"

#define BUCKETS		4096
#define MAX_TIME_WAITS	4096

/**
 * struct tracked - a connection that is in a closing state
 * @next: of its bucket
 * @netns: where it is
 * @since: when it came into that state
 * @sock: it
 */
struct tracked {
	struct tracked *next;
	u32 netns;
	u64 since;
	struct sock sock;
};

/**
 * struct reading - where it is
 * @doctor: what it is read for
 * @bucket: the connections that are closing, by id
 * @nr: of them
 * @too_many: that had no room
 * @newest: time of a record
 * @time_wait: what a minisock expects next, by id
 */
struct reading {
	struct doctor *doctor;
	struct tracked *bucket[BUCKETS];
	u64 nr;
	u64 too_many;
	u64 newest;
	struct time_wait {
		u64 cookie;
		u32 rcv_nxt;
		u32 syn;	/* FACT_SYN_REFUSED_..., if it was its last record; or 0 */
	} time_wait[MAX_TIME_WAITS];
};

static bool is_reset_by(const struct tcp_teardown_record *r, u8 set_off)
{
	return r->how == TCP_TEARDOWN_RESET_SENT && r->set_off == set_off;
}

static bool is_unread(const struct tcp_teardown_record *r)
{
	return is_reset_by(r, TCP_TEARDOWN_BY_UNREAD);
}

static bool is_data_after_close(const struct tcp_teardown_record *r)
{
	return is_reset_by(r, TCP_TEARDOWN_BY_DATA) && r->first == TCP_TEARDOWN_FIRST_LOCAL;
}

/* It had sent its FIN: not a connect(), and no data. */
static bool is_given_up_by(const struct tcp_teardown_record *r, u8 set_off)
{
	return r->how == TCP_TEARDOWN_TIMED_OUT && r->set_off == set_off &&
	       (r->old_state == TCP_FIN_WAIT1 || r->old_state == TCP_CLOSING ||
		r->old_state == TCP_LAST_ACK);
}

static bool is_given_up(const struct tcp_teardown_record *r)
{
	return is_given_up_by(r, TCP_TEARDOWN_BY_RETRIES);
}

static bool is_user_timeout(const struct tcp_teardown_record *r)
{
	return is_given_up_by(r, TCP_TEARDOWN_BY_USER_TIMEOUT);
}

static bool is_closed_window(const struct tcp_teardown_record *r)
{
	return is_given_up_by(r, TCP_TEARDOWN_BY_CLOSED_WINDOW);
}

static bool is_orphan_killed(const struct tcp_teardown_record *r)
{
	return r->how == TCP_TEARDOWN_ORPHAN_KILLED;
}

static bool is_fin_wait2_expired(const struct tcp_teardown_record *r)
{
	return r->how == TCP_TEARDOWN_FIN_WAIT2_EXPIRED;
}

static bool is_fin_resent(const struct tcp_teardown_record *r)
{
	return r->kind == TCP_TEARDOWN_SEGMENT && r->what == TCP_TEARDOWN_SEG_RESEND;
}

static bool is_fin_again(const struct tcp_teardown_record *r)
{
	return r->kind == TCP_TEARDOWN_SEGMENT && r->what == TCP_TEARDOWN_SEG_RCV_DUP &&
	       r->tcp_flags & TCP_FLAG_FIN;
}

static bool is_last_ack_resent(const struct tcp_teardown_record *r)
{
	return is_fin_resent(r) && r->old_state == TCP_LAST_ACK;
}

/* After long in CLOSE_WAIT the peer's orphan has gone by tcp_fin_timeout: that is no wonder. */
static bool is_last_ack_reset(const struct tcp_teardown_record *r)
{
	u64 close_wait = r->in_state[TCP_TEARDOWN_SPENT_CLOSE_WAIT];

	return r->how == TCP_TEARDOWN_RESET_RECEIVED && r->old_state == TCP_LAST_ACK &&
	       (close_wait < LONG_AGE || close_wait == TCP_TEARDOWN_UNKNOWN);
}

static bool is_tw_born(const struct tcp_teardown_record *r)
{
	return r->old_state != TCP_TIME_WAIT && r->new_state == TCP_TIME_WAIT;
}

static bool is_tw_refused(const struct tcp_teardown_record *r)
{
	return r->timewait == TCP_TEARDOWN_TW_REFUSED;
}

static bool is_refused_to_orphan(const struct tcp_teardown_record *r)
{
	return is_tw_refused(r) && r->how == TCP_TEARDOWN_ORPHAN_KILLED;
}

static bool is_tw_rearmed(const struct tcp_teardown_record *r)
{
	return r->timewait == TCP_TEARDOWN_TW_REARMED;
}

static bool is_tw_reopened(const struct tcp_teardown_record *r)
{
	return r->timewait == TCP_TEARDOWN_TW_REOPENED;
}

static bool is_no_local_port(const struct tcp_teardown_record *r)
{
	return r->kind == TCP_TEARDOWN_CONNECT && r->what == TCP_TEARDOWN_NO_LOCAL_PORT;
}

static bool is_queue_reset(const struct tcp_teardown_record *r)
{
	return r->flags & TCP_TEARDOWN_F_QUEUE_FULL;
}

static bool is_local_first(const struct tcp_teardown_record *r)
{
	return r->how && r->first == TCP_TEARDOWN_FIRST_LOCAL;
}

static bool is_peer_first(const struct tcp_teardown_record *r)
{
	return r->how && r->first == TCP_TEARDOWN_FIRST_PEER;
}

static bool is_both_first(const struct tcp_teardown_record *r)
{
	return r->how && r->first == TCP_TEARDOWN_FIRST_BOTH;
}

static bool is_none_first(const struct tcp_teardown_record *r)
{
	return r->how && r->first == TCP_TEARDOWN_FIRST_NONE;
}

/* Of the two ports, that of a service is the lower one, but by chance. */
static void key_service(struct print *key, const struct tcp_teardown_record *r)
{
	print_name(key, r->comm, sizeof(r->comm));
	print_format(key, ", port %u", r->local_port < r->peer_port || !r->peer_port ?
		     r->local_port : r->peer_port);
}

static void key_peer(struct print *key, const struct tcp_teardown_record *r)
{
	print_word(key, "to ");
	print_address(key, r->family, r->peer);
}

static void key_from(struct print *key, const struct tcp_teardown_record *r)
{
	print_word(key, "from ");
	print_address(key, r->family, r->peer);
}

static void key_connect(struct print *key, const struct tcp_teardown_record *r)
{
	print_name(key, r->comm, sizeof(r->comm));
	print_format(key, "[%u] to ", r->pid);
	print_endpoint(key, r->family, r->peer, r->peer_port);
}

static void key_port(struct print *key, const struct tcp_teardown_record *r)
{
	print_format(key, "port %u", r->local_port);
}

static const struct {
	const char *name;	/* in summary; NULL: it is not there */
	bool (*is)(const struct tcp_teardown_record *r);
	void (*key)(struct print *key, const struct tcp_teardown_record *r);
} facts[FACTS] = {
	[FACT_LOCAL_FIRST] = { "first=local", is_local_first, NULL },
	[FACT_PEER_FIRST] = { "first=peer", is_peer_first, NULL },
	[FACT_BOTH_FIRST] = { "first=both", is_both_first, NULL },
	[FACT_NONE_FIRST] = { "first=none", is_none_first, NULL },
	[FACT_UNREAD] = { "end=reset_sent,by=unread", is_unread, key_service },
	[FACT_DATA_AFTER_CLOSE] = { NULL, is_data_after_close, key_service },
	[FACT_RETRIES] = { NULL, is_given_up, key_peer },
	[FACT_USER_TIMEOUT] = { NULL, is_user_timeout, key_peer },
	[FACT_CLOSED_WINDOW] = { NULL, is_closed_window, key_peer },
	[FACT_ORPHAN_KILLED] = { "end=orphan_killed", is_orphan_killed, key_service },
	[FACT_FIN_WAIT2_EXPIRED] = { "end=fin_wait2_expired", is_fin_wait2_expired, key_service },
	[FACT_FIN_QUEUED] = { "fin_queued", queues_fin, NULL },
	[FACT_FIN_RESENT] = { "fin_sent_again", is_fin_resent, key_peer },
	[FACT_FIN_AGAIN] = { "fin_received_again", is_fin_again, key_from },
	[FACT_LAST_ACK_RESENT] = { NULL, is_last_ack_resent, key_peer },
	[FACT_LAST_ACK_RESET] = { NULL, is_last_ack_reset, key_from },
	[FACT_TW_BORN] = { "minisock_born_in_time_wait", is_tw_born, key_service },
	[FACT_TW_REFUSED] = { "minisock_refused", is_tw_refused, key_service },
	[FACT_TW_REFUSED_ORPHAN] = { "minisock_refused_to_orphan", is_refused_to_orphan, NULL },
	[FACT_TW_REARMED] = { "minisock_rearmed", is_tw_rearmed, NULL },
	[FACT_TW_REOPENED] = { "minisock_reopened_by_syn", is_tw_reopened, key_from },
	[FACT_NO_LOCAL_PORT] = { "connect_no_local_port", is_no_local_port, key_connect },
	[FACT_QUEUE_RESET] = { "rst_for_full_accept_queue", is_queue_reset, key_port },
};

enum fact fact_by_name(const char *name)
{
	enum fact fact;

	for (fact = 0; fact < FACTS; fact++)
		if (facts[fact].name && !strcmp(facts[fact].name, name))
			break;
	return fact;
}

bool fact_is_in_summary(enum fact fact)
{
	return facts[fact].name;
}

static void add_key(struct place *place, enum fact fact,
		    void (*print_key)(struct print *key, const struct tcp_teardown_record *r),
		    const struct tcp_teardown_record *r, int nr)
{
	struct print key = { };

	print_key(&key, r);
	print_char(&key, '\0');
	tally_add(&place->who[fact], key.text, nr);
	free(key.text);
}

static void count_facts(struct place *place, const struct tcp_teardown_record *r)
{
	place->records++;
	for (enum fact fact = 0; fact < FACTS; fact++) {
		if (!facts[fact].is || !facts[fact].is(r))
			continue;
		place->seen[fact]++;
		if (facts[fact].key)
			add_key(place, fact, facts[fact].key, r, 1);
	}
}

/*
 * A SYN that a minisock in TIME_WAIT does not take, as in tcp_timewait_state_process():
 * by its number alone it is a new one if that is beyond RCV.NXT; if so it was PAWS. That it
 * was taken is in the minisock's next record.
 */
static void look_at_syn(struct reading *reading, struct place *place,
			const struct tcp_teardown_record *r)
{
	struct time_wait *time_wait = &reading->time_wait[r->cookie % MAX_TIME_WAITS];
	enum fact fact = FACT_SYN_REFUSED_SEQ;

	if (r->new_state == TCP_TIME_WAIT && r->old_state != TCP_TIME_WAIT) {
		time_wait->cookie = r->cookie;
		time_wait->rcv_nxt = is_received(r) ? fin_number(r) + 1 : r->ack;
		time_wait->syn = 0;
	}
	if (time_wait->cookie == r->cookie) {
		if (time_wait->syn && is_tw_reopened(r)) {
			place->seen[time_wait->syn]--;
			add_key(place, time_wait->syn, key_from, r, -1);
		}
		time_wait->syn = 0;
	}
	if (r->kind != TCP_TEARDOWN_SEGMENT || r->old_state != TCP_TIME_WAIT ||
	    r->new_state != TCP_TIME_WAIT || !is_received(r) ||
	    (r->tcp_flags & (TCP_FLAG_SYN | TCP_FLAG_ACK | TCP_FLAG_RST)) != TCP_FLAG_SYN)
		return;
	if (time_wait->cookie == r->cookie && (s32)(r->seq - time_wait->rcv_nxt) > 0)
		fact = FACT_SYN_REFUSED_PAWS;
	place->seen[fact]++;
	add_key(place, fact, key_from, r, 1);
	if (time_wait->cookie == r->cookie)
		time_wait->syn = fact;
}

static void endpoint(char *to, u8 family, const u8 *addr, u16 port)
{
	struct print print = { };

	print_endpoint(&print, family, addr, port);
	snprintf(to, ENDPOINT_LEN, "%.*s", (int)print.len, print.text);
	free(print.text);
}

static void copy_comm(char *to, const u8 *comm)
{
	struct print print = { };

	print_name(&print, comm, TCP_TEARDOWN_COMM_LEN);
	snprintf(to, sizeof(((struct sock *)0)->comm), "%.*s", (int)print.len, print.text);
	free(print.text);
}

static struct tracked *new_tracked(struct reading *reading, const struct tcp_teardown_record *r)
{
	struct tracked *new;

	if (reading->nr == reading->doctor->options->max_connections) {
		reading->too_many++;
		return NULL;
	}
	new = allocate(sizeof(*new));
	reading->nr++;
	new->next = reading->bucket[r->cookie % BUCKETS];
	reading->bucket[r->cookie % BUCKETS] = new;
	new->netns = r->netns;
	new->sock = (struct sock) {
		.unread = TCP_TEARDOWN_UNKNOWN,
		.unsent = TCP_TEARDOWN_UNKNOWN,
		.inode = TCP_TEARDOWN_UNKNOWN,
		.cookie = r->cookie,
		.uid = ~0U,
		.local_port = r->local_port,
		.peer_port = r->peer_port,
	};
	endpoint(new->sock.local, r->family, r->local, r->local_port);
	endpoint(new->sock.peer, r->family, r->peer, r->peer_port);
	return new;
}

static bool is_closing(u8 state)
{
	return state == TCP_FIN_WAIT1 || state == TCP_FIN_WAIT2 || state == TCP_TIME_WAIT ||
	       state == TCP_CLOSE_WAIT || state == TCP_LAST_ACK || state == TCP_CLOSING;
}

static void update_tracked(struct tracked *tracked, const struct tcp_teardown_record *r)
{
	struct sock *sock = &tracked->sock;

	if (sock->state != r->new_state) {
		tracked->since = r->time;
		sock->at_least = r->flags & TCP_TEARDOWN_F_ADOPTED && !is_transition(r);
	}
	sock->state = r->new_state;
	sock->minisock |= r->flags & TCP_TEARDOWN_F_MINISOCK || r->timewait ||
			  (r->kind == TCP_TEARDOWN_CALL && (r->what == TCP_TEARDOWN_CLOSE ||
							    r->what == TCP_TEARDOWN_EXIT));
	if (r->pid)
		sock->pid = r->pid;
	if (r->comm[0])
		copy_comm(sock->comm, r->comm);
}

/* Connections of which the last record has them in a closing state. */
static void track(struct reading *reading, const struct tcp_teardown_record *r)
{
	struct tracked **at = &reading->bucket[r->cookie % BUCKETS], *tracked;
	bool over = r->how || !is_closing(r->new_state);

	if (!r->cookie)
		return;
	while (*at && ((*at)->sock.cookie != r->cookie || (*at)->netns != r->netns))
		at = &(*at)->next;
	tracked = *at;
	if (over && tracked) {
		*at = tracked->next;
		free(tracked);
		reading->nr--;
	} else if (!over) {
		tracked = tracked ?: new_tracked(reading, r);
		if (tracked)
			update_tracked(tracked, r);
	}
}

static bool take(void *data, const struct tcp_teardown_record *r)
{
	struct reading *reading = data;
	struct place *place = place_of(reading->doctor, r->netns);

	count_facts(place, r);
	look_at_syn(reading, place, r);
	place->untracked += !!(r->flags & TCP_TEARDOWN_F_UNTRACKED);
	track(reading, r);
	if (r->time > reading->newest)
		reading->newest = r->time;
	return true;
}

/* What is still there becomes the list of the place that has none from the module. */
static void finish(struct reading *reading)
{
	for (int i = 0; i < BUCKETS; i++) {
		while (reading->bucket[i]) {
			struct tracked *tracked = reading->bucket[i];
			struct place *place = place_of(reading->doctor, tracked->netns);

			tracked->sock.age = reading->newest - tracked->since;
			if (!place->looked)
				socks_add(&place->closing, &tracked->sock);
			reading->bucket[i] = tracked->next;
			free(tracked);
		}
	}
	for (unsigned int i = 0; i < reading->doctor->nr; i++)
		if (!reading->doctor->place[i].looked)
			reading->doctor->place[i].has_closing = true;
}

static void read_notes(struct reading *reading, const struct source *source)
{
	files_read_note(reading->doctor, source->notes.text, source->notes.len);
	if (source->note_time > reading->newest)
		reading->newest = source->note_time;
}

void records_read(struct doctor *doctor)
{
	struct reading *reading = allocate(sizeof(*reading));
	struct input *input = &doctor->options->input;

	reading->doctor = doctor;
	each_record(doctor->options, take, reading);
	for (unsigned int i = 0; i < input->nr; i++) {
		read_notes(reading, input->source[i]);
		if (!doctor->host)
			doctor->lost += input->source[i]->losses.total;
	}
	finish(reading);
	if (reading->too_many)
		unseen(doctor, "%llu connections more than --max-connections, if still closing",
		       reading->too_many);
	free(reading);
}
