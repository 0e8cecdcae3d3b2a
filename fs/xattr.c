/*
 * fs/xattr.c - extended attributes and file handles: no file system here has them, and the calls
 * say so after they have looked for the file.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/fdtable.h"
#include "fs/namei.h"
#include "include/syscall.h"
#include "include/uaccess.h"

#define XATTR_CREATE	1
#define XATTR_REPLACE	2
#define XATTR_NAME_MAX	255
#define XATTR_SIZE_MAX	65536

/* @found for a file that is there. */
static long for_path(const char __user *name, unsigned lookup, long found)
{
	struct path path;
	int rc = user_path_at(AT_FDCWD, name, lookup, &path);

	if (rc)
		return rc;
	path_put(&path);
	return found;
}

static long for_fd(int fd, long found)
{
	struct fd f = fdget(fd);

	if (!f.file)
		return -EBADF;
	fdput(f);
	return found;
}

#define XATTR_CALLS(name, found) \
SYSCALL_DEFINE1(name, const char __user *, path) { return for_path(path, LOOKUP_FOLLOW, found); } \
SYSCALL_DEFINE1(l##name, const char __user *, path) { return for_path(path, 0, found); } \
SYSCALL_DEFINE1(f##name, int, fd) { return for_fd(fd, found); }

/* What is wrong with the name, the value or the flags is said before the file is looked for. */
static long check_setxattr(const char __user *uname, const void __user *value, size_t size, int flags)
{
	char name[XATTR_NAME_MAX + 2];
	long len;

	if (flags & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	len = strncpy_from_user(name, uname, sizeof(name));
	if (len <= 0 || len > XATTR_NAME_MAX)
		return len < 0 ? len : -ERANGE;
	if (size > XATTR_SIZE_MAX)
		return -E2BIG;
	return size && !access_ok(value, size) ? -EFAULT : 0;
}

#define SETXATTR(name, lookup) \
SYSCALL_DEFINE5(name, const char __user *, path, const char __user *, attr, const void __user *, value, \
		size_t, size, int, flags) \
{ \
	long rc = check_setxattr(attr, value, size, flags); \
	return rc ? rc : for_path(path, lookup, -EOPNOTSUPP); \
}

SETXATTR(setxattr, LOOKUP_FOLLOW)
SETXATTR(lsetxattr, 0)

SYSCALL_DEFINE5(fsetxattr, int, fd, const char __user *, attr, const void __user *, value, size_t, size, int, flags)
{
	long rc = for_fd(fd, 0);

	if (!rc)
		rc = check_setxattr(attr, value, size, flags);
	return rc ? rc : -EOPNOTSUPP;
}
XATTR_CALLS(getxattr, -EOPNOTSUPP)
XATTR_CALLS(listxattr, 0)
XATTR_CALLS(removexattr, -EOPNOTSUPP)

SYSCALL_DEFINE2(name_to_handle_at, int, dfd, const char __user *, name)
{
	struct path path;
	int rc = user_path_at(dfd, name, LOOKUP_EMPTY, &path);

	if (rc)
		return rc;
	path_put(&path);
	return -EOPNOTSUPP;
}
