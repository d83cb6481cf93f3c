// SPDX-License-Identifier: GPL-2.0
/* top: how many connections ended, and how, by port, peer, process, cgroup or namespace. */
#include <stdlib.h>

#include "complain.h"
#include "each.h"
#include "json.h"
#include "base/names.h"
#include "print.h"

enum {
	ENDS, ORDERLY, RESET_SENT, RESET_RECEIVED, REFUSED, TIMED_OUT, OTHER, TIME_WAITS,
	FINS_RESENT, RX, TX, COLUMNS
};

static const struct {
	const char *head;
	u8 width;
} columns[COLUMNS] = {
	[ENDS] = { "ends", 9 },
	[ORDERLY] = { "orderly", 9 },
	[RESET_SENT] = { "reset_sent", 10 },
	[RESET_RECEIVED] = { "reset_received", 14 },
	[REFUSED] = { "refused", 9 },
	[TIMED_OUT] = { "timed_out", 9 },
	[OTHER] = { "other", 9 },
	[TIME_WAITS] = { "time_wait", 9 },
	[FINS_RESENT] = { "fins_resent", 11 },
	[RX] = { "rx", 12 },
	[TX] = { "tx", 12 },
};

/* Of the key's text, before the columns. */
#define KEY_WIDTH	24

/**
 * struct key - what ends are put together by
 * @bytes: an address or a name; else 0
 * @number: a port, an id; of an address the family
 */
struct key {
	u8 bytes[16];
	u64 number;
};

/**
 * struct total - the sums of a key
 * @key: it
 * @count: by column; no ends: an empty place
 */
struct total {
	struct key key;
	u64 count[COLUMNS];
};

/**
 * struct by - something to put ends together by
 * @name: of it
 * @find: the key of an end
 * @print: print it
 */
struct by {
	const char *name;
	void (*find)(struct key *key, const struct tcp_teardown_record *r);
	void (*print)(struct print *print, const struct key *key);
};

/**
 * struct sums - all of them
 * @options: what was asked for
 * @by: what by
 * @total: by hash
 * @nr: places of @total that are taken
 * @size: of @total, a power of 2
 * @rest: of the keys for which there was no place
 */
struct sums {
	struct options *options;
	const struct by *by;
	struct total *total;
	u64 nr;
	u64 size;
	struct total rest;
};

/* Of the two ports, that of a service is the lower one, but by chance. */
static void find_port(struct key *key, const struct tcp_teardown_record *r)
{
	key->number = r->local_port < r->peer_port ? r->local_port : r->peer_port;
}

static void find_peer(struct key *key, const struct tcp_teardown_record *r)
{
	memcpy(key->bytes, r->peer, sizeof(key->bytes));
	key->number = r->family;
}

static void find_comm(struct key *key, const struct tcp_teardown_record *r)
{
	memcpy(key->bytes, r->comm, strnlen((const char *)r->comm, sizeof(r->comm)));
}

static void find_cgroup(struct key *key, const struct tcp_teardown_record *r)
{
	key->number = r->cgroup;
}

static void find_netns(struct key *key, const struct tcp_teardown_record *r)
{
	key->number = r->netns;
}

static void print_by_number(struct print *print, const struct key *key)
{
	print_number(print, key->number);
}

static void print_by_address(struct print *print, const struct key *key)
{
	print_address(print, key->number, key->bytes);
}

static void print_by_name(struct print *print, const struct key *key)
{
	print_name(print, key->bytes, sizeof(key->bytes));
}

static const struct by bys[] = {
	{ "port", find_port, print_by_number },
	{ "peer", find_peer, print_by_address },
	{ "comm", find_comm, print_by_name },
	{ "cgroup", find_cgroup, print_by_number },
	{ "netns", find_netns, print_by_number },
};

static const struct by *find_by(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(bys); i++)
		if (!strcmp(name, bys[i].name))
			return &bys[i];
	die("no totals by '%s'; -h tells by what", name);
}

/* The place of a key, or the empty one where it would be. */
static struct total *place_of(struct total *total, u64 size, const struct key *key)
{
	u64 half[2], at;

	memcpy(half, key->bytes, sizeof(half));
	at = (half[0] ^ key->number) * 0x9e3779b97f4a7c15;
	at = (at ^ at >> 32 ^ half[1]) * 0xd6e8feb86659fd93;
	at ^= at >> 32;
	while (total[at & (size - 1)].count[ENDS] &&
	       memcmp(&total[at & (size - 1)].key, key, sizeof(*key)))
		at++;
	return &total[at & (size - 1)];
}

