// SPDX-License-Identifier: GPL-2.0
/* The files of the module and of /proc that doctor reads, and the notes of recordings. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "complain.h"
#include "doctor.h"

#define BLANKS		" \t\n"
#define MODULE_PROC	"/proc/net/tcp_teardown/"

static const char * const kernel_names[KERNEL_COUNTS] = {
	[KERNEL_TW_OVERFLOW] = "TCPTimeWaitOverflow",
	[KERNEL_LISTEN_OVERFLOWS] = "ListenOverflows",
	[KERNEL_ABORT_ON_MEMORY] = "TCPAbortOnMemory",
	[KERNEL_ORPHANS] = "orphan",
	[KERNEL_TIME_WAITS] = "tw",
};

static const struct {
	const char *name;
	const char *directory;
	u8 word;	/* which of its numbers */
} sysctl_names[SYSCTLS] = {
	[SYSCTL_MAX_TW_BUCKETS] = { "tcp_max_tw_buckets", "ipv4", 0 },
	[SYSCTL_TW_REUSE] = { "tcp_tw_reuse", "ipv4", 0 },
	[SYSCTL_FIN_TIMEOUT] = { "tcp_fin_timeout", "ipv4", 0 },
	[SYSCTL_MAX_ORPHANS] = { "tcp_max_orphans", "ipv4", 0 },
	[SYSCTL_ORPHAN_RETRIES] = { "tcp_orphan_retries", "ipv4", 0 },
	[SYSCTL_RETRIES2] = { "tcp_retries2", "ipv4", 0 },
	[SYSCTL_ABORT_ON_OVERFLOW] = { "tcp_abort_on_overflow", "ipv4", 0 },
	[SYSCTL_PORT_FIRST] = { "ip_local_port_range", "ipv4", 0 },
	[SYSCTL_PORT_LAST] = { "ip_local_port_range", "ipv4", 1 },
	[SYSCTL_SOMAXCONN] = { "somaxconn", "core", 0 },
};

void unseen(struct doctor *doctor, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	print_format(&doctor->unseen, "%s\n", text);
}

FILE *doctor_open(const struct doctor *doctor, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s%s", doctor->root, name);
	return fopen(path, "r");
}

static FILE *open_module(const struct doctor *doctor, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", doctor->options->directory, name);
	return doctor_open(doctor, path);
}

static void take_sysctl(struct place *place, const char *name, const char *values)
{
	u64 value[2];
	int got = sscanf(values, "%llu %llu", &value[0], &value[1]);

	for (int i = 0; i < SYSCTLS; i++) {
		if (strcmp(name, sysctl_names[i].name) || sysctl_names[i].word >= got)
			continue;
		place->sysctl[i] = value[sysctl_names[i].word];
		place->has_sysctl[i] = true;
	}
}

static void read_sysctls(struct doctor *doctor, struct place *place)
{
	char path[64], line[256];

	for (int i = 0; i < SYSCTLS; i++) {
		FILE *file;

		snprintf(path, sizeof(path), "/proc/sys/net/%s/%s", sysctl_names[i].directory,
			 sysctl_names[i].name);
		file = doctor_open(doctor, path);
		if (file && fgets(line, sizeof(line), file))
			take_sysctl(place, sysctl_names[i].name, line);
		if (file)
			fclose(file);
	}
}

static void take_kernel(struct place *place, const char *name, u64 value)
{
	for (int i = 0; i < KERNEL_COUNTS; i++) {
		if (strcmp(name, kernel_names[i]))
			continue;
		place->kernel[i] = value;
		place->has_kernel[i] = true;
	}
}

