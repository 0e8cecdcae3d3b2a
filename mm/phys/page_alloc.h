/*
 * mm/phys/page_alloc.h - what the files of the page allocator share.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_PHYS_PAGE_ALLOC_H
#define VELLUM_MM_PHYS_PAGE_ALLOC_H

#include "mm/phys/buddy.h"
#include "mm/phys/page_debug.h"
#include "mm/phys/reclaim.h"

/* Any of these keeps allocations and frees off the shortest path; counted, as they nest. */
enum page_alloc_hook {
	HOOK_ISOLATE,		/* pageblocks are isolated: frees must look at the block's type */
	HOOK_OWNER,		/* page_owner=on */
	HOOK_POISON,		/* page_poison=1 */
	HOOK_HIDE,		/* debug_pagealloc=on */
	HOOK_FAIL,		/* fail_page_alloc= */
	HOOK_KASAN,		/* free pages are bad: include/kasan.h */
	NR_PAGE_ALLOC_HOOKS
};
extern unsigned page_alloc_hooks;		/* bit per hook in use */
void page_alloc_hook_get(enum page_alloc_hook hook);
void page_alloc_hook_put(enum page_alloc_hook hook);
static inline bool page_alloc_hooked(enum page_alloc_hook hook)
{
	return unlikely(READ_ONCE(page_alloc_hooks)) && page_alloc_hooks >> hook & 1;
}

/* Flags that a page must not have when it is freed, and bits that outlive a free. */
#define PAGE_FLAGS_CHECK_AT_FREE \
	(BIT(PG_locked) | BIT(PG_lru) | BIT(PG_active) | BIT(PG_writeback) | BIT(PG_buddy) | BIT(PG_slab) | \
	 BIT(PG_table) | BIT(PG_reserved) | BIT(PG_head) | BIT(PG_tail) | BIT(PG_swapcache) | \
	 BIT(PG_unevictable) | BIT(PG_private) | BIT(PG_guard))
#define PAGE_FLAGS_KEPT		(~0ul << PAGE_MT_SHIFT)
#define PAGE_MT_MASK		(7ul << PAGE_MT_SHIFT)

static inline unsigned page_mt_hint(const struct page *page) { return page->flags >> PAGE_MT_SHIFT & 7; }
static inline void set_page_mt_hint(struct page *page, unsigned mt)
{
	page->flags = (page->flags & ~PAGE_MT_MASK) | (unsigned long)mt << PAGE_MT_SHIFT;
}

/* Check and reset @page, whose references are gone; false: it is corrupt and must not be reused. */
bool free_pages_prepare(struct page *page, unsigned order);
void prep_new_page(struct page *page, unsigned order, gfp_t gfp);
void prep_compound_page(struct page *page, unsigned order);
static inline unsigned compound_order(const struct page *page)
{
	return PageHead(page) ? page[1].private : 0;
}

/* Pages from this hart's lists back to the buddy system.  => interrupts off */
void free_pcppages_bulk(struct zone *zone, int count, struct per_cpu_pages *pcp);

struct page *get_page_from_freelist(gfp_t gfp, unsigned order, unsigned alloc_flags,
				    const struct alloc_context *ac);
struct page *__alloc_pages_slowpath(gfp_t gfp, unsigned order, const struct alloc_context *ac);
struct page *__alloc_pages(gfp_t gfp, unsigned order, int nid, const nodemask_t *nodemask);

#endif
