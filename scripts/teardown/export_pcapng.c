// SPDX-License-Identifier: GPL-2.0
/*
 * export pcapng: the segments as a capture, for Wireshark. Each is there once, as it was on
 * the wire, though both ends may tell of it.
 */
#include <stdlib.h>
#include <unistd.h>

#include "complain.h"
#include "each.h"
#include "base/names.h"
#include "packet.h"
#include "pcapng.h"

/*
 * So many packets wait for older ones: a record that is made within another has the lower
 * number and the later time. The other end's record often comes meanwhile.
 */
#define HELD		16
/* So many segments are remembered, for the other end's record; a power of 2. */
#define SEEN		65536
/* A RST, which is known by its ports alone, for so long; any other for longer. */
#define SEEN_RST	NSEC_PER_SEC
#define SEEN_OTHER	(600 * NSEC_PER_SEC)
#define INTERFACES	4096

/**
 * struct held - a packet that waits
 * @r: its record
 * @other: the other end's; kind 0 for none
 * @real: when, since 1970, ns
 * @key: packet_key()
 * @interface: its number
 */
struct held {
	struct tcp_teardown_record r;
	struct tcp_teardown_record other;
	u64 real;
	u64 key;
	u32 interface;
};

/**
 * struct seen - a segment that was written
 * @key: packet_key()
 * @time: when a record last had it
 * @more_sent: how often more by the sender than by the receiver
 */
struct seen {
	u64 key;
	u64 time;
	s64 more_sent;
};

/* By how much a socket scales the windows that it offers: a FIN that is queued does not say. */
struct scale {
	u64 cookie;
	u8 shift;
};

/* A host's namespace. */
struct interface {
	u64 host;
	u32 netns;
};

/**
 * struct exporter - where it is
 * @options: what was asked for
 * @nr: of @held
 * @held: by time
 * @seen: by key
 * @scale: by cookie
 * @interfaces: that were written
 * @interface: which
 */
struct exporter {
	struct options *options;
	unsigned int nr;
	struct held held[HELD + 1];
	struct seen *seen;
	struct scale *scale;
	u32 interfaces;
	struct interface interface[INTERFACES];
};

static u32 new_interface(struct exporter *e, struct interface new, const struct source *source)
{
	struct print name = { };

	if (e->interfaces == INTERFACES)
		return INTERFACES - 1;
	print_format(&name, "%s netns %u", source->host[0] ? source->host : "host", new.netns);
	pcapng_interface(&name);
	free(name.text);
	e->interface[e->interfaces] = new;
	return e->interfaces++;
}

static u32 interface_of(struct exporter *e, const struct tcp_teardown_record *r)
{
	const struct source *source = e->options->input.of;
	struct interface new = { .netns = r->netns };

	memcpy(&new.host, source->boot_id, sizeof(new.host));
	for (u32 i = 0; i < e->interfaces; i++)
		if (e->interface[i].netns == new.netns && e->interface[i].host == new.host)
			return i;
	return new_interface(e, new, source);
}

/* Was it written already, for a record of the other end? */
static bool was_seen(struct exporter *e, const struct tcp_teardown_record *r, u64 key)
{
	struct seen *seen = &e->seen[key & (SEEN - 1)];
	u64 keep = r->tcp_flags & TCP_FLAG_RST ? SEEN_RST : SEEN_OTHER;
	bool was;

	if (seen->key != key || r->time - seen->time > keep)
		*seen = (struct seen) { .key = key };
	seen->time = r->time;
	was = is_received(r) ? seen->more_sent > 0 : seen->more_sent < 0;
	/* It was queued before, and is found to have left now. */
	if (r->kind == TCP_TEARDOWN_SEGMENT && r->what == TCP_TEARDOWN_SEG_LEFT &&
	    seen->more_sent > 0)
		return true;
	seen->more_sent += is_received(r) ? -1 : 1;
	return was;
}

static struct scale *scale_of(struct exporter *e, const struct tcp_teardown_record *r)
{
	return &e->scale[(r->cookie * 0x9e3779b97f4a7c15ULL) >> 48];
}

static void learn_scale(struct exporter *e, const struct tcp_teardown_record *r)
{
	if (r->kind == TCP_TEARDOWN_SEGMENT && is_sent(r) && r->cookie)
		*scale_of(e, r) = (struct scale) { .cookie = r->cookie, .shift = r->wscale };
}

