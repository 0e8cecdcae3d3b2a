/*
 * mm/rmap/anon_vma.c - anon_vmas and the places of regions in them: made, inherited, moved, dropped.
 *
 * MODEL     See anon_vma.h.  Up to PLACES_LISTED places are a list by age, which cares for no range: most have one,
 *           or the three that mprotect() makes.  When more come they go into a tree, until none is left in it: an
 *           interval tree, ordered by the region's first linear page, equal ones by age, and each knows the last page
 *           that any region of its subtree has.
 * INVARIANTS
 *   A1  A region that maps an anonymous page has a place in that page's anon_vma, hooked with the range it has.
 *   A2  A region's own anon_vma is one of those it has places in, but while prepare has set it and the place, which
 *       is hooked, is not yet known to the region.
 *   A3  All anon_vmas in which a region has places have one root.
 *   A4  nr_places counts places, num_active_vmas regions that own; an anon_vma without places is dropped.
 *   A5  Ranges of regions that become one, or two of one, change under the root lock as a whole: a walk finds each
 *       entry exactly once.
 *   A6  Among places with equal ranges (in a list: with any) a child's comes after those that were there when it was
 *       forked: a walk that meets fork meets the parent's entry first, so that no entry is copied behind its back.
 *   A7  A region with places and nothing of its own is neither split nor moved nor merged: it gets its own first.
 *   A8  Either the list or the tree is empty; a list has PLACES_LISTED places at most.
 *   A9  An anon_vma lies in the memory of a region (anon_own): the one that made it, which has a reference to it
 *       until its own end, or one that is nothing else, where a region makes its second (MREMAP_DONTUNMAP took it
 *       out of the first, which its pages kept).  The last reference gives the memory back; then refcount and
 *       claimed are 0, the lock is free, and so they stay until the memory is a region's again and that one needs
 *       an anon_vma.  So what once was one has a count and a lock that may be tried while the slab is there (RCU).
 * LOCKING   The root's lock; nothing is allocated under it.  Prepare holds its region as a fault does, and the
 *           neighbour whose anon_vma it takes over, too, which it never waits for.
 * FAILURE   -ENOMEM with nothing changed.
 * COST      prepare: 37 instructions, once a region, and no allocation; fork: a lock and an insertion a region.
 *           A walk visits each region that has a place and covers the index until the last entry is found: a page
 *           made before 1000 forks that only the last child still maps costs 1000 looks at an entry, as on Linux.
 * TESTS     test/host/mm/rmap/test_anon_vma.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/rmap/anon_vma.h"
#include "include/uapi/errno.h"
#include "include/vma_lock.h"
#include "mm/policy/mempolicy.h"
#include "mm/slab/slab.h"

struct kmem_cache *vm_area_cachep;
static struct kmem_cache *avc_cachep;

/* ---- the tree of places ---------------------------------------------------------------------- */

/* What is in no tree names itself as its parent, what is in no list as its successor. */
BUILD_ASSERT(offsetof(struct list_head, next) == offsetof(struct rb_node, __rb_parent_color));
static __always_inline void avc_clear(struct anon_vma_chain *avc) { INIT_LIST_HEAD(&avc->list); }
#define avc_is_hooked(avc)	(!RB_EMPTY_NODE(&(avc)->rb))

/* Who changes or follows places holds the lock of the family. */
static __always_inline void anon_vma_assert_locked(const struct anon_vma *anon_vma)
{
	INV(A3, anon_vma->root->root == anon_vma->root);
	mutex_assert_held(&anon_vma->root->lock);
}


#define avc_of(node)	rb_entry(node, struct anon_vma_chain, rb)

static __always_inline pgoff_t avc_first(const struct anon_vma_chain *avc) { return avc->vma->vm_pgoff; }
static __always_inline pgoff_t avc_last(const struct anon_vma_chain *avc)
{
	return avc->vma->vm_pgoff + vma_pages(avc->vma) - 1;
}

