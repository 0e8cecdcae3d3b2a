/*
 * mm/space/mempolicy_calls.c - set_mempolicy, get_mempolicy, mbind, set_mempolicy_home_node.
 *
 * MODEL     Arguments are checked in Linux's order, so that of two mistakes the same one is told.
 * INVARIANTS
 *   P1, P2 of mm/policy/mempolicy.c: a region holds a reference to its policy.
 * LOCKING   mbind: mmap_lock for writing while policies change; none while pages move.
 * FAILURE   mbind stops at the region that it could not split; those before it have the policy.
 * TESTS     test/user/t_numa.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/space/move_pages.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "include/uapi/mman.h"
#include "mm/entry/entry.h"
#include "mm/pt/walk.h"
#include "mm/slab/slab.h"
#include "mm/space/mm.h"
#include "mm/space/mmap.h"
#include "mm/region/vma.h"

#define CAP_SYS_NICE	23

/* ---- arguments ------------------------------------------------------------------------------- */

static int put_nodes(unsigned long __user *mask, unsigned long maxnode, nodemask_t nodes)
{
	unsigned long nr = (maxnode - 1 + 63) / 64;

	if (nr > PAGE_SIZE / 8)
		return -EINVAL;
	for (unsigned long i = 0; i < nr; i++)
		if (put_user(i ? 0ul : nodes.bits, mask + i))
			return -EFAULT;
	return 0;
}

static int mode_valid(unsigned mode)
{
	unsigned flags = mode & MPOL_MODE_FLAGS;

	mode &= ~MPOL_MODE_FLAGS;
	if (mode >= MPOL_MAX ||
	    (flags & (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES)) ==
	    (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES))
		return -EINVAL;
	if ((flags & MPOL_F_NUMA_BALANCING) && mode != MPOL_BIND && mode != MPOL_PREFERRED_MANY)
		return -EINVAL;
	return 0;
}

/* ---- the task's policy ----------------------------------------------------------------------- */

