// SPDX-License-Identifier: GPL-2.0
/* export dot: the diagram of states, with how often each arrow was taken. */
#include "each.h"
#include "facts.h"
#include "base/names.h"
#include "print.h"

/* States of a record beyond these have no name. */
#define STATES	TCP_MAX_STATES

/**
 * struct counts - what is drawn
 * @options: what was asked for
 * @arrow: how often, from one state to another
 * @spent: ns in the first of the two before, where that is known
 * @timed: how often it is
 * @records: all
 */
struct counts {
	struct options *options;
	u64 arrow[STATES][STATES];
	u64 spent[STATES][STATES];
	u64 timed[STATES][STATES];
	u64 records;
};

/* RFC 9293, figure 5: the teardown's half, drawn where it was not taken, too. */
static const struct {
	u8 from, to;
	const char *by;
} arrows[] = {
	{ TCP_ESTABLISHED, TCP_FIN_WAIT1, "close / FIN" },
	{ TCP_ESTABLISHED, TCP_CLOSE_WAIT, "FIN / ACK" },
	{ TCP_FIN_WAIT1, TCP_FIN_WAIT2, "ACK of FIN" },
	{ TCP_FIN_WAIT1, TCP_CLOSING, "FIN / ACK" },
	{ TCP_FIN_WAIT1, TCP_TIME_WAIT, "FIN, ACK of FIN / ACK" },
	{ TCP_FIN_WAIT2, TCP_TIME_WAIT, "FIN / ACK" },
	{ TCP_CLOSING, TCP_TIME_WAIT, "ACK of FIN" },
	{ TCP_CLOSE_WAIT, TCP_LAST_ACK, "close / FIN" },
	{ TCP_LAST_ACK, TCP_CLOSE, "ACK of FIN" },
	{ TCP_TIME_WAIT, TCP_CLOSE, "2MSL" },
};

/* States that stand in one row. */
static const char * const ranks[] = {
	"ESTABLISHED", "FIN_WAIT1; CLOSE_WAIT", "FIN_WAIT2; CLOSING; LAST_ACK", "TIME_WAIT",
	"CLOSE",
};

static bool take(void *data, const struct tcp_teardown_record *r)
{
	struct counts *counts = data;
	u8 from = r->old_state, to = r->new_state;

	counts->records++;
	if (!is_transition(r) || from >= STATES || to >= STATES)
		return true;
	counts->arrow[from][to]++;
	if (r->spent == TCP_TEARDOWN_UNKNOWN)
		return true;
	counts->spent[from][to] += r->spent;
	counts->timed[from][to]++;
	return true;
}

static const char *usual_cause(u8 from, u8 to)
{
	for (size_t i = 0; i < ARRAY_SIZE(arrows); i++)
		if (arrows[i].from == from && arrows[i].to == to)
			return arrows[i].by;
	return NULL;
}

/* How often it was entered, less how often it was left. */
static void print_state(const struct counts *counts, u8 state)
{
	u64 entered = 0, left = 0;

	for (u8 other = 0; other < STATES; other++) {
		entered += counts->arrow[other][state];
		left += counts->arrow[state][other];
	}
	if (!entered && !left)
		return;
	print_format(&out, "\t%s [label=\"%s\\n%llu entered, %llu left\"]\n", state_name(state),
		     state_name(state), entered, left);
}

static void print_arrow(const struct counts *counts, u8 from, u8 to)
{
	u64 nr = counts->arrow[from][to];
	const char *by = usual_cause(from, to);

	if (!nr && !by)
		return;
	print_format(&out, "\t%s -> %s [label=\"%s%s%llu", state_name(from), state_name(to),
		     by ?: "", by ? "\\n" : "", nr);
	if (counts->timed[from][to]) {
		print_word(&out, "\\nafter ");
		print_duration(&out, counts->spent[from][to] / counts->timed[from][to]);
	}
	print_format(&out, "\"%s%s]\n", nr ? "" : " style=dotted color=gray fontcolor=gray",
		     by ? "" : " style=dashed");
}

bool export_dot(struct options *options)
{
	static struct counts counts;

	counts = (struct counts) { .options = options };
	each_record(options, take, &counts);
	print_format(&out, "// tcp-teardown export dot: %llu records%s%s\n", counts.records,
		     options->filter ? " of " : "", options->filter_text ?: "");
	print_word(&out, "digraph teardown {\n\tnode [shape=box]\n");
	for (size_t i = 0; i < ARRAY_SIZE(ranks); i++)
		print_format(&out, "\t{ rank=same; %s }\n", ranks[i]);
	for (u8 state = 1; state < STATES; state++)
		print_state(&counts, state);
	for (u8 from = 1; from < STATES; from++)
		for (u8 to = 1; to < STATES; to++)
			print_arrow(&counts, from, to);
	print_word(&out, "}\n");
	return true;
}
