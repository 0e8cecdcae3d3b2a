/*
 * mm/space/mm.c - address spaces: birth, copying, death.
 *
 * MODEL     mm_alloc (exec) and dup_mm (fork) make one; mmget/mmput count its users; the last mmput
 *           tears regions and pages down (exit_mmap) and drops the users' common reference; the last
 *           mmdrop frees the root table and the struct.  Between the two, kernel threads may still
 *           run on its tables.
 * INVARIANTS
 *   M1  A space is torn down when its last user has left, once.
 *   M2  Its figures are the sums over its regions from its first to its last (A3 of mm/policy/account.c).
 *   M3  A torn-down space has no region, no table but its root, and no page that counts.
 * LOCKING   mmap_lock of the parent and the locks of its regions, then mmap_lock of the child (nested: the
 *           child's is not reachable yet).
 * FAILURE   dup_mmap stops at the region it could not copy; the child is a correct smaller space,
 *           which mmput() ends.
 * COST      exit_mmap: one gather, one flush.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/space/mm.h"
#include "include/fs.h"
#include "include/userfaultfd_k.h"
#include "lib/string.h"
#include "mm/cache/pagemap.h"
#include "mm/rmap/vma_prio_tree.h"
#include "mm/pt/flush.h"
#include "mm/pt/pgalloc.h"
#include "mm/slab/slab.h"
#include "mm/policy/account.h"
#include "mm/fault/fault.h"
#include "mm/space/mmap.h"
#include "mm/region/vma.h"
#include "mm/rmap/anon_vma.h"

static struct kmem_cache *mm_cachep;
LIST_HEAD(mm_list);
DEFINE_SPINLOCK(mm_list_lock, RANK_FILES);

void mm_init_space(void)
{
	mm_cachep = kmem_cache_create("mm_struct", mm_struct_size(), __alignof__(struct mm_struct),
				      SLAB_PANIC | SLAB_ACCOUNT | SLAB_HWCACHE_ALIGN, NULL);
	anon_vma_init();
}

/* Locks, counts and an empty root; what else a new space starts with is zero. */
static bool mm_setup(struct mm_struct *mm)
{
	static u64 last_id;		/* (mm_list_lock) */

	mm->pgd = pgd_alloc();
	if (!mm->pgd)
		return false;
	atomic_set(&mm->mm_users, 1);
	atomic_set(&mm->mm_count, 1);
	init_rwsem(&mm->mmap_lock, RANK_MMAP);
	init_waitqueue_head(&mm->vma_writer_wait);
	mm->nr_detached = 1;
	mutex_init(&mm->rseq.lock, RANK_SLEEP_LEAF);
	INIT_LIST_HEAD(&mm->rseq.tasks);
	spin_lock(&mm_list_lock);
	list_add_tail(&mm->mm_list, &mm_list);
	mm->id = ++last_id;
	spin_unlock(&mm_list_lock);
	return true;
}

struct mm_struct *mm_alloc(void)
{
	struct mm_struct *mm = kmem_cache_zalloc(mm_cachep, GFP_KERNEL);

	if (!mm)
		return NULL;
	if (!mm_setup(mm)) {
		kmem_cache_free(mm_cachep, mm);
		return NULL;
	}
	mm->task_size = task_size;
	mm->mmap_base = mmap_default_window() / 3 * 2;
	if (current_base()->mm)			/* exec */
		mm->prctl_flags = prctl_flags_inherited(current_base()->mm->prctl_flags);
	return mm;
}

void __mmdrop(struct mm_struct *mm)
{
	ASSERT(mm != &init_mm && !mm->map_count);
	INV(M3, !mm->mmap && !mm_pgtables_bytes(mm) && !atomic_read(&mm->tlb_flush_pending));
	INV(M1, !atomic_read(&mm->mm_users) && !rwsem_is_locked(&mm->mmap_lock));
	pgd_free(mm->pgd);
	kmem_cache_free(mm_cachep, mm);
}

void mmput(struct mm_struct *mm)
{
	might_sleep();
	INV(M1, atomic_read(&mm->mm_users) > 0 && atomic_read(&mm->mm_count) > 0);
	if (!atomic_dec_and_test(&mm->mm_users))
		return;
	exit_mmap(mm);
	__atomic_fetch_or(&mm->oom_flags, MMF_OOM_SKIP, __ATOMIC_RELAXED);	/* its memory is free */
	set_mm_exe_file(mm, NULL);
	spin_lock(&mm_list_lock);
	list_del(&mm->mm_list);
	spin_unlock(&mm_list_lock);
	mmdrop(mm);
}

