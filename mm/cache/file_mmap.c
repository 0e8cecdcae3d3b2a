/*
 * mm/cache/file_mmap.c - mapped files: faults served from the page cache.
 *
 * MODEL     ->fault finds or reads the page and hands it over locked: while it is locked and its mapping is
 *           still ours it cannot be truncated, and mm/fault enters it under the table's lock before it
 *           unlocks.  ->map_pages enters, without sleeping, what else is cached around the address.
 * INVARIANTS
 *   M1  A page is handed over locked, filled, referenced, and in its file.
 * LOCKING   ->fault: the lock of the region, or mmap_lock (read); may sleep, and lets go of it where it waits for a
 *           page or reads one, the first time (VM_FAULT_RETRY).  ->map_pages: the table's ptl is held; it looks
 *           pages up as an RCU reader, as find_get_page() does, and takes only those whose lock is free: so
 *           harts that fault in one file meet on no lock of it.
 * COST      One xarray walk per fault-around window, and two atomic operations a page beside its lock.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/cache/filemap.h"
#include "kernel/sync/rcu.h"
#include "mm/cache/dirty.h"
#include "mm/cache/readahead.h"
#include "mm/phys/vmstat.h"

unsigned __lock_page_or_retry(struct page *page, struct vm_fault *vmf)
{
	if (fault_may_retry(vmf)) {
		if (vmf->flags & FAULT_FLAG_RETRY_NOWAIT)
			return VM_FAULT_RETRY;
		vmf_drop_lock(vmf);
		(void)wait_on_page_bit_killable(page, PG_locked);	/* who was killed does not come again */
		return VM_FAULT_RETRY;
	}
	if (!(vmf->flags & FAULT_FLAG_KILLABLE)) {
		lock_page(page);
		return 0;
	}
	if (!lock_page_killable(page))
		return 0;
	vmf_drop_lock(vmf);
	return VM_FAULT_RETRY;
}

/*
 * The page is not there, or not filled yet: read it with no lock held, and what is around, and come again.  What goes
 * wrong is told then.  => fault_may_retry()
 */
static unsigned filemap_read_and_retry(struct vm_fault *vmf, bool missing)
{
	struct file *file = vmf->vma->vm_file;
	unsigned long vm_flags = vmf->vma->vm_flags;
	pgoff_t pgoff = vmf->pgoff;
	struct page *page;
	int err;

	if (vmf->flags & FAULT_FLAG_RETRY_NOWAIT)
		return VM_FAULT_RETRY;
	get_file(file);			/* the region may go */
	vmf_drop_lock(vmf);
	if (missing)
		mmap_sync_readahead(file, pgoff, vm_flags);
	page = read_mapping_page(file->f_mapping, pgoff, file, &err);
	if (page)
		put_page(page);
	fput(file);
	return VM_FAULT_RETRY | VM_FAULT_MAJOR;
}

/* @page, which is there, is the one that leads to the next window: read that with no lock held, and come again. */
static unsigned filemap_readahead_and_retry(struct vm_fault *vmf, struct page *page)
{
	struct file *file = vmf->vma->vm_file;

	get_file(file);
	vmf_drop_lock(vmf);
	page_cache_async_ra(file->f_mapping, file, page, 1);
	fput(file);
	return VM_FAULT_RETRY;
}

/* A page that was there: does it say that more is wanted?  0, or what becomes of the fault. */
static unsigned filemap_hit(struct vm_fault *vmf, struct page *page)
{
	struct file_ra_state *ra = &vmf->vma->vm_file->f_ra;

	if (ra->mmap_miss)
		ra->mmap_miss--;
	if (likely(!PageReadahead(page)) || (vmf->vma->vm_flags & VM_RAND_READ) || !fault_may_retry(vmf) ||
	    (vmf->flags & FAULT_FLAG_RETRY_NOWAIT))
		return 0;
	return filemap_readahead_and_retry(vmf, page);
}

/* The page of the fault, filled and referenced; NULL: *rc says what becomes of it. */
static struct page *filemap_fault_page(struct vm_fault *vmf, struct address_space *mapping, unsigned *rc)
{
	struct page *page;
	int err;

	for (;;) {
		*rc |= VM_FAULT_SIGBUS;
		if (unlikely(vmf->pgoff >= file_end_index(mapping->host)))
			return NULL;
		*rc &= ~VM_FAULT_SIGBUS;
		page = find_get_page(mapping, vmf->pgoff);
		if (likely(page && PageUptodate(page))) {
			*rc |= filemap_hit(vmf, page);
			if (likely(!(*rc & VM_FAULT_RETRY)))
				return page;
			put_page(page);
			return NULL;
		}
		if (page)
			put_page(page);
		if (fault_may_retry(vmf)) {
			*rc = filemap_read_and_retry(vmf, !page);
			return NULL;
		}
		*rc |= VM_FAULT_MAJOR;
		page = read_mapping_page(mapping, vmf->pgoff, vmf->vma->vm_file, &err);
		if (page)
			return page;
		if (err != -ERANGE) {
			*rc |= err == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
			return NULL;
		}
	}
}

