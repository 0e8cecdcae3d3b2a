/*
 * mm/phys/page_alloc.c - the page allocator: pages out, pages in.
 *
 * MODEL     alloc_pages()  first looks at the running hart's stack for flags like these: a page there
 *                          is the answer.  Else __alloc_pages() walks the zonelist
 *                          (get_page_from_freelist), taking from each zone what its watermark
 *                          allows (buffered_rmqueue); if all refuse, the slow path begins.
 *           __free_pages() drops a reference; the last one pushes the page on the hart's stack.
 *           A compound page is 2^order pages with one reference count: the first is PG_head, the
 *           others PG_tail and point to it; the order is in page[1].private.
 * INVARIANTS
 *   A1  A page handed out has _refcount 1, _mapcount -1, no mapping, private 0, and of its flags
 *       only node, zone and type hint (and PG_head).
 *   A2  A page given back with any of PAGE_FLAGS_CHECK_AT_FREE set is not reused.
 *   A3  The pages of a block are one zone's, and none but the first has references while it is whole.
 * LOCKING   The short paths run with interrupts off and take no lock.
 * COST      alloc_page() and __free_page(), hot, are about 70 instructions together.
 * TESTS     test/host/mm/phys/test_page_alloc.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/kasan.h"
#include "mm/phys/page_alloc.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/phys/init.h"

struct zone *zone_table[256];
unsigned page_alloc_hooks;
static atomic_t hook_count[NR_PAGE_ALLOC_HOOKS];

void page_alloc_hook_get(enum page_alloc_hook hook)
{
	if (atomic_inc_return(&hook_count[hook]) == 1) {
		__atomic_fetch_or(&page_alloc_hooks, 1u << hook, __ATOMIC_SEQ_CST);
		open_hart_lists(false);
	}
}

void page_alloc_hook_put(enum page_alloc_hook hook)
{
	if (atomic_dec_and_test(&hook_count[hook])) {
		__atomic_fetch_and(&page_alloc_hooks, ~(1u << hook), __ATOMIC_SEQ_CST);
		open_hart_lists(!page_alloc_hooks);
	}
}

/* ---- the state of a page --------------------------------------------------------------------- */

void prep_compound_page(struct page *page, unsigned order)
{
	__SetPageHead(page);
	for (unsigned long i = 1; i < 1ul << order; i++) {
		INV(A3, !page_count(page + i) && page_zone(page + i) == page_zone(page));
		page[i].compound_head = (unsigned long)page;
		__SetPageTail(&page[i]);
	}
	page[1].private = order;
}

static void destroy_compound_page(struct page *page, unsigned order)
{
	__ClearPageHead(page);
	page[1].private = 0;
	for (unsigned long i = 1; i < 1ul << order; i++) {
		INV(A3, PageTail(page + i) && page[i].compound_head == (unsigned long)page && !page_count(page + i));
		__ClearPageTail(&page[i]);
		page[i].compound_head = 0;
	}
}

static __cold void bad_page(struct page *page, const char *why)
{
	pr_err("BUG: Bad page state in process %s  pfn:%05lx: %s\n", task_name(), page_to_pfn(page), why);
	pr_err("page:%p count:%d mapcount:%d mapping:%p index:%#lx flags:%#lx private:%#lx\n", (void *)page,
	       page_count(page), page_mapcount(page), (void *)page->mapping, page->index, page->flags,
	       page->private);
	WARN_ON_ONCE("bad page");
}

bool free_pages_prepare(struct page *page, unsigned order)
{
	if (order && PageHead(page)) {
		ASSERT(page[1].private == order);
		destroy_compound_page(page, order);
	}
	if (unlikely(page->flags & PAGE_FLAGS_CHECK_AT_FREE)) {
		bad_page(page, "PAGE_FLAGS_CHECK_AT_FREE flag(s) set");	/* A2 */
		return false;
	}
	INV(A1, page_mapcount(page) == 0 && page_count(page) == 0);
	if (page_alloc_hooked(HOOK_OWNER))
		page_owner_reset(page, order);
	if (page_alloc_hooked(HOOK_POISON))
		page_poison_free(page, order);
	if (page_alloc_hooked(HOOK_KASAN))
		kasan_free_pages(page, order);
	if (page_alloc_hooked(HOOK_HIDE))
		pages_hide(page, 1ul << order);
	/* Of a block, only the first page was ever anyone's to mark. */
	page->mapping = NULL;
	page->flags &= PAGE_FLAGS_KEPT | BIT(PG_poisoned) | BIT(PG_guard);
	return true;
}

