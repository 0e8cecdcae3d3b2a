/*
 * mm/kmap/highmem.c - pages that the direct map does not show.
 *
 * MODEL     The direct map shows RAM up to high_memory: as much as the paging mode has room for, or less
 *           (directmap=).  What lies above is ZONE_HIGHMEM, which only GFP_HIGHUSER allocations get:
 *           user pages and the page cache.  The kernel reaches it through
 *           windows  KMAP_DEPTH fixmap slots of each hart, used like a stack: a handler that interrupts
 *                    uses the next ones and is done before the interrupted goes on;
 *           slots    PKMAP_SLOTS pages of an area of the vmalloc window, for all harts; a page that is
 *                    mapped already, found by a hash, is mapped once and counted.
 * INVARIANTS
 *   K1  Windows below the hart's depth are mapped, the others empty, in table and TLB of the hart: so no
 *       translation outlives its use (L1), and no other hart ever looks there.
 *   K2  A slot is in use (users > 0, mapped, hashed) or free (unmapped, and forgotten by every hart).
 * LOCKING   Windows: the hart's own; nobody sleeps while it holds one.  Slots: pkmap_lock, rank vmalloc,
 *           tasks only; the flush happens under it, so that nobody finds a slot half given back.
 * FAILURE   None: kmap() sleeps until a slot is free.  A window too many is a bug, and stops the machine.
 * COST      A direct page: a compare.  A window: about 40 instructions for both ends.  A slot: a hash chain,
 *           and a flush on every hart at its end; what copies much uses windows.
 * TESTS     test/host/mm/kmap/test_highmem.c, test/kernel/test_highmem.c, any with directmap=128M
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/kmap/highmem.h"
#include "kernel/sync/wait.h"
#include "mm/kmap/fixmap.h"
#include "mm/kmap/vmalloc.h"
#include "mm/phys/init.h"
#include "mm/phys/memblock.h"
#include "mm/pt/flush.h"
#include "mm/pt/walk.h"
#include "mm/slab/slab.h"

/* ---- windows --------------------------------------------------------------------------------- */

static DEFINE_PER_HART(unsigned, kmap_depth);

static unsigned window_slot(unsigned depth)
{
	return FIX_KMAP + this_hart() * KMAP_DEPTH + depth;
}

void *kmap_atomic_high(struct page *page)
{
	unsigned *depth = this_hart_ptr(&kmap_depth), mine = *depth, slot = window_slot(mine);

	ASSERT(mine < KMAP_DEPTH);
	*depth = mine + 1;
	barrier();		/* taken before it is mapped: a handler may come in between */
	INV(K1, pte_none(pte_load(&fixmap_pte[slot])));
	set_pte(&fixmap_pte[slot], pfn_pte(page_to_pfn(page), PAGE_KERNEL));
	arch_tlb_flush_window(fix_to_virt(slot));	/* L2 */
	return (void *)fix_to_virt(slot);
}

void kunmap_atomic_high(const void *addr)
{
	unsigned *depth = this_hart_ptr(&kmap_depth), mine = *depth - 1, slot = window_slot(mine);

	ASSERT(((vaddr_t)addr & PAGE_MASK) == fix_to_virt(slot));	/* in reverse order, on the same hart */
	INV(K1, !pte_none(pte_load(&fixmap_pte[slot])));
	pte_clear(&fixmap_pte[slot]);
	arch_tlb_flush_window(fix_to_virt(slot));
	barrier();
	*depth = mine;
}

void clear_high_page(struct page *page)
{
	void *va = kmap_atomic(page);

	clear_page(va);
	kunmap_atomic(va);
}

void copy_high_page(struct page *to, struct page *from)
{
	void *src = kmap_atomic(from), *dst = kmap_atomic(to);

	copy_page(dst, src);
	kunmap_atomic(dst);
	kunmap_atomic(src);
}

/* ---- slots ----------------------------------------------------------------------------------- */

#define PKMAP_SLOTS	PT_ENTRIES
#define PKMAP_HEADS	128u
#define PKMAP_NONE	(~0u)

struct pkmap {
	struct page *page;
	unsigned users;
	unsigned next;			/* in the chain of its hash, or of the free ones */
};

