/*
 * fs/libfs.c - what small file systems share: names kept in the dentry cache, pseudo file systems,
 * files without names.
 *
 * MODEL     A directory whose names are pinned dentries (S_COMPLETE) needs no store of its own: reading it
 *           is a walk of d_subdirs, newest name first; a position is the d_off of the next name to show,
 *           so that names which come and go meanwhile are neither shown twice nor hide others.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/libfs.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "include/uapi/dirent.h"
#include "include/uapi/statfs.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "mm/slab/slab.h"

/* ---- directories of pinned dentries ---------------------------------------------------------- */

static bool always_delete(__maybe_unused const struct dentry *d) { return true; }
const struct dentry_operations simple_dentry_operations = { .delete_ = always_delete };

struct dentry *simple_lookup(__maybe_unused struct inode *dir, struct dentry *d, __maybe_unused unsigned flags)
{
	if (d->d_len > NAME_MAX)
		return ERR_PTR(-ENAMETOOLONG);
	d_add(d, NULL);
	return NULL;
}

void simple_add(struct inode *dir, struct dentry *d, struct inode *inode)
{
	d_add_pinned(d, inode);
	touch_mtime(dir);
}

bool simple_empty(struct dentry *d) { return !d_has_positive_child(d); }

bool dir_emit_dots(struct file *f, struct dir_context *ctx)
{
	struct dentry *d = f->f_path.dentry;

	if (ctx->pos == 0) {
		if (!dir_emit(ctx, ".", 1, d->d_inode->i_ino, DT_DIR))
			return false;
		ctx->pos = 1;
	}
	if (ctx->pos == 1) {
		struct dentry *p = dget_parent(d);
		bool ok = dir_emit(ctx, "..", 2, p->d_inode->i_ino, DT_DIR);

		dput(p);
		if (!ok)
			return false;
		ctx->pos = 2;
	}
	return true;
}

/* The newest name at or below @pos, counted; NULL: none is left. */
static struct dentry *dir_next(struct dentry *dir, struct dentry *after, u64 pos)
{
	struct list_head *p;
	struct dentry *d = NULL;

	read_lock(&dcache_lock);
	p = after && !list_empty(&after->d_child) && after->d_parent == dir ? after->d_child.next
									   : dir->d_subdirs.next;
	for (; p != &dir->d_subdirs; p = p->next) {
		d = list_entry(p, struct dentry, d_child);
		if (d->d_off <= pos && d->d_inode && !d_unhashed(d)) {
			atomic_inc(&d->d_count);
			break;
		}
		d = NULL;
	}
	read_unlock(&dcache_lock);
	return d;
}

int dcache_readdir(struct file *f, struct dir_context *ctx)
{
	struct dentry *dir = f->f_path.dentry, *d = NULL, *next;

	if (!dir_emit_dots(f, ctx))
		return 0;
	for (;;) {
		next = dir_next(dir, d, ctx->pos == 2 ? ~0ull : (u64)ctx->pos);
		dput(d);
		d = next;
		if (!d) {
			ctx->pos = 3;
			return 0;
		}
		ctx->pos = d->d_off;
		if (!dir_emit(ctx, d->d_name, d->d_len, d->d_inode->i_ino, d->d_inode->i_mode >> 12 & 15))
			break;
		ctx->pos = d->d_off - 1;	/* at least 3: offsets begin at 4 */
		cond_resched();
	}
	dput(d);
	return 0;
}

ssize_t generic_read_dir(__maybe_unused struct file *f, __maybe_unused struct iov_iter *to,
			 __maybe_unused loff_t *pos)
{
	return -EISDIR;
}

static int noop_fsync(__maybe_unused struct file *f, __maybe_unused loff_t start, __maybe_unused loff_t end,
		      __maybe_unused int datasync)
{
	return 0;
}

const struct file_operations simple_dir_operations = {
	.llseek = no_seek_end_llseek,
	.read = generic_read_dir,
	.iterate = dcache_readdir,
	.fsync = noop_fsync,
};
const struct inode_operations simple_dir_inode_operations = { .lookup = simple_lookup };
const struct inode_operations simple_symlink_inode_operations;

