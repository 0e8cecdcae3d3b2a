/*
 * mm/cache/truncate.c - pages leave the cache: truncation, holes, invalidation.
 *
 * MODEL     To cut a file: set the size, unmap what lies beyond from every address space, remove the
 *           pages (each under its lock, unmapped again if a fault was quicker), unmap once more
 *           what private mappings copied meanwhile.  The bytes behind the new end in the last page
 *           are zeroed, so that growing again shows zeros.
 * INVARIANTS
 *   X1  A page leaves the cache locked and mapped nowhere.
 *   X2  No page comes to lie beyond the end but by i_rwsem's holder: the size is set before pages are looked for,
 *       and who adds one looks at the size afterwards, so that one of the two sees the other.
 * LOCKING   i_rwsem of the inode; then page lock; i_mmap_lock; mapping->lock.
 * UNITS     Byte ranges here are inclusive: lend is the last byte, -1 the largest.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/arch/arch.h"
#include "lib/string.h"
#include "mm/cache/filemap.h"
#include "mm/rmap/vma_prio_tree.h"
#include "mm/kmap/highmem.h"
#include "mm/entry/entry.h"
#include "mm/entry/nonlinear.h"

#define BATCH	16u

/* Unmap file pages [@first, @last] from every region that shows them. */
static void unmap_mapping_pages(struct address_space *mapping, pgoff_t first, pgoff_t last, int even_cows)
{
	struct prio_tree_iter iter;
	struct vm_area_struct *vma;

	if (!mapping_mapped(mapping))
		return;
	mutex_lock(&mapping->i_mmap_lock);
	vma_prio_tree_foreach(vma, &iter, &mapping->i_mmap, first, last) {
		pgoff_t lo = max(first, vma->vm_pgoff);
		pgoff_t hi = min(last, vma->vm_pgoff + vma_pages(vma) - 1);
		vaddr_t start = vma->vm_start + ((lo - vma->vm_pgoff) << PAGE_SHIFT);
		unsigned long size = (hi - lo + 1) << PAGE_SHIFT;

		INV(X1, lo <= hi && !(vma->vm_flags & VM_NONLINEAR));
		if (even_cows || (vma->vm_flags & VM_SHARED))
			zap_page_range(vma, start, size);
		else
			zap_file_pages(vma, start, size);
		cond_resched();
	}
	list_for_each_entry(vma, &mapping->i_mmap_nonlinear, shared.vm_set.list)
		zap_nonlinear(vma, vma->vm_start, vma->vm_end - vma->vm_start, first, last);
	mutex_unlock(&mapping->i_mmap_lock);
}

void unmap_mapping_range(struct address_space *mapping, loff_t start, loff_t len, int even_cows)
{
	pgoff_t first = (u64)start >> PAGE_SHIFT;
	pgoff_t last = len ? ((u64)start + len - 1) >> PAGE_SHIFT : ~0ul >> 1;

	unmap_mapping_pages(mapping, first, last, even_cows);
}

/* Remove the locked @page of @mapping (X1). */
static void truncate_page(struct address_space *mapping, struct page *page)
{
	INV(X1, PageLocked(page) && page->mapping == mapping);
	wait_on_page_writeback(page);
	if (page_mapcount(page))
		unmap_mapping_pages(mapping, page->index, page->index, 0);
	INV(X1, PageLocked(page) && !page_mapcount(page));
	delete_from_page_cache(page);
}

/* Zero bytes [@from, @to) of the page at @index, if it is cached. */
static void zero_partial(struct address_space *mapping, pgoff_t index, unsigned from, unsigned to)
{
	struct page *page = find_lock_page(mapping, index);
	char *kaddr;

	if (!page)
		return;
	if (PageUptodate(page)) {
		wait_on_page_writeback(page);
		kaddr = kmap_local_page(page);
		memset(kaddr + from, 0, to - from);
		kunmap_local(kaddr);
		flush_dcache_page(page);
		set_page_dirty(page);
	}
	unlock_page(page);
	put_page(page);
}

static void truncate_whole_pages(struct address_space *mapping, pgoff_t index, pgoff_t last)
{
	struct page *pages[BATCH];
	unsigned nr;

	while ((nr = find_get_pages(mapping, &index, last, BATCH, pages))) {
		for (unsigned i = 0; i < nr; i++) {
			lock_page(pages[i]);
			if (pages[i]->mapping == mapping)
				truncate_page(mapping, pages[i]);
			unlock_page(pages[i]);
		}
		free_pages_bulk(pages, nr);
		cond_resched();
	}
}

