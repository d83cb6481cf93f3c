// SPDX-License-Identifier: GPL-2.0
#include "connection.h"

#include <stdlib.h>
#include <sys/random.h>

#include "complain.h"

/* The numbers of two ends are no farther apart, or they are not of one connection. */
#define FITS		(1U << 26)
/* Connections of the same four addresses, at most; each in a namespace of its own. */
#define SAME_PLACE	16
/* As many records as most connections have, of both ends. */
#define FIRST_ROOM	10
/* How far connection_too_much() looks for one that is over. */
#define LOOK_AT		64

static u64 seed;

void connections_begin(struct connections *all, u64 max)
{
	u64 size = 1024;

	while (size < max && size < 1 << 22)
		size *= 2;
	*all = (struct connections) { .mask = size - 1, .max = max };
	all->bucket = allocate(size * sizeof(*all->bucket));
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
		seed = 0x9e3779b97f4a7c15;
}

static u64 mix(u64 a, u64 b)
{
	unsigned __int128 product = (unsigned __int128)(a ^ seed) * (b | 1);

	return (u64)product ^ (u64)(product >> 64);
}

static u64 hash_end(const u8 *addr, u16 port)
{
	u64 half[2];

	memcpy(half, addr, sizeof(half));
	return mix(mix(half[0], 0x9e3779b97f4a7c15), half[1] ^ (u64)port << 24 ^ port);
}

/* The same for both ends. */
static struct connection **bucket_of(struct connections *all, const u8 *local, u16 local_port,
				     const u8 *peer, u16 peer_port)
{
	u64 sum = hash_end(local, local_port) + hash_end(peer, peer_port);

	return &all->bucket[mix(sum, 0xd6e8feb86659fd93) & all->mask];
}

static bool is_same_place(const struct connection *c, const struct tcp_teardown_record *r)
{
	const struct end *end = c->end;

	if (!end_of(c, r))
		return true;
	return end[1].port == r->local_port && end[0].port == r->peer_port &&
	       !memcmp(end[1].addr, r->local, 16) && !memcmp(end[0].addr, r->peer, 16);
}

static bool is_loopback(const u8 *addr)
{
	static const u8 mapped[13] = { [10] = 0xff, [11] = 0xff, [12] = 127 };
	static const u8 one[16] = { [15] = 1 };

	return !memcmp(addr, mapped, sizeof(mapped)) || !memcmp(addr, one, sizeof(one));
}

static bool is_near(u32 a, u32 b)
{
	return a - b + FITS <= 2 * FITS;
}

static u32 own_seq(const struct tcp_teardown_record *r)
{
	return is_received(r) ? r->ack : r->seq;
}

static u32 own_ack(const struct tcp_teardown_record *r)
{
	return is_received(r) ? r->seq : r->ack;
}

/* May it be of the other end, in another namespace, by its numbers? */
static bool fits(const struct end *other, const struct tcp_teardown_record *r)
{
	if (!own_seq(r) || !own_ack(r) || !other->seq || !other->ack || is_loopback(r->local))
		return false;
	return is_near(own_seq(r), other->ack) && is_near(own_ack(r), other->seq);
}

static bool is_there(const struct end *end, const struct tcp_teardown_record *r, u64 host)
{
	return end->netns == r->netns && end->host == host;
}

static bool takes(const struct connection *c, const struct tcp_teardown_record *r, u64 host)
{
	const struct end *end = &c->end[end_of(c, r)], *other = &c->end[!end_of(c, r)];

	if (end->told && !is_there(end, r, host))
		return false;
	if (!end->told && !is_there(other, r, host) && !fits(other, r))
		return false;
	if (!r->cookie || (!end->id && !other->id))
		return !connection_is_over(c) ||
		       (s64)(r->time - c->moment[c->nr - 1].r.time) < (s64)AFTERWARDS;
	if (end->id && end->id != r->cookie)
		return false;
	/* A socket that was disconnected may connect again. */
	return !(end->ended && is_transition(r) && r->old_state != TCP_CLOSE);
}

/* New records are no longer its. */
static void unlist(struct connections *all, struct connection *c)
{
	const struct end *end = c->end;
	struct connection **at = bucket_of(all, end[0].addr, end[0].port, end[1].addr,
					   end[1].port);

	if (!c->listed)
		return;
	while (*at != c)
		at = &(*at)->chain;
	*at = c->chain;
	c->listed = false;
}

static struct connection *new_connection(struct connections *all, struct connection **bucket,
					 const struct tcp_teardown_record *r)
{
	struct connection *c = allocate(sizeof(*c));

	memcpy(c->end[0].addr, r->local, 16);
	memcpy(c->end[1].addr, r->peer, 16);
	c->end[0].port = r->local_port;
	c->end[1].port = r->peer_port;
	c->end[0].family = r->family;
	c->end[1].family = r->family;
	c->chain = *bucket;
	*bucket = c;
	c->listed = true;
	c->older = all->youngest;
	if (c->older)
		c->older->younger = c;
	else
		all->oldest = c;
	all->youngest = c;
	all->nr++;
	return c;
}

