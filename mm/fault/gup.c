/*
 * mm/fault/gup.c - user memory by address, for the kernel: pin it, fill it, copy to and from it.
 *
 * MODEL     follow: an entry that allows the access gives its page and a reference.  Otherwise the
 *           fault is served as if the task had taken it, and followed again.
 *           FOLL_FORCE (ptrace, /proc/PID/mem) reads what is not readable and writes what is not
 *           writable in private regions: the write gets its own copy first, shown read-only.
 * INVARIANTS
 *   P1  A page is given with a reference that was taken while its entry showed it: under the ptl, or the entry said
 *       so again afterwards.
 *   P2  Who came with mmap_lock held has it when the call is over, though it may have been let go in between.
 *   P3  Kernel code writes a private page only where the program could have: C1 of cow.c.
 *   P4  A page that is given to be written has D in its entry then: what comes later, when the entry may be another,
 *       needs no mark for an anonymous page to be kept (Y2 of mm/entry/age.c).
 * LOCKING   mmap_lock (read) unless said otherwise.  Who took it himself says FOLL_UNLOCKABLE: then a fault that has
 *           to wait lets go of it meanwhile, once a page.
 * TESTS     test/host/mm/fault/
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/fault/internal.h"
#include "include/uaccess.h"
#include "include/userfaultfd_k.h"
#include "lib/string.h"
#include "mm/cache/pagemap.h"
#include "mm/kmap/highmem.h"
#include "mm/pt/flush.h"
#include "mm/region/vma.h"

/* May @pte be used for the access? */
static bool pte_allows(pte_t pte, unsigned gup_flags)
{
	struct page *page;

	if (!pte_present(pte) || (!pte_hw_valid(pte) && !(gup_flags & FOLL_FORCE)))
		return false;
	if (!(gup_flags & FOLL_WRITE))
		return true;
	if (!pte_dirty(pte))			/* P4 */
		return false;
	if (pte_write(pte))
		return true;
	page = pte_page_counted(pte);
	/* A forced write: the page must be a private copy already (C1 of cow.c). */
	return gup_flags & FOLL_FORCE && page && PageAnonExclusive(page) && !pte_uffd_wp(pte);
}

/* The page at @va, referenced, if its entry is there and allows the access; NULL. */
static struct page *follow_page(struct mm_struct *mm, vaddr_t va, unsigned gup_flags)
{
	pte_t *ptep = pt_lookup(mm, va), pte;
	struct page *table, *page = NULL;

	if (!ptep)
		return NULL;
	table = pt_page(ptep);
	spin_lock(&table->ptl);
	pte = pte_load(ptep);
	if (pte_allows(pte, gup_flags)) {
		page = pfn_to_page(pte_pfn(pte));	/* the zero page too */
		INV(P1, page_count(page) > 0);
		INV(P4, !(gup_flags & FOLL_WRITE) || pte_dirty(pte));
		get_page(page);
	}
	spin_unlock(&table->ptl);
	return page;
}

static int fault_errno(unsigned rc)
{
	if (rc & VM_FAULT_OOM)
		return -ENOMEM;
	return rc & VM_FAULT_ERROR ? -EFAULT : 0;
}

/*
 * The fault let go of mmap_lock, waited, and is to come again: take the lock back.
 * => -EAGAIN: regions may have changed; -EINTR when killed
 */
static int gup_relock(struct mm_struct *mm) NO_LOCK_ANALYSIS
{
	mmap_read_lock(mm);
	return fatal_signal_pending() ? -EINTR : -EAGAIN;
}

/*
 * The page at @va of @vma, faulted in if need be.  0 or -errno; -EAGAIN (FOLL_UNLOCKABLE): mmap_lock was let go for a
 * while, so look @vma up again, and say FOLL_TRIED
 */
static int gup_one(struct vm_area_struct *vma, vaddr_t va, unsigned gup_flags, struct page **pagep)
{
	unsigned flags = FAULT_FLAG_REMOTE | (gup_flags & FOLL_WRITE ? FAULT_FLAG_WRITE : 0);
	struct mm_struct *mm = vma->vm_mm;

	vma_assert_locked(vma);			/* P2 */
	INV(H2, vma_covers(vma, va));
	if (gup_flags & FOLL_UNLOCKABLE && !(gup_flags & FOLL_NOUSERFAULT && userfaultfd_armed(vma)))
		flags |= FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_KILLABLE |
			 (gup_flags & FOLL_TRIED ? FAULT_FLAG_TRIED : 0);
	for (;;) {
		unsigned ret;
		int rc;

		if (unlikely(mm_is_unstable(mm)))	/* after each fault, too */
			return -EFAULT;
		*pagep = follow_page(mm, va, gup_flags);
		if (*pagep)
			return 0;
		if (gup_flags & FOLL_NOWAIT)
			return -EFAULT;
		if (fatal_signal_pending())
			return -EINTR;
		ret = handle_mm_fault(vma, va, flags);
		INV(P2, !(ret & VM_FAULT_RETRY) || flags & FAULT_FLAG_ALLOW_RETRY);
		if (unlikely(ret & VM_FAULT_RETRY))
			return gup_relock(mm);
		rc = fault_errno(ret);
		if (rc)
			return rc;
	}
}

