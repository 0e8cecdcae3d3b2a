/*
 * mm/region/vma_lock.c - the lock of a region when a writer comes, and the look-up without mmap_lock.
 *
 * MODEL     vma_lock.h.  Each task remembers the region that it found last; the memory is good while no region
 *           has left the address space since.
 * INVARIANTS
 *   K5  A descent ends: each step reads a link anew, and links form a circle at most in the midst of a rotation,
 *       a few stores of a writer who is not preempted.  A region that was taken out leads on into the tree.
 * LOCKING   vma_lock.h
 * COST      The same region again: 6 instructions; else a descent.
 * TESTS     test/user/t_mmrace.c, t_storm.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/vma_lock.h"
#include "include/mmap_lock.h"

static bool no_readers(const struct vm_area_struct *vma)
{
	return __atomic_load_n(&vma->vm_lock, __ATOMIC_ACQUIRE) < VMA_LOCK_READER;
}

/* Set @bits, and wait until nobody reads @vma. */
static void lock_out_readers(struct vm_area_struct *vma, u32 bits)
{
	mmap_assert_write_locked(vma->vm_mm);		/* K4 */
	INV(K1, !(vma->vm_lock & VMA_LOCK_WRITER));	/* one writer */
	lock_check_sleeping(vma, RANK_VMA);
	lock_check_dropped(vma, RANK_VMA);
	might_sleep();
	/* Who reads is seen here, or sees us; and what he did to entries came before. */
	__atomic_fetch_or(&vma->vm_lock, bits, __ATOMIC_SEQ_CST);
	wait_event(vma->vm_mm->vma_writer_wait, no_readers(vma));
}

__noinline void __vma_start_write(struct vm_area_struct *vma)
{
	if (vma->vm_lock & VMA_LOCK_DETACHED)		/* nobody's but ours */
		return;
	lock_out_readers(vma, VMA_LOCK_WRITER);
	WRITE_ONCE(vma->vm_lock_seq, vma->vm_mm->mm_lock_seq);
	__atomic_fetch_and(&vma->vm_lock, ~VMA_LOCK_WRITER, __ATOMIC_RELEASE);
}

__noinline void __vma_detach(struct vm_area_struct *vma)
{
	if (vma->vm_lock_seq == vma->vm_mm->mm_lock_seq)
		__atomic_fetch_or(&vma->vm_lock, VMA_LOCK_DETACHED, __ATOMIC_RELAXED);
	else
		lock_out_readers(vma, VMA_LOCK_DETACHED | VMA_LOCK_WRITER);
}

/* As find_vma(), but only what holds @addr; may miss it while the tree changes. */
static struct vm_area_struct *descend(struct mm_struct *mm, unsigned long addr)
{
	struct rb_node *rb = READ_ONCE(mm->mm_rb.rb_node);

	while (rb) {		/* K5 */
		struct vm_area_struct *vma = rb_entry(rb, struct vm_area_struct, vm_rb);

		if (READ_ONCE(vma->vm_end) <= addr)
			rb = READ_ONCE(rb->rb_right);
		else if (READ_ONCE(vma->vm_start) > addr)
			rb = READ_ONCE(rb->rb_left);
		else
			return vma;
	}
	return NULL;
}

/* What vma_start_read() added is of no use: take it back.  => ends the RCU reader */
__noinline struct vm_area_struct *vma_read_failed(struct vm_area_struct *vma)
{
	vma_end_read(vma);
	rcu_read_unlock();
	return NULL;
}

/* => ends the RCU reader */
__noinline struct vm_area_struct *lock_vma_slow(struct mm_struct *mm, unsigned long addr)
{
	unsigned long nr_detached = smp_load_acquire(&mm->nr_detached);
	struct vm_area_struct *vma = descend(mm, addr);

	if (likely(vma)) {
		if (unlikely(!vma_start_read(vma, addr)))
			return vma_read_failed(vma);
		INV(K2, vma->vm_mm == mm);
		vma_remember(vma, nr_detached);
	}
	rcu_read_unlock();
	return vma;
}
