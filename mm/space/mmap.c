/*
 * mm/space/mmap.c - mmap: check a request, find its place, make or widen a region.
 *
 * MODEL     sys_mmap -> vm_mmap_pgoff (lock, populate) -> do_mmap (arguments, flags, Linux's errno)
 *           -> get_unmapped_area (layout.c) -> mmap_region (limits, what was there, merge or insert).
 * INVARIANTS
 *   P1  A region is linked where nothing is, and covers what was asked for.
 *   P2  What was charged for a region is charged to it (VM_ACCOUNT), or given back.
 *   P3  A mapping that may be written counts in its file from before the file is asked.
 *   P4  What the new region needs is there before what it replaces goes: then only its file can refuse.
 * LOCKING   mmap_lock for writing around do_mmap; not held while pages are faulted in.
 * FAILURE   Nothing is mapped.  With MAP_FIXED what was there is gone only if the file refused, as on Linux (P4).
 * COST      An anonymous map and unmap without pages: one descent each, no allocation if it merges.
 * TESTS     test/host/mm/space/test_regions.c, test_failures.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/space/mmap.h"
#include "include/fs.h"
#include "include/syscall.h"
#include "include/uapi/mman.h"
#include "include/uapi/resource.h"
#include "include/userfaultfd_k.h"
#include "mm/cache/pagemap.h"
#include "mm/cache/shmem.h"
#include "mm/rmap/vma_prio_tree.h"
#include "mm/policy/account.h"
#include "mm/fault/fault.h"
#include "mm/space/mm.h"
#include "mm/region/vma.h"

#define READ_IMPLIES_EXEC	0x0400000
#define VM_DATA_DEFAULT_FLAGS	(VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC)

unsigned long calc_vm_prot_bits(unsigned long prot)
{
	return prot & (PROT_READ | PROT_WRITE | PROT_EXEC);	/* the same bits as VM_* */
}
BUILD_ASSERT(PROT_READ == VM_READ && PROT_WRITE == VM_WRITE && PROT_EXEC == VM_EXEC);

static unsigned long calc_vm_flag_bits(unsigned long flags)
{
	unsigned long vm = 0;

	if (flags & MAP_GROWSDOWN)
		vm |= VM_GROWSDOWN;
	if (flags & MAP_LOCKED)
		vm |= VM_LOCKED;
	if (flags & MAP_STACK)
		vm |= VM_NOHUGEPAGE;
	return vm;
}

/* A hint below mmap_min_addr means the lowest address there is. */
static unsigned long round_hint_to_min(unsigned long hint)
{
	hint &= PAGE_MASK;
	return hint && hint < mmap_min_addr ? PAGE_ALIGN(mmap_min_addr) : hint;
}

/* Does the file have offsets that far? */
static bool file_mmap_ok(struct file *file, pgoff_t pgoff, unsigned long len)
{
	umode_t type = file->f_inode->i_mode & S_IFMT;
	u64 maxsize = ~0ull >> 1;

	if (type == S_IFREG || type == S_IFBLK || type == S_IFSOCK) {
		if (type == S_IFREG && file->f_inode->i_sb && file->f_inode->i_sb->s_maxbytes)
			maxsize = file->f_inode->i_sb->s_maxbytes;
	} else {
		maxsize = ~0ull;
	}
	if (maxsize < len)
		return false;
	return pgoff <= (maxsize - len) >> PAGE_SHIFT;
}

