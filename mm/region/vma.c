/*
 * mm/region/vma.c - the regions of an address space: list, tree and gaps.
 *
 * MODEL     The same regions twice: mm->mmap, a list by address, and mm->mm_rb, a red-black tree by
 *           address.  Each region owns the gap below it, from its predecessor's end to its own
 *           start; rb_subtree_gap is the largest gap that any region of its subtree owns, so that free
 *           room is found without visiting all.  A gap below a stack is looked at again for the guard gap.
 * INVARIANTS
 *   V1  Regions are disjoint, page-aligned, not empty; list and tree hold the same, in order.
 *   V2  rb_subtree_gap = max(own gap, left's, right's).
 *   V3  map_count is the number of regions.
 *   V4  A region in list and tree is attached, and no other is (K2 of vma_lock.h).
 *       V2 is restored before a change of the tree's shape, for rotations copy summaries.
 * LOCKING   mm->mmap_lock for writing to change, and the mark of each region whose borders change, or that enters
 *           or leaves; for reading to look.  Faults look without it, under RCU: vma_lock.c.
 * COST      find_vma: the region that the task found last is 8 instructions; else a descent.  Linking after a known
 *           predecessor needs no descent.  A gap is found in O(log n), and once more for each stack that
 *           has one below it which would do but for the guard gap.
 * TESTS     test/host/mm/space/test_vma.c (an array of pages as shadow)
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/region/vma.h"
#include "include/fs.h"
#include "include/mmap_lock.h"
#include "lib/string.h"
#include "mm/cache/pagemap.h"
#include "mm/policy/mempolicy.h"
#include "mm/region/layout.h"
#include "mm/rmap/anon_vma.h"
#include "mm/rmap/vma_prio_tree.h"

unsigned long stack_guard_gap = STACK_GUARD_PAGES << PAGE_SHIFT;

#define vma_of(rb)	rb_entry(rb, struct vm_area_struct, vm_rb)

static __always_inline unsigned long vma_own_gap(const struct vm_area_struct *vma)
{
	unsigned long start = vma->vm_start, below = vma->vm_prev ? vma->vm_prev->vm_end : 0;

	return start > below ? start - below : 0;	/* vma_take() has them overlap for a moment */
}

static __always_inline unsigned long vma_compute_gap(const struct vm_area_struct *vma)
{
	unsigned long gap = vma_own_gap(vma);

	if (vma->vm_rb.rb_left)
		gap = max(gap, vma_of(vma->vm_rb.rb_left)->rb_subtree_gap);
	if (vma->vm_rb.rb_right)
		gap = max(gap, vma_of(vma->vm_rb.rb_right)->rb_subtree_gap);
	return gap;
}

RB_DECLARE_CALLBACKS(static, vma_gap_cb, struct vm_area_struct, vm_rb, unsigned long, rb_subtree_gap,
		     vma_compute_gap);

/* @vma's own gap changed: bring the summaries above it up to date (V2). */
static inline void vma_gap_update(struct vm_area_struct *vma)
{
	vma_gap_cb_propagate(&vma->vm_rb, NULL);
}

struct vm_area_struct *vm_area_alloc(struct mm_struct *mm)
{
	struct vm_area_struct *vma = vma_mem_alloc();

	if (vma) {
		memset(vma, 0, offsetof(struct vm_area_struct, avc));
		vma->vm_mm = mm;
		vma_init_lock(vma);
	}
	return vma;
}

/* What of @from is copied; word by word: they are too few for a call. */
static __always_inline void vma_copy(struct vm_area_struct *to, const struct vm_area_struct *from)
{
	struct vma_words { unsigned long word[offsetof(struct vm_area_struct, avc) / sizeof(unsigned long)]; };

	*(struct vma_words *)to = *(const struct vma_words *)from;
}

struct vm_area_struct *vm_area_dup(const struct vm_area_struct *orig)
{
	struct vm_area_struct *vma = vma_mem_alloc();

	if (vma) {
		vma_copy(vma, orig);
		vma_init_lock(vma);
		mpol_get(vma->vm_policy);
		vma->vm_next = vma->vm_prev = NULL;
	}
	return vma;
}

