// SPDX-License-Identifier: GPL-2.0
#include "module.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "ktap.h"
#include "net.h"

#define NAME "tcp_teardown"

static const char *module_file(void)
{
	static char path[256];
	struct utsname name;

	if (getenv("TT_MODULE"))
		return getenv("TT_MODULE");
	uname(&name);
	snprintf(path, sizeof(path), "../build/%s/" NAME ".ko", name.release);
	return path;
}

int module_load_file(const char *file, const char *args)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC), err;
	const char *more = getenv("TT_ARGS");
	char *all;

	if (fd < 0)
		return errno;
	REQUIRE(asprintf(&all, "%s %s", more ? more : "", args) > 0, "no memory");
	err = syscall(SYS_finit_module, fd, all, 0) ? errno : 0;
	free(all);
	close(fd);
	return err;
}

int module_load(const char *args)
{
	return module_load_file(module_file(), args);
}

int module_load_image(const char *args)
{
	static struct stat st;
	static char *image;
	int fd;

	if (!image) {
		fd = open(module_file(), O_RDONLY | O_CLOEXEC);
		REQUIRE(fd >= 0 && !fstat(fd, &st), "no module");
		image = malloc(st.st_size);
		REQUIRE(read(fd, image, st.st_size) == st.st_size, "the module is cut short");
		close(fd);
	}
	return syscall(SYS_init_module, image, st.st_size, args) ? errno : 0;
}

int module_unload(void)
{
	return syscall(SYS_delete_module, NAME, O_NONBLOCK) ? errno : 0;
}

/* A killed process's open file is closed a moment later. */
void module_unload_soon(void)
{
	struct net_wait wait = { };
	int err;

	while ((err = module_unload()) == EAGAIN && net_wait(&wait))
		;
	errno = err;
	REQUIRE(!err, "the module is not removed");
}

bool module_is_loaded(void)
{
	return !access("/sys/module/" NAME, F_OK);
}

static bool left_in(const char *path, const char *text)
{
	FILE *file = fopen(path, "re");
	char line[512];
	bool left = false;

	if (!CHECK(file, "can't see what is left in %s", path))
		return true;
	while (fgets(line, sizeof(line), file)) {
		if (!strstr(line, text))
			continue;
		left = true;
		CHECK(!left, "left in %s: %s", path, line);
	}
	fclose(file);
	return left;
}

bool module_left_nothing(void)
{
	static const char * const paths[] = {
		"/sys/module/" NAME, "/proc/self/net/" NAME, "/sys/kernel/debug/" NAME,
		"/sys/kernel/slab/" NAME "_conn",
	};
	static const struct {
		const char *path, *text;
	} lines[] = {
		{ "/proc/modules", NAME },
		{ "/proc/slabinfo", NAME },
		{ "/sys/kernel/tracing/enabled_functions", NAME },
		{ "/sys/kernel/tracing/enabled_functions", "tcp_rcv_state_process" },
		{ "/sys/kernel/debug/kprobes/list", "inet_twsk_kill" },
		{ "/sys/devices/system/cpu/hotplug/states", NAME },
	};
	bool left = false;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(paths); i++)
		left |= !CHECK(access(paths[i], F_OK), "%s is left", paths[i]);
	for (i = 0; i < ARRAY_SIZE(lines); i++)
		left |= left_in(lines[i].path, lines[i].text);
	return !left;
}
