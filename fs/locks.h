/*
 * fs/locks.h - advisory locks of files: flock(2), POSIX and open-file-description records.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_LOCKS_H
#define VELLUM_FS_LOCKS_H

#include "include/fs.h"

void locks_init(void);
int fcntl_getlk(struct file *file, unsigned cmd, struct flock *fl);
int fcntl_setlk(struct file *file, unsigned cmd, struct flock *fl);
struct seq_file;
struct files_struct;
/* The locks on its file that who holds @f has, by @f or by the table @files, which is compared only. */
void show_fd_locks(struct seq_file *m, struct file *f, const struct files_struct *files);
extern const struct seq_operations proc_locks_ops;

#endif
