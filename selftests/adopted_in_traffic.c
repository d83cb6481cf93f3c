// SPDX-License-Identifier: GPL-2.0
/*
 * The module is loaded, and the minisock hooks are detached and attached, while
 * connections are made and closed, for $TT_SECONDS (3).
 *
 * Shows: some are adopted each time; once the traffic has ended and its namespaces are
 * gone, no connection is tracked. One namespace is removed while the hooks are detached,
 * so no hook sees its minisocks end.
 *
 * Modes: icount
 *
 * In other guests it runs only if named; not under multi-threaded QEMU: see
 * load_unload.sh.
 *
 * Needs: root, debugfs; it removes the module and loads it again.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/module.h"
#include "lib/torture.h"
#include "lib/traffic.h"

static void load(void)
{
	int err = module_load_image("");

	REQUIRE(!err, "not loaded: %s", strerror(err));
}

static void await_none(int round)
{
	struct net_wait wait = { };
	char *text;

	while (files_stat("connections_now") && net_wait(&wait))
		;
	if (!files_stat("connections_now"))
		return;
	text = files_text(ALL_CPUS, "connections");
	CHECK(false, "round %d: %llu are left:\n%.2000s", round, files_stat("connections_now"),
	      text);
	free(text);
}

static void run_round(int round)
{
	struct traffic traffic, brief;
	unsigned long long once;

	module_unload_soon();
	traffic_start(&traffic, 4);
	traffic_start(&brief, 1);
	usleep(200000 + 10007 * (round % 50));
	load();
	once = files_stat("connections_adopted");
	CHECK(once, "round %d: none was adopted", round);
	usleep(50000);
	CHECK(!files_write(ALL_CPUS, "hooks", "-timewait"), "-timewait");
	traffic_stop(&brief);
	usleep(200000);
	CHECK(!files_write(ALL_CPUS, "hooks", "+timewait"), "+timewait");
	CHECK(files_stat("connections_adopted") > once, "round %d: none the second time", round);
	usleep(50000);
	traffic_stop(&traffic);
	await_none(round);
}

int main(void)
{
	double end;
	int round = 0;

	files_start();
	ktap_plan(1);
	end = net_now() + torture_seconds();
	do
		run_round(round++);
	while (net_now() < end && !ktap_case_failed());
	ktap_note("%d rounds", round);
	module_unload_soon();
	module_left_nothing();
	ktap_result("no connection stays tracked after the module loads under traffic");
	load();
	return ktap_exit();
}
