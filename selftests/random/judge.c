// SPDX-License-Identifier: GPL-2.0
/*
 * The judge assigns to each record of a segment a captured segment with the same seq,
 * ack, flags and payload, and, if received, the same window. No two records of one kind
 * share a segment. A record without a segment is "unseen". Exceptions:
 *
 * - "backlog": segments that arrived while a process held the socket may have been
 *   merged, each beginning where the one before ends. One record describes all: seq is
 *   that of the first, flags are those of all, ack and window are those of the last one
 *   whose ack was not older (tcp_add_backlog()).
 * - "inferred": a FIN that was merged with unread data. Only the FIN's own number and its
 *   ack are certain.
 * - "sent later": the FIN could not be sent at once, and has a newer ack.
 * - "kept": a FIN was queued, and nothing from its number on was ever sent; the verdict
 *   on the connection must say so, too.
 * - "left": one record says that the FIN was queued, another that it was sent.
 *
 * Then each FIN and RST in the capture must have a record. Exceptions:
 *
 * - a FIN that is early: the socket is open, and data before the FIN is missing, or the
 *   FIN was refused. It is recorded once, when it is in order, or never. Earlier copies
 *   are not recorded.
 * - a FIN for no socket: the RST that answers it is recorded, one for each FIN.
 * - a FIN that an open socket discards, because its window is 0, or because a segment
 *   with a newer timestamp overtook it (PAWS, RFC 7323).
 * - a RST that an open socket refuses: its number is not the expected one (RFC 5961).
 * - a RST for no socket: this side's end is already recorded; or it had only a request;
 *   or it ends at this moment on another CPU, which is recorded.
 */
#include "judge.h"

#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "ktap.h"
#include "records.h"

const char * const verdict_names[VERDICTS] = {
	[VERDICT_FIN] = "FIN received, told with all its numbers",
	[VERDICT_FIN_BACKLOG] = "FIN received, merged in the backlog",
	[VERDICT_FIN_INFERRED] = "FIN received, merged with unread data: inferred",
	[VERDICT_RST] = "RST received and accepted",
	[VERDICT_RST_CLOSING] = "RST received while closing, told as a segment only",
	[VERDICT_RST_MINISOCK] = "RST received by a minisock, told as a segment",
	[VERDICT_OTHER] = "other segment received while closing",
	[VERDICT_OTHER_BACKLOG] = "other segments received, merged in the backlog",
	[VERDICT_FIN_SENT] = "FIN sent at once",
	[VERDICT_FIN_SENT_LATER] = "FIN sent later, with a newer ack",
	[VERDICT_FIN_RESENT] = "FIN sent again",
	[VERDICT_FIN_LEFT] = "FIN that had to wait, found to have left",
	[VERDICT_RST_SENT] = "RST sent",
	[VERDICT_RST_REPLY] = "RST sent in reply",
	[VERDICT_FIN_EARLY] = "FIN received early by an open socket: not told yet",
	[VERDICT_FIN_NO_SOCKET] = "FIN received by no socket: told as the RST in reply",
	[VERDICT_FIN_NO_WINDOW] = "FIN received by an open socket without a window: not told",
	[VERDICT_FIN_OLD] = "FIN received by an open socket with an old timestamp: not told",
	[VERDICT_RST_REFUSED] = "RST received and refused by an open socket: not told",
	[VERDICT_RST_NO_SOCKET] = "RST received by no socket: not told",
	[VERDICT_RST_OVERTAKEN] = "RST received while the socket ended: not told",
	[VERDICT_FIN_KEPT] = "FIN queued that never left",
	[VERDICT_UNLOGGED] = "FIN or RST that no record tells of",
	[VERDICT_UNSEEN] = "record of a segment that was not there",
};

/* One end of one connection. */
struct view {
	struct sighting *seen;
	size_t nr_seen;
	struct logged *logged;
	size_t nr_logged;
	uint64_t slack;
};

static bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* The sequence number after the segment. */
static uint32_t end_of(const struct segment *s)
{
	return s->seq + s->len + !!(s->flags & FIN) + !!(s->flags & SYN);
}

