// SPDX-License-Identifier: GPL-2.0
#include "spent.h"

u8 spent_state(const struct tcp_teardown_record *r, unsigned int i)
{
	static const u8 states[TCP_TEARDOWN_FIRSTS][TCP_TEARDOWN_SPENTS] = {
		[TCP_TEARDOWN_FIRST_LOCAL] = { TCP_FIN_WAIT1, TCP_FIN_WAIT2, TCP_TIME_WAIT },
		[TCP_TEARDOWN_FIRST_PEER] = { TCP_CLOSE_WAIT, TCP_LAST_ACK },
		[TCP_TEARDOWN_FIRST_BOTH] = { TCP_FIN_WAIT1, TCP_CLOSING, TCP_TIME_WAIT },
	};

	if (r->first >= TCP_TEARDOWN_FIRSTS || i >= TCP_TEARDOWN_SPENTS || !r->in_state[i])
		return 0;
	return states[r->first][i];
}

u8 slowest_state(const struct tcp_teardown_record *r, u64 *ns)
{
	u8 slowest = 0;

	*ns = 0;
	for (unsigned int i = 0; i < TCP_TEARDOWN_SPENTS; i++) {
		u8 state = spent_state(r, i);

		if (!state || state == TCP_TIME_WAIT || r->in_state[i] == TCP_TEARDOWN_UNKNOWN ||
		    r->in_state[i] <= *ns)
			continue;
		slowest = state;
		*ns = r->in_state[i];
	}
	return slowest;
}
