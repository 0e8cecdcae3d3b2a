/*
 * fs/open.c - open(2) and what works on a name or a descriptor without reading: truncate, access,
 * chdir, chmod, chown, times, sync.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/fs_struct.h"
#include "fs/leases.h"
#include "fs/namei.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "include/uapi/time.h"
#include "kernel/task/cred.h"
#include "lib/string.h"
#include "mm/cache/pagemap.h"

/* ---- open ------------------------------------------------------------------------------------ */

#define VALID_OPEN_FLAGS (O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | \
	O_SYNC | FASYNC | O_DIRECT | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | \
	O_PATH | __O_TMPFILE)
#define O_PATH_FLAGS	(O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC)

/* @flags and @mode are known to be valid for openat2(); openat() has cut off what is not. */
static int build_open_flags(u64 flags, u64 mode, struct open_flags *op)
{
	static const u8 acc[4] = { MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE, MAY_READ | MAY_WRITE };
	int acc_mode = acc[flags & O_ACCMODE];

	if ((flags & (O_DIRECTORY | O_CREAT)) == (O_DIRECTORY | O_CREAT))
		return -EINVAL;
	if (flags & __O_TMPFILE) {
		if ((flags & O_TMPFILE) != O_TMPFILE || !(acc_mode & MAY_WRITE))
			return -EINVAL;
	} else if (flags & O_PATH) {
		flags &= O_PATH_FLAGS;
		acc_mode = 0;
	}
	if (flags & O_TRUNC)
		acc_mode |= MAY_WRITE;
	if (flags & O_APPEND)
		acc_mode |= MAY_APPEND;
	op->cloexec = flags & O_CLOEXEC;
	op->open_flag = flags & ~O_CLOEXEC;
	op->mode = mode;
	op->acc_mode = acc_mode | MAY_OPEN;
	op->lookup_flags = flags & O_DIRECTORY ? LOOKUP_DIRECTORY : 0;
	return 0;
}

static long do_sys_open(int dfd, const char __user *uname, const struct open_flags *op)
{
	char *name = getname_flags(uname, op->lookup_flags);
	struct file *f;
	int fd;

	if (IS_ERR(name))
		return PTR_ERR(name);
	fd = get_unused_fd_flags(op->cloexec);
	if (fd < 0)
		goto out;
	f = do_filp_open(dfd, name, op);
	if (likely(!IS_ERR(f))) {
		fd_install(fd, f);
	} else {
		put_unused_fd(fd);
		fd = PTR_ERR(f);
	}
out:
	putname(name);
	return fd;
}

SYSCALL_DEFINE4(openat, int, dfd, const char __user *, name, int, flags, unsigned, mode)
{
	struct open_flags op;
	int rc;

	flags = (flags & VALID_OPEN_FLAGS) | O_LARGEFILE;
	if (flags & O_PATH)
		flags &= O_PATH_FLAGS;
	rc = build_open_flags(flags, mode & S_IALLUGO, &op);
	return rc ? rc : do_sys_open(dfd, name, &op);
}

static int resolve_flags(u64 resolve, unsigned *lookup)
{
	if (resolve & ~(u64)(RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS |
			     RESOLVE_BENEATH | RESOLVE_IN_ROOT | RESOLVE_CACHED))
		return -EINVAL;
	if ((resolve & RESOLVE_BENEATH) && (resolve & RESOLVE_IN_ROOT))
		return -EINVAL;
	if (resolve & RESOLVE_CACHED)
		return -EAGAIN;		/* "it may have to sleep" is always an allowed answer */
	if (resolve & RESOLVE_NO_XDEV)
		*lookup |= LOOKUP_NO_XDEV;
	if (resolve & RESOLVE_NO_MAGICLINKS)
		*lookup |= LOOKUP_NO_MAGICLINKS;
	if (resolve & RESOLVE_NO_SYMLINKS)
		*lookup |= LOOKUP_NO_SYMLINKS;
	if (resolve & RESOLVE_BENEATH)
		*lookup |= LOOKUP_BENEATH;
	if (resolve & RESOLVE_IN_ROOT)
		*lookup |= LOOKUP_IN_ROOT;
	return 0;
}

