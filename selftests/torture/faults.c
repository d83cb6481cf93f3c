// SPDX-License-Identifier: GPL-2.0
/*
 * Each allocation fails in turn: during the load, the creation of a network namespace,
 * open and read of each file, a resize, a filter, attaching a hook group by ftrace and by
 * kprobes, and when a CPU comes online.
 *
 * Shows: a failed operation leaves nothing behind and changes nothing; an operation that
 * succeeds in spite of a failed allocation works and can be undone; the kernel's log has
 * no reports except the allocator's own; kmemleak finds nothing.
 *
 * The console is silenced meanwhile, because the allocator's traces are expected. The
 * test searches the log for other reports itself, and clears it.
 *
 * Needs: root, debugfs, a kernel with fault injection (fail-nth, failslab) and its
 * switches in debugfs; it loads the module again.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/module.h"
#include "lib/torture.h"
#include "lib/traffic.h"

#define DIR "/sys/kernel/debug/tcp_teardown/"
#define FAIL_NTH "/proc/self/fail-nth"
#define FAILSLAB "/sys/kernel/debug/failslab/"
#define FAILPAGE "/sys/kernel/debug/fail_page_alloc/"
#define KMEMLEAK "/sys/kernel/debug/kmemleak"
#define TURNS_MAX 20000

/**
 * struct action - an operation that is to fail
 * @name: its name
 * @act: does it; 0, or errno
 * @undo: after success
 * @look: CHECK that a failure has changed nothing
 */
struct action {
	const char *name;
	int (*act)(void);
	void (*undo)(void);
	void (*look)(void);
};

static void put(const char *path, const char *text)
{
	errno = write_text(path, text, 0);
	REQUIRE(!errno, "%s = %s", path, text);
}

static int fail_fd;

/* Copying the number in and out may fail, too; then try again. */
static void fail_set(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth), wrote;

	do
		wrote = pwrite(fail_fd, text, len, 0);
	while (wrote < 0 && errno == EFAULT);
	REQUIRE(wrote == len, "no fail-nth");
}

/* The remaining count: 0 if an allocation has failed. */
static unsigned int fail_left(void)
{
	char text[16] = "";
	int got = pread(fail_fd, text, sizeof(text) - 1, 0);

	if (got < 0 && errno == EFAULT)
		return 1;	/* this read itself failed */
	REQUIRE(got > 0, "no fail-nth");
	return strtoul(text, NULL, 10);
}

/* --- the log -------------------------------------------------------------------- */

static const char * const reports[] = {
	"BUG:", "WARNING:", "KASAN", "KCSAN", "UBSAN", "Oops", "ODEBUG", "refcount_t",
	"general protection", "possible circular", "possible recursive", "inconsistent lock",
	"suspicious RCU", "sleeping function", "scheduling while", "bad unlock", "held lock freed",
	"invalid wait context", "Objects remaining",
};

/*
 * If a namespace can't be created, 6.12's fib_net_exit() walks a list without the lock
 * that it says it needs: a bug of the kernel.
 */
static void forgive(char *log)
{
	static const char title[] = "WARNING: suspicious RCU usage";
	char *at = log, *where;

	while ((at = strstr(at, title))) {
		where = strstr(at, "net/ipv4/fib_frontend.c:");
		if (where && where - at < 200)
			memset(at, ' ', strlen(title));
		at++;
	}
}

static void check_log(const char *when)
{
	int size = klogctl(10, NULL, 0), len;
	char *log = malloc(size + 1), *at;
	unsigned int i;

	len = klogctl(3, log, size);
	log[len > 0 ? len : 0] = '\0';
	forgive(log);
	for (i = 0; i < ARRAY_SIZE(reports); i++) {
		at = strstr(log, reports[i]);
		CHECK(!at, "%s: %.800s", when, at ? at : "");
	}
	free(log);
	klogctl(5, NULL, 0);
}

/* --- the operations ----------------------------------------------------------------- */

/*
 * With few hooks, which have their own action. From memory, because a failed allocation
 * while the file is read would break its inode.
 */
static int load(void)
{
	return module_load_image("buffer_size_kb=4 max_connections=1024 groups=transitions");
}

static void unload(void)
{
	module_unload_soon();
	module_left_nothing();
}

static int listeners[2];

/* A file of debugfs may be missing for lack of memory. */
static bool has_account(int cpu)
{
	char path[128];

	snprintf(path, sizeof(path), DIR "per_cpu/cpu%d/stats", cpu);
	return !access(cpu < 0 ? DIR "stats" : path, R_OK);
}

/* Connections end, and each account adds up: records without a ring are counted. */
static void check_works(void)
{
	struct account is;
	int i;

	for (i = 0; i < 4; i++)
		traffic_one(i, listeners);
	for (i = -1; i < online_cpus(); i++) {
		if (!has_account(i))
			continue;
		is = files_account(i);
		CHECK(is.written == is.read + is.pending + is.overwritten + is.dropped,
		      "cpu %d: the account does not add up", i);
		CHECK(i >= 0 || is.written >= 8, "%llu records", is.written);
	}
}

