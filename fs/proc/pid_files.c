/*
 * fs/proc/pid_files.c - files of /proc/PID with reads and writes of their own: environ, auxv, mem, pagemap,
 * clear_refs, comm, oom_adj, oom_score_adj.
 *
 * MODEL     What shows an address space takes hold of it when the file is opened, so that access was checked
 *           against the program that is shown, even across an exec; the struct is kept, not its pages.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/proc/internal.h"
#include "fs/file.h"
#include "fs/libfs.h"
#include "include/uapi/pagemap.h"
#include "kernel/task/access.h"
#include "kernel/task/cred.h"
#include "kernel/task/oom.h"
#include "lib/kstrtox.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "mm/fault/fault.h"
#include "mm/slab/slab.h"
#include "mm/space/mm.h"
#include "mm/space/procmaps.h"

/* ---- the address space of an open file ------------------------------------------------------- */

struct mm_struct *proc_mem_open(struct inode *inode, unsigned mode)
{
	struct task_struct *t = get_proc_task(inode);
	struct mm_struct *mm;

	if (!t)
		return ERR_PTR(-ESRCH);
	mm = mm_access(t, mode | PTRACE_MODE_FSCREDS);
	put_task_struct(t);
	if (mm && !IS_ERR(mm)) {
		mmgrab(mm);
		mmput(mm);
	}
	return mm;
}

void proc_mem_close(struct mm_struct *mm)
{
	if (mm)
		mmdrop(mm);
}

static int open_mm(struct inode *inode, struct file *f, unsigned mode)
{
	struct mm_struct *mm = proc_mem_open(inode, mode);

	if (IS_ERR(mm))
		return PTR_ERR(mm);
	f->private_data = mm;
	return 0;
}

static int read_open(struct inode *inode, struct file *f) { return open_mm(inode, f, PTRACE_MODE_READ); }
static int attach_open(struct inode *inode, struct file *f) { return open_mm(inode, f, PTRACE_MODE_ATTACH); }

static void mm_release_file(__maybe_unused struct inode *inode, struct file *f)
{
	proc_mem_close(f->private_data);
}

/* Copy between the address space from *@pos and @i, through a page.  => bytes, -EIO, -ENOMEM */
static ssize_t mem_rw(struct mm_struct *mm, struct iov_iter *i, unsigned long addr, unsigned gup)
{
	char *page = (char *)__get_free_page(GFP_KERNEL);
	ssize_t done = 0;

	if (!page)
		return -ENOMEM;
	while (i->count) {
		size_t n = min(i->count, (size_t)PAGE_SIZE);
		int got;

		if ((gup & FOLL_WRITE) && copy_from_iter(page, n, i) != n) {
			done = done ? done : -EFAULT;
			break;
		}
		got = access_remote_vm(mm, addr, page, n, gup);
		if (got <= 0) {
			done = done ? done : -EIO;
			break;
		}
		if (!(gup & FOLL_WRITE) && copy_to_iter(page, got, i) != (size_t)got) {
			done = done ? done : -EFAULT;
			break;
		}
		done += got;
		addr += got;
		if ((size_t)got < n)
			break;
	}
	free_page((unsigned long)page);
	return done;
}

static ssize_t mem_access(struct file *f, struct iov_iter *i, loff_t *pos, unsigned gup)
{
	struct mm_struct *mm = f->private_data;
	ssize_t n;

	if (!mm || !mmget_not_zero(mm))
		return 0;
	n = mem_rw(mm, i, *pos, gup | FOLL_FORCE | FOLL_NOUSERFAULT);
	mmput(mm);
	if (n > 0)
		*pos += n;
	return n;
}

static ssize_t mem_read(struct file *f, struct iov_iter *to, loff_t *pos) { return mem_access(f, to, pos, 0); }
static ssize_t mem_write(struct file *f, struct iov_iter *from, loff_t *pos)
{ return mem_access(f, from, pos, FOLL_WRITE); }

/* Any address, the kernel's half too, is a position; reading it fails later. */
static loff_t mem_lseek(struct file *f, loff_t off, int whence)
{
	if (whence == SEEK_CUR)
		off += f->f_pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	f->f_pos = off;
	return off;
}

const struct file_operations proc_mem_fops = {
	.fop_flags = FOP_NO_SPLICE,
	.open = attach_open, .release = mm_release_file, .read = mem_read, .write = mem_write, .llseek = mem_lseek,
};

static ssize_t pagemap_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct mm_struct *mm = f->private_data;
	ssize_t n;

	if (!mm || !mmget_not_zero(mm))
		return 0;
	n = proc_pid_pagemap(mm, to, pos);
	mmput(mm);
	return n;
}

static long pagemap_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	struct mm_struct *mm = f->private_data;
	long rc;

	if (cmd != PAGEMAP_SCAN)
		return -EINVAL;
	if (mm && !mmget_not_zero(mm))
		mm = NULL;
	rc = proc_pagemap_scan(mm, (void __user *)arg);
	if (mm)
		mmput(mm);
	return rc;
}