SYSCALL_DEFINE4(openat2, int, dfd, const char __user *, name, struct open_how __user *, uhow, size_t, size)
{
	struct open_how how;
	struct open_flags op;
	int rc;

	if (size < sizeof(how))
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	rc = copy_struct_from_user(&how, sizeof(how), uhow, size);
	if (rc)
		return rc;
	if ((how.flags & ~(u64)VALID_OPEN_FLAGS) ||
	    ((how.flags & O_PATH) && (how.flags & ~(u64)O_PATH_FLAGS)))
		return -EINVAL;
	if (how.flags & (O_CREAT | __O_TMPFILE) ? how.mode & ~(u64)S_IALLUGO : how.mode)
		return -EINVAL;
	rc = build_open_flags(how.flags | (how.flags & O_PATH ? 0 : O_LARGEFILE), how.mode, &op);
	if (!rc)
		rc = resolve_flags(how.resolve, &op.lookup_flags);
	return rc ? rc : do_sys_open(dfd, name, &op);
}

/* ---- size ------------------------------------------------------------------------------------ */

int do_truncate(struct dentry *dentry, loff_t length, unsigned time_attrs, struct file *file)
{
	struct inode *inode = dentry->d_inode;
	struct iattr attr = { .ia_valid = ATTR_SIZE | time_attrs, .ia_size = length, .ia_file = file };
	unsigned kill;
	int rc;

	if (length < 0)
		return -EINVAL;
	down_write(&inode->i_rwsem);
	kill = setattr_should_drop_suidgid(inode);
	if (kill)
		attr.ia_valid |= kill | ATTR_FORCE;
	rc = notify_change(dentry, &attr);
	up_write(&inode->i_rwsem);
	return rc;
}

int vfs_truncate(const struct path *path, loff_t length)
{
	struct inode *inode = path->dentry->d_inode;
	int rc;

	if (S_ISDIR(inode->i_mode))
		return -EISDIR;
	if (!S_ISREG(inode->i_mode))
		return -EINVAL;
	rc = mnt_want_write(path->mnt);
	if (!rc)
		rc = inode_permission(inode, MAY_WRITE);
	if (!rc)
		rc = get_write_access(inode);
	if (rc)
		return rc;
	rc = break_lease(inode, O_WRONLY);
	if (!rc)
		rc = do_truncate(path->dentry, length, 0, NULL);
	put_write_access(inode);
	return rc;
}

SYSCALL_DEFINE2(truncate, const char __user *, name, long, length)
{
	struct path path;
	int rc;

	if (length < 0)
		return -EINVAL;
	rc = user_path_at(AT_FDCWD, name, LOOKUP_FOLLOW, &path);
	if (rc)
		return rc;
	rc = vfs_truncate(&path, length);
	path_put(&path);
	return rc;
}

SYSCALL_DEFINE2(ftruncate, unsigned, fd, long, length)
{
	struct fd f;
	int rc = -EINVAL;

	if (length < 0)
		return -EINVAL;
	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	if (S_ISREG(f.file->f_inode->i_mode) && (f.file->f_mode & FMODE_WRITE))
		rc = do_truncate(f.file->f_path.dentry, length, ATTR_MTIME | ATTR_CTIME, f.file);
	fdput(f);
	return rc;
}

