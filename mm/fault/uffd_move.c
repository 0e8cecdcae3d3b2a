/*
 * mm/fault/uffd_move.c - userfaultfd: pages of the program go from one of its regions to a watched one.
 *
 * MODEL     An entry moves with its page, which becomes the page of its new address: no content is copied.  Only what
 *           belongs to this one entry can move, an exclusive anonymous page, and the zero page; it goes to an
 *           empty entry.  Its place in the reverse mapping changes under the page lock and the lock of the
 *           anon_vma that it leaves (W4 of mm/rmap/walk.c).  A page on its way to another frame is waited for.
 * INVARIANTS
 *   F5  of mfill.c: nothing moves while regions change.
 *   F6  No hart reaches the page by its old address when the new entry is shown.  Where others may know the old
 *       entry, they are waited for with no ptl held (F4 of mm/pt/flush.c): a page that is on its way stands
 *       there meanwhile (mm/rmap/migration.h), so that a fault waits; that of the zero page stands for all, one
 *       mover at a time, and counts as a file's.
 * LOCKING   mmap_lock (read) > map_changing_lock (read) > page lock > root lock > the two ptls, by address of
 *           their tables.
 * COST      About 250 instructions a page, and a flush.
 * TESTS     test/user/t_userfault.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/cache/pagemap.h"
#include "mm/fault/internal.h"
#include "mm/fault/userfaultfd.h"
#include "mm/pt/flush.h"
#include "mm/pt/gather.h"
#include "mm/rmap/anon_vma.h"
#include "mm/rmap/migration.h"
#include "mm/rmap/walk.h"

#define TRY_AGAIN	1		/* of move_entry(): an entry changed while the page was being locked */

struct mover {
	struct vm_area_struct *dst_vma, *src_vma;
	unsigned long dst, src;		/* of the page that moves now */
	pte_t *to, *from;
	bool holes;
};

/* What is to move: its entry as it is now.  0, -errno; *pte is empty: nothing, and that is fine. */
static int look_at_entries(struct mover *m, pte_t *pte)
{
	*pte = pte_empty();
	m->to = pt_alloc(m->dst_vma->vm_mm, m->dst);
	if (!m->to)
		return -ENOMEM;
	m->from = pt_lookup(m->src_vma->vm_mm, m->src);
	if (!m->from && !m->holes)
		return -ENOENT;
	if (!pte_none(pte_load(m->to)))
		return -EEXIST;
	if (m->from)
		*pte = pte_load(m->from);
	if (pte_none(*pte))
		return m->holes ? 0 : -ENOENT;
	return pte_present(*pte) || pte_is_migration(*pte) ? 0 : -EFAULT;	/* poison, or a mark */
}

/* The page of @pte, which m->from shows still, referenced; NULL: it does not.  *rc: -EBUSY, it is not to be moved. */
static struct page *get_exclusive(struct mover *m, pte_t pte, int *rc)
{
	spinlock_t *ptl = &pt_page(m->from)->ptl;
	struct page *page = NULL;

	*rc = TRY_AGAIN;
	spin_lock(ptl);
	if (pte_same(pte_load(m->from), pte)) {
		page = pte_page_counted(pte);
		if (!page || !PageAnonExclusive(page)) {
			page = NULL;
			*rc = -EBUSY;
		} else {
			get_page(page);
			*rc = 0;
		}
	}
	spin_unlock(ptl);
	return page;
}

static void lock_entries(struct mover *m) NO_LOCK_ANALYSIS { ptl_lock_pair(pt_page(m->to), pt_page(m->from)); }
static void unlock_entries(struct mover *m) NO_LOCK_ANALYSIS { ptl_unlock_pair(pt_page(m->to), pt_page(m->from)); }

/* The entries are what they were, if A and D are left aside.  => ptls held */
static bool entries_stay(struct mover *m, pte_t pte)
{
	pte_t now = pte_load(m->from);

	return pte_none(pte_load(m->to)) && pte_present(now) && pte_pfn(now) == pte_pfn(pte) &&
	       pte_special(now) == pte_special(pte);
}

