// SPDX-License-Identifier: GPL-2.0
#include "each.h"

#include "choose.h"
#include "print.h"

/* As long as more is there, what is printed may wait for more. */
static bool is_pause(const struct input *input)
{
	return input->live && !input->of->head && input->of->at == input->of->len;
}

void each_record_or_pause(struct options *options,
			  bool (*take)(void *data, const struct tcp_teardown_record *r),
			  void (*rest)(void *data), void *data)
{
	struct input *input = &options->input;
	const struct tcp_teardown_record *r;
	enum input_state state;

	input->by_real_time = input_hosts(input) > 1;
	while ((state = input_next(input, &r)) != INPUT_END) {
		if (state == INPUT_RECORD && choose(options->filter, r) && !take(data, r))
			return;
		if (state == INPUT_IDLE)
			rest(data);
		if (!print_out(state == INPUT_IDLE || is_pause(input)))
			return;
	}
}

static void no_rest(void *data)
{
	(void)data;
}

void each_record(struct options *options,
		 bool (*take)(void *data, const struct tcp_teardown_record *r), void *data)
{
	each_record_or_pause(options, take, no_rest, data);
}
