/*
 * mm/space/fremap.c - remap_file_pages(2): pages of a file in another order.
 *
 * MODEL     vm.nonlinear 0   since Linux 4.0 the call is a mmap() over part of a shared mapping: one region more.
 *           vm.nonlinear 1   what it was before: one region, whose entries say which page is due where
 *                            (mm/entry/nonlinear.c).  The range lies in one shared region of a file.
 *           The setting decides about calls that come, not about what earlier ones have made.
 * LOCKING   mmap_lock (write); the region marked, then i_mmap_lock.
 * COST      `make bench`: window_regions, window_nonlinear.
 * TESTS     test/user/t_nonlinear.c, test/host/mm/space/test_nonlinear.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/fs.h"
#include "include/syscall.h"
#include "include/uapi/mman.h"
#include "include/vma_lock.h"
#include "mm/entry/nonlinear.h"
#include "mm/fault/fault.h"
#include "mm/region/vma.h"
#include "mm/rmap/vma_prio_tree.h"
#include "mm/space/mm.h"
#include "mm/space/mmap.h"

int sysctl_nonlinear;

/* The request; @flags: MAP_NONBLOCK. */
struct remap_req { unsigned long start, end; pgoff_t pgoff; unsigned long flags; };

/* ---- as regions ------------------------------------------------------------------------------ */

/* Do the regions from @vma on cover [.., @end) as one shared mapping of one file? */
static bool same_mapping_to(struct vm_area_struct *vma, unsigned long end)
{
	struct vm_area_struct *next;

	for (; vma->vm_end < end; vma = next) {
		next = vma->vm_next;
		if (!next || next->vm_start != vma->vm_end || next->vm_file != vma->vm_file ||
		    next->vm_flags != vma->vm_flags)
			return false;
	}
	return true;
}

/* *populate: bytes to fault in.  The start, or -errno. */
static unsigned long remap_as_region(struct mm_struct *mm, struct vm_area_struct *vma, const struct remap_req *r,
				     unsigned long *populate) REQUIRES(mm->mmap_lock)
{
	unsigned long flags = (r->flags & MAP_NONBLOCK) | MAP_SHARED | MAP_FIXED | MAP_POPULATE, ret;
	struct file *file;

	mmap_assert_write_locked(mm);
	if (!same_mapping_to(vma, r->end))
		return -EINVAL;
	if (vma->vm_flags & VM_LOCKED)
		flags |= MAP_LOCKED;
	file = get_file(vma->vm_file);
	ret = do_mmap(file, r->start, r->end - r->start, vma->vm_flags & VM_ACCESS_FLAGS, flags, r->pgoff, populate,
		      NULL);
	fput(file);
	return ret;
}

/* ---- as entries ------------------------------------------------------------------------------ */

/* N2.  => @vma is marked */
static void make_nonlinear(struct vm_area_struct *vma)
{
	struct address_space *mapping = vma->vm_file->f_mapping;

	vma_assert_write_locked(vma);
	INV(N2, !(vma->vm_flags & VM_NONLINEAR));
	INV(N3, vma->vm_flags & VM_SHARED && !vma->avc.anon_vma);
	mutex_lock(&mapping->i_mmap_lock);
	vma_mapping_remove(vma, mapping);
	vm_flags_set(vma, VM_NONLINEAR);
	vma_mapping_insert(vma, mapping);
	mutex_unlock(&mapping->i_mmap_lock);
}

/* The file's pages that an entry can name. */
static bool fits_entries(const struct remap_req *r)
{
	return (r->pgoff + ((r->end - r->start) >> PAGE_SHIFT)) >> FILE_PGOFF_BITS == 0;
}

static int remap_as_entries(struct mm_struct *mm, struct vm_area_struct *vma, const struct remap_req *r,
			    unsigned long *populate) REQUIRES(mm->mmap_lock)
{
	int rc;

	mmap_assert_write_locked(mm);
	if (!vma->vm_ops || !vma->vm_ops->can_nonlinear || vma->vm_flags & VM_UFFD_FLAGS ||
	    r->end > vma->vm_end || !fits_entries(r))
		return -EINVAL;
	if (vma->vm_flags & VM_SEALED)
		return -EPERM;
	if (vma->vm_flags & VM_NONLINEAR || r->pgoff != linear_page_index(vma, r->start)) {
		rc = nonlinear_reserve(vma, r->start, r->end);
		if (rc)
			return rc;
		vma_start_write(vma);
		/* commit */
		if (!(vma->vm_flags & VM_NONLINEAR))
			make_nonlinear(vma);
		nonlinear_set(vma, r->start, r->end, r->pgoff);
	}
	if (vma->vm_flags & VM_LOCKED || !(r->flags & MAP_NONBLOCK))
		*populate = r->end - r->start;
	return 0;
}

/* ---- the call -------------------------------------------------------------------------------- */

static unsigned long remap(struct mm_struct *mm, const struct remap_req *r, unsigned long *populate)
	REQUIRES(mm->mmap_lock)
{
	struct vm_area_struct *vma = vma_lookup(mm, r->start);

	if (!vma || !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (READ_ONCE(sysctl_nonlinear))
		return remap_as_entries(mm, vma, r, populate);
	return remap_as_region(mm, vma, r, populate);
}

SYSCALL_DEFINE5(remap_file_pages, unsigned long, start, unsigned long, size, unsigned long, prot,
		unsigned long, pgoff, unsigned long, flags)
{
	struct remap_req r = { .start = start & PAGE_MASK, .pgoff = pgoff, .flags = flags };
	struct mm_struct *mm = current_base()->mm;
	unsigned long populate = 0, ret;

	size &= PAGE_MASK;
	r.end = r.start + size;
	if (prot || r.end <= r.start || pgoff + (size >> PAGE_SHIFT) < pgoff)
		return -EINVAL;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	ret = remap(mm, &r, &populate);
	mmap_write_unlock(mm);
	if (populate)
		mm_populate(r.start, populate);
	return IS_ERR_VALUE(ret) ? ret : 0;
}
