// SPDX-License-Identifier: GPL-2.0
/* Allocates a ring on the NUMA node of its CPU. */
#include "ring/buffer_alloc.h"

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <linux/vmalloc.h>

/* Whatever size a user requests, the allocation must not trigger the OOM killer. */
#define RING_GFP	(GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

static void pages_free(struct page **pages, unsigned long nr)
{
	while (nr)
		__free_page(pages[--nr]);
	kvfree(pages);
}

/*
 * Allocates page by page. Of the functions that allocate more and are exported, none takes both a
 * node and RING_GFP without trying contiguous pages first. If the node has no memory, the pages
 * come from another node.
 */
static struct page **pages_alloc(unsigned long nr, int node)
{
	struct page **pages = kvmalloc_array(nr, sizeof(*pages), RING_GFP);
	unsigned long i;

	if (!pages)
		return NULL;
	for (i = 0; i < nr; i++) {
		pages[i] = alloc_pages_node(node, RING_GFP | __GFP_ZERO, 0);
		if (!pages[i]) {
			pages_free(pages, i);
			return NULL;
		}
		cond_resched();
	}
	return pages;
}

/* To be freed by vfree(), which also frees the pages. */
static struct ring_slot *slots_alloc(unsigned long nr, int node)
{
	unsigned long nr_pages = DIV_ROUND_UP(nr * sizeof(struct ring_slot), PAGE_SIZE);
	struct page **pages = pages_alloc(nr_pages, node);
	struct ring_slot *slots;

	if (!pages)
		return NULL;
	slots = vmap(pages, nr_pages, VM_MAP | VM_MAP_PUT_PAGES, PAGE_KERNEL);
	if (!slots)
		pages_free(pages, nr_pages);
	return slots;
}

/**
 * ring_alloc() - allocate an empty ring
 * @cpu: the CPU
 * @nr: the number of slots, a power of two
 *
 * Context: process, may sleep.
 *
 * Return: the ring, or NULL if there is no memory.
 */
struct ring *ring_alloc(unsigned int cpu, unsigned long nr)
{
	const int node = cpu_to_node(cpu);
	struct ring *ring = kzalloc_node(sizeof(*ring), RING_GFP, node);
	struct ring_slot *slots;

	if (!ring)
		return NULL;
	slots = slots_alloc(nr, node);
	if (!slots) {
		kfree(ring);
		return NULL;
	}
	ring_init(ring, slots, nr);
	return ring;
}

/**
 * ring_free() - free a ring
 * @ring: from ring_alloc(), or NULL
 *
 * Context: process, may sleep; no writer and no reader sees the ring.
 */
void ring_free(struct ring *ring)
{
	if (!ring)
		return;
	vfree(ring->slots);
	kfree(ring);
}