/* The source stands for a page on its way: let all harts forget what it was (F6).  => ptls held, let go in between */
static void flush_source(struct mover *m)
{
	struct mm_struct *mm = m->src_vma->vm_mm;

	inc_tlb_flush_pending(mm);
	unlock_entries(m);
	flush_tlb_page(m->src_vma, m->src);
	dec_tlb_flush_pending(mm);
	lock_entries(m);
}

/* Take the zero page from the source.  Whether both entries are empty now.  => the zero page is locked; ptls held */
static bool take_zero(struct mover *m)
{
	pte_t pte = ptep_get_and_clear(m->from), now;

	INV(F6, PageLocked(zero_page));
	if (likely(flush_tlb_page_alone(m->src_vma, m->src)))
		return true;
	inc_mm_counter(m->src_vma->vm_mm, MM_FILEPAGES);	/* who unmaps it takes one off */
	set_pte(m->from, make_migration_pte(pte, false));
	flush_source(m);
	now = pte_load(m->from);
	if (!pte_hides(now, zero_page))
		return false;
	dec_mm_counter(m->src_vma->vm_mm, MM_FILEPAGES);
	if (likely(pte_none(pte_load(m->to)))) {
		pte_clear(m->from);
		return true;
	}
	set_pte(m->from, migration_uffd_wp(now) ? pte_mkuffd_wp(pte) : pte_clear_uffd_wp(pte));
	return false;
}

static int move_zero(struct mover *m, pte_t pte)
{
	bool done;

	lock_page(zero_page);
	lock_entries(m);
	done = entries_stay(m, pte) && take_zero(m);
	if (done)
		set_pte(m->to, pte_mkspecial(pfn_pte(zero_pfn, m->dst_vma->vm_page_prot)));
	unlock_entries(m);
	unlock_page(zero_page);
	return done ? 0 : TRY_AGAIN;
}

/*
 * Take @page from the source.  Whether both entries are empty now; the page counts as mapped, and exclusive.
 * => @page locked, and referenced by the caller; ptls held
 */
static bool take_page(struct mover *m, struct page *page)
{
	pte_t pte = ptep_get_and_clear(m->from), now;

	if (likely(flush_tlb_page_alone(m->src_vma, m->src)))
		return true;
	set_migration_pte(m->from, page, pte);
	flush_source(m);
	now = pte_load(m->from);
	if (likely(pte_hides(now, page) && pte_none(pte_load(m->to)))) {
		pte_clear(m->from);
		page_add_anon_rmap(page);
		SetPageAnonExclusive(page);
		return true;
	}
	if (pte_hides(now, page))
		restore_migration_pte(m->src_vma, m->from, page, now);
	put_page(page);		/* the entry's */
	return false;
}

/* => @page locked and referenced; the root lock of its anon_vma */
static int move_shown_page(struct mover *m, struct page *page, pte_t pte)
{
	struct vm_area_struct *vma = m->dst_vma;
	int rc = TRY_AGAIN;

	INV(W4, PageLocked(page) && page_count(page) > 1);		/* of mm/rmap/walk.c */
	INV(A1, vma->anon_vma);
	lock_entries(m);
	if (!PageAnonExclusive(page)) {
		rc = -EBUSY;
	} else if (entries_stay(m, pte) && take_page(m, page)) {
		INV(R3, page_mapcount(page) == 1);
		WRITE_ONCE(page->anon_vma, vma->anon_vma);
		page->index = linear_page_index(vma, m->dst);
		set_pte(m->to, maybe_mkwrite(pte_mkdirty(pfn_pte(page_to_pfn(page), vma->vm_page_prot)), vma));
		rc = 0;
	}
	unlock_entries(m);
	return rc;
}

/* => @page locked and referenced */
static int move_locked_page(struct mover *m, struct page *page, pte_t pte)
{
	struct anon_vma *anon_vma = page_get_anon_vma(page);
	int rc;

	if (!anon_vma)
		return TRY_AGAIN;	/* no entry shows it any more */
	mutex_lock(&anon_vma->root->lock);
	rc = move_shown_page(m, page, pte);
	mutex_unlock(&anon_vma->root->lock);
	put_anon_vma(anon_vma);
	return rc;
}