static __always_inline unsigned long compute_last(const struct anon_vma_chain *avc)
{
	unsigned long last = avc_last(avc);

	if (avc->rb.rb_left)
		last = max(last, avc_of(avc->rb.rb_left)->rb_subtree_last);
	if (avc->rb.rb_right)
		last = max(last, avc_of(avc->rb.rb_right)->rb_subtree_last);
	return last;
}

RB_DECLARE_CALLBACKS(static, avc_cb, struct anon_vma_chain, rb, unsigned long, rb_subtree_last, compute_last);

static void hook_in_tree(struct anon_vma_chain *avc)
{
	struct rb_root *root = &avc->anon_vma->rb_root;
	struct rb_node **link = &root->rb_node, *parent = NULL;
	pgoff_t first = avc_first(avc), last = avc_last(avc);

	INV(A1, first <= last);

	while (*link) {
		struct anon_vma_chain *at = avc_of(*link);

		parent = *link;
		at->rb_subtree_last = max(at->rb_subtree_last, last);
		link = first < avc_first(at) ? &parent->rb_left : &parent->rb_right;	/* A6 */
	}
	avc->rb_subtree_last = last;
	rb_link_node(&avc->rb, parent, link);
	rb_insert_augmented(&avc->rb, root, &avc_cb);
}

static __noinline void unhook_from_tree(struct anon_vma_chain *avc)
{
	INV(A8, list_empty(&avc->anon_vma->places));
	INV(A1, avc->rb_subtree_last >= avc_last(avc));		/* the range that it was hooked with */
	rb_erase_augmented(&avc->rb, &avc->anon_vma->rb_root, &avc_cb);
	avc_clear(avc);
}

/* The first place of the subtree @avc with page @index.  => its last page is not below @index */
static struct anon_vma_chain *first_in(struct anon_vma_chain *avc, pgoff_t index)
{
	for (;;) {
		struct rb_node *left = avc->rb.rb_left, *right = avc->rb.rb_right;

		if (left && avc_of(left)->rb_subtree_last >= index) {
			avc = avc_of(left);
			continue;
		}
		if (avc_first(avc) > index)
			return NULL;			/* so do those to the right */
		if (avc_last(avc) >= index)
			return avc;
		if (!right || avc_of(right)->rb_subtree_last < index)
			return NULL;
		avc = avc_of(right);
	}
}

static struct anon_vma_chain *next_in(struct anon_vma_chain *avc, pgoff_t index)
{
	struct rb_node *right = avc->rb.rb_right, *from;

	for (;;) {
		if (right && avc_of(right)->rb_subtree_last >= index)
			return first_in(avc_of(right), index);
		do {
			from = &avc->rb;
			if (!rb_parent(from))
				return NULL;
			avc = avc_of(rb_parent(from));
		} while (from == avc->rb.rb_right);
		if (avc_first(avc) > index)
			return NULL;
		if (avc_last(avc) >= index)
			return avc;
		right = avc->rb.rb_right;
	}
}

/* ---- list or tree ---------------------------------------------------------------------------- */

#define PLACES_LISTED	8

static __always_inline bool is_tree(const struct anon_vma *anon_vma) { return anon_vma->rb_root.rb_node; }

static __noinline void hook_among_many(struct anon_vma_chain *avc)
{
	struct anon_vma *anon_vma = avc->anon_vma;
	struct anon_vma_chain *old, *next;

	list_for_each_entry_safe(old, next, &anon_vma->places, list)		/* A6: in their order */
		hook_in_tree(old);
	INIT_LIST_HEAD(&anon_vma->places);
	hook_in_tree(avc);
}

/* => it is counted in nr_places */
static __always_inline void hook(struct anon_vma_chain *avc)
{
	struct anon_vma *anon_vma = avc->anon_vma;

	anon_vma_assert_locked(anon_vma);
	INV(A4, anon_vma->nr_places > 0);
	if (likely(anon_vma->nr_places <= PLACES_LISTED && !is_tree(anon_vma)))
		list_add_tail(&avc->list, &anon_vma->places);
	else
		hook_among_many(avc);
}

