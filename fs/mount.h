/*
 * fs/mount.h - mounts: which tree stands on which directory.
 *
 * MODEL     A vfsmount puts the tree below mnt_root on (mnt_parent, mnt_mountpoint).  The walk finds it
 *           by a hash of that pair.  There is one namespace; the first mount of it is the rootfs.
 * LOCKING   namespace_sem (rwsem, rank vfs) for changes; the hash and the list also under dcache_lock,
 *           so that either suffices to read.  mnt_count is atomic; the tree holds one reference.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_MOUNT_H
#define VELLUM_FS_MOUNT_H

#include "fs/dcache.h"
#include "fs/inode.h"

#define MNT_NOSUID	0x01
#define MNT_NODEV	0x02
#define MNT_NOEXEC	0x04
#define MNT_NOATIME	0x08
#define MNT_NODIRATIME	0x10
#define MNT_RELATIME	0x20
#define MNT_READONLY	0x40
#define MNT_NOSYMFOLLOW	0x80
#define MNT_INTERNAL	0x4000

struct vfsmount {
	struct dentry *mnt_root;		/* (I) counted */
	struct super_block *mnt_sb;		/* (I) counted */
	unsigned mnt_flags;
	atomic_t mnt_count;
	atomic_t mnt_writers;			/* files of it that are open for writing */
	struct vfsmount *mnt_parent;		/* itself when not attached */
	struct dentry *mnt_mountpoint;
	struct hlist_node mnt_hash;		/* by parent and mountpoint */
	struct hlist_node mnt_mp;		/* by mountpoint alone */
	struct list_head mnt_mounts, mnt_child;	/* those that stand on it; among its parent's */
	struct list_head mnt_list;		/* all of the namespace, by mnt_id */
	int mnt_id;
	char *mnt_devname;
};

extern struct rw_semaphore namespace_sem;
extern struct list_head mount_list;
extern wait_queue_head_t mount_wait;	/* woken when the list has changed */
extern unsigned mount_event;		/* how often it has */
extern struct vfsmount *root_mnt;
extern int sysctl_mount_max;		/* fs.mount-max: ENOSPC beyond */

void mnt_init(void);
static inline struct vfsmount *mntget(struct vfsmount *m) { if (m) atomic_inc(&m->mnt_count); return m; }
void mntput(struct vfsmount *m);
/* The mount on top of (mnt, dentry), or NULL. */
struct vfsmount *__lookup_mnt(struct vfsmount *mnt, struct dentry *dentry) REQUIRES_SHARED(dcache_lock);
struct vfsmount *kern_mount(struct file_system_type *type);
int mnt_want_write(struct vfsmount *mnt);	/* 0 or -EROFS */
/* A file of @mnt is open for writing: it does not become read-only until the put.  0 or -EROFS */
__must_check int mnt_get_write_access(struct vfsmount *mnt);
static inline void mnt_put_write_access(struct vfsmount *mnt) { atomic_dec(&mnt->mnt_writers); }
int do_mount(const char *dev, const char *dir, const char *type, unsigned long flags, char *data);
bool path_is_mountpoint(const struct path *path);
bool mnt_has_children(struct vfsmount *mnt, struct dentry *dentry);
bool path_is_under(const struct path *path, const struct path *root);

void register_filesystem(struct file_system_type *type);
struct file_system_type *get_fs_type(const char *name);
extern struct list_head file_systems;

static inline void path_get(const struct path *p) { mntget(p->mnt); dget(p->dentry); }
static inline void path_put(const struct path *p) { dput(p->dentry); mntput(p->mnt); }

#endif