/* Does the region allow the access? */
static bool vma_allows(const struct vm_area_struct *vma, unsigned gup_flags)
{
	unsigned long f = vma->vm_flags;

	if (f & (VM_IO | VM_PFNMAP))
		return false;
	if (gup_flags & FOLL_WRITE) {
		if (f & VM_WRITE)
			return true;
		return gup_flags & FOLL_FORCE && (f & (VM_MAYWRITE | VM_SHARED)) == VM_MAYWRITE;
	}
	return f & VM_READ || (gup_flags & FOLL_FORCE && f & VM_MAYREAD);
}

/* The page at @va; *vma: its region if that is known from the page before.  0 or -errno, -EAGAIN as gup_one() */
static int gup_next(struct mm_struct *mm, struct vm_area_struct **vma, vaddr_t va, unsigned gup_flags,
		    struct page **pagep) REQUIRES_SHARED(mm->mmap_lock)
{
	int rc;

	if (!*vma || va >= (*vma)->vm_end)
		*vma = vma_lookup(mm, va);
	if (!*vma || !vma_allows(*vma, gup_flags))
		return -EFAULT;
	rc = gup_one(*vma, va, gup_flags, pagep);
	if (rc)
		*vma = NULL;
	return rc;
}

long get_user_pages_remote(struct mm_struct *mm, vaddr_t start, unsigned long nr, unsigned gup_flags,
			   struct page **pages)
{
	struct vm_area_struct *vma = NULL;
	unsigned long done = 0;

	while (done < nr) {
		struct page *page;
		int rc = gup_next(mm, &vma, (start & PAGE_MASK) + (done << PAGE_SHIFT), gup_flags, &page);

		if (rc == -EAGAIN) {
			gup_flags |= FOLL_TRIED;
			continue;
		}
		if (rc)
			return done ? (long)done : rc;
		if (pages)
			pages[done] = page;
		else
			put_page(page);
		done++;
		gup_flags &= ~FOLL_TRIED;
		cond_resched();
	}
	return done;
}

long get_user_pages(vaddr_t start, unsigned long nr, unsigned gup_flags, struct page **pages)
{
	struct mm_struct *mm = current_base()->mm;

	mmap_assert_locked(mm);
	return get_user_pages_remote(mm, start, nr, gup_flags, pages);
}

#define GUP_FAST_MAX	256ul		/* pages that one RCU reader looks up */

/* Does @pte, which nothing holds in place, allow the access to a page that can be referenced? */
static __always_inline bool pte_allows_fast(pte_t pte, unsigned gup_flags)
{
	if (!pte_hw_valid(pte) || (pte_special(pte) && pte_pfn(pte) != zero_pfn))
		return false;
	return gup_flags & FOLL_WRITE ? pte_write(pte) && pte_dirty(pte) : pte_read(pte);
}

/*
 * The page at @va of the running task's @mm, referenced, without a lock; NULL: ask the slow way.
 * The entry is looked at again: if it still is what it was, the page was the entry's when we took our reference, and
 * not freed, moved, or another's.  Who takes the page away clears the entry first, then looks at the count.
 * => an RCU reader: the tables stay
 */
static struct page *follow_page_fast(struct mm_struct *mm, vaddr_t va, unsigned gup_flags)
{
	pte_t *ptep = pt_lookup(mm, va), pte;
	struct page *page;

	if (!ptep)
		return NULL;
	pte = pte_load(ptep);
	if (!pte_allows_fast(pte, gup_flags))
		return NULL;
	page = pfn_to_page(pte_pfn(pte));
	if (!get_page_unless_zero(page))
		return NULL;
	if (likely(pte_same(pte_load(ptep), pte)))
		return page;
	put_page(page);
	return NULL;
}

/* As many pages from @start on as are there for the access; @pages may be NULL. */
static unsigned long gup_fast(struct mm_struct *mm, vaddr_t start, unsigned long nr, unsigned gup_flags,
			      struct page **pages)
{
	unsigned long done = 0;

	rcu_read_lock();
	for (; done < min(nr, GUP_FAST_MAX); done++) {
		struct page *page = follow_page_fast(mm, start + (done << PAGE_SHIFT), gup_flags);

		if (!page)
			break;
		if (pages)
			pages[done] = page;
		else
			put_page(page);
	}
	rcu_read_unlock();
	INV(P1, done <= nr);
	return done;
}