/* What @file allows a mapping of @prot and @flags to do; 0 or -errno, *vm_flags adjusted. */
static int check_file(struct file *file, unsigned long prot, unsigned long flags,
		      unsigned long *vm_flags)
{
	switch (flags & MAP_TYPE) {
	case MAP_SHARED_VALIDATE:
		if (flags & ~LEGACY_MAP_MASK)
			return -EOPNOTSUPP;
		fallthrough;
	case MAP_SHARED:
		if ((prot & PROT_WRITE) && !(file->f_mode & FMODE_WRITE))
			return -EACCES;
		*vm_flags |= VM_SHARED | VM_MAYSHARE;
		if (!(file->f_mode & FMODE_WRITE))
			*vm_flags &= ~(VM_MAYWRITE | VM_SHARED);
		fallthrough;
	case MAP_PRIVATE:
		if (!(file->f_mode & FMODE_READ))
			return -EACCES;
		if (path_noexec(&file->f_path)) {
			if (*vm_flags & VM_EXEC)
				return -EPERM;
			*vm_flags &= ~VM_MAYEXEC;
		}
		if (!file->f_op->mmap)
			return -ENODEV;
		return *vm_flags & VM_GROWSDOWN ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

static int check_anon(unsigned long flags, unsigned long addr, unsigned long *vm_flags, pgoff_t *pgoff)
{
	switch (flags & MAP_TYPE) {
	case MAP_SHARED:
		if (*vm_flags & VM_GROWSDOWN)
			return -EINVAL;
		*pgoff = 0;
		*vm_flags |= VM_SHARED | VM_MAYSHARE;
		return 0;
	case MAP_DROPPABLE:
		if ((flags & (MAP_LOCKED | MAP_HUGETLB)) || (*vm_flags & VM_GROWSDOWN))
			return -EINVAL;
		*vm_flags |= VM_DROPPABLE | VM_NORESERVE | VM_WIPEONFORK | VM_DONTDUMP;
		fallthrough;
	case MAP_PRIVATE:
		*pgoff = addr >> PAGE_SHIFT;
		return 0;
	default:
		return -EINVAL;
	}
}

unsigned long do_mmap(struct file *file, unsigned long addr, unsigned long len, unsigned long prot,
		      unsigned long flags, pgoff_t pgoff, unsigned long *populate, struct list_head *uf)
{
	struct mm_struct *mm = current_base()->mm;
	unsigned long vm_flags;
	int rc;

	mmap_assert_write_locked(mm);
	*populate = 0;
	if (!len)
		return -EINVAL;
	if ((prot & PROT_READ) && (task_personality() & READ_IMPLIES_EXEC) &&
	    !(file && path_noexec(&file->f_path)))
		prot |= PROT_EXEC;
	if (flags & MAP_FIXED_NOREPLACE)
		flags |= MAP_FIXED;
	if (!(flags & MAP_FIXED))
		addr = round_hint_to_min(addr);
	len = PAGE_ALIGN(len);
	if (!len)
		return -ENOMEM;
	if (pgoff + (len >> PAGE_SHIFT) < pgoff)
		return -EOVERFLOW;
	if (mm->map_count > sysctl_max_map_count)
		return -ENOMEM;
	addr = get_unmapped_area(file, addr, len, pgoff, flags);
	if (IS_ERR_VALUE(addr))
		return addr;
	if ((flags & MAP_FIXED_NOREPLACE) && find_vma_intersection(mm, addr, addr + len))
		return -EEXIST;

	vm_flags = calc_vm_prot_bits(prot) | calc_vm_flag_bits(flags) | mm->def_flags |
		   VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
	if ((flags & MAP_LOCKED) && !can_do_mlock())
		return -EPERM;
	if (!mlock_future_ok(mm, vm_flags, len))
		return -EAGAIN;
	if (file && !file_mmap_ok(file, pgoff, len))
		return -EOVERFLOW;
	rc = file ? check_file(file, prot, flags, &vm_flags) : check_anon(flags, addr, &vm_flags, &pgoff);
	if (rc)
		return rc;
	if ((flags & MAP_NORESERVE) && sysctl_overcommit_memory != OVERCOMMIT_NEVER)
		vm_flags |= VM_NORESERVE;
	addr = mmap_region(file, addr, len, vm_flags, pgoff, uf);
	if (!IS_ERR_VALUE(addr) && ((vm_flags & VM_LOCKED) ||
				    (flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE))
		*populate = len;
	return addr;
}

/* Pages of [@addr, @end) that are mapped now by regions with all of @vm_flags, and would be replaced. */
static unsigned long count_mapped_pages(struct mm_struct *mm, unsigned long addr, unsigned long end,
					unsigned long vm_flags) REQUIRES_SHARED(mm->mmap_lock)
{
	struct vm_area_struct *vma = find_vma_intersection(mm, addr, end);
	unsigned long nr = 0;

	for (; vma && vma->vm_start < end; vma = vma->vm_next)
		if ((vma->vm_flags & vm_flags) == vm_flags)
			nr += (min(end, vma->vm_end) - max(addr, vma->vm_start)) >> PAGE_SHIFT;
	return nr;
}

/* Commit to @nr pages at @addr; those that are to be replaced there give their part.  0 or -ENOMEM */
static int account_region(struct mm_struct *mm, unsigned long addr, unsigned long nr) REQUIRES(mm->mmap_lock)
{
	unsigned long replaced = count_mapped_pages(mm, addr, addr + (nr << PAGE_SHIFT), VM_ACCOUNT);

	if (security_vm_enough_memory(mm, nr - replaced))
		return -ENOMEM;
	vm_acct_memory(replaced);
	return 0;
}

/* Undo what ->mmap() has mapped of @vma, which is linked nowhere and lies between @prev and @next. */
static void drop_entries(struct vm_area_struct *vma, struct vm_area_struct *prev, struct vm_area_struct *next)
{
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, vma->vm_mm);
	unmap_vmas(&tlb, vma, vma->vm_start, vma->vm_end);
	free_pgtables(&tlb, vma, prev ? prev->vm_end : 0, next ? next->vm_start : 0);
	tlb_finish_mmu(&tlb);
}

/* A region as @d says, linked nowhere: with shared memory of its own, or without its file yet.  NULL: no memory. */
static struct vm_area_struct *region_make(struct mm_struct *mm, const struct vma_desc *d)
{
	struct vm_area_struct *vma = vm_area_alloc(mm);

	if (!vma)
		return NULL;
	vma->vm_start = d->start;
	vma->vm_end = d->end;
	vma->vm_flags = d->vm_flags;
	vma->vm_pgoff = d->pgoff;
	vma_set_page_prot(vma);
	if (d->file || !(d->vm_flags & VM_SHARED))
		return vma;
	if (!shmem_zero_setup(vma)) {
		vma_set_page_prot(vma);
		return vma;
	}
	vm_area_free(vma);
	return NULL;
}

static void region_unmake(struct vm_area_struct *vma)
{
	if (vma->vm_file)
		fput(vma->vm_file);
	vm_area_free(vma);
}

/* Link @vma, of region_make(), behind @prev when its file agrees, which may change flags and ops; else it goes. */
static int region_place(struct mm_struct *mm, struct vm_area_struct *vma, const struct vma_desc *d,
			struct vm_area_struct *prev) REQUIRES(mm->mmap_lock)
{
	struct vm_area_struct *next = prev ? prev->vm_next : mm->mmap;
	int rc;

	mmap_assert_write_locked(mm);
	INV(P1, (!prev || prev->vm_end <= d->start) && (!next || d->end <= next->vm_start));
	if (d->file) {
		vma->vm_file = get_file(d->file);
		rc = d->file->f_op->mmap(d->file, vma);
		if (rc) {
			drop_entries(vma, prev, next);
			region_unmake(vma);
			return rc;
		}
		vma_set_page_prot(vma);
	}
	INV(P1, vma->vm_start == d->start && vma->vm_end == d->end);	/* ->mmap() moves nothing */
	INV(P2, !((vma->vm_flags ^ d->vm_flags) & VM_ACCOUNT));
	vma_link(mm, vma, prev);
	return 0;
}

/*
 * A region as @d says in the place of all that is there, whose room is reserved before the first goes (P4).
 * NULL and *rc on failure
 */
static __noinline struct vm_area_struct *region_replace(struct mm_struct *mm, const struct vma_desc *d,
							struct list_head *uf, int *rc) REQUIRES(mm->mmap_lock)
{
	struct vm_area_struct *vma = region_make(mm, d);

	INV(P4, !vma || !vma->vm_file == (d->file || !(d->vm_flags & VM_SHARED)));
	*rc = vma ? do_munmap(mm, d->start, d->end - d->start, uf) : -ENOMEM;
	if (vma && *rc) {
		region_unmake(vma);
		return NULL;
	}
	return vma;
}

/* @nr pages of @vma are new. */
static __always_inline void count_placed(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long vm_flags,
					 unsigned long nr)
{
	vm_stat_account(mm, vm_flags, nr);
	if (!(vm_flags & VM_LOCKED))
		return;
	if (!vma_supports_mlock(vma))
		vm_flags_clear(vma, VM_LOCKED | VM_LOCKONFAULT);
	else
		atomic_long_add(nr, &mm->locked_vm);
}

/* The request is sound and @file agrees: put a region there. */
static unsigned long place_region(struct file *file, unsigned long addr, unsigned long len,
				  unsigned long vm_flags, pgoff_t pgoff, struct list_head *uf)
{
	struct mm_struct *mm = current_base()->mm;
	unsigned long nr = len >> PAGE_SHIFT, charged = 0;
	struct vma_desc d = { .start = addr, .end = addr + len, .file = file, .pgoff = pgoff };
	struct vm_area_struct *vma = NULL, *made = NULL, *next, *prev;
	int rc;

	mmap_assert_write_locked(mm);
	INV(P1, len && !((addr | len) & ~PAGE_MASK) && addr <= task_size - len);
	if (map_deny_write_exec(mm, vm_flags, vm_flags))
		return -EACCES;
	next = find_vma_prev(mm, addr, &prev);
	if (unlikely(!may_expand_vm(mm, vm_flags, nr)) &&
	    !may_expand_vm(mm, vm_flags, nr - count_mapped_pages(mm, addr, addr + len, 0)))
		return -ENOMEM;
	if (accountable_mapping(file, vm_flags)) {
		if (account_region(mm, addr, nr))
			return -ENOMEM;
		charged = nr;
		vm_flags |= VM_ACCOUNT;
	}
	d.vm_flags = vm_flags;
	if (next && next->vm_start < addr + len) {
		made = region_replace(mm, &d, uf, &rc);
		if (!made)
			goto undo;
		next = find_vma_prev(mm, addr, &prev);
		INV(P1, !next || addr + len <= next->vm_start);
	}
	if (file || !(vm_flags & VM_SHARED))	/* each piece of shared memory is an object of its own */
		vma = vma_merge(mm, prev, &d);
	if (vma && made)
		region_unmake(made);	/* a neighbour does as well */
	if (!vma) {
		vma = made ? made : region_make(mm, &d);
		rc = vma ? region_place(mm, vma, &d, prev) : -ENOMEM;
		if (rc)
			goto undo;
		vm_flags = vma->vm_flags;
	}
	INV(P2, !charged || vm_flags & VM_ACCOUNT);
	count_placed(mm, vma, vm_flags, nr);
	return addr;
undo:
	vm_unacct_memory(charged);
	return rc;
}

/*
 * A mapping that may be written counts in its file before anyone asks the file, and until vma_link() has counted
 * it for good: so a seal that came first is seen, and one that comes now finds a writer.
 */
unsigned long mmap_region(struct file *file, unsigned long addr, unsigned long len,
			  unsigned long vm_flags, pgoff_t pgoff, struct list_head *uf)
{
	bool counted;
	int rc;

	if (!file || !vm_shared_maywrite(vm_flags))
		return place_region(file, addr, len, vm_flags, pgoff, uf);
	counted = !mapping_map_writable(file->f_mapping);
	rc = shmem_check_mmap(file, &vm_flags);		/* takes VM_MAYWRITE, if only reading is allowed */
	if (!rc && !counted && vm_shared_maywrite(vm_flags))
		rc = -EPERM;
	INV(P3, !counted || atomic_read(&file->f_mapping->i_mmap_writable) > 0);
	if (!rc)
		addr = place_region(file, addr, len, vm_flags, pgoff, uf);
	if (counted)
		mapping_unmap_writable(file->f_mapping);
	return rc ? (unsigned long)rc : addr;
}

unsigned long vm_mmap_pgoff(struct file *file, unsigned long addr, unsigned long len,
			    unsigned long prot, unsigned long flags, pgoff_t pgoff)
{
	struct mm_struct *mm = current_base()->mm;
	unsigned long populate, ret;
	LIST_HEAD(uf);

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	ret = do_mmap(file, addr, len, prot, flags, pgoff, &populate, &uf);
	mmap_write_unlock(mm);
	userfaultfd_unmap_complete(&uf);
	if (populate)
		mm_populate(ret, populate);
	return ret;
}

unsigned long vm_mmap(struct file *file, unsigned long addr, unsigned long len, unsigned long prot,
		      unsigned long flags, unsigned long offset)
{
	if (offset + PAGE_ALIGN(len) < offset || (offset & ~PAGE_MASK))
		return -EINVAL;
	return vm_mmap_pgoff(file, addr, len, prot, flags, offset >> PAGE_SHIFT);
}

bool hugetlb_size_exists(unsigned long flags)
{
	unsigned size_log = flags >> MAP_HUGE_SHIFT & MAP_HUGE_MASK;

	return size_log == 0 || size_log == 21 || size_log == 30;
}

/* There is no pool of huge pages: a size that exists has none free. */
static int hugetlb_refuse(unsigned long len, unsigned long flags)
{
	unsigned type = flags & MAP_TYPE;

	if (!len || !hugetlb_size_exists(flags) ||
	    (type != MAP_SHARED && type != MAP_PRIVATE && type != MAP_SHARED_VALIDATE))
		return -EINVAL;
	return -ENOMEM;
}

SYSCALL_DEFINE6(mmap, unsigned long, addr, unsigned long, len, unsigned long, prot,
		unsigned long, flags, unsigned long, fd, long, offset)
{
	struct file *file = NULL;
	unsigned long ret;

	if (offset & ~PAGE_MASK)
		return -EINVAL;
	if (!(flags & MAP_ANONYMOUS)) {
		file = fget(fd);
		if (!file)
			return -EBADF;
		ret = -EINVAL;
		if (flags & MAP_HUGETLB)
			goto out;
	} else if (flags & MAP_HUGETLB) {
		return hugetlb_refuse(len, flags);
	}
	ret = vm_mmap_pgoff(file, addr, len, prot, flags, offset >> PAGE_SHIFT);
out:
	if (file)
		fput(file);
	return ret;
}

/* ---- the heap, and exec's zero pages --------------------------------------------------------- */

int do_brk_flags(struct mm_struct *mm, unsigned long addr, unsigned long len, unsigned long vm_flags)
{
	struct vma_desc d = { .start = addr, .end = addr + len, .pgoff = addr >> PAGE_SHIFT };
	struct vm_area_struct *vma, *prev;
	unsigned long nr = len >> PAGE_SHIFT;
	int rc;

	mmap_assert_write_locked(mm);
	INV(P1, len && !((addr | len) & ~PAGE_MASK) && addr <= task_size - len);
	vm_flags |= VM_DATA_DEFAULT_FLAGS | VM_ACCOUNT | mm->def_flags;
	if (!may_expand_vm(mm, vm_flags, nr) || mm->map_count > sysctl_max_map_count ||
	    security_vm_enough_memory(mm, nr))
		return -ENOMEM;
	d.vm_flags = vm_flags;
	find_vma_prev(mm, addr, &prev);
	if (!vma_merge(mm, prev, &d)) {
		vma = region_make(mm, &d);
		rc = vma ? region_place(mm, vma, &d, prev) : -ENOMEM;
		if (rc) {
			vm_unacct_memory(nr);
			return rc;
		}
	}
	vm_stat_account(mm, vm_flags, nr);
	if (vm_flags & VM_LOCKED)
		atomic_long_add(nr, &mm->locked_vm);
	return 0;
}

int vm_brk_flags(unsigned long addr, unsigned long bytes, unsigned long vm_flags)
{
	struct mm_struct *mm = current_base()->mm;
	unsigned long len = PAGE_ALIGN(bytes);
	LIST_HEAD(uf);
	bool populate;
	int rc;

	if (len < bytes)
		return -ENOMEM;
	if (!len)
		return 0;
	if (vm_flags & ~VM_EXEC)
		return -EINVAL;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	rc = -ENOMEM;
	if (addr <= task_size - len && mlock_future_ok(mm, mm->def_flags, len))
		rc = 0;
	if (!rc && find_vma_intersection(mm, addr, addr + len))
		rc = do_munmap(mm, addr, len, &uf);
	if (!rc)
		rc = do_brk_flags(mm, addr, len, vm_flags);
	populate = !rc && (mm->def_flags & VM_LOCKED);
	mmap_write_unlock(mm);
	userfaultfd_unmap_complete(&uf);
	if (populate)
		mm_populate(addr, len);
	return rc;
}
