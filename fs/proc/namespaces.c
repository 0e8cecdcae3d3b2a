/*
 * fs/proc/namespaces.c - /proc/PID/ns: the namespaces that a task is in.
 *
 * MODEL     There is one namespace of mounts, in which every task is, and no other kind.  Its link leads to the
 *           one file of nsfs; two tasks are in the same namespace if the files have the same number.
 * TESTS     test/user/t_procfs.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/proc/internal.h"
#include "fs/dcache.h"
#include "fs/file.h"
#include "fs/libfs.h"
#include "include/uapi/dirent.h"
#include "include/uapi/ioctl.h"
#include "include/uapi/sched.h"
#include "include/uapi/statfs.h"
#include "kernel/task/access.h"
#include "lib/string.h"
#include "lib/vsprintf.h"

#define NSIO		0xb7
#define NS_GET_USERNS	_IO(NSIO, 1)
#define NS_GET_PARENT	_IO(NSIO, 2)
#define NS_GET_NSTYPE	_IO(NSIO, 3)
#define NS_GET_OWNER_UID _IO(NSIO, 4)

#define MNT_NS_INO	0xf0000000u	/* Linux's first dynamic number */

static const char ns_name[] = "mnt";
static struct vfsmount *nsfs_mnt;

static void ns_dname(struct dentry *d, char *buf, size_t n)
{
	snprintf(buf, n, "%s:[%lu]", ns_name, (unsigned long)d->d_inode->i_ino);
}
static const struct dentry_operations ns_dentry_ops = { .dname = ns_dname };

/* The owner of a namespace is a namespace of users, and a parent has only what is nested: neither is there. */
static long ns_ioctl(__maybe_unused struct file *f, unsigned cmd, __maybe_unused unsigned long arg)
{
	switch (cmd) {
	case NS_GET_NSTYPE:
		return CLONE_NEWNS;
	case NS_GET_USERNS:
		return -EPERM;
	case NS_GET_PARENT:
	case NS_GET_OWNER_UID:
		return -EINVAL;
	default:
		return -ENOTTY;
	}
}
static const struct file_operations ns_file_fops = { .ioctl = ns_ioctl };

/* ---- the link -------------------------------------------------------------------------------- */

static int ns_jump(struct dentry *d, struct path *to)
{
	struct task_struct *t = get_proc_task(d->d_inode);
	int rc = -EACCES;

	if (t) {
		rc = lock_trace(t, PTRACE_MODE_READ_FSCREDS);
		if (!rc)
			unlock_trace(t);
		put_task_struct(t);
	}
	if (rc)
		return rc;
	*to = (struct path){ nsfs_mnt, nsfs_mnt->mnt_root };
	path_get(to);
	return 0;
}
static const struct inode_operations ns_link_iops = { .jump_link = ns_jump };

static struct dentry *ns_lookup(struct inode *dir, struct dentry *d, __maybe_unused unsigned flags)
{
	struct task_struct *t;
	struct inode *inode;

	if (d->d_len != strlen(ns_name) || memcmp(d->d_name, ns_name, d->d_len))
		return ERR_PTR(-ENOENT);
	t = get_proc_task(dir);
	if (!t)
		return ERR_PTR(-ENOENT);
	inode = proc_pid_make_inode(dir->i_sb, t, S_IFLNK | S_IRWXUGO, PROC_I(dir)->thread);
	put_task_struct(t);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode->i_op = &ns_link_iops;
	d->d_op = &pid_dentry_operations;
	return proc_add(d, inode);
}

static int ns_readdir(struct file *f, struct dir_context *ctx)
{
	if (!proc_task_alive(f->f_inode))
		return -ENOENT;
	if (dir_emit_dots(f, ctx) && ctx->pos == 2 &&
	    dir_emit(ctx, ns_name, strlen(ns_name), f->f_inode->i_ino + 1, DT_LNK))
		ctx->pos = 3;
	return 0;
}

const struct inode_operations proc_ns_iops = { .lookup = ns_lookup, .setattr = proc_setattr };
const struct file_operations proc_ns_fops = {
	.iterate = ns_readdir, .read = generic_read_dir, .llseek = no_seek_end_llseek,
};

void __init proc_namespaces_init(void)
{
	struct inode *inode;

	nsfs_mnt = pseudo_mount("nsfs", NSFS_MAGIC, &ns_dentry_ops, NULL);
	inode = nsfs_mnt->mnt_root->d_inode;
	inode->i_ino = MNT_NS_INO;
	inode->i_mode = S_IFREG | 0444;
	inode->i_fop = &ns_file_fops;
	inode->i_flags |= S_IMMUTABLE;
}