static int compare(unsigned int a_conn, unsigned int b_conn, unsigned int a_end,
		   unsigned int b_end)
{
	if (a_conn != b_conn)
		return a_conn < b_conn ? -1 : 1;
	return (int)a_end - (int)b_end;
}

static int compare_sightings(const void *a, const void *b)
{
	const struct sighting *x = a, *y = b;
	int order = compare(x->conn, y->conn, x->end, y->end);

	return order ? order : x->order < y->order ? -1 : 1;
}

static int compare_tellings(const void *a, const void *b)
{
	const struct logged *x = a, *y = b;
	int order = compare(x->conn, y->conn, x->end, y->end);

	return order ? order : fact_compare(&x->record, &y->record);
}

void evidence_sort(struct evidence *evidence)
{
	qsort(evidence->sightings, evidence->nr_sightings, sizeof(*evidence->sightings),
	      compare_sightings);
	qsort(evidence->logged, evidence->nr_logged, sizeof(*evidence->logged),
	      compare_tellings);
}

/* --- a record and its segment ------------------------------------------------ */

static bool is_left(const struct fact *r)
{
	return r->kind == FACT_SEGMENT && r->what == TCP_TEARDOWN_SEG_LEFT;
}

static bool is_received(const struct fact *r)
{
	if (r->kind == FACT_RESET)
		return r->what == TCP_TEARDOWN_RST_RECEIVED;
	return r->what <= TCP_TEARDOWN_SEG_RCV_OOO;
}

static bool is_inferred(const struct fact *r)
{
	return r->flags & TCP_TEARDOWN_F_INFERRED;
}

/* A RST in ESTABLISHED whose segment no hook has seen, if SACK blocks were present. */
static bool is_number_unknown(const struct fact *r)
{
	return r->kind == FACT_RESET && is_inferred(r) && !r->seq;
}

static bool tells_of_a_segment(const struct fact *r)
{
	return r->kind == FACT_SEGMENT || r->kind == FACT_RESET;
}

static uint32_t payload_end(const struct fact *r)
{
	return r->seq + (r->kind == FACT_SEGMENT ? r->segment.len : 0);
}

/* A second record says that a queued FIN was sent. */
static bool is_free(const struct sighting *s, const struct fact *r)
{
	return !s->gone && (is_left(r) || !(s->segment.claimed & 1 << r->kind));
}

static void claim(struct sighting *s, const struct fact *r)
{
	s->segment.claimed |= 1 << r->kind;
	s->by[r->kind] = r;
}

static bool is_place(const struct segment *s, const struct fact *r)
{
	const struct net_place *local = s->out ? &s->from : &s->to;
	const struct net_place *peer = s->out ? &s->to : &s->from;

	return net_place_is(local, r->local, r->local_port) &&
	       net_place_is(peer, r->peer, r->peer_port);
}

/* More than any end sends. */
#define MOST_SENT (1 << 20)

static bool is_segment_of(const struct view *view, const struct sighting *seen,
			  const struct fact *r)
{
	const struct segment *s = &seen->segment;
	const uint8_t mark = r->tcp_flags & (FIN | RST);

	if (s->out == is_received(r) || !is_place(s, r) || (s->flags & (FIN | RST)) != mark)
		return false;
	if (s->seq + s->len != payload_end(r) && !is_number_unknown(r))
		return false;
	if (s->out) {
		/* A queued FIN may be sent now or later, and recorded later still. */
		if (r->kind == FACT_SEGMENT && r->what == FACT_SEG_QUEUE)
			return s->ack - r->ack <= MOST_SENT;
		if (is_left(r))
			return seen->time <= r->time + view->slack &&
			       r->ack - s->ack <= MOST_SENT;
		return s->seq == r->seq && s->ack == r->ack &&
		       (s->flags & ACK) == (r->tcp_flags & ACK);
	}
	if (seen->time > r->time + view->slack)
		return false;
	if (is_inferred(r))	/* the ACK of a RST in ESTABLISHED is unknown, too */
		return r->kind == FACT_RESET || s->ack == r->ack;
	if (s->ack != r->ack)
		return false;
	return s->seq == r->seq && s->flags == r->tcp_flags && s->window == r->window;
}

