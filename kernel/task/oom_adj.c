/*
 * kernel/task/oom_adj.c - oom_score_adj: how much more, or less, than others a process is to be killed for memory.
 *
 * MODEL     It moves the badness (oom.c) by thousandths of all memory.  Memory is what is fought for, so all
 *           processes of one address space have the same: a write reaches all of them, and who is made by
 *           CLONE_VM starts with it.  A vfork() child is the exception: it has its own before its exec.
 *           Anybody may offer his process; to take that back beyond where a privileged writer put it last
 *           (oom_score_adj_min) needs CAP_SYS_RESOURCE.
 * LOCKING   oom_adj_mutex: writes, and the birth of a sharer; then tasklist_lock, then a task's alloc_lock.
 *           The killer reads without: a value of before or after.
 * TESTS     test/user/t_oom.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/uapi/sched.h"
#include "kernel/task/cred.h"
#include "kernel/task/oom.h"
#include "kernel/task/pid.h"
#include "mm/space/mm.h"

static DEFINE_MUTEX(oom_adj_mutex, RANK_SLEEP_LEAF);

/* The address space of @t that other processes have too; NULL: it has none, or for its own.  => mm_count holds it */
static struct mm_struct *shared_mm(struct task_struct *t) NO_LOCK_ANALYSIS
{
	struct mm_struct *mm = NULL;
	struct task_struct *p;
	unsigned long irq;

	if (READ_ONCE(t->vfork_done))
		return NULL;
	read_lock_irqsave(&tasklist_lock, irq);
	p = find_lock_task_mm(t);
	if (p) {
		if (READ_ONCE(p->mm->oom_flags) & MMF_MULTIPROCESS) {
			mm = p->mm;
			mmgrab(mm);
		}
		task_unlock(p);
	}
	read_unlock_irqrestore(&tasklist_lock, irq);
	return mm;
}

static void set_one(struct signal_struct *sig, int adj, const int *min)
{
	WRITE_ONCE(sig->oom_score_adj, adj);
	if (min)
		sig->oom_score_adj_min = *min;
}

/* => oom_adj_mutex held */
static void set_sharers(struct task_struct *t, const struct mm_struct *mm, int adj, const int *min)
{
	struct task_struct *p;
	struct process_walk w;

	process_walk_begin(&w, WALK_SLEEPS);
	while ((p = process_walk_next(&w))) {
		process_walk_charge(&w, 16);
		if (p->signal != t->signal && p->pid != 1 && !(p->flags & PF_KTHREAD) && !READ_ONCE(p->vfork_done) &&
		    process_shares_mm(p, mm))
			set_one(p->signal, adj, min);
	}
	process_walk_end(&w);
}

/* @floor: how low everybody may set it; @min: the new such bound, or NULL. */
static int set_adj(struct task_struct *t, int adj, int floor, const int *min)
{
	struct mm_struct *mm;

	if (adj < floor && !capable(CAP_SYS_RESOURCE))
		return -EACCES;
	mm = shared_mm(t);
	set_one(t->signal, adj, min);
	if (mm) {
		set_sharers(t, mm, adj, min);
		mmdrop(mm);
	}
	return 0;
}

int set_oom_score_adj(struct task_struct *t, int adj)
{
	bool privileged = cred_capable(current_cred(), CAP_SYS_RESOURCE);
	int rc;

	mutex_lock(&oom_adj_mutex);
	rc = set_adj(t, adj, t->signal->oom_score_adj_min, privileged ? &adj : NULL);
	mutex_unlock(&oom_adj_mutex);
	return rc;
}

int set_oom_adj(struct task_struct *t, int adj)
{
	int rc;

	mutex_lock(&oom_adj_mutex);
	rc = set_adj(t, adj, t->signal->oom_score_adj, NULL);
	mutex_unlock(&oom_adj_mutex);
	return rc;
}

void copy_oom_score_adj(u64 flags, struct task_struct *p)
{
	if (!p->mm || (flags & (CLONE_VM | CLONE_THREAD | CLONE_VFORK)) != CLONE_VM)
		return;
	mutex_lock(&oom_adj_mutex);
	__atomic_fetch_or(&p->mm->oom_flags, MMF_MULTIPROCESS, __ATOMIC_RELAXED);
	/* A write since copy_signal() did not see the flag. */
	p->signal->oom_score_adj = current->signal->oom_score_adj;
	p->signal->oom_score_adj_min = current->signal->oom_score_adj_min;
	mutex_unlock(&oom_adj_mutex);
}
