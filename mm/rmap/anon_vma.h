/*
 * mm/rmap/anon_vma.h - which regions may map an anonymous page.
 *
 * MODEL     An anon_vma stands for the pages that were made in one region, or in regions that may become one.
 *           page->anon_vma says which; page->index is the page's number among the linear pages of the region.
 *           The regions that may map such pages have a place (struct anon_vma_chain) in the anon_vma: the one
 *           that made them, and those that got them by fork.  A few places are a list by age, many a tree.
 *
 *             region P  --place-->  A  <--place--  region C, child of P: may map what P made
 *                                   B  <--place--  C: what C makes itself belongs to B
 *
 *           A region gets an anon_vma of its own when it first makes a page (anon_vma_prepare): that of a
 *           neighbour with which it could merge, or a new one.  A child starts with its parent's places and
 *           none of its own: a program that does not write after fork pays for none.  The first place of a
 *           region lies in the region.  An anon_vma whose maker is gone, and which hardly another region has a
 *           place in, becomes a region's own when it needs one: a chain of forks whose parents exit does not grow.
 *           All that stem from one region by fork have its anon_vma as their root, whose lock guards
 *           the places of all: a page's walk takes one lock.
 * LOCKING   Places come and go with mmap_lock held for writing, the region marked, and under the root lock; prepare
 *           with the region held as by a fault (its lock or mmap_lock, for reading).  So who decides by what a region
 *           has marks it first: vma_start_write().
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_RMAP_ANON_VMA_H
#define VELLUM_MM_RMAP_ANON_VMA_H

#include "include/mm_types.h"
#include "mm/slab/slab.h"

/* ---- the memory of regions ------------------------------------------------------------------- */

extern struct kmem_cache *vm_area_cachep;

/* Memory for a region: avc and anon_own are as they must be, the rest is not set.  NULL: none. */
static inline struct vm_area_struct *vma_mem_alloc(void)
{
	struct vm_area_struct *vma = kmem_cache_alloc(vm_area_cachep, GFP_KERNEL);

	if (likely(vma)) {
		INV(A9, !atomic_read(&vma->anon_own.refcount) && !vma->anon_own.claimed);
		vma->avc.anon_vma = NULL;
		vma->avc.next = NULL;
	}
	return vma;
}
/* Is what lies in anon_own nobody's?  Only the region itself takes it into use.  => nobody can find @vma */
static inline bool vma_mem_alone(const struct vm_area_struct *vma) { return !atomic_read(&vma->anon_own.refcount); }
/* Memory is given back when the last reference to what lies in anon_own goes.  => as vma_mem_alone() */
static inline void vma_mem_free(struct vm_area_struct *vma);
/* => all are alone */
static inline void vma_mem_free_bulk(unsigned nr, struct vm_area_struct **vmas)
{
	for (unsigned i = 0; i < nr; i++)
		INV(A9, vma_mem_alone(vmas[i]) && !vmas[i]->anon_own.claimed);
	kmem_cache_free_bulk(vm_area_cachep, nr, (void **)vmas);
}

/* ---- places ---------------------------------------------------------------------------------- */

int __anon_vma_prepare(struct vm_area_struct *vma);
/*
 * @vma is about to show a new page: it needs an anon_vma of its own.  0 or -ENOMEM
 * => the region's lock held, or mmap_lock (read); may sleep
 */
static __always_inline __must_check int anon_vma_prepare(struct vm_area_struct *vma)
{
	return likely(vma->anon_vma) ? 0 : __anon_vma_prepare(vma);
}

/* Does @vma have places, but no anon_vma of its own?  Before it is split or moved it needs one. */
static inline bool anon_vma_lazy(const struct vm_area_struct *vma) { return vma->avc.anon_vma && !vma->anon_vma; }
/* What says in a merge whose pages a region has: NULL, none yet. */
static inline struct anon_vma *vma_anon_id(const struct vm_area_struct *vma)
{
	return anon_vma_lazy(vma) ? (struct anon_vma *)&vma->avc : vma->anon_vma;
}
/* Does it have pages of its own making only? */
static inline bool vma_anon_singular(const struct vm_area_struct *vma)
{
	return vma->anon_vma && !vma->anon_inherited && !vma->avc.next;
}