/*
 * The record of a merged FIN has a guessed beginning, and the window of the last merged
 * segment: prefer the segment that matches more of these.
 */
static unsigned int fit(const struct sighting *s, const struct fact *r)
{
	return (s->segment.seq == r->seq) + (s->segment.window == r->window);
}

/*
 * Of several equal segments: a received one is recorded at once, so the last before; what
 * is sent was not there yet, so the first.
 */
static struct sighting *find(const struct view *view, const struct fact *r)
{
	struct sighting *found = NULL;
	size_t i;

	for (i = 0; i < view->nr_seen; i++) {
		if (!is_free(&view->seen[i], r) || !is_segment_of(view, &view->seen[i], r) ||
		    (found && fit(found, r) > fit(&view->seen[i], r)))
			continue;
		found = &view->seen[i];
		if (!is_received(r))
			break;
	}
	return found;
}

/* --- what the backlog has merged ---------------------------------------------- */

struct merged {
	uint32_t end, ack;
	uint16_t window;
	uint8_t flags;
};

static bool merge(struct merged *merged, const struct segment *s)
{
	if (s->seq != merged->end || s->flags & (SYN | RST) || !(s->flags & ACK))
		return false;
	merged->end = end_of(s);
	merged->flags |= s->flags;
	if (!before(s->ack, merged->ack)) {
		merged->ack = s->ack;
		merged->window = s->window;
	}
	return true;
}

/* PSH need not be logged. */
static bool is_whole(const struct merged *merged, const struct fact *r)
{
	return merged->end == payload_end(r) + !!(r->tcp_flags & FIN) &&
	       merged->ack == r->ack && merged->window == r->window &&
	       (merged->flags & ~PSH) == (r->tcp_flags & ~PSH);
}

/* Whether the record can describe the segments from the nth on. */
static bool claim_merged_from(struct view *view, size_t n,
			      const struct fact *r)
{
	struct merged merged = { .end = r->seq, .ack = view->seen[n].segment.ack };
	bool taken[256] = { };
	size_t i, j;

	for (i = n; i < view->nr_seen && i - n < ARRAY_SIZE(taken); i++) {
		if (view->seen[i].segment.out || !is_free(&view->seen[i], r) ||
		    view->seen[i].time > r->time + view->slack ||
		    !merge(&merged, &view->seen[i].segment))
			continue;
		taken[i - n] = true;
		if (!is_whole(&merged, r))
			continue;
		for (j = n; j <= i; j++)
			if (taken[j - n])
				claim(&view->seen[j], r);
		return true;
	}
	return false;
}

static bool claim_merged(struct view *view, const struct fact *r)
{
	size_t i = view->nr_seen;

	if (r->kind != FACT_SEGMENT || !is_received(r) || is_inferred(r))
		return false;
	while (i--)
		if (!view->seen[i].segment.out && view->seen[i].segment.seq == r->seq &&
		    claim_merged_from(view, i, r))
			return true;
	return false;
}

/* --- judging records ---------------------------------------------------------- */

/* It never left, says the verdict on the connection, where there is one. */
static bool is_told_unsent(const struct view *view)
{
	size_t i;

	for (i = 0; i < view->nr_logged; i++)
		if (!view->logged[i].gone && view->logged[i].record.kind == FACT_END &&
		    view->logged[i].record.flags & TCP_TEARDOWN_F_FIN_UNSENT)
			return true;
	return false;
}

static bool is_kept(const struct view *view, const struct fact *r)
{
	size_t i;

	if (r->kind != FACT_SEGMENT || r->what != FACT_SEG_QUEUE)
		return false;
	for (i = 0; i < view->nr_seen; i++)
		if (view->seen[i].segment.out && !(view->seen[i].segment.flags & RST) &&
		    before(r->seq, end_of(&view->seen[i].segment)))
			return false;
	return is_told_unsent(view);
}

static enum verdict verdict_sent(const struct sighting *s,
				 const struct fact *r)
{
	if (r->kind == FACT_RESET)
		return r->what == TCP_TEARDOWN_RST_SENT ? VERDICT_RST_SENT : VERDICT_RST_REPLY;
	if (r->what == TCP_TEARDOWN_SEG_RESEND)
		return VERDICT_FIN_RESENT;
	return s->segment.ack == r->ack ? VERDICT_FIN_SENT : VERDICT_FIN_SENT_LATER;
}

