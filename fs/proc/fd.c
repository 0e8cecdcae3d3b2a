/*
 * fs/proc/fd.c - /proc/PID/fd, fdinfo, and the links cwd, root and exe.
 *
 * MODEL     A link here is the object itself: opening /proc/PID/fd/3 reaches the very file that
 *           descriptor 3 names, even if it has no name any more.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/proc/internal.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/fs_struct.h"
#include "fs/libfs.h"
#include "fs/locks.h"
#include "include/uapi/dirent.h"
#include "kernel/task/access.h"
#include "lib/vsprintf.h"
#include "mm/space/mm.h"

/* ---- cwd, root, exe -------------------------------------------------------------------------- */

/* To go where a link leads: who has the number of @inode's task, held still; ERR_PTR */
static struct task_struct *trace_proc_task(const struct inode *inode)
{
	struct task_struct *t = get_proc_task(inode);
	int rc = t ? lock_trace(t, PTRACE_MODE_READ_FSCREDS) : -EACCES;

	if (!rc)
		return t;
	if (t)
		put_task_struct(t);
	return ERR_PTR(rc);
}

static void untrace_proc_task(struct task_struct *t)
{
	unlock_trace(t);
	put_task_struct(t);
}

static int fs_link(struct dentry *d, struct path *to, void (*get)(struct fs_struct *, struct path *))
{
	struct task_struct *t = trace_proc_task(d->d_inode);
	struct fs_struct *fs;

	if (IS_ERR(t))
		return PTR_ERR(t);
	fs = get_task_fs(t);
	if (fs)
		get(fs, to);
	untrace_proc_task(t);
	put_fs_struct(fs);
	return fs ? 0 : -ENOENT;
}

static int cwd_link(struct dentry *d, struct path *to) { return fs_link(d, to, get_fs_pwd); }
static int root_link(struct dentry *d, struct path *to) { return fs_link(d, to, get_fs_root); }

static int exe_link(struct dentry *d, struct path *to)
{
	struct task_struct *t = get_proc_task(d->d_inode);
	struct mm_struct *mm;
	struct file *exe;

	if (!t)
		return -EACCES;
	mm = mm_access(t, PTRACE_MODE_READ_FSCREDS);
	put_task_struct(t);
	if (IS_ERR(mm))
		return PTR_ERR(mm);
	if (!mm)
		return -ENOENT;
	exe = get_mm_exe_file(mm);
	mmput(mm);
	if (!exe)
		return -ENOENT;
	*to = exe->f_path;
	path_get(to);
	fput(exe);
	return 0;
}

const struct inode_operations proc_cwd_iops = { .jump_link = cwd_link };
const struct inode_operations proc_root_iops = { .jump_link = root_link };
const struct inode_operations proc_exe_iops = { .jump_link = exe_link };

/* ---- fd -------------------------------------------------------------------------------------- */

static int fd_link(struct dentry *d, struct path *to)
{
	struct inode *inode = d->d_inode;
	struct task_struct *t = trace_proc_task(inode);
	struct file *f;

	if (IS_ERR(t))
		return PTR_ERR(t);
	f = fget_task(t, PROC_I(inode)->fd);
	untrace_proc_task(t);
	if (!f)
		return -ENOENT;
	*to = f->f_path;
	path_get(to);
	fput(f);
	return 0;
}
static const struct inode_operations fd_link_iops = { .jump_link = fd_link };

/* The link's own permissions say how the file is open. */
static umode_t fd_mode(const struct file *f)
{
	return S_IFLNK | (f->f_mode & FMODE_READ ? S_IRUSR | S_IXUSR : 0) |
	       (f->f_mode & FMODE_WRITE ? S_IWUSR | S_IXUSR : 0);
}

static int fd_revalidate(struct dentry *d, __maybe_unused unsigned flags)
{
	struct inode *inode = d->d_inode;
	struct task_struct *t = inode ? get_proc_task(inode) : NULL;
	struct file *f;

	if (!t)
		return 0;
	f = fget_task(t, PROC_I(inode)->fd);
	put_task_struct(t);
	if (!f)
		return 0;
	if (S_ISLNK(inode->i_mode))
		inode->i_mode = fd_mode(f);
	fput(f);
	return 1;
}
static const struct dentry_operations fd_dentry_ops = { .revalidate = fd_revalidate };

static int fdinfo_open(struct inode *inode, struct file *f);
static const struct file_operations fdinfo_file_fops = {
	.fop_flags = FOP_NO_SPLICE,
	.open = fdinfo_open, .read = seq_read, .llseek = no_seek_end_llseek, .release = single_release,
};

static struct dentry *fd_add(struct inode *dir, struct dentry *d, struct task_struct *t, bool info)
{
	struct inode *inode;
	struct file *f;
	unsigned fd;