static __always_inline void set_page_allocated(struct page *page)
{
	INV(A1, !page_count(page) && !page->mapping && !(page->flags & PAGE_FLAGS_CHECK_AT_FREE));
	/* Who finds the page by its frame and takes a reference sees nothing of its former life. */
	smp_store_release(&page->_refcount.v, 1);
	page->private = 0;
}

static __always_inline void clear_any_page(struct page *page)
{
	if (PageHighMem(page))
		clear_high_page(page);
	else
		clear_page(page_to_virt(page));
}

void prep_new_page(struct page *page, unsigned order, gfp_t gfp)
{
	if (page_alloc_hooked(HOOK_HIDE))
		pages_show(page, 1ul << order);
	if (page_alloc_hooked(HOOK_KASAN))
		kasan_alloc_pages(page, order);
	if (page_alloc_hooked(HOOK_POISON))
		page_poison_check(page, order);
	set_page_allocated(page);
	if (gfp & __GFP_ZERO)
		for (unsigned long i = 0; i < 1ul << order; i++)
			clear_any_page(page + i);
	if (order && (gfp & __GFP_COMP))
		prep_compound_page(page, order);
	if (page_alloc_hooked(HOOK_OWNER))
		page_owner_set(page, order, gfp);
}

/* ---- taking ---------------------------------------------------------------------------------- */

/*
 * A page of @zone was had where @preferred was wanted.  What comes from a hart's list is counted
 * there, as a hit; here only when it was none.
 */
static void count_numa(struct zone *preferred, struct zone *zone, bool from_list)
{
	unsigned hart = this_hart();
	unsigned long *numa = zone->pgdat->hart_stat[hart]->numa[zone->idx];

	if (zone->pgdat != preferred->pgdat) {
		numa[NUMA_MISS]++;
		numa[NUMA_HIT] -= from_list;
		preferred->pgdat->hart_stat[hart]->numa[preferred->idx][NUMA_FOREIGN]++;
	} else if (!from_list) {
		numa[NUMA_HIT]++;
	}
	if (!from_list)
		numa[zone->pgdat->node_id == numa_node_id() ? NUMA_LOCAL : NUMA_OTHER]++;
}

/* Past the per-hart lists.  => interrupts off */
static struct page *rmqueue_buddy(struct zone *zone, unsigned order, unsigned mt, unsigned alloc_flags)
{
	struct page *page = NULL;

	if (page_group_by_mobility_disabled)
		mt = MIGRATE_UNMOVABLE;
	spin_lock(&zone->lock);
	zone->pageset[this_hart()]->nr_locked++;
	if (alloc_flags & ALLOC_HIGHATOMIC)
		page = __rmqueue_smallest(zone, order, MIGRATE_HIGHATOMIC);
	if (!page)
		page = __rmqueue(zone, order, mt, alloc_flags);
	if (!page && alloc_flags & (ALLOC_OOM | ALLOC_NON_BLOCK | ALLOC_NO_WATERMARKS))
		page = __rmqueue_smallest(zone, order, MIGRATE_HIGHATOMIC);
	if (page)
		set_page_mt_hint(page, get_pageblock_migratetype(page));
	spin_unlock(&zone->lock);
	if (page)
		count_vm_events(PGALLOC_DMA32 + zone->idx, 1ul << order);
	return page;
}

