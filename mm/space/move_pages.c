/*
 * mm/space/move_pages.c - pages of a process to other nodes: move_pages, migrate_pages, and mbind's part.
 *
 * MODEL     Pages of a range are isolated in batches under mmap_lock, and moved when it is let go, so that nobody
 *           waits for the copying.  What changes in between changes: a page that left the range is moved
 *           all the same, which hurts nobody.
 * INVARIANTS
 *   B1  A batch holds pages that are isolated, with a reference each, and is given to migrate_pages() whole.
 *   B2  A page goes to a node that has memory.
 * LOCKING   mmap_lock (read) to look.
 * TESTS     test/user/t_numa.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/ptrace.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "include/uapi/errno.h"
#include "include/uapi/mman.h"
#include "mm/phys/page_alloc.h"
#include "mm/pt/walk.h"
#include "mm/reclaim/migrate.h"
#include "mm/space/move_pages.h"
#include "mm/space/mm.h"
#include "mm/region/vma.h"

#define BATCH		32u
#define CAP_SYS_NICE	23

/* Up-calls: kernel/task. */
struct task_struct *find_get_task(pid_t pid);
void put_task_struct(struct task_struct *t);

/* ---- batches --------------------------------------------------------------------------------- */

/* Which pages of a range are to move, and where to. */
struct mover {
	struct mm_struct *mm;
	nodemask_t from;		/* pages on these nodes */
	bool all;			/* those that others map too */
	struct migrate_target target;
	unsigned nr;
	struct page *page[BATCH];
	long failed;
};

/* Isolate what of [va, stop) is to move, until the batch is full; where it stopped. */
static vaddr_t pick_run(struct mover *mv, pte_t *ptep, vaddr_t va, vaddr_t stop)
{
	struct page *table = pt_page(ptep);

	INV(B1, mv->nr < BATCH && table->pt_mm == mv->mm);
	spin_lock(&table->ptl);
	for (; va != stop && mv->nr < BATCH; va += PAGE_SIZE, ptep++) {
		pte_t pte = pte_load(ptep);
		struct page *page;

		if (!pte_present(pte) || pte_special(pte))
			continue;
		page = pfn_to_page(pte_pfn(pte));
		if (!(mv->from.bits >> page_to_nid(page) & 1) || (!mv->all && page_mapcount(page) > 1))
			continue;
		if (isolate_movable_page(page))
			mv->page[mv->nr++] = page;
		else
			mv->failed++;
	}
	spin_unlock(&table->ptl);
	return va;
}

/* Fill the batch from [va, end); where it stopped. */
static vaddr_t pick_pages(struct mover *mv, vaddr_t va, vaddr_t end) REQUIRES_SHARED(mv->mm->mmap_lock)
{
	mmap_assert_locked(mv->mm);
	while (va < end && mv->nr < BATCH) {
		struct vm_area_struct *vma = find_vma_intersection(mv->mm, va, end);
		vaddr_t to, stop;
		pte_t *ptep;

		if (!vma)
			return end;
		va = max(va, vma->vm_start);
		to = min(end, vma->vm_end);
		if (!vma_migratable(vma)) {
			va = to;
			continue;
		}
		ptep = pt_next_run(mv->mm, &va, to, &stop);
		va = ptep ? pick_run(mv, ptep, va, stop) : to;
		cond_resched();
	}
	return va;
}

static long move_range(struct mover *mv, vaddr_t start, vaddr_t end)
{
	drain_local_pages(NULL);
	for (vaddr_t va = start; va < end; ) {
		mv->nr = 0;
		if (mmap_read_lock_killable(mv->mm))
			break;
		va = pick_pages(mv, va, end);
		mmap_read_unlock(mv->mm);
		mv->failed += migrate_pages(mv->page, mv->nr, &mv->target, NULL);
	}
	return mv->failed;
}

static struct page *alloc_by_policy(struct migrate_target *t, struct page *old)
{
	return alloc_pages_mpol(GFP_HIGHUSER_MOVABLE | __GFP_NOWARN, 0, t->arg, old->index);
}

static struct page *alloc_on_node(struct migrate_target *t, __maybe_unused struct page *old)
{
	return __alloc_pages(GFP_HIGHUSER_MOVABLE | __GFP_THISNODE | __GFP_NORETRY | __GFP_NOWARN, 0, t->nid, NULL);
}