static void set_scale(struct exporter *e, struct tcp_teardown_record *r)
{
	const struct scale *scale = scale_of(e, r);

	if (r->kind != TCP_TEARDOWN_SEGMENT && r->kind != TCP_TEARDOWN_RESET &&
	    scale->cookie == r->cookie)
		r->wscale = scale->shift;
}

/* nginx[137] close: ESTABLISHED>FIN_WAIT1 */
static void print_comment(struct print *print, const struct tcp_teardown_record *r)
{
	if (print->len)
		print_char(print, '\n');
	print_endpoint(print, r->family, r->local, r->local_port);
	print_char(print, ' ');
	if (r->pid) {
		print_name(print, r->comm, sizeof(r->comm));
		print_format(print, "[%u] ", r->pid);
	}
	print_word(print, event_of(r));
	if (r->reason)
		print_format(print, " %s", reason_name(r->reason));
	if (r->flags & TCP_TEARDOWN_F_INFERRED)
		print_word(print, " inferred");
	if (r->flags & TCP_TEARDOWN_F_REFUSED)
		print_word(print, " refused");
	print_format(print, " %s", state_name(r->old_state));
	if (is_transition(r))
		print_format(print, ">%s", state_name(r->new_state));
	if (r->how)
		print_format(print, " end=%s first=%s by=%s", how_name(r->how),
			     first_name(r->first), set_off_name(r->set_off));
}

/* The receiver's record has the header itself. */
static const struct tcp_teardown_record *better(const struct held *held)
{
	if (is_received(&held->other) && !(held->other.flags & TCP_TEARDOWN_F_INFERRED))
		return &held->other;
	return &held->r;
}

static void write_one(const struct held *held)
{
	struct print comment = { };
	u8 bytes[PACKET_LEN];
	struct pcapng_packet packet = {
		.interface = held->interface,
		.direction = is_received(&held->r) ? PCAPNG_INBOUND : PCAPNG_OUTBOUND,
		.time = held->real,
		.bytes = bytes,
		.comment = &comment,
	};

	packet.len = packet_make(better(held), bytes, &packet.whole);
	print_comment(&comment, &held->r);
	if (held->other.kind)
		print_comment(&comment, &held->other);
	pcapng_packet(&packet);
	free(comment.text);
}

static void write_first(struct exporter *e)
{
	set_scale(e, &e->held[0].r);
	write_one(&e->held[0]);
	e->nr--;
	memmove(e->held, e->held + 1, e->nr * sizeof(*e->held));
}

/* If the segment waits still: of one that was sent again, it is the last one's. */
static void join(struct exporter *e, const struct tcp_teardown_record *r, u64 key)
{
	for (unsigned int i = e->nr; i--;) {
		struct held *held = &e->held[i];

		if (held->key != key || held->other.kind ||
		    is_received(&held->r) == is_received(r))
			continue;
		held->other = *r;
		return;
	}
}

static void hold(struct exporter *e, const struct tcp_teardown_record *r, u64 key)
{
	struct held held = { .r = *r, .key = key, .interface = interface_of(e, r) };
	unsigned int at = e->nr;

	source_real_time(e->options->input.of, r->time, &held.real);
	while (at && e->held[at - 1].real > held.real)
		at--;
	memmove(e->held + at + 1, e->held + at, (e->nr - at) * sizeof(*e->held));
	e->held[at] = held;
	if (++e->nr > HELD)
		write_first(e);
}

static bool take(void *data, const struct tcp_teardown_record *r)
{
	struct exporter *e = data;
	u64 key;

	learn_scale(e, r);
	if (!is_packet(r))
		return true;
	key = packet_key(r);
	if (was_seen(e, r, key))
		join(e, r, key);
	else
		hold(e, r, key);
	return true;
}

static void pause_writing(void *data)
{
	struct exporter *e = data;

	while (e->nr)
		write_first(e);
}

bool export_pcapng(struct options *options)
{
	struct exporter *e;

	if (isatty(STDOUT_FILENO))
		die("a capture is not for a terminal: write it to a file, or to wireshark -k -i -");
	e = allocate(sizeof(*e));
	e->options = options;
	e->seen = allocate(SEEN * sizeof(*e->seen));
	e->scale = allocate(SEEN * sizeof(*e->scale));
	pcapng_begin();
	print_out(true);
	each_record_or_pause(options, take, pause_writing, e);
	pause_writing(e);
	free(e->scale);
	free(e->seen);
	free(e);
	return true;
}
