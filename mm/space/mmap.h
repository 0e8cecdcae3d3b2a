/*
 * mm/space/mmap.h - map, unmap, and where mappings go.
 *
 * MODEL     User addresses from below: program, heap (start_brk), ... mmap area growing down from
 *           mmap_base, gap, stack below STACK_TOP.  Functions that return an address return -errno
 *           as an unsigned long on failure (IS_ERR_VALUE).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_SPACE_MMAP_H
#define VELLUM_MM_SPACE_MMAP_H

#include "include/arch/arch.h"
#include "include/mm_types.h"

extern int sysctl_max_map_count;		/* 65530 */
extern int randomize_va_space;			/* 0 none, 1 all but brk, 2 all; `norandmaps` sets 0 */
extern int sysctl_legacy_va_layout;		/* from UNMAPPED_BASE up, as of the next exec */
#define MMAP_RND_BITS_MIN	18
extern int mmap_rnd_bits;			/* how many bits of a page's number chance chooses; sysctl */
int mmap_rnd_bits_max(void);			/* a quarter of the window */
extern unsigned long mmap_min_addr;		/* bytes */

/* The default window of user addresses: what mmap() without a high hint stays below. */
unsigned long mmap_default_window(void);
#define STACK_TOP	(mmap_default_window())

/* Choose mmap_base, and the direction, for a fresh @mm (exec), from RLIMIT_STACK and chance. */
void arch_pick_mmap_layout(struct mm_struct *mm);
/* Page-aligned random bytes to move the stack's top down by (0 when not randomised). */
unsigned long stack_rnd(void);
/* Where the heap of a program whose image ends at @end_bss starts (page-aligned, randomised). */
unsigned long arch_randomize_brk(unsigned long end_bss);
/* Random byte displacement for an ET_DYN program (page-aligned; 0 when not randomised). */
unsigned long arch_mmap_rnd(void);
/* Where an ET_DYN program with an interpreter is loaded: 2/3 of the window, plus arch_mmap_rnd(). */
unsigned long elf_et_dyn_base(void);
/* A random address in [@start, @start + @range), page-aligned. */
unsigned long randomize_page(unsigned long start, unsigned long range);
bool mm_randomize(void);			/* does the running task want chance at all? */

/*
 * Map @len bytes of @file (NULL: anonymous) from page @pgoff.  *populate: bytes to fault in afterwards.
 * => mmap_lock held for writing; an address or -errno
 */
unsigned long do_mmap(struct file *file, unsigned long addr, unsigned long len, unsigned long prot,
		      unsigned long flags, pgoff_t pgoff, unsigned long *populate);
/* The same for the running task with the lock taken, @offset in bytes. */
unsigned long vm_mmap(struct file *file, unsigned long addr, unsigned long len, unsigned long prot,
		      unsigned long flags, unsigned long offset);
unsigned long vm_mmap_pgoff(struct file *file, unsigned long addr, unsigned long len,
			    unsigned long prot, unsigned long flags, pgoff_t pgoff);
unsigned long mmap_region(struct file *file, unsigned long addr, unsigned long len,
			  unsigned long vm_flags, pgoff_t pgoff);
/* => mmap_lock held for writing */
/* madvise(2) of an address space with a user held.  => takes mmap_lock itself */
int do_madvise(struct mm_struct *mm, unsigned long start, size_t len, int advice);
__must_check int do_munmap(struct mm_struct *mm, unsigned long start, unsigned long len)
	REQUIRES(mm->mmap_lock);
int vm_munmap(unsigned long start, unsigned long len);
/* Anonymous zero memory at a fixed place; exec's bss and heap.  vm_flags: VM_EXEC or 0. */
__must_check int vm_brk_flags(unsigned long addr, unsigned long len, unsigned long vm_flags);
static inline __must_check int vm_brk(unsigned long addr, unsigned long len)
{ return vm_brk_flags(addr, len, 0); }
/* => mmap_lock held for writing */
__must_check int do_brk_flags(struct mm_struct *mm, unsigned long addr, unsigned long len,
			      unsigned long vm_flags) REQUIRES(mm->mmap_lock);
unsigned long get_unmapped_area(struct file *file, unsigned long addr, unsigned long len,
				pgoff_t pgoff, unsigned long flags);

/*
 * Let the stack @vma grow down to hold @addr.
 * => mmap_lock held for WRITING; 0 or -ENOMEM
 */
__must_check int expand_stack(struct vm_area_struct *vma, unsigned long addr);
/* The region that holds @addr, a stack above it grown if need be.  => mmap_lock held for writing */
struct vm_area_struct *find_extend_vma(struct mm_struct *mm, unsigned long addr)
	REQUIRES(mm->mmap_lock);
/*
 * A stack region [top - bytes, top) for a program that is about to start, in @mm (not yet anyone's).
 * vm_flags_extra: VM_EXEC or 0.  0 or -ENOMEM
 */
__must_check int mm_insert_stack(struct mm_struct *mm, unsigned long top, unsigned long bytes,
				 unsigned long vm_flags_extra, struct vm_area_struct **out);

/* A mapping that the kernel makes of its own pages: vDSO, vvar. */
struct vm_special_mapping {
	const char *name;			/* "[vdso]" */
	struct page **pages;			/* one per page, NULL-terminated; or */
	unsigned (*fault)(const struct vm_special_mapping *sm, struct vm_area_struct *vma,
			  struct vm_fault *vmf);
};
/* => mmap_lock of @mm held for writing; @spec lives for ever.  NULL when memory is out */
struct vm_area_struct *_install_special_mapping(struct mm_struct *mm, unsigned long addr,
						unsigned long len, unsigned long vm_flags,
						const struct vm_special_mapping *spec)
	REQUIRES(mm->mmap_lock);

bool may_expand_vm(struct mm_struct *mm, unsigned long vm_flags, unsigned long nr_pages);
void vm_stat_account(struct mm_struct *mm, unsigned long vm_flags, long nr_pages);
unsigned long calc_vm_prot_bits(unsigned long prot);
/* Does madvise, mprotect... have to refuse: a sealed region in [@start, @end)? */
bool range_is_sealed(struct mm_struct *mm, unsigned long start, unsigned long end)
	REQUIRES_SHARED(mm->mmap_lock);

#endif