static DEFINE_SPINLOCK(pkmap_lock, RANK_VMALLOC);
static DECLARE_WAIT_QUEUE_HEAD(pkmap_wait);
static vaddr_t pkmap_base;			/* (I) */
static struct pkmap *pkmap;			/* (pkmap_lock) PKMAP_SLOTS of them */
static unsigned pkmap_head[PKMAP_HEADS];	/* (pkmap_lock) */
static unsigned pkmap_free = PKMAP_NONE;	/* (pkmap_lock) */
static unsigned pkmap_used;			/* (pkmap_lock) */

static unsigned *head_of(const struct page *page)
{
	return &pkmap_head[page_to_pfn(page) % PKMAP_HEADS];
}

static vaddr_t slot_addr(unsigned slot)
{
	return pkmap_base + slot * PAGE_SIZE;
}

/* The link that names @page's slot, or the end of its chain.  => pkmap_lock held */
static unsigned *find_link(struct page *page)
{
	unsigned *link = head_of(page);

	while (*link != PKMAP_NONE && pkmap[*link].page != page)
		link = &pkmap[*link].next;
	return link;
}

static void slot_write(unsigned slot, pte_t pte)
{
	INV(K2, slot < PKMAP_SLOTS && pte_none(pte_load(pt_lookup(&init_mm, slot_addr(slot)))) != pte_none(pte));
	set_pte(pt_lookup(&init_mm, slot_addr(slot)), pte);
	flush_tlb_kernel_range(slot_addr(slot), slot_addr(slot) + PAGE_SIZE);
}

/* @page's slot with one user more, or PKMAP_NONE: all are in use. */
static unsigned slot_get(struct page *page)
{
	unsigned slot;

	spin_lock(&pkmap_lock);
	slot = *find_link(page);
	if (slot == PKMAP_NONE && pkmap_free != PKMAP_NONE) {
		slot = pkmap_free;
		INV(K2, !pkmap[slot].users && !pkmap[slot].page);
		pkmap_free = pkmap[slot].next;
		pkmap[slot].page = page;
		pkmap[slot].next = *head_of(page);
		*head_of(page) = slot;
		pkmap_used++;
		slot_write(slot, pfn_pte(page_to_pfn(page), PAGE_KERNEL));
	}
	INV(K2, slot == PKMAP_NONE || (pkmap[slot].page == page && pkmap_used <= PKMAP_SLOTS));
	if (slot != PKMAP_NONE)
		pkmap[slot].users++;
	spin_unlock(&pkmap_lock);
	return slot;
}

void *kmap_high(struct page *page)
{
	unsigned slot = slot_get(page);

	if (unlikely(slot == PKMAP_NONE))
		wait_event(pkmap_wait, (slot = slot_get(page)) != PKMAP_NONE);
	return (void *)slot_addr(slot);
}

/* @page's slot has no user any more.  => pkmap_lock held */
static void slot_release(unsigned *link)
{
	unsigned slot = *link;

	INV(K2, !pkmap[slot].users && pkmap[slot].page && pkmap_used);
	*link = pkmap[slot].next;
	slot_write(slot, pte_empty());
	pkmap[slot].page = NULL;
	pkmap[slot].next = pkmap_free;
	pkmap_free = slot;
	pkmap_used--;
}

void kunmap_high(struct page *page)
{
	unsigned *link, users;

	spin_lock(&pkmap_lock);
	link = find_link(page);
	ASSERT(*link != PKMAP_NONE);
	INV(K2, pkmap[*link].users > 0);
	users = --pkmap[*link].users;
	if (!users)
		slot_release(link);
	spin_unlock(&pkmap_lock);
	if (!users)
		wake_up(&pkmap_wait);
}

unsigned kmap_nr_used(void)
{
	return READ_ONCE(pkmap_used);
}

void kmap_init(void)
{
	struct vm_struct *area;

	for (unsigned i = 0; i < PKMAP_HEADS; i++)
		pkmap_head[i] = PKMAP_NONE;
	if (directmap_limit >= memblock_end_of_dram())
		return;
	pkmap = kcalloc(PKMAP_SLOTS, sizeof(*pkmap), GFP_KERNEL);
	area = get_vm_area(PKMAP_SLOTS * PAGE_SIZE, PKMAP_SLOTS * PAGE_SIZE, 0, VM_MAP_AREA,
			   __builtin_return_address(0));
	if (!pkmap || !area || !pt_alloc(&init_mm, area->addr))
		panic("no memory for the map of high pages");
	pkmap_base = area->addr;
	for (unsigned i = PKMAP_SLOTS; i-- > 0; pkmap_free = i)
		pkmap[i].next = pkmap_free;
}
