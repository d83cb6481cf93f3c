// SPDX-License-Identifier: GPL-2.0
#include "verdict.h"

#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "ktap.h"

static const struct fact *find(const struct records *records, const struct net_end *end)
{
	unsigned int i;

	for (i = 0; i < records->nr_ends; i++)
		if (records->ends[i].cookie == end->cookie)
			return &records->ends[i];
	return NULL;
}

static void note(const struct fact *r)
{
	record_note(r, "verdict");
	ktap_note("verdict: first %u set_off %u resent %u again %u pid %u bytes %llu",
		  r->end.first, r->end.set_off, r->end.fins_resent, r->end.fins_again,
		  r->end.pid, r->end.bytes);
}

static bool check_owner(const struct fact *r, const struct verdict *verdict)
{
	char comm[TCP_TEARDOWN_COMM_LEN] = "";
	uint32_t pid = 0;

	/* No process ends it, but the opener may be known. */
	if (!CHECK(verdict->no_owner || !(r->flags & TCP_TEARDOWN_F_OPENER), "an opener"))
		return false;
	if (!verdict->no_owner || r->flags & TCP_TEARDOWN_F_OPENER) {
		prctl(PR_GET_NAME, comm);
		pid = verdict->pid ?: (uint32_t)getpid();
	}
	return CHECK(r->end.pid == pid, "pid %u", r->end.pid) &
	       CHECK(!strncmp((const char *)r->end.comm, comm, sizeof(comm)), "comm %.16s",
		     r->end.comm);
}

void verdict_expect(struct records *records, const struct net_end *end,
		    const struct verdict *verdict)
{
	const struct fact *r;
	struct net_wait wait = { };
	bool good;

	records_read(records);
	while (!find(records, end)) {
		if (!CHECK(net_wait(&wait), "no verdict on %llx",
			   (unsigned long long)end->cookie))
			return;
		records_read(records);
	}
	r = find(records, end);
	good = CHECK(r->what == verdict->how, "how %u, not %u", r->what, verdict->how) &
	       CHECK(r->end.first == verdict->first, "first %u, not %u", r->end.first,
		     verdict->first) &
	       CHECK(r->end.set_off == verdict->set_off, "set off by %u, not %u",
		     r->end.set_off, verdict->set_off) &
	       CHECK(r->end.bytes == verdict->bytes, "%llu bytes, not %llu", r->end.bytes,
		     (unsigned long long)verdict->bytes) &
	       CHECK((r->flags & ~VERDICT_OTHER_FLAGS) == verdict->flags, "flags 0x%x",
		     r->flags) &
	       check_owner(r, verdict);
	if (!good)
		note(r);
}

/* What the records of a connection imply for its verdict. */
struct sum {
	unsigned int ends, resent, again;
	bool has_fin;
	uint32_t fin;		/* the peer's sequence number */
	uint64_t spent[TCP_TEARDOWN_SPENTS];
};

static int spent_slot(uint8_t state)
{
	switch (state) {
	case TCP_FIN_WAIT1:
		return TCP_TEARDOWN_SPENT_FIN_WAIT1;
	case TCP_FIN_WAIT2:
		return TCP_TEARDOWN_SPENT_FIN_WAIT2;
	case TCP_CLOSING:
		return TCP_TEARDOWN_SPENT_CLOSING;
	case TCP_TIME_WAIT:
		return TCP_TEARDOWN_SPENT_TIME_WAIT;
	case TCP_CLOSE_WAIT:
		return TCP_TEARDOWN_SPENT_CLOSE_WAIT;
	case TCP_LAST_ACK:
		return TCP_TEARDOWN_SPENT_LAST_ACK;
	}
	return -1;
}

/* A duplicate of the received FIN, of an older FIN, or no duplicate. */
static bool is_again(const struct sum *sum, const struct fact *r)
{
	return r->what == TCP_TEARDOWN_SEG_RCV_DUP && !(r->flags & TCP_TEARDOWN_F_REFUSED) &&
	       (!sum->has_fin || r->seq + r->segment.len == sum->fin);
}

static void add(struct sum *sum, const struct fact *r)
{
	int slot;

	if (r->kind == FACT_SEGMENT && r->tcp_flags & 0x01) {
		sum->resent += r->what == TCP_TEARDOWN_SEG_RESEND;
		sum->again += is_again(sum, r);
	}
	if (r->kind != FACT_STATE)
		return;
	sum->ends += r->new_state == TCP_CLOSE;
	slot = spent_slot(r->old_state);
	if (slot >= 0)
		sum->spent[slot] = r->state.spent;
}

/* The peer's FIN, if it came in order. */
static void find_fin(struct sum *sum, const struct records *records, uint64_t cookie)
{
	const struct fact *r;
	unsigned int i;

	for (i = 0; i < records->nr; i++) {
		r = &records->records[i];
		if (r->cookie != cookie || r->kind != FACT_SEGMENT || !(r->tcp_flags & 0x01) ||
		    r->what != TCP_TEARDOWN_SEG_RCV || r->flags & TCP_TEARDOWN_F_REFUSED)
			continue;
		sum->has_fin = true;
		sum->fin = r->seq + r->segment.len;
	}
}

static struct sum sum_of(const struct records *records, uint64_t cookie)
{
	struct sum sum = { };
	unsigned int i;

	find_fin(&sum, records, cookie);
	for (i = 0; i < records->nr; i++)
		if (records->records[i].cookie == cookie)
			add(&sum, &records->records[i]);
	return sum;
}

static void check_sum(const struct records *records, const struct fact *r)
{
	struct sum sum = sum_of(records, r->cookie);
	bool good;
	int i;

	good = CHECK(sum.ends == 1, "a verdict, but it ended %u times", sum.ends) &
	       CHECK(r->end.fins_resent == sum.resent, "FINs sent again: %u, not %u",
		     r->end.fins_resent, sum.resent) &
	       CHECK(r->end.fins_again == sum.again, "FINs received again: %u, not %u",
		     r->end.fins_again, sum.again);
	for (i = 0; i < TCP_TEARDOWN_SPENTS; i++)
		good &= CHECK(r->end.spent[i] == sum.spent[i], "spent[%d]: %llu ns, not %llu", i,
			      r->end.spent[i], (unsigned long long)sum.spent[i]);
	if (!good)
		note(r);
}

void verdict_all(const struct records *records)
{
	const struct fact *r;
	struct net_end end;
	unsigned int i;

	for (i = 0; i < records->nr_ends; i++)
		check_sum(records, &records->ends[i]);
	for (i = 0; i < records->nr; i++) {
		r = &records->records[i];
		end.cookie = r->cookie;
		if (r->kind == FACT_STATE && r->new_state == TCP_CLOSE &&
		    !CHECK(find(records, &end), "it ended, but there is no verdict"))
			record_note(r, "ended");
	}
}
