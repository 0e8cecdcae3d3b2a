/*
 * fs/proc/generic.c - the static tree of /proc.
 *
 * MODEL     A proc_dir_entry is a name; inodes and dentries for it are made when it is looked up and go
 *           when the cache is shrunk.  Entries are added at start and never removed.
 * INVARIANTS
 *   G1  A directory's nlink is 2 plus its subdirectories.
 *   G2  Mode and owner are the entry's: they outlive the inode, and a new inode has them.
 * LOCKING   proc_lock: the lists of entries, and their fields marked (P).
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/proc/internal.h"
#include "fs/file.h"
#include "fs/libfs.h"
#include "include/uapi/dirent.h"
#include "include/uapi/poll.h"
#include "include/uapi/statfs.h"
#include "kernel/task/pid.h"
#include "lib/string.h"
#include "mm/slab/slab.h"

static DEFINE_SPINLOCK(proc_lock, RANK_FILES);

/* ---- entries --------------------------------------------------------------------------------- */

static struct proc_dir_entry *pde_find(struct proc_dir_entry *dir, const char *name, unsigned len)
{
	struct proc_dir_entry *p;

	for (p = dir->subdir; p; p = p->next)
		if (p->namelen == len && !memcmp(p->name, name, len))
			return p;
	return NULL;
}

static struct proc_dir_entry *pde_new(const char *name, umode_t mode, struct proc_dir_entry *dir)
{
	struct proc_dir_entry *p, **end;
	const char *slash;

	dir = dir ? dir : &proc_root;
	for (; (slash = strchr(name, '/')); name = slash + 1) {
		dir = pde_find(dir, name, slash - name);
		if (!dir)
			return NULL;
	}
	p = kzalloc(sizeof(*p), GFP_KERNEL);
	if (!p)
		return NULL;
	p->name = kstrdup(name, GFP_KERNEL);
	if (!p->name) {
		kfree(p);
		return NULL;
	}
	p->namelen = strlen(name);
	p->mode = mode;
	p->nlink = S_ISDIR(mode) ? 2 : 1;
	p->ino = 0xf0000000ul + get_next_ino();
	p->parent = dir;
	spin_lock(&proc_lock);
	for (end = &dir->subdir; *end; end = &(*end)->next)
		;
	*end = p;
	if (S_ISDIR(mode))
		dir->nlink++;			/* G1 */
	spin_unlock(&proc_lock);
	return p;
}

struct proc_dir_entry *proc_mkdir(const char *name, struct proc_dir_entry *parent)
{
	return pde_new(name, S_IFDIR | 0555, parent);
}

struct proc_dir_entry *proc_create(const char *name, umode_t mode, struct proc_dir_entry *parent,
				   const struct file_operations *fops, void *data)
{
	struct proc_dir_entry *p = pde_new(name, S_IFREG | (mode ? mode & S_IALLUGO : 0444), parent);

	if (p) {
		p->data = data;
		p->fops = fops;
	}
	return p;
}

static int pde_single_open(struct inode *inode, struct file *f)
{
	return single_open(f, PDE(inode)->show, PDE(inode)->data);
}

static int pde_seq_open(struct inode *inode, struct file *f)
{
	return seq_open(f, PDE(inode)->seq_ops);
}

/* Root may open what nobody can write. */
static ssize_t pde_no_write(__maybe_unused struct file *f, __maybe_unused struct iov_iter *from,
			    __maybe_unused loff_t *pos)
{
	return -EIO;
}

static unsigned pde_poll(__maybe_unused struct file *f, __maybe_unused struct poll_table *pt)
{
	return EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM;
}

#define PDE_SINGLE_FOPS \
	.open = pde_single_open, .read = seq_read, .write = pde_no_write, .llseek = no_seek_end_llseek, \
	.poll = pde_poll, .release = single_release
#define PDE_SEQ_FOPS \
	.open = pde_seq_open, .read = seq_read, .write = pde_no_write, .llseek = no_seek_end_llseek, \
	.poll = pde_poll, .release = seq_release
static const struct file_operations pde_single_fops = { PDE_SINGLE_FOPS };
static const struct file_operations pde_seq_fops = { PDE_SEQ_FOPS };

struct proc_dir_entry *proc_create_single(const char *name, umode_t mode, struct proc_dir_entry *parent,
					  int (*show)(struct seq_file *, void *))
{
	struct proc_dir_entry *p = proc_create(name, mode, parent, &pde_single_fops, NULL);

	if (p)
		p->show = show;
	return p;
}

struct proc_dir_entry *proc_create_seq(const char *name, umode_t mode, struct proc_dir_entry *parent,
				       const struct seq_operations *ops)
{
	struct proc_dir_entry *p = proc_create(name, mode, parent, &pde_seq_fops, NULL);

	if (p)
		p->seq_ops = ops;
	return p;
}

