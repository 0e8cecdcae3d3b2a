/*
 * fs/namei.h - from a path name to a (mount, dentry); making, removing and renaming names.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_NAMEI_H
#define VELLUM_FS_NAMEI_H

#include "fs/mount.h"

#define LOOKUP_FOLLOW		0x0001	/* follow a link at the end */
#define LOOKUP_DIRECTORY	0x0002	/* the end must be a directory */
#define LOOKUP_PARENT		0x0010	/* stop before the last component */
#define LOOKUP_EMPTY		0x0020	/* "" is the start itself */
#define LOOKUP_LINKAT_EMPTY	0x0040	/* "" only for who opened the start, or may read everything */
#define LOOKUP_CREATE		0x0200
#define LOOKUP_EXCL		0x0400
#define LOOKUP_NO_SYMLINKS	0x10000
#define LOOKUP_NO_MAGICLINKS	0x20000
#define LOOKUP_NO_XDEV		0x40000
#define LOOKUP_BENEATH		0x80000
#define LOOKUP_IN_ROOT		0x100000

#define MAXSYMLINKS	40
#define WHITEOUT_DEV	0	/* a character device that says: nothing of this name below */

void namei_init(void);
/* A kernel copy of a user's path name (PATH_MAX buffer), or ERR_PTR; putname() frees it. */
char *getname(const char __user *name);
char *getname_flags(const char __user *name, unsigned lookup_flags);	/* LOOKUP_EMPTY */
char *getname_kernel(const char *name);
void putname(char *name);

int filename_lookup(int dfd, const char *name, unsigned flags, struct path *path);
int user_path_at(int dfd, const char __user *name, unsigned flags, struct path *path);
int kern_path(const char *name, unsigned flags, struct path *path);

struct open_flags { int open_flag, cloexec; umode_t mode; unsigned lookup_flags; int acc_mode; };
struct file *do_filp_open(int dfd, const char *name, const struct open_flags *op);

/*
 * The parent directory of @name and a dentry for its last component, negative where it is to be
 * made.  => parent's i_rwsem held for writing until done_path_create()
 */
struct dentry *filename_create(int dfd, const char *name, struct path *parent, unsigned lookup_flags);
struct dentry *kern_path_create(const char *name, struct path *parent);
void done_path_create(struct path *parent, struct dentry *dentry);

/* On a directory whose i_rwsem is held for writing. */
int vfs_create(struct inode *dir, struct dentry *dentry, umode_t mode);
int vfs_mkdir(struct inode *dir, struct dentry *dentry, umode_t mode);
int vfs_mknod(struct inode *dir, struct dentry *dentry, umode_t mode, dev_t dev);
int vfs_symlink(struct inode *dir, struct dentry *dentry, const char *target);
int vfs_link(struct dentry *old, struct inode *dir, struct dentry *dentry);
int vfs_unlink(struct inode *dir, struct dentry *dentry);
int vfs_rmdir(struct inode *dir, struct dentry *dentry);
int vfs_rename(struct inode *odir, struct dentry *od, struct inode *ndir, struct dentry *nd, unsigned flags);
int may_open_access(const struct path *path, int acc_mode, int flag);
/* One component below @dir (i_rwsem held): counted dentry, maybe negative, or ERR_PTR. */
struct dentry *lookup_one_len(const char *name, struct dentry *dir, int len);

/* fs.protected_symlinks, fs.protected_hardlinks */
extern int sysctl_protected_fifos, sysctl_protected_regular;
extern int sysctl_protected_symlinks, sysctl_protected_hardlinks;

#endif
