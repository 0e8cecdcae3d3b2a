/*
 * kernel/task/exit.c - the end of tasks.
 *
 * MODEL     do_exit() gives back what the task shares (memory, files, fs), then exit_notify() hands its
 *           children to a reaper, and makes it a zombie: pid, exit code and times stay until the parent
 *           has waited for it.  Threads other than the leader, and children nobody waits for, are
 *           released at once.  A leader's parent hears of its death when the last thread is gone.
 *
 *             RUNNING --do_exit--> ZOMBIE --wait4, release_task--> DEAD --last put_task_struct--> freed
 *                            \--autoreap--------------------------/
 * INVARIANTS
 *   E1  A task is released once: whoever sets exit_state to EXIT_DEAD does it, with tasklist_lock held for writing,
 *       or, of a zombie that was waited for, by compare-and-exchange with the lock held for reading.
 *   E2  A released task has sighand == NULL and is on no list; its signal_struct stays until it is freed.
 * LOCKING   tasklist_lock, then sighand->lock, interrupts off.
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/tty/tty.h"
#include "fs/fdtable.h"
#include "fs/fs_struct.h"
#include "include/syscall.h"
#include "kernel/futex/futex.h"
#include "kernel/ipc/ipc.h"
#include "kernel/ipc/sem.h"
#include "kernel/sched/sched.h"
#include "kernel/signal/signal.h"
#include "kernel/task/cred.h"
#include "kernel/task/fork.h"
#include "kernel/task/pid.h"
#include "kernel/time/itimer.h"
#include "lib/printk.h"
#include "mm/space/mm.h"

/* ---- release --------------------------------------------------------------------------------- */

/* Add the times of @t to its process: it will not be in the list of threads any more. */
static void account_dead_thread(struct task_struct *t, struct signal_struct *sig)
{
	u64 utime, stime;

	task_cputime(t, &utime, &stime);	/* charges all that it had */
	sig->min_flt += t->min_flt;
	sig->maj_flt += t->maj_flt;
	task_io_add(&sig->io, &t->io);
	sig->nvcsw += t->nvcsw;
	sig->nivcsw += t->nivcsw;
}

/* => tasklist_lock held */
static void unlink_task(struct task_struct *t) REQUIRES(tasklist_lock)
{
	struct signal_struct *sig = t->signal;
	struct sighand_struct *sighand = t->sighand;

	detach_pid(t);
	nr_threads--;
	if (t->pid == t->tgid) {
		process_walks_leave(t, NULL);
		list_del_init(&t->tasks);
		list_del_init(&t->sibling);
		detach_pgrp(sig);
		pid_put(sig->session);
	}
	spin_lock(&sighand->lock);
	account_dead_thread(t, sig);
	list_del_init(&t->thread_node);
	sig->nr_threads--;
	flush_sigqueue(&t->pending);
	if (!sig->nr_threads)
		flush_sigqueue(&sig->shared_pending);
	if (sig->group_exit_task && sig->nr_threads <= 2)
		wake_up_process(sig->group_exit_task);
	t->sighand = NULL;					/* E2 */
	spin_unlock(&sighand->lock);
	__cleanup_sighand(sighand);
}

void release_task(struct task_struct *t)
{
	struct task_struct *leader;
	unsigned long irq;

	while (t) {
		sched_exit(t);
		kick_defer();
		write_lock_irqsave(&tasklist_lock, irq);
		leader = t->group_leader;
		unlink_task(t);
		/* The leader waited, as a zombie, for its last thread. */
		if (leader == t || leader->signal->nr_threads != 1 || leader->exit_state != EXIT_ZOMBIE ||
		    !do_notify_parent(leader, leader->exit_signal))
			leader = NULL;
		else
			leader->exit_state = EXIT_DEAD;		/* E1 */
		write_unlock_irqrestore(&tasklist_lock, irq);
		kick_flush();
		atomic_dec(&t->cred->user->processes);
		put_task_struct(t);
		t = leader;
	}
}