static void vm_area_free_rcu(struct rcu_head *head)
{
	vma_mem_free(container_of(head, struct vm_area_struct, vm_rcu));
}

static void vm_area_free_memory(struct vm_area_struct *vma)
{
	if (likely(!mm_has_walkers(vma->vm_mm)))	/* K3 */
		vma_mem_free(vma);
	else
		call_rcu(&vma->vm_rcu, vm_area_free_rcu);
}

/* What @vma holds, but its memory. */
static __always_inline void vma_let_go(struct vm_area_struct *vma)
{
	INV(K2, vma->vm_lock & VMA_LOCK_DETACHED || !atomic_read(&vma->vm_mm->mm_users));	/* exit_mmap() */
	mpol_put(vma->vm_policy);
}

void vm_area_free(struct vm_area_struct *vma)
{
	vma_let_go(vma);
	vm_area_free_memory(vma);
}

static __always_inline void vma_close(struct vm_area_struct *vma)
{
	if (vma->vm_ops && vma->vm_ops->close)
		vma->vm_ops->close(vma);
	if (vma->vm_file)
		fput(vma->vm_file);
	unlink_anon_vmas(vma);
	vma_let_go(vma);
}

void vma_remove(struct vm_area_struct *vma)
{
	vma_close(vma);
	vm_area_free_memory(vma);
}

void vma_remove_batched(struct vma_batch *batch, struct vm_area_struct *vma)
{
	vma_close(vma);
	if (unlikely(mm_has_walkers(vma->vm_mm) || !vma_mem_alone(vma))) {
		vm_area_free_memory(vma);
		return;
	}
	INV(K2, batch->nr < VMA_BATCH);
	batch->vmas[batch->nr++] = vma;
	if (unlikely(batch->nr == VMA_BATCH))
		vma_batch_free(batch);
}

void vma_batch_free(struct vma_batch *batch)
{
	if (batch->nr == 1)
		vma_mem_free(batch->vmas[0]);		/* most munmap(): no search for others of its slab */
	else
		vma_mem_free_bulk(batch->nr, batch->vmas);
	batch->nr = 0;
}

/* The running task's memory is good for its own mm only. */
static __always_inline struct vm_area_struct *__find_vma(struct mm_struct *mm, unsigned long addr)
{
	struct task_base *me = current_base();
	struct vm_area_struct *found = NULL;
	struct rb_node *rb;

	if (me->vma_seen_nr == mm->nr_detached && likely(mm == me->mm) && vma_covers(me->vma_seen, addr)) {
		INV(V4, me->vma_seen->vm_mm == mm && !(me->vma_seen->vm_lock & VMA_LOCK_DETACHED));
		return me->vma_seen;
	}
	for (rb = mm->mm_rb.rb_node; rb; ) {
		struct vm_area_struct *vma = vma_of(rb);

		if (vma->vm_end <= addr) {
			rb = rb->rb_right;
			continue;
		}
		found = vma;
		if (vma->vm_start <= addr) {
			if (likely(mm == me->mm))
				vma_remember(vma, mm->nr_detached);
			break;
		}
		rb = rb->rb_left;
	}
	return found;
}

struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr)
{
	return __find_vma(mm, addr);
}

struct vm_area_struct *find_vma_prev(struct mm_struct *mm, unsigned long addr,
				     struct vm_area_struct **pprev)
{
	struct vm_area_struct *vma = __find_vma(mm, addr);

	if (vma) {
		*pprev = vma->vm_prev;
	} else {
		struct rb_node *last = rb_last(&mm->mm_rb);

		*pprev = last ? vma_of(last) : NULL;
	}
	return vma;
}

/* ---- linking --------------------------------------------------------------------------------- */

static void vma_list_add(struct mm_struct *mm, struct vm_area_struct *vma, struct vm_area_struct *prev)
{
	struct vm_area_struct *next = prev ? prev->vm_next : mm->mmap;

	INV(V1, (!prev || prev->vm_end <= vma->vm_start) && vma->vm_start < vma->vm_end &&
		(!next || vma->vm_end <= next->vm_start));
	vma->vm_prev = prev;
	vma->vm_next = next;
	if (prev)
		prev->vm_next = vma;
	else
		mm->mmap = vma;
	if (next)
		next->vm_prev = vma;
}