/* The one that takes it; one of its namespace that does not is no longer looked at. */
static struct connection *find(struct connections *all, const struct tcp_teardown_record *r,
			       u64 host)
{
	struct connection **bucket = bucket_of(all, r->local, r->local_port, r->peer,
					       r->peer_port), *c, *next, *old = NULL;
	unsigned int nr = 0;

	for (c = *bucket; c; c = next) {
		next = c->chain;
		if (!is_same_place(c, r))
			continue;
		if (takes(c, r, host))
			return c;
		nr++;
		if (is_there(&c->end[0], r, host) || is_there(&c->end[1], r, host))
			old = c;
		else if (nr > SAME_PLACE)
			unlist(all, c);
	}
	if (old)
		unlist(all, old);
	return new_connection(all, bucket, r);
}

static void note_end(struct end *end, const struct tcp_teardown_record *r, u64 host)
{
	if ((is_transition(r) && r->new_state == TCP_CLOSE) || r->kind == TCP_TEARDOWN_CONNECT)
		end->ended = true;
	else if (r->old_state == TCP_CLOSE && !end->told)
		end->ended = true;	/* before, unseen */
	end->told = true;
	end->host = host;
	end->netns = r->netns;
	end->family = r->family;
	if (r->cookie)
		end->id = r->cookie;
	end->seq = own_seq(r) ?: end->seq;
	end->ack = own_ack(r) ?: end->ack;
	if (r->comm[0] && !(r->kind == TCP_TEARDOWN_CALL && r->what == TCP_TEARDOWN_ABORT))
		memcpy(end->owner, r->comm, sizeof(end->owner));
}

struct connection *connection_add(struct connections *all, const struct tcp_teardown_record *r,
				  const struct arrival *arrival)
{
	struct connection *c = find(all, r, arrival->host);
	struct moment *moment;

	if (c->nr == c->room) {
		all->moments += c->room ?: FIRST_ROOM;
		c->room = c->room ? 2 * c->room : FIRST_ROOM;
		c->moment = grow(c->moment, c->nr, c->room, sizeof(*c->moment));
	}
	moment = &c->moment[c->nr];
	*moment = (struct moment) { .r = *r, .lost = arrival->lost, .order = c->nr };
	moment->r.time += arrival->shift;
	c->nr++;
	note_end(&c->end[end_of(c, r)], r, arrival->host);
	return c;
}

struct connection *connection_too_much(struct connections *all)
{
	struct connection *c = all->oldest;

	if (all->nr <= all->max && all->moments <= all->max * CONN_MOMENTS)
		return NULL;
	for (int i = 0; c && i < LOOK_AT; i++, c = c->younger)
		if (connection_is_over(c))
			return c;
	return all->oldest;
}

void connection_drop(struct connections *all, struct connection *c)
{
	unlist(all, c);
	if (c->older)
		c->older->younger = c->younger;
	else
		all->oldest = c->younger;
	if (c->younger)
		c->younger->older = c->older;
	else
		all->youngest = c->older;
	all->nr--;
	all->moments -= c->room;
	free(c->moment);
	free(c);
}

void connections_free(struct connections *all)
{
	while (all->oldest)
		connection_drop(all, all->oldest);
	free(all->bucket);
}

bool connection_is_over(const struct connection *c)
{
	return (c->end[0].ended || !c->end[0].id) && (c->end[1].ended || !c->end[1].id);
}

static bool is_first_closers(u8 state)
{
	return state == TCP_FIN_WAIT1 || state == TCP_FIN_WAIT2 || state == TCP_TIME_WAIT;
}

static bool is_other_closers(u8 state)
{
	return state == TCP_CLOSE_WAIT || state == TCP_LAST_ACK;
}

/* The end that acted first: as the verdict has it, else by states. */
static unsigned int first_closer(const struct connection *c)
{
	const struct tcp_teardown_record *r;
	unsigned int i;

	for (i = 0; i < c->nr; i++) {
		r = &c->moment[i].r;
		if (r->how && (r->first == TCP_TEARDOWN_FIRST_LOCAL ||
			       r->first == TCP_TEARDOWN_FIRST_PEER))
			return end_of(c, r) ^ (r->first == TCP_TEARDOWN_FIRST_PEER);
	}
	for (i = 0; i < c->nr; i++) {
		r = &c->moment[i].r;
		if (is_first_closers(r->old_state) || is_first_closers(r->new_state))
			return end_of(c, r);
		if (is_other_closers(r->old_state) || is_other_closers(r->new_state))
			return !end_of(c, r);
	}
	for (i = 0; i < c->nr && !c->moment[i].r.cookie; i++)
		;
	r = &c->moment[i < c->nr ? i : 0].r;
	return end_of(c, r) ^ is_received(r);
}

static int by_time(const void *a, const void *b)
{
	const struct moment *one = a, *other = b;

	if (one->r.time != other->r.time)
		return one->r.time < other->r.time ? -1 : 1;
	return one->order < other->order ? -1 : 1;
}

void connection_settle(struct connection *c)
{
	qsort(c->moment, c->nr, sizeof(*c->moment), by_time);
	if (first_closer(c) == 1) {
		struct end b = c->end[0];

		c->end[0] = c->end[1];
		c->end[1] = b;
	}
}
