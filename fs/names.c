/*
 * fs/names.c - making, removing and renaming names: mkdir, mknod, link, symlink, unlink, rename.
 *
 * MODEL     vfs_*() ask whether the caller may and let the file system do it; the system calls find the
 *           directory and the dentry for them.  A rename across directories first takes the one
 *           rename lock, so that the tree stands still while ancestry is checked.
 * LOCKING   The directory's i_rwsem for writing; for two directories the ancestor first, else by address;
 *           rename_mutex outside of both.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/nameidata.h"
#include "fs/fs_struct.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "kernel/task/cred.h"
#include "lib/string.h"

static DEFINE_MUTEX(rename_mutex, RANK_VFS);

/* ---- permission ------------------------------------------------------------------------------ */

static int may_create(struct inode *dir, struct dentry *d)
{
	if (d->d_inode)
		return -EEXIST;
	if (!dir->i_nlink)
		return -ENOENT;
	return inode_permission(dir, MAY_WRITE | MAY_EXEC);
}

/* In a sticky directory only the owner of the file or of the directory removes names. */
static bool sticky_denies(const struct inode *dir, const struct inode *inode)
{
	if (!(dir->i_mode & S_ISVTX))
		return false;
	if (inode->i_uid == current_fsuid() || dir->i_uid == current_fsuid())
		return false;
	return !capable(CAP_FOWNER);
}

enum victim { VICTIM_FILE, VICTIM_DIR };

static int may_delete(struct inode *dir, struct dentry *d, enum victim want)
{
	struct inode *inode = d->d_inode;
	int rc;

	if (!inode)
		return -ENOENT;
	rc = inode_permission(dir, MAY_WRITE | MAY_EXEC);
	if (rc)
		return rc;
	if (sticky_denies(dir, inode) || (inode->i_flags & S_IMMUTABLE))
		return -EPERM;
	if (want == VICTIM_DIR) {
		if (!S_ISDIR(inode->i_mode))
			return -ENOTDIR;
		if (d->d_parent == d)
			return -EBUSY;
	} else if (S_ISDIR(inode->i_mode)) {
		return -EISDIR;
	}
	return dir->i_nlink ? 0 : -ENOENT;
}

static bool is_local_mountpoint(const struct dentry *d) { return d->d_flags & DCACHE_MOUNTED; }

/* ---- the operations -------------------------------------------------------------------------- */

int vfs_create(struct inode *dir, struct dentry *d, umode_t mode)
{
	int rc = may_create(dir, d);

	if (rc)
		return rc;
	return dir->i_op->create ? dir->i_op->create(dir, d, mode) : -EACCES;
}

int vfs_mkdir(struct inode *dir, struct dentry *d, umode_t mode)
{
	int rc = may_create(dir, d);

	if (rc)
		return rc;
	return dir->i_op->mkdir ? dir->i_op->mkdir(dir, d, mode & (S_IRWXUGO | S_ISVTX)) : -EPERM;
}

int vfs_mknod(struct inode *dir, struct dentry *d, umode_t mode, dev_t dev)
{
	int rc = may_create(dir, d);

	if (rc)
		return rc;
	if ((S_ISCHR(mode) || S_ISBLK(mode)) && !(S_ISCHR(mode) && dev == WHITEOUT_DEV) && !capable(CAP_MKNOD))
		return -EPERM;
	return dir->i_op->mknod ? dir->i_op->mknod(dir, d, mode, dev) : -EPERM;
}

int vfs_symlink(struct inode *dir, struct dentry *d, const char *target)
{
	int rc = may_create(dir, d);

	if (rc)
		return rc;
	return dir->i_op->symlink ? dir->i_op->symlink(dir, d, target) : -EPERM;
}

int vfs_link(struct dentry *old, struct inode *dir, struct dentry *d)
{
	struct inode *inode = old->d_inode;
	int rc = may_create(dir, d);

	if (rc)
		return rc;
	if (dir->i_sb != inode->i_sb)
		return -EXDEV;
	if ((inode->i_flags & S_IMMUTABLE) || !dir->i_op->link || S_ISDIR(inode->i_mode))
		return -EPERM;
	down_write(&inode->i_rwsem);
	if (!inode->i_nlink && !(inode->i_flags & S_LINKABLE))
		rc = -ENOENT;
	else
		rc = dir->i_op->link(old, dir, d);
	if (!rc)
		inode->i_flags &= ~S_LINKABLE;
	up_write(&inode->i_rwsem);
	return rc;
}

