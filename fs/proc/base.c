/*
 * fs/proc/base.c - /proc/PID and /proc/PID/task/TID: the directories, and the rules of access.
 *
 * MODEL     An inode below /proc/PID holds a reference to its task and says by its pid_entry what it shows.
 *           Dentries are not cached when unused, and a look-up in the cache finds one gone when its
 *           task has been waited for: the directory of a dead process is empty and then vanishes.
 *           Who may see what is asked in one of two ways.  Files that show memory keep the address space
 *           of their opening, when the right was asked for (proc_mem_open); those that show the task itself
 *           ask at every read, with the program held still meanwhile (PE_TRACE, lock_trace).  The others
 *           show anybody what the mode lets through.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/proc/internal.h"
#include "fs/file.h"
#include "fs/fs_struct.h"
#include "fs/libfs.h"
#include "include/uapi/dirent.h"
#include "kernel/task/access.h"
#include "kernel/task/cred.h"
#include "kernel/task/fork.h"
#include "kernel/task/pid.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "mm/fault/fault.h"
#include "mm/space/mm.h"
#include "mm/space/procmaps.h"
#include "mm/slab/slab.h"

static const struct inode_operations pid_dir_iops;
static const struct file_operations pid_dir_fops, pid_show_fops;

/* ---- access ---------------------------------------------------------------------------------- */

/* A thread that executes a program gets its leader's number and birth, and its own number is nobody's. */
struct task_struct *get_proc_task(const struct inode *inode)
{
	struct task_struct *t = find_get_task(PROC_I(inode)->nr), *was = PROC_I(inode)->task;

	if (!t || t == was || t->start_time == was->start_time)
		return t;
	put_task_struct(t);
	return NULL;
}

bool proc_task_alive(const struct inode *inode)
{
	struct task_struct *t = get_proc_task(inode);

	if (t)
		put_task_struct(t);
	return t;
}

/* Is @t's program one whose owner may look in?  Who has no memory any more, or never had, is root's. */
static bool owner_may_look(struct task_struct *t)
{
	unsigned long irq;
	bool yes;

	task_lock_irqsave(t, irq);
	yes = t->mm && get_dumpable(t->mm) == SUID_DUMP_USER;
	task_unlock_irqrestore(t, irq);
	return yes;
}

/* Directories that all may read tell by their owner who a process runs as, even if it keeps secrets. */
void proc_set_owner(struct inode *inode, struct task_struct *t)
{
	bool own = inode->i_mode == (S_IFDIR | 0555) || owner_may_look(t);
	const struct cred *c = get_task_cred(t);

	inode->i_uid = own ? c->euid : 0;
	inode->i_gid = own ? c->egid : 0;
	put_cred(c);
}

struct inode *proc_pid_make_inode(struct super_block *sb, struct task_struct *t, umode_t mode, bool thread)
{
	struct inode *inode = new_inode(sb);

	if (!inode)
		return NULL;
	get_task_struct(t);
	PROC_I(inode)->task = t;
	PROC_I(inode)->nr = READ_ONCE(t->pid);
	PROC_I(inode)->thread = thread;
	inode->i_mode = mode;
	inode->i_op = &proc_def_inode_operations;
	proc_set_owner(inode, t);
	return inode;
}

int proc_setattr(struct dentry *d, struct iattr *attr)
{
	return attr->ia_valid & ATTR_MODE ? -EPERM : simple_setattr(d, attr);
}

const struct inode_operations proc_def_inode_operations = { .setattr = proc_setattr };

static int pid_revalidate(struct dentry *d, __maybe_unused unsigned flags)
{
	struct inode *inode = d->d_inode;
	struct task_struct *t = inode ? get_proc_task(inode) : NULL;

	if (!t)
		return 0;
	proc_set_owner(inode, t);
	put_task_struct(t);
	return 1;
}

static bool pid_delete(__maybe_unused const struct dentry *d) { return true; }