static void unload_working(void)
{
	check_works();
	unload();
}

static void look_unloaded(void)
{
	CHECK(!module_is_loaded(), "a load that failed is there");
	module_left_nothing();
}

/* In a child; the namespace ends with it. */
static int namespace(void)
{
	return unshare(CLONE_NEWNET) ? errno : 0;
}

static unsigned int size_before;
static char *filter_before;

static int resize(void)
{
	return write_text(DIR "buffer_size_kb", size_before == 64 ? "128" : "64", 0);
}

static void learn_size(void)
{
	size_before = files_get("buffer_size_kb");
}

static void look_size(void)
{
	CHECK(files_get("buffer_size_kb") == size_before, "the size has changed");
}

static int filter(void)
{
	return write_text(DIR "filter", "port == 443 && addr == 10.0.0.0/8", 0);
}

static void no_filter(void)
{
	CHECK(!files_write(ALL_CPUS, "filter", "none"), "filter");
}

static void look_filter(void)
{
	char *text = files_text(ALL_CPUS, "filter");

	CHECK(!strcmp(text, filter_before), "the filter has become %s", text);
	free(text);
}

static char *hooks_before;

static int group(void)
{
	return write_text(DIR "hooks", "+resets", 0);
}

static void look_group(void)
{
	char *hooks = files_hooks();

	CHECK(!strcmp(hooks, hooks_before), "the hooks have become\n%s", hooks);
	free(hooks);
}

static void no_group(void)
{
	check_works();
	CHECK(!files_write(ALL_CPUS, "hooks", "-resets"), "hooks");
	look_group();
}

/*
 * A CPU without a ring comes online. If the allocation fails, its records are counted as
 * dropped, and the next resize gives it a ring.
 */
#define COMER 1
static unsigned int ringless;

static int cpu_comes(void)
{
	return cpu_plug(COMER, true);
}

static void cpu_away(void)
{
	cpu_plug(COMER, false);
	torture_load("buffer_size_kb=64 groups=calls");
}

static struct account made_there(struct source *source)
{
	files_clear(COMER);
	source_make(source, 3);
	return files_account(COMER);
}

static void cpu_works(void)
{
	struct account is, want = { .written = 3, .pending = 3 };
	struct source source;

	pin(COMER);
	source_open(&source);
	is = made_there(&source);
	CHECK(is.written == 3 && is.pending + is.dropped == 3 && is.pending % 3 == 0,
	      "%llu written, %llu pending, %llu dropped", is.written, is.pending, is.dropped);
	if (is.dropped) {
		ringless++;
		files_set("buffer_size_kb", 128);
		made_there(&source);
		files_check_account(COMER, want);
	}
	source_close(&source);
	pin(0);
	cpu_away();
}

static const char * const *all_files;

/* Open and read each file; a file that can't be opened or read is an error. */
static int read_all(void)
{
	const char * const *file;
	char text[512];
	int err = 0, fd;

	for (file = all_files; *file; file++) {
		fd = open(*file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0 || (read(fd, text, sizeof(text)) < 0 && errno != EAGAIN))
			err = errno;
		close(fd);
	}
	return err;
}

static void nothing(void)
{
}

/* --- one after another ------------------------------------------------------------ */

static int act_within(const struct action *action, unsigned int nth, unsigned int *left)
{
	int err;

	fail_set(nth);
	err = action->act();
	*left = fail_left();
	fail_set(0);
	return err;
}

static void fail_each(const struct action *action)
{
	unsigned int nth, left = 0, failed = 0, tolerated = 0;
	int err;

	for (nth = 1; !left && nth < TURNS_MAX && !ktap_case_failed(); nth++) {
		err = act_within(action, nth, &left);
		if (err)
			action->look();
		else
			action->undo();
		CHECK(!err || !left, "errno %d, though nothing has failed", err);
		CHECK(!err || err == ENOMEM || err == ENOENT || err == EFAULT || err == EIO,
		      "allocation %u: errno %d", nth, err);
		failed += !!err;
		tolerated += !err && !left;
		if (!(nth % 50))
			fprintf(stderr, "# %s: %u\n", action->name, nth);
		if (!(nth % 16) || left)
			check_log(action->name);
	}
	CHECK(left && failed, "%u turns, %u failures", nth, failed);
	ktap_note("%u allocations: %u were an error, %u were not", nth - 2, failed, tolerated);
	ktap_result("each allocation fails in turn: %s", action->name);
}

/* A child's exit statuses; smaller ones are ktap's. */
enum { TOLERATED = 10, FAILED, ALL_DONE };

