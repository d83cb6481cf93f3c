// SPDX-License-Identifier: GPL-2.0
#include "choose.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <tcp_teardown.h>

#include "complain.h"
#include "filter/filter.h"
#include "base/names.h"

/* Of who runs this. The cgroup is not known without a mount of cgroup v2. */
static struct filter_self self(void)
{
	struct filter_self self = { };
	char path[4096] = "/sys/fs/cgroup", line[4000];
	FILE *file = fopen("/proc/self/cgroup", "r");
	struct stat st;

	if (!stat("/proc/self/ns/net", &st))
		self.netns = st.st_ino;
	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, "0::", 3))
			continue;
		line[strcspn(line, "\n")] = '\0';
		strcat(path, line + 3);
		if (!stat(path, &st))
			self.cgroup = st.st_ino;
	}
	if (file)
		fclose(file);
	return self;
}

struct filter *choose_parse(const char *text)
{
	struct filter *filter = allocate(sizeof(*filter));
	struct filter_error error;
	struct filter_self is = self();

	if (strlen(text) > FILTER_TEXT)
		die("a filter of %zu bytes is too long: %u at most", strlen(text), FILTER_TEXT);
	memcpy(filter->text, text, strlen(text));
	if (!filter_parse(filter, &is, &error))
		die("filter: %s\n%*s^\ncolumn %u: %s %.*s", text,
		    (int)(error.at + sizeof("tcp-teardown: filter:")), "", error.at + 1,
		    error.what, (int)error.len, text + error.at);
	return filter;
}

static u64 known(u64 value)
{
	return value ?: FILTER_UNKNOWN;
}

static void tell_flow(struct filter_event *event, const struct tcp_teardown_record *r)
{
	event->value[FILTER_LOCAL_PORT] = r->local_port;
	event->value[FILTER_PEER_PORT] = r->peer_port;
	event->value[FILTER_LOCAL] = filter_half(r->local);
	event->value[FILTER_LOCAL_LOWER] = filter_half(r->local + 8);
	event->value[FILTER_PEER] = filter_half(r->peer);
	event->value[FILTER_PEER_LOWER] = filter_half(r->peer + 8);
	event->value[FILTER_NETNS] = r->netns;
}

/* Whose it is; the name is as the record has it. */
static void tell_owner(struct filter_event *event, const struct tcp_teardown_record *r)
{
	event->value[FILTER_UID] = r->how && r->uid != ~0U ? r->uid : FILTER_UNKNOWN;
	event->value[FILTER_CGROUP] = known(r->cgroup);
	event->value[FILTER_ID] = known(r->cookie);
	event->value[FILTER_PID] = known(r->pid);
	event->value[FILTER_COMM] = r->pid || r->comm[0] ? filter_half(r->comm) :
							   FILTER_UNKNOWN;
	event->value[FILTER_COMM_LOWER] = filter_half(r->comm + 8);
}

bool choose(const struct filter *filter, const struct tcp_teardown_record *r)
{
	struct filter_event event;

	if (!filter)
		return true;
	tell_flow(&event, r);
	tell_owner(&event, r);
	event.value[FILTER_KIND] = r->kind;
	event.value[FILTER_EVENT] = record_event(r->kind, r->what);
	event.value[FILTER_FROM] = known(r->old_state);
	event.value[FILTER_STATE] = known(r->new_state);
	event.value[FILTER_TIMEWAIT] = known(r->timewait);
	event.value[FILTER_REASON] = known(r->reason);
	event.value[FILTER_END] = known(r->how);
	event.value[FILTER_BY] = r->how ? r->set_off : FILTER_UNKNOWN;
	return filter_keeps(filter, &event);
}
