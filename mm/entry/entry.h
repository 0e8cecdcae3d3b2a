/*
 * mm/entry/entry.h - walks over the entries of regions, none of which makes a page appear.
 *
 * MODEL     copy.c     fork: the child's entries
 *           zap.c      munmap, truncation, exit: entries and their tables go
 *           protect.c  mprotect: the permissions change;  mremap: the place
 *           uffd_wp.c  userfaultfd: writes are told first
 *           nonlinear.c  entries that say which page of the file is due
 *           age.c      MADV_FREE, COLD, PAGEOUT: pages that are needed less
 *           pfnmap.c   entries that drivers and file systems make;  vmalloc_map.c  of vmalloc memory
 *           They know page tables, and which entry counts for which page (mm/rmap); a region is a range with
 *           flags to them, handed over by who found it.  So both the calls and truncation stand above them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_ENTRY_ENTRY_H
#define VELLUM_MM_ENTRY_ENTRY_H

#include "include/mm_types.h"
#include "mm/pt/gather.h"

/* The page that every untouched anonymous page reads as: special entries, never in rss. */
extern struct page *zero_page;
extern pfn_t zero_pfn;

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

/* ---- pages that are needed less (age.c).  => mmap_lock (read suffices) ------------------------ */

/* MADV_FREE: the anonymous pages of [start, end) may lose their content, until they are written to. */
void lazyfree_range(struct vm_area_struct *vma, vaddr_t start, vaddr_t end);
struct lazyfree_drop {
	unsigned long max, dropped;	/* pages: this many, and no more */
	unsigned long held;		/* seen on the way, but somebody uses them just now */
};
/* Of those in [@start, @end), drop as many as @d still wants.  Where it stopped. */
vaddr_t drop_lazyfree(struct vm_area_struct *vma, vaddr_t start, vaddr_t end, struct lazyfree_drop *d);
/* The pages that only @vma shows look unused. */
void cold_range(struct vm_area_struct *vma, vaddr_t start, vaddr_t end);
/* The pages of files in [*va, end) that only @vma shows, at most @max, referenced; how many.  *va: where to go on. */
unsigned collect_file_pages(struct vm_area_struct *vma, vaddr_t *va, vaddr_t end, struct page **pages, unsigned max);

/* ---- what stays gets another place or permission ---------------------------------------------- */

/* mprotect: give the entries of [start, end) the permissions of @newprot, flush.  Pages changed. */
unsigned long change_protection(struct vm_area_struct *vma, vaddr_t start, vaddr_t end, pte_t newprot);

enum uffd_wp_change { UFFD_WP_SET, UFFD_WP_CLEAR };
/*
 * Set or clear the uffd-wp mark of the entries of [start, end) of @vma, flush.  0; -ENOMEM (SET only)
 * => mmap_lock held (read), or the region's for writing
 */
__must_check int uffd_wp_range(struct vm_area_struct *vma, vaddr_t start, vaddr_t end, enum uffd_wp_change change);
/* Set the mark of one entry, whose ptl is held.  Whether a flush must cover it before the mark can be relied on. */
bool uffd_wp_mark(struct vm_area_struct *vma, pte_t *ptep);

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

#endif
