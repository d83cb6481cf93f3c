// SPDX-License-Identifier: GPL-2.0
#include "wire.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ktap.h"

#define ETHERNET_LEN 14
#define PCAP_MAGIC_NS 0xa1b23c4d

const char * const wire_names[WIRE_ENDS] = { "A", "B" };

const char *wire_missing(void)
{
	if (system("ip -V >/dev/null 2>&1 && tc -V >/dev/null 2>&1"))
		return "no ip or tc: Debian's iproute2";
	if (system("tcpdump --version >/dev/null 2>&1"))
		return "no tcpdump";
	if (system("modprobe -a veth bridge sch_netem 2>/dev/null"))
		return "no veth, bridge or netem in this kernel";
	return NULL;
}

[[gnu::format(printf, 1, 2)]]
static void command(const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	REQUIRE(!system(text), "%s", text);
}

/* A namespace, and its handle: inherited, for ip. */
static int new_netns(uint32_t *inode)
{
	int fd;

	net_new();
	fd = open("/proc/self/ns/net", O_RDONLY);
	REQUIRE(fd >= 0, "no handle of the namespace");
	if (inode)
		*inode = net_inode();
	return fd;
}

/* In the bridge's namespace. */
static void link_end(const struct wire *wire, unsigned int end, const char *netem)
{
	command("ip link add end%u type veth peer name %s netns /proc/self/fd/%d", end,
		WIRE_INTERFACE, wire->netns[end]);
	command("ip link set end%u master bridge up", end);
	command("tc qdisc add dev end%u root netem %s", end, netem);
}

/* Static entries, so that no end has to resolve the other's hardware address. */
static void configure_end(unsigned int end)
{
	unsigned int own = end + 1, other = 2 - end;

	command("ip link set %s address 02:00:00:00:00:0%u up", WIRE_INTERFACE, own);
	command("ip addr add 10.9.0.%u/24 dev %s", own, WIRE_INTERFACE);
	command("ip addr add fd09::%u/64 dev %s nodad", own, WIRE_INTERFACE);
	command("ip neigh add 10.9.0.%u lladdr 02:00:00:00:00:0%u dev %s nud permanent",
		other, other, WIRE_INTERFACE);
	command("ip neigh add fd09::%u lladdr 02:00:00:00:00:0%u dev %s nud permanent",
		other, other, WIRE_INTERFACE);
}

void wire_make(struct wire *wire, const char *netem)
{
	int bridge = new_netns(NULL);	/* stays open, which keeps the namespace alive */
	unsigned int end;

	for (end = 0; end < WIRE_ENDS; end++)
		wire->netns[end] = new_netns(&wire->inode[end]);
	REQUIRE(!setns(bridge, CLONE_NEWNET), "can't go back");
	command("ip link add bridge type bridge mcast_snooping 0 && ip link set bridge up");
	for (end = 0; end < WIRE_ENDS; end++)
		link_end(wire, end, netem);
	for (end = 0; end < WIRE_ENDS; end++) {
		wire_enter(wire, end);
		configure_end(end);
	}
}

void wire_enter(const struct wire *wire, unsigned int end)
{
	REQUIRE(!setns(wire->netns[end], CLONE_NEWNET), "can't go to %s",
		wire_names[end]);
}

socklen_t wire_address(enum net_family family, unsigned int end, uint16_t port,
		       struct sockaddr_storage *to)
{
	struct sockaddr_in6 *in6 = (void *)to;
	struct sockaddr_in *in = (void *)to;

	memset(to, 0, sizeof(*to));
	to->ss_family = net_domain(family);
	if (family == NET_IPV4) {
		in->sin_port = htons(port);
		in->sin_addr.s_addr = htonl(0x0a090001 + end);
		return sizeof(*in);
	}
	in6->sin6_port = htons(port);
	in6->sin6_addr.s6_addr[0] = 0xfd;
	in6->sin6_addr.s6_addr[1] = 0x09;
	in6->sin6_addr.s6_addr[15] = 1 + end;
	return sizeof(*in6);
}

static unsigned int count_open(const char *path)
{
	unsigned int state, open = 0;
	char line[512];
	FILE *file;

	file = fopen(path, "r");
	REQUIRE(file, "no %s", path);
	while (fgets(line, sizeof(line), file))
		open += sscanf(line, "%*s %*s %*s %x", &state) == 1 && state != 6;
	fclose(file);
	return open;
}

