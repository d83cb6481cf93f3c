// SPDX-License-Identifier: GPL-2.0
/*
 * A reader of the raw stream relies on the sizes and kinds in the stream.
 *
 * Shows, with made-up streams: records that are longer or shorter than ours, or of
 * unknown kinds, and a longer header are read; other data, or a stream of another
 * version, is refused. Also that a record is split into the right facts.
 *
 * Needs: nothing.
 */
#include <netinet/tcp.h>
#include <string.h>

#include "lib/capture.h"
#include "lib/fact.h"
#include "lib/ktap.h"
#include "lib/net.h"
#include "lib/stream.h"

#define LONGER 320
#define SHORTER 120
#define UNKNOWN_KIND 99

static char made[1 << 13];
static size_t made_len;

static void put(const void *what, size_t len, uint16_t size)
{
	memset(made + made_len, 0xaa, size);
	memcpy(made + made_len, what, len < size ? len : size);
	made_len += size;
}

static void put_header(uint32_t magic, uint8_t version, uint16_t size)
{
	const struct tcp_teardown_header header = {
		.size = size, .kind = TCP_TEARDOWN_HEADER, .version = version,
		.record_size = LONGER, .magic = magic,
	};

	made_len = 0;
	put(&header, sizeof(header), size);
}

static void put_record(uint64_t number, uint8_t kind, uint16_t size)
{
	struct tcp_teardown_record r;

	memset(&r, 0x55, sizeof(r));
	r.number = number;
	r.kind = kind;
	r.size = size;
	put(&r, sizeof(r), size);
}

static void expect(struct stream *stream, uint64_t number, bool is_short)
{
	const uint64_t age = is_short ? 0 : 0x5555555555555555;
	struct tcp_teardown_record r;

	memset(&r, 0xff, sizeof(r));	/* as if another record had been there */
	CHECK(stream_next(stream, &r) && r.number == number, "number %llu, not %llu: %s",
	      r.number, (unsigned long long)number, stream->bad);
	CHECK(r.seq == 0x55555555 && r.age == age, "seq %x age %llx", r.seq, r.age);
}

static void expect_end(struct stream *stream, unsigned int skipped)
{
	struct tcp_teardown_record r;

	CHECK(!stream_next(stream, &r) && !stream->bad && stream->at == stream->end,
	      "it goes on, or is bad: %s", stream->bad);
	CHECK(stream->skipped == skipped, "%u skipped", stream->skipped);
}

static void test_later(void)
{
	struct stream stream = { };

	put_header(TCP_TEARDOWN_MAGIC, TCP_TEARDOWN_VERSION, LONGER);
	put_record(1, TCP_TEARDOWN_CALL, LONGER);
	put_record(2, UNKNOWN_KIND, LONGER);
	put_record(3, UNKNOWN_KIND, SHORTER);
	put_record(4, TCP_TEARDOWN_STATE, LONGER);
	stream_give(&stream, made, made_len);
	expect(&stream, 1, false);
	expect(&stream, 4, false);
	expect_end(&stream, 2);
	/* The header has been read, so what follows are records. */
	made_len = 0;
	put_record(5, TCP_TEARDOWN_CALL, LONGER);
	stream_give(&stream, made, made_len);
	expect(&stream, 5, false);
	expect_end(&stream, 2);
	ktap_result("longer records, a longer header and unknown kinds");
}

static void test_shorter(void)
{
	struct stream stream = { };

	put_header(TCP_TEARDOWN_MAGIC, TCP_TEARDOWN_VERSION, sizeof(struct tcp_teardown_header));
	put_record(1, TCP_TEARDOWN_CALL, SHORTER);
	put_record(2, TCP_TEARDOWN_CALL, sizeof(struct tcp_teardown_record));
	put_record(3, TCP_TEARDOWN_CALL, SHORTER);
	stream_give(&stream, made, made_len);
	expect(&stream, 1, true);
	expect(&stream, 2, false);
	expect(&stream, 3, true);
	expect_end(&stream, 0);
	ktap_result("shorter records: the rest is 0");
}

static void expect_bad(const char *what)
{
	struct tcp_teardown_record r;
	struct stream stream = { };

	stream_give(&stream, made, made_len);
	CHECK(!stream_next(&stream, &r) && stream.bad, "%s is taken", what);
	CHECK(!stream_next(&stream, &r), "%s goes on", what);
}

static void test_bad(void)
{
	const size_t size = sizeof(struct tcp_teardown_header);

	put_header(TCP_TEARDOWN_MAGIC + 1, TCP_TEARDOWN_VERSION, size);
	put_record(1, TCP_TEARDOWN_CALL, LONGER);
	expect_bad("another magic");
	put_header(TCP_TEARDOWN_MAGIC, TCP_TEARDOWN_VERSION + 1, size);
	put_record(1, TCP_TEARDOWN_CALL, LONGER);
	expect_bad("another version");
	made_len = 0;
	put_record(1, TCP_TEARDOWN_CALL, LONGER);
	expect_bad("no header");
	put_header(TCP_TEARDOWN_MAGIC, TCP_TEARDOWN_VERSION, size);
	put_record(1, TCP_TEARDOWN_CALL, LONGER);
	made_len--;
	((struct tcp_teardown_header *)made)->size = 0;
	expect_bad("a size of 0");
	((struct tcp_teardown_header *)made)->size = made_len + 1;
	expect_bad("a header that is cut short");
	put_header(TCP_TEARDOWN_MAGIC, TCP_TEARDOWN_VERSION, size);
	((struct tcp_teardown_header *)made)->kind = TCP_TEARDOWN_CALL;
	expect_bad("a header of another kind");
	ktap_result("a stream of another version is refused");
}

