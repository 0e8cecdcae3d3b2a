/*
 * mm/phys/gfp.h - allocation flags, and the page allocator's interface.
 *
 * MODEL     GFP flags say where a page may come from, how hard to try, and what it will be used
 *           for.  alloc_pages() walks the zonelist that the flags and the node choose.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_PHYS_GFP_H
#define VELLUM_MM_PHYS_GFP_H

#include "include/mm_types.h"
#include "include/arch/arch.h"

#define __GFP_DMA32		0x0004u
#define __GFP_HIGHMEM		0x0002u
#define __GFP_MOVABLE		0x0008u		/* can be migrated or reclaimed: may enter ZONE_MOVABLE */
#define __GFP_RECLAIMABLE	0x0010u		/* a shrinker frees it */
#define __GFP_HIGH		0x0020u		/* may use the atomic reserve */
#define __GFP_IO		0x0040u
#define __GFP_FS		0x0080u
#define __GFP_ZERO		0x0100u
#define __GFP_DIRECT_RECLAIM	0x0400u		/* may sleep and reclaim */
#define __GFP_KSWAPD_RECLAIM	0x0800u
#define __GFP_NOWARN		0x2000u
#define __GFP_RETRY_MAYFAIL	0x4000u
#define __GFP_NOFAIL		0x8000u
#define __GFP_NORETRY		0x10000u
#define __GFP_MEMALLOC		0x20000u
#define __GFP_COMP		0x40000u
#define __GFP_NOMEMALLOC	0x80000u
#define __GFP_HARDWALL		0x100000u
#define __GFP_THISNODE		0x200000u
#define __GFP_ACCOUNT		0x400000u
#define __GFP_WRITE		0x1000u
#define __GFP_RECLAIM		(__GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM)

#define GFP_ATOMIC		(__GFP_HIGH | __GFP_KSWAPD_RECLAIM)
#define GFP_NOWAIT		(__GFP_KSWAPD_RECLAIM | __GFP_NOWARN)
#define GFP_NOIO		(__GFP_RECLAIM)
#define GFP_NOFS		(__GFP_RECLAIM | __GFP_IO)
#define GFP_KERNEL		(__GFP_RECLAIM | __GFP_IO | __GFP_FS)
#define GFP_USER		(GFP_KERNEL | __GFP_HARDWALL)
#define GFP_HIGHUSER		(GFP_USER | __GFP_HIGHMEM)
#define GFP_HIGHUSER_MOVABLE	(GFP_HIGHUSER | __GFP_MOVABLE)
#define GFP_DMA32		__GFP_DMA32

/*
 * 2^@order pages, physically contiguous and aligned; NULL when there are none.
 * => _refcount 1, content undefined unless __GFP_ZERO; may sleep with __GFP_DIRECT_RECLAIM
 */
struct page *alloc_pages(gfp_t gfp, unsigned order);
struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned order);
#define alloc_page(gfp)	alloc_pages(gfp, 0)

/* Drop the caller's reference to 2^@order pages; the last one frees them.  Any context. */
void __free_pages(struct page *page, unsigned order);
#define __free_page(page)	__free_pages(page, 0)

/* Kernel virtual addresses of the same (direct map), 0 when there are none. */
unsigned long __get_free_pages(gfp_t gfp, unsigned order);
#define __get_free_page(gfp)	__get_free_pages(gfp, 0)
unsigned long get_zeroed_page(gfp_t gfp);
void free_pages(unsigned long va, unsigned order);
#define free_page(va)		free_pages(va, 0)

/* Fill @pages[0..nr) with order-0 pages; how many were had.  Freed one by one or in bulk. */
unsigned long alloc_pages_bulk(gfp_t gfp, unsigned nr, struct page **pages);
void free_pages_bulk(struct page **pages, unsigned nr);		/* drops one reference each */
void *alloc_pages_exact(size_t bytes, gfp_t gfp);
void free_pages_exact(void *va, size_t bytes);
void split_page(struct page *page, unsigned order);

/* Is @page beyond the direct map?  Then its bytes are reached through mm/kmap/highmem.h only. */
static __always_inline bool PageHighMem(const struct page *page)
{
	return unlikely(page_linear_addr(page) >= high_memory);
}
/* Up-call: zero a page that is. */
void clear_high_page(struct page *page);

/* The last reference is gone: free the page (compound or single).  Called by put_page(). */
void __put_page(struct page *page);

static inline struct page *compound_head(struct page *page)
{
	return unlikely(PageTail(page)) ? (struct page *)page->compound_head : page;
}

static inline void get_page(struct page *page)
{
	page = compound_head(page);
	INV(P1, page_count(page) > 0);
	atomic_inc(&page->_refcount);
}

/*
 * A reference to a page that was found without a lock; false: it is being freed, or frozen.  It may have become
 * another page meanwhile: the caller looks again where he found it.
 */
static inline bool get_page_unless_zero(struct page *page)
{
	return atomic_inc_not_zero(&page->_refcount);
}

static inline void put_page(struct page *page)
{
	page = compound_head(page);
	if (atomic_dec_and_test(&page->_refcount))
		__put_page(page);
}

unsigned long totalram_pages(void);

/*
 * Between the two no allocation of the running task comes to reclaim with __GFP_FS: it holds locks that the file
 * system would need to let go of inodes.  They nest.
 */
static inline unsigned long memalloc_nofs_save(void)
{
	unsigned long old = current_base()->flags & PF_MEMALLOC_NOFS;

	current_base()->flags |= PF_MEMALLOC_NOFS;
	return old;
}
static inline void memalloc_nofs_restore(unsigned long old)
{
	current_base()->flags = (current_base()->flags & ~PF_MEMALLOC_NOFS) | old;
}

#endif
