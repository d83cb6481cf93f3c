// SPDX-License-Identifier: GPL-2.0
/*
 * The network namespaces: this one, and those of all processes and names that can be entered.
 * /proc/net and /proc/sys/net show the namespace of who opens them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "complain.h"
#include "doctor.h"

#define NAMED	"/run/netns"

/* Of the link /proc/PID/ns/net, "net:[4026531840]"; 0 where it can't be read. */
u32 netns_of(const struct doctor *doctor, const char *pid)
{
	char path[4096], link[64];
	unsigned int netns = 0;
	ssize_t len;

	snprintf(path, sizeof(path), "%s/proc/%s/ns/net", doctor->root, pid);
	len = readlink(path, link, sizeof(link) - 1);
	link[len < 0 ? 0 : len] = '\0';
	return sscanf(link, "net:[%u]", &netns) == 1 ? netns : 0;
}

static bool is_looked_at(struct doctor *doctor, u32 netns)
{
	for (unsigned int i = 0; i < doctor->nr; i++)
		if (doctor->place[i].netns == netns)
			return doctor->place[i].looked;
	return false;
}

/* Enter, read, and come back to @own. */
static void read_in(struct doctor *doctor, int own, const char *path, u32 netns, const char *name)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && !setns(fd, CLONE_NEWNET)) {
		struct place *place = place_of(doctor, netns);

		snprintf(place->name, sizeof(place->name), "%s", name);
		files_read_place(doctor, place);
		if (setns(own, CLONE_NEWNET))
			die("can't come back to this network namespace: %s", strerror(errno));
	} else {
		unseen(doctor, "netns %u (%s): %s", netns, name, strerror(errno));
		place_of(doctor, netns)->looked = true;
	}
	if (fd >= 0)
		close(fd);
}

static void read_of_processes(struct doctor *doctor, int own)
{
	char path[300], comm[2 * TCP_TEARDOWN_COMM_LEN], name[48];
	struct dirent *entry;
	DIR *dir = opendir("/proc");

	while (dir && (entry = readdir(dir))) {
		u32 netns = isdigit((unsigned char)entry->d_name[0]) ?
			    netns_of(doctor, entry->d_name) : 0;

		if (!netns || is_looked_at(doctor, netns))
			continue;
		read_comm(doctor, entry->d_name, comm, sizeof(comm));
		snprintf(name, sizeof(name), "%s[%.10s]", comm, entry->d_name);
		snprintf(path, sizeof(path), "/proc/%s/ns/net", entry->d_name);
		read_in(doctor, own, path, netns, name);
	}
	if (dir)
		closedir(dir);
}

/* Those that ip netns has made, which may have no process. */
static void read_named(struct doctor *doctor, int own)
{
	char path[300];
	struct dirent *entry;
	struct stat st;
	DIR *dir = opendir(NAMED);

	while (dir && (entry = readdir(dir))) {
		if (*entry->d_name == '.')
			continue;
		snprintf(path, sizeof(path), NAMED "/%s", entry->d_name);
		if (!stat(path, &st) && !is_looked_at(doctor, st.st_ino))
			read_in(doctor, own, path, st.st_ino, entry->d_name);
	}
	if (dir)
		closedir(dir);
}

void netns_read(struct doctor *doctor)
{
	u32 netns = netns_of(doctor, "self");
	int own;

	files_read_place(doctor, place_of(doctor, netns));
	if (*doctor->root)
		return;
	own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (geteuid() || own < 0) {
		unseen(doctor, "network namespaces but netns %u, this one: not root", netns);
	} else {
		read_named(doctor, own);
		read_of_processes(doctor, own);
	}
	if (own >= 0)
		close(own);
}