int vfs_unlink(struct inode *dir, struct dentry *d)
{
	struct inode *inode = d->d_inode;
	int rc = may_delete(dir, d, VICTIM_FILE);

	if (rc)
		return rc;
	if (!dir->i_op->unlink)
		return -EPERM;
	down_write(&inode->i_rwsem);
	rc = is_local_mountpoint(d) ? -EBUSY : dir->i_op->unlink(dir, d);
	up_write(&inode->i_rwsem);
	if (!rc)
		d_delete(d);
	return rc;
}

int vfs_rmdir(struct inode *dir, struct dentry *d)
{
	struct inode *inode = d->d_inode;
	int rc = may_delete(dir, d, VICTIM_DIR);

	if (rc)
		return rc;
	if (!dir->i_op->rmdir)
		return -EPERM;
	dget(d);
	down_write(&inode->i_rwsem);
	rc = is_local_mountpoint(d) ? -EBUSY : dir->i_op->rmdir(dir, d);
	up_write(&inode->i_rwsem);
	if (!rc)
		d_delete(d);
	dput(d);
	return rc;
}

/* What both ends of a rename must allow. */
static int may_rename(struct inode *odir, struct dentry *od, struct inode *ndir, struct dentry *nd, unsigned flags)
{
	bool is_dir = od->d_inode && S_ISDIR(od->d_inode->i_mode);
	int rc = may_delete(odir, od, is_dir ? VICTIM_DIR : VICTIM_FILE);

	if (rc)
		return rc;
	if (!nd->d_inode)
		rc = may_create(ndir, nd);
	else if (flags & RENAME_EXCHANGE)
		rc = may_delete(ndir, nd, S_ISDIR(nd->d_inode->i_mode) ? VICTIM_DIR : VICTIM_FILE);
	else
		rc = may_delete(ndir, nd, is_dir ? VICTIM_DIR : VICTIM_FILE);
	if (rc)
		return rc;
	/* A directory that moves gets a new "..". */
	if (odir != ndir && is_dir)
		rc = inode_permission(od->d_inode, MAY_WRITE);
	if (!rc && odir != ndir && (flags & RENAME_EXCHANGE) && S_ISDIR(nd->d_inode->i_mode))
		rc = inode_permission(nd->d_inode, MAY_WRITE);
	return rc;
}

int vfs_rename(struct inode *odir, struct dentry *od, struct inode *ndir, struct dentry *nd, unsigned flags)
{
	int rc;

	if (od->d_inode == nd->d_inode)		/* two names of one file: nothing to do */
		return 0;
	rc = may_rename(odir, od, ndir, nd, flags);
	if (rc)
		return rc;
	if (!odir->i_op->rename)
		return -EPERM;
	if (is_local_mountpoint(od) || is_local_mountpoint(nd))
		return -EBUSY;
	dget(nd);
	rc = odir->i_op->rename(odir, od, ndir, nd, flags);
	if (!rc && (flags & RENAME_EXCHANGE)) {
		d_exchange(od, nd);
	} else if (!rc) {
		if (nd->d_inode)
			d_delete(nd);
		/* The name that is gone is known to be absent, if there is a dentry to say so. */
		if (!nd->d_inode && !(flags & RENAME_WHITEOUT))
			d_exchange(od, nd);
		else
			d_move(od, nd);
	}
	dput(nd);
	return rc;
}

/* ---- finding the place ----------------------------------------------------------------------- */

/* The dentry of nd->last, maybe negative, with the directory locked.  Counted, or ERR_PTR */
static struct dentry *lookup_last(struct nameidata *nd, unsigned flags)
{
	struct dentry *d = lookup_cached(nd->path.dentry, &nd->last, flags);

	return d ? d : lookup_uncached(nd->path.dentry, &nd->last, flags);
}

/* Walk to the parent and make the walk's result a counted path; nd->last stays valid with @name. */
static int path_parent(int dfd, const char *name, struct nameidata *nd, struct path *parent)
{
	int rc = nd_start_parent(nd, dfd, name, 0);

	if (rc)
		return rc;
	nd_finish(nd, parent);
	nd->path = *parent;
	return 0;
}

