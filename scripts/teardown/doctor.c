// SPDX-License-Identifier: GPL-2.0
/*
 * doctor: what is wrong with how connections end, whose fault it is and what helps. It
 * gathers facts of each network namespace, and then asks each rule about each of them. It
 * writes nothing.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "complain.h"
#include "doctor.h"
#include "json.h"

static const struct rule * const rules[] = {
	close_wait_rules, port_rules, time_wait_rules, fin_rules, fin_wait2_rules, reset_rules,
	accept_rules,
};

static void read_host(struct doctor *doctor)
{
	char path[4096];

	doctor->host = true;
	files_read_module(doctor);
	netns_read(doctor);
	if (!doctor->has_module && !doctor->place[0].has_socks)
		complain("%s/proc/net/tcp can't be read, nor the module's files", doctor->root);
	if (!doctor->has_module)
		unseen(doctor, "ages, ends and who closed: the module is not loaded");
	snprintf(path, sizeof(path), "%s%s/trace", doctor->root, doctor->options->directory);
	if (!access(path, R_OK) && input_add(&doctor->options->input, path))
		records_read(doctor);
	owners_read(doctor);
	if (doctor->options->since)
		files_read_since(doctor, doctor->options->since);
}

static void read_records(struct doctor *doctor)
{
	if (doctor->options->since || doctor->options->root)
		die("--since and --root are for a host, not for records; -h tells more");
	unseen(doctor, "sockets and processes as they are now: records alone were read");
	records_read(doctor);
}

/* The hooks that did not see what the rule wants to know. */
static void print_hooks(struct print *but, const struct doctor *doctor, const struct rule *rule)
{
	size_t begin = but->len;

	for (unsigned int i = 0; i < doctor->nr_hooks; i++) {
		const struct hook_line *hook = &doctor->hook[i];

		if (strstr(rule->needs, hook->group))
			print_format(but, "%s%s %s", but->len > begin ? ", " : "hooks: ",
				     hook->name, hook->status);
	}
	if (but->len > begin)
		print_char(but, '\n');
}

/* What makes any finding of that rule less certain, by one step. */
static void doubt(const struct doctor *doctor, const struct rule *rule,
		  const struct place *place, struct finding *finding)
{
	struct print *but = &finding->but;
	size_t begin = but->len;

	if (!rule->needs)
		return;
	if (doctor->host && !doctor->has_module)
		print_word(but, "the module is not loaded\n");
	print_hooks(but, doctor, rule);
	if (doctor->table_full || place->untracked)
		print_format(but, "%llu times a connection was not tracked\n",
			     doctor->table_full ?: place->untracked);
	if (doctor->lost && (rule->by_records || !place->has_summary))
		print_format(but, "%llu records were lost\n", doctor->lost);
	if (but->len > begin && finding->certainty > POSSIBLE)
		finding->certainty--;
}

/* --netns */
static u32 only_netns(const struct doctor *doctor, const char *word)
{
	char *end;
	u32 netns = strcmp(word, "self") ? strtoul(word, &end, 10) : netns_of(doctor, word);

	if (!netns || (strcmp(word, "self") && *end))
		die("'%s' is no network namespace: its inode number, or self", word);
	return netns;
}

static void ask(struct doctor *doctor, const struct rule *rule, const struct place *place,
		bool fine)
{
	struct finding finding = { .certainty = CERTAIN };

	if (doctor->only && place->netns != doctor->only)
		return;
	if (rule->look(doctor, place, &finding) && finding.fine == fine) {
		doubt(doctor, rule, place, &finding);
		finding_print(doctor, rule, place, &finding);
		doctor->found += !fine;
	}
	finding_free(&finding);
}

/* Troubles first. */
static void ask_all(struct doctor *doctor)
{
	for (int fine = false; fine <= true; fine++)
		for (unsigned int i = 0; i < doctor->nr; i++)
			for (size_t group = 0; group < ARRAY_SIZE(rules); group++)
				for (const struct rule *rule = rules[group]; rule->name; rule++)
					ask(doctor, rule, &doctor->place[i], fine);
}

static void print_unseen(const struct doctor *doctor)
{
	char *text, *line, *next;

	if (!doctor->unseen.len)
		return;
	text = strndup(doctor->unseen.text, doctor->unseen.len);
	if (!text)
		die("no memory");
	for (line = strtok_r(text, "\n", &next); line; line = strtok_r(NULL, "\n", &next)) {
		if (!doctor->options->json) {
			print_format(&out, "# not seen: %s\n", line);
			continue;
		}
		json_begin();
		json_name("not_seen", (const u8 *)line, strlen(line));
		json_end();
	}
	free(text);
}

bool doctor(struct options *options)
{
	struct doctor doctor = { .options = options, .root = options->root ?: "" };

	if (options->netns)
		doctor.only = only_netns(&doctor, options->netns);
	if (options->input.nr)
		read_records(&doctor);
	else
		read_host(&doctor);
	ask_all(&doctor);
	print_unseen(&doctor);
	if (doctor.found)
		exit_found();
	for (unsigned int i = 0; i < doctor.nr; i++)
		place_free(&doctor.place[i]);
	owners_free(doctor.owners);
	free(doctor.place);
	free(doctor.hook);
	free(doctor.unseen.text);
	return true;
}
