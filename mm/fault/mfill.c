/*
 * mm/fault/mfill.c - userfaultfd: fill empty entries for who waits for them, and protect what is there.
 *
 * MODEL     Page by page: get the content (the caller's bytes, zeros, the file's page), then show it, if the entry
 *           is empty still.  In a private region what comes is an anonymous page, or the zero page; in a shared
 *           one it goes to the file first.  A marker gives way to a page: it only said what was not there.
 *           The caller's bytes are copied while the address space is locked, if they are in memory; else the locks
 *           are let go, the bytes fetched, and the region is looked up anew.
 * INVARIANTS
 *   E2  of anon.c: content before entry;  E3 of file.c: pages of files are shown while they are locked and inside.
 *   F5  No entry is filled while mmap_changing is not 0: what the program meant might be another region by now.
 * LOCKING   mmap_lock of the context's space (read) > map_changing_lock (read) > page lock > ptl.
 * COST      COPY: a page, its copy, one walk, about 150 instructions; the locks once a call.
 * TESTS     test/user/t_userfault.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/fault/userfaultfd.h"
#include "include/fs.h"
#include "include/uaccess.h"
#include "mm/cache/shmem.h"
#include "mm/fault/internal.h"
#include "mm/kmap/highmem.h"
#include "mm/policy/mempolicy.h"
#include "mm/rmap/anon_vma.h"

#define FETCH_FIRST	1	/* of mfill_page(): the caller's bytes are not in memory */

/* One call's state between pages. */
struct filler {
	const struct mfill *r;
	struct vm_area_struct *vma;
	unsigned long done;		/* bytes */
	struct page *page;		/* the next one to show, or NULL */
	bool filled;			/* ... with its content */
};

/* ---- showing --------------------------------------------------------------------------------- */

static bool beyond_file(const struct vm_area_struct *vma, vaddr_t va)
{
	return vma->vm_file && linear_page_index(vma, va) >= file_end_index(vma->vm_file->f_inode);
}

/*
 * The entry of @va, its table locked, if something may be shown there: it is empty, or a marker and @over.
 * 0, -ENOMEM, -EFAULT (beyond the file), -EEXIST: not locked.
 */
static int lock_empty(struct vm_area_struct *vma, vaddr_t va, bool over, pte_t **ptepp) NO_LOCK_ANALYSIS
{
	pte_t *ptep = pt_alloc(vma->vm_mm, va), pte;
	int rc = 0;

	if (!ptep)
		return -ENOMEM;
	spin_lock(&pt_page(ptep)->ptl);
	pte = pte_load(ptep);
	if (beyond_file(vma, va))
		rc = -EFAULT;
	else if (!pte_none(pte) && !(over && pte_is_marker(pte)))
		rc = -EEXIST;
	if (rc)
		spin_unlock(&pt_page(ptep)->ptl);
	else
		*ptepp = ptep;
	return rc;
}

static void unlock_entry(pte_t *ptep) NO_LOCK_ANALYSIS { spin_unlock(&pt_page(ptep)->ptl); }

/* Show @pte, which is complete. */
static void show_and_unlock(pte_t *ptep, pte_t pte)
{
	INV(F3, !pte_present(pte) || !pte_uffd_wp(pte) || !pte_write(pte));
	INV(E1, spin_is_locked(&pt_page(ptep)->ptl) && !pte_present(pte_load(ptep)));
	smp_wmb();	/* E2 */
	set_pte(ptep, pte);
	unlock_entry(ptep);
}

static pte_t page_pte(struct vm_area_struct *vma, struct page *page, bool writable, bool wp)
{
	pte_t pte = pte_mkdirty(pfn_pte(page_to_pfn(page), vma->vm_page_prot));

	if (vma->vm_flags & VM_EXEC)
		flush_icache_page(vma, page);		/* L6 */
	pte = writable ? maybe_mkwrite(pte, vma) : pte_wrprotect(pte);
	return wp ? pte_mkuffd_wp(pte) : pte;
}

/* Show the filled page of a private region; its reference passes. */
static int show_anon(struct filler *f, vaddr_t va)
{
	pte_t *ptep;
	int rc = lock_empty(f->vma, va, true, &ptep);

	if (rc)
		return rc;
	INV(E2, f->filled);
	INV(A1, f->vma->anon_vma);
	page_add_new_anon_rmap(f->page, f->vma, va);
	inc_mm_counter(f->vma->vm_mm, MM_ANONPAGES);
	show_and_unlock(ptep, page_pte(f->vma, f->page, true, f->r->wp));
	f->page = NULL;
	return 0;
}

