/*
 * mm/cache/shmem.h - files whose pages live in memory only: tmpfs data, shared anonymous memory, memfd.
 *
 * MODEL     fs/ owns names, directories and attributes of tmpfs; this owns the content of regular files.
 *           shmem_sb_info  one instance's limits: blocks (pages) and inodes.
 *           shmem_inode_info  hangs at inode->i_private of a regular file, from shmem_init_mapping() to
 *           shmem_evict_inode().
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_CACHE_SHMEM_H
#define VELLUM_MM_CACHE_SHMEM_H

#include "include/uapi/fcntl.h"
#include "mm/cache/filemap.h"

struct shmem_sb_info {
	unsigned long max_blocks;	/* (I, remount) pages; 0: no limit */
	atomic_long_t used_blocks;	/* pages */
	unsigned long max_inodes;	/* 0: no limit.  fs/ counts them */
	atomic_long_t used_inodes;
};

struct shmem_inode_info {
	struct shmem_sb_info *sbinfo;	/* (I) NULL: the kernel's own instance, no limit */
	unsigned seals;			/* (i_rwsem) F_SEAL_* */
	unsigned long flags;		/* (I) VM_NORESERVE, or 0: its size is a promise */
	unsigned long reserved;		/* (i_rwsem) pages promised to vm_committed_as */
	bool inherit_name;
};

static inline struct shmem_inode_info *SHMEM_I(struct inode *inode)
{ return (struct shmem_inode_info *)inode->i_private; }

/* Default limits of an instance: half of RAM. */
unsigned long shmem_default_max_blocks(void);
unsigned long shmem_default_max_inodes(void);
/* Give a new regular-file inode its content: i_data, a_ops, i_fop, i_private.  0 or -ENOMEM */
__must_check int shmem_init_mapping(struct inode *inode, struct shmem_sb_info *sbinfo);
/* The inode goes: drop pages and accounts.  For regular files only. */
void shmem_evict_inode(struct inode *inode);
/* Change the size (setattr, O_TRUNC).  => i_rwsem held for writing; 0, -EPERM (sealed), -EFBIG */
__must_check int shmem_truncate(struct inode *inode, loff_t new_size);
/* A symbolic link whose text is too long for its inode: a block, or -ENOSPC. */
__must_check int shmem_charge_link(struct inode *inode, struct shmem_sb_info *sbi);
void shmem_uncharge_link(struct inode *inode, struct shmem_sb_info *sbi);
/* Blocks for statfs(): *total 0 when unlimited. */
void shmem_statfs(const struct shmem_sb_info *sbi, u64 *total, u64 *avail);

extern const struct address_space_operations shmem_aops;
extern const struct file_operations shmem_file_operations;
extern const struct vm_operations_struct shmem_vm_ops;
ssize_t shmem_file_read(struct file *file, struct iov_iter *to, loff_t *pos);
ssize_t shmem_file_write(struct file *file, struct iov_iter *from, loff_t *pos);
loff_t shmem_file_llseek(struct file *file, loff_t offset, int whence);	/* SEEK_DATA, SEEK_HOLE too */
long shmem_fallocate(struct file *file, int mode, loff_t offset, loff_t len);
int shmem_mmap(struct file *file, struct vm_area_struct *vma);
static inline bool shmem_mapping(const struct address_space *m) { return m->a_ops == &shmem_aops; }

/* A nameless file of @size bytes in the kernel's own instance.  vm_flags: VM_NORESERVE or 0.  ERR_PTR */
struct file *shmem_file_setup(const char *name, loff_t size, unsigned long vm_flags);
/*
 * userfaultfd: put @page, filled and the caller's alone, in as page @index.  0; -EEXIST; -ENOMEM, also when a limit
 * is reached; -EFAULT beyond the end
 */
__must_check int shmem_mfill_page(struct inode *inode, struct page *page, pgoff_t index);
/* The page at @index, referenced and filled, or NULL: a hole, or beyond the end.  It may leave at any time. */
struct page *shmem_find_page(struct inode *inode, pgoff_t index);
static inline bool vma_is_shmem(const struct vm_area_struct *vma) { return vma->vm_ops == &shmem_vm_ops; }
/* Back a MAP_SHARED|MAP_ANONYMOUS region (and /dev/zero shared). */
__must_check int shmem_zero_setup(struct vm_area_struct *vma);
/*
 * May @file, if it is such a one, be mapped shared with @vm_flags?  0 or -EPERM; *vm_flags loses VM_MAYWRITE where
 * the seals allow only reading.  => the mapping counts as writable already, or the file denied it
 */
int shmem_check_mmap(struct file *file, unsigned long *vm_flags);
/* Do execute seals let @inode have @mode?  0 or -EPERM.  => i_rwsem held for writing */
__must_check int shmem_check_mode(struct inode *inode, umode_t mode);
/* memfd: F_ADD_SEALS and F_GET_SEALS; -EINVAL when it is no such file. */
int shmem_add_seals(struct file *file, unsigned seals);
int shmem_get_seals(struct file *file);
void shmem_init(void);

/*
 * Up-call, fs/tmpfs: an open (read-write) unlinked regular file of the kernel's own tmpfs instance,
 * shmem_init_mapping(inode, NULL) done, that /proc shows as "/@name (deleted)".  ERR_PTR.
 */
struct file *shmem_alloc_file(const char *name, umode_t mode);

#endif
