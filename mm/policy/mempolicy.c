/*
 * mm/policy/mempolicy.c - NUMA policies: making, comparing, printing them; allocating by them.
 *
 * MODEL     With static flags the nodes are taken as they are, with relative ones as the n-th of the nodes
 *           that have memory (folded around); no node with memory left is -EINVAL.
 * INVARIANTS
 *   P1  A policy has nodes, which have memory; MPOL_LOCAL has none.
 *   P2  A policy is freed by who dropped its last reference.
 * LOCKING   mempolicy_lock: task->mempolicy of other tasks.
 * COST      No policy set since boot, or one node: one load and one branch in the fault path.
 * TESTS     test/user/t_numa.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/policy/mempolicy.h"
#include "include/uaccess.h"
#include "include/uapi/errno.h"
#include "include/uapi/mman.h"
#include "lib/printk.h"
#include "mm/phys/page_alloc.h"
#include "mm/slab/slab.h"

int mempolicy_in_use;
DEFINE_SPINLOCK(mempolicy_lock, RANK_SWAP);

/* ---- node masks ------------------------------------------------------------------------------ */

static unsigned nodes_weight(nodemask_t m) { return __builtin_popcountl(m.bits); }
static int first_node(nodemask_t m) { return __builtin_ctzl(m.bits); }

/* The @n-th node of @m, counted from 0; @n is less than its weight. */
static int nth_node(nodemask_t m, unsigned n)
{
	INV(P1, n < nodes_weight(m));
	while (n--)
		m.bits &= m.bits - 1;
	return first_node(m);
}

/* The next node of @m after @n, around. */
static int next_node_in(int n, nodemask_t m)
{
	unsigned long above = n < 63 ? m.bits & (~0ul << (n + 1)) : 0;

	INV(P1, m.bits);
	return __builtin_ctzl(above ? above : m.bits);
}

/* Node n of @rel stands for the n-th node of @in, folded. */
static nodemask_t relative_nodes(nodemask_t rel, nodemask_t in)
{
	unsigned w = nodes_weight(in);
	nodemask_t out = { 0 };

	for (; rel.bits; rel.bits &= rel.bits - 1)
		out.bits |= 1ul << nth_node(in, first_node(rel) % w);
	return out;
}

/* ---- objects --------------------------------------------------------------------------------- */

void __mpol_put(struct mempolicy *pol)
{
	INV(P2, !atomic_read(&pol->refcnt));
	kfree(pol);
}

bool __mpol_equal(const struct mempolicy *a, const struct mempolicy *b)
{
	return a && b && a->mode == b->mode && a->flags == b->flags && a->home_node == b->home_node &&
	       a->nodes.bits == b->nodes.bits && a->user_nodes.bits == b->user_nodes.bits;
}

/* Which modes need nodes, and which must not have any.  *mode may change. */
static int mode_check(unsigned *mode, unsigned flags, nodemask_t nodes)
{
	unsigned place = flags & (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES);

	switch (*mode) {
	case MPOL_DEFAULT:
		return nodes.bits ? -EINVAL : 0;
	case MPOL_PREFERRED:
		if (nodes.bits)
			return 0;
		*mode = MPOL_LOCAL;
		return place ? -EINVAL : 0;
	case MPOL_LOCAL:
		return nodes.bits || place ? -EINVAL : 0;
	default:
		return nodes.bits ? 0 : -EINVAL;
	}
}

int mpol_new(unsigned mode, nodemask_t nodes, struct mempolicy **out)
{
	unsigned flags = mode & MPOL_MODE_FLAGS;
	nodemask_t memory = node_memory_map, allowed;
	struct mempolicy *pol;
	int rc;

	mode &= ~MPOL_MODE_FLAGS;
	rc = mode_check(&mode, flags, nodes);
	if (rc)
		return rc;
	*out = NULL;
	if (mode == MPOL_DEFAULT)
		return 0;
	allowed.bits = nodes.bits & memory.bits;
	if (flags & MPOL_F_RELATIVE_NODES)
		allowed = relative_nodes(nodes, memory);
	if (mode != MPOL_LOCAL && !allowed.bits)
		return -EINVAL;
	if (mode == MPOL_PREFERRED)
		allowed.bits &= -allowed.bits;
	pol = kzalloc(sizeof(*pol), GFP_KERNEL);
	if (!pol)
		return -ENOMEM;
	atomic_set(&pol->refcnt, 1);
	pol->mode = mode;
	pol->flags = flags;
	pol->nodes = allowed;
	pol->user_nodes = nodes;
	pol->home_node = NUMA_NO_NODE;
	INV(P1, !allowed.bits == (mode == MPOL_LOCAL) && !(allowed.bits & ~memory.bits));
	if (!is_power_of_2(memory.bits))
		WRITE_ONCE(mempolicy_in_use, 1);
	*out = pol;
	return 0;
}

struct mempolicy *get_task_policy(struct task_base *task)
{
	struct mempolicy *pol;

	spin_lock(&mempolicy_lock);
	pol = task->mempolicy;
	INV(P2, !pol || atomic_read(&pol->refcnt) > 0);
	mpol_get(pol);
	spin_unlock(&mempolicy_lock);
	return pol;
}

bool mempolicy_in_oom_domain(struct task_base *task, const nodemask_t *nodes)
{
	struct mempolicy *pol;
	bool in;

	spin_lock(&mempolicy_lock);
	pol = task->mempolicy;
	in = !pol || pol->mode != MPOL_BIND || pol->nodes.bits & nodes->bits;
	spin_unlock(&mempolicy_lock);
	return in;
}