const struct dentry_operations pid_dentry_operations = { .revalidate = pid_revalidate, .delete_ = pid_delete };

static struct dentry *pid_add(struct dentry *d, struct inode *inode)
{
	d->d_op = &pid_dentry_operations;
	return proc_add(d, inode);
}

bool name_to_number(const struct dentry *d, unsigned *n)
{
	u64 v = 0;

	if (!d->d_len || (d->d_len > 1 && d->d_name[0] == '0'))
		return false;
	for (unsigned i = 0; i < d->d_len; i++) {
		unsigned c = (u8)d->d_name[i] - '0';

		if (c > 9 || v > 0xffffffffu / 10)
			return false;
		v = v * 10 + c;
	}
	*n = v;
	return v <= 0x7fffffff;
}

/* ---- small files ----------------------------------------------------------------------------- */

/* @show of mm, with the task's address space held; nothing for kernel threads and zombies. */
static int with_mm(struct seq_file *m, struct task_struct *t, int (*show)(struct seq_file *, struct mm_struct *))
{
	struct mm_struct *mm = get_task_mm(t);
	int rc;

	if (!mm)
		return 0;
	rc = show(m, mm);
	mmput(mm);
	return rc;
}

static int show_statm(struct seq_file *m, struct task_struct *t)
{
	struct mm_struct *mm = get_task_mm(t);

	if (!mm) {
		seq_puts(m, "0 0 0 0 0 0 0\n");
		return 0;
	}
	proc_pid_statm(m, mm);
	mmput(mm);
	return 0;
}


static int show_syscall(struct seq_file *m, struct task_struct *t)
{
	struct pt_regs *regs = task_pt_regs(t);

	/* Who sleeps sleeps in a call; a fault that waits shows what a7 holds, as on Linux. */
	if (t != current && !t->state)
		seq_puts(m, "running\n");
	else if ((int)regs->a7 == -1)
		seq_printf(m, "-1 0x%lx 0x%lx\n", regs->sp, regs->epc);
	else
		seq_printf(m, "%d 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx\n", (int)regs->a7,
			   regs->orig_a0, regs->a1, regs->a2, regs->a3, regs->a4, regs->a5, regs->sp, regs->epc);
	return 0;
}

static int show_personality(struct seq_file *m, struct task_struct *t)
{
	seq_printf(m, "%08x\n", t->personality);
	return 0;
}

static int show_oom_score(struct seq_file *m, struct task_struct *t)
{
	unsigned long total = totalram_pages();
	long points = oom_badness(t, total);

	if (points == INT64_MIN)
		points = 0;
	else
		points = (1000 + points * 1000 / (long)total) * 2 / 3;
	seq_printf(m, "%ld\n", max(points, 0l));
	return 0;
}

static int show_cmdline_mm(struct seq_file *m, struct mm_struct *mm)
{
	unsigned long at = mm->arg_start, end = mm->arg_end;
	char buf[128];

	while (at < end && !seq_has_overflowed(m)) {
		int n = access_remote_vm(mm, at, buf, min(end - at, sizeof(buf)),
					 FOLL_NOUSERFAULT);

		if (n <= 0)
			break;
		seq_write(m, buf, n);
		at += n;
	}
	return 0;
}

static int show_cmdline(struct seq_file *m, struct task_struct *t) { return with_mm(m, t, show_cmdline_mm); }

/* ---- the table ------------------------------------------------------------------------------- */

#define DIR_E(n, m, i, f, fl)	{ n, S_IFDIR | (m), .iops = &(i), .fops = &(f), .flags = (fl) }
#define REG_E(n, m, f, fl)	{ n, S_IFREG | (m), .fops = &(f), .flags = (fl) }
#define ONE_E(n, m, s, fl)	{ n, S_IFREG | (m), .show = (s), .flags = (fl) }
#define LNK_E(n, i)		{ n, S_IFLNK | S_IRWXUGO, .iops = &(i) }

