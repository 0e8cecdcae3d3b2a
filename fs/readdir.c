/*
 * fs/readdir.c - getdents64(2): names of a directory into the caller's buffer.
 *
 * MODEL     The file system calls the actor for each name; a record's d_off says where to go on after
 *           it, which is known only when the next one comes: so it is filled in one record late.
 * LOCKING   i_rwsem of the directory for reading, f_pos_lock.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/fdtable.h"
#include "fs/inode.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "include/uapi/dirent.h"
#include "lib/string.h"

struct getdents {
	struct dir_context ctx;
	char __user *buf;		/* next record */
	struct linux_dirent64 __user *last;
	unsigned left;			/* bytes */
	int error;
};

static bool getdents_actor(struct dir_context *ctx, const char *name, int len, loff_t off, u64 ino,
			   unsigned type)
{
	struct getdents *g = container_of(ctx, struct getdents, ctx);
	unsigned reclen = ALIGN(offsetof(struct linux_dirent64, d_name) + len + 1, 8ul);
	struct { struct linux_dirent64 d; char name[NAME_MAX + 1 + 8]; } rec;

	if (reclen > g->left) {
		if (!g->last)
			g->error = -EINVAL;
		return false;
	}
	if (g->last && put_user(off, &g->last->d_off)) {
		g->error = -EFAULT;
		return false;
	}
	rec.d = (struct linux_dirent64){ .d_ino = ino, .d_reclen = reclen, .d_type = type };
	memcpy(rec.d.d_name, name, len);
	memset(rec.d.d_name + len, 0, reclen - offsetof(struct linux_dirent64, d_name) - len);
	if (copy_to_user(g->buf, &rec, reclen)) {
		g->error = -EFAULT;
		return false;
	}
	g->last = (struct linux_dirent64 *)g->buf;
	g->buf += reclen;
	g->left -= reclen;
	return true;
}

static int iterate_dir(struct file *f, struct dir_context *ctx)
{
	struct inode *dir = f->f_inode;
	int rc = -ENOENT;

	if (!f->f_op->iterate)
		return -ENOTDIR;
	down_read(&dir->i_rwsem);
	if (dir->i_nlink) {
		ctx->pos = f->f_pos;
		rc = f->f_op->iterate(f, ctx);
		f->f_pos = ctx->pos;
		file_accessed(f);
	}
	up_read(&dir->i_rwsem);
	return rc;
}

SYSCALL_DEFINE3(getdents64, unsigned, fd, void __user *, buf, unsigned, count)
{
	/* More than an int holds is a negative size, in which no entry has room. */
	struct getdents g = { .ctx.actor = getdents_actor, .buf = buf, .left = count > INT32_MAX ? 0 : count };
	struct fd f = fdget_pos(fd);
	long rc;

	if (!f.file)
		return -EBADF;
	rc = iterate_dir(f.file, &g.ctx);
	if (rc >= 0)
		rc = g.error;
	if (g.last) {
		rc = count - g.left;
		if (put_user(g.ctx.pos, &g.last->d_off))
			rc = -EFAULT;
	}
	fdput_pos(f);
	return rc;
}
