/*
 * kernel/task/oom_reap.c - take the memory of a process that was killed for it and cannot die.
 *
 * MODEL     The victim may wait for a lock whose owner waits for memory.  The reaper gives it a moment, then
 *           clears the entries of its private regions, as MADV_DONTNEED would.  MMF_UNSTABLE is set
 *           first: from then on the kernel reads and writes nothing of that address space, for the dying
 *           threads or for others, for it would find zeros.
 *           An address space that one who is not killed has too (process 1) never comes here.
 *           Afterwards, or after REAP_TRIES in vain, MMF_OOM_SKIP says that no memory is to be
 *           expected of it any more, and another victim may be chosen.
 *           process_mrelease(2) does the same at once, to a process that is being killed anyway.
 * LOCKING   mmap_lock (read), only tried; the space is counted, and has regions until exit_mmap(), which
 *           holds mmap_lock for writing.
 * TESTS     test/user/t_reclaim.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/task/oom.h"
#include "include/syscall.h"
#include "kernel/sync/wait.h"
#include "kernel/task/pid.h"
#include "lib/printk.h"
#include "mm/fault/fault.h"
#include "mm/space/mm.h"

#define REAP_DELAY_NS	100000000ull	/* a victim that can go is gone by then */
#define REAP_TRIES	10

static DEFINE_SPINLOCK(reap_lock, RANK_FILES);
static LIST_HEAD(reap_queue);			/* (reap_lock) mm->oom_reap_link, counted */
static DECLARE_WAIT_QUEUE_HEAD(reap_wait);

void oom_reap_later(struct mm_struct *mm)
{
	if (__atomic_fetch_or(&mm->oom_flags, MMF_OOM_REAP_QUEUED, __ATOMIC_RELAXED) & MMF_OOM_REAP_QUEUED) {
		mmdrop(mm);
		return;
	}
	spin_lock(&reap_lock);
	list_add_tail(&mm->oom_reap_link, &reap_queue);
	spin_unlock(&reap_lock);
	wake_up(&reap_wait);
}

static struct mm_struct *next_victim(void)
{
	struct mm_struct *mm;

	spin_lock(&reap_lock);
	mm = list_first_entry_or_null(&reap_queue, struct mm_struct, oom_reap_link);
	if (mm)
		list_del(&mm->oom_reap_link);
	spin_unlock(&reap_lock);
	return mm;
}

/* => mmap_lock (read) */
static void reap_regions(struct mm_struct *mm) NO_LOCK_ANALYSIS
{
	for (struct vm_area_struct *vma = mm->mmap; vma; vma = vma->vm_next)
		if (!(vma->vm_flags & (VM_PFNMAP | VM_SHARED)))
			zap_page_range(vma, vma->vm_start, vma->vm_end - vma->vm_start);
}

static bool try_reap(struct mm_struct *mm)
{
	if (!mm->map_count)
		return true;			/* it went by itself */
	__atomic_fetch_or(&mm->oom_flags, MMF_UNSTABLE, __ATOMIC_SEQ_CST);
	if (!down_read_trylock(&mm->mmap_lock))
		return false;
	reap_regions(mm);
	pr_info("oom_reaper: reaped an address space, now anon-rss:%lukB, file-rss:%lukB, shmem-rss:%lukB\n",
		get_mm_counter(mm, MM_ANONPAGES) << (PAGE_SHIFT - 10),
		get_mm_counter(mm, MM_FILEPAGES) << (PAGE_SHIFT - 10),
		get_mm_counter(mm, MM_SHMEMPAGES) << (PAGE_SHIFT - 10));
	up_read(&mm->mmap_lock);
	return true;
}

static void oom_reaper(__maybe_unused void *arg)
{
	for (;;) {
		struct mm_struct *mm;
		unsigned tries = 0;

		/* Interruptible: it is no load.  No signal comes. */
		(void)wait_event_interruptible(reap_wait, !list_empty(&reap_queue));
		mm = next_victim();
		if (!mm)
			continue;
		do {
			set_current_state(TASK_UNINTERRUPTIBLE);
			schedule_timeout(REAP_DELAY_NS);
		} while (!try_reap(mm) && ++tries < REAP_TRIES);
		__atomic_fetch_or(&mm->oom_flags, MMF_OOM_SKIP, __ATOMIC_RELAXED);
		mmdrop(mm);
	}
}

/* ---- process_mrelease(2) --------------------------------------------------------------------- */

/* The mm of @t's process, by whichever thread still has it, with a user; or NULL. */
static struct mm_struct *process_mm(struct task_struct *t)
{
	struct mm_struct *mm = NULL;
	struct task_struct *thread;
	unsigned long irq;

	read_lock_irqsave(&tasklist_lock, irq);
	if (t->sighand) {
		for_each_thread(thread, t) {
			mm = get_task_mm(thread);
			if (mm)
				break;
		}
	}
	read_unlock_irqrestore(&tasklist_lock, irq);
	return mm;
}

static bool process_leaves(const struct task_struct *p)
{
	return (p->signal->flags & SIGNAL_GROUP_EXIT) || (p->signal->nr_threads == 1 && p->flags & PF_EXITING);
}

/* Are all processes that run in @mm on their way out? */
static bool mm_is_leaving(const struct mm_struct *mm)
{
	bool leaving = true;
	struct task_struct *p, *t;
	struct process_walk w;

	process_walk_begin(&w, WALK_SLEEPS);
	while ((p = process_walk_next(&w))) {
		process_walk_charge(&w, p->signal->nr_threads);
		for_each_thread(t, p)
			if (READ_ONCE(t->mm) == mm && !(t->flags & PF_KTHREAD))
				leaving &= process_leaves(p);
	}
	process_walk_end(&w);
	return leaving;
}

static int reap_now(struct mm_struct *mm)
{
	if (down_read_killable(&mm->mmap_lock))
		return -EINTR;
	__atomic_fetch_or(&mm->oom_flags, MMF_UNSTABLE, __ATOMIC_SEQ_CST);
	reap_regions(mm);
	up_read(&mm->mmap_lock);
	return 0;
}

SYSCALL_DEFINE2(process_mrelease, int, pidfd, unsigned, flags)
{
	struct mm_struct *mm;
	struct task_struct *t;
	int rc;

	if (flags)
		return -EINVAL;
	t = pidfd_get_task(pidfd);
	if (!t)
		return -EBADF;
	mm = process_mm(t);
	put_task_struct(t);
	if (!mm)
		return -ESRCH;
	rc = mm_is_leaving(mm) ? reap_now(mm) : -EINVAL;
	mmput(mm);
	return rc;
}

void oom_init(void)
{
	if (!kthread_run(oom_reaper, NULL, "oom_reaper"))
		panic("cannot start the oom_reaper");
}