static void in_child(const struct action *action)
{
	unsigned int nth, left = 0, failed = 0;
	int status;
	pid_t pid;

	for (nth = 1; !left && nth < TURNS_MAX && !ktap_case_failed(); nth++) {
		pid = fork();
		if (!pid) {
			fail_fd = open(FAIL_NTH, O_RDWR);
			status = act_within(action, nth, &left);
			_exit(left ? ALL_DONE : status ? FAILED : TOLERATED);
		}
		REQUIRE(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
			WEXITSTATUS(status) >= TOLERATED, "no child, or it went wrong");
		left = WEXITSTATUS(status) == ALL_DONE;
		failed += WEXITSTATUS(status) == FAILED;
		if (!(nth % 16) || left)
			check_log(action->name);
	}
	CHECK(left && failed, "%u turns, %u failures", nth, failed);
	ktap_note("%u allocations: %u were an error", nth - 2, failed);
	ktap_result("each allocation fails in turn: %s", action->name);
}

static void start(void)
{
	static const char * const switches[] = {
		FAILSLAB "ignore-gfp-wait", FAILPAGE "ignore-gfp-wait",
		FAILPAGE "ignore-gfp-highmem",
	};
	unsigned int i;

	if (access(FAIL_NTH, W_OK) || access(FAILSLAB "verbose", W_OK))
		ktap_skip_all("no fault injection");
	for (i = 0; i < ARRAY_SIZE(switches); i++)
		if (!access(switches[i], W_OK))
			put(switches[i], "N");
	put(FAILSLAB "verbose", "0");
	if (!access(FAILPAGE "verbose", W_OK)) {
		put(FAILPAGE "verbose", "0");
		put(FAILPAGE "min-order", "0");
	}
	fail_fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	REQUIRE(fail_fd >= 0, "no fail-nth");
	klogctl(8, NULL, 1);
}

/*
 * 6.12's sysfs_slab_add() leaks the name of a cache if sysfs has no memory: a bug of the
 * kernel. Count all others. This modifies the text.
 */
static unsigned int count_leaks(char *text, unsigned int *foreign)
{
	static const char title[] = "unreferenced object";
	unsigned int nr = 0;
	char *at, *next;

	*foreign = 0;
	for (at = strstr(text, title); at; at = next) {
		next = strstr(at + 1, title);
		if (next)
			next[-1] = '\0';
		if (strstr(at, " sysfs_slab_add+")) {
			(*foreign)++;
			continue;
		}
		ktap_note("%s", at);
		nr++;
	}
	return nr;
}

static void test_leaks(void)
{
	static char text[1 << 20];
	unsigned int leaks, foreign;
	size_t len = 0;
	ssize_t got;
	int fd;

	if (access(KMEMLEAK, W_OK)) {
		ktap_skip("no kmemleak", "kmemleak finds nothing");
		return;
	}
	usleep(6000000);
	put(KMEMLEAK, "scan");
	put(KMEMLEAK, "scan");
	fd = open(KMEMLEAK, O_RDONLY);
	while ((got = read(fd, text + len, sizeof(text) - len - 1)) > 0)
		len += got;
	close(fd);
	leaks = count_leaks(text, &foreign);
	CHECK(!got && !leaks, "%u leaks", leaks);
	ktap_note("%u names of caches leaked by sysfs_slab_add()", foreign);
	check_log("the end");
	/* Otherwise the guest's own scan, and its log, report them again. */
	put(KMEMLEAK, "clear");
	klogctl(5, NULL, 0);
	ktap_result("kmemleak finds nothing");
}

static void fail_all(const struct action *actions, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		learn_size();
		fail_each(&actions[i]);
	}
}

int main(void)
{
	static const struct action loading = { "load", load, unload_working, look_unloaded };
	static const struct action namespaces = { "a namespace", namespace, nothing, nothing };
	static const struct action others[] = {
		{ "resize", resize, learn_size, look_size },
		{ "filter", filter, no_filter, look_filter },
		{ "+resets", group, no_group, look_group },
		{ "reading all files", read_all, nothing, nothing },
	};
	static const struct action by_kprobes = { "+resets, attach=kprobe", group, no_group,
						  look_group };
	static const struct action comes = { "a CPU comes", cpu_comes, cpu_works, cpu_away };

	files_start();
	if (online_cpus() < 2)
		ktap_skip_all("one CPU");
	start();
	pin(0);
	traffic_listen(listeners);
	ktap_plan(6 + ARRAY_SIZE(others));
	module_unload_soon();
	REQUIRE(!load(), "the module does not load");	/* the file has now been read */
	unload();
	fail_each(&loading);
	torture_load("buffer_size_kb=64 groups=transitions,calls");
	in_child(&namespaces);
	filter_before = files_text(ALL_CPUS, "filter");
	hooks_before = files_hooks();
	all_files = torture_files();
	fail_all(others, ARRAY_SIZE(others));
	torture_load("buffer_size_kb=64 groups=transitions,calls attach=kprobe");
	hooks_before = files_hooks();
	fail_each(&by_kprobes);
	cpu_away();
	fail_each(&comes);
	CHECK(ringless, "no CPU had to do without a ring");
	REQUIRE(!cpu_plug(COMER, true), "CPU %d stays away", COMER);
	torture_load("");
	torture_end();
	test_leaks();
	klogctl(8, NULL, 7);
	return ktap_exit();
}
