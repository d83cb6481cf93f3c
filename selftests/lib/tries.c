// SPDX-License-Identifier: GPL-2.0
#include "tries.h"

#include <string.h>

#define WANT_MAX 64

static unsigned int resent(const struct records *records, uint64_t cookie)
{
	const struct fact *r;
	unsigned int i, count = 0;

	for (i = 0; i < records->nr; i++) {
		r = &records->records[i];
		count += r->cookie == cookie && r->kind == FACT_SEGMENT &&
			 r->what == TCP_TEARDOWN_SEG_RESEND;
	}
	return count;
}

void tries_expect(struct fixture *self, const struct net_end *end,
		  const struct tries *tries, unsigned int min)
{
	struct want want[WANT_MAX];
	unsigned int i, nr, count;

	records_read(&self->records);
	count = resent(&self->records, end->cookie);
	CHECK(count >= min, "sent again %u times, not %u", count, min);
	nr = tries->nr_first + count + tries->nr_last;
	REQUIRE(nr <= WANT_MAX, "%u are too many", nr);
	memcpy(want, tries->first, tries->nr_first * sizeof(*want));
	for (i = 0; i < count; i++) {
		want[tries->nr_first + i] = tries->resend;
		want[tries->nr_first + i].tries = i + 1;
	}
	memcpy(want + tries->nr_first + count, tries->last,
	       tries->nr_last * sizeof(*want));
	fixture_expect(self, end, want, nr);
}
