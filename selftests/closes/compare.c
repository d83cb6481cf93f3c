// SPDX-License-Identifier: GPL-2.0
#include "compare.h"

#include <sys/stat.h>

#include "words.h"

#define FIELD(name_, seen_, wanted_, ...)				\
	{ .name = (name_), .seen = (seen_), .wanted = (wanted_), ##__VA_ARGS__ }

bool record_has_place(const struct fact *r, const struct net_end *end)
{
	return net_place_is(&end->local, r->local, r->local_port) &&
	       net_place_is(&end->peer, r->peer, r->peer_port);
}

bool record_has_cookie(const struct fact *r, const struct net_end *end)
{
	return end->cookie == RUN_ANY_COOKIE ? r->cookie : r->cookie == end->cookie;
}

/* pids are those of the initial namespace. */
static bool pids_are_ours(void)
{
	struct stat st;

	return !stat("/proc/self/ns/pid", &st) && st.st_ino == 0xEFFFFFFC;
}

static const struct field *differing(const struct field *fields, unsigned int nr)
{
	static struct field found;

	for (; nr; nr--, fields++) {
		if (fields->seen == fields->wanted)
			continue;
		found = *fields;
		return &found;
	}
	return NULL;
}

/* The first wrong field, or NULL. */
static const struct field *compare_verdict(const struct fact *r,
					   const struct expected *e)
{
	const struct verdict *v = &e->verdict;
	const uint32_t pid = v->no_owner && !(r->flags & TCP_TEARDOWN_F_OPENER) ? 0 : e->pid;
	const struct field fields[] = {
		FIELD("how", r->what, v->how, .word = word_how),
		FIELD("first", r->end.first, v->first),
		FIELD("set off by", r->end.set_off, v->set_off, .word = word_set_off),
		FIELD("bytes", r->end.bytes, v->bytes),
		FIELD("flags", r->flags & ~VERDICT_OTHER_FLAGS, v->flags),
		FIELD("pid", r->end.pid, pids_are_ours() ? pid : r->end.pid),
	};

	return differing(fields, ARRAY_SIZE(fields));
}

static const struct field *compare_kind(const struct fact *r,
					const struct expected *e)
{
	const struct want *w = &e->want;
	const struct field call[] = {
		FIELD("pid", r->call.pid, pids_are_ours() ? e->pid : r->call.pid),
		FIELD("unread", r->call.unread, w->unread),
		FIELD("unsent", r->call.unsent, w->unsent),
	};
	const struct field segment[] = {
		FIELD("len", r->segment.len, w->len),
		FIELD("tries", r->segment.tries, w->tries),
	};
	const struct field reset[] = { FIELD("reason", r->reset.reason, w->reason) };
	const struct field timewait[] = {
		FIELD("timeout_ms", r->timewait.timeout_ms, w->timeout_ms),
	};

	switch (w->kind) {
	case FACT_CALL:
		return differing(call, ARRAY_SIZE(call));
	case FACT_SEGMENT:
		return differing(segment, ARRAY_SIZE(segment));
	case FACT_RESET:
		return differing(reset, ARRAY_SIZE(reset));
	case FACT_TIMEWAIT:
		return differing(timewait, ARRAY_SIZE(timewait));
	}
	return NULL;
}

/*
 * Before 5.12 no hook sees the segment of a RST in ESTABLISHED. Its number was RCV.NXT,
 * because TCP ignores others.
 */
static struct want as_far_as_seen(const struct fact *r, const struct want *w)
{
	struct want want = *w;

	if (w->kind == FACT_RESET && w->what == TCP_TEARDOWN_RST_RECEIVED &&
	    w->old == TCP_ESTABLISHED && r->flags & TCP_TEARDOWN_F_INFERRED) {
		want.inferred = true;
		want.flags = RST;
		want.ack = 0;
	}
	return want;
}

const struct field *record_compare(const struct fact *r,
				   const struct expected *e)
{
	const struct want want = as_far_as_seen(r, &e->want), *w = &want;
	const struct field common[] = {
		FIELD("kind", r->kind, w->kind),
		FIELD("what", r->what, w->what),
		FIELD("state", r->old_state, w->old, .word = word_state),
		FIELD("new state", r->new_state, w->new, .word = word_state),
		FIELD("seq", r->seq, r->merged ? r->seq : w->seq),
		FIELD("ack", r->ack, r->merged ? r->ack : w->ack),
		FIELD("TCP flags", r->tcp_flags, w->flags),
		FIELD("minisock", !!(r->flags & TCP_TEARDOWN_F_MINISOCK), w->minisock),
		FIELD("linger", !!(r->flags & TCP_TEARDOWN_F_LINGER), w->linger),
		FIELD("inferred", !!(r->flags & TCP_TEARDOWN_F_INFERRED), w->inferred),
		FIELD("adopted", !!(r->flags & TCP_TEARDOWN_F_ADOPTED), w->adopted),
		FIELD("untracked", !!(r->flags & TCP_TEARDOWN_F_UNTRACKED), 0),
	};
	const struct field identity[] = {
		FIELD("family", r->family, e->end.domain),
		FIELD("id", r->cookie, e->end.cookie == RUN_ANY_COOKIE ? r->cookie :
								    e->end.cookie),
		FIELD("right address and port", record_has_place(r, &e->end), 1),
	};
	const struct field *wrong = differing(identity, ARRAY_SIZE(identity));

	if (wrong)
		return wrong;
	if (w->kind == FACT_END)
		return r->kind == FACT_END ? compare_verdict(r, e) :
						     differing(common, 1);
	wrong = differing(common, ARRAY_SIZE(common));
	return wrong ?: compare_kind(r, e);
}
