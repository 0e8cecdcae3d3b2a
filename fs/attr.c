/*
 * fs/attr.c - who may do what to a file, and changing its attributes.
 *
 * MODEL     notify_change() is the one way to change owner, mode, size or times: it asks
 *           setattr_prepare() whether the caller may, lets the file system do it, and notes the time.
 *           Giving a file away, or writing to it, takes its set-id bits.
 * LOCKING   inode->i_rwsem held for writing during notify_change().
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/inode.h"
#include "fs/mount.h"
#include "kernel/signal/signal.h"
#include "kernel/task/cred.h"
#include "mm/cache/filemap.h"

bool inode_owner_or_capable(const struct inode *inode)
{
	return current_fsuid() == inode->i_uid || capable(CAP_FOWNER);
}

int generic_permission(struct inode *inode, int mask)
{
	umode_t mode = inode->i_mode;

	if (current_fsuid() == inode->i_uid)
		mode >>= 6;
	else if (in_group_p(inode->i_gid))
		mode >>= 3;
	mask &= MAY_READ | MAY_WRITE | MAY_EXEC;
	if (!(mask & ~mode))
		return 0;
	if (S_ISDIR(inode->i_mode)) {
		if (!(mask & MAY_WRITE) && capable(CAP_DAC_READ_SEARCH))
			return 0;
		return capable(CAP_DAC_OVERRIDE) ? 0 : -EACCES;
	}
	if (mask == MAY_READ && capable(CAP_DAC_READ_SEARCH))
		return 0;
	if ((!(mask & MAY_EXEC) || (inode->i_mode & S_IXUGO)) && capable(CAP_DAC_OVERRIDE))
		return 0;
	return -EACCES;
}

int inode_permission(struct inode *inode, int mask)
{
	if (mask & MAY_WRITE) {
		umode_t type = inode->i_mode & S_IFMT;

		if ((inode->i_sb->s_flags & SB_RDONLY) &&
		    (type == S_IFREG || type == S_IFDIR || type == S_IFLNK))
			return -EROFS;
		if (inode->i_flags & S_IMMUTABLE)
			return -EPERM;
	}
	if (inode->i_op->permission)
		return inode->i_op->permission(inode, mask);
	return generic_permission(inode, mask);
}

/* May the running task leave a file of this group with the set-group-id bit? */
static bool in_group_or_capable(gid_t gid) { return in_group_p(gid) || capable(CAP_FSETID); }

unsigned setattr_should_drop_sgid(const struct inode *inode)
{
	umode_t mode = inode->i_mode;

	if (!(mode & S_ISGID))
		return 0;
	return (mode & S_IXGRP) || !in_group_or_capable(inode->i_gid) ? ATTR_KILL_SGID : 0;
}

unsigned setattr_should_drop_suidgid(const struct inode *inode)
{
	umode_t mode = inode->i_mode;

	if (likely(!(mode & (S_ISUID | S_ISGID))) || !S_ISREG(mode) || capable(CAP_FSETID))
		return 0;
	return (mode & S_ISUID ? ATTR_KILL_SUID : 0) | setattr_should_drop_sgid(inode);
}

static int chown_ok(const struct inode *inode, uid_t uid)
{
	if (current_fsuid() == inode->i_uid && uid == inode->i_uid)
		return true;
	return capable(CAP_CHOWN);
}

static int chgrp_ok(const struct inode *inode, gid_t gid)
{
	if (current_fsuid() == inode->i_uid && (in_group_p(gid) || gid == inode->i_gid))
		return true;
	return capable(CAP_CHOWN);
}

int setattr_prepare(struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = dentry->d_inode;
	unsigned v = attr->ia_valid;

	if (v & ATTR_SIZE) {
		int rc = inode_newsize_ok(inode, attr->ia_size);

		if (rc)
			return rc;
	}
	if (v & ATTR_FORCE)
		return 0;
	if ((v & ATTR_UID) && !chown_ok(inode, attr->ia_uid))
		return -EPERM;
	if ((v & ATTR_GID) && !chgrp_ok(inode, attr->ia_gid))
		return -EPERM;
	if (v & ATTR_MODE) {
		gid_t gid = v & ATTR_GID ? attr->ia_gid : inode->i_gid;

		if (!inode_owner_or_capable(inode))
			return -EPERM;
		if (!in_group_or_capable(gid))
			attr->ia_mode &= ~S_ISGID;
	}
	if ((v & (ATTR_MTIME_SET | ATTR_ATIME_SET | ATTR_TIMES_SET)) && !inode_owner_or_capable(inode))
		return -EPERM;
	return 0;
}

void setattr_copy(struct inode *inode, const struct iattr *attr)
{
	unsigned v = attr->ia_valid;

	if (v & ATTR_UID)
		inode->i_uid = attr->ia_uid;
	if (v & ATTR_GID)
		inode->i_gid = attr->ia_gid;
	if (v & ATTR_ATIME)
		inode->i_atime = timestamp_truncate(attr->ia_atime, inode);
	if (v & ATTR_MTIME)
		inode->i_mtime = timestamp_truncate(attr->ia_mtime, inode);
	if (v & ATTR_CTIME)
		inode->i_ctime = timestamp_truncate(attr->ia_ctime, inode);
	if (v & ATTR_MODE) {
		umode_t may = in_group_or_capable(inode->i_gid) ? S_IALLUGO : S_IALLUGO & ~S_ISGID;

		inode->i_mode = (inode->i_mode & S_IFMT) | (attr->ia_mode & may);
	}
}

