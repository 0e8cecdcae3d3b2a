/*
 * mm/rmap/migration.h - entries that stand for a page which is on its way to another frame.
 *
 * MODEL     While a page's content moves, the entries that mapped it hold a migration entry instead: a software
 *           entry with the old frame, what the entry knew (young, dirty, the uffd-wp mark), and what it may become:
 *             read            shown read-only again
 *             read exclusive  the same, and the anonymous page is the entry's own
 *             write           shown writable again, where the region lets it; an anonymous page is its own
 *           It counts in its space's figures (rss), but neither in the page's _mapcount nor _refcount.
 *           The page is locked and held by who moves it as long as there is one: a fault that meets one waits
 *           for the lock.  Who has to flush before a page is shown in the place of another, or in another place,
 *           hides it behind such an entry, too (mm/fault/cow.c, uffd_move.c): no ptl is held over the flush.
 *           Such an entry is cleared by unmapping, copied by fork (then nobody's own), moved by mremap, and loses
 *           write by mprotect, as any other.  The uffd-wp mark is set, cleared, copied and left
 *           behind as that of a present entry; one that is marked is never of write.
 * INVARIANTS
 *   E1  An entry that is marked for uffd-wp is not of write.
 *   E2  The frame fits in the bits that it has.
 * LOCKING   The ptl of the entry.  What the frame's struct page says may be read under it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_RMAP_MIGRATION_H
#define VELLUM_MM_RMAP_MIGRATION_H

#include "include/mm_types.h"

/* The last types of swap entries; a disk has one of the first. */
enum { SWP_MIGRATION_READ = SWP_TYPES - 3, SWP_MIGRATION_READ_EXCLUSIVE, SWP_MIGRATION_WRITE };
#define MAX_SWAPFILES		SWP_MIGRATION_READ

#define MIGRATION_PFN_BITS	44
#define MIGRATION_YOUNG		(1ul << MIGRATION_PFN_BITS)
#define MIGRATION_DIRTY		(2ul << MIGRATION_PFN_BITS)
#define MIGRATION_UFFD_WP	(4ul << MIGRATION_PFN_BITS)

static __always_inline bool pte_is_migration(pte_t pte)
{
	return pte_is_swp(pte) && pte_swp_type(pte) >= SWP_MIGRATION_READ;
}
static inline struct page *migration_page(pte_t pte)
{
	return pfn_to_page(pte_swp_offset(pte) & (MIGRATION_YOUNG - 1));
}
static inline bool pte_hides(pte_t pte, const struct page *page)
{
	return pte_is_migration(pte) && migration_page(pte) == page;
}
static inline bool migration_write(pte_t pte) { return pte_swp_type(pte) == SWP_MIGRATION_WRITE; }
static inline bool migration_exclusive(pte_t pte) { return pte_swp_type(pte) != SWP_MIGRATION_READ; }
static inline bool migration_young(pte_t pte) { return pte_swp_offset(pte) & MIGRATION_YOUNG; }
static inline bool migration_dirty(pte_t pte) { return pte_swp_offset(pte) & MIGRATION_DIRTY; }
static inline bool migration_uffd_wp(pte_t pte) { return pte_swp_offset(pte) & MIGRATION_UFFD_WP; }
/* Of the present @pte, whose page is its own if @exclusive. */
static inline pte_t make_migration_pte(pte_t pte, bool exclusive)
{
	unsigned long offset = pte_pfn(pte);

	INV(E1, !pte_uffd_wp(pte) || !pte_write(pte));
	INV(E2, pte_present(pte) && offset < MIGRATION_YOUNG);
	if (pte_young(pte))
		offset |= MIGRATION_YOUNG;
	if (pte_dirty(pte))
		offset |= MIGRATION_DIRTY;
	if (pte_uffd_wp(pte))
		offset |= MIGRATION_UFFD_WP;
	return pte_swp(pte_write(pte) ? SWP_MIGRATION_WRITE :
		       exclusive ? SWP_MIGRATION_READ_EXCLUSIVE : SWP_MIGRATION_READ, offset);
}
/* The same without write; @exclusive: still its own. */
static inline pte_t migration_mkread(pte_t pte, bool exclusive)
{
	return pte_swp(exclusive ? SWP_MIGRATION_READ_EXCLUSIVE : SWP_MIGRATION_READ, pte_swp_offset(pte));
}
static inline pte_t migration_mkuffd_wp(pte_t pte)
{
	pte = migration_mkread(pte, migration_exclusive(pte));
	return pte_swp(pte_swp_type(pte), pte_swp_offset(pte) | MIGRATION_UFFD_WP);
}
static inline pte_t migration_clear_uffd_wp(pte_t pte)
{
	return pte_swp(pte_swp_type(pte), pte_swp_offset(pte) & ~MIGRATION_UFFD_WP);
}

/*
 * Let a migration entry stand for the locked @page in the entry @ptep, which was @pte and is cleared: the page has
 * one entry less, whose reference is the caller's now.  => ptl held
 */
void set_migration_pte(pte_t *ptep, struct page *page, pte_t pte);
/* Show the locked @page where the migration entry @was stands, with a reference of its own.  => ptl held */
void restore_migration_pte(struct vm_area_struct *vma, pte_t *ptep, struct page *page, pte_t was);

#endif