unsigned filemap_fault(struct vm_fault *vmf)
{
	struct address_space *mapping = vmf->vma->vm_file->f_mapping;
	unsigned rc = 0, retry;
	struct page *page;

	for (;;) {
		page = filemap_fault_page(vmf, mapping, &rc);
		if (unlikely(!page))
			return rc;
		retry = lock_page_or_retry(page, vmf);
		if (unlikely(retry)) {
			put_page(page);
			return rc | retry;
		}
		/* Locked, in the file, and inside: truncation finds it mapped (E3 of mm/fault/file.c). */
		if (likely(page->mapping == mapping && vmf->pgoff < file_end_index(mapping->host)))
			break;
		unlock_page(page);
		put_page(page);
	}
	INV(M1, PageLocked(page) && PageUptodate(page) && page->mapping == mapping && page->index == vmf->pgoff);
	vmf->page = page;
	return rc | VM_FAULT_LOCKED;
}

/*
 * Map the page of @index, which *@slot leads to, if it can be had without waiting.  The page lock keeps truncation
 * away from it until its entry is stored; truncation sets the size first (E3 of mm/fault/file.c).  => an RCU reader
 */
static __always_inline void map_slot(struct vm_fault *vmf, struct address_space *mapping, void **slot,
				     pgoff_t index)
{
	struct page *page = READ_ONCE(*slot);
	bool mapped;

	if (!page || !PageUptodate(page) || PageReadahead(page) || PageLocked(page) ||
	    unlikely(!get_page_unless_zero(page)))
		return;
	if (unlikely(READ_ONCE(*slot) != page) || !trylock_page(page)) {	/* G4 of filemap.c */
		put_page(page);
		return;
	}
	mapped = likely(page->mapping == mapping && page->index == index && PageUptodate(page) &&
			index < file_end_index(mapping->host)) && do_set_pte(vmf, page, index);
	unlock_page(page);
	if (!mapped)
		put_page(page);		/* perhaps the last: it was truncated meanwhile */
}

/* [@start, @end) */
void filemap_map_pages(struct vm_fault *vmf, pgoff_t start, pgoff_t end)
{
	struct address_space *mapping = vmf->vma->vm_file->f_mapping;

	INV(E1, spin_is_locked(&vmf->table->ptl));		/* of mm/fault/anon.c */
	rcu_read_lock();
	while (start < end) {
		void **slot = xa_slot(&mapping->i_pages, start);
		pgoff_t stop = min(end, (start | (XA_CHUNK - 1)) + 1);

		for (; slot && start != stop; slot++, start++)
			map_slot(vmf, mapping, slot, start);
		start = stop;
	}
	rcu_read_unlock();
}

/* A page that is being written is not written to: wait for that without the fault's lock, if it may be dropped. */
static unsigned writeback_or_retry(struct page *page, struct vm_fault *vmf)
{
	if (!PageWriteback(page))
		return 0;
	if (!fault_may_retry(vmf)) {
		wait_on_page_writeback(page);
		return 0;
	}
	if (!(vmf->flags & FAULT_FLAG_RETRY_NOWAIT)) {
		vmf_drop_lock(vmf);
		(void)wait_on_page_bit_killable(page, PG_writeback);
	}
	return VM_FAULT_RETRY;
}

unsigned filemap_page_mkwrite(struct vm_fault *vmf)
{
	struct address_space *mapping = vmf->vma->vm_file->f_mapping;
	struct page *page = vmf->page;
	unsigned rc;

	INV(M1, page_count(page) > 0 && vmf->vma->vm_flags & VM_SHARED);
	file_update_time(vmf->vma->vm_file);
	rc = fault_balance_dirty_pages(vmf);
	if (likely(!rc))
		rc = lock_page_or_retry(page, vmf);
	if (unlikely(rc))
		return rc;
	if (page->mapping != mapping) {
		unlock_page(page);
		return VM_FAULT_NOPAGE;		/* truncated: fault again */
	}
	if (unlikely(PageWriteback(page))) {
		get_page(page);
		unlock_page(page);
		rc = writeback_or_retry(page, vmf);
		put_page(page);
		return rc ? rc : VM_FAULT_NOPAGE;
	}
	set_page_dirty(page);
	return VM_FAULT_LOCKED;
}

const struct vm_operations_struct generic_file_vm_ops = {
	.fault = filemap_fault,
	.map_pages = filemap_map_pages,
	.page_mkwrite = filemap_page_mkwrite,
	.can_nonlinear = true,
};

int generic_file_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (!file->f_mapping->a_ops || !file->f_mapping->a_ops->readpage)
		return -ENOEXEC;
	file_accessed(file);
	vma->vm_ops = &generic_file_vm_ops;
	return 0;
}
