/*
 * fs/xattr.c - extended attributes and file handles: no file system here has them, and the calls
 * say so after they have looked for the file and asked whether the caller may.
 *
 * MODEL     set and remove ask for a file that can be written, get for one that can be read, as the name's
 *           first part has it (xattr_permission()).  list needs no right and finds nothing.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/fdtable.h"
#include "fs/inode.h"
#include "fs/mount.h"
#include "fs/namei.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "kernel/task/cred.h"
#include "lib/string.h"

#define XATTR_CREATE	1
#define XATTR_REPLACE	2
#define XATTR_NAME_MAX	255
#define XATTR_SIZE_MAX	65536

/* ---- who may --------------------------------------------------------------------------------- */

static bool has_prefix(const char *name, const char *prefix)
{
	return !strncmp(name, prefix, strlen(prefix));
}

/* Attributes of users are for what holds users' data: on a link or a device anybody could leave them. */
static bool user_xattr_ok(struct inode *inode, bool write)
{
	if (!S_ISREG(inode->i_mode) && !S_ISDIR(inode->i_mode))
		return false;
	return !write || !S_ISDIR(inode->i_mode) || !(inode->i_mode & S_ISVTX) || inode_owner_or_capable(inode);
}

static int xattr_permission(struct inode *inode, const char *name, int mask)
{
	bool write = mask & MAY_WRITE;

	if (write && (inode->i_flags & S_IMMUTABLE))
		return -EPERM;
	if (has_prefix(name, "security.") || has_prefix(name, "system."))
		return 0;					/* their keeper would decide */
	if (has_prefix(name, "trusted."))
		return capable(CAP_SYS_ADMIN) ? 0 : write ? -EPERM : -ENODATA;
	if (has_prefix(name, "user.") && !user_xattr_ok(inode, write))
		return write ? -EPERM : -ENODATA;
	return inode_permission(inode, mask);
}

/* The answer for attribute @name of a file that is there: never success. */
static int no_xattr(const struct path *path, const char *name, int mask)
{
	int rc = mask & MAY_WRITE ? mnt_want_write(path->mnt) : 0;

	if (!rc)
		rc = xattr_permission(path->dentry->d_inode, name, mask);
	return rc ? rc : -EOPNOTSUPP;
}

static int import_xattr_name(char *name, const char __user *uname)
{
	long len = strncpy_from_user(name, uname, XATTR_NAME_MAX + 1);

	if (len <= 0 || len > XATTR_NAME_MAX)
		return len < 0 ? len : -ERANGE;
	return 0;
}

/* ---- get, remove, list ----------------------------------------------------------------------- */

static int no_user_xattr(const struct path *path, const char __user *uname, int mask)
{
	char name[XATTR_NAME_MAX + 1];
	int rc = import_xattr_name(name, uname);

	return rc ? rc : no_xattr(path, name, mask);
}

static int no_xattr_at(const char __user *file, unsigned lookup, const char __user *uname, int mask)
{
	struct path path;
	int rc = user_path_at(AT_FDCWD, file, lookup, &path);

	if (rc)
		return rc;
	rc = no_user_xattr(&path, uname, mask);
	path_put(&path);
	return rc;
}

static int no_xattr_fd(int fd, const char __user *uname, int mask)
{
	struct fd f = fdget(fd);
	int rc;

	if (!f.file)
		return -EBADF;
	rc = no_user_xattr(&f.file->f_path, uname, mask);
	fdput(f);
	return rc;
}

#define XATTR_CALLS(call, mask) \
SYSCALL_DEFINE2(call, const char __user *, path, const char __user *, name) \
{ \
	return no_xattr_at(path, LOOKUP_FOLLOW, name, mask); \
} \
SYSCALL_DEFINE2(l##call, const char __user *, path, const char __user *, name) \
{ \
	return no_xattr_at(path, 0, name, mask); \
} \
SYSCALL_DEFINE2(f##call, int, fd, const char __user *, name) { return no_xattr_fd(fd, name, mask); }

XATTR_CALLS(getxattr, MAY_READ)
XATTR_CALLS(removexattr, MAY_WRITE)

static long empty_list_at(const char __user *file, unsigned lookup)
{
	struct path path;
	int rc = user_path_at(AT_FDCWD, file, lookup, &path);

	if (!rc)
		path_put(&path);
	return rc;
}

SYSCALL_DEFINE1(listxattr, const char __user *, path) { return empty_list_at(path, LOOKUP_FOLLOW); }
SYSCALL_DEFINE1(llistxattr, const char __user *, path) { return empty_list_at(path, 0); }
SYSCALL_DEFINE1(flistxattr, int, fd)
{
	struct fd f = fdget(fd);

	if (!f.file)
		return -EBADF;
	fdput(f);
	return 0;
}

/* ---- set ------------------------------------------------------------------------------------- */

/* What is wrong with the name, the value or the flags is said before the file is looked for. */
static int check_setxattr(char *name, const char __user *uname, const void __user *value, size_t size, int flags)
{
	int rc;

	if (flags & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	rc = import_xattr_name(name, uname);
	if (rc)
		return rc;
	if (size > XATTR_SIZE_MAX)
		return -E2BIG;
	return size && !access_ok(value, size) ? -EFAULT : 0;
}

static int set_no_xattr_at(const char __user *file, unsigned lookup, const char *name)
{
	struct path path;
	int rc = user_path_at(AT_FDCWD, file, lookup, &path);

	if (rc)
		return rc;
	rc = no_xattr(&path, name, MAY_WRITE);
	path_put(&path);
	return rc;
}

#define SETXATTR(call, lookup) \
SYSCALL_DEFINE5(call, const char __user *, path, const char __user *, attr, const void __user *, value, \
		size_t, size, int, flags) \
{ \
	char name[XATTR_NAME_MAX + 1]; \
	int rc = check_setxattr(name, attr, value, size, flags); \
	return rc ? rc : set_no_xattr_at(path, lookup, name); \
}

SETXATTR(setxattr, LOOKUP_FOLLOW)
SETXATTR(lsetxattr, 0)

SYSCALL_DEFINE5(fsetxattr, int, fd, const char __user *, attr, const void __user *, value, size_t, size, int, flags)
{
	char name[XATTR_NAME_MAX + 1];
	struct fd f = fdget(fd);
	int rc;

	if (!f.file)
		return -EBADF;
	rc = check_setxattr(name, attr, value, size, flags);
	if (!rc)
		rc = no_xattr(&f.file->f_path, name, MAY_WRITE);
	fdput(f);
	return rc;
}

/* ---- file handles ---------------------------------------------------------------------------- */

SYSCALL_DEFINE2(name_to_handle_at, int, dfd, const char __user *, name)
{
	struct path path;
	int rc = user_path_at(dfd, name, LOOKUP_EMPTY, &path);

	if (rc)
		return rc;
	path_put(&path);
	return -EOPNOTSUPP;
}