static __always_inline void unhook(struct anon_vma_chain *avc)
{
	anon_vma_assert_locked(avc->anon_vma);
	INV(A4, avc->anon_vma->nr_places > 0);
	if (likely(!is_tree(avc->anon_vma)))
		list_del_init(&avc->list);	/* does nothing to what is in none */
	else if (avc_is_hooked(avc))
		unhook_from_tree(avc);
}

/* @avc or the first after it in its list with page @index */
static struct anon_vma_chain *listed_from(struct anon_vma_chain *avc, struct anon_vma *anon_vma, pgoff_t index)
{
	list_for_each_entry_from(avc, &anon_vma->places, list)
		if (index >= avc_first(avc) && index <= avc_last(avc))
			return avc;
	return NULL;
}

struct anon_vma_chain *anon_vma_first(struct anon_vma *anon_vma, pgoff_t index)
{
	struct rb_node *top = anon_vma->rb_root.rb_node;

	anon_vma_assert_locked(anon_vma);
	if (!top)
		return listed_from(list_first_entry(&anon_vma->places, struct anon_vma_chain, list), anon_vma, index);
	return avc_of(top)->rb_subtree_last >= index ? first_in(avc_of(top), index) : NULL;
}

struct anon_vma_chain *anon_vma_next(struct anon_vma_chain *avc, pgoff_t index)
{
	if (is_tree(avc->anon_vma))
		return next_in(avc, index);
	return listed_from(list_next_entry(avc, list), avc->anon_vma, index);
}

/* ---- places of a region ---------------------------------------------------------------------- */

#define vma_avc_foreach(pos, region) \
	for ((pos) = (region)->avc.anon_vma ? &(region)->avc : NULL; pos; (pos) = (pos)->next)

void __anon_vma_set_range(struct vm_area_struct *vma, unsigned long start, unsigned long end, pgoff_t pgoff)
{
	bool stays = pgoff == vma->vm_pgoff;		/* in its place in the order */
	struct anon_vma_chain *avc;

	vma_avc_foreach(avc, vma)
		if (!stays && is_tree(avc->anon_vma))
			unhook(avc);
	vma->vm_start = start;
	vma->vm_end = end;
	vma->vm_pgoff = pgoff;
	vma_avc_foreach(avc, vma) {
		if (!avc_is_hooked(avc))
			hook(avc);
		else if (is_tree(avc->anon_vma))
			avc_cb_propagate(&avc->rb, NULL);
	}
}

/* @vma has a place in @anon_vma, by way of @avc, which hangs on @vma already.  => root lock */
static void place(struct anon_vma_chain *avc, struct vm_area_struct *vma, struct anon_vma *anon_vma)
{
	INV(A4, atomic_read(&anon_vma->refcount) > 0);
	avc->vma = vma;
	avc->anon_vma = anon_vma;
	anon_vma->nr_places++;
	hook(avc);
}

static void free_places(struct anon_vma_chain *avc)
{
	for (struct anon_vma_chain *next; avc; avc = next) {
		next = avc->next;
		kmem_cache_free(avc_cachep, avc);
	}
}

int anon_vma_reserve_rest(struct vm_area_struct *new, const struct vm_area_struct *orig)
{
	struct anon_vma_chain **tail = &new->avc.next;

	for (const struct anon_vma_chain *o = orig->avc.next; o; o = o->next) {
		struct anon_vma_chain *avc = kmem_cache_alloc(avc_cachep, GFP_KERNEL);

		if (!avc) {
			free_places(new->avc.next);
			new->avc.next = NULL;
			new->avc.anon_vma = NULL;
			return -ENOMEM;
		}
		avc->anon_vma = o->anon_vma;
		avc->vma = new;
		avc->next = NULL;
		avc_clear(avc);
		*tail = avc;
		tail = &avc->next;
	}
	return 0;
}