void set_task_policy(struct mempolicy *pol)
{
	struct task_base *me = current_base();
	struct mempolicy *old = me->mempolicy;

	INV(P2, !pol || pol != old);
	spin_lock(&mempolicy_lock);
	me->mempolicy = pol;
	spin_unlock(&mempolicy_lock);
	if (pol && (pol->mode == MPOL_INTERLEAVE || pol->mode == MPOL_WEIGHTED_INTERLEAVE))
		me->il_prev = MAX_NUMNODES - 1;
	mpol_put(old);
}

int mpol_next_interleave(const struct mempolicy *pol)
{
	return next_node_in(current_base()->il_prev, pol->nodes);
}

int mpol_to_str(char *buf, int size, const struct mempolicy *pol)
{
	static const char *const names[MPOL_MAX] = {
		"default", "prefer", "bind", "interleave", "local", "prefer (many)", "weighted interleave",
	};
	nodemask_t nodes = pol ? pol->nodes : (nodemask_t){ 0 };
	int len = scnprintf(buf, size, "%s", names[pol ? pol->mode : MPOL_DEFAULT]);

	if (pol && pol->flags & MPOL_F_STATIC_NODES)
		len += scnprintf(buf + len, size - len, "=static");
	else if (pol && pol->flags & MPOL_F_RELATIVE_NODES)
		len += scnprintf(buf + len, size - len, "=relative");
	if (nodes.bits)
		len += scnprintf(buf + len, size - len, ":%*pbl", 64, &nodes);
	return len;
}

/* ---- allocation ------------------------------------------------------------------------------ */

static struct page *alloc_interleaved(gfp_t gfp, unsigned order, struct mempolicy *pol, unsigned long ilx)
{
	struct task_base *me = current_base();
	struct page *page;
	int nid;

	if (ilx == NO_INTERLEAVE_INDEX)
		me->il_prev = nid = next_node_in(me->il_prev, pol->nodes);
	else
		nid = nth_node(pol->nodes, ilx % nodes_weight(pol->nodes));
	INV(P1, nid < MAX_NUMNODES && pol->nodes.bits >> nid & 1);
	page = __alloc_pages(gfp, order, nid, NULL);
	if (page && (int)page_to_nid(page) == nid)
		page_pgdat(page)->hart_stat[this_hart()]->numa[page_zonenum(page)][NUMA_INTERLEAVE_HIT]++;
	return page;
}

/* Those nodes first, without effort; then anywhere. */
static struct page *alloc_preferred_many(gfp_t gfp, unsigned order, int nid, struct mempolicy *pol)
{
	struct page *page = __alloc_pages((gfp | __GFP_NOWARN) & ~(__GFP_DIRECT_RECLAIM | __GFP_NOFAIL), order,
					  nid, &pol->nodes);

	return page ? page : __alloc_pages(gfp, order, nid, NULL);
}

struct page *alloc_pages_mpol(gfp_t gfp, unsigned order, struct mempolicy *pol, unsigned long ilx)
{
	int nid = numa_node_id();

	INV(P2, !pol || atomic_read(&pol->refcnt) > 0);
	if (!pol)
		return alloc_pages(gfp, order);
	switch (pol->mode) {
	case MPOL_PREFERRED:
		return __alloc_pages(gfp, order, first_node(pol->nodes), NULL);
	case MPOL_BIND:
		return __alloc_pages(gfp, order, pol->home_node >= 0 ? pol->home_node : nid, &pol->nodes);
	case MPOL_PREFERRED_MANY:
		return alloc_preferred_many(gfp, order, pol->home_node >= 0 ? pol->home_node : nid, pol);
	case MPOL_INTERLEAVE:
	case MPOL_WEIGHTED_INTERLEAVE:
		return alloc_interleaved(gfp, order, pol, ilx);
	default:
		return alloc_pages(gfp, order);
	}
}

static struct mempolicy *vma_policy(const struct vm_area_struct *vma)
{
	return vma->vm_policy ? vma->vm_policy : current_base()->mempolicy;
}

struct page *alloc_page_vma_slow(gfp_t gfp, const struct vm_area_struct *vma, vaddr_t addr)
{
	return alloc_pages_mpol(gfp, 0, vma_policy(vma), linear_page_index(vma, addr));
}

struct page *alloc_page_task_slow(gfp_t gfp)
{
	return alloc_pages_mpol(gfp, 0, current_base()->mempolicy, NO_INTERLEAVE_INDEX);
}

bool vma_alloc_local(const struct vm_area_struct *vma)
{
	const struct mempolicy *pol = vma_policy(vma);

	return !pol || pol->mode == MPOL_LOCAL;
}

/* ---- from user space ------------------------------------------------------------------------ */

int get_nodes(nodemask_t *nodes, const unsigned long __user *mask, unsigned long maxnode)
{
	unsigned long word;

	nodes->bits = 0;
	maxnode--;
	if (!maxnode || !mask)
		return 0;
	if (maxnode > PAGE_SIZE * 8)
		return -EINVAL;
	for (unsigned long i = 0; i * 64 < maxnode; i++) {
		unsigned long left = maxnode - i * 64;

		if (get_user(word, mask + i))
			return -EFAULT;
		if (left < 64)
			word &= BIT(left) - 1;
		if (i == 0)
			nodes->bits = word;
		else if (word)
			return -EINVAL;
	}
	return 0;
}