	if (!name_to_number(d, &fd))
		return ERR_PTR(-ENOENT);
	f = fget_task(t, fd);
	if (!f)
		return ERR_PTR(-ENOENT);
	inode = proc_pid_make_inode(dir->i_sb, t, info ? S_IFREG | 0444 : fd_mode(f), PROC_I(dir)->thread);
	fput(f);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	PROC_I(inode)->fd = fd;
	if (info) {
		inode->i_fop = &fdinfo_file_fops;
	} else {
		inode->i_op = &fd_link_iops;
		inode->i_size = 64;
	}
	d->d_op = &fd_dentry_ops;
	d->d_flags |= DCACHE_UNCACHED;
	return proc_add(d, inode);
}

static struct dentry *fd_instantiate(struct inode *dir, struct dentry *d, bool info)
{
	struct task_struct *t = get_proc_task(dir);
	struct dentry *added;

	if (!t)
		return ERR_PTR(-ENOENT);
	added = fd_add(dir, d, t, info);
	put_task_struct(t);
	return added;
}

static struct dentry *fd_lookup(struct inode *dir, struct dentry *d, __maybe_unused unsigned flags)
{
	return fd_instantiate(dir, d, false);
}

static struct dentry *fdinfo_lookup(struct inode *dir, struct dentry *d, __maybe_unused unsigned flags)
{
	return fd_instantiate(dir, d, true);
}

static void fd_emit(struct file *f, struct dir_context *ctx, struct task_struct *t, unsigned type)
{
	struct file *open;
	char name[12];

	if (!dir_emit_dots(f, ctx))
		return;
	for (unsigned fd = ctx->pos - 2; (open = fget_task_next(t, &fd, NULL)); fd++) {
		fput(open);
		ctx->pos = fd + 2;
		if (!dir_emit(ctx, name, snprintf(name, sizeof(name), "%u", fd), f->f_inode->i_ino + fd + 1, type))
			return;
		ctx->pos = fd + 3;
	}
}

static int fd_readdir_type(struct file *f, struct dir_context *ctx, unsigned type)
{
	struct task_struct *t = get_proc_task(f->f_inode);

	if (!t)
		return -ENOENT;
	fd_emit(f, ctx, t, type);
	put_task_struct(t);
	return 0;
}

static int fd_readdir(struct file *f, struct dir_context *ctx) { return fd_readdir_type(f, ctx, DT_LNK); }
static int fdinfo_readdir(struct file *f, struct dir_context *ctx) { return fd_readdir_type(f, ctx, DT_REG); }

/* One's own descriptors can be reached whatever the mode says. */
static int fd_permission(struct inode *inode, int mask)
{
	int rc = generic_permission(inode, mask);
	struct task_struct *t = rc ? get_proc_task(inode) : NULL;

	if (t) {
		if (t->tgid == current->tgid)
			rc = 0;
		put_task_struct(t);
	}
	return rc;
}

/* What is open, and at which position, is told to who may look into the task. */
static int fdinfo_permission(struct inode *inode, int mask)
{
	struct task_struct *t = get_proc_task(inode);
	bool allowed;

	if (!t)
		return -ESRCH;
	allowed = ptrace_may_access(t, PTRACE_MODE_READ_FSCREDS);
	put_task_struct(t);
	return allowed ? generic_permission(inode, mask) : -EACCES;
}

const struct inode_operations proc_fd_iops = {
	.lookup = fd_lookup, .permission = fd_permission, .setattr = proc_setattr,
};
const struct inode_operations proc_fdinfo_iops = {
	.lookup = fdinfo_lookup, .permission = fdinfo_permission, .setattr = proc_setattr,
};
const struct file_operations proc_fd_fops = {
	.iterate = fd_readdir, .read = generic_read_dir, .llseek = no_seek_end_llseek,
};
const struct file_operations proc_fdinfo_fops = {
	.iterate = fdinfo_readdir, .read = generic_read_dir, .llseek = no_seek_end_llseek,
};

/* ---- fdinfo ---------------------------------------------------------------------------------- */

static int fdinfo_show(struct seq_file *m, __maybe_unused void *v)
{
	struct inode *inode = m->private;
	unsigned fd = PROC_I(inode)->fd;
	bool cloexec = false;
	struct task_struct *t = get_proc_task(inode);
	struct file *f = t ? fget_task_next(t, &fd, &cloexec) : NULL;

	if (!f)
		goto out;
	if (fd == PROC_I(inode)->fd) {
		seq_printf(m, "pos:\t%lli\nflags:\t0%o\nmnt_id:\t%i\nino:\t%lu\n", (long long)f->f_pos,
			   f->f_flags | (cloexec ? O_CLOEXEC : 0), f->f_path.mnt->mnt_id,
			   (unsigned long)f->f_inode->i_ino);
		show_fd_locks(m, f, READ_ONCE(t->files));
		if (f->f_op->show_fdinfo)
			f->f_op->show_fdinfo(m, f);
	}
	fput(f);
out:
	if (t)
		put_task_struct(t);
	return f && fd == PROC_I(inode)->fd ? 0 : -ENOENT;
}

static int fdinfo_open(struct inode *inode, struct file *f)
{
	return single_open(f, fdinfo_show, inode);
}
