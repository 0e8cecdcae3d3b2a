/*
 * include/uapi/statfs.h - what statfs(2) returns (64-bit layout), and file system magics.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_UAPI_STATFS_H
#define VELLUM_UAPI_STATFS_H

#include "include/types.h"

struct kstatfs {
	long f_type, f_bsize;
	u64 f_blocks, f_bfree, f_bavail, f_files, f_ffree;
	int f_fsid[2];
	long f_namelen, f_frsize, f_flags;
	long f_spare[4];
};
BUILD_ASSERT(sizeof(struct kstatfs) == 120);

#define TMPFS_MAGIC		0x01021994
#define RAMFS_MAGIC		0x858458f6
#define NSFS_MAGIC		0x6e736673
#define PROC_SUPER_MAGIC	0x9fa0
#define SYSFS_MAGIC		0x62656572
#define DEBUGFS_MAGIC		0x64626720
#define DEVPTS_SUPER_MAGIC	0x1cd1
#define PIPEFS_MAGIC		0x50495045
#define SOCKFS_MAGIC		0x534F434B
#define ANON_INODE_FS_MAGIC	0x09041934

#define ST_RDONLY	0x0001
#define ST_NOSUID	0x0002
#define ST_NODEV	0x0004
#define ST_NOEXEC	0x0008
#define ST_VALID	0x0020
#define ST_NOATIME	0x0400
#define ST_NODIRATIME	0x0800
#define ST_RELATIME	0x1000

#endif
