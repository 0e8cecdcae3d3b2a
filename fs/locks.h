/*
 * fs/locks.h - advisory locks of files: flock(2), POSIX and open-file-description records.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_LOCKS_H
#define VELLUM_FS_LOCKS_H

#include "include/fs.h"

enum lock_kind { LOCK_FLOCK, LOCK_POSIX, LOCK_OFD, LOCK_LEASE };

/* What /proc/locks shows of a lock or a lease. */
struct lock_head {
	struct list_head all;		/* (locks_lock) */
	struct inode *inode;
	enum lock_kind kind;
	int type;			/* F_RDLCK, F_WRLCK */
	pid_t pid;
};
void lock_head_add(struct lock_head *h);
void lock_head_del(struct lock_head *h);
/* The type, whose it is and of which file. */
void show_lock_tail(struct seq_file *m, const struct lock_head *h, int type);

void locks_init(void);
int fcntl_getlk(struct file *file, unsigned cmd, struct flock *fl);
int fcntl_setlk(struct file *file, unsigned cmd, struct flock *fl);
struct seq_file;
struct files_struct;
/* The locks on its file that who holds @f has, by @f or by the table @files, which is compared only. */
void show_fd_locks(struct seq_file *m, struct file *f, const struct files_struct *files);
extern const struct seq_operations proc_locks_ops;

#endif