static void test_cut(void)
{
	struct tcp_teardown_record r;
	struct stream stream = { };

	put_header(TCP_TEARDOWN_MAGIC, TCP_TEARDOWN_VERSION, sizeof(struct tcp_teardown_header));
	put_record(1, TCP_TEARDOWN_CALL, LONGER);
	put_record(2, TCP_TEARDOWN_CALL, LONGER);
	stream_give(&stream, made, made_len - 1);
	expect(&stream, 1, false);
	CHECK(!stream_next(&stream, &r) && stream.bad, "half a record is taken");
	ktap_result("a truncated record is refused");
}

/* No reader could get past it. */
static void test_no_size(void)
{
	struct tcp_teardown_record r;
	struct stream stream = { };

	put_header(TCP_TEARDOWN_MAGIC, TCP_TEARDOWN_VERSION, sizeof(struct tcp_teardown_header));
	memset(&r, 0x55, sizeof(r));
	r.kind = TCP_TEARDOWN_CALL;
	r.size = 0;
	put(&r, sizeof(r), sizeof(r));
	stream_give(&stream, made, made_len);
	CHECK(!stream_next(&stream, &r) && stream.bad, "a record of no size is taken");
	ktap_result("a record of size 0 is refused");
}

static void check_fact(const struct fact *f, uint8_t kind, uint8_t what, uint8_t old,
		       uint8_t new)
{
	CHECK(f->kind == kind && f->what == what && f->old_state == old && f->new_state == new,
	      "kind %u what %u %u>%u, not %u %u %u>%u", f->kind, f->what, f->old_state,
	      f->new_state, kind, what, old, new);
}

static void test_close(void)
{
	const struct tcp_teardown_record r = {
		.kind = TCP_TEARDOWN_CALL, .what = TCP_TEARDOWN_EXIT, .old_state = TCP_ESTABLISHED,
		.new_state = TCP_FIN_WAIT1, .flags = TCP_TEARDOWN_F_FIN_QUEUED, .seq = 100,
		.ack = 200, .unsent = 7, .spent = 3,
	};
	struct fact f[FACTS_MAX] = { };

	CHECK(facts_of(&r, f) == 3, "not three facts");
	check_fact(&f[0], FACT_CALL, TCP_TEARDOWN_CLOSE, TCP_ESTABLISHED, TCP_ESTABLISHED);
	CHECK(f[0].call.exit && f[0].call.unsent == 7 && f[0].seq == 100, "another call");
	check_fact(&f[1], FACT_STATE, 0, TCP_ESTABLISHED, TCP_FIN_WAIT1);
	CHECK(f[1].state.spent == 3 && f[1].seq == 100 && !f[1].merged, "another transition");
	check_fact(&f[2], FACT_SEGMENT, FACT_SEG_QUEUE, TCP_FIN_WAIT1, TCP_FIN_WAIT1);
	CHECK(f[2].seq == 107 && f[2].ack == 200 && f[2].tcp_flags == (FIN | ACK) &&
	      f[2].segment.unsent == 7, "another FIN");
	ktap_result("a close() that queues a FIN");
}

static void test_segment(void)
{
	const struct tcp_teardown_record r = {
		.kind = TCP_TEARDOWN_SEGMENT, .what = TCP_TEARDOWN_SEG_RCV,
		.old_state = TCP_FIN_WAIT2, .new_state = TCP_CLOSE,
		.flags = TCP_TEARDOWN_F_MINISOCK, .tcp_flags = RST, .seq = 1,
		.timewait = TCP_TEARDOWN_TW_RESET, .age = 5, .how = TCP_TEARDOWN_RESET_RECEIVED,
		.first = TCP_TEARDOWN_FIRST_LOCAL, .set_off = TCP_TEARDOWN_BY_PEER,
	};
	struct fact f[FACTS_MAX] = { };

	CHECK(facts_of(&r, f) == 4, "not four facts");
	check_fact(&f[0], FACT_SEGMENT, FACT_SEG_RCV, TCP_FIN_WAIT2, TCP_FIN_WAIT2);
	CHECK(f[0].seq == 1 && !f[0].merged, "another segment");
	check_fact(&f[1], FACT_STATE, 0, TCP_FIN_WAIT2, TCP_CLOSE);
	CHECK(f[1].merged && f[1].flags & TCP_TEARDOWN_F_MINISOCK, "another transition");
	check_fact(&f[2], FACT_TIMEWAIT, TCP_TEARDOWN_TW_RESET, TCP_FIN_WAIT2, TCP_FIN_WAIT2);
	CHECK(f[2].merged && f[2].timewait.age == 5, "another death");
	check_fact(&f[3], FACT_END, TCP_TEARDOWN_RESET_RECEIVED, TCP_FIN_WAIT2, TCP_FIN_WAIT2);
	CHECK(f[3].end.first == TCP_TEARDOWN_FIRST_LOCAL &&
	      f[3].end.set_off == TCP_TEARDOWN_BY_PEER, "another verdict");
	ktap_result("a segment that ends a minisock");
}

int main(void)
{
	ktap_plan(7);
	test_later();
	test_shorter();
	test_bad();
	test_cut();
	test_no_size();
	test_close();
	test_segment();
	return ktap_exit();
}