/*
 * The place of a region between two neighbours is below one of them: prev's empty right link, or,
 * when prev has a right subtree, the empty left link of that subtree's first node, which is next.
 */
static __noinline void vma_tree_add(struct mm_struct *mm, struct vm_area_struct *vma, bool next_gap)
{
	struct vm_area_struct *prev = vma->vm_prev, *next = vma->vm_next;
	struct rb_node *parent = NULL, **link = &mm->mm_rb.rb_node;

	if (next && next_gap)
		vma_gap_update(next);
	if (prev && !prev->vm_rb.rb_right) {
		parent = &prev->vm_rb;
		link = &parent->rb_right;
	} else if (next) {
		parent = &next->vm_rb;
		link = &parent->rb_left;
	}
	INV(V1, !*link);
	smp_wmb();	/* whole before it can be found: pairs with the dependent loads of descend() */
	rb_link_node(&vma->vm_rb, parent, link);
	vma->rb_subtree_gap = 0;
	vma_gap_update(vma);
	rb_insert_augmented(&vma->vm_rb, &mm->mm_rb, &vma_gap_cb);
}

/* @next_gap: does the gap below its upper neighbour change? */
static __always_inline void __vma_link_space(struct mm_struct *mm, struct vm_area_struct *vma,
					     struct vm_area_struct *prev, bool next_gap)
{
	mmap_assert_write_locked(mm);
	vma_attach(vma);
	vma_list_add(mm, vma, prev);
	vma_tree_add(mm, vma, next_gap);
	mm->map_count++;
}

void vma_link_space(struct mm_struct *mm, struct vm_area_struct *vma, struct vm_area_struct *prev)
{
	__vma_link_space(mm, vma, prev, true);
}

void vma_link(struct mm_struct *mm, struct vm_area_struct *vma, struct vm_area_struct *prev)
{
	vma_link_space(mm, vma, prev);
	if (vma->vm_file)
		vma_link_file(vma);
}

int insert_vm_struct(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vm_area_struct *prev, *next = find_vma_prev(mm, vma->vm_start, &prev);

	if (next && next->vm_start < vma->vm_end)
		return -ENOMEM;
	vma_link(mm, vma, prev);
	return 0;
}

static __always_inline void vma_tree_erase(struct mm_struct *mm, struct vm_area_struct *vma, bool walkers)
{
	mmap_assert_write_locked(mm);
	INV(V3, mm->map_count > 0);
	INV(V2, vma->rb_subtree_gap == vma_compute_gap(vma));
	vma_detach(vma, walkers);
	rb_erase_augmented(&vma->vm_rb, &mm->mm_rb, &vma_gap_cb);
	mm->map_count--;
}

/* What left the tree is forgotten, before it can be freed.  Release: pairs with lock_vma_slow(). */
static void vma_forget(struct mm_struct *mm)
{
	smp_store_release(&mm->nr_detached, mm->nr_detached + 1);
}

/* => the caller sees to the gap below the next region */
static void __vma_unlink(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vm_area_struct *next = vma->vm_next, *prev = vma->vm_prev;

	INV(V1, (prev ? prev->vm_next : mm->mmap) == vma && (!next || next->vm_prev == vma));
	vma_tree_erase(mm, vma, mm_has_walkers(mm));
	vma_forget(mm);
	if (prev)
		prev->vm_next = next;
	else
		mm->mmap = next;
	if (next)
		next->vm_prev = prev;
}

void vma_detach_range(struct mm_struct *mm, struct vm_area_struct *first, struct vm_area_struct *last,
		      struct vm_area_struct *prev)
{
	struct vm_area_struct *vma, *next = last->vm_next;
	bool walkers = mm_has_walkers(mm);

