// SPDX-License-Identifier: GPL-2.0
/* export json: each record as an object. */
#include "each.h"
#include "facts.h"
#include "json.h"
#include "base/names.h"
#include "print.h"

/* Named so in the text, too; linger and fin=queued have keys of their own. */
static void json_marks(const struct tcp_teardown_record *r)
{
	static const u32 marks[] = {
		TCP_TEARDOWN_F_UNTRACKED, TCP_TEARDOWN_F_MINISOCK, TCP_TEARDOWN_F_INFERRED,
		TCP_TEARDOWN_F_ADOPTED, TCP_TEARDOWN_F_FIN_UNSENT, TCP_TEARDOWN_F_REFUSED,
		TCP_TEARDOWN_F_EXIT, TCP_TEARDOWN_F_QUEUE_FULL, TCP_TEARDOWN_F_OPENER,
	};

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (r->flags & marks[i])
			json_true(names_word(WORDS_FLAG, ilog2(marks[i]))->text);
	if (r->flags & TCP_TEARDOWN_F_FIN_QUEUED)
		json_word("fin", "queued");
	if (r->flags & TCP_TEARDOWN_F_LINGER)
		json_number("linger", r->linger);
}

static void json_event(const struct tcp_teardown_record *r)
{
	json_word("kind", kind_name(r->kind));
	json_word("event", event_of(r));
	if (r->kind == TCP_TEARDOWN_SEGMENT || r->kind == TCP_TEARDOWN_RESET) {
		print_word(&out, ",\"flags\":\"");
		print_flags(&out, r->tcp_flags);
		print_char(&out, '"');
		json_number("len", r->len);
		json_number("wscale", r->wscale);
	}
	json_number("seq", r->seq);
	json_number("ack", r->ack);
	json_number("win", r->window);
}

static void json_states(const struct tcp_teardown_record *r)
{
	if (r->old_state)
		json_word("old_state", state_name(r->old_state));
	if (r->new_state)
		json_word("new_state", state_name(r->new_state));
	if (is_transition(r))
		json_seconds("spent", r->spent);
}

static void json_owner(const struct tcp_teardown_record *r)
{
	if (r->pid)
		json_number("pid", r->pid);
	if (r->comm[0])
		json_name("comm", r->comm, sizeof(r->comm));
	if (r->thread[0] && memcmp(r->thread, r->comm, sizeof(r->thread)))
		json_name("thread", r->thread, sizeof(r->thread));
}

/* If it is not 0, which would say nothing. */
static void json_some(const char *key, u64 number)
{
	if (number)
		json_number(key, number);
}

static void json_moment(const struct tcp_teardown_record *r)
{
	if (r->timewait)
		json_word("timewait", timewait_name(r->timewait));
	if (r->reason)
		json_word("reason", reason_name(r->reason));
	json_some("kernel_reason", r->kernel_reason);
	json_some("unread", r->unread);
	json_some("unsent", r->unsent);
	json_some("try", r->tries);
	json_some("timeout_ms", r->timeout_ms);
	if (r->age && r->age != TCP_TEARDOWN_UNKNOWN)
		json_seconds("age", r->age);
	json_some("ifindex", r->ifindex);
}

static bool take(void *data, const struct tcp_teardown_record *r)
{
	struct options *options = data;
	static u64 lost;

	if (options->input.lost != lost) {
		json_begin();
		json_number("lost", options->input.lost - lost);
		json_end();
		lost = options->input.lost;
	}
	json_begin();
	json_place(options->input.of, r);
	json_number("cpu", r->cpu);
	json_event(r);
	json_states(r);
	json_owner(r);
	json_moment(r);
	json_marks(r);
	if (r->how)
		json_ending(r);
	json_end();
	return true;
}

bool export_json(struct options *options)
{
	each_record(options, take, options);
	return true;
}