/* On success the parent stays locked, until done_path_create(). */
struct dentry *filename_create(int dfd, const char *name, struct path *parent, unsigned lookup_flags)
	NO_LOCK_ANALYSIS
{
	bool want_dir = lookup_flags & LOOKUP_DIRECTORY;
	struct nameidata nd;
	struct dentry *d;
	int rc = path_parent(dfd, name, &nd, parent);

	if (rc)
		return ERR_PTR(rc);
	if (nd.last_type != LAST_NORM) {
		path_put(parent);
		return ERR_PTR(-EEXIST);
	}
	down_write(&parent->dentry->d_inode->i_rwsem);
	d = lookup_last(&nd, LOOKUP_CREATE | LOOKUP_EXCL);
	if (IS_ERR(d)) {
		rc = PTR_ERR(d);
		goto undo;
	}
	rc = 0;
	if (d->d_inode)
		rc = -EEXIST;
	else if (nd.last.name[nd.last.len] && !want_dir)
		rc = -ENOENT;		/* "name/": no file can be made so */
	else
		rc = mnt_want_write(parent->mnt);
	if (!rc)
		return d;
	dput(d);
undo:
	up_write(&parent->dentry->d_inode->i_rwsem);
	path_put(parent);
	return ERR_PTR(rc);
}

struct dentry *kern_path_create(const char *name, struct path *parent)
{
	return filename_create(AT_FDCWD, name, parent, LOOKUP_DIRECTORY);
}

void done_path_create(struct path *parent, struct dentry *d) NO_LOCK_ANALYSIS
{
	dput(d);
	up_write(&parent->dentry->d_inode->i_rwsem);
	path_put(parent);
}

/* ---- system calls that make ------------------------------------------------------------------ */

static int mknod_type(umode_t mode)
{
	switch (mode & S_IFMT) {
	case 0:
	case S_IFREG:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return 0;
	case S_IFDIR:
		return -EPERM;
	}
	return -EINVAL;
}

SYSCALL_DEFINE4(mknodat, int, dfd, const char __user *, uname, umode_t, mode, unsigned, dev)
{
	struct path parent;
	struct dentry *d;
	char *name;
	int rc = mknod_type(mode);

	if (rc)
		return rc;
	name = getname(uname);
	if (IS_ERR(name))
		return PTR_ERR(name);
	d = filename_create(dfd, name, &parent, 0);
	if (IS_ERR(d)) {
		rc = PTR_ERR(d);
		goto out;
	}
	mode &= ~current_umask();
	if (!(mode & S_IFMT) || S_ISREG(mode))
		rc = vfs_create(parent.dentry->d_inode, d, (mode & S_IALLUGO) | S_IFREG);
	else
		rc = vfs_mknod(parent.dentry->d_inode, d, mode,
			       S_ISCHR(mode) || S_ISBLK(mode) ? decode_dev(dev) : 0);
	done_path_create(&parent, d);
out:
	putname(name);
	return rc;
}

SYSCALL_DEFINE3(mkdirat, int, dfd, const char __user *, uname, umode_t, mode)
{
	char *name = getname(uname);
	struct path parent;
	struct dentry *d;
	int rc;

	if (IS_ERR(name))
		return PTR_ERR(name);
	d = filename_create(dfd, name, &parent, LOOKUP_DIRECTORY);
	if (IS_ERR(d)) {
		rc = PTR_ERR(d);
	} else {
		rc = vfs_mkdir(parent.dentry->d_inode, d, mode & ~current_umask());
		done_path_create(&parent, d);
	}
	putname(name);
	return rc;
}

SYSCALL_DEFINE3(symlinkat, const char __user *, utarget, int, dfd, const char __user *, uname)
{
	char *target = getname(utarget), *name;
	struct path parent;
	struct dentry *d;
	int rc;

	if (IS_ERR(target))
		return PTR_ERR(target);
	name = getname(uname);
	if (IS_ERR(name)) {
		putname(target);
		return PTR_ERR(name);
	}
	d = filename_create(dfd, name, &parent, 0);
	if (IS_ERR(d)) {
		rc = PTR_ERR(d);
	} else {
		rc = vfs_symlink(parent.dentry->d_inode, d, target);
		done_path_create(&parent, d);
	}
	putname(name);
	putname(target);
	return rc;
}

int sysctl_protected_hardlinks = 1;

/* Others' files get new names only from those who may read and write them, and no special ones do. */
static bool may_link_source(struct inode *inode)
{
	umode_t mode = inode->i_mode;

	if (!sysctl_protected_hardlinks || inode_owner_or_capable(inode))
		return true;
	return S_ISREG(mode) && !(mode & S_ISUID) && (mode & (S_ISGID | S_IXGRP)) != (S_ISGID | S_IXGRP) &&
	       !inode_permission(inode, MAY_READ | MAY_WRITE);
}