long get_user_pages_fast(vaddr_t start, unsigned long nr, unsigned gup_flags, struct page **pages)
{
	struct mm_struct *mm = current_base()->mm;
	unsigned long done = 0;
	long got;

	if (!access_ok((void *)start, nr << PAGE_SHIFT))
		return -EFAULT;
	start &= PAGE_MASK;
	if (likely(!mm_is_unstable(mm) && !(gup_flags & FOLL_FORCE)))
		done = gup_fast(mm, start, nr, gup_flags, pages);
	if (likely(done == nr))
		return done;
	mmap_read_lock(mm);
	got = get_user_pages_remote(mm, start + (done << PAGE_SHIFT), nr - done, gup_flags | FOLL_UNLOCKABLE,
				    pages ? pages + done : NULL);
	mmap_read_unlock(mm);
	return got < 0 && done ? (long)done : (long)done + got;
}

/* ---- copies ---------------------------------------------------------------------------------- */

/* Copy inside one page.  Content that was written goes to the store, and past the instruction cache. */
static void copy_in_page(struct vm_area_struct *vma, struct page *page, unsigned long offset,
			 void *buf, int bytes, unsigned gup_flags)
{
	char *at = (char *)kmap_local_page(page) + offset;

	INV(P1, page_count(page) > 0 && offset + bytes <= PAGE_SIZE);
	INV(P3, !(gup_flags & FOLL_WRITE) || vma->vm_flags & (VM_WRITE | VM_MAYWRITE));
	if (!(gup_flags & FOLL_WRITE)) {
		memcpy(buf, at, bytes);
		kunmap_local(at);
		return;
	}
	memcpy(at, buf, bytes);
	kunmap_local(at);
	flush_dcache_page(page);
	if (vma->vm_flags & VM_EXEC)
		flush_icache_page(vma, page);
	if (!PageAnon(page))
		set_page_dirty(page);
}

int access_remote_vm(struct mm_struct *mm, vaddr_t addr, void *buf, int len, unsigned gup_flags)
{
	int done = 0, rc;

	gup_flags |= FOLL_UNLOCKABLE;
	mmap_read_lock(mm);
	while (done < len) {
		unsigned long offset = addr & ~PAGE_MASK;
		int bytes = min((unsigned long)(len - done), PAGE_SIZE - offset);
		struct vm_area_struct *vma = fault_region(mm, addr);
		struct page *page;

		rc = vma && vma_allows(vma, gup_flags) ?
			gup_one(vma, addr & PAGE_MASK, gup_flags, &page) : -EFAULT;
		if (rc == -EAGAIN) {
			gup_flags |= FOLL_TRIED;
			continue;
		}
		if (rc)
			break;
		copy_in_page(vma, page, offset, (char *)buf + done, bytes, gup_flags);
		put_page(page);
		gup_flags &= ~FOLL_TRIED;
		done += bytes;
		addr += bytes;
		cond_resched();
	}
	mmap_read_unlock(mm);
	return done;
}

/* ---- filling in ------------------------------------------------------------------------------ */

/*
 * Fill empty entries of writable private memory in batches, from @va on.  Returns where it stopped:
 * at @end, or where a fault has to look closer.
 */
static vaddr_t fill_anon(struct vm_area_struct *vma, vaddr_t va, vaddr_t end)
{
	if (va != end && anon_vma_prepare(vma))
		return va;		/* the fault says so */
	while (va != end && !cond_resched_killable()) {
		pte_t *ptep = pt_alloc(vma->vm_mm, va);
		vaddr_t stop = min(pt_addr_end(va, end, 1), va + ANON_BATCH * PAGE_SIZE);

		if (!ptep || !pte_none(pte_load(ptep)) ||
		    !anon_fill(vma, ptep, va, (stop - va) >> PAGE_SHIFT))
			break;
		va = stop;
	}
	return va;
}

/*
 * The same for reading: the zero page, a table at a time.  What is there stays, if it may be read.
 */
static vaddr_t fill_zero(struct vm_area_struct *vma, vaddr_t va, vaddr_t end)
{
	while (va != end && !cond_resched_killable()) {
		pte_t *ptep = pt_alloc(vma->vm_mm, va);
		vaddr_t stop = pt_addr_end(va, end, 1);

		if (!ptep || !zero_fill(vma, ptep, (stop - va) >> PAGE_SHIFT))
			break;
		va = stop;
	}
	return va;
}

/* As far as whole runs of entries of @vma can be filled at once, from @va on: where that ends. */
static vaddr_t fill_runs(struct vm_area_struct *vma, vaddr_t va, vaddr_t end, unsigned gup_flags)
{
	if (vma->vm_ops || vma->vm_flags & (VM_UFFD_MISSING | VM_UFFD_WP))
		return va;
	if (!(gup_flags & FOLL_WRITE))
		return fill_zero(vma, va, end);
	return vma->vm_flags & VM_WRITE ? fill_anon(vma, va, end) : va;
}