const struct file_operations proc_pagemap_fops = {
	.fop_flags = FOP_NO_SPLICE,
	.open = read_open, .release = mm_release_file, .read = pagemap_read, .llseek = mem_lseek,
	.ioctl = pagemap_ioctl,
};

static ssize_t environ_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct mm_struct *mm = f->private_data;
	unsigned long len;
	ssize_t n = 0;

	if (!mm || !mmget_not_zero(mm))
		return 0;
	len = mm->env_end - mm->env_start;
	if ((u64)*pos < len) {
		to->count = min(to->count, len - (size_t)*pos);
		n = mem_rw(mm, to, mm->env_start + *pos, 0);
	}
	mmput(mm);
	if (n > 0)
		*pos += n;
	return n;
}

const struct file_operations proc_environ_fops = {
	.fop_flags = FOP_NO_SPLICE,
	.open = read_open, .release = mm_release_file, .read = environ_read, .llseek = mem_lseek,
};

/* The vector stays in the struct when the pages are gone. */
static ssize_t auxv_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct mm_struct *mm = f->private_data;
	unsigned n = 0;

	if (!mm)
		return 0;
	while (n + 2 < ARRAY_SIZE(mm->saved_auxv) && mm->saved_auxv[n])
		n += 2;
	return simple_read_from_buffer(to, pos, mm->saved_auxv, (n + 2) * sizeof(long));
}

const struct file_operations proc_auxv_fops = {
	.fop_flags = FOP_NO_SPLICE,
	.open = read_open, .release = mm_release_file, .read = auxv_read, .llseek = generic_file_llseek,
};

/* ---- small numbers that can be written ------------------------------------------------------- */

int proc_get_text(struct iov_iter *from, char *buf, size_t size)
{
	size_t n = from->count;
	char *s;

	if (n >= size)
		return -EINVAL;
	if (copy_from_iter(buf, n, from) != n)
		return -EFAULT;
	buf[n] = 0;
	s = strim(buf);
	memmove(buf, s, strlen(s) + 1);
	return 0;
}

/* Show the number @v of @t, which is NULL when there is no such task any more, and is let go of. */
static ssize_t show_number(struct task_struct *t, struct iov_iter *to, loff_t *pos, int v)
{
	char buf[16];

	if (!t)
		return -ESRCH;
	put_task_struct(t);
	return simple_read_from_buffer(to, pos, buf, scnprintf(buf, sizeof(buf), "%d\n", v));
}

static ssize_t clear_refs_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	size_t n = from->count;
	struct task_struct *t;
	struct mm_struct *mm;
	char buf[16];
	int what, rc = proc_get_text(from, buf, sizeof(buf));

	if (!rc)
		rc = kstrtoint(buf, 10, &what);
	if (rc)
		return rc;
	if (what < 1 || what > 5)
		return -EINVAL;
	t = get_proc_task(f->f_inode);
	if (!t)
		return -ESRCH;
	mm = get_task_mm(t);
	put_task_struct(t);
	if (mm) {
		rc = proc_clear_refs(mm, what);
		mmput(mm);
	}
	if (rc)
		return rc;
	*pos += n;
	return n;
}

const struct file_operations proc_clear_refs_fops = {
	.fop_flags = FOP_NO_SPLICE, .write = clear_refs_write, .llseek = noop_llseek,
};

static ssize_t comm_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct task_struct *t = get_proc_task(f->f_inode);
	char buf[TASK_COMM_LEN + 2];
	int n;

	if (!t)
		return -ESRCH;
	n = scnprintf(buf, sizeof(buf), "%s\n", t->comm);
	put_task_struct(t);
	return simple_read_from_buffer(to, pos, buf, n);
}

static ssize_t comm_write(struct file *f, struct iov_iter *from, __maybe_unused loff_t *pos)
{
	char buf[TASK_COMM_LEN] = "";
	size_t n = from->count;
	struct task_struct *t;
	bool own;

	if (copy_from_iter(buf, min(n, sizeof(buf) - 1), from) != min(n, sizeof(buf) - 1))
		return -EFAULT;
	t = get_proc_task(f->f_inode);
	if (!t)
		return -ESRCH;
	own = t->tgid == current->tgid;
	if (own)
		strscpy(t->comm, buf, sizeof(t->comm));
	put_task_struct(t);
	return own ? (ssize_t)n : -EINVAL;
}

const struct file_operations proc_comm_fops = {
	.fop_flags = FOP_NO_SPLICE,
	.read = comm_read, .write = comm_write, .llseek = generic_file_llseek,
};

#define OOM_DISABLE		(-17)
#define OOM_ADJUST_MAX		15

static ssize_t oom_score_adj_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct task_struct *t = get_proc_task(f->f_inode);

	return show_number(t, to, pos, t ? t->signal->oom_score_adj : 0);
}

static int set_adj(struct inode *inode, int adj, int (*set)(struct task_struct *t, int adj))
{
	struct task_struct *t = get_proc_task(inode);
	int rc = t ? set(t, adj) : -ESRCH;

	if (t)
		put_task_struct(t);
	return rc;
}