/* A program that runs is not written to (ETXTBSY): each address space denies it for its own. */
static struct file *exe_get(struct file *file)
{
	if (file->f_inode)
		atomic_dec(&file->f_inode->i_writecount);
	return get_file(file);
}

static void exe_put(struct file *file)
{
	if (file->f_inode)
		atomic_inc(&file->f_inode->i_writecount);
	fput(file);
}

struct file *get_mm_exe_file(struct mm_struct *mm)
{
	struct file *file;

	mmap_read_lock(mm);
	file = mm->exe_file;
	if (file)
		get_file(file);
	mmap_read_unlock(mm);
	return file;
}

void set_mm_exe_file(struct mm_struct *mm, struct file *file)
{
	struct file *old;

	if (file)
		exe_get(file);
	mmap_write_lock(mm);
	old = mm->exe_file;
	mm->exe_file = file;
	mmap_write_unlock(mm);
	if (old)
		exe_put(old);
}

/* ---- fork ------------------------------------------------------------------------------------ */

/* What the child takes over from the parent besides regions: layout and names, no figures. */
static void mm_copy_layout(struct mm_struct *mm, const struct mm_struct *old)
{
	mm->task_size = old->task_size;
	mm->mmap_base = old->mmap_base;
	mm->mmap_legacy = old->mmap_legacy;
	mm->start_code = old->start_code;
	mm->end_code = old->end_code;
	mm->start_data = old->start_data;
	mm->end_data = old->end_data;
	mm->start_brk = old->start_brk;
	mm->brk = old->brk;
	mm->start_stack = old->start_stack;
	mm->arg_start = old->arg_start;
	mm->arg_end = old->arg_end;
	mm->env_start = old->env_start;
	mm->env_end = old->env_end;
	memcpy(mm->saved_auxv, old->saved_auxv, sizeof(mm->saved_auxv));
	mm->vdso = old->vdso;
	mm->coredump_filter = READ_ONCE(old->coredump_filter);
	set_dumpable(mm, get_dumpable(old));
	mm->membarrier_state = READ_ONCE(old->membarrier_state);
	mm->prctl_flags = prctl_flags_inherited(old->prctl_flags);
	mm->icache_ctx = READ_ONCE(old->icache_ctx);
}

/*
 * Link the copy of @src behind its twin in the file's i_mmap: both cover the same pages, so it joins
 * the twin's set without a descent.
 */
static void dup_file_link(struct vm_area_struct *vma, struct vm_area_struct *src)
{
	struct address_space *mapping = vma->vm_file->f_mapping;

	get_file(vma->vm_file);
	mutex_lock(&mapping->i_mmap_lock);
	if (vma_shared_maywrite(vma))
		mapping_allow_writable(mapping);
	vma_mapping_add_copy(vma, src, mapping);
	mutex_unlock(&mapping->i_mmap_lock);
}

/* Copy one region after @prev of the child; *made: the copy, once it is linked.  0 or -ENOMEM */
static int dup_region(struct mm_struct *mm, struct vm_area_struct *src, struct vm_area_struct *prev,
		      struct vm_area_struct **made, struct list_head *forks) REQUIRES(mm->mmap_lock)
{
	unsigned long charge = src->vm_flags & VM_ACCOUNT ? vma_pages(src) : 0;
	struct vm_area_struct *vma;

	if (charge && security_vm_enough_memory(mm, charge))
		return -ENOMEM;
	vma = vm_area_dup(src);
	if (!vma) {
		vm_unacct_memory(charge);
		return -ENOMEM;
	}
	vma->vm_mm = mm;
	vma->vm_flags &= ~(VM_LOCKED | VM_LOCKONFAULT);
	if (dup_userfaultfd(vma, forks)) {
		vm_area_free(vma);
		vm_unacct_memory(charge);
		return -ENOMEM;
	}
	if (src->vm_flags & VM_WIPEONFORK) {
		vma->anon_vma = NULL;
		vma->anon_inherited = false;
	} else if (anon_vma_fork(vma, src)) {
		vm_area_free(vma);
		vm_unacct_memory(charge);
		return -ENOMEM;
	}
	if (vma->vm_ops && vma->vm_ops->open)
		vma->vm_ops->open(vma);
	vma_link_space(mm, vma, prev);
	if (vma->vm_file)
		dup_file_link(vma, src);
	*made = vma;
	INV(K3, !vma->vm_file || mapping_mapped(vma->vm_file->f_mapping));	/* of mm/entry/copy.c */
	return src->vm_flags & VM_WIPEONFORK ? 0 : copy_page_range(vma, src);
}

