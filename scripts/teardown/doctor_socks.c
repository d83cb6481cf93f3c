// SPDX-License-Identifier: GPL-2.0
/* Sockets: the module's list of those that close, and /proc/net/tcp and tcp6. */
#include <stdio.h>
#include <stdlib.h>

#include "complain.h"
#include "doctor.h"
#include "base/names.h"

#define COLUMNS	17
#define BLANKS	" \t\n"

/* As connections has them. */
enum {
	NETNS, ID, STATE, AGE, LOCAL, PEER, PID, COMM, UNREAD, RX, TX, LIFETIME, UID, INODE,
	CGROUP, IFINDEX, SEEN
};

/**
 * struct used - a destination towards which a local port is in use
 * @local: own address
 * @peer: the other side's
 * @peer_port: its port
 * @family: of the addresses
 */
struct used {
	u8 local[16];
	u8 peer[16];
	u16 peer_port;
	u8 family;
};

struct useds {
	u64 nr;
	struct used *used;
};

static u8 state_by_name(const char *name)
{
	for (u8 state = 1; state < TCP_MAX_STATES; state++)
		if (!strcmp(name, state_name(state)))
			return state;
	return 0;
}

/* What may be printed on a terminal. */
static void copy_word(char *to, size_t room, const char *word)
{
	size_t i;

	for (i = 0; word[i] && i + 1 < room; i++)
		to[i] = word[i] > ' ' && word[i] < 0x7f ? word[i] : '?';
	to[i] = '\0';
}

/* A number, or - where it is not known. */
static u64 number_or(const char *word, u64 unknown)
{
	char *end;
	u64 number = strtoull(word, &end, 10);

	return end == word || *word == '-' ? unknown : number;
}

static u64 seconds_or_unknown(const char *word)
{
	char *end;
	double s = strtod(word, &end);

	if (end == word || !(s >= 0 && s < 1e9))
		return TCP_TEARDOWN_UNKNOWN;
	return s * NSEC_PER_SEC;
}

static u16 port_of(const char *endpoint)
{
	const char *colon = strrchr(endpoint, ':');

	return colon ? strtoul(colon + 1, NULL, 10) : 0;
}

static void take_connection(struct doctor *doctor, char **column)
{
	struct sock sock = {
		.state = state_by_name(column[STATE]),
		.minisock = *column[UNREAD] == '-',
		.at_least = strchr(column[AGE], '+'),
		.age = seconds_or_unknown(column[AGE]),
		.unread = number_or(column[UNREAD], TCP_TEARDOWN_UNKNOWN),
		.unsent = TCP_TEARDOWN_UNKNOWN,
		.inode = number_or(column[INODE], 0),
		.cookie = strtoull(column[ID], NULL, 16),
		.uid = number_or(column[UID], ~0U),
		.cgroup = number_or(column[CGROUP], 0),
		.pid = number_or(column[PID], 0),
		.local_port = port_of(column[LOCAL]),
		.peer_port = port_of(column[PEER]),
	};

	if (!sock.state)
		return;
	if (strcmp(column[COMM], "-"))
		copy_word(sock.comm, sizeof(sock.comm), column[COMM]);
	copy_word(sock.local, sizeof(sock.local), column[LOCAL]);
	copy_word(sock.peer, sizeof(sock.peer), column[PEER]);
	socks_add(&place_of(doctor, number_or(column[NETNS], 0))->closing, &sock);
}

void socks_read_connections(struct doctor *doctor, FILE *file)
{
	char line[1024], *column[COLUMNS], *next;
	u64 left_out;

	while (fgets(line, sizeof(line), file)) {
		int nr = 0;

		if (sscanf(line, "# %llu of %*u are left out", &left_out) == 1)
			unseen(doctor, "%llu connections that the module's list leaves out",
			       left_out);
		if (*line == '#')
			continue;
		for (char *word = strtok_r(line, BLANKS, &next); word && nr < COLUMNS;
		     word = strtok_r(NULL, BLANKS, &next))
			column[nr++] = word;
		if (nr == COLUMNS)
			take_connection(doctor, column);
	}
}

