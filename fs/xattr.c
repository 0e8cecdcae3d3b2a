/*
 * fs/xattr.c - extended attributes and file handles: no file system here has them, and the calls
 * say so after they have looked for the file.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/fdtable.h"
#include "fs/namei.h"
#include "include/syscall.h"

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

XATTR_CALLS(setxattr, -EOPNOTSUPP)
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