static int dup_regions(struct mm_struct *mm, struct mm_struct *oldmm, struct list_head *forks)
	REQUIRES(mm->mmap_lock, oldmm->mmap_lock)
{
	struct vm_area_struct *src, *prev = NULL;
	int rc = 0;

	for (src = oldmm->mmap; src && !rc; src = src->vm_next) {
		if (src->vm_flags & VM_DONTCOPY) {
			vm_stat_account(mm, src->vm_flags, -(long)vma_pages(src));
			continue;
		}
		if (cond_resched_killable())
			return -EINTR;
		vma_start_write(src);		/* its entries lose W, its pages are no longer its own */
		rc = dup_region(mm, src, prev, &prev, forks);
	}
	return rc;
}

int dup_mmap(struct mm_struct *mm, struct mm_struct *oldmm)
{
	int rc = mmap_write_lock_killable(oldmm);
	LIST_HEAD(forks);

	if (rc)
		return rc;
	mm_copy_layout(mm, oldmm);
	mm->exe_file = oldmm->exe_file ? exe_get(oldmm->exe_file) : NULL;
	mm->total_vm = oldmm->total_vm;
	mm->droppable_vm = oldmm->droppable_vm;
	atomic_long_set(&mm->lazyfree, atomic_long_read(&oldmm->lazyfree));
	mm->data_vm = oldmm->data_vm;
	mm->exec_vm = oldmm->exec_vm;
	mm->stack_vm = oldmm->stack_vm;
	down_write_nested(&mm->mmap_lock);	/* the reaper and others find it through mm_list */
	rc = dup_regions(mm, oldmm, &forks);
	if (unlikely(rc))
		vm_stat_recount(mm);
	INV(M2, vm_stat_matches(mm));
	mmap_write_unlock(mm);
	flush_tlb_mm(oldmm);		/* pages that both have now lost their W */
	mmap_write_unlock(oldmm);
	if (rc)
		dup_userfaultfd_fail(&forks);
	else
		dup_userfaultfd_complete(&forks);
	return rc;
}

struct mm_struct *dup_mm(struct mm_struct *oldmm)
{
	struct mm_struct *mm = mm_alloc();

	if (!mm)
		return NULL;
	if (dup_mmap(mm, oldmm)) {
		mmput(mm);
		return NULL;
	}
	mm->hiwater_rss = get_mm_rss(mm);
	mm->hiwater_vm = mm->total_vm;
	return mm;
}

/* ---- the end --------------------------------------------------------------------------------- */

void exit_mmap(struct mm_struct *mm)
{
	struct vm_area_struct *vma, *next, *first = mm->mmap;
	struct vma_batch batch = { .nr = 0 };
	struct mmu_gather tlb;
	unsigned long nr_accounted = 0;

	if (!first)
		return;
	INV(M1, !atomic_read(&mm->mm_users));
	INV(M2, vm_stat_matches(mm));
	mmap_write_lock(mm);	/* a walk from a page may be at work here */
	tlb_gather_mmu_fullmm(&tlb, mm);
	unmap_vmas(&tlb, first, 0, ~0ul);
	/* Before the tables: who looks for a page must not find a region whose tables are going. */
	for (vma = first; vma; vma = vma->vm_next) {
		if (vma->vm_file)
			vma_unlink_file(vma);
		unlink_anon_vmas(vma);
		cond_resched();
	}
	free_pgtables(&tlb, first, 0, 0);
	tlb_finish_mmu(&tlb);
	mm->mmap = NULL;
	mm->droppable_vm = 0;
	atomic_long_set(&mm->lazyfree, 0);
	mm->mm_rb = RB_ROOT;
	mm->nr_detached++;
	mm->map_count = 0;
	mmap_write_unlock(mm);
	for (vma = first; vma; vma = next) {
		next = vma->vm_next;
		if (vma->vm_flags & VM_ACCOUNT)
			nr_accounted += vma_pages(vma);
		vma_remove_batched(&batch, vma);
		cond_resched();
	}
	vma_batch_free(&batch);
	vm_unacct_memory(nr_accounted);
}
