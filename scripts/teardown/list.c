// SPDX-License-Identifier: GPL-2.0
/* list: one line for each end of a connection that ended; sorted, if asked for. */
#include <stdlib.h>

#include "complain.h"
#include "each.h"
#include "json.h"
#include "base/names.h"
#include "print.h"
#include "spent.h"

enum { WHEN, LOCAL, PEER, WHO, END, FIRST, BY, LIFETIME, RX, TX, SLOWEST, COLUMNS };

static const struct {
	const char *head;
	u8 width;
	bool right;
} columns[COLUMNS] = {
	[WHEN] = { "ended", 27, false },
	[LOCAL] = { "local", 21, false },
	[PEER] = { "peer", 21, false },
	[WHO] = { "who", 20, false },
	[END] = { "end", 17, false },
	[FIRST] = { "first", 5, false },
	[BY] = { "by", 13, false },
	[LIFETIME] = { "lifetime", 10, true },
	[RX] = { "rx", 10, true },
	[TX] = { "tx", 10, true },
	[SLOWEST] = { "slowest", 0, false },
};

/**
 * struct line - an end that waits for others to be sorted
 * @r: its last record
 * @source: of it
 * @key: what it is sorted by; the largest comes first
 * @order: of those alike
 */
struct line {
	struct tcp_teardown_record r;
	const struct source *source;
	u64 key;
	u64 order;
};

/**
 * struct lister - where it is
 * @options: what was asked for
 * @key: of a record, to sort by; NULL: as they come
 * @shown: lines that were printed
 * @ends: ends that there were
 * @heap: the largest so far, the smallest of these first
 * @nr: of @heap
 * @room: for them
 */
struct lister {
	struct options *options;
	u64 (*key)(const struct tcp_teardown_record *r);
	u64 shown;
	u64 ends;
	struct line *heap;
	size_t nr;
	size_t room;
};

static u64 known(u64 ns)
{
	return ns == TCP_TEARDOWN_UNKNOWN ? 0 : ns;
}

static u64 by_lifetime(const struct tcp_teardown_record *r)
{
	return known(r->lifetime);
}

static u64 by_rx(const struct tcp_teardown_record *r)
{
	return r->rx;
}

static u64 by_tx(const struct tcp_teardown_record *r)
{
	return r->tx;
}

static u64 by_bytes(const struct tcp_teardown_record *r)
{
	return r->rx + r->tx;
}

static u64 by_slowest(const struct tcp_teardown_record *r)
{
	u64 ns;

	slowest_state(r, &ns);
	return ns;
}

static const struct {
	const char *name;
	u64 (*key)(const struct tcp_teardown_record *r);
} sorts[] = {
	{ "time", NULL },
	{ "lifetime", by_lifetime },
	{ "rx", by_rx },
	{ "tx", by_tx },
	{ "bytes", by_bytes },
	{ "slowest", by_slowest },
};

static void set_sort(struct lister *l)
{
	const char *sort = l->options->sort ?: "time";

	for (size_t i = 0; i < ARRAY_SIZE(sorts); i++)
		if (!strcmp(sort, sorts[i].name)) {
			l->key = sorts[i].key;
			return;
		}
	die("can't sort by '%s'; -h tells by what", sort);
}

static void print_head(void)
{
	print_word(&out, "# ");
	for (int i = 0; i < COLUMNS; i++) {
		size_t begin = out.len, width = columns[i].width - (i ? 0 : 2);

		print_word(&out, columns[i].head);
		if (columns[i].right)
			print_right(&out, begin, width);
		else if (columns[i].width)
			print_pad(&out, begin, width);
		print_char(&out, i < COLUMNS - 1 ? ' ' : '\n');
	}
}

static void print_when(const struct source *source, const struct tcp_teardown_record *r)
{
	u64 real;

	if (source_real_time(source, r->time, &real))
		print_moment(&out, real);
	else
		print_seconds(&out, r->time, 6);
}

static void print_who(const struct tcp_teardown_record *r)
{
	print_name(&out, r->comm, sizeof(r->comm));
	if (!r->pid)
		return;
	print_char(&out, '[');
	print_number(&out, r->pid);
	print_char(&out, ']');
}

/* FIN_WAIT2=0.954580 */
static void print_slowest(const struct tcp_teardown_record *r)
{
	u64 ns;
	u8 state = slowest_state(r, &ns);

	if (!state) {
		print_char(&out, '-');
		return;
	}
	print_word(&out, state_name(state));
	print_char(&out, '=');
	print_seconds(&out, ns, 6);
}

