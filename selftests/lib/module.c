// SPDX-License-Identifier: GPL-2.0
#include "module.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ktap.h"
#include "net.h"

#define NAME "tcp_teardown"

static char *image;
static size_t image_size;

/* A module is a few megabytes at most. */
void module_read(void)
{
	const size_t room = 64 << 20;
	FILE *pipe;

	if (image_size)
		return;
	image = malloc(room);
	pipe = popen("exec bash -c '. ./lib.sh && module_image' 2>/dev/null", "re");
	REQUIRE(image && pipe, "can't read the module");
	image_size = fread(image, 1, room, pipe);
	if (pclose(pipe) || !image_size)
		ktap_skip_all("no module: set TT_MODULE, or install one for modprobe");
	REQUIRE(image_size < room, "the module is too large");
	image = realloc(image, image_size);
}

int module_load_image(const char *args)
{
	module_read();
	return syscall(SYS_init_module, image, image_size, args) ? errno : 0;
}

int module_load(const char *args)
{
	const char *more = getenv("TT_ARGS");
	char *all;
	int err;

	REQUIRE(asprintf(&all, "%s %s", more ? more : "", args) > 0, "no memory");
	err = module_load_image(all);
	free(all);
	return err;
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

void module_need(void)
{
	int err;

	if (geteuid())
		ktap_skip_all("needs root");
	err = module_is_loaded() ? 0 : module_load("");
	REQUIRE(!err, "the module does not load: %s", strerror(err));
	if (access("/sys/kernel/debug/" NAME, R_OK))
		ktap_skip_all("needs debugfs at /sys/kernel/debug");
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