	INV(V1, (prev ? prev->vm_next : mm->mmap) == first && (!next || next->vm_prev == last));
	/* The list stays whole meanwhile, so no gap of the tree changes under a rotation. */
	for (vma = first; vma != next; vma = vma->vm_next) {
		vma_tree_erase(mm, vma, walkers);
		cond_resched();
	}
	vma_forget(mm);
	if (prev)
		prev->vm_next = next;
	else
		mm->mmap = next;
	if (next) {
		next->vm_prev = prev;
		vma_gap_update(next);
	}
	last->vm_next = NULL;
}

/* ---- changing borders ------------------------------------------------------------------------ */

static struct address_space *vma_mapping_lock(struct vm_area_struct *vma) NO_LOCK_ANALYSIS
{
	struct address_space *mapping = vma->vm_file ? vma->vm_file->f_mapping : NULL;

	if (mapping)
		mutex_lock(&mapping->i_mmap_lock);
	return mapping;
}

static void vma_mapping_unlock(struct address_space *mapping) NO_LOCK_ANALYSIS
{
	if (mapping)
		mutex_unlock(&mapping->i_mmap_lock);
}

static __noinline void vma_set_mapped_range(struct vm_area_struct *vma, struct address_space *mapping,
					    unsigned long start, unsigned long end, pgoff_t pgoff)
{
	vma_mapping_remove(vma, mapping);
	anon_vma_set_range(vma, start, end, pgoff);
	vma_mapping_insert(vma, mapping);
}

/* => @vma is marked; i_mmap_lock of @mapping held, if there is one, and the lock of its anon_vmas */
static __always_inline void vma_set_range(struct vm_area_struct *vma, struct address_space *mapping,
					  unsigned long start, unsigned long end, pgoff_t pgoff)
{
	vma_assert_write_locked(vma);
	INV(V1, start < end && !((start | end) & ~PAGE_MASK));
	if (mapping)
		vma_set_mapped_range(vma, mapping, start, end, pgoff);
	else
		anon_vma_set_range(vma, start, end, pgoff);
}

static void vma_gaps_around(struct vm_area_struct *vma)
{
	vma_gap_update(vma);
	if (vma->vm_next)
		vma_gap_update(vma->vm_next);
}

void vma_resize(struct vm_area_struct *vma, unsigned long start, unsigned long end, pgoff_t pgoff)
{
	struct address_space *mapping;
	struct anon_vma *root;

	mmap_assert_write_locked(vma->vm_mm);
	INV(V1, (!vma->vm_prev || vma->vm_prev->vm_end <= start) && (!vma->vm_next || end <= vma->vm_next->vm_start));
	vma_start_write(vma);
	mapping = vma_mapping_lock(vma);
	root = vma_anon_lock(vma);
	vma_set_range(vma, mapping, start, end, pgoff);
	vma_anon_unlock(root);
	vma_mapping_unlock(mapping);
	vma_gaps_around(vma);
}

int split_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr, int new_below)
{
	unsigned long nr_below = (addr - vma->vm_start) >> PAGE_SHIFT;
	struct address_space *mapping;
	struct vm_area_struct *new;
	struct anon_vma *root;

	mmap_assert_write_locked(mm);
	INV(V1, vma->vm_start < addr && addr < vma->vm_end && !(addr & ~PAGE_MASK));
	vma_start_write(vma);
	if (unlikely(anon_vma_lazy(vma)) && anon_vma_prepare(vma))	/* A7 */
		return -ENOMEM;
	new = vm_area_dup(vma);
	if (!new)
		return -ENOMEM;
	if (anon_vma_reserve(new, vma)) {
		vm_area_free(new);
		return -ENOMEM;
	}
	if (new_below) {
		new->vm_end = addr;
	} else {
		new->vm_start = addr;
		new->vm_pgoff += nr_below;
	}
	/* commit */
	if (new->vm_file)
		get_file(new->vm_file);
	if (new->vm_ops && new->vm_ops->open)
		new->vm_ops->open(new);
	mapping = vma_mapping_lock(vma);
	root = vma_anon_lock(vma);
	if (new_below)
		vma_set_range(vma, mapping, addr, vma->vm_end, vma->vm_pgoff + nr_below);
	else
		vma_set_range(vma, mapping, vma->vm_start, addr, vma->vm_pgoff);
	if (mapping) {
		if (vma_shared_maywrite(new))
			mapping_allow_writable(mapping);
		vma_mapping_insert(new, mapping);
	}
	if (root)
		anon_vma_commit(new);
	vma_anon_unlock(root);
	vma_mapping_unlock(mapping);
	INV(V1, new_below ? new->vm_end == vma->vm_start : vma->vm_end == new->vm_start);
	INV(A7, vma_anon_id(new) == vma_anon_id(vma));		/* so they may become one again */
	/* Of the gaps new's changes, and @vma's if new took it over. */
	__vma_link_space(mm, new, new_below ? vma->vm_prev : vma, new_below);
	return 0;
}

