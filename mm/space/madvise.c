/*
 * mm/space/madvise.c - hints and orders about a range: madvise.
 *
 * MODEL     The range is walked region by region; a hole makes the result -ENOMEM, but the rest is done.
 *           Three kinds of advice: flags (NORMAL .. KEEPONFORK) split and merge regions; discards
 *           (DONTNEED, FREE, REMOVE) drop pages; the others bring pages in or say they are cold.
 *           MADV_FREE lets content go when memory is short (mm/entry/age.c).  COLD lets pages look unused;
 *           PAGEOUT gives back what needs no store: clean pages of files, what is lazily free or droppable.
 * LOCKING   mmap_lock: for writing where flags change, else for reading; REMOVE and WILLNEED of a file
 *           drop it around the file's work.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/fs.h"
#include "include/syscall.h"
#include "include/uapi/mman.h"
#include "include/userfaultfd_k.h"
#include "mm/cache/filemap.h"
#include "mm/cache/readahead.h"
#include "mm/entry/nonlinear.h"
#include "mm/fault/fault.h"
#include "mm/reclaim/vmscan.h"
#include "mm/space/mm.h"
#include "mm/space/mmap.h"
#include "mm/region/vma.h"

#define FALLOC_FL_KEEP_SIZE	0x01
#define FALLOC_FL_PUNCH_HOLE	0x02

static bool advice_known(int advice)
{
	switch (advice) {
	case MADV_NORMAL ... MADV_DONTNEED:
	case MADV_FREE ... MADV_DOFORK:
	case MADV_HUGEPAGE ... MADV_DONTNEED_LOCKED:
		return true;
	default:
		return false;		/* KSM, memory failure, MADV_COLLAPSE: not built in */
	}
}

static bool advice_changes_flags(int advice)
{
	switch (advice) {
	case MADV_NORMAL: case MADV_RANDOM: case MADV_SEQUENTIAL: case MADV_DONTFORK: case MADV_DOFORK:
	case MADV_HUGEPAGE: case MADV_NOHUGEPAGE: case MADV_DONTDUMP: case MADV_DODUMP:
	case MADV_WIPEONFORK: case MADV_KEEPONFORK:
		return true;
	default:
		return false;
	}
}

/* *flags as @advice wants them; 0 or -EINVAL. */
static int advise_flags(const struct vm_area_struct *vma, int advice, unsigned long *flags)
{
	switch (advice) {
	case MADV_NORMAL:
		*flags &= ~(VM_RAND_READ | VM_SEQ_READ);
		return 0;
	case MADV_SEQUENTIAL:
		*flags = (*flags & ~VM_RAND_READ) | VM_SEQ_READ;
		return 0;
	case MADV_RANDOM:
		*flags = (*flags & ~VM_SEQ_READ) | VM_RAND_READ;
		return 0;
	case MADV_DONTFORK:
		*flags |= VM_DONTCOPY;
		return 0;
	case MADV_DOFORK:
		*flags &= ~VM_DONTCOPY;
		return vma->vm_flags & VM_IO ? -EINVAL : 0;
	case MADV_WIPEONFORK:
		*flags |= VM_WIPEONFORK;
		return vma->vm_file || (vma->vm_flags & VM_SHARED) ? -EINVAL : 0;
	case MADV_KEEPONFORK:
		*flags &= ~VM_WIPEONFORK;
		return vma->vm_flags & VM_DROPPABLE ? -EINVAL : 0;
	case MADV_DONTDUMP:
		*flags |= VM_DONTDUMP;
		return 0;
	case MADV_DODUMP:
		*flags &= ~VM_DONTDUMP;
		return vma->vm_flags & (VM_SPECIAL | VM_DROPPABLE) ? -EINVAL : 0;
	case MADV_HUGEPAGE:
		*flags = (*flags & ~VM_NOHUGEPAGE) | VM_HUGEPAGE;
		return vma->vm_flags & VM_SPECIAL ? -EINVAL : 0;
	default:
		*flags = (*flags & ~VM_HUGEPAGE) | VM_NOHUGEPAGE;
		return 0;
	}
}