/* Show the file's @page (referenced; the reference passes on success) if it is the file's still (E3). */
static int show_file_page(struct filler *f, struct page *page, vaddr_t va)
{
	struct vm_area_struct *vma = f->vma;
	pte_t *ptep;
	int rc = -EFAULT;

	lock_page(page);
	if (page->mapping == vma->vm_file->f_mapping)
		rc = lock_empty(vma, va, true, &ptep);
	if (!rc) {
		INV(E3, PageLocked(page) && PageUptodate(page));
		page_add_file_rmap(page);
		inc_mm_counter(vma->vm_mm, mm_counter(page));
		show_and_unlock(ptep, page_pte(vma, page, vma->vm_flags & VM_SHARED, f->r->wp));
	}
	unlock_page(page);
	return rc;
}

/* ---- a page of each kind --------------------------------------------------------------------- */

/* Whether the caller's bytes at @src could be copied without a fault. */
static bool copy_present(struct page *page, unsigned long src)
{
	unsigned long left;
	void *kaddr;

	pagefault_disable();
	kaddr = kmap_atomic(page);
	left = copy_from_user(kaddr, (const void __user *)src, PAGE_SIZE);
	kunmap_atomic(kaddr);
	pagefault_enable();
	return !left;
}

/* Give f->page its content; 0, -ENOMEM, FETCH_FIRST. */
static int prepare_page(struct filler *f, vaddr_t va)
{
	if (!f->page) {
		if (!(f->vma->vm_flags & VM_SHARED) && anon_vma_prepare(f->vma))
			return -ENOMEM;
		f->page = alloc_page_vma(GFP_HIGHUSER_MOVABLE, f->vma, va);
		f->filled = false;
		if (!f->page)
			return -ENOMEM;
	}
	if (f->filled)
		return 0;
	if (f->r->mode == MFILL_ZEROPAGE)
		clear_highpage(f->page);
	else if (!copy_present(f->page, f->r->src + f->done))
		return FETCH_FIRST;
	flush_dcache_page(f->page);
	f->filled = true;
	return 0;
}

/* Into the file, then into the entry. */
static int fill_shared(struct filler *f, vaddr_t va)
{
	struct page *page = f->page;
	pte_t *ptep;
	int rc = lock_empty(f->vma, va, true, &ptep);

	if (rc)			/* before the file is changed for nothing */
		return rc;
	unlock_entry(ptep);
	rc = shmem_mfill_page(f->vma->vm_file->f_inode, page, linear_page_index(f->vma, va));
	if (rc)
		return rc;
	f->page = NULL;
	rc = show_file_page(f, page, va);	/* who was quicker since then shows the same page */
	if (rc)
		put_page(page);
	return rc;
}

static int fill_with_page(struct filler *f, vaddr_t va)
{
	int rc = prepare_page(f, va);

	if (rc)
		return rc;
	return f->vma->vm_flags & VM_SHARED ? fill_shared(f, va) : show_anon(f, va);
}

static int fill_zero_page(struct filler *f, vaddr_t va)
{
	pte_t *ptep;
	int rc = lock_empty(f->vma, va, false, &ptep);

	if (!rc)
		show_and_unlock(ptep, pte_mkspecial(pfn_pte(zero_pfn, f->vma->vm_page_prot)));
	return rc;
}

static int fill_continue(struct filler *f, vaddr_t va)
{
	struct page *page = shmem_find_page(f->vma->vm_file->f_inode, linear_page_index(f->vma, va));
	int rc;

	if (!page)
		return -EFAULT;
	rc = show_file_page(f, page, va);
	if (rc)
		put_page(page);
	return rc;
}

static int fill_poison(struct filler *f, vaddr_t va)
{
	pte_t *ptep;
	int rc;

	if (!(f->vma->vm_flags & VM_SHARED) && anon_vma_prepare(f->vma))	/* else fork would not look */
		return -ENOMEM;
	rc = lock_empty(f->vma, va, false, &ptep);
	if (!rc)
		show_and_unlock(ptep, pte_marker(MARKER_POISONED));
	return rc;
}

/* 0, -errno, FETCH_FIRST */
static int mfill_page(struct filler *f)
{
	vaddr_t va = f->r->dst + f->done;

	switch (f->r->mode) {
	case MFILL_CONTINUE:
		return fill_continue(f, va);
	case MFILL_POISON:
		return fill_poison(f, va);
	case MFILL_ZEROPAGE:
		if (!(f->vma->vm_flags & VM_SHARED))
			return fill_zero_page(f, va);
		fallthrough;
	default:
		return fill_with_page(f, va);
	}
}