/* One thing at a time, and whether the size may change with it. */
static bool fallocate_mode_valid(int mode)
{
	switch (mode & ~FALLOC_FL_KEEP_SIZE) {
	case 0:
	case FALLOC_FL_ZERO_RANGE:
	case FALLOC_FL_UNSHARE_RANGE:
		return true;
	case FALLOC_FL_PUNCH_HOLE:
		return mode & FALLOC_FL_KEEP_SIZE;
	case FALLOC_FL_COLLAPSE_RANGE:
	case FALLOC_FL_INSERT_RANGE:
		return !(mode & FALLOC_FL_KEEP_SIZE);
	}
	return false;
}

static long do_fallocate(struct file *f, int mode, loff_t off, loff_t len)
{
	umode_t type = f->f_inode->i_mode & S_IFMT;

	if (off < 0 || len <= 0)
		return -EINVAL;
	if (!fallocate_mode_valid(mode))
		return -EOPNOTSUPP;
	if (!(f->f_mode & FMODE_WRITE))
		return -EBADF;
	if (type == S_IFIFO)
		return -ESPIPE;
	if (type == S_IFDIR)
		return -EISDIR;
	if (type != S_IFREG)
		return -ENODEV;
	if (len > f->f_inode->i_sb->s_maxbytes - off)
		return -EFBIG;
	return f->f_op->fallocate ? f->f_op->fallocate(f, mode, off, len) : -EOPNOTSUPP;
}

SYSCALL_DEFINE4(fallocate, int, fd, int, mode, loff_t, off, loff_t, len)
{
	struct fd f = fdget(fd);
	long rc;

	if (!f.file)
		return -EBADF;
	rc = do_fallocate(f.file, mode, off, len);
	fdput(f);
	return rc;
}

/* ---- access ---------------------------------------------------------------------------------- */

/* A cred like the caller's, but with the real ids in force; consumed by commit_creds()-less use. */
static struct cred *access_cred(void)
{
	struct cred *c = prepare_creds();

	if (!c)
		return NULL;
	c->fsuid = c->uid;
	c->fsgid = c->gid;
	if (!(c->securebits & SECBIT_NO_SETUID_FIXUP))
		c->cap_effective = c->uid ? 0 : c->cap_permitted;
	return c;
}

static int access_path(int dfd, const char __user *name, int mode, unsigned lookup)
{
	struct path path;
	struct inode *inode;
	int rc = user_path_at(dfd, name, lookup, &path);

	if (rc)
		return rc;
	inode = path.dentry->d_inode;
	if ((mode & MAY_EXEC) && S_ISREG(inode->i_mode) && (path.mnt->mnt_flags & MNT_NOEXEC))
		rc = -EACCES;
	else
		rc = inode_permission(inode, mode | MAY_ACCESS);
	if (!rc && (mode & MAY_WRITE) && !(S_ISCHR(inode->i_mode) || S_ISFIFO(inode->i_mode) ||
					   S_ISSOCK(inode->i_mode)))
		rc = mnt_want_write(path.mnt);
	path_put(&path);
	return rc;
}

static long do_faccessat(int dfd, const char __user *name, int mode, int flags)
{
	const struct cred *own = current->cred;
	unsigned lookup = LOOKUP_FOLLOW;
	struct cred *c = NULL;
	long rc;

	if (mode & ~7)
		return -EINVAL;
	if (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & AT_SYMLINK_NOFOLLOW)
		lookup &= ~LOOKUP_FOLLOW;
	if (flags & AT_EMPTY_PATH)
		lookup |= LOOKUP_EMPTY;
	if (!(flags & AT_EACCESS) && (own->fsuid != own->uid || own->fsgid != own->gid || own->uid)) {
		c = access_cred();
		if (!c)
			return -ENOMEM;
		current->cred = c;
	}
	rc = access_path(dfd, name, mode, lookup);
	if (c) {
		current->cred = own;
		abort_creds(c);
	}
	return rc;
}

SYSCALL_DEFINE3(faccessat, int, dfd, const char __user *, name, int, mode)
{
	return do_faccessat(dfd, name, mode, 0);
}