SYSCALL_DEFINE3(set_mempolicy, int, mode, const unsigned long __user *, mask, unsigned long, maxnode)
{
	struct mempolicy *pol;
	nodemask_t nodes;
	int rc = mode_valid(mode);

	if (!rc)
		rc = get_nodes(&nodes, mask, maxnode);
	if (!rc)
		rc = mpol_new(mode, nodes, &pol);
	if (!rc)
		set_task_policy(pol);
	return rc;
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* The node of the page at @addr, faulted in if it must be; or -errno. */
static int node_of_address(unsigned long addr)
{
	struct mm_struct *mm = current_base()->mm;
	int nid = -EFAULT;
	char c;
	pte_t *ptep, pte;

	if (copy_from_user(&c, (char __user *)addr, 1))
		return -EFAULT;
	mmap_read_lock(mm);
	ptep = pt_lookup(mm, addr);
	pte = ptep ? pte_load(ptep) : pte_empty();
	if (pte_present(pte) && (!pte_special(pte) || pte_pfn(pte) == zero_pfn))	/* not a device's frame */
		nid = page_to_nid(pfn_to_page(pte_pfn(pte)));
	mmap_read_unlock(mm);
	return nid;
}

/* The policy of the region of @addr, counted, in *pol; NULL: it has none of its own.  0 or -EFAULT */
static int policy_of_address(unsigned long addr, struct mempolicy **pol)
{
	struct mm_struct *mm = current_base()->mm;
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	*pol = vma ? vma->vm_policy : NULL;
	mpol_get(*pol);
	mmap_read_unlock(mm);
	return vma ? 0 : -EFAULT;
}

/* What get_mempolicy() tells of @pol (NULL: the default); *value, or -errno. */
static int policy_value(const struct mempolicy *pol, unsigned long addr, unsigned long flags)
{
	if (!(flags & MPOL_F_NODE))
		return pol ? pol->mode | pol->flags : MPOL_DEFAULT;
	if (flags & MPOL_F_ADDR)
		return node_of_address(addr);
	if (pol && (pol->mode == MPOL_INTERLEAVE || pol->mode == MPOL_WEIGHTED_INTERLEAVE))
		return mpol_next_interleave(pol);
	return -EINVAL;			/* only an interleaving task has a next node */
}

static nodemask_t policy_nodes(const struct mempolicy *pol)
{
	if (!pol || pol->mode == MPOL_LOCAL)
		return (nodemask_t){ 0 };
	return pol->flags & (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES) ? pol->user_nodes : pol->nodes;
}

static int do_get_mempolicy(unsigned long addr, unsigned long flags, int *value, nodemask_t *nodes)
{
	struct mempolicy *pol;
	int rc = 0;

	if (flags & ~(unsigned long)(MPOL_F_NODE | MPOL_F_ADDR | MPOL_F_MEMS_ALLOWED))
		return -EINVAL;
	if (flags & MPOL_F_MEMS_ALLOWED) {
		*value = 0;
		*nodes = node_memory_map;
		return flags & (MPOL_F_NODE | MPOL_F_ADDR) ? -EINVAL : 0;
	}
	if (flags & MPOL_F_ADDR)
		rc = policy_of_address(addr, &pol);
	else if (addr)
		return -EINVAL;
	else
		pol = get_task_policy(current_base());
	if (rc)
		return rc;
	rc = policy_value(pol, addr, flags);
	*value = rc;
	*nodes = policy_nodes(pol);
	mpol_put(pol);
	return min(rc, 0);
}

SYSCALL_DEFINE5(get_mempolicy, int __user *, policy, unsigned long __user *, mask,
		unsigned long, maxnode, unsigned long, addr, unsigned long, flags)
{
	nodemask_t nodes;
	int value, rc;

	if (mask && maxnode < nr_node_ids)
		return -EINVAL;
	rc = do_get_mempolicy(addr, flags, &value, &nodes);
	if (rc)
		return rc;
	if (policy && put_user(value, policy))
		return -EFAULT;
	return mask ? put_nodes(mask, maxnode, nodes) : 0;
}

/* ---- regions' policies ----------------------------------------------------------------------- */

/* Give [@start, @end) of *pvma the policy @pol; *pvma is the region that has it.  => mmap_lock (write) */
static int mbind_region(struct vm_area_struct **pvma, unsigned long start, unsigned long end,
			struct mempolicy *pol)
{
	struct vm_area_struct *vma = *pvma;
	struct mempolicy *old;
	int rc;

	mmap_assert_write_locked(vma->vm_mm);
	if (mpol_equal(vma->vm_policy, pol))
		return 0;
	rc = vma_modify_policy(pvma, vma->vm_prev, start, end, pol);
	if (rc)
		return rc;
	INV(V1, (*pvma)->vm_start <= start && end <= (*pvma)->vm_end);
	old = (*pvma)->vm_policy;
	INV(P2, !old || atomic_read(&old->refcnt) > 0);
	mpol_get(pol);
	vma_start_write(*pvma);
	(*pvma)->vm_policy = pol;
	mpol_put(old);
	return 0;
}

static int mbind_range(struct mm_struct *mm, unsigned long start, unsigned long end, struct mempolicy *pol)
	REQUIRES(mm->mmap_lock)
{
	struct vm_area_struct *vma;
	int rc = 0;

	for (vma = find_vma(mm, start); vma && vma->vm_start < end && !rc; vma = vma->vm_next) {
		rc = mbind_region(&vma, max(vma->vm_start, start), min(vma->vm_end, end), pol);
		cond_resched();
	}
	return rc;
}

/* Is all of [@start, @end) mapped; for the default policy: is any of it? */
static int range_mapped(struct mm_struct *mm, unsigned long start, unsigned long end, bool holes_allowed)
	REQUIRES_SHARED(mm->mmap_lock)
{
	struct vm_area_struct *vma = find_vma_intersection(mm, start, end);

	if (!vma || holes_allowed)
		return vma ? 0 : -EFAULT;
	for (; vma && vma->vm_start <= start && start < end; vma = vma->vm_next)
		start = vma->vm_end;
	return start >= end ? 0 : -EFAULT;
}

static int misplaced_ptes(struct pt_walk *w, pte_t *ptep, vaddr_t va, vaddr_t end)
{
	const nodemask_t *nodes = w->private_data;

	for (; va != end; va += PAGE_SIZE, ptep++) {
		pte_t pte = pte_load(ptep);

		if (pte_present(pte) && !pte_special(pte) &&
		    !(nodes->bits >> page_to_nid(pfn_to_page(pte_pfn(pte))) & 1))
			return 1;
	}
	return 0;
}

/* Is a page of the range on none of @nodes? */
static bool any_misplaced(struct mm_struct *mm, unsigned long start, unsigned long end, nodemask_t nodes)
{
	struct pt_walk w = { .mm = mm, .ptes = misplaced_ptes, .private_data = &nodes };

	return pt_walk_range(&w, start, end);
}

static long do_mbind(unsigned long start, unsigned long end, struct mempolicy *pol, nodemask_t nodes,
		     unsigned flags)
{
	struct mm_struct *mm = current_base()->mm;
	bool move = flags & (MPOL_MF_MOVE | MPOL_MF_MOVE_ALL);
	long rc = mmap_write_lock_killable(mm), left;

	if (rc)
		return rc;
	rc = range_mapped(mm, start, end, !pol);
	if (!rc && (flags & MPOL_MF_STRICT) && !move && any_misplaced(mm, start, end, nodes))
		rc = -EIO;
	if (!rc)
		rc = mbind_range(mm, start, end, pol);
	mmap_write_unlock(mm);
	if (rc || !move)
		return rc;
	left = mbind_move(mm, start, end, nodes, pol, flags & MPOL_MF_MOVE_ALL);
	if (left < 0)
		return left;
	return left && (flags & MPOL_MF_STRICT) ? -EIO : 0;
}

SYSCALL_DEFINE6(mbind, unsigned long, start, unsigned long, len, unsigned long, mode,
		const unsigned long __user *, mask, unsigned long, maxnode, unsigned, flags)
{
	unsigned long end = start + PAGE_ALIGN(len);
	struct mempolicy *pol;
	nodemask_t nodes;
	long rc = mode_valid(mode);

	if (!rc)
		rc = get_nodes(&nodes, mask, maxnode);
	if (rc)
		return rc;
	if (flags & ~(MPOL_MF_STRICT | MPOL_MF_MOVE | MPOL_MF_MOVE_ALL))
		return -EINVAL;
	if ((flags & MPOL_MF_MOVE_ALL) && !capable(CAP_SYS_NICE))
		return -EPERM;
	if ((start & ~PAGE_MASK) || end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	if ((mode & ~(unsigned long)MPOL_MODE_FLAGS) == MPOL_DEFAULT)
		flags &= ~MPOL_MF_STRICT;
	rc = mpol_new(mode, nodes, &pol);
	if (rc)
		return rc;
	rc = do_mbind(start, end, pol, nodes, flags);
	mpol_put(pol);
	return rc;
}

/* => mmap_lock (write) */
static int set_home_node(struct vm_area_struct **vma, unsigned long start, unsigned long end, int nid)
{
	struct mempolicy *old = (*vma)->vm_policy, *pol;
	int rc;

	if (!old)
		return 0;
	if (old->mode != MPOL_BIND && old->mode != MPOL_PREFERRED_MANY)
		return -EOPNOTSUPP;
	pol = kmemdup(old, sizeof(*old), GFP_KERNEL);
	if (!pol)
		return -ENOMEM;
	atomic_set(&pol->refcnt, 1);
	pol->home_node = nid;
	rc = mbind_region(vma, start, end, pol);
	mpol_put(pol);
	return rc;
}

SYSCALL_DEFINE4(set_mempolicy_home_node, unsigned long, start, unsigned long, len, unsigned long, home_node,
		unsigned long, flags)
{
	struct mm_struct *mm = current_base()->mm;
	unsigned long end = start + PAGE_ALIGN(len);
	struct vm_area_struct *vma;
	int rc = -ENOENT;

	if ((start & ~PAGE_MASK) || flags || home_node >= MAX_NUMNODES ||
	    !(node_online_map.bits >> home_node & 1) || end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	mmap_write_lock(mm);
	for (vma = find_vma(mm, start); vma && vma->vm_start < end; vma = vma->vm_next) {
		rc = set_home_node(&vma, max(vma->vm_start, start), min(vma->vm_end, end), home_node);
		if (rc)
			break;
		cond_resched();
	}
	mmap_write_unlock(mm);
	return rc;
}