/* ---- merging --------------------------------------------------------------------------------- */

/* The lock of the family of @keep or, if it has none, of a neighbour in [@start, @end): they have one at most. */
static struct anon_vma *take_anon_lock(struct vm_area_struct *keep, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma = keep;

	while (!vma->avc.anon_vma && vma->vm_next && vma->vm_next->vm_start < end)
		vma = vma->vm_next;
	if (!vma->avc.anon_vma)
		for (vma = keep; !vma->avc.anon_vma && vma->vm_prev && vma->vm_prev->vm_end > start; )
			vma = vma->vm_prev;
	return vma_anon_lock(vma);
}

/* @vma is to cover [@start, @end): mark it, and who lies there. */
static __always_inline void vma_mark_neighbours(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	vma_start_write(vma);
	for (struct vm_area_struct *n = vma->vm_next; n && n->vm_start < end; n = n->vm_next)
		vma_start_write(n);
	for (struct vm_area_struct *n = vma->vm_prev; n && n->vm_end > start; n = n->vm_prev)
		vma_start_write(n);
}

/*
 * Make @keep cover [@start, @end), wider than it is: neighbours that lie inside are freed, one that
 * sticks out is cut.  All are of one kind and offsets fit.  Cannot fail.
 */
static void vma_take(struct vm_area_struct *keep, unsigned long start, unsigned long end)
{
	struct mm_struct *mm = keep->vm_mm;
	struct anon_vma *root;
	struct vm_area_struct *n, *dead = NULL;
	struct address_space *mapping;

	INV(V1, start <= keep->vm_start && keep->vm_end <= end);
	vma_mark_neighbours(keep, start, end);
	mapping = vma_mapping_lock(keep);
	root = take_anon_lock(keep, start, end);
	/* First, so that gaps are what they will be before the tree's shape changes (V2). */
	vma_set_range(keep, mapping, start, end,
		      keep->vm_pgoff - ((keep->vm_start - start) >> PAGE_SHIFT));
	vma_gaps_around(keep);
	while ((n = keep->vm_next) && n->vm_end <= end) {
		INV(A7, !anon_vma_lazy(keep) && !anon_vma_lazy(n));
		if (mapping)
			__vma_unlink_mapping(n, mapping);
		anon_vma_absorb(keep, n);
		__vma_unlink(mm, n);
		if (unlikely(n->vm_end != end) && keep->vm_next)
			vma_gap_update(keep->vm_next);
		n->vm_next = dead;
		dead = n;
	}
	if (n && n->vm_start < end)
		vma_set_range(n, mapping, end, n->vm_end,
			      n->vm_pgoff + ((end - n->vm_start) >> PAGE_SHIFT));
	while ((n = keep->vm_prev) && n->vm_start >= start) {
		INV(A7, !anon_vma_lazy(keep) && !anon_vma_lazy(n));
		if (mapping)
			__vma_unlink_mapping(n, mapping);
		anon_vma_absorb(keep, n);
		__vma_unlink(mm, n);
		vma_gap_update(keep);
		n->vm_next = dead;
		dead = n;
	}
	if (n && n->vm_end > start)
		vma_set_range(n, mapping, n->vm_start, start, n->vm_pgoff);
	vma_anon_unlock(root);
	vma_mapping_unlock(mapping);
	INV(V1, keep->vm_start == start && keep->vm_end == end);
	while ((n = dead)) {
		dead = n->vm_next;
		vma_remove(n);
	}
}