SYSCALL_DEFINE4(faccessat2, int, dfd, const char __user *, name, int, mode, int, flags)
{
	return do_faccessat(dfd, name, mode, flags);
}

/* ---- directory, root ------------------------------------------------------------------------- */

SYSCALL_DEFINE1(chdir, const char __user *, name)
{
	struct path path;
	int rc = user_path_at(AT_FDCWD, name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &path);

	if (rc)
		return rc;
	rc = inode_permission(path.dentry->d_inode, MAY_EXEC | MAY_CHDIR);
	if (!rc)
		set_fs_pwd(current->fs, &path);
	path_put(&path);
	return rc;
}

SYSCALL_DEFINE1(fchdir, unsigned, fd)
{
	struct fd f = fdget_raw(fd);
	int rc;

	if (!f.file)
		return -EBADF;
	rc = -ENOTDIR;
	if (S_ISDIR(f.file->f_inode->i_mode))
		rc = inode_permission(f.file->f_inode, MAY_EXEC | MAY_CHDIR);
	if (!rc)
		set_fs_pwd(current->fs, &f.file->f_path);
	fdput(f);
	return rc;
}

SYSCALL_DEFINE1(chroot, const char __user *, name)
{
	struct path path;
	int rc = user_path_at(AT_FDCWD, name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &path);

	if (rc)
		return rc;
	rc = inode_permission(path.dentry->d_inode, MAY_EXEC | MAY_CHDIR);
	if (!rc && !capable(CAP_SYS_CHROOT))
		rc = -EPERM;
	if (!rc)
		set_fs_root(current->fs, &path);
	path_put(&path);
	return rc;
}

SYSCALL_DEFINE1(umask, int, mask)
{
	return xchg(&current->fs->umask, mask & S_IRWXUGO);
}

/* ---- mode, owner, times ---------------------------------------------------------------------- */

static int change_attr(const struct path *path, struct iattr *attr)
{
	struct inode *inode = path->dentry->d_inode;
	int rc = mnt_want_write(path->mnt);

	if (rc)
		return rc;
	down_write(&inode->i_rwsem);
	rc = notify_change(path->dentry, attr);
	up_write(&inode->i_rwsem);
	return rc;
}

static int chmod_path(const struct path *path, umode_t mode)
{
	struct inode *inode = path->dentry->d_inode;
	struct iattr attr = {
		.ia_valid = ATTR_MODE | ATTR_CTIME,
		.ia_mode = (mode & S_IALLUGO) | (inode->i_mode & ~S_IALLUGO),
		.ia_ctime = current_time(),
	};

	return S_ISLNK(inode->i_mode) ? -EOPNOTSUPP : change_attr(path, &attr);
}

static int chown_path(const struct path *path, uid_t uid, gid_t gid)
{
	struct inode *inode = path->dentry->d_inode;
	struct iattr attr = { .ia_valid = ATTR_CTIME, .ia_ctime = current_time() };

	if (uid != (uid_t)-1) {
		attr.ia_valid |= ATTR_UID;
		attr.ia_uid = uid;
	}
	if (gid != (gid_t)-1) {
		attr.ia_valid |= ATTR_GID;
		attr.ia_gid = gid;
	}
	if (!S_ISDIR(inode->i_mode))
		attr.ia_valid |= ATTR_KILL_SUID | setattr_should_drop_sgid(inode);
	return change_attr(path, &attr);
}