unsigned int wire_open(const struct wire *wire, unsigned int end)
{
	wire_enter(wire, end);
	return count_open("/proc/thread-self/net/tcp") +
	       count_open("/proc/thread-self/net/tcp6");
}

static bool log_has(const struct dump *dump, const char *format, unsigned long *value)
{
	bool found = false;
	char line[256];
	FILE *file;
	int end;

	file = fopen(dump->log, "r");
	REQUIRE(file, "tcpdump says nothing");
	while (!found && fgets(line, sizeof(line), file)) {
		end = 0;
		if (value)
			sscanf(line, format, value, &end);
		found = value ? end : !!strstr(line, format);
	}
	fclose(file);
	return found;
}

void dump_start(struct dump *dump, const struct wire *wire, unsigned int end)
{
	struct net_wait wait = { };

	snprintf(dump->file, sizeof(dump->file), "/tmp/tt-%s.%d.pcap", wire_names[end],
		 getpid());
	snprintf(dump->log, sizeof(dump->log), "/tmp/tt-%s.%d.log", wire_names[end],
		 getpid());
	fflush(stdout);
	dump->pid = fork();
	REQUIRE(dump->pid >= 0, "no process");
	if (!dump->pid) {
		wire_enter(wire, end);
		if (dup2(open(dump->log, O_WRONLY | O_CREAT | O_TRUNC, 0600), 2) != 2)
			_exit(126);
		execlp("tcpdump", "tcpdump", "-Z", "root", "-n", "-i", WIRE_INTERFACE,
		       "-s", "128", "-B", "65536", "--time-stamp-precision", "nano", "-w",
		       dump->file, "tcp", NULL);
		_exit(127);
	}
	while (access(dump->log, R_OK) || !log_has(dump, "listening on", NULL))
		REQUIRE(net_wait(&wait) && !waitpid(dump->pid, NULL, WNOHANG),
			"tcpdump does not listen: see %s", dump->log);
}

void dump_stop(struct dump *dump)
{
	unsigned long captured = 0, filtered = 1, dropped = 1;
	int status;

	kill(dump->pid, SIGINT);
	REQUIRE(waitpid(dump->pid, &status, 0) == dump->pid && !status,
		"tcpdump ended with status %x", status);
	REQUIRE(log_has(dump, "%lu packets captured%n", &captured) &&
		log_has(dump, "%lu packets received by filter%n", &filtered) &&
		log_has(dump, "%lu packets dropped by kernel%n", &dropped),
		"tcpdump does not say what it has lost");
	/* It may have captured packets other than TCP before its filter was set. */
	CHECK(!dropped && captured && captured <= filtered,
	      "tcpdump has %lu packets of %lu, %lu dropped", captured, filtered, dropped);
	ktap_note("%s: %lu packets of %lu", dump->file, captured, filtered);
	unlink(dump->log);
}

/* struct pcap_file_header and pcap_sf_pkthdr, of libpcap. */
struct pcap_head {
	uint32_t magic, version, zone, accuracy, snaplen, linktype;
};

struct pcap_packet {
	uint32_t seconds, nanoseconds, captured, len;
};

void dump_read(const struct dump *dump,
	       void (*see)(void *arg, uint64_t time, const uint8_t *packet,
			   unsigned int len), void *arg)
{
	int fd = open(dump->file, O_RDONLY);
	const struct pcap_packet *packet;
	const struct pcap_head *head;
	const uint8_t *at, *end;
	struct stat st;

	REQUIRE(fd >= 0 && !fstat(fd, &st), "no %s", dump->file);
	head = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	REQUIRE(head != MAP_FAILED && head->magic == PCAP_MAGIC_NS && head->linktype == 1,
		"%s is not of an Ethernet", dump->file);
	end = (const uint8_t *)head + st.st_size;
	for (at = (const void *)(head + 1); at < end; at += packet->captured) {
		packet = (const void *)at;
		at += sizeof(*packet);
		REQUIRE(at + packet->captured <= end && packet->captured > ETHERNET_LEN,
			"%s is cut short", dump->file);
		see(arg, packet->seconds * 1000000000ULL + packet->nanoseconds,
		    at + ETHERNET_LEN, packet->captured - ETHERNET_LEN);
	}
	munmap((void *)head, st.st_size);
	close(fd);
	unlink(dump->file);
}
