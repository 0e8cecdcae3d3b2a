/*
 * kernel/futex/robust.c - locks whose holder dies.
 *
 * MODEL     A thread tells the kernel once where it keeps the list of the locks that it holds
 *           (set_robust_list).  When it leaves its mm with some of them held, the kernel walks that list, in
 *           user memory and as hostile as that is, and marks each word with FUTEX_OWNER_DIED.  A plain
 *           lock's waiter is woken; a PI lock goes to its most urgent waiter (pi.c), which finds the mark.
 * FAILURE   A list that leads nowhere, or is longer than ROBUST_LIST_LIMIT, ends there.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/futex/internal.h"
#include "kernel/task/access.h"

/* The holder @t of the lock at @uaddr dies: say so in the word, and wake one waiter. */
static int handle_death(u32 __user *uaddr, struct task_struct *t, bool pi, bool pending)
{
	u32 val, seen;

	if ((unsigned long)uaddr % sizeof(u32) || get_user(val, uaddr))
		return -1;
	for (;;) {
		/* Died between unlocking, with no owner in the word, and waking. */
		if (pending && !pi && !(val & FUTEX_TID_MASK)) {
			futex_wake_user(uaddr, 1);
			return 0;
		}
		if ((val & FUTEX_TID_MASK) != (u32)t->pid)
			return 0;
		if (futex_cmpxchg_user(uaddr, val, (val & FUTEX_WAITERS) | FUTEX_OWNER_DIED, &seen))
			return -1;
		if (seen == val)
			break;
		val = seen;
	}
	if (!pi && (val & FUTEX_WAITERS))
		futex_wake_user(uaddr, 1);
	return 0;
}

/* A list pointer: bit 0 says PI. */
static int fetch_entry(unsigned long *entry, bool *pi, struct robust_list __user *const __user *head)
{
	unsigned long v;

	if (get_user(v, (unsigned long __user *)head))
		return -EFAULT;
	*entry = v & ~1ul;
	*pi = v & 1;
	return 0;
}

void exit_robust_list(struct task_struct *t)
{
	struct robust_list_head __user *head = t->robust_list;
	unsigned long entry, next = 0, pending;
	bool pi, next_pi = false, pending_pi;
	long offset;
	int rc = 0;

	if (likely(!head))
		return;
	t->robust_list = NULL;
	if (fetch_entry(&entry, &pi, &head->list.next) || get_user(offset, &head->futex_offset) ||
	    fetch_entry(&pending, &pending_pi, &head->list_op_pending))
		return;
	for (int limit = ROBUST_LIST_LIMIT; entry != (unsigned long)&head->list && limit; limit--) {
		/* The next one first: this lock may be freed the moment it is given up. */
		rc = fetch_entry(&next, &next_pi, &((struct robust_list __user *)entry)->next);
		if (entry != pending && handle_death((u32 __user *)(entry + offset), t, pi, false))
			return;
		if (rc)
			return;
		entry = next;
		pi = next_pi;
		cond_resched();
	}
	if (pending)
		handle_death((u32 __user *)(pending + offset), t, pending_pi, true);
}

SYSCALL_DEFINE2(set_robust_list, struct robust_list_head __user *, head, size_t, len)
{
	if (len != sizeof(*head))
		return -EINVAL;
	current->robust_list = head;
	return 0;
}

SYSCALL_DEFINE3(get_robust_list, pid_t, pid, void __user *__user *, uhead, size_t __user *, ulen)
{
	struct task_struct *t = current;
	void __user *head = NULL;
	int rc;

	if (pid) {
		t = find_get_task(pid);
		if (!t)
			return -ESRCH;
	}
	rc = lock_trace(t, PTRACE_MODE_READ_REALCREDS);
	if (!rc) {
		head = t->robust_list;
		unlock_trace(t);
	}
	if (pid)
		put_task_struct(t);
	if (rc)
		return rc == -EACCES ? -EPERM : rc;
	if (put_user(sizeof(struct robust_list_head), ulen))
		return -EFAULT;
	return put_user(head, uhead);
}