static int madvise_flags(struct vm_area_struct **pvma, unsigned long start, unsigned long end, int advice)
{
	unsigned long flags = (*pvma)->vm_flags;
	int rc = advise_flags(*pvma, advice, &flags);

	if (rc || flags == (*pvma)->vm_flags)
		return rc;
	rc = vma_modify(pvma, (*pvma)->vm_prev, start, end, flags, (*pvma)->anon_name);
	if (!rc)
		vm_flags_reset(*pvma, flags);
	return rc;
}

/* Punch the range out of the file.  => mmap_lock dropped and taken again */
static int madvise_remove(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start, unsigned long end)
	REQUIRES_SHARED(mm->mmap_lock) NO_LOCK_ANALYSIS
{
	struct file *file = vma->vm_file;
	loff_t offset;
	int rc;

	if (vma->vm_flags & VM_NONLINEAR)
		return -EINVAL;		/* a range of addresses is not one of the file */
	if ((vma->vm_flags & VM_LOCKED) || !file || !file->f_mapping->host || !file->f_op->fallocate)
		return vma->vm_flags & VM_LOCKED || !file ? -EINVAL : -EOPNOTSUPP;
	if ((vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) != (VM_SHARED | VM_MAYWRITE))
		return -EACCES;
	offset = (loff_t)linear_page_index(vma, start) << PAGE_SHIFT;
	get_file(file);
	if (userfaultfd_remove(vma, start, end))
		mmap_read_unlock(mm);
	rc = file->f_op->fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, end - start);
	fput(file);
	mmap_read_lock(mm);
	return rc;
}

/* => mmap_lock dropped and taken again for files */
static int madvise_willneed(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start, unsigned long end)
	REQUIRES_SHARED(mm->mmap_lock)
{
	struct file *file = vma->vm_file;
	pgoff_t pgoff = linear_page_index(vma, start);

	if (!file)
		return 0;		/* nothing of it is out */
	get_file(file);
	mmap_read_unlock(mm);
	force_page_cache_readahead(file->f_mapping, file, pgoff, (end - start) >> PAGE_SHIFT);
	fput(file);
	mmap_read_lock(mm);
	return 0;
}

static bool may_discard(const struct vm_area_struct *vma, int advice)
{
	unsigned long fixed = VM_PFNMAP | (advice == MADV_DONTNEED_LOCKED ? 0 : VM_LOCKED);

	return !(vma->vm_flags & fixed) && (advice != MADV_FREE || vma_is_anonymous(vma));
}

/* DONTNEED: pages go.  FREE: they may.  => mmap_lock is dropped and taken again where a userfaultfd is told first */
static int madvise_discard(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start, unsigned long end,
			   int advice) REQUIRES_SHARED(mm->mmap_lock) NO_LOCK_ANALYSIS
{
	if (!may_discard(vma, advice))
		return -EINVAL;
	if (!userfaultfd_remove(vma, start, end)) {
		mmap_read_lock(mm);
		vma = vma_lookup(mm, start);
		if (!vma)
			return -ENOMEM;
		if (!may_discard(vma, advice))
			return -EINVAL;
		end = min(end, vma->vm_end);	/* what follows is another region's now */
	}
	if (advice == MADV_FREE)
		lazyfree_range(vma, start, end);
	else if (unlikely(vma->vm_flags & VM_NONLINEAR))
		zap_nonlinear(vma, start, end - start, 0, ~0ul);
	else
		zap_page_range(vma, start, end - start);
	return 0;
}

/* Clean pages of the file, which nobody else maps, leave the region and the cache.  Dirty ones leave the region. */
static void pageout_file(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	struct page *pages[PAGEOUT_BATCH];
	unsigned nr;

	while (start != end && (nr = collect_file_pages(vma, &start, end, pages, PAGEOUT_BATCH)))
		reclaim_pages(pages, nr);
}