static __noinline void commit_many(struct vm_area_struct *new)
{
	struct anon_vma_chain *avc;

	vma_avc_foreach(avc, new) {
		avc->anon_vma->nr_places++;
		hook(avc);
	}
	if (new->anon_vma)
		new->anon_vma->num_active_vmas++;
}

void anon_vma_commit(struct vm_area_struct *new)
{
	struct anon_vma *own = new->anon_vma;

	INV(A2, !own || new->avc.anon_vma);
	INV(A4, !own || (own->nr_places && own->num_active_vmas));	/* the region it is a copy of */
	if (unlikely(!own || new->avc.next || own->nr_places >= PLACES_LISTED || is_tree(own))) {
		commit_many(new);
		return;
	}
	own->nr_places++;
	own->num_active_vmas++;
	list_add_tail(&new->avc.list, &own->places);
}

int anon_vma_clone(struct vm_area_struct *new, struct vm_area_struct *orig)
{
	struct anon_vma *root;
	int rc = anon_vma_reserve(new, orig);

	if (rc)
		return rc;
	root = vma_anon_lock(orig);
	if (root)
		anon_vma_commit(new);
	vma_anon_unlock(root);
	return 0;
}

/* The same for a child, with the one place that its parent has. */
static __noinline void inherit_place(struct vm_area_struct *new, struct anon_vma *anon_vma)
{
	struct anon_vma *root = anon_vma->root;

	mutex_lock(&root->lock);
	place(&new->avc, new, anon_vma);
	mutex_unlock(&root->lock);
}

int anon_vma_fork(struct vm_area_struct *new, struct vm_area_struct *parent)
{
	struct anon_vma *first = parent->avc.anon_vma;

	new->anon_vma = NULL;
	new->anon_inherited = first;
	if (!first)
		return 0;
	if (unlikely(parent->avc.next))
		return anon_vma_clone(new, parent);
	inherit_place(new, first);
	return 0;
}

/* @gone has more places than @keep needs, or all that there are. */
static __noinline void absorb_others(struct vm_area_struct *keep, struct vm_area_struct *gone)
{
	struct anon_vma_chain *avc;

	vma_avc_foreach(avc, gone)
		unhook(avc);
	if (!gone->anon_vma || keep->avc.anon_vma)
		return;
	ASSERT(vma_anon_singular(gone));	/* else they would not have merged */
	INV(A3, !keep->avc.next);
	keep->anon_vma = gone->anon_vma;
	keep->anon_inherited = false;
	place(&keep->avc, keep, gone->anon_vma);
	keep->anon_vma->num_active_vmas++;
}

void __anon_vma_absorb(struct vm_area_struct *keep, struct vm_area_struct *gone)
{
	struct anon_vma *anon_vma = gone->anon_vma;

	if (unlikely(!anon_vma || !keep->avc.anon_vma || gone->avc.next || anon_vma->nr_places == 1 ||
		     is_tree(anon_vma))) {
		absorb_others(keep, gone);
		return;
	}
	anon_vma_assert_locked(anon_vma);
	INV(A3, keep->avc.anon_vma->root == anon_vma->root);
	INV(A4, anon_vma->num_active_vmas > 0);
	list_del_init(&gone->avc.list);		/* done with: others keep it */
	anon_vma->num_active_vmas--;
	anon_vma->nr_places--;
	gone->anon_vma = gone->avc.anon_vma = NULL;
}

/* ---- making and dropping --------------------------------------------------------------------- */

static void vma_mem_ctor(void *obj)
{
	struct anon_vma *own = &((struct vm_area_struct *)obj)->anon_own;

	mutex_init(&own->lock, RANK_ANON_VMA);
	atomic_set(&own->refcount, 0);
	own->claimed = 0;
}

/* Where the anon_vma that @vma makes is to lie: in @vma, unless one lives on there (A9).  NULL: no memory */
static struct vm_area_struct *choose_host(struct vm_area_struct *vma)
{
	return likely(vma_mem_alone(vma)) ? vma : vma_mem_alloc();
}

