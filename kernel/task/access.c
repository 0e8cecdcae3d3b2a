/*
 * kernel/task/access.c - who may look into a task, and take hold of its memory, files and registers.
 *
 * MODEL     A task may look into its own process; into one all of whose ids are its own (the file system
 *           ids by way of /proc, else the real ones), whose program keeps no secrets (dumpable) and that is
 *           permitted no more; and CAP_SYS_PTRACE may do without each of these.
 *           What is looked at is the program of that moment.  An exec makes another one of it in several
 *           steps: the address space, dumpable, the credentials.  Whoever asks and then takes (mm, files,
 *           registers) does both between lock_trace() and unlock_trace(), which keep an exec from
 *           starting those steps; mm_access() is the short form for an address space.
 *           An address space that was obtained so stays what the asker had a right to.  Therefore files of
 *           /proc hold on to the one of their opening instead of taking the task's when they are read.
 * INVARIANTS
 *   X1  Under exec_update_lock held for reading, mm, dumpable, files and credentials are of one program.
 *   X2  task->mm is read by others only under task_lock(), and used beyond it only with a reference that was
 *       taken there.  The task itself changes it under task_lock() (exec_mmap, exit_mm).
 *   X3  dumpable falls before the credentials change (commit_creds), and is read after them here.
 * LOCKING   exec_update_lock (rank task) of the looked-at process, then its mmap_lock.
 * TESTS     test/user/t_access.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/task/access.h"
#include "kernel/task/cred.h"
#include "mm/space/mm.h"

/* Does @c belong, with all its ids, to @uid and @gid? */
static bool owned_wholly(const struct cred *c, uid_t uid, gid_t gid)
{
	return uid == c->euid && uid == c->suid && uid == c->uid && gid == c->egid && gid == c->sgid && gid == c->gid;
}

static bool same_ids(const struct cred *target, unsigned mode)
{
	const struct cred *me = current_cred();

	return mode & PTRACE_MODE_FSCREDS ? owned_wholly(target, me->fsuid, me->fsgid)
					  : owned_wholly(target, me->uid, me->gid);
}

/* Can the target do nothing that the caller cannot? */
static bool no_more_capable(const struct cred *target, unsigned mode)
{
	const struct cred *me = current_cred();
	u64 mine = mode & PTRACE_MODE_FSCREDS ? me->cap_effective : me->cap_permitted;

	return !(target->cap_permitted & ~mine);
}

/* A task without an address space has nothing to hide in it. */
static bool task_dumpable(struct task_struct *t)
{
	unsigned long irq;
	bool yes;

	task_lock_irqsave(t, irq);
	yes = !t->mm || get_dumpable(t->mm) == SUID_DUMP_USER;
	task_unlock_irqrestore(t, irq);
	return yes;
}

bool ptrace_may_access(struct task_struct *t, unsigned mode)
{
	const struct cred *c;
	bool allowed;

	if (t->signal == current->signal)
		return true;
	c = get_task_cred(t);
	allowed = same_ids(c, mode) && task_dumpable(t) && no_more_capable(c, mode);	/* X3 */
	put_cred(c);
	return allowed || capable(CAP_SYS_PTRACE);
}

int lock_trace(struct task_struct *t, unsigned mode) NO_LOCK_ANALYSIS
{
	struct rw_semaphore *guard = &t->signal->exec_update_lock;

	if (down_read_killable(guard))
		return -EINTR;
	if (ptrace_may_access(t, mode))
		return 0;
	up_read(guard);
	return -EACCES;
}

void unlock_trace(struct task_struct *t) NO_LOCK_ANALYSIS
{
	up_read(&t->signal->exec_update_lock);
}

/* Two processes are locked in the order of their addresses. */
int lock_trace_two(struct task_struct *a, struct task_struct *b, unsigned mode) NO_LOCK_ANALYSIS
{
	struct signal_struct *first = min(a->signal, b->signal), *second = max(a->signal, b->signal);
	int rc = -EINTR;

	if (down_read_killable(&first->exec_update_lock))
		return rc;
	if (second != first && down_read_killable_nested(&second->exec_update_lock))
		goto undo_first;
	if (ptrace_may_access(a, mode) && ptrace_may_access(b, mode))
		return 0;
	rc = -EACCES;
	if (second != first)
		up_read(&second->exec_update_lock);
undo_first:
	up_read(&first->exec_update_lock);
	return rc;
}

void unlock_trace_two(struct task_struct *a, struct task_struct *b) NO_LOCK_ANALYSIS
{
	if (a->signal != b->signal)
		up_read(&b->signal->exec_update_lock);
	up_read(&a->signal->exec_update_lock);
}

/* ---- the memory of another task -------------------------------------------------------------- */

struct mm_struct *get_task_mm(struct task_struct *t)
{
	struct mm_struct *mm;
	unsigned long irq;

	task_lock_irqsave(t, irq);
	mm = t->flags & PF_KTHREAD ? NULL : t->mm;
	if (mm)
		mmget(mm);			/* X2: the task's own use lasts while we are here */
	task_unlock_irqrestore(t, irq);
	return mm;
}

struct mm_struct *mm_access(struct task_struct *t, unsigned mode) NO_LOCK_ANALYSIS
{
	struct rw_semaphore *guard = &t->signal->exec_update_lock;
	struct mm_struct *mm;

	if (down_read_killable(guard))
		return ERR_PTR(-EINTR);
	mm = get_task_mm(t);
	if (mm && mm != current->mm && !ptrace_may_access(t, mode)) {
		mmput(mm);
		mm = ERR_PTR(-EACCES);
	}
	up_read(guard);
	return mm;
}
