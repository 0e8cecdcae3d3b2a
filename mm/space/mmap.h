/*
 * mm/space/mmap.h - map and unmap: the calls, as the kernel's own code makes them.
 *
 * MODEL     Functions that return an address return -errno as an unsigned long on failure (IS_ERR_VALUE).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_SPACE_MMAP_H
#define VELLUM_MM_SPACE_MMAP_H

#include "mm/region/layout.h"
#include "mm/region/stack.h"

/*
 * Map @len bytes of @file (NULL: anonymous) from page @pgoff.  *populate: bytes to fault in afterwards.
 * => mmap_lock held for writing; an address or -errno; @uf as for do_munmap()
 */
unsigned long do_mmap(struct file *file, unsigned long addr, unsigned long len, unsigned long prot,
		      unsigned long flags, pgoff_t pgoff, unsigned long *populate, struct list_head *uf);
/* The same for the running task with the lock taken, @offset in bytes. */
unsigned long vm_mmap(struct file *file, unsigned long addr, unsigned long len, unsigned long prot,
		      unsigned long flags, unsigned long offset);
unsigned long vm_mmap_pgoff(struct file *file, unsigned long addr, unsigned long len,
			    unsigned long prot, unsigned long flags, pgoff_t pgoff);
unsigned long mmap_region(struct file *file, unsigned long addr, unsigned long len,
			  unsigned long vm_flags, pgoff_t pgoff, struct list_head *uf);
/* madvise(2) of an address space with a user held.  => takes mmap_lock itself */
int do_madvise(struct mm_struct *mm, unsigned long start, size_t len, int advice);
/*
 * => mmap_lock held for writing.  What userfaultfds are to be told of it goes to @uf, for
 *    userfaultfd_unmap_complete() once no lock is held; NULL: nobody is told
 */
__must_check int do_munmap(struct mm_struct *mm, unsigned long start, unsigned long len, struct list_head *uf)
	REQUIRES(mm->mmap_lock);
int vm_munmap(unsigned long start, unsigned long len);
/* Anonymous zero memory at a fixed place; exec's bss and heap.  vm_flags: VM_EXEC or 0. */
__must_check int vm_brk_flags(unsigned long addr, unsigned long len, unsigned long vm_flags);
static inline __must_check int vm_brk(unsigned long addr, unsigned long len)
{ return vm_brk_flags(addr, len, 0); }
/* => mmap_lock held for writing */
__must_check int do_brk_flags(struct mm_struct *mm, unsigned long addr, unsigned long len,
			      unsigned long vm_flags) REQUIRES(mm->mmap_lock);
unsigned long calc_vm_prot_bits(unsigned long prot);
extern int sysctl_nonlinear;		/* remap_file_pages() makes entries, not regions: fremap.c */
/* Does madvise, mprotect... have to refuse: a sealed region in [@start, @end)? */
bool range_is_sealed(struct mm_struct *mm, unsigned long start, unsigned long end)
	REQUIRES_SHARED(mm->mmap_lock);

/* Do pages of the size exist that @flags of mmap, shmget or memfd_create ask for?  2 MiB, 1 GiB, or any. */
bool hugetlb_size_exists(unsigned long flags);

#endif
