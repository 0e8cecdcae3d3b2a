/*
 * mm/kasan/shadow.c - shadow for the vmalloc window, as it comes to use.
 *
 * MODEL     kasan_init() leaves shared tables and one zero page under the window's shadow, but for its first part.
 *           An area that is taken gets pages of its own, and tables on the way to them, each put in the place of
 *           the shared one by one compare-and-swap: who comes second drops its own.  They stay for ever, for the
 *           window is filled from below.
 * INVARIANTS
 *   Z1  A table is replaced by one that says the same, a zero page by zeros: readers see no difference, and
 *       writers come after the flush.
 * FAILURE   -ENOMEM; what was made stays.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/arch/arch.h"
#include "include/mm_types.h"
#include "include/uapi/errno.h"
#include "lib/string.h"
#include "mm/kasan/kasan.h"
#include "mm/phys/gfp.h"
#include "mm/pt/walk.h"

static bool shared(pte_t pte, unsigned level)
{
	const void *common = level ? (void *)kasan_zero_table[level - 1] : (void *)kasan_zero_page;

	return pte_pfn(pte) == PFN_DOWN(virt_to_phys(common));
}

/* Give the entry @ptep a table or page of its own; 0 or -ENOMEM. */
static int own(pte_t *ptep, unsigned level)
{
	pte_t old = pte_load(ptep);
	struct page *page;

	if (!shared(old, level))
		return 0;
	page = alloc_page(GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	if (level)
		memcpy(page_to_virt(page), kasan_zero_table[level - 1], PAGE_SIZE);
	else
		clear_page(page_to_virt(page));
	if (!ptep_cmpxchg(ptep, old, level ? pte_table(page_to_phys(page)) : pfn_pte(page_to_pfn(page), PAGE_KERNEL)))
		__free_page(page);
	return 0;
}

static int own_page(unsigned long va)
{
	pte_t *table = init_mm.pgd;

	for (unsigned level = pt_levels - 1;; level--) {
		pte_t *ptep = &table[pt_index(va, level)];

		if (own(ptep, level))
			return -ENOMEM;
		if (!level || !pte_is_table(pte_load(ptep)))
			return 0;
		table = pte_to_table(pte_load(ptep));
	}
}

static bool needs_page(unsigned long va)
{
	pte_t *table = init_mm.pgd;

	for (unsigned level = pt_levels - 1;; level--) {
		pte_t pte = pte_load(&table[pt_index(va, level)]);

		if (shared(pte, level))
			return true;
		if (!level || !pte_is_table(pte))
			return false;
		table = pte_to_table(pte);
	}
}

int kasan_vmalloc_alloc(unsigned long start, unsigned long end)
{
	unsigned long first = (unsigned long)kasan_shadow((void *)start) & PAGE_MASK;
	unsigned long last = (unsigned long)kasan_shadow((void *)(end - 1));
	struct tlb_req req = { .mm = &init_mm, .what = TLB_ALL };
	bool made = false;

	for (unsigned long va = first; va <= last; va += PAGE_SIZE)
		if (needs_page(va)) {
			if (own_page(va))
				return -ENOMEM;
			made = true;
		}
	if (made)
		arch_tlb_flush(hart_online_mask, &req);			/* Z1 */
	kasan_unpoison((void *)start, end - start);
	return 0;
}