/* Wait for the page that is on its way, if m->from still says so. */
static int wait_for_migration(struct mover *m, pte_t pte) NO_LOCK_ANALYSIS
{
	spinlock_t *ptl = &pt_page(m->from)->ptl;

	spin_lock(ptl);
	if (pte_same(pte_load(m->from), pte))
		migration_entry_wait_on_locked(migration_page(pte), ptl);
	else
		spin_unlock(ptl);
	return TRY_AGAIN;
}

static int move_entry(struct mover *m)
{
	struct page *page;
	pte_t pte;
	int rc = look_at_entries(m, &pte);

	if (rc || pte_none(pte))
		return rc;
	if (pte_is_migration(pte))
		return wait_for_migration(m, pte);
	if (pte_special(pte) && pte_pfn(pte) == zero_pfn)
		return move_zero(m, pte);
	page = get_exclusive(m, pte, &rc);
	if (!page)
		return rc;
	lock_page(page);
	rc = move_locked_page(m, page, pte);
	unlock_page(page);
	put_page(page);
	return rc;
}

/* Is content of a region with these flags the program's own, which it may put elsewhere? */
static bool vma_may_move(const struct vm_area_struct *vma)
{
	return vma_is_anonymous(vma) && !(vma->vm_flags & (VM_SHARED | VM_PFNMAP | VM_IO | VM_MIXEDMAP));
}

/* Is the request sound?  0, -ENOENT, -EINVAL, -ENOMEM */
static int find_regions(struct userfaultfd_ctx *ctx, struct mover *m, unsigned long len)
	REQUIRES_SHARED(ctx->mm->mmap_lock)
{
	struct vm_area_struct *dst = vma_lookup(ctx->mm, m->dst), *src = vma_lookup(ctx->mm, m->src);

	if (!dst || !src)
		return -ENOENT;
	if (m->src + len > src->vm_end || m->dst + len > dst->vm_end)
		return -EINVAL;
	if ((src->vm_flags ^ dst->vm_flags) & (VM_ACCESS_FLAGS | VM_LOCKED) ||
	    !pte_same(src->vm_page_prot, dst->vm_page_prot) || !(src->vm_flags & VM_WRITE))
		return -EINVAL;
	if (!vma_may_move(src) || !vma_may_move(dst) || dst->vm_userfaultfd_ctx != ctx)
		return -EINVAL;
	if (anon_vma_prepare(dst))
		return -ENOMEM;
	m->dst_vma = dst;
	m->src_vma = src;
	return 0;
}

static long move_range(struct userfaultfd_ctx *ctx, struct mover *m, unsigned long len)
	REQUIRES_SHARED(ctx->mm->mmap_lock)
{
	int rc = find_regions(ctx, m, len);
	unsigned long done = 0;

	while (!rc && done < len) {
		INV(F5, !atomic_read(&ctx->mmap_changing));
		INV(H2, vma_covers(m->dst_vma, m->dst) && vma_covers(m->src_vma, m->src));
		rc = move_entry(m);
		if (!rc) {
			done += PAGE_SIZE;
			m->dst += PAGE_SIZE;
			m->src += PAGE_SIZE;
		} else if (rc == TRY_AGAIN) {
			rc = 0;
		}
		if (!rc)
			rc = cond_resched_killable();
	}
	return done ? (long)done : rc;
}

long uffd_move_pages(struct userfaultfd_ctx *ctx, unsigned long dst, unsigned long src, unsigned long len, bool holes)
{
	struct mover m = { .dst = dst, .src = src, .holes = holes };
	long rc = -EAGAIN;

	mmap_read_lock(ctx->mm);
	down_read(&ctx->map_changing_lock);
	if (!atomic_read(&ctx->mmap_changing))		/* F5 */
		rc = move_range(ctx, &m, len);
	up_read(&ctx->map_changing_lock);
	mmap_read_unlock(ctx->mm);
	return rc;
}