/* @fresh begins, in @root's family (NULL: the first of one), without places, still out of reach. */
static __always_inline void begin(struct anon_vma *fresh, struct anon_vma *root)
{
	INV(A9, !atomic_read(&fresh->refcount) && !mutex_is_locked(&fresh->lock));
	INV(A3, !root || root->root == root);
	fresh->root = root ? root : fresh;
	fresh->rb_root = RB_ROOT;
	fresh->nr_places = fresh->num_active_vmas = 0;
	INIT_LIST_HEAD(&fresh->places);
	if (root)
		atomic_inc(&root->refcount);
}

/* @host's anon_vma, for @vma: whole before it can be counted, which page_get_anon_vma() may do late, then found. */
static __always_inline void publish(struct vm_area_struct *host, const struct vm_area_struct *vma)
{
	smp_wmb();
	atomic_set(&host->anon_own.refcount, host == vma ? 2 : 1);	/* A9 */
	smp_wmb();
}

void __put_anon_vma(struct anon_vma *anon_vma)
{
	struct anon_vma *root = anon_vma->root;

	INV(A4, !anon_vma->nr_places && !anon_vma->num_active_vmas);
	INV(A8, !is_tree(anon_vma) && list_empty(&anon_vma->places));
	INV(A9, !mutex_is_locked(&anon_vma->lock));
	kmem_cache_free(vm_area_cachep, container_of(anon_vma, struct vm_area_struct, anon_own));
	if (root != anon_vma)
		put_anon_vma(root);
}

static __noinline void unlink_from_many(struct vm_area_struct *vma)
{
	struct anon_vma *root = vma_anon_lock(vma), *first = vma->avc.anon_vma;
	struct anon_vma_chain *avc, *rest = vma->avc.next;

	if (vma->anon_vma)
		vma->anon_vma->num_active_vmas--;
	vma_avc_foreach(avc, vma) {
		unhook(avc);
		INV(A3, avc->anon_vma->root == root);
		if (--avc->anon_vma->nr_places)
			avc->anon_vma = NULL;		/* others are left: nothing to drop */
	}
	if (!vma->avc.anon_vma)
		first = NULL;
	vma->anon_vma = NULL;
	vma->avc.anon_vma = NULL;
	vma->avc.next = NULL;
	vma_anon_unlock(root);		/* which what is to be dropped keeps */
	if (first)
		put_anon_vma(first);
	for (avc = rest; avc; avc = avc->next)
		if (avc->anon_vma)
			put_anon_vma(avc->anon_vma);
	free_places(rest);
}

/* What @vma has is one place, among others'. */
static __noinline void unlink_from_one(struct vm_area_struct *vma)
{
	struct anon_vma *anon_vma = vma->avc.anon_vma, *root = anon_vma->root;
	bool last;

	mutex_lock(&root->lock);
	if (vma->anon_vma)
		anon_vma->num_active_vmas--;
	unhook(&vma->avc);
	INV(A2, !vma->anon_vma || vma->anon_vma == anon_vma);
	INV(A4, anon_vma->num_active_vmas < anon_vma->nr_places);
	last = !--anon_vma->nr_places;
	vma->anon_vma = NULL;
	vma->avc.anon_vma = NULL;
	mutex_unlock(&root->lock);	/* which what is to be dropped keeps */
	if (last)
		put_anon_vma(anon_vma);
}

/*
 * Is @vma alone in the anon_vma that lies in it, with nobody on his way there or out of it?  Then that one ends.
 * A place there comes from one that is there, so there will be no second; who had it and left has let go of the lock,
 * looked at last; and who comes by a page would be counted.
 */
static __always_inline bool end_own(struct vm_area_struct *vma)
{
	struct anon_vma *own = &vma->anon_own;
	int alone = 2;			/* its place, and the region (A9) */

	if (vma->anon_vma != own || own->root != own || smp_load_acquire(&own->nr_places) != 1 ||
	    mutex_is_locked(&own->lock))
		return false;
	return atomic_try_cmpxchg(&own->refcount, &alone, 0);
}

