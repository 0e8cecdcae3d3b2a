/*
 * include/uapi/stat.h - file types, permission bits, and what stat(2) and statx(2) return.
 *
 * MODEL     struct kstat is the kernel's form, from which each ABI's form is made; struct iattr is
 *           a change of attributes, ATTR_* saying which fields are meant.
 *           A dev_t is major << 20 | minor inside the kernel; user space sees encode_dev().
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_UAPI_STAT_H
#define VELLUM_UAPI_STAT_H

#include "include/types.h"

#define S_IFMT	00170000
#define S_IFSOCK 0140000
#define S_IFLNK	0120000
#define S_IFREG	0100000
#define S_IFBLK	0060000
#define S_IFDIR	0040000
#define S_IFCHR	0020000
#define S_IFIFO	0010000
#define S_ISUID	0004000
#define S_ISGID	0002000
#define S_ISVTX	0001000

#define S_ISLNK(m)	(((m) & S_IFMT) == S_IFLNK)
#define S_ISREG(m)	(((m) & S_IFMT) == S_IFREG)
#define S_ISDIR(m)	(((m) & S_IFMT) == S_IFDIR)
#define S_ISCHR(m)	(((m) & S_IFMT) == S_IFCHR)
#define S_ISBLK(m)	(((m) & S_IFMT) == S_IFBLK)
#define S_ISFIFO(m)	(((m) & S_IFMT) == S_IFIFO)
#define S_ISSOCK(m)	(((m) & S_IFMT) == S_IFSOCK)

#define S_IRWXU	00700
#define S_IRUSR	00400
#define S_IWUSR	00200
#define S_IXUSR	00100
#define S_IRWXG	00070
#define S_IRGRP	00040
#define S_IWGRP	00020
#define S_IXGRP	00010
#define S_IRWXO	00007
#define S_IROTH	00004
#define S_IWOTH	00002
#define S_IXOTH	00001
#define S_IRWXUGO	0777
#define S_IALLUGO	07777
#define S_IRUGO		0444
#define S_IWUGO		0222
#define S_IXUGO		0111

#define UTIME_NOW	((1l << 30) - 1)
#define UTIME_OMIT	((1l << 30) - 2)

#define MAJOR(dev)	((unsigned)(dev) >> 20)
#define MINOR(dev)	((unsigned)(dev) & 0xfffff)
#define MKDEV(ma, mi)	((dev_t)(ma) << 20 | (dev_t)(mi))

/* A device number as user space sees it, and back. */
static inline u64 encode_dev(dev_t dev)
{
	return (MINOR(dev) & 0xff) | MAJOR(dev) << 8 | (u64)(MINOR(dev) & ~0xffu) << 12;
}
static inline dev_t decode_dev(u64 dev)
{
	return MKDEV((dev & 0xfff00) >> 8, (dev & 0xff) | (dev >> 12 & 0xfff00));
}

struct timespec64 { s64 tv_sec; s64 tv_nsec; };

struct kstat {
	u32 result_mask;		/* STATX_* that are valid */
	umode_t mode;
	unsigned nlink;
	u32 blksize;
	u64 attributes, attributes_mask;
	u64 ino;
	dev_t dev, rdev;
	uid_t uid;
	gid_t gid;
	loff_t size;
	struct timespec64 atime, mtime, ctime, btime;
	u64 blocks;
	u64 mnt_id;
};

#define ATTR_MODE	0x0001
#define ATTR_UID	0x0002
#define ATTR_GID	0x0004
#define ATTR_SIZE	0x0008
#define ATTR_ATIME	0x0010
#define ATTR_MTIME	0x0020
#define ATTR_CTIME	0x0040
#define ATTR_ATIME_SET	0x0080
#define ATTR_MTIME_SET	0x0100
#define ATTR_FORCE	0x0200
#define ATTR_KILL_SUID	0x0800
#define ATTR_KILL_SGID	0x1000
#define ATTR_OPEN	0x8000
#define ATTR_TIMES_SET	0x10000		/* times that the caller names, be it "now" or "leave it" */
#define ATTR_TOUCH	0x20000

struct iattr {
	unsigned ia_valid;
	umode_t ia_mode;
	uid_t ia_uid;
	gid_t ia_gid;
	loff_t ia_size;
	struct timespec64 ia_atime, ia_mtime, ia_ctime;
	struct file *ia_file;
};

#ifndef VELLUM_HOST
struct stat {
	unsigned long st_dev, st_ino;
	unsigned st_mode, st_nlink, st_uid, st_gid;
	unsigned long st_rdev, __pad1;
	long st_size;
	int st_blksize, __pad2;
	long st_blocks;
	long st_atime_sec, st_atime_nsec, st_mtime_sec, st_mtime_nsec, st_ctime_sec, st_ctime_nsec;
	unsigned __unused4, __unused5;
};
BUILD_ASSERT(sizeof(struct stat) == 128);
#endif

#define STATX_TYPE		0x00000001u
#define STATX_MODE		0x00000002u
#define STATX_NLINK		0x00000004u
#define STATX_UID		0x00000008u
#define STATX_GID		0x00000010u
#define STATX_ATIME		0x00000020u
#define STATX_MTIME		0x00000040u
#define STATX_CTIME		0x00000080u
#define STATX_INO		0x00000100u
#define STATX_SIZE		0x00000200u
#define STATX_BLOCKS		0x00000400u
#define STATX_BASIC_STATS	0x000007ffu
#define STATX_BTIME		0x00000800u
#define STATX_MNT_ID		0x00001000u
#define STATX__RESERVED		0x80000000u
#define STATX_ATTR_MOUNT_ROOT	0x00002000u

struct vellum_statx_time { s64 tv_sec; u32 tv_nsec; s32 __pad; };
struct vellum_statx {
	u32 stx_mask, stx_blksize;
	u64 stx_attributes;
	u32 stx_nlink, stx_uid, stx_gid;
	u16 stx_mode, __spare0;
	u64 stx_ino, stx_size, stx_blocks, stx_attributes_mask;
	struct vellum_statx_time stx_atime, stx_btime, stx_ctime, stx_mtime;
	u32 stx_rdev_major, stx_rdev_minor, stx_dev_major, stx_dev_minor;
	u64 stx_mnt_id;
	u32 stx_dio_mem_align, stx_dio_offset_align;
	u64 __spare3[12];
};
BUILD_ASSERT(sizeof(struct vellum_statx) == 256);

#endif
