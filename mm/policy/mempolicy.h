/*
 * mm/policy/mempolicy.h - from which node memory comes: NUMA policy of tasks and regions.
 *
 * MODEL     A region's policy (mbind) decides for its pages, else the task's (set_mempolicy), else the
 *           default: the hart's own node, then the nearest.
 *           default, local    the running hart's node first
 *           preferred         that node first, then by distance from it
 *           preferred_many    those nodes first, then the others
 *           bind              those nodes only
 *           interleave        the nodes in turn, by the page's place in its region or file; where there is
 *                             none, by the task's counter.  Weighted interleave is the same: all weights are 1.
 *           A policy is counted and never changes; equal ones do not keep regions from merging.
 *           A region's policy goes with the region (split, fork, mremap); a task's goes to its children.
 *           A shared mapping's policy is the region's, not the file's: it rules what is faulted in there.
 * LOCKING   vma->vm_policy: mmap_lock.  A task changes its own, under mempolicy_lock, for others look.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_POLICY_MEMPOLICY_H
#define VELLUM_MM_POLICY_MEMPOLICY_H

#include "mm/phys/gfp.h"
#include "mm/phys/zone.h"

struct mempolicy {
	atomic_t refcnt;
	u16 mode;			/* (I) MPOL_* */
	u16 flags;			/* (I) MPOL_F_STATIC_NODES, MPOL_F_RELATIVE_NODES, MPOL_F_NUMA_BALANCING */
	nodemask_t nodes;		/* (I) that have memory */
	nodemask_t user_nodes;		/* (I) as asked for: with the first two flags they are told back */
	int home_node;			/* (I) bind, preferred_many: search from here; NUMA_NO_NODE */
};
#ifndef NUMA_NO_NODE
#define NUMA_NO_NODE	(-1)
#endif

/* NULL is the default policy, everywhere. */
static inline void mpol_get(struct mempolicy *pol)
{
	if (pol)
		atomic_inc(&pol->refcnt);
}
void __mpol_put(struct mempolicy *pol);
static inline void mpol_put(struct mempolicy *pol)
{
	if (pol && atomic_dec_and_test(&pol->refcnt))
		__mpol_put(pol);
}
bool __mpol_equal(const struct mempolicy *a, const struct mempolicy *b);
static __always_inline bool mpol_equal(const struct mempolicy *a, const struct mempolicy *b)
{
	return likely(a == b) || __mpol_equal(a, b);
}
/* A policy for (@mode with its flags, @nodes) in *pol, NULL for the default.  0, -EINVAL, -ENOMEM */
__must_check int mpol_new(unsigned mode, nodemask_t nodes, struct mempolicy **pol);
/* The task's policy, counted; any task. */
struct mempolicy *get_task_policy(struct task_base *task);
/* Is @task not bound to nodes outside @nodes? */
bool mempolicy_in_oom_domain(struct task_base *task, const nodemask_t *nodes);
/* "bind=static:0-1", as /proc shows it. */
int mpol_to_str(char *buf, int size, const struct mempolicy *pol);

/* ---- allocation ------------------------------------------------------------------------------ */

extern int mempolicy_in_use;	/* somebody set a policy, and there is more than one node with memory */
#define NO_INTERLEAVE_INDEX	(~0ul)

/* By @pol; @ilx is the page's number for interleaving. */
struct page *alloc_pages_mpol(gfp_t gfp, unsigned order, struct mempolicy *pol, unsigned long ilx);
struct page *alloc_page_vma_slow(gfp_t gfp, const struct vm_area_struct *vma, vaddr_t addr);
struct page *alloc_page_task_slow(gfp_t gfp);
/* Is memory for @vma had where the running hart is?  Then pages may come in blocks. */
bool vma_alloc_local(const struct vm_area_struct *vma);

/* A page to be mapped at @addr of @vma. */
static __always_inline struct page *alloc_page_vma(gfp_t gfp, const struct vm_area_struct *vma, vaddr_t addr)
{
	if (unlikely(mempolicy_in_use))
		return alloc_page_vma_slow(gfp, vma, addr);
	return alloc_page(gfp);
}

/* A page for a cached file, by the task's policy. */
static __always_inline struct page *page_cache_alloc(gfp_t gfp)
{
	if (unlikely(mempolicy_in_use))
		return alloc_page_task_slow(gfp);
	return alloc_page(gfp);
}

/* ---- for the calls ---------------------------------------------------------------------------- */

extern spinlock_t mempolicy_lock;
/* The running task's policy is @pol from now on; takes over the reference. */
void set_task_policy(struct mempolicy *pol);
/* The node that an interleaving task's next page without a place comes from. */
int mpol_next_interleave(const struct mempolicy *pol);

/* A node mask of @maxnode - 1 bits from user space; a node beyond what there can be is -EINVAL. */
__must_check int get_nodes(nodemask_t *nodes, const unsigned long __user *mask, unsigned long maxnode);

#endif
