/*
 * mm/kmap/vm_map_ram.c - short-lived mappings of a few pages.
 *
 * MODEL     block   an area of BLOCK_PAGES pages that a hart cuts ranges from; one bit a page says what is
 *                   taken.  Each hart has one current block.  A block whose hart has taken another
 *                   lives on until the last of its ranges is unmapped.
 *           More than RANGE_MAX pages get an area of their own: vmap().
 * INVARIANTS
 *   M1  refs = 1 for being current + the ranges that are mapped; at 0 the block goes.
 *   M2  A bit is set before its entry is made, and cleared after every hart has forgotten it (L1): so a
 *       free bit is a page that nobody holds a translation of, and a range may be reused at once.
 * LOCKING   Only the owning hart sets bits, between two points where it may sleep; any hart clears them.
 * COST      map: about 40 instructions and 12 a page; no lock, no allocation.
 * TESTS     test/host/mm/kmap/test_vmalloc.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/kmap/vmalloc.h"
#include "mm/pt/flush.h"
#include "mm/pt/walk.h"
#include "mm/slab/slab.h"

#define BLOCK_PAGES	64u		/* the bits of one word */
#define BLOCK_BYTES	(BLOCK_PAGES * PAGE_SIZE)
#define RANGE_MAX	32u

struct vmap_block {
	vaddr_t addr;			/* (I) */
	struct vm_struct *area;		/* (I) */
	u64 taken;			/* (A) M2 */
	atomic_t refs;			/* M1 */
};
static DEFINE_PER_HART(struct vmap_block *, current_block);

static u64 range_bits(unsigned first, unsigned nr)
{
	return (~0ull >> (BLOCK_PAGES - nr)) << first;
}

static void block_put(struct vmap_block *b)
{
	if (!atomic_dec_and_test(&b->refs))
		return;
	INV(M1, !READ_ONCE(b->taken));
	remove_vm_area(b->area);
	kfree(b);
}

/* A new block, with the reference of who makes it current. */
static struct vmap_block *block_new(void)
{
	struct vmap_block *b = kzalloc(sizeof(*b), GFP_KERNEL);

	if (!b)
		return NULL;
	b->area = get_vm_area(BLOCK_BYTES, PAGE_SIZE, 0, VM_BLOCK_AREA, __builtin_return_address(0));
	if (!b->area) {
		kfree(b);
		return NULL;
	}
	b->area->block = b;
	b->addr = b->area->addr;
	atomic_set(&b->refs, 1);
	return b;
}

/* Take @nr free pages in a row; the first one's number, or -1. */
static int block_take(struct vmap_block *b, unsigned nr)
{
	u64 starts = ~READ_ONCE(b->taken);	/* bit i: pages i .. i + have - 1 are free */
	unsigned first;

	for (unsigned have = 1; have < nr && starts; ) {
		unsigned more = min(have, nr - have);

		starts &= starts >> more;
		have += more;
	}
	if (!starts)
		return -1;
	first = __builtin_ctzll(starts);
	INV(M2, !(READ_ONCE(b->taken) & range_bits(first, nr)));
	__atomic_fetch_or(&b->taken, range_bits(first, nr), __ATOMIC_ACQUIRE);
	atomic_inc(&b->refs);
	return first;
}

static void block_give(struct vmap_block *b, unsigned first, unsigned nr)
{
	u64 bits = range_bits(first, nr);

	INV(M1, atomic_read(&b->refs) > 0 && first + nr <= BLOCK_PAGES);
	ASSERT((READ_ONCE(b->taken) & bits) == bits);
	__atomic_fetch_and(&b->taken, ~bits, __ATOMIC_RELEASE);
	block_put(b);
}

/* Take @nr pages of the hart's block, or of a new one that becomes its block. */
static struct vmap_block *take_range(unsigned nr, int *first)
{
	struct vmap_block *b = *this_hart_ptr(&current_block), *old;

	if (b) {
		*first = block_take(b, nr);
		if (*first >= 0)
			return b;
	}
	b = block_new();		/* may sleep: and wake on another hart */
	if (!b)
		return NULL;
	*first = block_take(b, nr);
	old = *this_hart_ptr(&current_block);
	*this_hart_ptr(&current_block) = b;
	if (old)
		block_put(old);
	return b;
}

void *vm_map_ram(struct page **pages, unsigned nr_pages, __maybe_unused int nid)
{
	struct vmap_block *b;
	vaddr_t addr;
	int first;

	if (!nr_pages || nr_pages > RANGE_MAX)
		return vmap(pages, nr_pages, 0, PAGE_KERNEL);
	b = take_range(nr_pages, &first);
	if (!b)
		return NULL;
	INV(M1, first >= 0 && atomic_read(&b->refs) > 1);
	addr = b->addr + first * PAGE_SIZE;
	if (pt_map_kernel_pages(addr, pages, nr_pages, PAGE_KERNEL)) {
		flush_tlb_kernel_range(addr, addr + nr_pages * PAGE_SIZE);
		block_give(b, first, nr_pages);
		return NULL;
	}
	return (void *)addr;
}

static struct vmap_block *block_of(vaddr_t addr)
{
	struct vmap_block *b = *this_hart_ptr(&current_block);
	struct vm_struct *area;

	if (b && addr - b->addr < BLOCK_BYTES)
		return b;
	area = find_vm_area((void *)addr);
	ASSERT(area && area->flags & VM_BLOCK_AREA);
	INV(M1, addr - ((struct vmap_block *)area->block)->addr < BLOCK_BYTES);
	return area->block;
}

void vm_unmap_ram(const void *addr, unsigned nr_pages)
{
	vaddr_t va = (vaddr_t)addr;
	struct vmap_block *b;

	if (nr_pages > RANGE_MAX) {
		vunmap(addr);
		return;
	}
	b = block_of(va);
	pt_unmap_kernel(va, va + nr_pages * PAGE_SIZE);
	flush_tlb_kernel_range(va, va + nr_pages * PAGE_SIZE);	/* M2 */
	block_give(b, (va - b->addr) >> PAGE_SHIFT, nr_pages);
}

void vm_map_ram_drain(void)
{
	struct vmap_block *b = *this_hart_ptr(&current_block);

	*this_hart_ptr(&current_block) = NULL;
	if (b)
		block_put(b);
}