static const struct pid_entry pid_entries[] = {
	DIR_E("task", 0555, proc_task_iops, proc_task_fops, PE_PROCESS),
	DIR_E("fd", 0500, proc_fd_iops, proc_fd_fops, 0),
	DIR_E("map_files", 0500, proc_map_files_iops, proc_map_files_fops, PE_PROCESS),
	DIR_E("ns", 0511, proc_ns_iops, proc_ns_fops, 0),
	DIR_E("fdinfo", 0555, proc_fdinfo_iops, proc_fdinfo_fops, 0),
	REG_E("environ", 0400, proc_environ_fops, 0),
	REG_E("auxv", 0400, proc_auxv_fops, 0),
	ONE_E("status", 0444, proc_pid_status, 0),
	ONE_E("personality", 0400, show_personality, PE_TRACE),
	ONE_E("limits", 0444, proc_pid_limits, 0),
	REG_E("comm", 0644, proc_comm_fops, 0),
	ONE_E("syscall", 0400, show_syscall, PE_TRACE),
	ONE_E("cmdline", 0444, show_cmdline, 0),
	ONE_E("stat", 0444, proc_pid_stat, 0),
	ONE_E("statm", 0444, show_statm, 0),
	REG_E("maps", 0444, proc_maps_fops, 0),
	REG_E("mem", 0600, proc_mem_fops, 0),
	LNK_E("cwd", proc_cwd_iops),
	LNK_E("root", proc_root_iops),
	LNK_E("exe", proc_exe_iops),
	REG_E("mounts", 0444, proc_mounts_fops, 0),
	REG_E("mountinfo", 0444, proc_mountinfo_fops, 0),
	REG_E("mountstats", 0400, proc_mountstats_fops, 0),
	REG_E("timerslack_ns", 0666, proc_timerslack_fops, PE_PROCESS),
	REG_E("clear_refs", 0200, proc_clear_refs_fops, 0),
	REG_E("smaps", 0444, proc_smaps_fops, 0),
	REG_E("smaps_rollup", 0444, proc_smaps_rollup_fops, 0),
	REG_E("numa_maps", 0444, proc_numa_maps_fops, 0),
	REG_E("pagemap", 0400, proc_pagemap_fops, 0),
	ONE_E("wchan", 0444, proc_pid_wchan, 0),
	ONE_E("stack", 0400, proc_pid_stack, 0),
	ONE_E("io", 0400, proc_pid_io, 0),
	ONE_E("timers", 0444, proc_pid_timers, PE_PROCESS),
	REG_E("coredump_filter", 0644, proc_coredump_filter_fops, PE_PROCESS),
	ONE_E("oom_score", 0444, show_oom_score, 0),
	REG_E("oom_adj", 0644, proc_oom_adj_fops, 0),
	REG_E("oom_score_adj", 0644, proc_oom_score_adj_fops, 0),
	REG_E("make-it-fail", 0644, proc_make_it_fail_fops, 0),
};

static bool entry_applies(const struct pid_entry *e, bool thread)
{
	return !(e->flags & (thread ? PE_PROCESS : PE_THREAD));
}

static const struct pid_entry *entry_find(const struct dentry *d, bool thread)
{
	for (unsigned i = 0; i < ARRAY_SIZE(pid_entries); i++)
		if (strlen(pid_entries[i].name) == d->d_len && !memcmp(pid_entries[i].name, d->d_name, d->d_len) &&
		    entry_applies(&pid_entries[i], thread))
			return &pid_entries[i];
	return NULL;
}

static int show_traced(struct seq_file *m, struct task_struct *t, const struct pid_entry *e)
{
	int rc = lock_trace(t, PTRACE_MODE_ATTACH_FSCREDS);

	if (rc)
		return rc == -EACCES ? -EPERM : rc;
	rc = e->show(m, t);
	unlock_trace(t);
	return rc;
}