void thread_group_times(struct task_struct *t, struct task_times *out)
{
	struct signal_struct *sig = t->signal;
	struct task_struct *p;

	thread_group_cputime_locked(t, &out->utime, &out->stime);
	out->min_flt = sig->min_flt;
	out->maj_flt = sig->maj_flt;
	out->nvcsw = sig->nvcsw;
	out->nivcsw = sig->nivcsw;
	for_each_thread(p, t) {
		out->min_flt += p->min_flt;
		out->maj_flt += p->maj_flt;
		out->nvcsw += p->nvcsw;
		out->nivcsw += p->nivcsw;
	}
}

/* ---- leaving children behind ----------------------------------------------------------------- */

#define CHILDREN_AT_ONCE	32

static bool process_dead(struct task_struct *leader)
{
	return atomic_read(&leader->signal->live) == 0;
}

/* Who takes the orphans of @father: its nearest living ancestor that asked for them, or init. */
static struct task_struct *find_new_reaper(struct task_struct *father) REQUIRES(tasklist_lock)
{
	struct task_struct *p = father->real_parent;

	for (; p->pid > 1; p = p->real_parent)
		if (p->signal->is_child_subreaper && !process_dead(p))
			return p;
	p = find_task_by_pid(1);
	return p && p != father ? p : &init_task;
}

/* => the child is a zombie nobody will wait for: to be released.  *orphans: its group, left without hope; or 0 */
static bool reparent_child(struct task_struct *p, struct task_struct *reaper, pid_t *orphans) REQUIRES(tasklist_lock)
{
	struct task_struct *t;

	WRITE_ONCE(p->signal->ppid, reaper->tgid);
	list_del(&p->sibling);
	list_add_tail(&p->sibling, &reaper->children);
	for_each_thread(t, p) {
		t->real_parent = t->parent = reaper;
		if (t->pdeath_signal)
			(void)group_send_sig_info(t->pdeath_signal, SEND_SIG_NOINFO, t);
	}
	if (p->exit_state == EXIT_DEAD)
		return false;
	p->exit_signal = SIGCHLD;
	if (p->exit_state == EXIT_ZOMBIE && p->signal->nr_threads == 1 &&
	    do_notify_parent(p, p->exit_signal)) {
		p->exit_state = EXIT_DEAD;			/* E1 */
		return true;
	}
	*orphans = orphaned_pgrp(p, current);
	return false;
}

/*
 * The threads of a process share one list of children, the leader's; it goes with the last thread.
 * => false: some are left, or a group is to be hung up first, *orphans.  It is held by its number
 */
static bool forget_children(struct list_head *dead, pid_t *orphans) REQUIRES(tasklist_lock)
{
	struct task_struct *leader = current->group_leader, *p, *reaper;

	*orphans = 0;
	if (list_empty(&leader->children))
		return true;
	reaper = find_new_reaper(leader);
	for (int nr = 0; nr < CHILDREN_AT_ONCE && !*orphans; nr++) {
		p = list_first_entry_or_null(&leader->children, struct task_struct, sibling);
		if (!p)
			return true;
		if (reparent_child(p, reaper, orphans))
			list_add(&p->wake_entry, dead);
	}
	pid_get(*orphans);
	return false;
}

/* The jobs of group @pgrp have nobody any more who could go on with them.  Gives its number back. */
static void hang_up_pgrp(pid_t pgrp)
{
	if (!pgrp)
		return;
	(void)kill_pgrp(pgrp, SIGHUP, 1);
	(void)kill_pgrp(pgrp, SIGCONT, 1);
	pid_put(pgrp);
}

/* ---- the way out ----------------------------------------------------------------------------- */

/* Take tasklist_lock for writing with no child left.  There may be as many as its user likes. */
static void lock_childless(struct list_head *dead, unsigned long *irq) ACQUIRE(tasklist_lock) NO_LOCK_ANALYSIS
{
	pid_t orphans;

	for (;;) {
		kick_defer();
		write_lock_irqsave(&tasklist_lock, *irq);
		if (forget_children(dead, &orphans))
			return;
		write_unlock_irqrestore(&tasklist_lock, *irq);
		kick_flush();
		hang_up_pgrp(orphans);
		cond_resched();
	}
}