static int do_link(const struct path *old, int newdfd, const char *name)
{
	struct path parent;
	struct dentry *d = filename_create(newdfd, name, &parent, 0);
	int rc = -EXDEV;

	if (IS_ERR(d))
		return PTR_ERR(d);
	if (old->mnt == parent.mnt)
		rc = !may_link_source(old->dentry->d_inode) ? -EPERM :
			vfs_link(old->dentry, parent.dentry->d_inode, d);
	done_path_create(&parent, d);
	return rc;
}

SYSCALL_DEFINE5(linkat, int, olddfd, const char __user *, uold, int, newdfd, const char __user *, unew, int, flags)
{
	unsigned lookup = flags & AT_SYMLINK_FOLLOW ? LOOKUP_FOLLOW : 0;
	struct path old;
	char *name;
	int rc;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & AT_EMPTY_PATH)
		lookup |= LOOKUP_EMPTY | LOOKUP_LINKAT_EMPTY;
	rc = user_path_at(olddfd, uold, lookup, &old);
	if (rc)
		return rc;
	name = getname(unew);
	if (IS_ERR(name)) {
		rc = PTR_ERR(name);
	} else {
		rc = do_link(&old, newdfd, name);
		putname(name);
	}
	path_put(&old);
	return rc;
}

/* ---- system calls that remove ---------------------------------------------------------------- */

static int rmdir_last_type(enum last_type t)
{
	switch (t) {
	case LAST_DOTDOT: return -ENOTEMPTY;
	case LAST_DOT: return -EINVAL;
	case LAST_ROOT: return -EBUSY;
	default: return 0;
	}
}

static int do_rmdir(int dfd, const char *name)
{
	struct nameidata nd;
	struct path parent;
	struct dentry *d;
	int rc = path_parent(dfd, name, &nd, &parent);

	if (rc)
		return rc;
	rc = rmdir_last_type(nd.last_type);
	if (!rc)
		rc = mnt_want_write(parent.mnt);
	if (rc)
		goto out;
	down_write(&parent.dentry->d_inode->i_rwsem);
	d = lookup_last(&nd, 0);
	if (IS_ERR(d)) {
		rc = PTR_ERR(d);
	} else {
		rc = vfs_rmdir(parent.dentry->d_inode, d);
		dput(d);
	}
	up_write(&parent.dentry->d_inode->i_rwsem);
out:
	path_put(&parent);
	return rc;
}

/* "name/" of an unlink: which error it is depends on what is there. */
static int slash_error(const struct dentry *d)
{
	if (!d->d_inode)
		return -ENOENT;
	return S_ISDIR(d->d_inode->i_mode) ? -EISDIR : -ENOTDIR;
}

static int do_unlink(int dfd, const char *name)
{
	struct inode *inode = NULL;	/* dropped after the lock: its pages may be many */
	struct nameidata nd;
	struct path parent;
	struct dentry *d;
	int rc = path_parent(dfd, name, &nd, &parent);

	if (rc)
		return rc;
	rc = nd.last_type == LAST_NORM ? mnt_want_write(parent.mnt) : -EISDIR;
	if (rc)
		goto out;
	down_write(&parent.dentry->d_inode->i_rwsem);
	d = lookup_last(&nd, 0);
	if (IS_ERR(d)) {
		rc = PTR_ERR(d);
	} else {
		if (nd.last.name[nd.last.len] || !d->d_inode) {
			rc = slash_error(d);
		} else {
			inode = d->d_inode;
			__iget(inode);
			rc = vfs_unlink(parent.dentry->d_inode, d);
		}
		dput(d);
	}
	up_write(&parent.dentry->d_inode->i_rwsem);
	iput(inode);
out:
	path_put(&parent);
	return rc;
}

SYSCALL_DEFINE3(unlinkat, int, dfd, const char __user *, uname, int, flags)
{
	char *name;
	int rc;

	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	name = getname(uname);
	if (IS_ERR(name))
		return PTR_ERR(name);
	rc = flags & AT_REMOVEDIR ? do_rmdir(dfd, name) : do_unlink(dfd, name);
	putname(name);
	return rc;
}

/* ---- rename ---------------------------------------------------------------------------------- */

/*
 * Lock both directories; if they are two, no other rename between directories goes on meanwhile.
 * => an ancestor is locked before what is below it
 */
