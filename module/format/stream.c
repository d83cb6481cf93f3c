// SPDX-License-Identifier: GPL-2.0
#include "format/stream.h"

#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/string.h>
#include <linux/utsname.h>
#include <linux/uuid.h>

#include "ring/ring.h"
#include "uapi/tcp_teardown.h"

#define BOOT_ID_FILE	"/proc/sys/kernel/random/boot_id"

/* All 0 if it is not known. */
static uuid_t boot_id __ro_after_init;

static_assert(sizeof(struct tcp_teardown_header) == RING_SLOT_SIZE);
static_assert(sizeof(boot_id) == sizeof_field(struct tcp_teardown_header, boot_id));
static_assert(sizeof_field(struct tcp_teardown_header, host) ==
	      sizeof_field(struct new_utsname, nodename));

/**
 * stream_start() - read the boot's id
 *
 * The kernel exports no function that returns it, so this reads it from /proc. If that fails, the
 * id is 0.
 *
 * Context: process, may sleep; when the module is loaded.
 */
void __init stream_start(void)
{
	struct file *file = filp_open(BOOT_ID_FILE, O_RDONLY, 0);
	char text[UUID_STRING_LEN + 1] = "";
	loff_t pos = 0;

	if (IS_ERR(file))
		return;
	if (kernel_read(file, text, UUID_STRING_LEN, &pos) == UUID_STRING_LEN &&
	    uuid_parse(text, &boot_id))
		boot_id = uuid_null;
	filp_close(file, NULL);
}

/**
 * stream_header() - make the header of a stream
 * @header: set
 * @cpu: the CPU whose records follow
 *
 * Context: any, except NMI.
 */
void stream_header(struct tcp_teardown_header *header, unsigned int cpu)
{
	const ktime_t now = ktime_get();

	*header = (struct tcp_teardown_header) {
		.time = ktime_to_ns(now),
		.size = sizeof(*header),
		.kind = TCP_TEARDOWN_HEADER,
		.version = TCP_TEARDOWN_VERSION,
		.record_size = sizeof(struct tcp_teardown_record),
		.cpu = cpu,
		.magic = TCP_TEARDOWN_MAGIC,
		.realtime = ktime_to_ns(ktime_mono_to_real(now)),
	};
	memcpy(header->boot_id, &boot_id, sizeof(header->boot_id));
	/* The host's name, not the reader's. If it changes now, this may copy parts of both. */
	data_race(memcpy(header->host, init_uts_ns.name.nodename, sizeof(header->host) - 1));
}
