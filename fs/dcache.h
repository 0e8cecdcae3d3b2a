/*
 * fs/dcache.h - names: the tree of dentries, and the hash that finds a child by name.
 *
 * MODEL     A dentry is hashed under (parent, name), linked in its parent's d_subdirs (newest
 *           first) and holds a reference to its parent and to its inode.  With no user left it
 *           is either freed, or kept on the LRU until dcache_shrink() wants it; a pinned one
 *           (DCACHE_PINNED: the name exists nowhere but here, as in tmpfs) has a reference of its own.
 * LOCKING   dcache_lock (readers and writers) guards every link, d_flags, d_inode and the mount hash; d_count
 *           is atomic, and rises from 0 only under the lock.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_DCACHE_H
#define VELLUM_FS_DCACHE_H

#include "include/fs.h"
#include "kernel/sync/rwlock.h"

#define DCACHE_MOUNTED		0x01	/* something is mounted on it */
#define DCACHE_PINNED		0x02	/* holds a reference of its own */
#define DCACHE_LRU		0x04	/* on the list of the unused */
#define DCACHE_HASHED		0x08
#define DCACHE_UNCACHED		0x10	/* free it as soon as it is unused */
#define DCACHE_DEAD		0x20	/* being freed */

struct qstr { const char *name; unsigned len, hash; };

extern rwlock_t dcache_lock;

unsigned name_hash(const char *name, unsigned len);
static inline struct qstr qstr_make(const char *name, unsigned len)
{
	return (struct qstr){ name, len, name_hash(name, len) };
}

void dcache_init(void);
/* A new dentry, one reference, not hashed; NULL when there is no memory. */
struct dentry *d_alloc(struct dentry *parent, const struct qstr *name);
struct dentry *d_alloc_pseudo(struct super_block *sb, const char *name);
struct dentry *d_make_root(struct inode *inode);	/* consumes @inode also on failure */
/* Give @dentry its inode (the reference is taken over; NULL: negative) and hash it. */
void d_add(struct dentry *dentry, struct inode *inode);
void d_instantiate(struct dentry *dentry, struct inode *inode);
void d_add_pinned(struct dentry *dentry, struct inode *inode);	/* and DCACHE_PINNED, with its reference */
void d_unpin(struct dentry *dentry);
/* Counted, or NULL. */
struct dentry *d_lookup(struct dentry *parent, const struct qstr *name);
struct dentry *__d_lookup(struct dentry *parent, const struct qstr *name) REQUIRES_SHARED(dcache_lock);
struct dentry *dget_parent(struct dentry *dentry);
void dput(struct dentry *dentry);			/* may sleep: may drop the inode */
void d_drop(struct dentry *dentry);			/* unhash */
void d_delete(struct dentry *dentry);			/* its name is gone */
void d_move(struct dentry *dentry, struct dentry *target);
void d_exchange(struct dentry *a, struct dentry *b);
bool is_subdir(struct dentry *dentry, struct dentry *ancestor);
bool d_has_positive_child(struct dentry *dir);
/* Free up to @nr unused dentries, oldest first (all of @sb's when it is named); how many. */
unsigned long dcache_shrink(struct super_block *sb, unsigned long nr);
void d_prune_tree(struct dentry *root);			/* unhash and unpin everything below and it */
extern unsigned long nr_dentry, nr_dentry_unused;	/* (dcache_lock) */

char *dentry_path(struct dentry *dentry, char *buf, int len);

static inline struct dentry *dget(struct dentry *d)
{
	if (d)
		atomic_inc(&d->d_count);
	return d;
}
static inline bool d_unhashed(const struct dentry *d) { return !(d->d_flags & DCACHE_HASHED); }
/* Unlinked while open: shown with " (deleted)". */
static inline bool d_unlinked(const struct dentry *d) { return d_unhashed(d) && d->d_parent != d; }
static inline bool d_is_negative(const struct dentry *d) { return !d->d_inode; }
static inline struct inode *d_inode(const struct dentry *d) { return d->d_inode; }

#endif
