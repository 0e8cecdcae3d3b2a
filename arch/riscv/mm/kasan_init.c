/*
 * arch/riscv/mm/kasan_init.c - KASAN=1: shadow memory in the final page tables.
 *
 * MODEL     The image, RAM that the direct map shows, and the first part of the vmalloc window, enough for most
 *           machines, have shadow of their own.  All else has the one zero page, read-only, by tables that are shared
 *           at every level; mm/kasan/shadow.c replaces them under the vmalloc window as areas come.  So that roots
 *           can be copied (Y1), root entries over the window's shadow are tables of their own from the start.
 *           The shadow of the image is there before the early tables are left: the code that leaves them has
 *           variables on its stack.
 * FAILURE   Out of memory here is a panic.
 *
 * SPDX-License-Identifier: MIT
 */
#include "arch/riscv/mm/paging.h"
#include "include/arch/arch.h"
#include "include/machine.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/kasan/kasan.h"
#include "mm/phys/init.h"
#include "mm/phys/memblock.h"
#include "mm/phys/page_alloc.h"

#define SPAN_2M		(2ul << 20)
#define WINDOW_AT_FIRST	(64ul << 20)	/* of the vmalloc window */

extern char _start[], _end[];
extern void (*__init_array_start[])(void), (*__init_array_end[])(void);

u8 kasan_zero_page[PAGE_SIZE] __section(".bss.page_aligned") __aligned(4096);
pte_t kasan_zero_table[PT_MAX_LEVELS - 1][PT_ENTRIES] __section(".bss.page_aligned") __aligned(4096);

static unsigned long shadow_of(unsigned long va) { return (unsigned long)kasan_shadow((void *)va); }

void __init kasan_map_image(void)
{
	unsigned long start = shadow_of((unsigned long)_start);
	unsigned long bytes = PAGE_ALIGN(shadow_of((unsigned long)_end - 1) + 1) - start;

	paging_map_range(start, paging_alloc(bytes, PAGE_SIZE, NUMA_NO_NODE), bytes, PAGE_KERNEL);
}

/* Shadow for [start, end), from *done on, which moves to its end. */
static void __init give_shadow(unsigned long start, unsigned long end, unsigned long *done)
{
	unsigned long va = max(*done, shadow_of(start) & PAGE_MASK), last = PAGE_ALIGN(shadow_of(end - 1) + 1);

	while (va < last) {
		unsigned long stop = min(last, (va | (SPAN_2M - 1)) + 1), bytes = stop - va;
		phys_addr_t pa = paging_alloc(bytes, bytes == SPAN_2M ? SPAN_2M : PAGE_SIZE, NUMA_NO_NODE);

		memset(phys_to_virt(pa), 0, bytes);
		paging_map_range(va, pa, bytes, PAGE_KERNEL);
		va = stop;
	}
	*done = max(*done, va);
}

static pte_t __init zero_entry(unsigned level)
{
	return level ? pte_table(virt_to_phys(kasan_zero_table[level - 1])) :
		       pfn_pte(PFN_DOWN(virt_to_phys(kasan_zero_page)), PAGE_KERNEL_RO);
}

/* Whatever of [va, last] is not mapped below @table gets the shared tables. */
static void __init fill_with_zeros(pte_t *table, unsigned level, unsigned long va, unsigned long last)
{
	for (;;) {
		pte_t *ptep = &table[pt_index(va, level)];
		unsigned long stop = min(last, va | (pt_span(level) - 1));
		bool whole = stop - va == pt_span(level) - 1;

		if (pte_none(*ptep) && (whole || !level))
			set_pte(ptep, zero_entry(level));
		else if (level && (pte_none(*ptep) || pte_is_table(*ptep)))
			fill_with_zeros(phys_to_virt(paging_table_below(ptep, level)), level - 1, va, stop);
		if (stop == last)
			return;
		va = stop + 1;
	}
}

static void __init own_root_entries(unsigned long start, unsigned long end)
{
	for (unsigned long va = start; va < end; va += pt_span(pt_levels - 1))
		paging_table_below(&swapper_root[pt_index(va, pt_levels - 1)], pt_levels - 1);
}

void __init kasan_init(void)
{
	unsigned long done = 0, image = shadow_of((unsigned long)_start);
	pfn_t s, e;
	unsigned i;

	for_each_mem_pfn_range(i, NUMA_NO_NODE, &s, &e, NULL) {
		phys_addr_t end = min(PFN_PHYS(e), directmap_limit);

		if (PFN_PHYS(s) < end)
			give_shadow((unsigned long)phys_to_virt(PFN_PHYS(s)),
				    (unsigned long)phys_to_virt(end), &done);
	}
	give_shadow(vmalloc_start, vmalloc_start + WINDOW_AT_FIRST, &done);
	own_root_entries(shadow_of(vmalloc_start), shadow_of(vmalloc_end - 1) + 1);
	for (unsigned level = 0; level < PT_MAX_LEVELS - 1; level++)
		for (unsigned k = 0; k < PT_ENTRIES; k++)
			kasan_zero_table[level][k] = zero_entry(level);
	fill_with_zeros(swapper_root, pt_levels - 1, shadow_of(page_offset), KASAN_SHADOW_END - 1);
	__asm__ volatile("sfence.vma" ::: "memory");
	memset((void *)image, 0, PAGE_ALIGN(shadow_of((unsigned long)_end - 1) + 1) - image);
	kasan_on = true;
	for (void (**register_file)(void) = __init_array_start; register_file < __init_array_end; register_file++)
		(*register_file)();
	page_alloc_hook_get(HOOK_KASAN);
	pr_info("KASAN: shadow of %lx bytes below %lx\n",
		KASAN_SHADOW_END - shadow_of(page_offset), KASAN_SHADOW_END);
}
