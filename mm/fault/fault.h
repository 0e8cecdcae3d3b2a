/*
 * mm/fault/fault.h - page faults: pages that appear, by an access or because they are asked for.
 *
 * MODEL     fault.c  the exception: whose fault is it, which region, which signal.
 *           anon.c   handle_mm_fault and the anonymous page;  file.c  pages of files, fault-around.
 *           cow.c    the write to a page that others may share.
 *           gup.c    pages by address: pinning, other spaces' memory, populate.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_FAULT_FAULT_H
#define VELLUM_MM_FAULT_FAULT_H

#include "include/arch/arch.h"
#include "include/mm_types.h"
#include "mm/entry/entry.h"

/* Pages that a fault in a large region fills when the program walks upwards; 1: only its own.  <= 32 */
extern unsigned anon_fault_pages;
/* Make the zero page.  After the buddy system. */
void fault_init(void);

/*
 * Serve a fault at @address, which lies in @vma.  VM_FAULT_*: 0, MAJOR, one of ERROR, or, with
 * FAULT_FLAG_ALLOW_RETRY, RETRY.
 * => held on entry: the region's lock (FAULT_FLAG_VMA_LOCK) or mmap_lock (read), and on exit, but for RETRY;
 *    may sleep
 */
unsigned handle_mm_fault(struct vm_area_struct *vma, vaddr_t address, unsigned flags);

/* ---- reading and writing by address ---------------------------------------------------------- */

#define FOLL_WRITE	0x01
#define FOLL_GET	0x04
#define FOLL_FORCE	0x10		/* ptrace, /proc/PID/mem: ignore VM_READ and VM_WRITE where VM_MAY allow */
#define FOLL_NOWAIT	0x20
#define FOLL_REMOTE	0x40
#define FOLL_UNLOCKABLE	0x80		/* mmap_lock (read) may be let go and taken again: gup.c */
#define FOLL_TRIED	0x100		/* it was, for this page */
#define FOLL_NOUSERFAULT 0x200		/* who looks in does not wait for a program that serves faults: -EFAULT */

/*
 * Make [start, start + nr pages) present (writable with FOLL_WRITE), and put the pages, each with
 * a reference, in @pages (NULL: only fault in).  How many, or -errno when none.
 * => mmap_lock of @mm held (read)
 */
long get_user_pages_remote(struct mm_struct *mm, vaddr_t start, unsigned long nr, unsigned gup_flags,
			   struct page **pages) REQUIRES_SHARED(mm->mmap_lock);
long get_user_pages(vaddr_t start, unsigned long nr, unsigned gup_flags, struct page **pages);
/* For the running task.  What is there needs no lock.  => takes mmap_lock (read) itself, for what is not */
long get_user_pages_fast(vaddr_t start, unsigned long nr, unsigned gup_flags, struct page **pages);

/* Copy between @buf and another address space; bytes done.  => takes mmap_lock of @mm itself */
int access_remote_vm(struct mm_struct *mm, vaddr_t addr, void *buf, int len, unsigned gup_flags);

/* MAP_POPULATE, mlock: fault [start, start + len) in, region by region.  => no locks held */
int __mm_populate(vaddr_t start, unsigned long len, bool ignore_errors);
#define mm_populate(start, len)	((void)__mm_populate(start, len, true))
/* mmap_lock held (read).  Pages, or -errno */
long populate_vma_page_range(struct vm_area_struct *vma, vaddr_t start, vaddr_t end);
/* MADV_POPULATE_*: fault in for reading or writing; pages or -errno (-EFAULT on SIGBUS, SIGSEGV). */
long faultin_page_range(struct mm_struct *mm, vaddr_t start, vaddr_t end, bool write)
	REQUIRES_SHARED(mm->mmap_lock);

#endif