static void grow_sums(struct sums *sums)
{
	u64 size = sums->size ? 2 * sums->size : 256;
	struct total *total = allocate(size * sizeof(*total));

	for (u64 i = 0; i < sums->size; i++)
		if (sums->total[i].count[ENDS])
			*place_of(total, size, &sums->total[i].key) = sums->total[i];
	free(sums->total);
	sums->total = total;
	sums->size = size;
}

static struct total *total_of(struct sums *sums, const struct key *key)
{
	struct total *total;

	if (2 * sums->nr >= sums->size)
		grow_sums(sums);
	total = place_of(sums->total, sums->size, key);
	if (total->count[ENDS])
		return total;
	if (sums->nr == sums->options->max_connections)
		return &sums->rest;
	sums->nr++;
	total->key = *key;
	return total;
}

static int column_of(u8 how)
{
	switch (how) {
	case TCP_TEARDOWN_FOUR_WAY:
	case TCP_TEARDOWN_THREE_WAY:
	case TCP_TEARDOWN_SIMULTANEOUS:
	case TCP_TEARDOWN_ORDERLY:
		return ORDERLY;
	case TCP_TEARDOWN_RESET_SENT:
		return RESET_SENT;
	case TCP_TEARDOWN_RESET_RECEIVED:
		return RESET_RECEIVED;
	case TCP_TEARDOWN_REFUSED:
		return REFUSED;
	case TCP_TEARDOWN_TIMED_OUT:
		return TIMED_OUT;
	default:
		return OTHER;
	}
}

static bool take(void *data, const struct tcp_teardown_record *r)
{
	struct sums *sums = data;
	struct key key = { };
	struct total *total;

	if (!r->how)
		return true;
	sums->by->find(&key, r);
	total = total_of(sums, &key);
	total->count[ENDS]++;
	total->count[column_of(r->how)]++;
	total->count[TIME_WAITS] += r->old_state == TCP_TIME_WAIT;
	total->count[FINS_RESENT] += r->fins_resent;
	total->count[RX] += r->rx;
	total->count[TX] += r->tx;
	return true;
}

/* The most ends first; those alike by their keys. */
static int by_ends(const void *a, const void *b)
{
	const struct total *one = a, *other = b;

	if (one->count[ENDS] != other->count[ENDS])
		return one->count[ENDS] > other->count[ENDS] ? -1 : 1;
	return memcmp(&one->key, &other->key, sizeof(one->key));
}

static void print_top(const struct sums *sums)
{
	size_t begin = out.len;

	print_format(&out, "# %s", sums->by->name);
	print_pad(&out, begin, KEY_WIDTH);
	for (int i = 0; i < COLUMNS; i++)
		print_format(&out, " %*s", columns[i].width, columns[i].head);
	print_char(&out, '\n');
}

static void print_total(const struct sums *sums, const struct total *total)
{
	size_t begin = out.len;

	if (total == &sums->rest)
		print_word(&out, "others");
	else
		sums->by->print(&out, &total->key);
	print_pad(&out, begin, KEY_WIDTH);
	for (int i = 0; i < COLUMNS; i++)
		print_format(&out, " %*llu", columns[i].width, total->count[i]);
	print_char(&out, '\n');
}

static void print_json(const struct sums *sums, const struct total *total)
{
	struct print key = { };

	if (total == &sums->rest)
		print_word(&key, "others");
	else
		sums->by->print(&key, &total->key);
	json_begin();
	json_name(sums->by->name, (const u8 *)key.text, key.len);
	for (int i = 0; i < COLUMNS; i++)
		json_number(columns[i].head, total->count[i]);
	json_end();
	free(key.text);
}

static void print_sums(struct sums *sums)
{
	void (*print)(const struct sums *sums, const struct total *total) =
		sums->options->json ? print_json : print_total;

	if (sums->size)
		qsort(sums->total, sums->size, sizeof(*sums->total), by_ends);
	if (!sums->options->json)
		print_top(sums);
	for (u64 i = 0; i < sums->nr && i < sums->options->count && print_out(false); i++)
		print(sums, &sums->total[i]);
	if (!sums->rest.count[ENDS])
		return;
	print(sums, &sums->rest);
	say("--max-connections %llu was reached: %llu ends of others are one sum",
	    sums->options->max_connections, sums->rest.count[ENDS]);
}

bool top(struct options *options)
{
	struct sums sums = { .options = options, .by = find_by(options->by ?: "port") };

	each_record(options, take, &sums);
	print_sums(&sums);
	free(sums.total);
	return true;
}