/* ---- the request ----------------------------------------------------------------------------- */

/* The region of the whole request, or -ENOENT, -EINVAL.  => mmap_lock held (read) */
static int find_dst(struct mm_struct *mm, const struct mfill *r, struct vm_area_struct **vmap)
	REQUIRES_SHARED(mm->mmap_lock)
{
	struct vm_area_struct *vma = vma_lookup(mm, r->dst);

	if (!vma || r->dst + r->len > vma->vm_end || !vma->vm_userfaultfd_ctx)
		return -ENOENT;
	if (r->wp && !userfaultfd_wp(vma))
		return -EINVAL;
	if (!vma_is_shmem(vma) && (!vma_is_anonymous(vma) || r->mode == MFILL_CONTINUE))
		return -EINVAL;
	*vmap = vma;
	return 0;
}

/* Lock ctx->mm, and see that nobody changes it (F5).  0, -EAGAIN: not locked */
static int lock_unchanging(struct userfaultfd_ctx *ctx) NO_LOCK_ANALYSIS
{
	mmap_read_lock(ctx->mm);
	down_read(&ctx->map_changing_lock);
	if (!atomic_read(&ctx->mmap_changing))
		return 0;
	up_read(&ctx->map_changing_lock);
	mmap_read_unlock(ctx->mm);
	return -EAGAIN;
}

static void unlock_unchanging(struct userfaultfd_ctx *ctx) NO_LOCK_ANALYSIS
{
	up_read(&ctx->map_changing_lock);
	mmap_read_unlock(ctx->mm);
}

/* As many pages as can be filled without letting go of the locks; 0: all. */
static int mfill_locked(struct userfaultfd_ctx *ctx, struct filler *f) NO_LOCK_ANALYSIS
{
	int rc = lock_unchanging(ctx);

	if (rc)
		return rc;
	rc = find_dst(ctx->mm, f->r, &f->vma);
	while (!rc && f->done < f->r->len) {
		INV(F5, !atomic_read(&ctx->mmap_changing));
		INV(H2, vma_covers(f->vma, f->r->dst + f->done));
		rc = mfill_page(f);
		if (!rc) {
			f->done += PAGE_SIZE;
			rc = cond_resched_killable();
		}
	}
	unlock_unchanging(ctx);
	return rc;
}

/* The caller's bytes for f->page, by a fault if need be.  0 or -EFAULT */
static int fetch_page(struct filler *f)
{
	void *kaddr = kmap(f->page);
	unsigned long left = copy_from_user(kaddr, (const void __user *)(f->r->src + f->done), PAGE_SIZE);

	kunmap(f->page);
	if (left)
		return -EFAULT;
	flush_dcache_page(f->page);
	f->filled = true;
	return 0;
}

long mfill_atomic(struct userfaultfd_ctx *ctx, const struct mfill *r)
{
	struct filler f = { .r = r };
	int rc;

	do {
		rc = mfill_locked(ctx, &f);
		if (rc == FETCH_FIRST)
			rc = fetch_page(&f);
	} while (!rc && f.done < r->len);
	if (f.page)
		put_page(f.page);
	return f.done ? (long)f.done : rc;
}

/* => locked */
static int protect_locked(struct mm_struct *mm, unsigned long start, unsigned long end, enum uffd_wp_change change)
	REQUIRES_SHARED(mm->mmap_lock)
{
	struct vm_area_struct *vma = find_vma_intersection(mm, start, end);
	int rc = vma ? 0 : -ENOENT;

	mmap_assert_locked(mm);
	for (; !rc && vma && vma->vm_start < end; vma = vma->vm_next) {
		if (!userfaultfd_wp(vma))
			return -ENOENT;
		rc = uffd_wp_range(vma, max(start, vma->vm_start), min(end, vma->vm_end), change);
	}
	return rc;
}

int mwriteprotect_range(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long len,
			bool enable_wp) NO_LOCK_ANALYSIS
{
	int rc = lock_unchanging(ctx);

	if (rc)
		return rc;
	rc = protect_locked(ctx->mm, start, start + len, enable_wp ? UFFD_WP_SET : UFFD_WP_CLEAR);
	unlock_unchanging(ctx);
	return rc;
}