/* 2^@order pages of @zone: from this hart's lists, where low orders are kept, or the buddy system. */
static struct page *buffered_rmqueue(struct zone *preferred, struct zone *zone, unsigned order,
				     unsigned mt, unsigned alloc_flags)
{
	unsigned long flags = arch_irq_save();
	struct page *page = NULL;
	bool from_list;

	if (likely(pcp_allowed_order(order)))
		page = rmqueue_pcplist(zone, order, mt, alloc_flags);
	from_list = page;
	if (!page)
		page = rmqueue_buddy(zone, order, mt, alloc_flags);
	if (page)
		count_numa(preferred, zone, from_list);
	arch_irq_restore(flags);
	return page;
}

static inline bool zone_usable(const struct zoneref *z, const struct alloc_context *ac)
{
	return z->zone_idx <= ac->highest_zoneidx &&
	       (!ac->nodemask || ac->nodemask->bits >> z->zone->pgdat->node_id & 1);
}

static struct page *try_zone(struct zone *preferred, struct zone *zone, gfp_t gfp, unsigned order,
			     unsigned alloc_flags, const struct alloc_context *ac)
{
	struct page *page;

	if (!(alloc_flags & ALLOC_NO_WATERMARKS) &&
	    !zone_watermark_ok(zone, order, wmark_pages(zone, alloc_flags & ALLOC_WMARK_MASK),
			       ac->highest_zoneidx, alloc_flags))
		return NULL;
	page = buffered_rmqueue(preferred, zone, order, ac->migratetype, alloc_flags);
	if (!page)
		return NULL;
	prep_new_page(page, order, gfp);
	if (order && alloc_flags & ALLOC_HIGHATOMIC)
		reserve_highatomic_pageblock(page, zone);
	return page;
}

/* The first zone of the list whose watermark, named in @alloc_flags, allows 2^@order pages. */
struct page *get_page_from_freelist(gfp_t gfp, unsigned order, unsigned alloc_flags,
				    const struct alloc_context *ac)
{
	struct zone *preferred = NULL;

	for (struct zoneref *z = ac->zonelist->refs; z->zone; z++) {
		struct page *page;

		if (!zone_usable(z, ac))
			continue;
		if (!preferred)
			preferred = z->zone;
		do {
			page = try_zone(preferred, z->zone, gfp, order, alloc_flags, ac);
			if (page)
				return page;
			/* Memory that is not initialised yet is free memory. */
		} while (READ_ONCE(z->zone->nr_deferred) && deferred_grow_zone(z->zone, order));
	}
	return NULL;
}

/* 2^@order pages, first of node @nid, of the nodes in @nodemask only (NULL: all). */
struct page *__alloc_pages(gfp_t gfp, unsigned order, int nid, const nodemask_t *nodemask)
{
	struct alloc_context ac = {
		.zonelist = node_zonelist(nid, gfp),
		.nodemask = nodemask,
		.highest_zoneidx = gfp_zone(gfp),
		.migratetype = gfp_migratetype(gfp),
		.nid = nid,
	};
	struct page *page;

	if (unlikely(order > MAX_ORDER)) {
		WARN_ON_ONCE(!(gfp & __GFP_NOWARN));
		return NULL;
	}
	if (page_alloc_hooked(HOOK_FAIL) && should_fail_alloc_page(gfp, order))
		return NULL;
	page = get_page_from_freelist(gfp, order, ALLOC_WMARK_LOW, &ac);
	return likely(page) ? page : __alloc_pages_slowpath(gfp, order, &ac);
}

/* Out of line, so that the shortest path needs no stack frame. */
static __noinline struct page *page_cleared(struct page *page)
{
	clear_any_page(page);
	return page;
}

static __always_inline struct pcp_stack *alloc_stack(gfp_t gfp)
{
	unsigned kind = (gfp & (__GFP_HIGHMEM | __GFP_DMA32 | __GFP_MOVABLE | __GFP_RECLAIMABLE)) >> 1;

	return hart_lists[this_hart()]->alloc[kind];
}