static int pid_show(struct seq_file *m, __maybe_unused void *v)
{
	struct inode *inode = m->private;
	struct task_struct *t = get_proc_task(inode);
	const struct pid_entry *e = PROC_I(inode)->entry;
	int rc;

	if (!t)
		return -ESRCH;
	rc = e->flags & PE_TRACE ? show_traced(m, t, e) : e->show(m, t);
	put_task_struct(t);
	return rc;
}

static int pid_show_open(struct inode *inode, struct file *f)
{
	return single_open(f, pid_show, inode);
}

static const struct file_operations pid_show_fops = {
	.fop_flags = FOP_NO_SPLICE,
	.open = pid_show_open, .read = seq_read, .llseek = no_seek_end_llseek, .release = single_release,
};

static struct dentry *pid_dir_lookup(struct inode *dir, struct dentry *d, __maybe_unused unsigned flags)
{
	const struct pid_entry *e = entry_find(d, PROC_I(dir)->thread);
	struct task_struct *t = e ? get_proc_task(dir) : NULL;
	struct inode *inode;

	if (!t)
		return ERR_PTR(-ENOENT);
	inode = proc_pid_make_inode(dir->i_sb, t, e->mode, PROC_I(dir)->thread);
	put_task_struct(t);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	PROC_I(inode)->entry = e;
	if (S_ISDIR(e->mode))
		inode->i_nlink = 2;
	if (e->iops)
		inode->i_op = e->iops;
	inode->i_fop = e->fops ? e->fops : &pid_show_fops;
	return pid_add(d, inode);
}

static int pid_dir_readdir(struct file *f, struct dir_context *ctx)
{
	bool thread = PROC_I(f->f_inode)->thread;

	if (!proc_task_alive(f->f_inode))
		return -ENOENT;
	if (!dir_emit_dots(f, ctx))
		return 0;
	for (unsigned i = ctx->pos - 2; i < ARRAY_SIZE(pid_entries); i++) {
		const struct pid_entry *e = &pid_entries[i];

		if (entry_applies(e, thread) &&
		    !dir_emit(ctx, e->name, strlen(e->name), f->f_inode->i_ino + i + 1, e->mode >> 12 & 15))
			return 0;
		ctx->pos = i + 3;
	}
	return 0;
}

/* Whether who is hidden is not there, or out of reach, is the same for stat(), open() and readdir(). */
static int pid_dir_permission(struct inode *dir, int mask)
{
	struct task_struct *t = get_proc_task(dir);	/* a thread that executes may just have become the leader */
	bool shown;

	if (!t)
		return -ESRCH;
	shown = PROC_I(dir)->thread || proc_shows_task(dir->i_sb, t, HIDEPID_NO_ACCESS);
	put_task_struct(t);
	if (!shown)
		return proc_hidepid(dir->i_sb) == HIDEPID_INVISIBLE ? -ENOENT : -EPERM;
	return generic_permission(dir, mask);
}

static int pid_dir_getattr(const struct path *path, struct kstat *st)
{
	struct inode *dir = path->dentry->d_inode;
	struct task_struct *t = get_proc_task(dir);
	bool shown = true;

	if (t) {
		shown = proc_shows_task(dir->i_sb, t, HIDEPID_INVISIBLE);
		put_task_struct(t);
	}
	if (!shown)
		return -ENOENT;
	generic_fillattr(dir, st);
	return 0;
}

static const struct inode_operations pid_dir_iops = {
	.lookup = pid_dir_lookup, .permission = pid_dir_permission, .setattr = proc_setattr,
	.getattr = pid_dir_getattr,
};
static const struct file_operations pid_dir_fops = {
	.iterate = pid_dir_readdir, .read = generic_read_dir, .llseek = no_seek_end_llseek,
};

struct task_struct *proc_tgid_task(const struct file *f)
{
	struct task_struct *t;

	if (f->f_op != &pid_dir_fops || PROC_I(f->f_inode)->thread)
		return NULL;
	t = get_proc_task(f->f_inode);
	if (!t) {			/* gone: still the file of a process */
		t = PROC_I(f->f_inode)->task;
		get_task_struct(t);
	}
	return t;
}