int simple_statfs(struct dentry *d, struct kstatfs *st)
{
	st->f_type = d->d_sb->s_magic;
	st->f_bsize = PAGE_SIZE;
	st->f_namelen = NAME_MAX;
	return 0;
}

ssize_t simple_read_from_buffer(struct iov_iter *to, loff_t *pos, const void *from, size_t available)
{
	size_t n;

	if (*pos < 0)
		return -EINVAL;
	if ((u64)*pos >= available || !to->count)
		return 0;
	n = min(to->count, available - (size_t)*pos);
	n = copy_to_iter((const char *)from + *pos, n, to);
	if (!n)
		return -EFAULT;
	*pos += n;
	return n;
}

int refuse_options(const struct file_system_type *type, const char *data)
{
	if (data)
		data += strspn(data, ",");
	if (!data || !*data)
		return 0;
	pr_err("%s: Unknown parameter '%.*s'\n", type->name, (int)strcspn(data, ",="), data);
	return -EINVAL;
}

/* ---- pseudo file systems --------------------------------------------------------------------- */

struct vfsmount *pseudo_mount(const char *name, unsigned long magic, const struct dentry_operations *d_op,
			      const struct super_operations *s_op)
{
	struct file_system_type *type = kzalloc(sizeof(*type), GFP_KERNEL);
	struct vfsmount *m = kzalloc(sizeof(*m), GFP_KERNEL);
	struct super_block *sb;
	struct inode *root;

	if (!type || !m)
		panic("no memory for %s", name);
	type->name = name;
	sb = alloc_super(type, SB_NOUSER);
	root = sb ? new_inode(sb) : NULL;
	if (!root)
		panic("no memory for %s", name);
	sb->s_magic = magic;
	sb->s_d_op = d_op;
	sb->s_op = s_op;
	root->i_mode = S_IFDIR | S_IRUSR | S_IWUSR;
	sb->s_root = d_make_root(root);
	m->mnt_sb = sb;
	m->mnt_root = sb->s_root;
	m->mnt_parent = m;
	m->mnt_mountpoint = m->mnt_root;
	m->mnt_flags = MNT_INTERNAL;
	atomic_set(&m->mnt_count, 1);
	INIT_LIST_HEAD(&m->mnt_list);
	INIT_LIST_HEAD(&m->mnt_mounts);
	INIT_LIST_HEAD(&m->mnt_child);
	return m;
}

/* ---- anonymous files: one inode for all ------------------------------------------------------ */

static struct vfsmount *anon_mnt;
static struct inode *anon_inode;

static void anon_dname(struct dentry *d, char *buf, size_t n)
{
	snprintf(buf, n, "anon_inode:%s", d->d_name);
}
static const struct dentry_operations anon_dentry_ops = { .dname = anon_dname };

struct file *anon_inode_getfile(const char *name, const struct file_operations *fops, void *priv, int flags)
{
	struct file *f;

	__iget(anon_inode);
	f = alloc_file_pseudo(anon_inode, anon_mnt, name, flags & (O_ACCMODE | O_NONBLOCK), fops);
	if (!IS_ERR(f))
		f->private_data = priv;
	return f;
}

int anon_inode_getfd(const char *name, const struct file_operations *fops, void *priv, int flags)
{
	int fd = get_unused_fd_flags(flags);
	struct file *f;

	if (fd < 0)
		return fd;
	f = anon_inode_getfile(name, fops, priv, flags);
	if (IS_ERR(f)) {
		put_unused_fd(fd);
		return PTR_ERR(f);
	}
	fd_install(fd, f);
	return fd;
}

void __init anon_inode_init(void)
{
	anon_mnt = pseudo_mount("anon_inodefs", ANON_INODE_FS_MAGIC, &anon_dentry_ops, NULL);
	anon_inode = new_inode(anon_mnt->mnt_sb);
	if (!anon_inode)
		panic("no memory for the anonymous inode");
	anon_inode->i_mode = S_IRUSR | S_IWUSR;
}