int simple_setattr(struct dentry *dentry, struct iattr *attr)
{
	int rc = setattr_prepare(dentry, attr);

	if (!rc)
		setattr_copy(dentry->d_inode, attr);
	return rc;
}

/* Turn "clear the set-id bits" into a mode. */
static void attr_kill_to_mode(struct inode *inode, struct iattr *attr)
{
	umode_t mode = attr->ia_valid & ATTR_MODE ? attr->ia_mode : inode->i_mode;

	if (attr->ia_valid & ATTR_KILL_SUID)
		mode &= ~S_ISUID;
	if (attr->ia_valid & ATTR_KILL_SGID)
		mode &= ~S_ISGID;
	if (mode != inode->i_mode) {
		attr->ia_valid |= ATTR_MODE;
		attr->ia_mode = mode;
	}
	attr->ia_valid &= ~(ATTR_KILL_SUID | ATTR_KILL_SGID);
}

bool may_see_residency(struct inode *inode)
{
	return inode_owner_or_capable(inode) || !inode_permission(inode, MAY_WRITE);
}

/* utimes() with no times needs write permission only; with times, ownership. */
static int touch_ok(struct inode *inode)
{
	if (inode->i_flags & S_IMMUTABLE)
		return -EPERM;
	return inode_owner_or_capable(inode) ? 0 : inode_permission(inode, MAY_WRITE);
}

int notify_change(struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = dentry->d_inode;
	struct timespec64 now = current_time();

	if ((attr->ia_valid & (ATTR_MODE | ATTR_UID | ATTR_GID | ATTR_TIMES_SET)) && (inode->i_flags & S_IMMUTABLE))
		return -EPERM;
	if (attr->ia_valid & ATTR_TOUCH) {
		int rc = touch_ok(inode);

		if (rc)
			return rc;
	}
	if (!(attr->ia_valid & ATTR_CTIME))
		attr->ia_ctime = now;
	attr->ia_valid |= ATTR_CTIME;
	if (!(attr->ia_valid & ATTR_ATIME_SET))
		attr->ia_atime = now;
	if (!(attr->ia_valid & ATTR_MTIME_SET))
		attr->ia_mtime = now;
	if (attr->ia_valid & (ATTR_KILL_SUID | ATTR_KILL_SGID))
		attr_kill_to_mode(inode, attr);
	if (inode->i_op->setattr)
		return inode->i_op->setattr(dentry, attr);
	return simple_setattr(dentry, attr);
}

int file_remove_privs(struct file *file)
{
	unsigned kill = setattr_should_drop_suidgid(file->f_inode);
	struct iattr attr = { .ia_valid = ATTR_FORCE | kill };

	return likely(!kill) ? 0 : notify_change(file->f_path.dentry, &attr);
}

void generic_fillattr(const struct inode *inode, struct kstat *st)
{
	*st = (struct kstat){
		.result_mask = STATX_BASIC_STATS,
		.mode = inode->i_mode,
		.nlink = inode->i_nlink,
		.blksize = inode->i_sb->s_blocksize,
		.ino = inode->i_ino,
		.dev = inode->i_sb->s_dev,
		.rdev = inode->i_rdev,
		.uid = inode->i_uid,
		.gid = inode->i_gid,
		.size = inode->i_size,
		.atime = inode->i_atime,
		.mtime = inode->i_mtime,
		.ctime = inode->i_ctime,
		.blocks = inode->i_blocks,
	};
}

int vfs_getattr(const struct path *path, struct kstat *st)
{
	struct inode *inode = path->dentry->d_inode;

	if (inode->i_op->getattr) {
		int rc = inode->i_op->getattr(path, st);

		if (rc)
			return rc;
	} else {
		generic_fillattr(inode, st);
	}
	st->mnt_id = path->mnt->mnt_id;
	st->result_mask |= STATX_MNT_ID;
	st->attributes_mask |= STATX_ATTR_MOUNT_ROOT;
	if (path->dentry == path->mnt->mnt_root)
		st->attributes |= STATX_ATTR_MOUNT_ROOT;
	return 0;
}

/* ---- executed or written, not both ----------------------------------------------------------- */

int get_write_access(struct inode *inode)
{
	int c = atomic_read(&inode->i_writecount);

	do {
		if (c < 0)
			return -ETXTBSY;
	} while (!atomic_try_cmpxchg(&inode->i_writecount, &c, c + 1));
	return 0;
}

void put_write_access(struct inode *inode) { atomic_dec(&inode->i_writecount); }

int deny_write_access(struct file *file)
{
	struct inode *inode = file->f_inode;
	int c = atomic_read(&inode->i_writecount);

	do {
		if (c > 0)
			return -ETXTBSY;
	} while (!atomic_try_cmpxchg(&inode->i_writecount, &c, c - 1));
	return 0;
}

void allow_write_access(struct file *file)
{
	if (file)
		atomic_inc(&file->f_inode->i_writecount);
}