static void exit_notify(bool group_dead)
{
	struct task_struct *me = current, *p, *next;
	bool autoreap = true;
	pid_t orphans = 0;
	unsigned long irq;
	LIST_HEAD(dead);

	if (group_dead) {
		lock_childless(&dead, &irq);
		orphans = orphaned_pgrp(me->group_leader, NULL);
		pid_get(orphans);
	} else {
		kick_defer();
		write_lock_irqsave(&tasklist_lock, irq);
	}
	write_assert_held(&tasklist_lock);
	me->exit_state = EXIT_ZOMBIE;
	if (me->group_leader == me)
		autoreap = me->signal->nr_threads == 1 && do_notify_parent(me, me->exit_signal);
	if (autoreap)
		me->exit_state = EXIT_DEAD;			/* E1 */
	if (me->signal->group_exit_task)
		wake_up_process(me->signal->group_exit_task);
	write_unlock_irqrestore(&tasklist_lock, irq);
	kick_flush();

	pidfd_notify(me);
	hang_up_pgrp(orphans);
	list_for_each_entry_safe(p, next, &dead, wake_entry) {
		list_del_init(&p->wake_entry);
		release_task(p);
		cond_resched();
	}
	if (autoreap)
		release_task(me);
}

static void check_exit_allowed(long code)
{
	int status = current->signal->group_exit_code;

	if (!current->tgid)
		panic("Attempted to kill the idle task!");
	panic("Attempted to kill init! exitcode=0x%08x", status ? status : (int)code);
}

/* Remember the largest resident set of the program that ends here. */
static void note_maxrss(struct signal_struct *sig)
{
	struct mm_struct *mm = current->mm;

	if (mm) {
		update_hiwater_rss(mm);
		sig->maxrss = max(sig->maxrss, mm->hiwater_rss);
	}
}

/* Leave the address space for good: from here its tables are borrowed, as a kernel thread borrows some. */
static void exit_mm(struct task_struct *me)
{
	struct mm_struct *mm = me->mm;
	unsigned long irq;

	if (!mm)
		return;
	mm_release(me);
	mmgrab(mm);			/* active_mm's, which the scheduler drops */
	task_lock_irqsave(me, irq);
	me->mm = NULL;
	task_unlock_irqrestore(me, irq);
	mmput(mm);
}

void do_exit(long code)
{
	struct task_struct *me = current;
	bool group_dead;

	might_sleep();
	exit_signals(me);			/* sets PF_EXITING */
	futex_exit_release(me);
	group_dead = atomic_dec_and_test(&me->signal->live);
	if (group_dead) {
		if (me->tgid <= 1)
			check_exit_allowed(code);
		exit_itimers(me->signal);
		note_maxrss(me->signal);
	}
	me->exit_code = code;
	exit_mm(me);
	exit_sem(me);
	exit_shm(me);
	exit_files(me);
	exit_fs(me);
	if (group_dead && me->signal->leader)
		disassociate_ctty(true);
	exit_notify(group_dead);
	do_task_dead();
}

void do_group_exit(int code)
{
	struct signal_struct *sig = current->signal;
	unsigned long irq;

	if (sig->flags & SIGNAL_GROUP_EXIT) {
		code = sig->group_exit_code;
	} else if (sig->group_exit_task) {
		code = 0;			/* another thread is in exec and kills us */
	} else if (sig->nr_threads > 1) {
		spin_lock_irqsave(&current->sighand->lock, irq);
		if (sig->flags & SIGNAL_GROUP_EXIT) {
			code = sig->group_exit_code;
		} else if (sig->group_exit_task) {
			code = 0;
		} else {
			sig->group_exit_code = code;
			sig->flags |= SIGNAL_GROUP_EXIT;
			zap_other_threads(current);
		}
		spin_unlock_irqrestore(&current->sighand->lock, irq);
	} else {
		sig->group_exit_code = code;
		sig->flags |= SIGNAL_GROUP_EXIT;
	}
	do_exit(code);
}

SYSCALL_DEFINE1(exit, int, code)
{
	do_exit((code & 0xff) << 8);
}

SYSCALL_DEFINE1(exit_group, int, code)
{
	do_group_exit((code & 0xff) << 8);
}
