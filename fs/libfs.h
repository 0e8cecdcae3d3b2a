/*
 * fs/libfs.h - what small file systems share: nodes that live in the dentry cache, pseudo file
 * systems, files without names.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_LIBFS_H
#define VELLUM_FS_LIBFS_H

#include "fs/mount.h"

/* Directories whose names are pinned dentries. */
struct dentry *simple_lookup(struct inode *dir, struct dentry *dentry, unsigned flags);
int dcache_readdir(struct file *file, struct dir_context *ctx);
ssize_t generic_read_dir(struct file *file, struct iov_iter *to, loff_t *pos);	/* -EISDIR */
extern const struct file_operations simple_dir_operations;
extern const struct inode_operations simple_dir_inode_operations;
extern const struct dentry_operations simple_dentry_operations;
bool simple_empty(struct dentry *dentry);
/* Give a new name its inode and pin it: @dentry is in @dir. */
void simple_add(struct inode *dir, struct dentry *dentry, struct inode *inode);
int simple_statfs(struct dentry *dentry, struct kstatfs *st);
bool dir_emit_dots(struct file *file, struct dir_context *ctx);
static inline bool dir_emit(struct dir_context *ctx, const char *name, int len, u64 ino, unsigned type)
{ return ctx->actor(ctx, name, len, ctx->pos, ino, type); }

extern const struct inode_operations simple_symlink_inode_operations;
ssize_t simple_read_from_buffer(struct iov_iter *to, loff_t *pos, const void *from, size_t available);

/* A file system that is never mounted by users: one super block, one internal mount. */
struct vfsmount *pseudo_mount(const char *name, unsigned long magic, const struct dentry_operations *d_op,
			      const struct super_operations *s_op);
void anon_inode_init(void);
/* A file "anon_inode:NAME" (name with its brackets) with @fops and private_data.  ERR_PTR; fd or -errno */
struct file *anon_inode_getfile(const char *name, const struct file_operations *fops, void *priv, int flags);
int anon_inode_getfd(const char *name, const struct file_operations *fops, void *priv, int flags);

/* For .mount of a type without options: the first one of @data is named in the log.  0 or -EINVAL */
__must_check int refuse_options(const struct file_system_type *type, const char *data);

#endif