long mbind_move(struct mm_struct *mm, vaddr_t start, vaddr_t end, nodemask_t nodes, struct mempolicy *pol,
		bool all)
{
	struct mover mv = {
		.mm = mm, .from.bits = ~nodes.bits, .all = all, .target = { .alloc = alloc_by_policy, .arg = pol },
	};

	return move_range(&mv, start, end);
}

/* ---- whose pages ----------------------------------------------------------------------------- */

/* The address space of @pid (0: ours), a user of it held.  0 or -errno */
static int find_space(pid_t pid, struct mm_struct **out)
{
	struct mm_struct *mm = current_base()->mm;
	struct task_struct *t;

	if (!pid) {
		*out = mm;
		mmget(mm);
		return 0;
	}
	t = find_get_task(pid);
	if (!t)
		return -ESRCH;
	mm = mm_access(t, PTRACE_MODE_READ_REALCREDS);
	put_task_struct(t);
	if (IS_ERR(mm))
		return PTR_ERR(mm) == -EACCES ? -EPERM : PTR_ERR(mm);
	if (!mm)
		return -EINVAL;
	*out = mm;
	return 0;
}

/* ---- migrate_pages --------------------------------------------------------------------------- */

static unsigned rank_of(nodemask_t m, int nid) { return __builtin_popcountl(m.bits & (BIT(nid) - 1)); }

/* The node of @to that stands where @nid stands in @from. */
static int remap_node(int nid, nodemask_t from, nodemask_t to)
{
	unsigned n = rank_of(from, nid) % __builtin_popcountl(to.bits);

	INV(B2, from.bits >> nid & 1 && to.bits && !(to.bits & ~node_memory_map.bits));
	while (n--)
		to.bits &= to.bits - 1;
	return __builtin_ctzl(to.bits);
}

/*
 * The next pair to move between: a source whose target is not a source that is still to be emptied, so
 * that pages are not moved twice; else any.  False: no pair is left.
 */
static bool next_pair(nodemask_t *todo, nodemask_t from, nodemask_t to, int *source, int *dest)
{
	*source = -1;
	for (unsigned long m = todo->bits; m; m &= m - 1) {
		int s = __builtin_ctzl(m), d = remap_node(s, from, to);

		/* Equal numbers of nodes, or a source that no one moves to: else pages stay where they may be. */
		if (__builtin_popcountl(from.bits) != __builtin_popcountl(to.bits) && to.bits >> s & 1)
			continue;
		if (s == d)
			continue;
		*source = s;
		*dest = d;
		if (!(todo->bits >> d & 1))
			break;
	}
	if (*source >= 0)
		todo->bits &= ~BIT(*source);
	return *source >= 0;
}

static long do_migrate_pages(struct mm_struct *mm, nodemask_t from, nodemask_t to, bool all)
{
	nodemask_t todo = from;
	int source, dest;
	long failed = 0;

	while (next_pair(&todo, from, to, &source, &dest)) {
		struct mover mv = {
			.mm = mm, .from.bits = BIT(source), .all = all,
			.target = { .alloc = alloc_on_node, .nid = dest },
		};

		failed += move_range(&mv, 0, task_size);
	}
	return failed;
}

SYSCALL_DEFINE4(migrate_pages, pid_t, pid, unsigned long, maxnode, const unsigned long __user *, old_nodes,
		const unsigned long __user *, new_nodes)
{
	nodemask_t from, to;
	struct mm_struct *mm;
	long rc = get_nodes(&from, old_nodes, maxnode);

	if (!rc)
		rc = get_nodes(&to, new_nodes, maxnode);
	if (!rc)
		rc = find_space(pid, &mm);
	if (rc)
		return rc;
	if (to.bits & ~node_memory_map.bits && !capable(CAP_SYS_NICE))
		rc = -EPERM;
	to.bits &= node_memory_map.bits;
	if (!rc && !to.bits)
		rc = -EINVAL;
	if (!rc)
		rc = do_migrate_pages(mm, from, to, capable(CAP_SYS_NICE));
	mmput(mm);
	return rc;
}

/* ---- move_pages ------------------------------------------------------------------------------ */

