/*
 * fs/tmpfs.c - the file system whose store is memory: names, attributes, limits.
 *
 * MODEL     Names are pinned dentries (fs/libfs.c), content of regular files is mm/cache/shmem.c's, links'
 *           targets are strings.  The root file system and devtmpfs are of this kind too, and so is an
 *           instance that is never mounted, for memory without a name (memfd, shared anonymous).
 * INVARIANTS
 *   P1  i_nlink of a directory is 2 plus the number of its subdirectories.
 *   P2  i_size of a directory is 20 for each of its names, "." and ".." too, as on Linux.
 *   P3  used_inodes counts every inode, and one more for each further link, of a limited instance.
 * LOCKING   The directory's i_rwsem, by the caller.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/tmpfs.h"
#include "fs/file.h"
#include "fs/libfs.h"
#include "fs/namei.h"
#include "fs/tmpfs_sb.h"
#include "include/uapi/statfs.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "mm/slab/slab.h"

#define BOGO_DIRENT_SIZE	20
#define SHORT_SYMLINK_LEN	128	/* a longer target counts as a block, as on Linux where it takes one */

static const struct inode_operations tmpfs_dir_iops, tmpfs_file_iops, tmpfs_special_iops;

/* ---- inodes ---------------------------------------------------------------------------------- */

/* One inode (or link) more.  => false: the instance has no more */
static bool inode_reserve(struct super_block *sb)
{
	struct shmem_sb_info *sbi = &TMPFS_SB(sb)->shmem;

	if (!sbi->max_inodes)
		return true;
	if ((unsigned long)atomic_long_inc_return(&sbi->used_inodes) <= sbi->max_inodes)	/* P3 */
		return true;
	atomic_long_dec(&sbi->used_inodes);
	return false;
}

static void inode_unreserve(struct super_block *sb)
{
	struct shmem_sb_info *sbi = &TMPFS_SB(sb)->shmem;

	if (sbi->max_inodes)
		atomic_long_dec(&sbi->used_inodes);
}

struct inode *tmpfs_get_inode(struct super_block *sb, const struct inode *dir, umode_t mode, dev_t dev)
{
	struct inode *inode;

	if (!inode_reserve(sb))
		return ERR_PTR(-ENOSPC);
	inode = new_inode(sb);
	if (!inode) {
		inode_unreserve(sb);
		return ERR_PTR(-ENOSPC);
	}
	inode_init_owner(inode, dir, mode);
	switch (mode & S_IFMT) {
	case S_IFREG:
		inode->i_op = &tmpfs_file_iops;
		if (shmem_init_mapping(inode, &TMPFS_SB(sb)->shmem)) {
			inode->i_mode = 0;
			iput(inode);
			return ERR_PTR(-ENOSPC);
		}
		break;
	case S_IFDIR:
		inode->i_nlink = 2;		/* P1 */
		inode->i_size = 2 * BOGO_DIRENT_SIZE;	/* P2: "." and ".." */
		inode->i_flags |= S_COMPLETE;
		inode->i_op = &tmpfs_dir_iops;
		inode->i_fop = &simple_dir_operations;
		break;
	case S_IFLNK:
		inode->i_op = &tmpfs_special_iops;
		break;
	default:
		inode->i_op = &tmpfs_special_iops;
		init_special_inode(inode, inode->i_mode, dev);
	}
	return inode;
}

static void tmpfs_evict_inode(struct inode *inode)
{
	if (S_ISREG(inode->i_mode) && inode->i_private)
		shmem_evict_inode(inode);
	if (S_ISLNK(inode->i_mode)) {
		kfree(inode->i_link);
		shmem_uncharge_link(inode, &TMPFS_SB(inode->i_sb)->shmem);
	}
	inode_unreserve(inode->i_sb);
}

/* ---- names ----------------------------------------------------------------------------------- */

static void tmpfs_add_name(struct inode *dir, struct dentry *d, struct inode *inode)
{
	dir->i_size += BOGO_DIRENT_SIZE;	/* P2 */
	simple_add(dir, d, inode);
}

static int tmpfs_mknod(struct inode *dir, struct dentry *d, umode_t mode, dev_t dev)
{
	struct inode *inode = tmpfs_get_inode(dir->i_sb, dir, mode, dev);

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	tmpfs_add_name(dir, d, inode);
	return 0;
}