/*
 * Linux's rule.  A range without pages joins a region that has only made its own, and pages join those of the same
 * anon_vma; what came by fork keeps to itself, so that fewer regions have to be looked through for a page.
 */
static bool anon_mergeable(const struct vm_area_struct *vma, const struct anon_vma *id)
{
	struct anon_vma *own = vma_anon_id(vma);

	return own == id || ((!own || !id) && vma_anon_singular(vma));
}

/* A fault may give @vma its anon_vma at any moment before it is marked: that is the last question. */
static bool vma_mergeable(struct vm_area_struct *vma, const struct vma_desc *d, pgoff_t pgoff_at,
			  unsigned long at)
{
	if (vma->vm_flags != d->vm_flags || vma->vm_file != d->file ||
	    linear_page_index(vma, at) != pgoff_at || vma->anon_name != d->anon_name ||
	    vma->vm_userfaultfd_ctx != d->uffd_ctx || !mpol_equal(vma->vm_policy, d->policy) ||
	    (vma->vm_ops && vma->vm_ops->close))
		return false;
	vma_start_write(vma);
	return anon_mergeable(vma, d->anon_vma);
}

/*
 * With P = @prev, N = the region after the range, and A = a region in the range that is to change:
 *	P|----|N   P|A|N   all three become P		P|----     P|A|   P grows, A goes
 *	   ----|N     |A|N  N grows down, A goes	P|AAaa   aa|AAN   the part a goes to the neighbour
 */
struct vm_area_struct *vma_merge(struct mm_struct *mm, struct vm_area_struct *prev,
				 const struct vma_desc *d)
{
	struct vm_area_struct *next = prev ? prev->vm_next : mm->mmap;
	pgoff_t pgoff_end = d->pgoff + ((d->end - d->start) >> PAGE_SHIFT);
	bool with_prev, with_next;

	mmap_assert_write_locked(mm);
	INV(V1, d->start < d->end && !((d->start | d->end) & ~PAGE_MASK) && (!prev || prev->vm_end <= d->start ||
									     prev->vm_end >= d->end));
	if (d->vm_flags & VM_SPECIAL)
		return NULL;
	if (next && next->vm_end == d->end)
		next = next->vm_next;		/* next was the region that changes */
	with_prev = prev && prev->vm_end == d->start && vma_mergeable(prev, d, d->pgoff, d->start);
	with_next = next && next->vm_start == d->end && vma_mergeable(next, d, pgoff_end, d->end);
	if (with_prev && with_next &&
	    (!prev->anon_vma || !next->anon_vma || vma_anon_id(prev) == vma_anon_id(next))) {
		vma_take(prev, prev->vm_start, next->vm_end);
		return prev;
	}
	if (with_prev) {
		vma_take(prev, prev->vm_start, d->end);
		return prev;
	}
	if (with_next) {
		vma_take(next, d->start, next->vm_end);
		return next;
	}
	return NULL;
}

/* Of [@d->start, @d->end) of *pvma make a region of its own, or part of a neighbour that is like @d. */
static int vma_carve(struct vm_area_struct **pvma, struct vm_area_struct *prev, const struct vma_desc *d)
{
	struct vm_area_struct *vma = *pvma, *merged;
	unsigned long start = d->start, end = d->end;
	struct mm_struct *mm = vma->vm_mm;
	int rc;

	mmap_assert_write_locked(mm);
	INV(V1, vma->vm_start <= start && start < end && end <= vma->vm_end);
	INV(V1, start > vma->vm_start || prev == vma->vm_prev);
	merged = vma_merge(mm, start > vma->vm_start ? vma : prev, d);
	if (merged) {
		INV(V1, merged->vm_start <= start && end <= merged->vm_end);
		*pvma = merged;
		return 0;
	}
	if (start > vma->vm_start) {
		if (mm->map_count >= sysctl_max_map_count)
			return -ENOMEM;
		rc = split_vma(mm, vma, start, 0);	/* above: @vma keeps its gap, and new has none (V2) */
		if (rc)
			return rc;
		*pvma = vma = vma->vm_next;
	}
	if (end < vma->vm_end) {
		if (mm->map_count >= sysctl_max_map_count)
			return -ENOMEM;
		rc = split_vma(mm, vma, end, 0);
		if (rc)
			return rc;
	}
	return 0;
}