/* The page that @mm shows at @va, not referenced: a hint.  0, -EFAULT, -ENOENT. */
static int page_at(struct mm_struct *mm, vaddr_t va, struct page **page) REQUIRES_SHARED(mm->mmap_lock)
{
	struct vm_area_struct *vma = vma_lookup(mm, va);
	pte_t *ptep, pte;

	if (!vma || !vma_migratable(vma))
		return -EFAULT;
	ptep = pt_lookup(mm, va);
	pte = ptep ? pte_load(ptep) : pte_empty();
	if (!pte_present(pte))
		return -ENOENT;
	if (pte_special(pte))
		return -EFAULT;		/* the zero page is nobody's */
	*page = pfn_to_page(pte_pfn(pte));
	return 0;
}

static int node_at(struct mm_struct *mm, vaddr_t va)
{
	struct page *page;
	int rc;

	mmap_read_lock(mm);
	rc = page_at(mm, va, &page);
	if (!rc)
		rc = page_to_nid(page);
	mmap_read_unlock(mm);
	return rc;
}

/* What becomes of one page: its node, or -errno. */
static int move_one(struct mm_struct *mm, vaddr_t va, bool all, struct migrate_target *t)
{
	struct page *page;
	int rc, status = 0;

	mmap_read_lock(mm);
	rc = page_at(mm, va, &page);
	if (!rc && (int)page_to_nid(page) != t->nid) {
		if (page_mapcount(page) > 1 && !all)
			rc = -EACCES;
		else if (!isolate_movable_page(page))
			rc = -EBUSY;
		else
			rc = 1;
	}
	mmap_read_unlock(mm);
	if (rc == 1) {
		migrate_pages(&page, 1, t, &status);
		rc = status;
	}
	return rc ? rc : t->nid;
}

static bool node_valid(int nid)
{
	return nid >= 0 && nid < MAX_NUMNODES && node_memory_map.bits >> nid & 1;
}

/* 0, the number of pages that were in the way of nothing but themselves, or -errno for a bad argument. */
static long do_move_pages(struct mm_struct *mm, unsigned long nr, const void __user *__user *pages,
			  const int __user *nodes, int __user *status, unsigned flags)
{
	struct migrate_target t = { .alloc = alloc_on_node };
	long rc = 0, busy = 0;

	for (unsigned long i = 0; i < nr && rc >= 0; i++) {
		unsigned long addr;
		int got, nid;

		rc = -EFAULT;
		if (get_user(addr, (const unsigned long __user *)pages + i) || get_user(nid, nodes + i))
			break;
		rc = -ENODEV;
		if (!node_valid(nid))
			break;
		t.nid = nid;
		got = move_one(mm, addr & PAGE_MASK, flags & MPOL_MF_MOVE_ALL, &t);
		busy += got == -EBUSY || got == -ENOMEM;
		rc = put_user(got, status + i) ? -EFAULT : 0;
		if (cond_resched_killable())
			rc = -EINTR;
	}
	return rc < 0 ? rc : busy;
}

static long do_pages_stat(struct mm_struct *mm, unsigned long nr, const void __user *__user *pages,
			  int __user *status)
{
	for (unsigned long i = 0; i < nr; i++) {
		unsigned long addr;

		if (get_user(addr, (const unsigned long __user *)pages + i) ||
		    put_user(node_at(mm, addr & PAGE_MASK), status + i))
			return -EFAULT;
		if (cond_resched_killable())
			return -EINTR;
	}
	return 0;
}

SYSCALL_DEFINE6(move_pages, pid_t, pid, unsigned long, nr, const void __user *__user *, pages,
		const int __user *, nodes, int __user *, status, int, flags)
{
	struct mm_struct *mm;
	long rc;

	if (flags & ~(MPOL_MF_MOVE | MPOL_MF_MOVE_ALL))
		return -EINVAL;
	if ((flags & MPOL_MF_MOVE_ALL) && !capable(CAP_SYS_NICE))
		return -EPERM;
	rc = find_space(pid, &mm);
	if (rc)
		return rc;
	rc = nodes ? do_move_pages(mm, nr, pages, nodes, status, flags) : do_pages_stat(mm, nr, pages, status);
	mmput(mm);
	return rc;
}