static int tmpfs_create(struct inode *dir, struct dentry *d, umode_t mode)
{
	return tmpfs_mknod(dir, d, mode, 0);
}

static int tmpfs_mkdir(struct inode *dir, struct dentry *d, umode_t mode)
{
	int rc = tmpfs_mknod(dir, d, mode | S_IFDIR, 0);

	if (!rc)
		inc_nlink(dir);
	return rc;
}

static int tmpfs_symlink(struct inode *dir, struct dentry *d, const char *target)
{
	struct inode *inode = tmpfs_get_inode(dir->i_sb, dir, S_IFLNK | S_IRWXUGO, 0);
	int rc = 0;

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	inode->i_size = strlen(target);
	if (inode->i_size >= SHORT_SYMLINK_LEN)
		rc = shmem_charge_link(inode, &TMPFS_SB(dir->i_sb)->shmem);
	if (!rc) {
		inode->i_link = kstrdup(target, GFP_KERNEL);
		rc = inode->i_link ? 0 : -ENOMEM;
	}
	if (rc)
		iput(inode);
	else
		tmpfs_add_name(dir, d, inode);
	return rc;
}

static int tmpfs_link(struct dentry *old, struct inode *dir, struct dentry *d)
{
	struct inode *inode = old->d_inode;

	/* The first name of an O_TMPFILE inode is the one it was counted for. */
	if (inode->i_nlink && !inode_reserve(dir->i_sb))
		return -ENOSPC;
	inc_nlink(inode);
	touch_ctime(inode);
	__iget(inode);
	tmpfs_add_name(dir, d, inode);
	return 0;
}

static int tmpfs_unlink(struct inode *dir, struct dentry *d)
{
	struct inode *inode = d->d_inode;

	if (inode->i_nlink > 1 && !S_ISDIR(inode->i_mode))
		inode_unreserve(dir->i_sb);
	dir->i_size -= BOGO_DIRENT_SIZE;
	touch_mtime(dir);
	inode->i_ctime = dir->i_ctime;
	drop_nlink(inode);
	return 0;
}

static int tmpfs_rmdir(struct inode *dir, struct dentry *d)
{
	if (!simple_empty(d))
		return -ENOTEMPTY;
	drop_nlink(d->d_inode);
	drop_nlink(dir);
	return tmpfs_unlink(dir, d);
}

static void rename_exchange(struct inode *odir, struct dentry *od, struct inode *ndir, struct dentry *nd)
{
	bool o_dir = S_ISDIR(od->d_inode->i_mode), n_dir = S_ISDIR(nd->d_inode->i_mode);

	if (odir != ndir && o_dir != n_dir) {
		drop_nlink(o_dir ? odir : ndir);
		inc_nlink(o_dir ? ndir : odir);
	}
	touch_ctime(nd->d_inode);
}

/* Leave a whiteout where @od is; both have the name until d_move().  => the directory locked */
static int add_whiteout(struct inode *dir, struct dentry *od)
{
	struct dentry *d = d_alloc(od->d_parent, &(struct qstr){ od->d_name, od->d_len, od->d_namehash });
	int rc = d ? tmpfs_mknod(dir, d, S_IFCHR, WHITEOUT_DEV) : -ENOMEM;

	dput(d);
	return rc;
}

/* The name @od moves from @odir to @nd in @ndir, over what is there. */
static int rename_over(struct inode *odir, struct dentry *od, struct inode *ndir, struct dentry *nd, unsigned flags)
{
	bool is_dir = S_ISDIR(od->d_inode->i_mode);
	int rc = 0;

	if (is_dir && nd->d_inode && !simple_empty(nd))
		return -ENOTEMPTY;
	if (flags & RENAME_WHITEOUT)
		rc = add_whiteout(odir, od);
	if (rc)
		return rc;
	if (nd->d_inode)		/* cannot fail any more */
		rc = is_dir ? tmpfs_rmdir(ndir, nd) : tmpfs_unlink(ndir, nd);
	if (is_dir && odir != ndir) {
		drop_nlink(odir);
		inc_nlink(ndir);
	}
	odir->i_size -= BOGO_DIRENT_SIZE;
	ndir->i_size += BOGO_DIRENT_SIZE;
	return rc;
}

