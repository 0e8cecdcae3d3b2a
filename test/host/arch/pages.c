/*
 * test/host/arch/pages.c - frames for tests of what lies above the page allocator.
 *
 * MODEL     Frames are given out last-freed first, so that a use after free meets a new owner at once;
 *           free frames are filled with a pattern that is checked when they are given out.
 *           All weak: a test that names mm/phys in its SRCS gets the real ones.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "test/host/arch/host.h"
#include "test/host/tap.h"
#include "mm/kmap/highmem.h"
#include "mm/kmap/vmalloc.h"
#include "mm/phys/gfp.h"
#include "mm/phys/zone.h"

#define FIRST_PFN	0x80000ul
#define NR_FRAMES	(1ul << 17)
#define FREE_BYTE	0x5b

static pfn_t free_stack[NR_FRAMES], next_new = FIRST_PFN;
static unsigned long nr_free, used;
static struct node_hart_stat stats[NR_HARTS];
static pg_data_t node0;

__weak pg_data_t *node_data[MAX_NUMNODES] = { &node0 };
__weak DEFINE_PER_HART(struct vm_event_state, vm_event_states);

static void __attribute__((constructor)) pages_start(void)
{
	for (unsigned h = 0; h < NR_HARTS; h++)
		node0.hart_stat[h] = &stats[h];
}

__weak unsigned long global_node_page_state(enum node_stat_item item)
{
	long sum = 0;

	for (unsigned h = 0; h < NR_HARTS; h++)
		sum += stats[h].stat[item];
	return sum;
}

long host_pages_used(void) { return used; }
bool host_page_is_free(pfn_t pfn) { return page_count(pfn_to_page(pfn)) == 0; }

static struct page *frame_get(gfp_t gfp, bool fresh)
{
	struct page *page;
	u8 *p;
	void *token = shim_alloc(1);	/* counts, and fails when told to */

	if (!token)
		return NULL;
	if (nr_free && !fresh) {
		page = pfn_to_page(free_stack[--nr_free]);
		p = page_to_virt(page);
		for (unsigned i = 0; i < PAGE_SIZE; i += 64)
			CHECK(p[i] == FREE_BYTE);	/* written after it was freed? */
	} else {
		CHECK(next_new < FIRST_PFN + NR_FRAMES);
		page = pfn_to_page(next_new++);
		p = page_to_virt(page);
	}
	used++;
	memset(page, 0, sizeof(*page));
	memset(p, gfp & __GFP_ZERO ? 0 : 0xcd, PAGE_SIZE);
	atomic_set(&page->_mapcount, -1);
	atomic_set(&page->_refcount, 1);
	page->lru.next = token;
	return page;
}

__weak void __put_page(struct page *page)
{
	CHECK(page_count(page) == 0);
	CHECK(page_mapcount(page) == 0);
	CHECK(!PageTable(page));
	used--;
	shim_free(page->lru.next);
	memset(page_to_virt(page), FREE_BYTE, PAGE_SIZE);
	free_stack[nr_free++] = page_to_pfn(page);
}

__weak struct page *alloc_pages(gfp_t gfp, unsigned order)
{
	struct page *block;

	if (!order)
		return frame_get(gfp, false);
	if (next_new + (1u << order) > FIRST_PFN + NR_FRAMES / 2)
		return NULL;		/* the rest is for single frames */
	block = frame_get(gfp, true);
	for (unsigned i = 1; block && i < 1u << order; i++)
		if (!frame_get(gfp, true)) {
			while (i)
				put_page(block + --i);
			block = NULL;
		}
	return block;
}

__weak struct page *alloc_pages_node(__maybe_unused int nid, gfp_t gfp, unsigned order)
{
	return alloc_pages(gfp, order);
}

/* Frames of a block are single frames from the start here. */
__weak void split_page(__maybe_unused struct page *page, __maybe_unused unsigned order) {}

__weak void __free_pages(struct page *page, unsigned order)
{
	CHECK(order == 0);
	put_page(page);
}

__weak unsigned long __get_free_pages(gfp_t gfp, unsigned order)
{
	struct page *page = alloc_pages(gfp, order);

	return page ? (unsigned long)page_to_virt(page) : 0;
}

__weak unsigned long get_zeroed_page(gfp_t gfp) { return __get_free_pages(gfp | __GFP_ZERO, 0); }
__weak void free_pages(unsigned long va, unsigned order) { __free_pages(virt_to_page((void *)va), order); }

__weak unsigned long alloc_pages_bulk(gfp_t gfp, unsigned nr, struct page **pages)
{
	for (unsigned i = 0; i < nr; i++) {
		pages[i] = alloc_pages(gfp, 0);
		if (!pages[i])
			return i;
	}
	return nr;
}

__weak void free_pages_bulk(struct page **pages, unsigned nr)
{
	while (nr)
		put_page(pages[--nr]);
}

__weak unsigned long totalram_pages(void) { return NR_FRAMES; }

/* ---- high pages: only tests of mm/kmap/highmem.c have any ------------------------------------ */

__weak void *kmap_atomic_high(struct page *page) { panic("pfn %lx is high", page_to_pfn(page)); }
__weak void kunmap_atomic_high(const void *addr) { panic("%p is a window", addr); }
__weak void *kmap_high(struct page *page) { panic("pfn %lx is high", page_to_pfn(page)); }
__weak void kunmap_high(struct page *page) { panic("pfn %lx is high", page_to_pfn(page)); }
__weak void clear_high_page(struct page *page) { panic("pfn %lx is high", page_to_pfn(page)); }
__weak void copy_high_page(struct page *to, __maybe_unused struct page *from)
{
	panic("pfn %lx or the other is high", page_to_pfn(to));
}
__weak struct vm_struct *find_vm_area(__maybe_unused const void *addr) { return NULL; }

/* mm/cache/dirty.c and block/flusher.c: nothing here becomes dirty faster than it is written. */
struct address_space;
__weak void balance_dirty_pages_ratelimited(__maybe_unused const struct address_space *mapping) {}
__weak unsigned fault_balance_dirty_pages(__maybe_unused struct vm_fault *vmf) { return 0; }
__weak void wakeup_flusher(void) {}
__weak unsigned long nr_blockdev_pages(void) { return 0; }