__must_check int anon_vma_reserve_rest(struct vm_area_struct *new, const struct vm_area_struct *orig);
/* Room for as many places in @new as @orig has; in no list yet.  0 or -ENOMEM, nothing kept */
static inline __must_check int anon_vma_reserve(struct vm_area_struct *new, const struct vm_area_struct *orig)
{
	INV(A7, !anon_vma_lazy(orig) || new->vm_mm != orig->vm_mm);
	new->avc.anon_vma = orig->avc.anon_vma;
	new->avc.vma = new;
	new->avc.next = NULL;
	INIT_LIST_HEAD(&new->avc.list);
	return unlikely(orig->avc.next) ? anon_vma_reserve_rest(new, orig) : 0;
}
/* Give @new, a copy of @orig that is not reachable yet, the places that @orig has.  0 or -ENOMEM */
__must_check int anon_vma_clone(struct vm_area_struct *new, struct vm_area_struct *orig);
/* The same for a child's region: it has no anon_vma of its own. */
__must_check int anon_vma_fork(struct vm_area_struct *new, struct vm_area_struct *parent);
void __unlink_anon_vmas(struct vm_area_struct *vma);
/* Take @vma out of all trees, drop what nobody is in any more.  => its entries are gone, or it is in no list */
static inline void unlink_anon_vmas(struct vm_area_struct *vma)
{
	if (vma->avc.anon_vma)
		__unlink_anon_vmas(vma);
}

/* The lock of @vma's family held, NULL if it has none. */
static inline struct anon_vma *vma_anon_lock(const struct vm_area_struct *vma) NO_LOCK_ANALYSIS
{
	struct anon_vma *root;

	if (!vma->avc.anon_vma)
		return NULL;
	root = vma->avc.anon_vma->root;		/* A3 */
	mutex_lock(&root->lock);
	return root;
}
static inline void vma_anon_unlock(struct anon_vma *root) NO_LOCK_ANALYSIS
{
	if (root)
		mutex_unlock(&root->lock);
}

/* @vma gets the range [@start, @end) and offset @pgoff.  => root lock, if it has places */
void __anon_vma_set_range(struct vm_area_struct *vma, unsigned long start, unsigned long end, pgoff_t pgoff);
static __always_inline void anon_vma_set_range(struct vm_area_struct *vma, unsigned long start, unsigned long end,
					       pgoff_t pgoff)
{
	struct anon_vma *first = vma->avc.anon_vma;

	if (unlikely(first && (vma->avc.next || first->rb_root.rb_node))) {
		__anon_vma_set_range(vma, start, end, pgoff);
		return;
	}
	vma->vm_start = start;		/* a list asks for no order by range */
	vma->vm_end = end;
	vma->vm_pgoff = pgoff;
}
/* @new's reserved places become real.  => root lock */
void anon_vma_commit(struct vm_area_struct *new);
void __anon_vma_absorb(struct vm_area_struct *keep, struct vm_area_struct *gone);
/* @keep covers @gone's range as well from now on: it takes its places over, if it has none.  => root lock */
static inline void anon_vma_absorb(struct vm_area_struct *keep, struct vm_area_struct *gone)
{
	if (gone->avc.anon_vma)
		__anon_vma_absorb(keep, gone);
}

/* ---- looking for a page ---------------------------------------------------------------------- */

/* The anon_vma of @page, counted; NULL when no entry maps it.  => the caller has a reference to @page */
struct anon_vma *page_get_anon_vma(struct page *page);
void __put_anon_vma(struct anon_vma *anon_vma);
static inline void put_anon_vma(struct anon_vma *anon_vma)
{
	if (atomic_dec_and_test(&anon_vma->refcount))
		__put_anon_vma(anon_vma);
}
static inline void vma_mem_free(struct vm_area_struct *vma)
{
	vma->anon_own.claimed = 0;
	if (likely(vma_mem_alone(vma)))
		kmem_cache_free(vm_area_cachep, vma);
	else
		put_anon_vma(&vma->anon_own);
}
/* The first place whose region has page @index, the next one after @avc; NULL.  => root lock */
struct anon_vma_chain *anon_vma_first(struct anon_vma *anon_vma, pgoff_t index);
struct anon_vma_chain *anon_vma_next(struct anon_vma_chain *avc, pgoff_t index);
#define anon_vma_foreach(avc, anon_vma, index) \
	for ((avc) = anon_vma_first(anon_vma, index); avc; (avc) = anon_vma_next(avc, index))

void anon_vma_init(void);
/* Recount @anon_vma's tree and places; stops the machine when they disagree.  => root lock */
void anon_vma_verify(const struct anon_vma *anon_vma);
/* The same for what @vma has. */
void vma_anon_verify(struct vm_area_struct *vma);

#endif