static void print_column(const struct source *source, const struct tcp_teardown_record *r,
			 int column)
{
	switch (column) {
	case WHEN:
		print_when(source, r);
		break;
	case LOCAL:
		print_endpoint(&out, r->family, r->local, r->local_port);
		break;
	case PEER:
		print_endpoint(&out, r->family, r->peer, r->peer_port);
		break;
	case WHO:
		print_who(r);
		break;
	case END:
		print_word(&out, how_name(r->how));
		break;
	case FIRST:
		print_word(&out, first_name(r->first));
		break;
	case BY:
		print_word(&out, set_off_name(r->set_off));
		break;
	case LIFETIME:
		print_seconds(&out, r->lifetime ?: TCP_TEARDOWN_UNKNOWN, 6);
		break;
	case RX:
	case TX:
		print_number(&out, column == RX ? r->rx : r->tx);
		break;
	default:
		print_slowest(r);
	}
}

static void print_row(const struct source *source, const struct tcp_teardown_record *r)
{
	for (int i = 0; i < COLUMNS; i++) {
		size_t begin = out.len;

		print_column(source, r, i);
		if (columns[i].right)
			print_right(&out, begin, columns[i].width);
		else
			print_pad(&out, begin, columns[i].width);
		print_char(&out, i < COLUMNS - 1 ? ' ' : '\n');
	}
}

static void print_json(const struct source *source, const struct tcp_teardown_record *r)
{
	u64 ns;
	u8 state = slowest_state(r, &ns);

	json_begin();
	json_place(source, r);
	if (r->pid)
		json_number("pid", r->pid);
	if (r->comm[0])
		json_name("comm", r->comm, sizeof(r->comm));
	json_ending(r);
	if (state) {
		json_word("slowest", state_name(state));
		json_seconds("slowest_time", ns);
	}
	json_end();
}

static void print_one(struct lister *l, const struct source *source,
		      const struct tcp_teardown_record *r)
{
	if (l->shown >= l->options->count)
		return;
	l->shown++;
	if (l->options->json)
		print_json(source, r);
	else
		print_row(source, r);
}

static bool is_less(const struct line *a, const struct line *b)
{
	return a->key != b->key ? a->key < b->key : a->order > b->order;
}

static void swap(struct line *a, struct line *b)
{
	struct line c = *a;

	*a = *b;
	*b = c;
}

static void sink(struct lister *l, size_t at)
{
	for (;;) {
		size_t least = at, child = 2 * at + 1;

		for (size_t i = child; i < child + 2 && i < l->nr; i++)
			if (is_less(&l->heap[i], &l->heap[least]))
				least = i;
		if (least == at)
			return;
		swap(&l->heap[at], &l->heap[least]);
		at = least;
	}
}

static void rise(struct lister *l, size_t at)
{
	while (at && is_less(&l->heap[at], &l->heap[(at - 1) / 2])) {
		swap(&l->heap[at], &l->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
}

static u64 most(const struct lister *l)
{
	const struct options *options = l->options;

	return options->count < options->max_connections ? options->count :
							   options->max_connections;
}

/* Of more than there is room for, the largest are kept. */
static void keep(struct lister *l, const struct tcp_teardown_record *r)
{
	struct line line = {
		.r = *r,
		.source = l->options->input.of,
		.key = l->key(r),
		.order = l->ends,
	};

	if (l->nr < most(l)) {
		if (l->nr == l->room) {
			l->room = l->room ? 2 * l->room : 64;
			l->heap = grow(l->heap, l->nr, l->room, sizeof(*l->heap));
		}
		l->heap[l->nr] = line;
		rise(l, l->nr++);
	} else if (l->nr && is_less(&l->heap[0], &line)) {
		l->heap[0] = line;
		sink(l, 0);
	}
}

static bool take(void *data, const struct tcp_teardown_record *r)
{
	struct lister *l = data;

	if (!r->how)
		return true;
	l->ends++;
	if (l->key)
		keep(l, r);
	else
		print_one(l, l->options->input.of, r);
	return l->key || l->shown < l->options->count;
}

static int largest_first(const void *a, const void *b)
{
	return is_less(a, b) ? 1 : -1;
}

bool list(struct options *options)
{
	struct lister l = { .options = options };

	set_sort(&l);
	if (!options->json)
		print_head();
	each_record(options, take, &l);
	if (l.nr)
		qsort(l.heap, l.nr, sizeof(*l.heap), largest_first);
	for (size_t i = 0; i < l.nr && print_out(false); i++)
		print_one(&l, l.heap[i].source, &l.heap[i].r);
	if (l.key && l.ends > options->max_connections && options->count > options->max_connections)
		say("--max-connections %llu was reached: the largest of %llu are shown",
		    options->max_connections, l.ends);
	free(l.heap);
	return true;
}