/* @vma's [@start, @end) as it is, and stays: it is marked. */
static struct vma_desc vma_describe(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	vma_start_write(vma);
	return (struct vma_desc){
		.start = start, .end = end, .vm_flags = vma->vm_flags, .file = vma->vm_file,
		.pgoff = linear_page_index(vma, start), .anon_vma = vma_anon_id(vma),
		.anon_name = vma->anon_name, .policy = vma->vm_policy, .uffd_ctx = vma->vm_userfaultfd_ctx,
	};
}

int vma_modify(struct vm_area_struct **pvma, struct vm_area_struct *prev, unsigned long start,
	       unsigned long end, unsigned long new_flags, const char *anon_name)
{
	struct vma_desc d = vma_describe(*pvma, start, end);

	d.vm_flags = new_flags;
	d.anon_name = anon_name;
	return vma_carve(pvma, prev, &d);
}

int vma_modify_policy(struct vm_area_struct **pvma, struct vm_area_struct *prev, unsigned long start,
		      unsigned long end, struct mempolicy *policy)
{
	struct vma_desc d = vma_describe(*pvma, start, end);

	d.policy = policy;
	return vma_carve(pvma, prev, &d);
}

int vma_modify_uffd(struct vm_area_struct **pvma, struct vm_area_struct *prev, unsigned long start,
		    unsigned long end, unsigned long new_flags, struct userfaultfd_ctx *ctx)
{
	struct vma_desc d = vma_describe(*pvma, start, end);

	d.vm_flags = new_flags;
	d.uffd_ctx = ctx;
	return vma_carve(pvma, prev, &d);
}

/* ---- free room ------------------------------------------------------------------------------- */

static __always_inline struct rb_node *gap_child(struct rb_node *child, unsigned long len)
{
	return child && vma_of(child)->rb_subtree_gap >= len ? child : NULL;
}

/*
 * Where the highest gap with room for @len in [@low, @high) ends, and the region @above it; NULL, if that is beyond
 * @high or there is none.  A gap [gs, ge) has room exactly when gs <= high - len, ge >= low + len and ge - gs >= len.
 * The search visits gaps from the highest down, skipping subtrees without room.
 */
static __always_inline unsigned long highest_gap(struct mm_struct *mm, unsigned long len, unsigned long low,
						 unsigned long high, struct vm_area_struct **above)
{
	struct rb_node *rb = rb_last(&mm->mm_rb), *from, *child;
	unsigned long gs, ge;

	*above = NULL;
	if (high < len || high - len < low)
		return -ENOMEM;
	if (!rb || vma_of(rb)->vm_end <= high - len)
		return high;
	rb = gap_child(mm->mm_rb.rb_node, len);
	if (!rb)
		return -ENOMEM;
descend:
	/* A gap right of this node starts at its end or above. */
	while (vma_of(rb)->vm_end <= high - len && (child = gap_child(rb->rb_right, len)))
		rb = child;
visit:
	gs = vma_of(rb)->vm_prev ? vma_of(rb)->vm_prev->vm_end : 0;
	ge = vma_of(rb)->vm_start;
	if (ge < low + len)
		return -ENOMEM;
	if (gs <= high - len && ge - gs >= len) {
		*above = vma_of(rb);
		return min(ge, high);
	}
	child = gap_child(rb->rb_left, len);
	if (child) {
		rb = child;
		goto descend;
	}
	do {
		from = rb;
		rb = rb_parent(rb);
		if (!rb)
			return -ENOMEM;
	} while (from == rb->rb_left);
	goto visit;
}