/* What needs no store goes; pages of files only for who may write the file, as others would see that they went. */
static void madvise_pageout(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	struct lazyfree_drop all = { .max = ~0ul };

	if (vma->vm_flags & VM_DROPPABLE)
		return zap_page_range(vma, start, end - start);
	drop_lazyfree(vma, start, end, &all);
	if (vma->vm_file && may_see_residency(vma->vm_file->f_inode))
		pageout_file(vma, start, end);
}

/* A sealed region that cannot be written must not lose its content either. */
static bool discard_is_sealed(const struct vm_area_struct *vma, int advice)
{
	if (advice != MADV_FREE && advice != MADV_DONTNEED && advice != MADV_DONTNEED_LOCKED &&
	    advice != MADV_REMOVE && advice != MADV_DONTFORK && advice != MADV_WIPEONFORK)
		return false;
	return vma->vm_flags & VM_SEALED && !vma->vm_file &&
	       (vma->vm_flags & (VM_WRITE | VM_SHARED)) != VM_WRITE;
}

static int madvise_one(struct mm_struct *mm, struct vm_area_struct **pvma, unsigned long start,
		       unsigned long end, int advice) REQUIRES_SHARED(mm->mmap_lock)
{
	struct vm_area_struct *vma = *pvma;

	if (unlikely(discard_is_sealed(vma, advice)))
		return -EPERM;
	switch (advice) {
	case MADV_REMOVE:
		return madvise_remove(mm, vma, start, end);
	case MADV_WILLNEED:
		return madvise_willneed(mm, vma, start, end);
	case MADV_COLD:
	case MADV_PAGEOUT:
		if (vma->vm_flags & (VM_PFNMAP | VM_LOCKED))
			return -EINVAL;
		if (advice == MADV_COLD)
			cold_range(vma, start, end);
		else
			madvise_pageout(vma, start, end);
		return 0;
	case MADV_FREE:
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
		return madvise_discard(mm, vma, start, end, advice);
	default:
		return madvise_flags(pvma, start, end, advice);
	}
}

/* => mmap_lock held as the advice needs it */
static int madvise_walk(struct mm_struct *mm, unsigned long start, unsigned long end, int advice)
	REQUIRES_SHARED(mm->mmap_lock)
{
	struct vm_area_struct *vma;
	unsigned long stop;
	int hole = 0, rc;

	while (start < end) {
		vma = find_vma(mm, start);
		if (!vma || vma->vm_start >= end)
			return -ENOMEM;
		if (vma->vm_start > start) {
			hole = -ENOMEM;
			start = vma->vm_start;
		}
		stop = min(vma->vm_end, end);
		rc = madvise_one(mm, &vma, start, stop, advice);
		if (rc)
			return rc;
		start = stop;
		cond_resched();
	}
	return hole;
}

static int madvise_populate(struct mm_struct *mm, unsigned long start, unsigned long end, int advice)
{
	long rc;

	mmap_read_lock(mm);
	rc = faultin_page_range(mm, start, end, advice == MADV_POPULATE_WRITE);
	mmap_read_unlock(mm);
	return rc < 0 ? rc : 0;
}

int do_madvise(struct mm_struct *mm, unsigned long start, size_t len_in, int advice)
{
	unsigned long len = PAGE_ALIGN(len_in), end = start + len;
	int rc;

	if (!advice_known(advice) || (start & ~PAGE_MASK) || (len_in && !len) || end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	if (advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE)
		return madvise_populate(mm, start, end, advice);
	if (advice_changes_flags(advice)) {
		if (mmap_write_lock_killable(mm))
			return -EINTR;
		rc = madvise_walk(mm, start, end, advice);
		mmap_write_unlock(mm);
	} else {
		mmap_read_lock(mm);
		rc = madvise_walk(mm, start, end, advice);
		mmap_read_unlock(mm);
	}
	return rc;
}

SYSCALL_DEFINE3(madvise, unsigned long, start, size_t, len, int, advice)
{
	return do_madvise(current_base()->mm, start, len, advice);
}
