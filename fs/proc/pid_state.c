/*
 * fs/proc/pid_state.c - where a task is and what it did: wchan, stack, io, timers; coredump_filter.
 *
 * MODEL     stack   return addresses on the kernel stack of a task that sleeps, by name: never the addresses, and
 *                   for root only, for they show how the kernel got where it is
 *           io      bytes and calls, of a process with those of its dead threads.  Bytes of storage are none as
 *                   long as there is no file system on a disk.
 * TESTS     test/user/t_procfs.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/proc/internal.h"
#include "fs/file.h"
#include "fs/libfs.h"
#include "kernel/kallsyms.h"
#include "kernel/panic.h"
#include "kernel/task/access.h"
#include "kernel/task/cred.h"
#include "kernel/task/fork.h"
#include "kernel/time/posix_timer.h"
#include "lib/kstrtox.h"
#include "lib/vsprintf.h"
#include "mm/slab/slab.h"
#include "mm/space/mm.h"

/* ---- where it is ----------------------------------------------------------------------------- */

int proc_pid_wchan(struct seq_file *m, struct task_struct *t)
{
	unsigned long at = ptrace_may_access(t, PTRACE_MODE_READ_FSCREDS) ? task_wchan(t) : 0;
	const char *name = at ? kallsyms_lookup(at, NULL) : NULL;

	seq_puts(m, name ? name : "0");
	return 0;
}

#define STACK_MAX	64

int proc_pid_stack(struct seq_file *m, struct task_struct *t)
{
	unsigned long *calls, off, size;
	unsigned n;
	int rc;

	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	calls = kmalloc_array(STACK_MAX, sizeof(*calls), GFP_KERNEL);
	if (!calls)
		return -ENOMEM;
	rc = lock_trace(t, PTRACE_MODE_ATTACH_FSCREDS);
	if (rc) {
		kfree(calls);
		return rc == -EACCES ? -EPERM : rc;
	}
	n = stack_trace_save_task(t, calls, STACK_MAX);
	unlock_trace(t);
	for (unsigned i = 0; i < n; i++) {
		const char *name = kallsyms_lookup_size(calls[i] - 1, &off, &size);

		if (name)
			seq_printf(m, "[<0>] %s+0x%lx/0x%lx\n", name, off + 1, size);
	}
	kfree(calls);
	return 0;
}

/* ---- what it did ----------------------------------------------------------------------------- */

static void sum_io(struct task_struct *t, struct task_io *sum)
{
	struct task_struct *thread;
	unsigned long flags;

	read_lock_irqsave(&tasklist_lock, flags);
	*sum = t->signal->io;
	for_each_thread(thread, t)
		task_io_add(sum, &thread->io);
	read_unlock_irqrestore(&tasklist_lock, flags);
}

int proc_pid_io(struct seq_file *m, struct task_struct *t)
{
	struct task_io io;
	int rc = lock_trace(t, PTRACE_MODE_READ_FSCREDS);

	if (rc)
		return rc;
	io = t->io;
	if (!PROC_I((struct inode *)m->private)->thread)
		sum_io(t, &io);
	unlock_trace(t);
	seq_printf(m, "rchar: %llu\nwchar: %llu\nsyscr: %llu\nsyscw: %llu\n", (unsigned long long)io.rchar,
		   (unsigned long long)io.wchar, (unsigned long long)io.syscr, (unsigned long long)io.syscw);
	seq_printf(m, "read_bytes: %llu\nwrite_bytes: %llu\ncancelled_write_bytes: %llu\n",
		   (unsigned long long)io.read_bytes, (unsigned long long)io.write_bytes,
		   (unsigned long long)io.cancelled_write_bytes);
	return 0;
}

int proc_pid_timers(struct seq_file *m, struct task_struct *t)
{
	posix_timers_show(m, t->signal);
	return 0;
}

/* ---- coredump_filter ------------------------------------------------------------------------- */

/* The address space that the task has now; NULL: none, ERR_PTR(-ESRCH): no task */
static struct mm_struct *mm_of_file(struct file *f)
{
	struct task_struct *t = get_proc_task(f->f_inode);
	struct mm_struct *mm;

	if (!t)
		return ERR_PTR(-ESRCH);
	mm = get_task_mm(t);
	put_task_struct(t);
	return mm;
}

static ssize_t coredump_filter_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct mm_struct *mm = mm_of_file(f);
	char buf[16];
	int n;

	if (!mm || IS_ERR(mm))
		return PTR_ERR(mm);
	n = scnprintf(buf, sizeof(buf), "%08x\n", READ_ONCE(mm->coredump_filter));
	mmput(mm);
	return simple_read_from_buffer(to, pos, buf, n);
}

static ssize_t coredump_filter_write(struct file *f, struct iov_iter *from, __maybe_unused loff_t *pos)
{
	size_t n = from->count;
	struct mm_struct *mm;
	unsigned v;
	char buf[16];
	int rc = proc_get_text(from, buf, sizeof(buf));

	if (!rc)
		rc = kstrtouint(buf, 0, &v);
	if (rc)
		return rc;
	mm = mm_of_file(f);
	if (!mm || IS_ERR(mm))
		return -ESRCH;
	WRITE_ONCE(mm->coredump_filter, v & COREDUMP_FILTER_ALL);
	mmput(mm);
	return n;
}

const struct file_operations proc_coredump_filter_fops = {
	.read = coredump_filter_read, .write = coredump_filter_write, .llseek = generic_file_llseek,
};
