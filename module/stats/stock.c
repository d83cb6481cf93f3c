// SPDX-License-Identifier: GPL-2.0
#include "stats/stock.h"

#include <linux/atomic.h>
#include <linux/llist.h>
#include <linux/numa.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "stats/stats.h"

/* As many namespaces may have their first event before the worker refills the stock. */
#define STOCK_BLOCKS	32

static struct kmem_cache *stock_cache;
static struct stats *stock[STOCK_BLOCKS];

/* Blocks that a hook took and did not need, linked by their first word. */
static LLIST_HEAD(stock_back);

/**
 * stock_take() - take a zeroed block from the stock
 *
 * Context: any but NMI.
 *
 * Return: the block; NULL if the stock is empty until stock_fill() runs.
 */
struct stats *stock_take(void)
{
	struct stats *block = NULL;
	int i;

	for (i = 0; i < STOCK_BLOCKS && !block; i++)
		if (READ_ONCE(stock[i]))
			block = xchg(&stock[i], NULL);
	return block;
}

/**
 * stock_give_back() - return a block that was not needed
 * @block: from stock_take(), still zeroed
 *
 * Context: any but NMI.
 */
void stock_give_back(struct stats *block)
{
	llist_add((struct llist_node *)block, &stock_back);
}

/**
 * stock_make() - allocate a zeroed block
 * @node: preferred NUMA node
 *
 * A tracer must not trigger the OOM killer.
 *
 * Context: process, may sleep.
 *
 * Return: the block, or NULL if there is no memory.
 */
struct stats *stock_make(int node)
{
	struct stats *block = kmem_cache_alloc_node(stock_cache, GFP_KERNEL | __GFP_NORETRY |
						    __GFP_NOWARN, node);

	if (block)
		memset(block, 0, sizeof(*block));
	return block;
}

/**
 * stock_free() - free a block
 * @block: the block, or NULL
 */
void stock_free(struct stats *block)
{
	if (block)
		kmem_cache_free(stock_cache, block);
}

static void stock_free_back(void)
{
	struct llist_node *node, *next;

	llist_for_each_safe(node, next, llist_del_all(&stock_back))
		stock_free((struct stats *)node);
}

/**
 * stock_fill() - refill the stock
 *
 * Context: process, may sleep; the caller serialises.
 */
void stock_fill(void)
{
	struct stats *block;
	int i;

	stock_free_back();
	for (i = 0; i < STOCK_BLOCKS; i++) {
		if (READ_ONCE(stock[i]))
			continue;
		block = stock_make(NUMA_NO_NODE);
		if (!block)
			break;
		/* Zeroes before the pointer: pairs with the xchg() in stock_take(). */
		smp_store_release(&stock[i], block);
	}
}

/* Keeps the slab from merging this cache with others of the same size, see depot.c. */
static void stock_construct(void *block)
{
}

/**
 * stock_start() - create the stock, and fill it
 *
 * Return: 0 or -ENOMEM.
 */
int stock_start(void)
{
	stock_cache = kmem_cache_create("tcp_teardown_stats", sizeof(struct stats), 0,
					SLAB_HWCACHE_ALIGN, stock_construct);
	if (!stock_cache)
		return -ENOMEM;
	stock_fill();
	return 0;
}

/**
 * stock_stop() - free the stock
 *
 * Context: process, may sleep; no hook and no worker is left.
 */
void stock_stop(void)
{
	int i;

	stock_free_back();
	for (i = 0; i < STOCK_BLOCKS; i++)
		stock_free(xchg(&stock[i], NULL));
	kmem_cache_destroy(stock_cache);
}