static enum verdict verdict_received(const struct fact *r)
{
	if (r->kind == FACT_RESET)
		return VERDICT_RST;
	if (r->tcp_flags & RST)
		return r->flags & TCP_TEARDOWN_F_MINISOCK ? VERDICT_RST_MINISOCK :
							    VERDICT_RST_CLOSING;
	if (!(r->tcp_flags & FIN))
		return VERDICT_OTHER;
	return is_inferred(r) ? VERDICT_FIN_INFERRED : VERDICT_FIN;
}

static enum verdict judge_record(struct view *view, const struct fact *r)
{
	struct sighting *s = find(view, r);

	if (s && is_left(r))
		return VERDICT_FIN_LEFT;
	if (s) {
		claim(s, r);
		return is_received(r) ? verdict_received(r) : verdict_sent(s, r);
	}
	if (claim_merged(view, r))
		return r->tcp_flags & FIN ? VERDICT_FIN_BACKLOG : VERDICT_OTHER_BACKLOG;
	return is_kept(view, r) ? VERDICT_FIN_KEPT : VERDICT_UNSEEN;
}

/* --- judging segments without a record ------------------------------------- */

/* Did the socket record a transition from there, or its end, before that time? */
static bool has_left(const struct view *view, uint64_t time, bool to_close)
{
	const struct fact *r;
	size_t i;

	for (i = 0; i < view->nr_logged; i++) {
		r = &view->logged[i].record;
		if (!view->logged[i].gone && r->kind == FACT_STATE && r->time < time &&
		    (!to_close || r->new_state == TCP_CLOSE))
			return true;
	}
	return false;
}

static bool had_socket(const struct view *view)
{
	size_t i;

	for (i = 0; i < view->nr_logged; i++)
		if (!view->logged[i].gone && view->logged[i].record.cookie)
			return true;
	return false;
}

/* What had arrived in order until then, if TCP kept it all. */
static uint32_t expected(const struct view *view, const struct sighting *until)
{
	uint32_t next = 0;
	bool known = false, more = true;
	const struct sighting *s;

	while (more) {
		more = false;
		for (s = view->seen; s < until; s++) {
			if (s->segment.out || s->segment.flags & RST)
				continue;
			if (!known && s->segment.flags & SYN) {
				next = end_of(&s->segment);
				known = true;
				more = true;
			} else if (known && !before(next, s->segment.seq) &&
				   before(next, end_of(&s->segment))) {
				next = end_of(&s->segment);
				more = true;
			}
		}
	}
	return next;
}

/* TCP had not kept it all: its next ACK does not reach this segment. */
static bool is_answered_behind(const struct view *view, const struct sighting *s)
{
	const struct sighting *answer = s + 1;

	while (answer < view->seen + view->nr_seen) {
		if (answer->segment.out && answer->segment.flags & ACK)
			return before(answer->segment.ack, s->segment.seq);
		answer++;
	}
	return false;
}

/* The last window that this end has announced. */
static unsigned int window_told(const struct view *view, const struct sighting *until)
{
	const struct sighting *s = until;

	while (s-- > view->seen)
		if (s->segment.out)
			return s->segment.window;
	return 1;
}

static bool has_old_timestamp(const struct view *view, const struct sighting *until)
{
	const struct sighting *s;

	for (s = view->seen; s < until; s++)
		if (!s->segment.out && before(until->segment.tsval, s->segment.tsval))
			return true;
	return false;
}

/* Did the socket accept this FIN, and enter CLOSE_WAIT before the next copy? */
static bool has_accepted(const struct view *view, const struct sighting *fin)
{
	const struct sighting *next = fin + 1, *end = view->seen + view->nr_seen;
	const struct fact *r;
	size_t i;

	while (next < end && (next->segment.out || !(next->segment.flags & FIN)))
		next++;
	for (i = 0; i < view->nr_logged; i++) {
		r = &view->logged[i].record;
		if (r->kind == FACT_STATE && r->new_state == TCP_CLOSE_WAIT &&
		    r->time > fin->time && (next == end || r->time < next->time))
			return true;
	}
	return false;
}

