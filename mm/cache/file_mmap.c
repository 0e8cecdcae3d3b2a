/*
 * mm/cache/file_mmap.c - mapped files: faults served from the page cache.
 *
 * MODEL     ->fault finds or reads the page and hands it over locked: while it is locked and its mapping is
 *           still ours it cannot be truncated, and mm/fault enters it under the table's lock before it
 *           unlocks.  ->map_pages enters, without sleeping, what else is cached around the address.
 * LOCKING   ->fault: mmap_lock (read), may sleep.  ->map_pages: the table's ptl is held; it takes
 *           mapping->lock inside, and only pages whose lock is free.
 * COST      One mapping->lock and one xarray walk per fault-around window.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/cache/filemap.h"
#include "mm/cache/dirty.h"
#include "mm/phys/vmstat.h"

unsigned filemap_fault(struct vm_fault *vmf)
{
	struct file *file = vmf->vma->vm_file;
	struct address_space *mapping = file->f_mapping;
	unsigned ret = 0;
	struct page *page;
	int err;

again:
	if (unlikely(vmf->pgoff >= file_end_index(mapping->host)))
		return VM_FAULT_SIGBUS;
	page = find_get_page(mapping, vmf->pgoff);
	if (unlikely(!page || !PageUptodate(page))) {
		ret = VM_FAULT_MAJOR;
		if (page)
			put_page(page);
		page = read_mapping_page(mapping, vmf->pgoff, file, &err);
		if (!page && err == -ERANGE)
			goto again;
		if (!page)
			return err == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
	}
	lock_page(page);
	if (unlikely(page->mapping != mapping)) {
		unlock_page(page);
		put_page(page);
		goto again;
	}
	if (unlikely(vmf->pgoff >= file_end_index(mapping->host))) {
		unlock_page(page);
		put_page(page);
		return VM_FAULT_SIGBUS;
	}
	vmf->page = page;
	return ret | VM_FAULT_LOCKED;
}

#define MAP_PAGES_BATCH	16

/* [@start, @end).  The page lock keeps truncation away from each until its entry is stored. */
void filemap_map_pages(struct vm_fault *vmf, pgoff_t start, pgoff_t end)
{
	struct address_space *mapping = vmf->vma->vm_file->f_mapping;
	struct page *pages[MAP_PAGES_BATCH];
	unsigned nr;

	while (start < end) {
		spin_lock(&mapping->lock);
		end = min(end, file_end_index(mapping->host));	/* under the lock that hides what is beyond (X2) */
		if (start >= end) {
			spin_unlock(&mapping->lock);
			break;
		}
		nr = xa_extract(&mapping->i_pages, (void **)pages, start, end - 1, MAP_PAGES_BATCH);
		for (unsigned i = 0; i < nr; i++) {
			struct page *page = pages[i];

			if (!PageUptodate(page) || !trylock_page(page))
				continue;
			do_set_pte(vmf, page, page->index);
			unlock_page(page);
		}
		spin_unlock(&mapping->lock);
		if (nr < MAP_PAGES_BATCH)
			break;
		start = pages[nr - 1]->index + 1;
	}
}

unsigned filemap_page_mkwrite(struct vm_fault *vmf)
{
	struct page *page = vmf->page;

	file_update_time(vmf->vma->vm_file);
	balance_dirty_pages_ratelimited(vmf->vma->vm_file->f_mapping);
	lock_page(page);
	if (page->mapping != vmf->vma->vm_file->f_mapping) {
		unlock_page(page);
		return VM_FAULT_NOPAGE;		/* truncated: fault again */
	}
	set_page_dirty(page);
	wait_on_page_writeback(page);
	return VM_FAULT_LOCKED;
}

const struct vm_operations_struct generic_file_vm_ops = {
	.fault = filemap_fault,
	.map_pages = filemap_map_pages,
	.page_mkwrite = filemap_page_mkwrite,
};

int generic_file_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (!file->f_mapping->a_ops || !file->f_mapping->a_ops->readpage)
		return -ENOEXEC;
	file_accessed(file);
	vma->vm_ops = &generic_file_vm_ops;
	return 0;
}