/*
 * Fault in [start, end) of @vma for @gup_flags; pages, or -errno when none.  What is empty is filled in runs, what is
 * not, or looks odd, page by page as a fault does; after each such page the runs are tried again:
 *
 *	start |.....................|x|x|................| end		. empty   x there already, shared, swapped...
 *	       fill_runs ----------->gup gup fill_runs -->
 */
static long fill_range(struct vm_area_struct *vma, vaddr_t start, vaddr_t end, unsigned gup_flags)
{
	INV(H2, vma->vm_start <= start && end <= vma->vm_end);
	for (vaddr_t va = start; va != end; va += PAGE_SIZE) {
		struct page *page;
		int rc;

		va = fill_runs(vma, va, end, gup_flags);
		if (va == end)
			break;
		rc = cond_resched_killable();
		if (!rc)
			rc = gup_one(vma, va, gup_flags, &page);
		if (rc)
			return va != start ? (long)((va - start) >> PAGE_SHIFT) : rc;
		if (gup_flags & FOLL_WRITE && !PageAnon(page))
			set_page_dirty(page);	/* as if it were written: it was there before, perhaps, and clean */
		put_page(page);
	}
	return (end - start) >> PAGE_SHIFT;
}

static long populate_range(struct vm_area_struct *vma, vaddr_t start, vaddr_t end, unsigned gup_flags)
{
	unsigned long f = vma->vm_flags;

	if (f & (VM_IO | VM_PFNMAP))
		return 0;
	if (f & VM_LOCKONFAULT)
		return (end - start) >> PAGE_SHIFT;	/* pages come when they are touched */
	/* A private writable page is wanted for itself; a shared one is not to be dirtied. */
	if ((f & (VM_WRITE | VM_SHARED)) == VM_WRITE)
		gup_flags |= FOLL_WRITE;
	if (f & VM_ACCESS_FLAGS)
		gup_flags |= FOLL_FORCE;
	else
		return -EFAULT;		/* PROT_NONE */
	return fill_range(vma, start, end, gup_flags);
}

long populate_vma_page_range(struct vm_area_struct *vma, vaddr_t start, vaddr_t end)
{
	return populate_range(vma, start, end, 0);
}

/* The part of [va, end) in the first region there: where to go on, or @end.  *got: pages or -errno */
static vaddr_t populate_one(struct mm_struct *mm, vaddr_t va, vaddr_t end, unsigned gup_flags, long *got)
{
	struct vm_area_struct *vma;
	vaddr_t from, to;

	mmap_read_lock(mm);
	vma = find_vma_intersection(mm, va, end);
	*got = 0;
	if (!vma) {
		mmap_read_unlock(mm);
		return end;
	}
	from = max(va, vma->vm_start);
	to = min(end, vma->vm_end);
	*got = populate_range(vma, from, to, gup_flags);
	mmap_read_unlock(mm);
	if (*got == -EAGAIN)
		return from;
	return *got > 0 ? from + *got * PAGE_SIZE : to;
}

int __mm_populate(vaddr_t start, unsigned long len, bool ignore_errors)
{
	struct mm_struct *mm = current_base()->mm;
	unsigned gup_flags = FOLL_UNLOCKABLE;
	vaddr_t end = start + len;

	for (vaddr_t va = start; va < end; ) {
		long got;

		va = populate_one(mm, va, end, gup_flags, &got);
		gup_flags = FOLL_UNLOCKABLE | (got == -EAGAIN ? FOLL_TRIED : 0);
		if (got == -EINTR || (got < 0 && got != -EAGAIN && !ignore_errors))
			return got;
	}
	return 0;
}

long faultin_page_range(struct mm_struct *mm, vaddr_t start, vaddr_t end, bool write)
{
	unsigned gup_flags = FOLL_UNLOCKABLE | (write ? FOLL_WRITE : 0);
	long nr = 0;

	mmap_assert_locked(mm);
	for (vaddr_t va = start; va < end; ) {
		struct vm_area_struct *vma = vma_lookup(mm, va);
		long got;

		if (!vma)
			return -ENOMEM;
		if (vma->vm_flags & (VM_IO | VM_PFNMAP) || !vma_allows(vma, gup_flags))
			return -EINVAL;
		got = fill_range(vma, va, min(end, vma->vm_end), gup_flags);
		if (got == -EAGAIN) {
			gup_flags |= FOLL_TRIED;
			continue;
		}
		if (got < 0)
			return got;
		gup_flags &= ~FOLL_TRIED;
		nr += got;
		va += got * PAGE_SIZE;
	}
	return nr;
}
