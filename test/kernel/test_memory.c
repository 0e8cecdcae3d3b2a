/*
 * test/kernel/test_memory.c - allocators, mappings and page tables on the real machine.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/kernel/ktest.h"
#include "include/kasan.h"
#include "include/arch/arch.h"
#include "include/machine.h"
#include "include/uaccess.h"
#include "lib/string.h"
#include "mm/kmap/stack.h"
#include "mm/kmap/vmalloc.h"
#include "mm/phys/gfp.h"
#include "mm/phys/zone.h"
#include "mm/pt/walk.h"
#include "mm/slab/slab.h"

KTEST(pages_of_every_order_are_aligned_and_distinct)
{
	struct page *page[MAX_ORDER + 1];

	for (unsigned order = 0; order <= MAX_ORDER; order++) {
		page[order] = alloc_pages(GFP_KERNEL, order);
		KCHECK(page[order]);
		KCHECK(IS_ALIGNED(page_to_pfn(page[order]), 1ul << order));
		*(unsigned long *)page_to_virt(page[order]) = order;
	}
	for (unsigned order = 0; order <= MAX_ORDER; order++)
		KCHECK_EQ(*(unsigned long *)page_to_virt(page[order]), order);
	for (unsigned order = 0; order <= MAX_ORDER; order++)
		__free_pages(page[order], order);
}

KTEST(zeroed_pages_are_zero)
{
	for (int i = 0; i < 200; i++) {
		struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
		unsigned long *word;

		KCHECK(page);
		word = page_to_virt(page);
		for (unsigned j = 0; j < PAGE_SIZE / sizeof(*word); j++)
			KCHECK_EQ(word[j], 0);
		memset(word, 0xa5, PAGE_SIZE);
		__free_page(page);
	}
}

KTEST(kmalloc_of_every_size)
{
	for (size_t size = 1; size <= 64 << 10; size = size * 5 / 4 + 1) {
		u8 *a = kmalloc(size, GFP_KERNEL), *b = kzalloc(size, GFP_KERNEL);

		KCHECK(a && b && a != b);
		KCHECK(ksize(a) >= size);
		memset(a, 0x5a, size);
		for (size_t i = 0; i < size; i++)
			KCHECK_EQ(b[i], 0);
		kfree(b);
		KCHECK_EQ(a[size - 1], 0x5a);
		kfree(a);
	}
}

KTEST(a_cache_leaves_nothing_behind)
{
	struct kmem_cache *cache = kmem_cache_create("ktest", 200, 64, 0, NULL);
	static void *object[500];

	KCHECK(cache);
	for (unsigned i = 0; i < ARRAY_SIZE(object); i++) {
		object[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		KCHECK(object[i] && IS_ALIGNED((unsigned long)object[i], 64));
		memset(object[i], (int)i, 200);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(object); i++) {
		KCHECK_EQ(((u8 *)object[i])[199], (u8)i);
		kmem_cache_free(cache, object[i]);
	}
	kmem_cache_destroy(cache);
}

KTEST(vmalloc_maps_writes_and_unmaps)
{
	for (unsigned long bytes = 1; bytes < 3 << 20; bytes = bytes * 3 + 777) {
		u8 *p = vmalloc(bytes);

		KCHECK(p && is_vmalloc_addr(p));
		for (unsigned long at = 0; at < bytes; at += PAGE_SIZE)
			p[at] = (u8)(at >> PAGE_SHIFT);
		for (unsigned long at = 0; at < bytes; at += PAGE_SIZE)
			KCHECK_EQ(p[at], (u8)(at >> PAGE_SHIFT));
		vfree(p);
	}
}

struct leaf_count {
	unsigned long both, user, leaves;
};

static int check_leaf(struct leaf_count *c, pte_t pte)
{
	if (!pte_is_leaf(pte))
		return 0;
	c->leaves++;
	c->both += pte_write(pte) && pte_exec(pte);
	c->user += pte_user(pte);
	return 0;
}

static int check_ptes(struct pt_walk *w, pte_t *ptep, vaddr_t va, vaddr_t end)
{
	for (; va < end; va += PAGE_SIZE, ptep++)
		check_leaf(w->private_data, pte_load(ptep));
	return 0;
}

static int check_large(struct pt_walk *w, pte_t *ptep, __maybe_unused unsigned level,
		       __maybe_unused vaddr_t va, __maybe_unused vaddr_t end)
{
	return check_leaf(w->private_data, pte_load(ptep));
}

KTEST(no_kernel_page_is_writable_and_executable_or_for_users)
{
	struct leaf_count count = { 0 };
	struct pt_walk w = { .mm = &init_mm, .ptes = check_ptes, .leaf = check_large, .private_data = &count };

	/* Shadow for all of the kernel's half is one page, mapped again and again: not to be walked. */
	KCHECK_EQ(pt_walk_range(&w, page_offset, IS_KASAN ? vmalloc_end : -PAGE_SIZE), 0);
	KCHECK_EQ(pt_walk_range(&w, KERNEL_LINK_ADDR, -PAGE_SIZE), 0);
	KCHECK(count.leaves > 100);
	KCHECK_EQ(count.both, 0);
	KCHECK_EQ(count.user, 0);
}

KTEST(nothing_is_mapped_at_low_addresses)
{
	for (unsigned i = 0; i < PT_ENTRIES / 2; i++)
		KCHECK(pte_none(init_mm.pgd[i]));
}

KTEST(user_copies_fault_where_nothing_is)
{
	u64 words[2] = { 7 }, *const word = words;

	/* A kernel thread has no user memory: every user address faults. */
	KCHECK_EQ(copy_from_user(word, (void __user *)0x1000, 8), 8);
	KCHECK_EQ(copy_to_user((void __user *)0x1000, word, 8), 8);
	KCHECK_EQ(copy_from_user(word, (void __user *)page_offset, 8), 8);
	KCHECK_EQ(copy_from_user(word, (void __user *)-8ul, 16), 16);
	KCHECK_EQ(clear_user((void __user *)0x1000, 100), 100);
	KCHECK_EQ(strnlen_user((void __user *)0x1000, 10), 0);
	KCHECK_EQ(strncpy_from_user((char *)word, (void __user *)0x1000, 8), -EFAULT);
	KCHECK_EQ(words[0], 7);
}

KTEST(free_counts_agree)
{
	unsigned long listed = 0;

	for_each_populated_zone(z) {
		unsigned long flags;

		spin_lock_irqsave(&z->lock, flags);
		for (unsigned order = 0; order < NR_PAGE_ORDERS; order++)
			listed += z->free_area[order].nr_free << order;
		listed += z->nr_deferred;
		spin_unlock_irqrestore(&z->lock, flags);
	}
	KCHECK(listed <= nr_free_pages());
	KCHECK(listed + 64 * 1024 >= nr_free_pages());
}
