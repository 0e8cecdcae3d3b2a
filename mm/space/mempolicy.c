/*
 * mm/space/mempolicy.c - NUMA policy calls: set_mempolicy, get_mempolicy, mbind, migrate and move pages.
 *
 * MODEL     A policy names a mode and nodes.  Arguments are checked as Linux checks them; a thread's policy
 *           is kept and told.  With one memory node every policy means the same allocation, so that
 *           accepting one is honouring it; with more, modes other than the default are refused.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/syscall.h"
#include "include/uaccess.h"
#include "include/uapi/mman.h"
#include "mm/phys/zone.h"
#include "mm/pt/walk.h"
#include "mm/space/mm.h"
#include "mm/space/mmap.h"
#include "mm/space/vma.h"

#define MAX_NODES_BITS	(PAGE_SIZE * 8)

/* A node mask of @maxnode - 1 bits from user space; bits above the nodes we can have must be 0. */
static int get_nodes(u64 *nodes, const unsigned long __user *mask, unsigned long maxnode)
{
	unsigned long word;

	*nodes = 0;
	if (maxnode)
		maxnode--;
	if (!maxnode || !mask)
		return 0;
	if (maxnode > MAX_NODES_BITS)
		return -EINVAL;
	for (unsigned long i = 0; i * 64 < maxnode; i++) {
		unsigned long left = maxnode - i * 64;

		if (get_user(word, mask + i))
			return -EFAULT;
		if (left < 64)
			word &= BIT(left) - 1;
		if (i == 0)
			*nodes = word;
		else if (word)
			return -EINVAL;
	}
	return 0;
}

static int put_nodes(unsigned long __user *mask, unsigned long maxnode, u64 nodes)
{
	unsigned long nr = (maxnode - 1 + 63) / 64;

	for (unsigned long i = 0; i < nr; i++)
		if (put_user(i ? 0ul : (unsigned long)nodes, mask + i))
			return -EFAULT;
	return 0;
}

/* Is (@mode, @nodes) a policy that can be had here?  0 or -errno */
static int policy_check(unsigned mode, u64 nodes)
{
	unsigned flags = mode & MPOL_MODE_FLAGS;
	u64 memory = node_memory_map.bits;

	mode &= ~MPOL_MODE_FLAGS;
	if (mode >= MPOL_MAX ||
	    (flags & (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES)) ==
	    (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES))
		return -EINVAL;
	if ((flags & MPOL_F_NUMA_BALANCING) && mode != MPOL_BIND)
		return -EINVAL;
	switch (mode) {
	case MPOL_DEFAULT:
	case MPOL_LOCAL:
		return nodes || (mode == MPOL_LOCAL && flags) ? -EINVAL : 0;
	case MPOL_PREFERRED:
		if (!nodes)
			return flags ? -EINVAL : 0;
		break;
	default:
		if (!nodes)
			return -EINVAL;
	}
	if (!(nodes & memory))
		return -EINVAL;
	return is_power_of_2(memory) ? 0 : -ENOSYS;
}

SYSCALL_DEFINE3(set_mempolicy, int, mode, const unsigned long __user *, mask, unsigned long, maxnode)
{
	struct task_base *me = current_base();
	u64 nodes;
	int rc = get_nodes(&nodes, mask, maxnode);

	if (!rc)
		rc = policy_check(mode, nodes);
	if (rc)
		return rc;
	me->mempolicy_mode = mode;
	me->mempolicy_nodes = nodes & node_memory_map.bits;
	return 0;
}

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
	pte = ptep ? pte_load(ptep) : (pte_t){ 0 };
	if (pte_present(pte))
		nid = page_to_nid(pfn_to_page(pte_pfn(pte)));
	mmap_read_unlock(mm);
	return nid;
}

static int mapped_or_efault(unsigned long addr)
{
	struct mm_struct *mm = current_base()->mm;
	int rc;

	mmap_read_lock(mm);
	rc = vma_lookup(mm, addr) ? 0 : -EFAULT;
	mmap_read_unlock(mm);
	return rc;
}

SYSCALL_DEFINE5(get_mempolicy, int __user *, policy, unsigned long __user *, mask,
		unsigned long, maxnode, unsigned long, addr, unsigned long, flags)
{
	struct task_base *me = current_base();
	int value = me->mempolicy_mode;
	u64 nodes = me->mempolicy_nodes;
	int rc;

	if ((flags & ~(unsigned long)(MPOL_F_NODE | MPOL_F_ADDR | MPOL_F_MEMS_ALLOWED)) ||
	    (mask && maxnode < MAX_NUMNODES))
		return -EINVAL;
	if (flags & MPOL_F_MEMS_ALLOWED) {
		if (flags & (MPOL_F_NODE | MPOL_F_ADDR))
			return -EINVAL;
		value = 0;
		nodes = node_memory_map.bits;
	} else if (flags & MPOL_F_ADDR) {
		rc = mapped_or_efault(addr);
		if (rc)
			return rc;
		if (flags & MPOL_F_NODE)
			value = node_of_address(addr);
		if (value < 0)
			return value;
	} else if (addr) {
		return -EINVAL;
	} else if (flags & MPOL_F_NODE) {
		return -EINVAL;			/* only an interleaving thread has a next node */
	}
	if (policy && put_user(value, policy))
		return -EFAULT;
	return mask ? put_nodes(mask, maxnode, nodes) : 0;
}

SYSCALL_DEFINE6(mbind, unsigned long, start, unsigned long, len, unsigned long, mode,
		const unsigned long __user *, mask, unsigned long, maxnode, unsigned, flags)
{
	struct mm_struct *mm = current_base()->mm;
	unsigned long end = start + PAGE_ALIGN(len);
	struct vm_area_struct *vma;
	u64 nodes;
	int rc = get_nodes(&nodes, mask, maxnode);

	if (rc)
		return rc;
	if (flags & ~(MPOL_MF_STRICT | MPOL_MF_MOVE | MPOL_MF_MOVE_ALL))
		return -EINVAL;
	if ((flags & MPOL_MF_MOVE_ALL) && !capable(23 /* CAP_SYS_NICE */))
		return -EPERM;
	if ((start & ~PAGE_MASK) || end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	rc = policy_check(mode, nodes);
	if (rc)
		return rc;
	mmap_read_lock(mm);
	for (vma = vma_lookup(mm, start); vma && vma->vm_end < end; vma = vma->vm_next)
		if (!vma->vm_next || vma->vm_next->vm_start != vma->vm_end)
			break;
	rc = vma && vma->vm_end >= end ? 0 : -EFAULT;
	mmap_read_unlock(mm);
	return rc;
}