/* 0100007F, or four of them, each in the host's order. False: it is none. */
static bool read_address(const char *hex, u8 *addr, u8 *family)
{
	size_t len = strlen(hex);
	u32 word;

	if (len != 8 && len != 32)
		return false;
	*family = len == 8 ? AF_INET : AF_INET6;
	memset(addr, 0, 16);
	for (size_t i = 0; i < len / 8; i++) {
		if (sscanf(hex + 8 * i, "%8x", &word) != 1)
			return false;
		memcpy(addr + (len == 8 ? 12 : 4 * i), &word, sizeof(word));
	}
	return true;
}

static void print_text(char *to, u8 family, const u8 *addr, u16 port)
{
	struct print text = { };

	print_endpoint(&text, family, addr, port);
	snprintf(to, ENDPOINT_LEN, "%.*s", (int)text.len, text.text);
	free(text.text);
}

static void add_used(struct useds *useds, const struct used *used)
{
	if (!(useds->nr & (useds->nr - 1)))
		useds->used = grow(useds->used, useds->nr, useds->nr ? 2 * useds->nr : 1,
				   sizeof(*useds->used));
	useds->used[useds->nr++] = *used;
}

bool is_ephemeral(const struct place *place, u16 port)
{
	return place->has_sysctl[SYSCTL_PORT_FIRST] && place->has_sysctl[SYSCTL_PORT_LAST] &&
	       port >= place->sysctl[SYSCTL_PORT_FIRST] && port <= place->sysctl[SYSCTL_PORT_LAST];
}

static bool is_kept(u8 state)
{
	return state == TCP_LISTEN || state == TCP_CLOSE_WAIT || state == TCP_FIN_WAIT1 ||
	       state == TCP_FIN_WAIT2 || state == TCP_LAST_ACK || state == TCP_CLOSING;
}

static void take_sock(struct place *place, struct useds *useds, const char *line)
{
	struct sock sock = { .age = TCP_TEARDOWN_UNKNOWN };
	char local[33], peer[33];
	unsigned int state, timer, local_port, peer_port;
	u64 rx;
	struct used used;

	if (sscanf(line, "%*u: %32[^:]:%4x %32[^:]:%4x %2x %llx:%llx %x:%*x %*x %u %*u %llu",
		   local, &local_port, peer, &peer_port, &state, &sock.unsent, &rx, &timer,
		   &sock.uid, &sock.inode) != 10 || state >= TCP_MAX_STATES)
		return;
	memset(&used, 0, sizeof(used));
	if (!read_address(local, used.local, &used.family) ||
	    !read_address(peer, used.peer, &used.family))
		return;
	place->states[state]++;
	used.peer_port = peer_port;
	sock.local_port = local_port;
	sock.peer_port = peer_port;
	if (state != TCP_LISTEN && is_ephemeral(place, sock.local_port))
		add_used(useds, &used);
	if (!is_kept(state))
		return;
	sock.state = state;
	/* The FIN counts here as a byte; of a listener it is what waits for accept(). */
	sock.unread = state == TCP_LISTEN || !rx ? rx : rx - 1;
	sock.probes = timer == 4;
	sock.minisock = state == TCP_FIN_WAIT2 && !sock.inode;
	print_text(sock.local, used.family, used.local, sock.local_port);
	print_text(sock.peer, used.family, used.peer, sock.peer_port);
	socks_add(&place->socks, &sock);
}

static int by_destination(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct used));
}

/* Where the most local ports are in use. */
static void find_busiest(struct place *place, struct useds *useds)
{
	u64 ports = 0;

	if (useds->nr)
		qsort(useds->used, useds->nr, sizeof(*useds->used), by_destination);
	for (u64 i = 0; i < useds->nr; i++) {
		const struct used *used = &useds->used[i];
		bool same = i && !by_destination(used, used - 1);

		ports = same ? ports + 1 : 1;
		if (ports <= place->busiest_ports)
			continue;
		place->busiest_ports = ports;
		print_text(place->busiest, used->family, used->peer, used->peer_port);
	}
}

void socks_read_proc(struct place *place, FILE *tcp, FILE *tcp6)
{
	struct useds useds = { };
	char line[512];

	place->has_socks = true;
	while (fgets(line, sizeof(line), tcp))
		take_sock(place, &useds, line);
	while (tcp6 && fgets(line, sizeof(line), tcp6))
		take_sock(place, &useds, line);
	find_busiest(place, &useds);
	free(useds.used);
}