static ssize_t oom_score_adj_write(struct file *f, struct iov_iter *from, __maybe_unused loff_t *pos)
{
	size_t n = from->count;
	char buf[16];
	int adj, rc = proc_get_text(from, buf, sizeof(buf));

	if (!rc)
		rc = kstrtoint(buf, 0, &adj);
	if (!rc && (adj < OOM_SCORE_ADJ_MIN || adj > OOM_SCORE_ADJ_MAX))
		rc = -EINVAL;
	if (!rc)
		rc = set_adj(f->f_inode, adj, set_oom_score_adj);
	return rc ? rc : (ssize_t)n;
}

/* Whether injected failures (/sys/kernel/debug/fail_page_alloc) may hit the task. */
static ssize_t make_it_fail_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct task_struct *t = get_proc_task(f->f_inode);

	return show_number(t, to, pos, t ? t->make_it_fail : 0);
}

static int set_make_it_fail(struct task_struct *t, int value)
{
	t->make_it_fail = value;
	return 0;
}

static ssize_t make_it_fail_write(struct file *f, struct iov_iter *from, __maybe_unused loff_t *pos)
{
	size_t n = from->count;
	char buf[8];
	int value, rc = capable(CAP_SYS_RESOURCE) ? proc_get_text(from, buf, sizeof(buf)) : -EPERM;

	if (!rc)
		rc = kstrtoint(buf, 0, &value);
	if (!rc && value != 0 && value != 1)
		rc = -EINVAL;
	if (!rc)
		rc = set_adj(f->f_inode, value, set_make_it_fail);
	return rc ? rc : (ssize_t)n;
}

const struct file_operations proc_make_it_fail_fops = {
	.fop_flags = FOP_NO_SPLICE,
	.read = make_it_fail_read, .write = make_it_fail_write, .llseek = generic_file_llseek,
};

/* The old scale, -17..15. */
static ssize_t oom_adj_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct task_struct *t = get_proc_task(f->f_inode);
	int adj = t ? t->signal->oom_score_adj : 0;

	return show_number(t, to, pos, adj == OOM_SCORE_ADJ_MAX ? OOM_ADJUST_MAX :
							      adj * -OOM_DISABLE / OOM_SCORE_ADJ_MAX);
}

static ssize_t oom_adj_write(struct file *f, struct iov_iter *from, __maybe_unused loff_t *pos)
{
	size_t n = from->count;
	char buf[16];
	int old, rc = proc_get_text(from, buf, sizeof(buf));

	if (!rc)
		rc = kstrtoint(buf, 0, &old);
	if (!rc && (old < OOM_DISABLE || old > OOM_ADJUST_MAX))
		rc = -EINVAL;
	if (!rc)
		rc = set_adj(f->f_inode, old == OOM_ADJUST_MAX ? OOM_SCORE_ADJ_MAX :
			     old * OOM_SCORE_ADJ_MAX / -OOM_DISABLE, set_oom_adj);
	return rc ? rc : (ssize_t)n;
}

const struct file_operations proc_oom_score_adj_fops = {
	.fop_flags = FOP_NO_SPLICE,
	.read = oom_score_adj_read, .write = oom_score_adj_write, .llseek = generic_file_llseek,
};
const struct file_operations proc_oom_adj_fops = {
	.fop_flags = FOP_NO_SPLICE,
	.read = oom_adj_read, .write = oom_adj_write, .llseek = generic_file_llseek,
};

/* ---- timerslack_ns --------------------------------------------------------------------------- */

static bool may_set_slack(const struct task_struct *t)
{
	return t == current || capable(CAP_SYS_NICE);
}

static ssize_t timerslack_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct task_struct *t = get_proc_task(f->f_inode);
	char buf[24];
	int n = -ESRCH;

	if (t) {
		n = !may_set_slack(t) ? -EPERM :
		    scnprintf(buf, sizeof(buf), "%llu\n", (unsigned long long)t->timer_slack_ns);
		put_task_struct(t);
	}
	return n < 0 ? n : simple_read_from_buffer(to, pos, buf, n);
}

static ssize_t timerslack_write(struct file *f, struct iov_iter *from, __maybe_unused loff_t *pos)
{
	size_t n = from->count;
	struct task_struct *t;
	unsigned long long v;
	char buf[24];
	int rc = proc_get_text(from, buf, sizeof(buf));

	if (!rc)
		rc = kstrtoull(buf, 10, &v);
	if (rc)
		return rc;
	t = get_proc_task(f->f_inode);
	if (!t)
		return -ESRCH;
	if (may_set_slack(t))
		t->timer_slack_ns = v ? v : t->default_timer_slack_ns;
	else
		rc = -EPERM;
	put_task_struct(t);
	return rc ? rc : (ssize_t)n;
}

const struct file_operations proc_timerslack_fops = {
	.fop_flags = FOP_NO_SPLICE,
	.read = timerslack_read, .write = timerslack_write, .llseek = generic_file_llseek,
};
