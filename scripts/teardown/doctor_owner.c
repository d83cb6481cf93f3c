// SPDX-License-Identifier: GPL-2.0
/* Which process holds a socket: by its inode among all descriptors, as ss -p finds it. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "complain.h"
#include "doctor.h"

/**
 * struct owner - who holds a socket
 * @inode: of the socket
 * @pid: of the first process that was found
 * @comm: its name
 */
struct owner {
	u64 inode;
	u32 pid;
	char comm[2 * TCP_TEARDOWN_COMM_LEN];
};

struct owners {
	u64 nr;
	u64 hidden;
	struct owner *owner;
};

void read_comm(const struct doctor *doctor, const char *pid, char *comm, size_t room)
{
	char path[64], line[64] = "";
	FILE *file;
	size_t i;

	snprintf(path, sizeof(path), "/proc/%.16s/comm", pid);
	file = doctor_open(doctor, path);
	if (file && !fgets(line, sizeof(line), file))
		line[0] = '\0';
	if (file)
		fclose(file);
	for (i = 0; line[i] && line[i] != '\n' && i + 1 < room; i++)
		comm[i] = line[i] > ' ' && line[i] < 0x7f ? line[i] : '_';
	comm[i] = '\0';
}

static void add_owner(struct owners *owners, const struct owner *owner)
{
	if (!(owners->nr & (owners->nr - 1)))
		owners->owner = grow(owners->owner, owners->nr, owners->nr ? 2 * owners->nr : 1,
				     sizeof(*owners->owner));
	owners->owner[owners->nr++] = *owner;
}

static void read_descriptors(const struct doctor *doctor, struct owners *owners, const char *pid)
{
	char path[4096], link[64];
	struct owner owner = { .pid = strtoul(pid, NULL, 10) };
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/proc/%s/fd", doctor->root, pid);
	dir = opendir(path);
	if (!dir) {
		owners->hidden += errno == EACCES;
		return;
	}
	while ((entry = readdir(dir))) {
		ssize_t len = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);

		link[len < 0 ? 0 : len] = '\0';
		if (sscanf(link, "socket:[%llu]", &owner.inode) != 1)
			continue;
		if (!owner.comm[0])
			read_comm(doctor, pid, owner.comm, sizeof(owner.comm));
		add_owner(owners, &owner);
	}
	closedir(dir);
}

static int by_inode(const void *a, const void *b)
{
	const struct owner *one = a, *other = b;

	if (one->inode != other->inode)
		return one->inode < other->inode ? -1 : 1;
	return one->pid < other->pid ? -1 : one->pid > other->pid;
}

void owners_read(struct doctor *doctor)
{
	struct owners *owners = allocate(sizeof(*owners));
	struct dirent *entry;
	char path[4096];
	DIR *dir;

	doctor->owners = owners;
	snprintf(path, sizeof(path), "%s/proc", doctor->root);
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			read_descriptors(doctor, owners, entry->d_name);
	closedir(dir);
	if (owners->nr)
		qsort(owners->owner, owners->nr, sizeof(*owners->owner), by_inode);
	if (owners->hidden)
		unseen(doctor, "which sockets %llu processes of other users hold: not root",
		       owners->hidden);
}

void owners_free(struct owners *owners)
{
	if (!owners)
		return;
	free(owners->owner);
	free(owners);
}

static const struct owner *find_owner(const struct owners *owners, u64 inode)
{
	u64 low = 0, high = owners ? owners->nr : 0;

	while (low < high) {
		u64 middle = (low + high) / 2;

		if (owners->owner[middle].inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	return owners && low < owners->nr && owners->owner[low].inode == inode ?
	       &owners->owner[low] : NULL;
}

void print_owner(struct print *print, const struct doctor *doctor, const struct sock *sock)
{
	const struct owner *owner = NULL;

	if (sock->inode && sock->inode != TCP_TEARDOWN_UNKNOWN)
		owner = find_owner(doctor->owners, sock->inode);
	if (owner)
		print_format(print, "%s[%u]", owner->comm, owner->pid);
	else if (sock->pid || sock->comm[0])
		print_format(print, "%s[%u]", sock->comm[0] ? sock->comm : "-", sock->pid);
	else if (!sock->inode)
		print_word(print, "not accepted yet");
	else if (sock->uid != ~0U)
		print_format(print, "a process of uid %u", sock->uid);
	else
		print_word(print, "owner not known");
	if (!owner && sock->cgroup)
		print_format(print, ", cgroup %llu", sock->cgroup);
}