static int tmpfs_rename(struct inode *odir, struct dentry *od, struct inode *ndir, struct dentry *nd, unsigned flags)
{
	int rc = 0;

	if (flags & RENAME_EXCHANGE)
		rename_exchange(odir, od, ndir, nd);
	else
		rc = rename_over(odir, od, ndir, nd, flags);
	if (rc)
		return rc;
	touch_mtime(odir);
	touch_mtime(ndir);
	touch_ctime(od->d_inode);
	return 0;
}

static int tmpfs_tmpfile(struct inode *dir, struct file *f, umode_t mode)
{
	struct inode *inode = tmpfs_get_inode(dir->i_sb, dir, mode, 0);
	char name[24];
	struct path path = { f->f_path.mnt, NULL };
	int rc;

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	clear_nlink(inode);
	if (!(f->f_flags & O_EXCL))
		inode->i_flags |= S_LINKABLE;
	snprintf(name, sizeof(name), "#%lu", (unsigned long)inode->i_ino);
	path.dentry = d_alloc_pseudo(dir->i_sb, name);
	if (!path.dentry) {
		iput(inode);
		return -ENOMEM;
	}
	d_instantiate(path.dentry, inode);
	rc = do_dentry_open(f, &path);
	dput(path.dentry);
	return rc;
}

/* ---- attributes ------------------------------------------------------------------------------ */

static int tmpfs_setattr(struct dentry *d, struct iattr *attr)
{
	struct inode *inode = d->d_inode;
	int rc = setattr_prepare(d, attr);

	if (!rc && (attr->ia_valid & ATTR_MODE) && S_ISREG(inode->i_mode))
		rc = shmem_check_mode(inode, attr->ia_mode);
	if (rc)
		return rc;
	if ((attr->ia_valid & ATTR_SIZE) && S_ISREG(inode->i_mode)) {
		bool changes = attr->ia_size != inode->i_size;

		rc = shmem_truncate(inode, attr->ia_size);
		if (rc)
			return rc;
		if (changes || (attr->ia_valid & ATTR_OPEN))
			touch_mtime(inode);
	}
	setattr_copy(inode, attr);
	return 0;
}

static int tmpfs_getattr(const struct path *path, struct kstat *st)
{
	struct inode *inode = path->dentry->d_inode;

	generic_fillattr(inode, st);
	st->btime = inode->i_btime;
	st->result_mask |= STATX_BTIME;
	return 0;
}

static const struct inode_operations tmpfs_dir_iops = {
	.lookup = simple_lookup,
	.create = tmpfs_create,
	.link = tmpfs_link,
	.unlink = tmpfs_unlink,
	.symlink = tmpfs_symlink,
	.mkdir = tmpfs_mkdir,
	.rmdir = tmpfs_rmdir,
	.mknod = tmpfs_mknod,
	.rename = tmpfs_rename,
	.tmpfile = tmpfs_tmpfile,
	.setattr = tmpfs_setattr,
	.getattr = tmpfs_getattr,
};
static const struct inode_operations tmpfs_file_iops = {
	.setattr = tmpfs_setattr,
	.getattr = tmpfs_getattr,
};
static const struct inode_operations tmpfs_special_iops = {
	.setattr = tmpfs_setattr,
	.getattr = tmpfs_getattr,
};

static int tmpfs_statfs(struct dentry *d, struct kstatfs *st)
{
	struct shmem_sb_info *sbi = &TMPFS_SB(d->d_sb)->shmem;

	st->f_type = TMPFS_MAGIC;
	st->f_bsize = PAGE_SIZE;
	st->f_namelen = NAME_MAX;
	if (sbi->max_blocks) {
		shmem_statfs(sbi, &st->f_blocks, &st->f_bfree);
		st->f_bavail = st->f_bfree;
	}
	if (sbi->max_inodes) {
		st->f_files = sbi->max_inodes;
		st->f_ffree = sbi->max_inodes - atomic_long_read(&sbi->used_inodes);
	}
	return 0;
}

static void tmpfs_put_super(struct super_block *sb)
{
	kfree(sb->s_fs_info);
}

static const struct super_operations tmpfs_super_ops = {
	.evict_inode = tmpfs_evict_inode,
	.statfs = tmpfs_statfs,
	.put_super = tmpfs_put_super,
	.remount = tmpfs_remount,
	.show_options = tmpfs_show_options,
};

