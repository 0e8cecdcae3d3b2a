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
int proc_locks_show(struct seq_file *m, void *v);

#endif
