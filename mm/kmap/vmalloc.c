/*
 * mm/kmap/vmalloc.c - kernel memory that is contiguous in virtual addresses only.
 *
 * MODEL     vmalloc    an area (vm_area.c) over pages of its own; vmap: over the caller's.
 *           large      an area of 2 MiB or more starts on such a boundary and is filled, as far as
 *                      memory has them, with blocks of 2 MiB, which pt_map_kernel_pages() maps by one
 *                      leaf.  The block is split: pages come back one by one as all others do.
 *           No hart's root ever lacks a table of the window: the root entries are made at boot and copied
 *           into every root (Y1, asm/layout.h), so the classic vmalloc fault does not exist here.
 * INVARIANTS
 *   V4  A new mapping of plain memory is not fenced: a hart that finds no translation faults, sees the
 *       entry in init_mm, fences and tries again (L2; kernel_fault_spurious() in mm/fault).
 *       A stack's mapping, which the trap itself needs, is fenced by each hart before it first runs on it
 *       (K1 of stack.c).  A device's is fenced on every hart at once, for drivers reach it where a fault would be
 *       a surprise.
 * FAILURE   NULL, nothing left behind.
 * COST      16 KiB, allocated and freed: about 2,000 instructions, its share of the flush included.
 * TESTS     test/host/mm/kmap/test_vmalloc.c, test/kernel/test_kmap.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/kmap/vmalloc.h"
#include "include/kasan.h"
#include "mm/phys/memblock.h"
#include "mm/pt/flush.h"
#include "mm/pt/walk.h"
#include "mm/slab/slab.h"

#define LARGE_ORDER	9u
#define LARGE_PAGES	(1ul << LARGE_ORDER)
#define LARGE_BYTES	(LARGE_PAGES * PAGE_SIZE)

/* ---- mapping an area ------------------------------------------------------------------------- */

/* Entries of @area were made (V4), or made and taken away again. */
static void area_fence(const struct vm_struct *area, unsigned long nr)
{
	flush_tlb_kernel_range(area->addr, area->addr + nr * PAGE_SIZE);
}

static int area_mapped(struct vm_struct *area, unsigned long nr, int rc)
{
	INV(V1, area->addr + nr * PAGE_SIZE < area->end);		/* of vm_area.c: a guard follows */
	INV(V4, rc || !(area->flags & VM_LAZY_AREA));
	if (rc || area->flags & VM_IOREMAP_AREA)
		area_fence(area, nr);
	if (!rc)
		area->nr_pages = nr;
	return rc;
}

int vm_area_map(struct vm_struct *area, struct page **pages, unsigned long nr, pte_t prot)
{
	return area_mapped(area, nr, pt_map_kernel_pages(area->addr, pages, nr, prot));
}

int vm_area_map_frames(struct vm_struct *area, pfn_t pfn, unsigned long nr, pte_t prot)
{
	return area_mapped(area, nr, pt_map_kernel(area->addr, pfn, nr, prot));
}

static struct page *alloc_on(int nid, gfp_t gfp, unsigned order)
{
	return nid == NUMA_NO_NODE ? alloc_pages(gfp, order) : alloc_pages_node(nid, gfp, order);
}

/* Blocks of 2 MiB into @pages while there are any, and @nr has room; how many pages. */
static unsigned long alloc_large(const struct vm_request *r, unsigned long nr, struct page **pages)
{
	gfp_t gfp = (r->gfp & ~__GFP_NOFAIL) | __GFP_NORETRY | __GFP_NOWARN;
	unsigned long got = 0;

	INV(V1, nr <= r->nr_pages);
	while (nr - got >= LARGE_PAGES) {
		struct page *block = alloc_on(r->nid, gfp, LARGE_ORDER);

		if (!block)
			break;
		split_page(block, LARGE_ORDER);
		for (unsigned long i = 0; i < LARGE_PAGES; i++)
			pages[got++] = block + i;
	}
	return got;
}

static unsigned long alloc_single(const struct vm_request *r, unsigned long nr, struct page **pages)
{
	unsigned long got = 0;

	if (r->nid == NUMA_NO_NODE)
		return alloc_pages_bulk(r->gfp, nr, pages);
	while (got < nr && (pages[got] = alloc_pages_node(r->nid, r->gfp, 0)))
		got++;
	return got;
}

int vm_area_populate(struct vm_struct *area, const struct vm_request *r)
{
	struct page **pages = kvmalloc(r->nr_pages * sizeof(*pages), GFP_KERNEL);
	unsigned long got = 0;

	if (!pages)
		goto undo_area;
	if (IS_ALIGNED(area->addr, LARGE_BYTES))
		got = alloc_large(r, r->nr_pages, pages);
	got += alloc_single(r, r->nr_pages - got, pages + got);
	INV(V1, got <= r->nr_pages);
	if (got < r->nr_pages)
		goto undo_pages;
	if (vm_area_map(area, pages, got, r->prot))
		goto undo_pages;
	vm_area_own_pages(area, pages);
	return 0;
undo_pages:
	free_pages_bulk(pages, got);
	kvfree(pages);
undo_area:
	free_vm_area(area);
	return -ENOMEM;
}