void __unlink_anon_vmas(struct vm_area_struct *vma)
{
	vma->anon_own.claimed = 0;
	if (vma->avc.next) {
		unlink_from_many(vma);
	} else if (end_own(vma)) {
		INV(A4, vma->anon_own.num_active_vmas == 1);
		INV(A2, vma->avc.anon_vma == &vma->anon_own);
		vma->anon_vma = NULL;
		vma->avc.anon_vma = NULL;
	} else {
		unlink_from_one(vma);
	}
}

/* Could @a and @b, which lies behind it, be one region but for what may be done there? */
static bool anon_vma_compatible(const struct vm_area_struct *a, const struct vm_area_struct *b)
{
	return a->vm_end == b->vm_start && !((a->vm_flags ^ b->vm_flags) & ~VM_ACCESS_FLAGS) &&
	       a->vm_file == b->vm_file && b->vm_pgoff == a->vm_pgoff + vma_pages(a) &&
	       mpol_equal(a->vm_policy, b->vm_policy);
}

/* At a glance: does what *@link is, or was, have an anon_vma? */
static __always_inline bool neighbour_may_share(struct vm_area_struct *const *link)
{
	const struct vm_area_struct *vma;
	bool may;

	rcu_read_lock();
	vma = READ_ONCE(*link);
	may = vma && READ_ONCE(vma->avc.anon_vma);
	rcu_read_unlock();
	return may;
}

/*
 * A region that holds @addr, next to one that does not change: locked, as a fault locks its own (K1 of vma_lock.h).
 * NULL: there is none, it has nothing to share, or changes at this moment.  => vma_end_read() afterwards
 */
static struct vm_area_struct *lock_neighbour(struct vm_area_struct *const *link, unsigned long addr)
{
	struct vm_area_struct *vma;

	rcu_read_lock();
	vma = READ_ONCE(*link);
	/* What has its place is there to stay: own_alone() sets that last. */
	if (!vma || !vma_covers(vma, addr) || !smp_load_acquire(&vma->avc.anon_vma)) {
		vma = NULL;
	} else if (!vma_start_read(vma, addr)) {
		vma_end_read(vma);
		vma = NULL;
	}
	rcu_read_unlock();
	return vma;
}

/*
 * A neighbour, locked, that @vma may merge with some day, and that has made all its pages itself: pages of one
 * anon_vma are no reason against it.
 */
static struct vm_area_struct *lock_mergeable_neighbour(struct vm_area_struct *vma)
{
	struct vm_area_struct *next = lock_neighbour(&vma->vm_next, vma->vm_end), *prev;

	if (next) {
		if (vma_anon_singular(next) && anon_vma_compatible(vma, next))
			return next;
		vma_end_read(next);
	}
	prev = lock_neighbour(&vma->vm_prev, vma->vm_start - 1);
	if (prev) {
		if (vma_anon_singular(prev) && anon_vma_compatible(prev, vma))
			return prev;
		vma_end_read(prev);
	}
	return NULL;
}

/* May we set the first anon_vma of @vma?  If not, another fault has.  => who may does not sleep until it is set */
static __always_inline bool claim(struct vm_area_struct *vma)
{
	if (likely(!xchg(&vma->anon_own.claimed, 1)))
		return true;
	while (!READ_ONCE(vma->anon_vma))
		arch_cpu_relax();
	return false;
}

/*
 * An anon_vma that nobody owns, for its maker is gone, and that no more than one region beside @vma has a place in (a
 * parent, that may be about to exit): one that is visited for nothing.  => root lock
 */
static struct anon_vma *orphan_of(const struct vm_area_struct *vma)
{
	const struct anon_vma_chain *avc;

	vma_avc_foreach(avc, vma)
		if (!avc->anon_vma->num_active_vmas && avc->anon_vma->nr_places <= 2)
			return avc->anon_vma;
	return NULL;
}

