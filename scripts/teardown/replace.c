// SPDX-License-Identifier: GPL-2.0
#include "replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "complain.h"
#include "print.h"

static bool write_and_sync(int fd, const struct print *text)
{
	size_t at = 0;

	while (at < text->len) {
		ssize_t wrote = write(fd, text->text + at, text->len - at);

		if (wrote < 0 && errno != EINTR)
			return false;
		at += wrote > 0 ? wrote : 0;
	}
	return !fsync(fd);
}

/* mkstemp() lets its owner alone read it; who collects is somebody else. */
static bool set_mode(int fd)
{
	mode_t mask = umask(0);

	umask(mask);
	return !fchmod(fd, 0644 & ~mask);
}

/* A device or a link of that name would be gone. */
static bool is_replaceable(const char *name)
{
	struct stat st;

	if (lstat(name, &st) || S_ISREG(st.st_mode))
		return true;
	complain("%s: no regular file, and not replaced", name);
	return false;
}

static bool replace(const char *name, const struct print *text)
{
	char beside[4096];
	bool good;
	int fd;

	if (!is_replaceable(name))
		return false;
	/* Not *.prom: nobody collects it. */
	snprintf(beside, sizeof(beside), "%s.XXXXXX", name);
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0) {
		complain("%s: %s", beside, strerror(errno));
		return false;
	}
	good = write_and_sync(fd, text) && set_mode(fd) && !rename(beside, name);
	if (!good) {
		complain("%s: %s; it is as it was", name, strerror(errno));
		unlink(beside);
	}
	close(fd);
	return good;
}

bool replace_file(const char *name, struct print *text)
{
	bool good = replace(name, text);

	text->len = 0;
	return good;
}
