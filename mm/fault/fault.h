/*
 * mm/fault/fault.h - page faults, and the operations on the entries of whole regions.
 *
 * MODEL     fault.c  the exception: whose fault is it, which region, which signal.
 *           anon.c   handle_mm_fault and the anonymous page;  file.c  pages of files, fault-around.
 *           cow.c    the write to a page that others may share.
 *           fork.c   copy_page_range;  zap.c unmap;  protect.c mprotect, mremap;  gup.c pinning.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_FAULT_FAULT_H
#define VELLUM_MM_FAULT_FAULT_H

#include "include/arch/arch.h"
#include "include/mm_types.h"
#include "mm/pt/gather.h"

/* The page that every untouched anonymous page reads as: special entries, never in rss. */
extern struct page *zero_page;
extern pfn_t zero_pfn;
/* Pages that a fault in a large region fills when the program walks upwards; 1: only its own.  <= 32 */
extern unsigned anon_fault_pages;
/* Make the zero page.  After the buddy system. */
void fault_init(void);

/*
 * Serve a fault at @address, which lies in @vma.  VM_FAULT_*: 0, MAJOR, or one of ERROR.
 * => mmap_lock held (read) on entry and exit; may sleep
 */
unsigned handle_mm_fault(struct vm_area_struct *vma, vaddr_t address, unsigned flags);

/* ---- entries of whole regions ---------------------------------------------------------------- */

/*
 * fork: give @dst (region of the child) the entries of @src that a fault could not bring back.  0, -ENOMEM, -EINTR.
 * => both mmap_locks held (write); afterwards the caller does flush_tlb_mm() of the parent once
 */
int copy_page_range(struct vm_area_struct *dst, struct vm_area_struct *src);

/* Clear [start, end) of one region, pages go to @tlb.  => mmap_lock (read suffices) */
void unmap_page_range(struct mmu_gather *tlb, vaddr_t start, vaddr_t end);
/* The same for @vma and the regions after it, as far as they overlap [start, end). */
void unmap_vmas(struct mmu_gather *tlb, struct vm_area_struct *vma, vaddr_t start, vaddr_t end);
/*
 * Free the tables that cover only @vma and the regions after it up to @ceiling (0: to the top), and
 * nothing below @floor.  => their entries are gone; mmap_lock held (write)
 */
void free_pgtables(struct mmu_gather *tlb, struct vm_area_struct *vma, vaddr_t floor, vaddr_t ceiling);
/* The same for the address range alone: no region in [floor, ceiling) maps anything there. */
void free_pgd_range(struct mmu_gather *tlb, vaddr_t addr, vaddr_t end, vaddr_t floor, vaddr_t ceiling);

/* One region, own gather: clear [start, start + size).  madvise, truncation. */
void zap_page_range(struct vm_area_struct *vma, vaddr_t start, unsigned long size);
/* The same, but private copies stay: only what shows the file itself goes. */
void zap_file_pages(struct vm_area_struct *vma, vaddr_t start, unsigned long size);

/* mprotect: give the entries of [start, end) the permissions of @newprot, flush.  Pages changed. */
unsigned long change_protection(struct vm_area_struct *vma, vaddr_t start, vaddr_t end, pte_t newprot);

/*
 * mremap: move the entries of @len bytes from @old_addr to @new_addr, flush.  Bytes moved (< len: no memory).
 * => mmap_lock held (write)
 */
unsigned long move_page_tables(struct vm_area_struct *vma, vaddr_t old_addr,
			       struct vm_area_struct *new_vma, vaddr_t new_addr, unsigned long len);

/* ---- drivers' and file systems' own mappings ------------------------------------------------- */

/* Map frames that have no struct page, or are not to be counted; sets VM_PFNMAP.  0 or -errno */
int remap_pfn_range(struct vm_area_struct *vma, vaddr_t addr, pfn_t pfn, unsigned long bytes, pte_t prot);
/* Map one kernel page, counted; the entry takes its own reference.  0 or -errno */
int vm_insert_page(struct vm_area_struct *vma, vaddr_t addr, struct page *page);
/* Show @vma's worth of the vmalloc_user() area at @addr, from its page @pgoff on.  0 or -errno */
int remap_vmalloc_range(struct vm_area_struct *vma, void *addr, unsigned long pgoff);
/* From ->fault of a VM_PFNMAP region: VM_FAULT_NOPAGE, or OOM. */
unsigned vmf_insert_pfn(struct vm_area_struct *vma, vaddr_t addr, pfn_t pfn);

/* ---- reading and writing by address ---------------------------------------------------------- */

#define FOLL_WRITE	0x01
#define FOLL_GET	0x04
#define FOLL_FORCE	0x10		/* ptrace, /proc/PID/mem: ignore VM_READ and VM_WRITE where VM_MAY allow */
#define FOLL_NOWAIT	0x20
#define FOLL_REMOTE	0x40

/*
 * Make [start, start + nr pages) present (writable with FOLL_WRITE), and put the pages, each with
 * a reference, in @pages (NULL: only fault in).  How many, or -errno when none.
 * => mmap_lock of @mm held (read)
 */
long get_user_pages_remote(struct mm_struct *mm, vaddr_t start, unsigned long nr, unsigned gup_flags,
			   struct page **pages) REQUIRES_SHARED(mm->mmap_lock);
long get_user_pages(vaddr_t start, unsigned long nr, unsigned gup_flags, struct page **pages);
/* For the running task.  => takes mmap_lock (read) itself */
long get_user_pages_fast(vaddr_t start, unsigned long nr, unsigned gup_flags, struct page **pages);

/* Copy between @buf and another address space; bytes done.  => takes mmap_lock of @mm itself */
int access_remote_vm(struct mm_struct *mm, vaddr_t addr, void *buf, int len, unsigned gup_flags);

/* MAP_POPULATE, mlock: fault [start, start + len) in, region by region.  => no locks held */
int __mm_populate(vaddr_t start, unsigned long len, bool ignore_errors);
/* mmap_lock held (read).  Pages, or -errno */
long populate_vma_page_range(struct vm_area_struct *vma, vaddr_t start, vaddr_t end);
/* MADV_POPULATE_*: fault in for reading or writing; pages or -errno (-EFAULT on SIGBUS, SIGSEGV). */
long faultin_page_range(struct mm_struct *mm, vaddr_t start, vaddr_t end, bool write)
	REQUIRES_SHARED(mm->mmap_lock);

#endif