/* What fchmodat() and its like work on. */
static int attr_path_at(int dfd, const char __user *name, unsigned flags, struct path *path)
{
	unsigned lookup = (flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
			  (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return user_path_at(dfd, name, lookup, path);
}

static long do_fchmodat(int dfd, const char __user *name, umode_t mode, unsigned flags)
{
	struct path path;
	int rc = attr_path_at(dfd, name, flags, &path);

	if (rc)
		return rc;
	rc = chmod_path(&path, mode);
	path_put(&path);
	return rc;
}

SYSCALL_DEFINE3(fchmodat, int, dfd, const char __user *, name, umode_t, mode)
{
	return do_fchmodat(dfd, name, mode, 0);
}

SYSCALL_DEFINE4(fchmodat2, int, dfd, const char __user *, name, umode_t, mode, unsigned, flags)
{
	return do_fchmodat(dfd, name, mode, flags);
}

SYSCALL_DEFINE2(fchmod, unsigned, fd, umode_t, mode)
{
	struct fd f = fdget(fd);
	int rc;

	if (!f.file)
		return -EBADF;
	rc = chmod_path(&f.file->f_path, mode);
	fdput(f);
	return rc;
}

SYSCALL_DEFINE5(fchownat, int, dfd, const char __user *, name, uid_t, uid, gid_t, gid, int, flags)
{
	struct path path;
	int rc = attr_path_at(dfd, name, flags, &path);

	if (rc)
		return rc;
	rc = chown_path(&path, uid, gid);
	path_put(&path);
	return rc;
}

SYSCALL_DEFINE3(fchown, unsigned, fd, uid_t, uid, gid_t, gid)
{
	struct fd f = fdget(fd);
	int rc;

	if (!f.file)
		return -EBADF;
	rc = chown_path(&f.file->f_path, uid, gid);
	fdput(f);
	return rc;
}

static bool utime_nsec_valid(long ns)
{
	return ns == UTIME_NOW || ns == UTIME_OMIT || (ns >= 0 && ns < 1000000000);
}

static int utimes_path(const struct path *path, const struct timespec64 *t)
{
	struct iattr attr = { .ia_valid = ATTR_CTIME | ATTR_MTIME | ATTR_ATIME, .ia_ctime = current_time() };

	if (t && !(utime_nsec_valid(t[0].tv_nsec) && utime_nsec_valid(t[1].tv_nsec)))
		return -EINVAL;
	if (!t || (t[0].tv_nsec == UTIME_NOW && t[1].tv_nsec == UTIME_NOW)) {
		attr.ia_valid |= ATTR_TOUCH;
		return change_attr(path, &attr);
	}
	attr.ia_valid |= ATTR_TIMES_SET;
	if (t[0].tv_nsec == UTIME_OMIT) {
		attr.ia_valid &= ~ATTR_ATIME;
	} else if (t[0].tv_nsec != UTIME_NOW) {
		attr.ia_atime = t[0];
		attr.ia_valid |= ATTR_ATIME_SET;
	}
	if (t[1].tv_nsec == UTIME_OMIT) {
		attr.ia_valid &= ~ATTR_MTIME;
	} else if (t[1].tv_nsec != UTIME_NOW) {
		attr.ia_mtime = t[1];
		attr.ia_valid |= ATTR_MTIME_SET;
	}
	return change_attr(path, &attr);
}

static long utimes_fd(int fd, const struct timespec64 *t)
{
	struct fd f = fdget(fd);
	int rc;

	if (!f.file)
		return -EBADF;
	rc = utimes_path(&f.file->f_path, t);
	fdput(f);
	return rc;
}

SYSCALL_DEFINE4(utimensat, int, dfd, const char __user *, name, struct timespec64 __user *, utimes, int, flags)
{
	struct timespec64 t[2];
	struct path path;
	int rc;

	if (utimes) {
		if (copy_from_user(t, utimes, sizeof(t)))
			return -EFAULT;
		if (t[0].tv_nsec == UTIME_OMIT && t[1].tv_nsec == UTIME_OMIT)
			return 0;
	}
	if (!name && dfd != AT_FDCWD)
		return flags ? -EINVAL : utimes_fd(dfd, utimes ? t : NULL);
	rc = attr_path_at(dfd, name, flags, &path);
	if (rc)
		return rc;
	rc = utimes_path(&path, utimes ? t : NULL);
	path_put(&path);
	return rc;
}
