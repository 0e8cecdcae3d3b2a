/*
 * fs/fs_struct.h - a task's root, working directory and umask.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_FS_STRUCT_H
#define VELLUM_FS_FS_STRUCT_H

#include "fs/mount.h"
#include "kernel/task/task.h"

extern struct fs_struct init_fs;

struct fs_struct *copy_fs_struct(struct fs_struct *old);	/* NULL when there is no memory */
void put_fs_struct(struct fs_struct *fs);
void exit_fs(struct task_struct *t);
struct fs_struct *get_task_fs(struct task_struct *t);	/* another's, counted, or NULL */
int unshare_fs_struct(void);
void share_fs_struct(struct fs_struct *fs);		/* one task more has it (CLONE_FS) */
bool fs_struct_shared(const struct fs_struct *fs);
void get_fs_root(struct fs_struct *fs, struct path *root);	/* counted */
void get_fs_pwd(struct fs_struct *fs, struct path *pwd);
void set_fs_root(struct fs_struct *fs, const struct path *path);
void set_fs_pwd(struct fs_struct *fs, const struct path *path);
/* Replace @old by @new_ as root or working directory of every task. */
void chroot_fs_refs(const struct path *old, const struct path *new_);
static inline umode_t current_umask(void) { return current->fs->umask; }

#endif