/* @vma, which has inherited places, takes over one's anon_vma if it can.  Whether it has one of its own now. */
static bool adopt(struct vm_area_struct *vma, struct anon_vma *root)
{
	struct anon_vma *orphan;

	mutex_lock(&root->lock);
	orphan = vma->anon_vma ? NULL : orphan_of(vma);
	if (orphan) {
		INV(A3, orphan->root == root);
		orphan->num_active_vmas++;
		smp_store_release(&vma->anon_vma, orphan);
	}
	mutex_unlock(&root->lock);
	return vma->anon_vma;
}

/* @host's anon_vma becomes @vma's own, by way of the new place @avc.  => @root's lock */
static void own_among_others(struct vm_area_struct *vma, struct anon_vma *root, struct vm_area_struct *host,
			     struct anon_vma_chain *avc)
{
	struct anon_vma *fresh = &host->anon_own;

	INV(A2, !vma->anon_vma && vma->avc.anon_vma);
	begin(fresh, root);
	publish(host, vma);
	avc->next = vma->avc.next;
	vma->avc.next = avc;
	place(avc, vma, fresh);
	fresh->num_active_vmas++;
	smp_store_release(&vma->anon_vma, fresh);
}

/* prepare for a region that has inherited places.  Of several faults the first that has the lock sets it. */
static __noinline int prepare_inherited(struct vm_area_struct *vma)
{
	struct anon_vma *root = vma->avc.anon_vma->root;
	struct vm_area_struct *host;
	struct anon_vma_chain *avc;
	bool late;

	if (adopt(vma, root))
		return 0;
	avc = kmem_cache_alloc(avc_cachep, GFP_KERNEL);
	host = avc ? choose_host(vma) : NULL;
	if (!host) {
		if (avc)
			kmem_cache_free(avc_cachep, avc);
		return -ENOMEM;
	}
	mutex_lock(&root->lock);
	late = vma->anon_vma;
	if (!late)
		own_among_others(vma, root, host, avc);
	mutex_unlock(&root->lock);
	if (unlikely(late)) {
		kmem_cache_free(avc_cachep, avc);
		if (host != vma)
			vma_mem_free(host);
	}
	return 0;
}

/*
 * The first anon_vma of a family, @host's, and its first place.  No lock: walks that come by way of a page see the
 * list with the one place in it, and nobody enters another before @vma's place is known, which is set last.
 */
static __always_inline void own_alone(struct vm_area_struct *vma, struct vm_area_struct *host)
{
	struct anon_vma *fresh = &host->anon_own;

	INV(A2, !vma->anon_vma && !vma->avc.anon_vma);
	begin(fresh, NULL);
	fresh->nr_places = fresh->num_active_vmas = 1;
	vma->avc.vma = vma;
	vma->avc.list.next = vma->avc.list.prev = &fresh->places;
	fresh->places.next = fresh->places.prev = &vma->avc.list;
	publish(host, vma);
	WRITE_ONCE(vma->anon_vma, fresh);
	smp_store_release(&vma->avc.anon_vma, fresh);
}

static int prepare_alone(struct vm_area_struct *vma)
{
	struct vm_area_struct *host = choose_host(vma);

	if (!host)
		return -ENOMEM;
	if (claim(vma))
		own_alone(vma, host);
	else if (host != vma)
		vma_mem_free(host);
	return 0;
}

/* => what @anon_vma is taken from is locked */
static void prepare_shared(struct vm_area_struct *vma, struct anon_vma *anon_vma)
{
	mutex_lock(&anon_vma->root->lock);
	if (claim(vma)) {
		WRITE_ONCE(vma->anon_vma, anon_vma);
		smp_wmb();	/* before its place is known */
		place(&vma->avc, vma, anon_vma);
		anon_vma->num_active_vmas++;
	}
	mutex_unlock(&anon_vma->root->lock);
}