/* A block of @order > 0 from this hart's list, if one lies there. */
static struct page *alloc_block_hot(gfp_t gfp, unsigned order)
{
	unsigned long flags = arch_irq_save();
	struct pcp_stack *st = alloc_stack(gfp);
	unsigned mt = gfp_migratetype(gfp);
	struct page *page = NULL;

	if (pcp_allowed_order(order) && st != &pcp_closed) {
		struct per_cpu_pages *pcp = pcp_of_stack(st, mt);
		struct list_head *list = &pcp->lists[order_to_pindex(order, mt)];

		if (!list_empty(list)) {
			page = list_first_entry(list, struct page, lru);
			__list_del(list, page->lru.next);
			pcp->count -= 1 << order;
			pcp->nr_alloc += 1ul << order;
			INV(H1, pcp->count >= 0);
		}
	}
	arch_irq_restore(flags);
	return page;
}

static __noinline struct page *alloc_block(gfp_t gfp, unsigned order)
{
	struct page *page = alloc_block_hot(gfp, order);

	if (!page)
		return __alloc_pages(gfp, order, numa_node_id(), NULL);
	prep_new_page(page, order, gfp);
	return page;
}

struct page *alloc_pages(gfp_t gfp, unsigned order)
{
	struct pcp_stack *st;
	struct page *page;
	unsigned long flags;

	if (unlikely(order))
		return alloc_block(gfp, order);
	flags = arch_irq_save();
	st = alloc_stack(gfp);
	page = st->hot;
	if (unlikely(!page)) {
		arch_irq_restore(flags);
		return __alloc_pages(gfp, 0, numa_node_id(), NULL);
	}
	INV(H3, (int)(st->word & PCP_ROOM_MASK) < st->capacity);
	st->hot = page->next;
	st->word += PCP_ONE_ALLOC;
	arch_irq_restore(flags);
	set_page_allocated(page);
	return unlikely(gfp & __GFP_ZERO) ? page_cleared(page) : page;
}

struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned order)
{
	if (nid < 0 || nid == numa_node_id())
		return alloc_pages(gfp, order);
	return __alloc_pages(gfp, order, nid, NULL);
}

/* ---- giving back ----------------------------------------------------------------------------- */

static __noinline void free_unref_slow(struct page *page, unsigned order)
{
	struct zone *zone = page_zone(page);
	unsigned mt = page_mt_hint(page);
	unsigned long flags;

	if (!free_pages_prepare(page, order))
		return;
	if (page_alloc_hooked(HOOK_ISOLATE))
		mt = get_pageblock_migratetype(page);
	if (!pcp_allowed_order(order) || is_migrate_isolate(mt)) {
		__free_pages_ok(page, order);
		count_vm_events(PGFREE, 1ul << order);
		return;
	}
	if (mt >= MIGRATE_PCPTYPES)
		mt = MIGRATE_MOVABLE;
	flags = arch_irq_save();
	pcp_free(zone, page, order, mt);
	arch_irq_restore(flags);
}

/* Push @page on its stack, if there is room and nothing speaks against it.  => interrupts off */
static __always_inline bool free_unref_hot(struct page *page)
{
	unsigned long f = page->flags;
	struct pcp_stack *st = hart_lists[this_hart()]->free[f >> PAGE_MT_SHIFT];

	if (unlikely(f & PAGE_FLAGS_CHECK_AT_FREE || !(st->word & PCP_ROOM_MASK)))
		return false;
	INV(A1, page_mapcount(page) == 0 && page_count(page) == 0);
	page->mapping = NULL;
	page->flags = f & PAGE_FLAGS_KEPT;
	page->next = st->hot;
	st->hot = page;
	st->word--;
	return true;
}

static __always_inline bool free_single(struct page *page)
{
	unsigned long flags = arch_irq_save();
	bool done = free_unref_hot(page);

	arch_irq_restore(flags);
	return done;
}

void free_unref_page(struct page *page, unsigned order)
{
	if (unlikely(order || !free_single(page)))
		free_unref_slow(page, order);
}

/*
 * A passer-by still looks at the first page of a block and will free it; the rest goes now.
 * => the first page may be anyone's already: it is not looked at
 */