/*
 * A stack's guard gap is kept free of what the kernel places, whole: the search goes on below it, even where the
 * room that it found begins above (so does Linux's).
 */
unsigned long vma_find_gap_down(struct mm_struct *mm, unsigned long len, unsigned long low,
				unsigned long high)
{
	struct vm_area_struct *above;
	unsigned long end;

	for (;;) {
		end = highest_gap(mm, len, low, high, &above);
		if (unlikely(IS_ERR_VALUE(end)))
			return end;
		if (likely(!above || vm_start_gap(above) >= end))
			return end - len;
		high = vm_start_gap(above);
		cond_resched();			/* there may be many such stacks */
	}
}

/* The mirror image: where the lowest gap starts.  The room above the last region comes last. */
static unsigned long lowest_gap(struct mm_struct *mm, unsigned long len, unsigned long low, unsigned long high,
				struct vm_area_struct **above)
{
	struct rb_node *rb, *from, *child;
	unsigned long gs, ge;

	*above = NULL;
	if (high < len || high - len < low)
		return -ENOMEM;
	rb = gap_child(mm->mm_rb.rb_node, len);
	if (!rb)
		goto above_all;
descend:
	/* A gap left of this node ends at its start or below. */
	while (vma_of(rb)->vm_start >= low + len && (child = gap_child(rb->rb_left, len)))
		rb = child;
visit:
	gs = vma_of(rb)->vm_prev ? vma_of(rb)->vm_prev->vm_end : 0;
	ge = vma_of(rb)->vm_start;
	if (gs > high - len)
		return -ENOMEM;
	if (ge >= low + len && ge - gs >= len) {
		*above = vma_of(rb);
		return max(gs, low);
	}
	child = gap_child(rb->rb_right, len);
	if (child) {
		rb = child;
		goto descend;
	}
	do {
		from = rb;
		rb = rb_parent(rb);
		if (!rb)
			goto above_all;
	} while (from == rb->rb_right);
	goto visit;
above_all:
	rb = rb_last(&mm->mm_rb);
	gs = max(rb ? vma_of(rb)->vm_end : 0, low);
	return gs <= high - len ? gs : -ENOMEM;
}

unsigned long vma_find_gap_up(struct mm_struct *mm, unsigned long len, unsigned long low,
			      unsigned long high)
{
	struct vm_area_struct *above;
	unsigned long start;

	for (;;) {
		start = lowest_gap(mm, len, low, high, &above);
		if (IS_ERR_VALUE(start) || !above || vm_start_gap(above) >= start + len)
			return start;
		low = above->vm_end;
		cond_resched();
	}
}

void vma_set_page_prot(struct vm_area_struct *vma)
{
	unsigned long flags = vma->vm_flags;

	vma_assert_write_locked(vma);
	/* A file system that wants to hear of the first write gets a fault for it. */
	if ((flags & (VM_SHARED | VM_WRITE)) == (VM_SHARED | VM_WRITE) && vma->vm_ops &&
	    vma->vm_ops->page_mkwrite)
		flags &= ~VM_SHARED;
	vma->vm_page_prot = vm_prot(flags);
}

void mm_verify(struct mm_struct *mm)
{
	struct vm_area_struct *vma, *prev = NULL;
	struct rb_node *rb = rb_first(&mm->mm_rb);
	int n = 0;

	for (vma = mm->mmap; vma; prev = vma, vma = vma->vm_next, rb = rb_next(rb), n++) {
		ASSERT(rb == &vma->vm_rb && vma->vm_prev == prev && vma->vm_mm == mm);	/* V1 */
		ASSERT(vma->vm_start < vma->vm_end && !((vma->vm_start | vma->vm_end) & ~PAGE_MASK));
		ASSERT(!prev || prev->vm_end <= vma->vm_start);
		ASSERT(vma->rb_subtree_gap == vma_compute_gap(vma));			/* V2 */
		ASSERT(!(vma->vm_lock & VMA_LOCK_DETACHED));				/* V4 */
		vma_anon_verify(vma);
	}
	ASSERT(!rb && n == mm->map_count && rb_verify(&mm->mm_rb) == n);		/* V3 */
}