static __noinline int prepare_slow(struct vm_area_struct *vma)
{
	struct vm_area_struct *neighbour;

	vma_assert_locked(vma);
	might_sleep();
	if (vma->avc.anon_vma)
		return vma->anon_vma ? 0 : prepare_inherited(vma);
	neighbour = lock_mergeable_neighbour(vma);
	if (!neighbour)
		return prepare_alone(vma);
	prepare_shared(vma, neighbour->anon_vma);
	vma_end_read(neighbour);
	return 0;
}

int __anon_vma_prepare(struct vm_area_struct *vma)
{
	if (unlikely(vma->avc.anon_vma || neighbour_may_share(&vma->vm_next) || neighbour_may_share(&vma->vm_prev) ||
		     !vma_mem_alone(vma) || xchg(&vma->anon_own.claimed, 1)))
		return prepare_slow(vma);
	own_alone(vma, vma);
	return 0;
}

/* ---- from a page ----------------------------------------------------------------------------- */

/*
 * The object may be freed and used anew while we look, but stays one: interrupts are off (SLAB_TYPESAFE_BY_RCU).
 * Once it is counted, a page that is still mapped says that it was the right one: it is not dropped before.  Who has
 * not locked the page asks it again under the root lock: it may have gone to another (W4 of walk.c).
 */
struct anon_vma *page_get_anon_vma(struct page *page)
{
	unsigned long flags = arch_irq_save();
	struct anon_vma *anon_vma = READ_ONCE(page->anon_vma);

	if (!PageAnon(page) || !page_mapcount(page) || !atomic_inc_not_zero(&anon_vma->refcount)) {
		arch_irq_restore(flags);
		return NULL;
	}
	arch_irq_restore(flags);
	smp_mb();	/* the count before the look: pairs with unmapping before unlink_anon_vmas() */
	if (page_mapcount(page))
		return anon_vma;
	put_anon_vma(anon_vma);
	return NULL;
}

static unsigned verify_list(const struct anon_vma *anon_vma)
{
	const struct anon_vma_chain *avc;
	unsigned n = 0;

	list_for_each_entry(avc, &anon_vma->places, list) {
		ASSERT(avc->anon_vma == anon_vma);
		n++;
	}
	ASSERT(n <= PLACES_LISTED && (!n || !is_tree(anon_vma)));			/* A8 */
	return n;
}

void anon_vma_verify(const struct anon_vma *anon_vma)
{
	const struct anon_vma_chain *before = NULL;
	unsigned n = 0, listed = verify_list(anon_vma);

	for (struct rb_node *rb = rb_first(&anon_vma->rb_root); rb; rb = rb_next(rb), n++) {
		const struct anon_vma_chain *avc = avc_of(rb);

		ASSERT(avc->anon_vma == anon_vma && avc->rb_subtree_last == compute_last(avc));
		ASSERT(!before || avc_first(before) <= avc_first(avc));
		before = avc;
	}
	ASSERT(n + listed == anon_vma->nr_places && rb_verify(&anon_vma->rb_root) == n);	/* A4 */
	ASSERT(anon_vma->num_active_vmas <= n + listed && atomic_read(&anon_vma->refcount) > 0);
}

void vma_anon_verify(struct vm_area_struct *vma)
{
	struct anon_vma *root = vma_anon_lock(vma);
	bool owned = !vma->anon_vma;
	struct anon_vma_chain *avc;

	vma_avc_foreach(avc, vma) {
		ASSERT(avc->vma == vma && avc->anon_vma->root == root && avc_is_hooked(avc));	/* A3 */
		anon_vma_verify(avc->anon_vma);
		owned |= avc->anon_vma == vma->anon_vma;
	}
	ASSERT(owned);									/* A2 */
	vma_anon_unlock(root);
}

void anon_vma_init(void)
{
	vm_area_cachep = kmem_cache_create("vm_area_struct", sizeof(struct vm_area_struct), 64,
					   SLAB_PANIC | SLAB_ACCOUNT | SLAB_TYPESAFE_BY_RCU, vma_mem_ctor);
	avc_cachep = KMEM_CACHE(anon_vma_chain, SLAB_PANIC | SLAB_ACCOUNT);
}
