// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "capture.h"
#include "ktap.h"
#include "records.h"

static bool same(unsigned int nr, const char *field, uint64_t seen, uint64_t wanted)
{
	return CHECK(seen == wanted, "record %u: %s is %llu, not %llu", nr, field,
		     (unsigned long long)seen, (unsigned long long)wanted);
}

/* CHECK a field of record nr. */
#define SAME(field, wanted) same(nr, #field, field, wanted)

/* The start of a merged segment can't be known. */
static bool check_seq(const struct fact *r, const struct want *w, unsigned int nr)
{
	if (r->merged)
		return true;
	return (w->inferred ? SAME(r->seq + r->segment.len, w->seq + w->len) :
			      SAME(r->seq, w->seq)) & SAME(r->ack, w->ack);
}

static bool check_numbers(const struct fact *r, const struct want *w,
			  unsigned int nr)
{
	return SAME(r->kind, w->kind) & SAME(r->what, w->what) &
	       SAME(r->old_state, w->old) & SAME(r->new_state, w->new) &
	       check_seq(r, w, nr) & SAME(r->tcp_flags, w->flags) &
	       SAME(!!(r->flags & TCP_TEARDOWN_F_MINISOCK), w->minisock) &
	       SAME(!!(r->flags & TCP_TEARDOWN_F_LINGER), w->linger) &
	       SAME(!!(r->flags & TCP_TEARDOWN_F_INFERRED), w->inferred) &
	       SAME(!!(r->flags & TCP_TEARDOWN_F_ADOPTED), w->adopted) &
	       SAME(!!(r->flags & TCP_TEARDOWN_F_UNTRACKED), false);
}

static bool check_place(const struct fact *r, const struct net_end *end,
			unsigned int nr)
{
	return SAME(r->family, end->domain) & SAME(r->cookie, end->cookie) &
	       CHECK(net_place_is(&end->local, r->local, r->local_port),
		     "record %u: own address or port", nr) &
	       CHECK(net_place_is(&end->peer, r->peer, r->peer_port),
		     "record %u: peer's address or port", nr);
}

static bool check_call(const struct fact *r, const struct want *w,
		       unsigned int nr)
{
	char comm[TCP_TEARDOWN_COMM_LEN] = "";

	prctl(PR_GET_NAME, comm);
	return SAME(r->call.pid, w->pid ?: (uint32_t)getpid()) &
	       SAME(r->call.unread, w->unread) & SAME(r->call.unsent, w->unsent) &
	       SAME(r->call.linger, w->linger_s) &
	       CHECK(!strncmp((const char *)r->call.comm, comm, sizeof(comm)),
		     "record %u: comm is %.16s", nr, r->call.comm);
}

/* The time in a state runs from the last transition; before the first it is unknown. */
static bool check_spent(const struct fact *r,
			const struct fact *before, unsigned int nr)
{
	uint64_t spent = before ? r->time - before->time : TCP_TEARDOWN_UNKNOWN;

	return SAME(r->state.spent, spent);
}

static bool check_segment(const struct fact *r, const struct want *w,
			  unsigned int nr)
{
	bool good = w->inferred || SAME(r->segment.len, w->len);

	if (w->what == FACT_SEG_QUEUE)
		good &= SAME(r->segment.unsent, w->unsent);
	if (w->what == TCP_TEARDOWN_SEG_RESEND)
		good &= SAME(r->segment.tries, w->tries);
	return good;
}

static bool check_kind(const struct fact *r, const struct want *w,
		       const struct fact *before, unsigned int nr)
{
	switch (w->kind) {
	case FACT_CALL:
		return check_call(r, w, nr);
	case FACT_STATE:
		return check_spent(r, before, nr);
	case FACT_SEGMENT:
		return check_segment(r, w, nr);
	case FACT_RESET:
		return SAME(r->reset.reason, w->reason);
	case FACT_TIMEWAIT:
		return SAME(r->timewait.timeout_ms, w->timeout_ms);
	}
	return CHECK(false, "kind %u", w->kind);
}

/* Only the hook on tcp_reset() sees it in ESTABLISHED, without its segment. */
static struct want told_of(const struct want *want)
{
	struct want w = *want;

	if (w.kind == FACT_RESET && w.what == TCP_TEARDOWN_RST_RECEIVED &&
	    w.old == TCP_ESTABLISHED && !records_have_rst()) {
		w.inferred = true;
		w.flags = RST;
		w.ack = 0;
	}
	return w;
}

static bool is_of(const struct fact *r, const struct net_end *end)
{
	return r->cookie == end->cookie &&
	       (r->cookie || net_place_is(&end->local, r->local, r->local_port));
}

void records_expect(struct records *records, const struct net_end *end,
		    const struct want *want, unsigned int nr)
{
	const struct fact *r, *before = NULL;
	unsigned int i, found = 0;
	bool good = true;
	struct want w;

	records_await(records, end->cookie, nr, 0);
	net_settle();
	records_read(records);
	for (i = 0; i < records->nr; i++) {
		r = &records->records[i];
		if (!is_of(r, end))
			continue;
		if (found++ < nr) {
			w = told_of(&want[found - 1]);
			good = check_numbers(r, &w, found) & check_place(r, end, found) &
			       check_kind(r, &w, before, found);
		}
		if (!good || found > nr)
			record_note(r, found > nr ? "not wanted" : "seen");
		if (r->kind == FACT_STATE)
			before = r;
	}
	CHECK(found == nr, "%u records, not %u", found, nr);
}