static __noinline void free_all_but_first(struct page *page, unsigned order, unsigned mt)
{
	while (order-- > 0) {
		INV(A3, !page_count(page + (1ul << order)));
		set_page_mt_hint(page + (1ul << order), mt);	/* only the first page's is kept up to date */
		free_unref_page(page + (1ul << order), order);
	}
}

void __free_pages(struct page *page, unsigned order)
{
	bool parts = order && !PageHead(page);
	unsigned mt = order ? page_mt_hint(page) : 0;

	INV(A1, page_count(page) > 0);
	if (unlikely(!atomic_dec_and_test(&page->_refcount))) {
		if (parts)
			free_all_but_first(page, order, mt);
	} else if (unlikely(order || !free_single(page)))
		free_unref_slow(page, order);
}

void __put_page(struct page *page) { free_unref_page(page, compound_order(page)); }

#define FREE_BULK_CHUNK	64		/* pages with interrupts off */

/* Drop one reference to each of @pages. */
void free_pages_bulk(struct page **pages, unsigned nr)
{
	for (unsigned i = 0; i < nr; ) {
		unsigned stop = min(nr, i + FREE_BULK_CHUNK);
		unsigned long flags = arch_irq_save();
		struct page *slow = NULL;

		while (i < stop && !slow) {
			struct page *page = compound_head(pages[i++]);

			INV(A1, page_count(page) > 0);
			if (atomic_dec_and_test(&page->_refcount) && unlikely(!free_unref_hot(page)))
				slow = page;
		}
		arch_irq_restore(flags);
		if (slow)
			__put_page(slow);
	}
}

/* ---- by address ------------------------------------------------------------------------------ */

unsigned long __get_free_pages(gfp_t gfp, unsigned order)
{
	struct page *page = alloc_pages(gfp & ~__GFP_HIGHMEM, order);

	return page ? (unsigned long)page_to_virt(page) : 0;
}

unsigned long get_zeroed_page(gfp_t gfp) { return __get_free_pages(gfp | __GFP_ZERO, 0); }

void free_pages(unsigned long va, unsigned order)
{
	if (va)
		__free_pages(virt_to_page((void *)va), order);
}

/* ---- other amounts --------------------------------------------------------------------------- */

/* From this hart's list in one go, then one by one; how many of @nr were had. */
unsigned long alloc_pages_bulk(gfp_t gfp, unsigned nr, struct page **pages)
{
	unsigned got = 0;

	while (got < nr) {
		struct page *page = alloc_pages(gfp, 0);

		if (!page)
			break;
		pages[got++] = page;
	}
	return got;
}

/*
 * Make 2^@order pages that were allocated as one, not compound, into as many single pages.
 * => the first may have a second reference for a moment: somebody who took it for what it was before
 */
void split_page(struct page *page, unsigned order)
{
	ASSERT(!PageHead(page) && page_count(page) > 0);
	for (unsigned long i = 1; i < 1ul << order; i++) {
		page[i].flags = (page[i].flags & ~PAGE_MT_MASK) | (page->flags & PAGE_MT_MASK);
		set_page_allocated(&page[i]);
	}
	if (page_alloc_hooked(HOOK_OWNER))
		page_owner_set(page, order, 0);
}

/* @bytes, contiguous, and not a page more. */
void *alloc_pages_exact(size_t bytes, gfp_t gfp)
{
	unsigned order = get_order(bytes);
	unsigned long used = PAGE_ALIGN(bytes) >> PAGE_SHIFT;
	struct page *page;

	if (!bytes)
		return NULL;
	page = alloc_pages(gfp & ~(__GFP_COMP | __GFP_HIGHMEM), order);
	if (!page)
		return NULL;
	split_page(page, order);
	for (unsigned long i = used; i < 1ul << order; i++)
		__free_page(page + i);
	return page_to_virt(page);
}

void free_pages_exact(void *va, size_t bytes)
{
	for (char *p = va; p < (char *)va + bytes; p += PAGE_SIZE)
		free_page((unsigned long)p);
}
