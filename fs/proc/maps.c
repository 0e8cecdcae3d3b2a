/*
 * fs/proc/maps.c - /proc/PID/maps and smaps, region by region.
 *
 * MODEL     The position of the sequence is an address: the next record is the first region that ends above it.  So
 *           a read takes the mmap lock for what fits into it only, costs what it shows, and goes on where it
 *           was whatever was mapped or unmapped meanwhile.
 * TESTS     test/user/t_procmm.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/proc/internal.h"
#include "fs/file.h"
#include "include/uapi/procmap.h"
#include "kernel/task/fork.h"
#include "mm/space/mm.h"
#include "mm/space/procmaps.h"
#include "mm/space/vma.h"

struct maps_state {
	struct task_struct *task;	/* the inode's */
	struct mm_struct *mm;		/* from start() to stop(): counted, locked for reading */
};

static void *maps_start(struct seq_file *m, loff_t *pos) NO_LOCK_ANALYSIS
{
	struct maps_state *s = m->private;

	s->mm = get_task_mm(s->task);
	if (!s->mm)
		return NULL;
	if (mmap_read_lock_killable(s->mm)) {
		mmput(s->mm);
		s->mm = NULL;
		return ERR_PTR(-EINTR);
	}
	return find_vma(s->mm, *pos);
}

static void *maps_next(__maybe_unused struct seq_file *m, void *v, loff_t *pos)
{
	struct vm_area_struct *vma = v;

	*pos = vma->vm_end;
	return vma->vm_next;
}

static void maps_stop(struct seq_file *m, __maybe_unused void *v) NO_LOCK_ANALYSIS
{
	struct maps_state *s = m->private;

	if (!s->mm)
		return;
	mmap_read_unlock(s->mm);
	mmput(s->mm);
	s->mm = NULL;
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

static const struct seq_operations maps_ops = { maps_start, maps_stop, maps_next, maps_show };
static const struct seq_operations smaps_ops = { maps_start, maps_stop, maps_next, smaps_show };

static int open_regions(struct inode *inode, struct file *f, const struct seq_operations *ops)
{
	struct maps_state *s;

	if (!proc_may_access(proc_task(inode)))
		return -EACCES;
	s = __seq_open_private(f, ops, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->task = proc_task(inode);
	return 0;
}

static int maps_open(struct inode *inode, struct file *f) { return open_regions(inode, f, &maps_ops); }
static int smaps_open(struct inode *inode, struct file *f) { return open_regions(inode, f, &smaps_ops); }

static long maps_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	const struct seq_file *m = f->private_data;
	const struct maps_state *s = m->private;
	struct mm_struct *mm;
	long rc;

	if (cmd != PROCMAP_QUERY)
		return -ENOTTY;
	mm = get_task_mm(s->task);
	rc = procmap_query(mm, (void __user *)arg);
	if (mm)
		mmput(mm);
	return rc;
}

const struct file_operations proc_maps_fops = {
	.fop_flags = FOP_NO_SPLICE,
	.open = maps_open, .ioctl = maps_ioctl, .read = seq_read, .llseek = no_seek_end_llseek,
	.release = seq_release_private,
};

const struct file_operations proc_smaps_fops = {
	.fop_flags = FOP_NO_SPLICE,
	.open = smaps_open, .read = seq_read, .llseek = no_seek_end_llseek, .release = seq_release_private,
};
