// SPDX-License-Identifier: GPL-2.0
/* The facts of a network namespace. */
#include <stdio.h>
#include <stdlib.h>

#include "complain.h"
#include "doctor.h"

/* So many are shown of those that are counted. */
#define SHOWN	4

struct place *place_of(struct doctor *doctor, u32 netns)
{
	struct place *place;

	for (unsigned int i = 0; i < doctor->nr; i++)
		if (doctor->place[i].netns == netns)
			return &doctor->place[i];
	doctor->place = grow(doctor->place, doctor->nr, doctor->nr + 1, sizeof(*doctor->place));
	place = &doctor->place[doctor->nr++];
	place->netns = netns;
	return place;
}

struct sock *socks_add(struct socks *socks, const struct sock *sock)
{
	if (!(socks->nr & (socks->nr - 1)))
		socks->sock = grow(socks->sock, socks->nr, socks->nr ? 2 * socks->nr : 1,
				   sizeof(*socks->sock));
	socks->sock[socks->nr] = *sock;
	return &socks->sock[socks->nr++];
}

void place_free(struct place *place)
{
	for (int i = 0; i < FACTS; i++)
		free(place->who[i].count);
	free(place->closing.sock);
	free(place->socks.sock);
}

void tally_add(struct tally *tally, const char *key, u64 count)
{
	unsigned int i;

	if (!tally->count)
		tally->count = allocate(TALLY_KEYS * sizeof(*tally->count));
	for (i = 0; i < tally->nr; i++)
		if (!strcmp(tally->count[i].key, key))
			break;
	if (i == TALLY_KEYS) {
		tally->rest += count;
		return;
	}
	if (i == tally->nr)
		snprintf(tally->count[tally->nr++].key, TALLY_KEY_LEN, "%s", key);
	tally->count[i].count += count;
}

static int by_count(const void *a, const void *b)
{
	const struct tally_count *one = a, *other = b;

	if (one->count != other->count)
		return one->count > other->count ? -1 : 1;
	return strcmp(one->key, other->key);
}

void tally_print(struct print *print, const struct tally *tally)
{
	u64 rest = tally->rest;

	if (!tally->nr)
		return;
	qsort(tally->count, tally->nr, sizeof(*tally->count), by_count);
	for (unsigned int i = 0; i < tally->nr; i++) {
		if (i >= SHOWN) {
			rest += tally->count[i].count;
			continue;
		}
		print_format(print, "%s: ", tally->count[i].key);
		print_count(print, tally->count[i].count);
		print_char(print, '\n');
	}
	if (!rest)
		return;
	print_word(print, "others: ");
	print_count(print, rest);
	print_char(print, '\n');
}

u64 count_of(const struct place *place, enum fact fact)
{
	return place->has_summary && fact_is_in_summary(fact) ? place->told[fact] :
								place->seen[fact];
}

static u64 ends_in(const u64 *fact)
{
	return fact[FACT_LOCAL_FIRST] + fact[FACT_PEER_FIRST] + fact[FACT_BOTH_FIRST] +
	       fact[FACT_NONE_FIRST];
}

u64 ends_of(const struct place *place)
{
	return ends_in(place->has_summary ? place->told : place->seen);
}

static bool is_notable_in(const u64 *facts, enum fact fact)
{
	return facts[fact] >= 3 && facts[fact] * 100 >= ends_in(facts);
}

bool is_notable(const struct place *place, enum fact fact)
{
	bool told = place->has_summary && fact_is_in_summary(fact);

	if (told && is_notable_in(place->told, fact))
		return true;
	return !(told && place->has_since) && is_notable_in(place->seen, fact);
}

const struct socks *closing_of(const struct place *place)
{
	return place->has_closing ? &place->closing : &place->socks;
}

static u64 count_in(const struct socks *socks, u8 state)
{
	u64 count = 0;

	for (u64 i = 0; i < socks->nr; i++)
		count += socks->sock[i].state == state;
	return count;
}

u64 count_state(const struct place *place, u8 state)
{
	if (place->has_socks)
		return place->states[state];
	return count_in(&place->closing, state);
}

const char *netns_prefix(const struct doctor *doctor, const struct place *place)
{
	static char prefix[80];

	prefix[0] = '\0';
	if (doctor->nr > 1 && !doctor->only)
		snprintf(prefix, sizeof(prefix), "netns %u%s%s%s: ", place->netns,
			 *place->name ? " (" : "", place->name, *place->name ? ")" : "");
	return prefix;
}