/* Did the socket accept another copy of this FIN? */
static bool is_told(const struct view *view, const struct sighting *fin)
{
	const struct fact *r;
	size_t i;

	for (i = 0; i < view->nr_logged; i++) {
		r = &view->logged[i].record;
		if (!view->logged[i].gone && tells_of_a_segment(r) && is_received(r) &&
		    r->tcp_flags & FIN &&
		    payload_end(r) == fin->segment.seq + fin->segment.len)
			return true;
	}
	return false;
}

/* Another equal segment may have been recorded in its place: the last. */
static const struct sighting *last_like(const struct view *view, const struct sighting *like)
{
	const struct segment *s, *l = &like->segment;
	const struct sighting *last = like;
	size_t i;

	for (i = 0; i < view->nr_seen; i++) {
		s = &view->seen[i].segment;
		if (!s->out && s->claimed && s->seq == l->seq && s->len == l->len &&
		    s->ack == l->ack && s->flags == l->flags && s->window == l->window &&
		    &view->seen[i] > last)
			last = &view->seen[i];
	}
	return last;
}

/*
 * The kernel unhashes a socket a little before its end is recorded, and another CPU may
 * do so between the capture of a segment and its processing. The judge accepts this if
 * the end is recorded soon, and so is its cause: another reset, or a segment in between.
 */
#define RACE_NS 1000000000ULL

static bool is_cause(const struct fact *r, uint64_t time, uint64_t end)
{
	if (!r->cookie || !tells_of_a_segment(r))
		return false;
	if (r->kind == FACT_RESET)
		return r->time + RACE_NS >= time && r->time <= time + RACE_NS;
	return r->time >= time && r->time <= end;
}

static bool was_overtaken(const struct view *view, const struct sighting *s)
{
	const struct fact *r;
	uint64_t end = 0;
	size_t i;

	for (i = 0; i < view->nr_logged && !end; i++) {
		r = &view->logged[i].record;
		if (r->kind == FACT_STATE && r->new_state == TCP_CLOSE &&
		    r->time <= s->time + RACE_NS)
			end = r->time;
	}
	for (i = 0; i < view->nr_logged && end; i++)
		if (!view->logged[i].gone && is_cause(&view->logged[i].record, s->time, end))
			return true;
	return false;
}

/* The segment that a RST without a socket answers: the last one before it. */
static void find_answered(struct view *view, const struct fact *r)
{
	struct sighting *s, *found = NULL;

	for (s = view->seen; s < view->seen + view->nr_seen; s++)
		if (!s->gone && !s->answered && !s->segment.out && !s->segment.claimed &&
		    !(s->segment.flags & RST) && s->segment.flags & ACK &&
		    s->segment.ack == r->seq && s->time <= r->time + view->slack)
			found = s;
	if (found)
		found->answered = true;
}

static void find_all_answered(struct view *view)
{
	const struct logged *logged;

	for (logged = view->logged; logged < view->logged + view->nr_logged; logged++)
		if (!logged->gone && logged->verdict == VERDICT_RST_REPLY && !logged->record.cookie)
			find_answered(view, &logged->record);
}

static enum verdict judge_fin(const struct view *view, const struct sighting *s)
{
	bool early = before(expected(view, s), s->segment.seq) || is_answered_behind(view, s);

	if (s->answered)
		return VERDICT_FIN_NO_SOCKET;
	if (early && !has_left(view, s->time, false) && is_told(view, s))
		return VERDICT_FIN_EARLY;
	if (has_left(view, s->time, false) || !had_socket(view) || has_accepted(view, s))
		return VERDICT_UNLOGGED;
	if (early)
		return VERDICT_FIN_EARLY;
	if (!window_told(view, s))
		return VERDICT_FIN_NO_WINDOW;
	return has_old_timestamp(view, s) ? VERDICT_FIN_OLD : VERDICT_UNLOGGED;
}

static enum verdict judge_rst(const struct view *view, const struct sighting *s)
{
	if (!had_socket(view) || has_left(view, s->time, true))
		return VERDICT_RST_NO_SOCKET;
	if (!has_left(view, s->time, false) && s->segment.seq != expected(view, s))
		return VERDICT_RST_REFUSED;
	s = last_like(view, s);
	return was_overtaken(view, s) ? VERDICT_RST_OVERTAKEN : VERDICT_UNLOGGED;
}

