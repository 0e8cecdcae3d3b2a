/*
 * test/host/mm/fault/world.h - regions and a file for tests of mm/fault: just enough of mm/space and
 * mm/cache, so that these tests stand on the entries alone.
 *
 * MODEL     Regions are a list.  The file is an array of pages that are all cached; page n starts out
 *           holding WORLD_FILE_WORD(n) in its first eight bytes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TEST_FAULT_WORLD_H
#define TEST_FAULT_WORLD_H

#include "test/host/tap.h"
#include "test/host/arch/host.h"
#include "lib/printk.h"
#include "mm/cache/pagemap.h"
#include "mm/fault/fault.h"
#include "mm/phys/zone.h"
#include "mm/pt/flush.h"
#include "mm/pt/pgalloc.h"
#include "mm/pt/walk.h"
#include "mm/rmap/anon_vma.h"
#include "mm/space/mm.h"
#include "mm/region/vma.h"

#define WORLD_FILE_PAGES	64
#define WORLD_FILE_WORD(n)	(0xf11e000000000000ul + (n))

/* ---- regions --------------------------------------------------------------------------------- */

struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = mm->mmap;

	while (vma && vma->vm_end <= addr)
		vma = vma->vm_next;
	return vma;
}

struct vm_area_struct *find_extend_vma(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	if (vma && vma->vm_start > addr && vma->vm_flags & VM_GROWSDOWN) {
		vma->vm_pgoff -= (vma->vm_start - (addr & PAGE_MASK)) >> PAGE_SHIFT;
		vma->vm_start = addr & PAGE_MASK;
	}
	return vma && vma->vm_start <= addr ? vma : NULL;
}

static inline struct vm_area_struct *world_map(struct mm_struct *mm, vaddr_t start, vaddr_t end,
					       unsigned long vm_flags,
					       const struct vm_operations_struct *ops, pgoff_t pgoff)
{
	struct vm_area_struct *vma = vma_mem_alloc(), **p = &mm->mmap, *prev = NULL;

	if (!vma)
		return NULL;
	memset(vma, 0, offsetof(struct vm_area_struct, avc));
	while (*p && (*p)->vm_start < start) {
		prev = *p;
		p = &(*p)->vm_next;
	}
	vma->vm_next = *p;
	vma->vm_prev = prev;
	if (*p)
		(*p)->vm_prev = vma;
	*p = vma;
	vma->vm_start = start;
	vma->vm_end = end;
	vma->vm_mm = mm;
	vma->vm_flags = vm_flags | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
	vma->vm_page_prot = vm_prot(vm_flags);
	vma->vm_ops = ops;
	vma->vm_pgoff = ops ? pgoff : start >> PAGE_SHIFT;
	return vma;
}

static long world_caches;		/* what anon_vma_init() keeps */

/* Once is enough. */
static inline void world_anon_init(void)
{
	long before = shim_live_allocs();

	if (world_caches)
		return;
	anon_vma_init();
	world_caches = shim_live_allocs() - before;
}

/* munmap of a whole region. */
static inline void world_unmap(struct vm_area_struct *vma)
{
	struct vm_area_struct *next = vma->vm_next, *prev = vma->vm_prev;
	struct mm_struct *mm = vma->vm_mm;
	struct mmu_gather tlb;

	if (prev)
		prev->vm_next = next;
	else
		mm->mmap = next;
	if (next)
		next->vm_prev = prev;
	vma->vm_next = NULL;
	tlb_gather_mmu(&tlb, mm);
	unmap_vmas(&tlb, vma, vma->vm_start, vma->vm_end);
	unlink_anon_vmas(vma);
	free_pgtables(&tlb, vma, prev ? prev->vm_end : 0, next ? next->vm_start : 0);
	tlb_finish_mmu(&tlb);
	vma_mem_free(vma);
}

static inline void world_exit(struct mm_struct *mm)
{
	struct vm_area_struct *vma = mm->mmap, *next;
	struct mmu_gather tlb;

	atomic_set(&mm->mm_users, 0);
	if (vma) {
		tlb_gather_mmu_fullmm(&tlb, mm);
		unmap_vmas(&tlb, vma, 0, ~0ul);
		for (struct vm_area_struct *v = vma; v; v = v->vm_next)
			unlink_anon_vmas(v);
		free_pgtables(&tlb, vma, 0, 0);
		tlb_finish_mmu(&tlb);
	}
	for (mm->mmap = NULL; vma; vma = next) {
		next = vma->vm_next;
		vma_mem_free(vma);
	}
	pt_verify(mm);
	host_mm_free(mm);
}