/* A new instance with the limits of @opts. */
static struct super_block *tmpfs_new_super(struct file_system_type *type, unsigned long flags,
					   const struct tmpfs_options *opts)
{
	struct super_block *sb = alloc_super(type, flags);
	struct tmpfs_sb *info = kzalloc(sizeof(*info), GFP_KERNEL);
	struct inode *root;

	if (!sb || !info)
		goto undo;
	tmpfs_apply_options(info, opts);
	sb->s_fs_info = info;
	sb->s_op = &tmpfs_super_ops;
	sb->s_d_op = &simple_dentry_operations;
	sb->s_magic = TMPFS_MAGIC;
	info = NULL;
	root = tmpfs_get_inode(sb, NULL, S_IFDIR | opts->mode, 0);
	if (IS_ERR(root))
		goto undo;
	root->i_uid = opts->uid;
	root->i_gid = opts->gid;
	sb->s_root = d_make_root(root);
	if (sb->s_root)
		return sb;
undo:
	kfree(info);
	if (sb)
		put_super(sb);
	return ERR_PTR(-ENOMEM);
}

static struct super_block *tmpfs_mount(struct file_system_type *type, unsigned long flags,
				       __maybe_unused const char *dev, char *data)
{
	struct tmpfs_options opts;
	int rc = tmpfs_parse_options(type, &opts, data);

	return rc ? ERR_PTR(rc) : tmpfs_new_super(type, flags, &opts);
}

static struct super_block *rootfs_mount(struct file_system_type *type, unsigned long flags,
					__maybe_unused const char *dev, __maybe_unused char *data)
{
	struct tmpfs_options opts;

	tmpfs_default_options(&opts);
	return tmpfs_new_super(type, flags, &opts);
}

static const struct super_operations ramfs_super_ops = {
	.evict_inode = tmpfs_evict_inode,
	.statfs = simple_statfs,
	.put_super = tmpfs_put_super,
	.show_options = ramfs_show_options,
};

/* A tmpfs without limits, which can be asked for by its older name. */
static struct super_block *ramfs_mount(struct file_system_type *type, unsigned long flags,
				       __maybe_unused const char *dev, char *data)
{
	struct tmpfs_options opts;
	struct super_block *sb;
	int rc = ramfs_parse_options(&opts, data);

	if (rc)
		return ERR_PTR(rc);
	sb = tmpfs_new_super(type, flags, &opts);
	if (!IS_ERR(sb)) {
		sb->s_op = &ramfs_super_ops;
		sb->s_magic = RAMFS_MAGIC;
	}
	return sb;
}

struct file_system_type ramfs_fs_type = { .name = "ramfs", .mount = ramfs_mount };
struct file_system_type tmpfs_fs_type = { .name = "tmpfs", .mount = tmpfs_mount };
struct file_system_type rootfs_fs_type = { .name = "rootfs", .mount = rootfs_mount };

/* ---- memory without a name ------------------------------------------------------------------- */

static struct vfsmount *shm_mnt;

static void shm_dname(struct dentry *d, char *buf, size_t n)
{
	snprintf(buf, n, "/%s (deleted)", d->d_name);
}
static const struct dentry_operations shm_dentry_ops = { .dname = shm_dname };

struct file *shmem_alloc_file(const char *name, umode_t mode)
{
	struct inode *inode = new_inode(shm_mnt->mnt_sb);
	struct file *f;

	if (!inode)
		return ERR_PTR(-ENOSPC);
	inode_init_owner(inode, NULL, mode | S_IFREG);
	inode->i_op = &tmpfs_file_iops;
	clear_nlink(inode);
	if (shmem_init_mapping(inode, NULL)) {
		iput(inode);
		return ERR_PTR(-ENOMEM);
	}
	f = alloc_file_pseudo(inode, shm_mnt, name, O_RDWR | O_LARGEFILE, inode->i_fop);
	if (!IS_ERR(f)) {
		f->f_mode |= FMODE_PREAD;
		f->f_path.dentry->d_op = &shm_dentry_ops;
	}
	return f;
}

void __init shm_mnt_init(void)
{
	shm_mnt = kern_mount(&tmpfs_fs_type);
	if (!shm_mnt)
		panic("cannot make the kernel's tmpfs");
	TMPFS_SB(shm_mnt->mnt_sb)->shmem.max_inodes = 0;
	TMPFS_SB(shm_mnt->mnt_sb)->shmem.max_blocks = 0;
}