static enum verdict judge_untold(const struct view *view, const struct sighting *s)
{
	if (s->segment.out)
		return VERDICT_UNLOGGED;
	return s->segment.flags & RST ? judge_rst(view, s) : judge_fin(view, s);
}

/* --- the whole ---------------------------------------------------------------------- */

static void tell_all(const struct view *view, const char *why, const struct segment *s)
{
	const struct logged *logged = view->logged;
	const struct sighting *seen = view->seen;
	size_t i = 0, j = 0;

	ktap_note("%s: connection %u at %s", why,
		  view->nr_seen ? seen->conn : logged->conn,
		  wire_names[view->nr_seen ? seen->end : logged->end]);
	if (s)
		segment_note(s, "this one");
	while (i < view->nr_seen || j < view->nr_logged) {
		if (j == view->nr_logged ||
		    (i < view->nr_seen && seen[i].time <= logged[j].record.time)) {
			ktap_note("at %llu%s", (unsigned long long)seen[i].time,
				  seen[i].gone ? " (hidden)" : "");
			segment_note(&seen[i++].segment, "captured");
		} else {
			record_note(&logged[j].record, logged[j].gone ? "hidden" :
				    logged[j].verdict == VERDICT_UNSEEN ? "UNSEEN" : "recorded");
			j++;
		}
	}
}

static void judge_records(struct view *view, unsigned long *verdicts, unsigned int *tell)
{
	struct logged *logged;

	for (logged = view->logged; logged < view->logged + view->nr_logged; logged++) {
		logged->verdict = VERDICTS;
		if (logged->gone || !tells_of_a_segment(&logged->record))
			continue;
		logged->verdict = judge_record(view, &logged->record);
		verdicts[logged->verdict]++;
		if (logged->verdict == VERDICT_UNSEEN && *tell) {
			--*tell;
			tell_all(view, verdict_names[VERDICT_UNSEEN], NULL);
		}
	}
}

static void judge_sightings(struct view *view, unsigned long *verdicts, unsigned int *tell)
{
	enum verdict verdict;
	struct sighting *s;

	for (s = view->seen; s < view->seen + view->nr_seen; s++) {
		if (s->gone || s->segment.claimed || !(s->segment.flags & (FIN | RST)))
			continue;
		verdict = judge_untold(view, s);
		verdicts[verdict]++;
		if (verdict == VERDICT_UNLOGGED && *tell) {
			--*tell;
			tell_all(view, verdict_names[VERDICT_UNLOGGED], &s->segment);
		}
	}
}

static void judge_view(struct view *view, unsigned long *verdicts, unsigned int *tell)
{
	struct sighting *s;

	for (s = view->seen; s < view->seen + view->nr_seen; s++) {
		s->segment.claimed = 0;
		s->answered = false;
	}
	judge_records(view, verdicts, tell);
	find_all_answered(view);
	judge_sightings(view, verdicts, tell);
}

void judge(struct evidence *evidence, unsigned long *verdicts, unsigned int tell)
{
	struct sighting *s = evidence->sightings, *s_end = s + evidence->nr_sightings;
	struct logged *t = evidence->logged, *t_end = t + evidence->nr_logged;
	struct view view = { .slack = evidence->slack };
	unsigned int conn, end;

	memset(verdicts, 0, VERDICTS * sizeof(*verdicts));
	while (s < s_end || t < t_end) {
		if (t == t_end || (s < s_end && compare(s->conn, t->conn, s->end, t->end) <= 0)) {
			conn = s->conn;
			end = s->end;
		} else {
			conn = t->conn;
			end = t->end;
		}
		view.seen = s;
		view.logged = t;
		while (s < s_end && !compare(s->conn, conn, s->end, end))
			s++;
		while (t < t_end && !compare(t->conn, conn, t->end, end))
			t++;
		view.nr_seen = s - view.seen;
		view.nr_logged = t - view.logged;
		judge_view(&view, verdicts, &tell);
	}
}