/* ---- directories of tasks -------------------------------------------------------------------- */

/*
 * The directory of task number @d below /proc (any thread's number works, but only leaders are listed),
 * or of a thread of @group below its task/.
 */
struct dentry *proc_pid_lookup(struct dentry *d, bool thread, struct task_struct *group)
{
	struct task_struct *t;
	struct inode *inode;
	int rc = -ENOMEM;
	unsigned nr;

	if (!name_to_number(d, &nr))
		return ERR_PTR(-ENOENT);
	t = find_get_task(nr);
	if (!t)
		return ERR_PTR(-ENOENT);
	if (group && t->tgid != group->tgid) {
		put_task_struct(t);
		return ERR_PTR(-ENOENT);
	}
	inode = NULL;
	if (proc_hidepid(d->d_sb) == HIDEPID_NOT_PTRACEABLE && !group &&
	    !ptrace_may_access(t, PTRACE_MODE_READ_FSCREDS))
		rc = -ENOENT;
	else
		inode = proc_pid_make_inode(d->d_sb, t, S_IFDIR | 0555, thread);
	put_task_struct(t);
	if (!inode)
		return ERR_PTR(rc);
	inode->i_nlink = thread ? 4 : 5;
	inode->i_flags |= S_IMMUTABLE;			/* not even its times */
	inode->i_op = &pid_dir_iops;
	inode->i_fop = &pid_dir_fops;
	return pid_add(d, inode);
}

#define FIRST_PROCESS	256

/* Emit the tasks that @want accepts, positions base + pid. */
static int emit_tasks(struct file *f, struct dir_context *ctx, loff_t base, pid_t tgid)
{
	pid_t pid = ctx->pos - base;
	struct task_struct *t;
	char name[12];

	while ((t = find_get_task_from(pid))) {
		bool want = tgid ? t->tgid == tgid :
			    t->pid == t->tgid && proc_shows_task(f->f_inode->i_sb, t, HIDEPID_INVISIBLE);
		bool ok = true;

		pid = t->pid;
		put_task_struct(t);
		ctx->pos = base + pid;
		if (want)
			ok = dir_emit(ctx, name, snprintf(name, sizeof(name), "%d", pid), pid + 0x10000ul, DT_DIR);
		if (!ok)
			return 0;
		ctx->pos = base + ++pid;
	}
	return 0;
}

int proc_pid_readdir(struct file *f, struct dir_context *ctx)
{
	return emit_tasks(f, ctx, FIRST_PROCESS, 0);
}

static struct dentry *task_lookup(struct inode *dir, struct dentry *d, __maybe_unused unsigned flags)
{
	struct task_struct *t = get_proc_task(dir);
	struct dentry *found;

	if (!t)
		return ERR_PTR(-ENOENT);
	found = proc_pid_lookup(d, true, t);
	put_task_struct(t);
	return found;
}

static int task_readdir(struct file *f, struct dir_context *ctx)
{
	struct task_struct *t = get_proc_task(f->f_inode);
	pid_t tgid;

	if (!t)
		return -ENOENT;
	tgid = t->tgid;
	put_task_struct(t);
	return dir_emit_dots(f, ctx) ? emit_tasks(f, ctx, 2, tgid) : 0;
}

static int task_getattr(const struct path *path, struct kstat *st)
{
	struct inode *inode = path->dentry->d_inode;
	struct task_struct *t = get_proc_task(inode);

	generic_fillattr(inode, st);
	if (t) {
		st->nlink = 2 + READ_ONCE(t->signal->nr_threads);
		put_task_struct(t);
	}
	return 0;
}

const struct inode_operations proc_task_iops = {
	.lookup = task_lookup, .setattr = proc_setattr, .getattr = task_getattr,
};
const struct file_operations proc_task_fops = {
	.iterate = task_readdir, .read = generic_read_dir, .llseek = no_seek_end_llseek,
};