struct vm_struct *get_vm_area_large(unsigned long bytes, phys_addr_t congruent, unsigned flags,
				    const void *caller)
{
	struct vm_struct *area = NULL;

	if (bytes >= LARGE_BYTES && IS_ALIGNED(congruent, LARGE_BYTES))
		area = get_vm_area(bytes, LARGE_BYTES, 0, flags, caller);
	return area ? area : get_vm_area(bytes, PAGE_SIZE, 0, flags, caller);
}

/* ---- vmalloc --------------------------------------------------------------------------------- */

static void *vmalloc_area(unsigned long bytes, struct vm_request r, unsigned flags, const void *caller)
{
	struct vm_struct *area;

	r.nr_pages = PFN_UP(bytes);
	if (!r.nr_pages || r.nr_pages > totalram_pages())
		return NULL;
	area = get_vm_area_large(r.nr_pages * PAGE_SIZE, 0, VM_ALLOC_AREA | flags, caller);
	if (!area || vm_area_populate(area, &r))
		return NULL;
	if (IS_KASAN) {
		kasan_poison((void *)area->addr, area->end - area->addr, KASAN_VMALLOC_INVALID);
		kasan_unpoison((void *)area->addr, bytes);
	}
	return (void *)area->addr;
}

#define VMALLOC_REQUEST(node, flags) \
	((struct vm_request){ .gfp = GFP_KERNEL | __GFP_HIGHMEM | (flags), .nid = (node), .prot = PAGE_KERNEL })

void *vmalloc(unsigned long bytes)
{
	return vmalloc_area(bytes, VMALLOC_REQUEST(NUMA_NO_NODE, 0), 0, __builtin_return_address(0));
}

void *vzalloc(unsigned long bytes)
{
	return vmalloc_area(bytes, VMALLOC_REQUEST(NUMA_NO_NODE, __GFP_ZERO), 0, __builtin_return_address(0));
}

void *vmalloc_node(unsigned long bytes, int nid)
{
	return vmalloc_area(bytes, VMALLOC_REQUEST(nid, 0), 0, __builtin_return_address(0));
}

void *vzalloc_node(unsigned long bytes, int nid)
{
	return vmalloc_area(bytes, VMALLOC_REQUEST(nid, __GFP_ZERO), 0, __builtin_return_address(0));
}

void *vmalloc_user(unsigned long bytes)
{
	return vmalloc_area(bytes, VMALLOC_REQUEST(NUMA_NO_NODE, __GFP_ZERO), VM_USERMAP_AREA,
			    __builtin_return_address(0));
}

void vfree(const void *addr)
{
	struct vm_struct *area;

	if (!addr)
		return;
	area = find_vm_area(addr);
	ASSERT(area && area->addr == (vaddr_t)addr);
	remove_vm_area(area);
}

/* ---- vmap ------------------------------------------------------------------------------------ */

void *vmap(struct page **pages, unsigned nr_pages, unsigned long flags, pte_t prot)
{
	struct vm_struct *area;

	if (!nr_pages)
		return NULL;
	area = get_vm_area_large(nr_pages * PAGE_SIZE, page_to_phys(pages[0]), VM_MAP_AREA | flags,
				 __builtin_return_address(0));
	if (!area)
		return NULL;
	if (vm_area_map(area, pages, nr_pages, prot)) {
		free_vm_area(area);
		return NULL;
	}
	return (void *)area->addr;
}

void vunmap(const void *addr)
{
	vfree(addr);
	vm_area_purge();	/* the pages are the caller's, who may reuse them at once */
}

struct page *vmalloc_to_page(const void *addr)
{
	unsigned level;
	pte_t pte = pte_load(pt_lookup_leaf(&init_mm, (vaddr_t)addr, &level));

	if (!pte_hw_valid(pte))
		return NULL;
	INV(W1, level <= PT_LARGE_LEVEL);		/* of mm/pt/walk.c */
	return pfn_to_page(pte_pfn(pte) + (((vaddr_t)addr & (pt_span(level) - 1)) >> PAGE_SHIFT));
}

/* ---- start ----------------------------------------------------------------------------------- */

/* For kvmalloc(), which lies a layer below. */
static void *kv_alloc(size_t bytes, gfp_t gfp)
{
	return vmalloc_area(bytes, VMALLOC_REQUEST(NUMA_NO_NODE, gfp), 0, __builtin_return_address(0));
}
static bool kv_owns(const void *p) { return is_vmalloc_addr(p); }
static const struct vmalloc_ops kv_ops = { .alloc = kv_alloc, .free = vfree, .owns = kv_owns };

void vmalloc_init(void)
{
	vm_area_init();
	register_vmalloc_ops(&kv_ops);
}
