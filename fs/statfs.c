/*
 * fs/statfs.c - statfs(2): how full a file system is.  Also what says that handles are not supported.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/fdtable.h"
#include "fs/namei.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "include/uapi/statfs.h"

static long mnt_statfs_flags(const struct vfsmount *m)
{
	static const struct { unsigned mnt; long st; } map[] = {
		{ MNT_READONLY, ST_RDONLY }, { MNT_NOSUID, ST_NOSUID }, { MNT_NODEV, ST_NODEV },
		{ MNT_NOEXEC, ST_NOEXEC }, { MNT_NOATIME, ST_NOATIME }, { MNT_NODIRATIME, ST_NODIRATIME },
		{ MNT_RELATIME, ST_RELATIME },
	};
	long f = ST_VALID;

	for (unsigned i = 0; i < ARRAY_SIZE(map); i++)
		if (m->mnt_flags & map[i].mnt)
			f |= map[i].st;
	return m->mnt_sb->s_flags & SB_RDONLY ? f | ST_RDONLY : f;
}

static int vfs_statfs(const struct path *path, struct kstatfs *st)
{
	struct super_block *sb = path->dentry->d_sb;
	int rc;

	*st = (struct kstatfs){ .f_type = sb->s_magic, .f_bsize = PAGE_SIZE, .f_namelen = NAME_MAX };
	if (sb->s_op && sb->s_op->statfs) {
		rc = sb->s_op->statfs(path->dentry, st);
		if (rc)
			return rc;
	}
	if (!st->f_frsize)
		st->f_frsize = st->f_bsize;
	st->f_fsid[0] = encode_dev(sb->s_dev);
	st->f_flags = mnt_statfs_flags(path->mnt);
	return 0;
}

SYSCALL_DEFINE2(statfs, const char __user *, name, struct kstatfs __user *, buf)
{
	struct kstatfs st;
	struct path path;
	int rc = user_path_at(AT_FDCWD, name, LOOKUP_FOLLOW, &path);

	if (rc)
		return rc;
	rc = vfs_statfs(&path, &st);
	path_put(&path);
	return rc ? rc : copy_to_user(buf, &st, sizeof(st)) ? -EFAULT : 0;
}

SYSCALL_DEFINE2(fstatfs, unsigned, fd, struct kstatfs __user *, buf)
{
	struct fd f = fdget_raw(fd);
	struct kstatfs st;
	int rc;

	if (!f.file)
		return -EBADF;
	rc = vfs_statfs(&f.file->f_path, &st);
	fdput(f);
	return rc ? rc : copy_to_user(buf, &st, sizeof(st)) ? -EFAULT : 0;
}