void proc_forbid_splice(struct proc_dir_entry *p)
{
	static const struct file_operations single = { .fop_flags = FOP_NO_SPLICE, PDE_SINGLE_FOPS },
					    seq = { .fop_flags = FOP_NO_SPLICE, PDE_SEQ_FOPS };

	if (p)
		p->fops = p->show ? &single : &seq;
}

struct proc_dir_entry *proc_symlink(const char *name, struct proc_dir_entry *parent,
				    const char *(*link)(char *buf))
{
	struct proc_dir_entry *p = pde_new(name, S_IFLNK | S_IRWXUGO, parent);

	if (p)
		p->link = link;
	return p;
}

/* ---- inodes of entries ----------------------------------------------------------------------- */

static const char *pde_get_link(__maybe_unused struct dentry *d, struct inode *inode, char *buf)
{
	return PDE(inode)->link(buf);
}

static int proc_notify_change(struct dentry *d, struct iattr *attr)
{
	struct inode *inode = d->d_inode;
	struct proc_dir_entry *p = PDE(inode);
	int rc = simple_setattr(d, attr);

	if (rc)
		return rc;
	spin_lock(&proc_lock);
	p->mode = inode->i_mode;				/* G2 */
	p->uid = inode->i_uid;
	p->gid = inode->i_gid;
	spin_unlock(&proc_lock);
	return 0;
}

int pde_getattr(const struct path *path, struct kstat *st)
{
	struct inode *inode = path->dentry->d_inode;

	if (S_ISDIR(inode->i_mode))
		inode->i_nlink = PDE(inode)->nlink;
	generic_fillattr(inode, st);
	st->blksize = 1024;
	return 0;
}

static const struct inode_operations pde_link_iops = { .get_link = pde_get_link };
static const struct inode_operations pde_file_iops = { .setattr = proc_notify_change, .getattr = pde_getattr };

static int pde_readdir(struct file *f, struct dir_context *ctx)
{
	return dir_emit_dots(f, ctx) ? proc_static_readdir(f, ctx, 2, NULL) : 0;
}

static const struct file_operations pde_dir_fops = {
	.iterate = pde_readdir, .read = generic_read_dir, .llseek = no_seek_end_llseek,
};
static const struct inode_operations pde_dir_iops = {
	.lookup = proc_static_lookup, .setattr = proc_notify_change, .getattr = pde_getattr,
};

struct inode *proc_entry_inode(struct super_block *sb, struct proc_dir_entry *p)
{
	struct inode *inode = new_inode(sb);

	if (!inode)
		return NULL;
	inode->i_ino = p->ino;
	spin_lock(&proc_lock);
	inode->i_mode = p->mode;
	inode->i_uid = p->uid;
	inode->i_gid = p->gid;
	spin_unlock(&proc_lock);
	inode->i_nlink = p->nlink;
	inode->i_private = p;
	if (S_ISDIR(p->mode)) {
		inode->i_op = p->iops ? p->iops : &pde_dir_iops;
		inode->i_fop = p->fops ? p->fops : &pde_dir_fops;
	} else if (S_ISLNK(p->mode)) {
		inode->i_op = &pde_link_iops;
	} else {
		inode->i_op = p->iops ? p->iops : &pde_file_iops;
		inode->i_fop = p->fops;
	}
	return inode;
}

struct dentry *proc_add(struct dentry *d, struct inode *inode)
{
	if (!inode)
		return ERR_PTR(-ENOENT);
	d_add(d, inode);
	return NULL;
}

struct dentry *proc_static_lookup(struct inode *dir, struct dentry *d, __maybe_unused unsigned flags)
{
	struct proc_dir_entry *p;

	spin_lock(&proc_lock);
	p = pde_find(PDE(dir), d->d_name, d->d_len);
	spin_unlock(&proc_lock);
	return p ? proc_add(d, proc_entry_inode(dir->i_sb, p)) : ERR_PTR(-ENOENT);
}

int proc_static_readdir(struct file *f, struct dir_context *ctx, loff_t base,
			bool (*want)(const char *name, size_t len))
{
	struct proc_dir_entry *p;
	loff_t i = base;

	/* Entries are only ever added, at the end: the list may be walked without the lock. */
	for (p = PDE(f->f_inode)->subdir; p; p = p->next, i++) {
		if (i < ctx->pos)
			continue;
		if ((!want || want(p->name, p->namelen)) &&
		    !dir_emit(ctx, p->name, p->namelen, p->ino, p->mode >> 12 & 15))
			return 0;
		ctx->pos = i + 1;
	}
	return 1;
}
