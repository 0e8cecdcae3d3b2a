/*
 * fs/proc/maps.c - /proc/PID/maps, smaps and numa_maps, region by region; smaps_rollup, their sum.
 *
 * MODEL     What is shown is the address space that the task had when the file was opened, and the right to
 *           see it was asked for then: after an exec there is nothing more to read.
 *           The position of the sequence is an address: the next record is the first region that ends above it.  So
 *           a read takes the mmap lock for what fits into it only, costs what it shows, and goes on where it
 *           was whatever was mapped or unmapped meanwhile.
 * TESTS     test/user/t_procmm.c, test/user/t_access.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/proc/internal.h"
#include "fs/file.h"
#include "include/uapi/procmap.h"
#include "kernel/task/access.h"
#include "mm/policy/mempolicy.h"
#include "mm/space/mm.h"
#include "mm/space/procmaps.h"
#include "mm/region/vma.h"

struct maps_state {
	struct inode *inode;
	struct task_struct *task;	/* from start() to stop(), counted: whose it is */
	struct mm_struct *mm;		/* of the opening: the struct is kept; NULL: there was none */
	bool held;			/* from start() to stop(): a user of mm, locked for reading */
};

static void *maps_start(struct seq_file *m, loff_t *pos) NO_LOCK_ANALYSIS
{
	struct maps_state *s = m->private;

	s->task = get_proc_task(s->inode);
	if (!s->task)
		return ERR_PTR(-ESRCH);
	if (!s->mm || !mmget_not_zero(s->mm))
		return NULL;
	if (mmap_read_lock_killable(s->mm)) {
		mmput(s->mm);
		return ERR_PTR(-EINTR);
	}
	s->held = true;
	return find_vma(s->mm, *pos);
}

static void *maps_next(__maybe_unused struct seq_file *m, void *v, loff_t *pos)
{
	struct vm_area_struct *vma = v;

	*pos = vma->vm_end;
	cond_resched();
	return vma->vm_next;
}

static void maps_stop(struct seq_file *m, __maybe_unused void *v) NO_LOCK_ANALYSIS
{
	struct maps_state *s = m->private;

	if (s->held) {
		s->held = false;
		mmap_read_unlock(s->mm);
		mmput(s->mm);
	}
	if (s->task)
		put_task_struct(s->task);
	s->task = NULL;
}

static int maps_show(struct seq_file *m, void *v)
{
	proc_show_map(m, v);
	return 0;
}

static int smaps_show(struct seq_file *m, void *v)
{
	proc_show_smap(m, v);
	return 0;
}

static int numa_maps_show(struct seq_file *m, void *v)
{
	struct maps_state *s = m->private;
	struct mempolicy *task_policy = get_task_policy((struct task_base *)s->task);

	proc_show_numa_map(m, v, task_policy);
	mpol_put(task_policy);
	return 0;
}

static const struct seq_operations maps_ops = { maps_start, maps_stop, maps_next, maps_show };
static const struct seq_operations smaps_ops = { maps_start, maps_stop, maps_next, smaps_show };
static const struct seq_operations numa_maps_ops = { maps_start, maps_stop, maps_next, numa_maps_show };

/* ---- the sum --------------------------------------------------------------------------------- */

static void *rollup_start(struct seq_file *m, loff_t *pos)
{
	struct maps_state *s = m->private;

	if (*pos)
		return NULL;
	s->task = get_proc_task(s->inode);
	return s->task && s->mm ? SEQ_START_TOKEN : ERR_PTR(-ESRCH);
}

static void *rollup_next(__maybe_unused struct seq_file *m, __maybe_unused void *v, loff_t *pos)
{
	++*pos;
	return NULL;
}

static void rollup_stop(struct seq_file *m, __maybe_unused void *v)
{
	struct maps_state *s = m->private;

	if (s->task)
		put_task_struct(s->task);
	s->task = NULL;
}

static int rollup_show(struct seq_file *m, __maybe_unused void *v)
{
	struct maps_state *s = m->private;
	int rc;

	if (!mmget_not_zero(s->mm))
		return -ESRCH;
	rc = proc_pid_smaps_rollup(m, s->mm);
	mmput(s->mm);
	return rc;
}

static const struct seq_operations rollup_ops = { rollup_start, rollup_stop, rollup_next, rollup_show };

/* ---- opening --------------------------------------------------------------------------------- */

static int open_regions(struct inode *inode, struct file *f, const struct seq_operations *ops)
{
	struct mm_struct *mm = proc_mem_open(inode, PTRACE_MODE_READ);
	struct maps_state *s;

	if (IS_ERR(mm))
		return PTR_ERR(mm);
	s = __seq_open_private(f, ops, sizeof(*s));
	if (!s) {
		proc_mem_close(mm);
		return -ENOMEM;
	}
	s->inode = inode;
	s->mm = mm;
	return 0;
}

static void regions_release(struct inode *inode, struct file *f)
{
	struct maps_state *s = ((struct seq_file *)f->private_data)->private;

	proc_mem_close(s->mm);
	seq_release_private(inode, f);
}

static int maps_open(struct inode *inode, struct file *f) { return open_regions(inode, f, &maps_ops); }
static int smaps_open(struct inode *inode, struct file *f) { return open_regions(inode, f, &smaps_ops); }
static int numa_maps_open(struct inode *inode, struct file *f) { return open_regions(inode, f, &numa_maps_ops); }
static int rollup_open(struct inode *inode, struct file *f) { return open_regions(inode, f, &rollup_ops); }

static long maps_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	const struct maps_state *s = ((struct seq_file *)f->private_data)->private;
	struct mm_struct *mm = s->mm && mmget_not_zero(s->mm) ? s->mm : NULL;
	long rc = -ENOTTY;

	if (cmd == PROCMAP_QUERY)
		rc = procmap_query(mm, (void __user *)arg);
	if (mm)
		mmput(mm);
	return rc;
}

const struct file_operations proc_maps_fops = {
	.fop_flags = FOP_NO_SPLICE,
	.open = maps_open, .ioctl = maps_ioctl, .read = seq_read, .llseek = no_seek_end_llseek,
	.release = regions_release,
};

const struct file_operations proc_smaps_fops = {
	.fop_flags = FOP_NO_SPLICE,
	.open = smaps_open, .read = seq_read, .llseek = no_seek_end_llseek, .release = regions_release,
};

const struct file_operations proc_numa_maps_fops = {
	.fop_flags = FOP_NO_SPLICE,
	.open = numa_maps_open, .read = seq_read, .llseek = no_seek_end_llseek, .release = regions_release,
};

const struct file_operations proc_smaps_rollup_fops = {
	.fop_flags = FOP_NO_SPLICE,
	.open = rollup_open, .read = seq_read, .llseek = no_seek_end_llseek, .release = regions_release,
};