static void lock_rename(struct dentry *a, struct dentry *b) NO_LOCK_ANALYSIS
{
	if (a == b) {
		down_write(&a->d_inode->i_rwsem);
		return;
	}
	mutex_lock(&rename_mutex);
	if (is_subdir(a, b) || (!is_subdir(b, a) && b < a))
		swap(a, b);
	down_write(&a->d_inode->i_rwsem);
	down_write(&b->d_inode->i_rwsem);
}

static void unlock_rename(struct dentry *a, struct dentry *b) NO_LOCK_ANALYSIS
{
	up_write(&a->d_inode->i_rwsem);
	if (a != b) {
		up_write(&b->d_inode->i_rwsem);
		mutex_unlock(&rename_mutex);
	}
}

static bool slash_on_file(const struct nameidata *nd, const struct dentry *d)
{
	return nd->last.name[nd->last.len] && !(d->d_inode && S_ISDIR(d->d_inode->i_mode));
}

/* Both dentries are there, both directories locked. */
static int rename_found(struct nameidata *on, struct dentry *od, struct nameidata *nn, struct dentry *nd,
			unsigned flags)
{
	if ((flags & RENAME_NOREPLACE) && nd->d_inode)
		return -EEXIST;
	if ((flags & RENAME_EXCHANGE) && !nd->d_inode)
		return -ENOENT;
	if (slash_on_file(on, od))
		return -ENOTDIR;
	if (!S_ISDIR(od->d_inode->i_mode) && !(flags & RENAME_EXCHANGE) && nn->last.name[nn->last.len])
		return -ENOTDIR;
	if (is_subdir(nn->path.dentry, od))
		return -EINVAL;		/* a directory into itself */
	if (is_subdir(on->path.dentry, nd))
		return flags & RENAME_EXCHANGE ? -EINVAL : -ENOTEMPTY;
	return vfs_rename(on->path.dentry->d_inode, od, nn->path.dentry->d_inode, nd, flags);
}

static int rename_locked(struct nameidata *on, struct nameidata *nn, unsigned flags)
{
	struct dentry *od = lookup_last(on, 0), *nd;
	int rc;

	if (IS_ERR(od))
		return PTR_ERR(od);
	nd = od->d_inode ? lookup_last(nn, LOOKUP_CREATE) : ERR_PTR(-ENOENT);
	if (IS_ERR(nd)) {
		rc = PTR_ERR(nd);
	} else {
		rc = rename_found(on, od, nn, nd, flags);
		dput(nd);
	}
	dput(od);
	return rc;
}

static int do_rename(int odfd, const char *oname, int ndfd, const char *nname, unsigned flags)
{
	struct nameidata on, nn;
	struct path op, np;
	int rc = path_parent(odfd, oname, &on, &op);

	if (rc)
		return rc;
	rc = IS_ERR(nname) ? PTR_ERR(nname) : path_parent(ndfd, nname, &nn, &np);
	if (rc)
		goto put_old;
	rc = -EXDEV;
	if (op.mnt != np.mnt)
		goto put_new;
	rc = -EBUSY;
	if (on.last_type != LAST_NORM)
		goto put_new;
	if (nn.last_type != LAST_NORM) {
		rc = flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
		goto put_new;
	}
	rc = mnt_want_write(op.mnt);
	if (rc)
		goto put_new;
	lock_rename(op.dentry, np.dentry);
	rc = rename_locked(&on, &nn, flags);
	unlock_rename(op.dentry, np.dentry);
put_new:
	path_put(&np);
put_old:
	path_put(&op);
	return rc;
}

static long rename_user(int odfd, const char __user *uold, int ndfd, const char __user *unew, unsigned flags)
{
	char *oname, *nname;
	int rc;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT))
		return -EINVAL;
	if ((flags & RENAME_EXCHANGE) && (flags & (RENAME_NOREPLACE | RENAME_WHITEOUT)))
		return -EINVAL;
	oname = getname(uold);
	if (IS_ERR(oname))
		return PTR_ERR(oname);
	nname = getname(unew);		/* what is wrong with it is said after the old name was found */
	rc = do_rename(odfd, oname, ndfd, nname, flags);
	putname(nname);
	putname(oname);
	return rc;
}

SYSCALL_DEFINE5(renameat2, int, odfd, const char __user *, uold, int, ndfd, const char __user *, unew,
		unsigned, flags)
{
	return rename_user(odfd, uold, ndfd, unew, flags);
}

SYSCALL_DEFINE4(renameat, int, odfd, const char __user *, uold, int, ndfd, const char __user *, unew)
{
	return rename_user(odfd, uold, ndfd, unew, 0);
}