/* mprotect: the region has its new flags. */
static inline unsigned long world_protect(struct vm_area_struct *vma, vaddr_t start, vaddr_t end, pte_t prot)
{
	vma_start_write(vma);
	return change_protection(vma, start, end, prot);
}

/* mremap: the entries of @from become @to's, which has no pages and is as large.  As copy_vma(), then the move. */
static inline bool world_move(struct vm_area_struct *from, struct vm_area_struct *to)
{
	unsigned long len = from->vm_end - from->vm_start;

	vma_start_write(from);
	vma_start_write(to);
	if (anon_vma_lazy(from) && anon_vma_prepare(from))
		return false;
	if (from->avc.anon_vma) {
		unlink_anon_vmas(to);
		to->vm_pgoff = from->vm_pgoff;
		to->anon_vma = from->anon_vma;
		to->anon_inherited = from->anon_inherited;
		if (anon_vma_clone(to, from))
			return false;
	}
	return move_page_tables(from, from->vm_start, to, to->vm_start, len) == len;
}

static unsigned long world_fork_drops;		/* VM_* that a child's regions do not have */

/* fork: NULL when memory runs out. */
static inline struct mm_struct *world_fork(struct mm_struct *old)
{
	struct mm_struct *mm = host_mm_new();
	int rc = 0;

	if (!mm->pgd) {
		free(mm);
		return NULL;
	}
	for (struct vm_area_struct *src = old->mmap; src && !rc; src = src->vm_next) {
		struct vm_area_struct *dst = world_map(mm, src->vm_start, src->vm_end,
						       src->vm_flags & ~world_fork_drops,
						       src->vm_ops, src->vm_pgoff);
		rc = -ENOMEM;
		if (!dst)
			break;
		vma_start_write(src);
		dst->vm_pgoff = src->vm_pgoff;
		rc = anon_vma_fork(dst, src);
		if (!rc)
			rc = copy_page_range(dst, src);
	}
	flush_tlb_mm(old);
	if (rc) {
		world_exit(mm);
		return NULL;
	}
	return mm;
}

/* ---- the file -------------------------------------------------------------------------------- */

static struct page *world_file[WORLD_FILE_PAGES];
static struct address_space world_mapping;
static unsigned long world_file_faults, world_mkwrites;

static inline void world_file_make(void)
{
	for (unsigned i = 0; i < WORLD_FILE_PAGES; i++) {
		world_file[i] = alloc_pages(__GFP_ZERO, 0);
		world_file[i]->mapping = &world_mapping;
		world_file[i]->index = i;
		SetPageUptodate(world_file[i]);
		*(u64 *)page_to_virt(world_file[i]) = WORLD_FILE_WORD(i);
	}
}

static inline void world_file_drop(void)
{
	for (unsigned i = 0; i < WORLD_FILE_PAGES; i++) {
		CHECK(page_count(world_file[i]) == 1);
		CHECK(page_mapcount(world_file[i]) == 0);
		put_page(world_file[i]);
	}
}

static unsigned world_fault(struct vm_fault *vmf)
{
	world_file_faults++;
	if (vmf->pgoff >= WORLD_FILE_PAGES)
		return VM_FAULT_SIGBUS;
	vmf->page = world_file[vmf->pgoff];
	get_page(vmf->page);
	lock_page(vmf->page);
	return VM_FAULT_LOCKED;
}

static void world_map_pages(struct vm_fault *vmf, pgoff_t start, pgoff_t end)
{
	for (pgoff_t i = start; i < end && i < WORLD_FILE_PAGES; i++)
		if (trylock_page(world_file[i])) {
			get_page(world_file[i]);
			if (!do_set_pte(vmf, world_file[i], i))
				put_page(world_file[i]);
			unlock_page(world_file[i]);
		}
}

static unsigned world_mkwrite(struct vm_fault *vmf)
{
	world_mkwrites++;
	lock_page(vmf->page);
	return VM_FAULT_LOCKED;
}

static const struct vm_operations_struct world_file_ops = {
	.fault = world_fault, .map_pages = world_map_pages,
};
static const struct vm_operations_struct __maybe_unused world_notify_ops = {
	.fault = world_fault, .page_mkwrite = world_mkwrite,
};

/* mm/cache's part. */
void __lock_page(__maybe_unused struct page *page) { CHECK(!"a page lock would wait for ever"); }
void migration_entry_wait_on_locked(__maybe_unused struct page *page, __maybe_unused spinlock_t *ptl)
{
	CHECK(!"no page is on its way");
}
void wake_page_waiters(__maybe_unused struct page *page) {}
bool __ratelimit(__maybe_unused struct ratelimit_state *rs, __maybe_unused unsigned burst) { return true; }
bool set_page_dirty(struct page *page) { return !TestSetPageDirty(page); }

#endif