/* As "Tcp: NAME...", and "Tcp: VALUE..." in the next line. */
static void take_pairs(struct place *place, char *names, char *values)
{
	char *next_name, *next_value;
	char *name = strtok_r(names, BLANKS, &next_name);
	char *value = strtok_r(values, BLANKS, &next_value);

	while (name && value) {
		take_kernel(place, name, strtoull(value, NULL, 10));
		name = strtok_r(NULL, BLANKS, &next_name);
		value = strtok_r(NULL, BLANKS, &next_value);
	}
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* netstat, or what was saved of it; also lines of summary. */
static void read_counts(struct place *place, FILE *file)
{
	char *line = NULL, *names = NULL, name[128];
	size_t room = 0;
	u64 count;

	while (getline(&line, &room, file) > 0) {
		if (begins(line, "TcpExt: ") && names) {
			take_pairs(place, names, line);
			free(names);
			names = NULL;
		} else if (begins(line, "TcpExt: ")) {
			names = strdup(line);
		} else if (*line != '#' && sscanf(line, "%127s %llu", name, &count) == 2) {
			enum fact fact = fact_by_name(name);

			if (fact < FACTS)
				place->told[fact] = count;
		}
	}
	free(names);
	free(line);
}

/* TCP: inuse 5 orphan 0 tw 3 alloc 7 mem 1 */
static void read_sockstat(struct place *place, FILE *file)
{
	char line[256], *word, *next;

	while (fgets(line, sizeof(line), file)) {
		if (!begins(line, "TCP: "))
			continue;
		for (word = strtok_r(line + 5, BLANKS, &next); word;
		     word = strtok_r(NULL, BLANKS, &next)) {
			char *value = strtok_r(NULL, BLANKS, &next);

			if (value)
				take_kernel(place, word, strtoull(value, NULL, 10));
		}
	}
}

static void take_stat(struct doctor *doctor, const char *line)
{
	char name[64];
	u64 count;

	if (sscanf(line, "%63s %llu", name, &count) != 2)
		return;
	/* A recording has gaps of its own; these may be older. */
	if (doctor->host && (!strcmp(name, "overwritten") || !strcmp(name, "dropped")))
		doctor->lost += count;
	else if (!strcmp(name, "connections_table_full"))
		doctor->table_full = count;
}

/* A hook that sees nothing, or not all. */
static void take_hook(struct doctor *doctor, const char *line)
{
	struct hook_line hook = { };
	u64 hits, missed;
	int got;

	if (*line == '#' || strstr(line, "not needed"))
		return;
	got = sscanf(line, "%47s %15s %*s %15s %llu %llu", hook.name, hook.group, hook.status,
		     &hits, &missed);
	if (got < 3)
		return;
	if (got == 5 && missed && !strcmp(hook.status, "attached"))
		strcpy(hook.status, "missed calls");
	else if (strcmp(hook.status, "absent") && strcmp(hook.status, "off"))
		return;
	doctor->hook = grow(doctor->hook, doctor->nr_hooks, doctor->nr_hooks + 1,
			    sizeof(hook));
	doctor->hook[doctor->nr_hooks++] = hook;
}

static void each_line(struct doctor *doctor, FILE *file,
		      void (*take)(struct doctor *doctor, const char *line))
{
	char line[512];

	while (file && fgets(line, sizeof(line), file))
		take(doctor, line);
	if (file)
		fclose(file);
}

void files_read_module(struct doctor *doctor)
{
	FILE *stats = open_module(doctor, "stats"), *connections;

	if (!stats)
		unseen(doctor, "the module's stats, hooks and records in %s: %s",
		       doctor->options->directory, strerror(errno));
	each_line(doctor, stats, take_stat);
	each_line(doctor, open_module(doctor, "hooks"), take_hook);
	connections = open_module(doctor, "connections");
	if (connections) {
		doctor->has_module = true;
		socks_read_connections(doctor, connections);
		for (unsigned int i = 0; i < doctor->nr; i++)
			doctor->place[i].has_closing = true;
		fclose(connections);
	}
}

static void read_module_proc(struct doctor *doctor, struct place *place)
{
	FILE *file = doctor_open(doctor, MODULE_PROC "summary");
	u32 netns = place->netns;

	if (file) {
		doctor->has_module = true;
		read_counts(place, file);
		place->has_summary = true;
		fclose(file);
	}
	if (place->has_closing)
		return;
	file = doctor_open(doctor, MODULE_PROC "connections");
	if (!file)
		return;
	place->has_closing = true;
	socks_read_connections(doctor, file);
	place_of(doctor, netns)->has_closing = true;
	fclose(file);
}

static void close_files(FILE **file, int nr)
{
	for (int i = 0; i < nr; i++)
		if (file[i])
			fclose(file[i]);
}

void files_read_place(struct doctor *doctor, struct place *place)
{
	FILE *file[] = {
		doctor_open(doctor, "/proc/net/netstat"),
		doctor_open(doctor, "/proc/net/sockstat"),
		doctor_open(doctor, "/proc/net/tcp"),
		doctor_open(doctor, "/proc/net/tcp6"),
	};
	u32 netns = place->netns;

	place->looked = true;
	read_sysctls(doctor, place);
	if (file[0])
		read_counts(place, file[0]);
	if (file[1])
		read_sockstat(place, file[1]);
	if (file[2])
		socks_read_proc(place, file[2], file[3]);
	else
		unseen(doctor, "the sockets in /proc/net/tcp of netns %u", netns);
	close_files(file, ARRAY_SIZE(file));
	read_module_proc(doctor, place);
}

/* What was counted until then is not counted again. */
static void subtract(struct place *place, const struct place *before)
{
	for (int i = 0; i < FACTS; i++)
		place->told[i] -= place->told[i] < before->told[i] ? place->told[i] :
								     before->told[i];
	for (int i = 0; i <= KERNEL_ABORT_ON_MEMORY; i++)
		place->kernel[i] -= place->kernel[i] < before->kernel[i] ? place->kernel[i] :
									   before->kernel[i];
}

void files_read_since(struct doctor *doctor, const char *path)
{
	struct place before = { };
	FILE *file = fopen(path, "r");
	char line[128] = "";

	if (!file)
		die("%s: %s", path, strerror(errno));
	if (!fgets(line, sizeof(line), file) ||
	    sscanf(line, "# tcp_teardown 2 summary of netns %u", &before.netns) != 1)
		die("%s: no " MODULE_PROC "summary", path);
	read_counts(&before, file);
	fclose(file);
	for (unsigned int i = 0; i < doctor->nr; i++) {
		if (doctor->place[i].netns != before.netns)
			continue;
		subtract(&doctor->place[i], &before);
		doctor->place[i].has_since = true;
		return;
	}
	complain("%s is of netns %u, which is not there", path, before.netns);
}

static const char *take_note_line(struct doctor *doctor, const char *section, const char *line,
				  u32 *netns)
{
	char name[64];
	int at;

	if (!strcmp(line, "recording\n") || !strcmp(line, "hooks\n") || !strcmp(line, "stats\n"))
		return line[0] == 'r' ? "recording" : line[0] == 'h' ? "hooks" : "stats";
	if (!strcmp(section, "hooks"))
		take_hook(doctor, line);
	else if (!strcmp(section, "stats"))
		take_stat(doctor, line);
	else if (sscanf(line, "netns %u", netns) == 1)
		return section;
	else if (*netns && sscanf(line, "sysctl %63s %n", name, &at) == 1)
		take_sysctl(place_of(doctor, *netns), name, line + at);
	return section;
}

void files_read_note(struct doctor *doctor, const char *text, size_t len)
{
	FILE *file = len ? fmemopen((void *)text, len, "r") : NULL;
	const char *section = "";
	char line[512];
	u32 netns = 0;

	while (file && fgets(line, sizeof(line), file))
		section = take_note_line(doctor, section, line, &netns);
	if (file)
		fclose(file);
}