void truncate_inode_pages_range(struct address_space *mapping, loff_t lstart, loff_t lend)
{
	pgoff_t first = ((u64)lstart + PAGE_SIZE - 1) >> PAGE_SHIFT;
	/* The first page that is not to go as a whole; the largest when all go. */
	pgoff_t end = lend == -1 ? ~0ul : ((u64)lend + 1) >> PAGE_SHIFT;
	unsigned head = lstart & ~PAGE_MASK, tail = lend == -1 ? 0 : (lend + 1) & ~PAGE_MASK;

	if (!mapping->nrpages)
		return;
	if (first > end) {			/* inside one page */
		zero_partial(mapping, end, head, tail);
		return;
	}
	if (head)
		zero_partial(mapping, first - 1, head, PAGE_SIZE);
	if (first < end)
		truncate_whole_pages(mapping, first, end - 1);
	if (tail)
		zero_partial(mapping, end, 0, tail);
}

void truncate_inode_pages(struct address_space *mapping, loff_t lstart)
{
	truncate_inode_pages_range(mapping, lstart, -1);
}

void truncate_inode_pages_final(struct address_space *mapping)
{
	set_bit(AS_EXITING, &mapping->flags);
	truncate_inode_pages_range(mapping, 0, -1);
	ASSERT(!mapping->nrpages);
}

void truncate_pagecache(struct inode *inode, loff_t new_size)
{
	struct address_space *mapping = inode->i_mapping;
	loff_t hole = ALIGN(new_size, (loff_t)PAGE_SIZE);

	unmap_mapping_range(mapping, hole, 0, 1);
	truncate_inode_pages(mapping, new_size);
	unmap_mapping_range(mapping, hole, 0, 1);
}

void truncate_setsize(struct inode *inode, loff_t new_size)
{
	loff_t old = inode->i_size;

	rwsem_assert_held_write(&inode->i_rwsem);	/* X2 */
	WRITE_ONCE(inode->i_size, new_size);
	smp_mb();	/* the size before the look for pages and mappings (X2): pairs with who adds a page */
	if (new_size < old)
		truncate_pagecache(inode, new_size);
}

unsigned long invalidate_mapping_pages(struct address_space *mapping, pgoff_t start, pgoff_t last)
{
	struct page *pages[BATCH];
	unsigned long done = 0;
	unsigned nr;

	if (test_bit(AS_SHMEM, &mapping->flags))
		return 0;			/* nothing behind these pages: they cannot be read again */
	while ((nr = find_get_pages(mapping, &start, last, BATCH, pages))) {
		for (unsigned i = 0; i < nr; i++) {
			struct page *page = pages[i];

			if (!trylock_page(page))
				continue;
			done += remove_mapping(mapping, page);
			unlock_page(page);
		}
		free_pages_bulk(pages, nr);
		cond_resched();
	}
	return done;
}

/* The locked @page of @mapping goes, if nothing is lost by that (X1).  Whether it did. */
static bool throw_page_out(struct address_space *mapping, struct page *page)
{
	wait_on_page_writeback(page);
	if (page_mapcount(page))
		unmap_mapping_pages(mapping, page->index, page->index, 0);	/* what was stored makes it dirty */
	if (test_bit(AS_HELD, &mapping->flags))
		return remove_mapping(mapping, page);
	if (PageDirty(page))
		return false;
	INV(X1, PageLocked(page) && !page_mapcount(page));
	delete_from_page_cache(page);
	return true;
}

int invalidate_inode_pages2_range(struct address_space *mapping, pgoff_t start, pgoff_t last)
{
	struct page *pages[BATCH];
	unsigned nr;
	int rc = 0;

	if (!READ_ONCE(mapping->nrpages))
		return 0;
	while ((nr = find_get_pages(mapping, &start, last, BATCH, pages))) {
		for (unsigned i = 0; i < nr; i++) {
			lock_page(pages[i]);
			if (pages[i]->mapping == mapping && !throw_page_out(mapping, pages[i]))
				rc = -EBUSY;
			unlock_page(pages[i]);
		}
		free_pages_bulk(pages, nr);
		cond_resched();
	}
	return rc;
}
