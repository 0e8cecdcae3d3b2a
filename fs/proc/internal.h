/*
 * fs/proc/internal.h - what the files of fs/proc share.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_PROC_INTERNAL_H
#define VELLUM_FS_PROC_INTERNAL_H

#include "fs/proc/proc.h"

/* What a name below /proc/PID is. */
struct pid_entry {
	const char *name;
	umode_t mode;
	int (*show)(struct seq_file *m, struct task_struct *t);
	const struct file_operations *fops;
	const struct inode_operations *iops;
	unsigned flags;
};
#define PE_TRACE	1	/* showing needs the right to take hold of the task */
#define PE_PROCESS	2	/* not below task/TID */
#define PE_THREAD	4	/* only below task/TID */

struct proc_inode {
	struct inode vfs;
	struct task_struct *task;	/* counted; NULL in the static tree */
	pid_t nr;			/* (I) task's number when this was made */
	const struct pid_entry *entry;
	unsigned fd;			/* of /proc/PID/fd/N */
	bool thread;			/* below /proc/PID/task */
};
static inline struct proc_inode *PROC_I(const struct inode *inode)
{
	return container_of(inode, struct proc_inode, vfs);
}
/* Who has the number and birth of @inode's task now, counted: another thread may be in its place.  NULL: gone */
struct task_struct *get_proc_task(const struct inode *inode);

/* A new inode of @task (a reference of its own is taken) with owner and times set; NULL. */
struct inode *proc_pid_make_inode(struct super_block *sb, struct task_struct *task, umode_t mode, bool thread);
/* The address space that an open file shows, for good: a reference to the struct, not to its pages.  NULL; ERR_PTR */
struct mm_struct *proc_mem_open(struct inode *inode, unsigned mode);
void proc_mem_close(struct mm_struct *mm);
/* What a task's file or directory is belongs to the task: nobody changes its mode. */
int proc_setattr(struct dentry *d, struct iattr *attr);
extern const struct inode_operations proc_def_inode_operations;	/* a task's file, as made */
bool proc_task_alive(const struct inode *inode);	/* get_proc_task() would find somebody */
void proc_set_owner(struct inode *inode, struct task_struct *task);
/* Look @d up as a link or directory made by @inode: adds it.  => NULL or ERR_PTR, for lookup() */
struct dentry *proc_add(struct dentry *d, struct inode *inode);
extern const struct dentry_operations pid_dentry_operations;
/* "123" as a number; false when it is none. */
bool name_to_number(const struct dentry *d, unsigned *n);

/* What a mount of /proc hides (root.c); the numbers are those of the option. */
enum hidepid { HIDEPID_OFF, HIDEPID_NO_ACCESS, HIDEPID_INVISIBLE, HIDEPID_NOT_PTRACEABLE = 4 };
enum hidepid proc_hidepid(const struct super_block *sb);
/* May the caller know of @t in this instance, where hiding this starts at @from? */
bool proc_shows_task(const struct super_block *sb, struct task_struct *t, enum hidepid from);

/* Directories of the tree. */
struct dentry *proc_pid_lookup(struct dentry *d, bool thread, struct task_struct *group);
int proc_pid_readdir(struct file *f, struct dir_context *ctx);
struct dentry *proc_static_lookup(struct inode *dir, struct dentry *d, unsigned flags);
/* Positions from @base on; @want NULL: all. */
int proc_static_readdir(struct file *f, struct dir_context *ctx, loff_t base,
			bool (*want)(const char *name, size_t len));
int pde_getattr(const struct path *path, struct kstat *st);
struct inode *proc_entry_inode(struct super_block *sb, struct proc_dir_entry *p);
extern const struct inode_operations proc_fd_iops, proc_fdinfo_iops, proc_task_iops, proc_cwd_iops,
	proc_root_iops, proc_exe_iops, proc_map_files_iops, proc_ns_iops;
extern const struct file_operations proc_fd_fops, proc_fdinfo_fops, proc_task_fops, proc_mem_fops,
	proc_pagemap_fops, proc_environ_fops, proc_comm_fops, proc_oom_adj_fops, proc_oom_score_adj_fops,
	proc_make_it_fail_fops,
	proc_clear_refs_fops, proc_mounts_fops, proc_mountinfo_fops,
	proc_maps_fops, proc_smaps_fops, proc_numa_maps_fops, proc_smaps_rollup_fops, proc_auxv_fops,
	proc_map_files_fops, proc_ns_fops, proc_coredump_filter_fops, proc_mountstats_fops, proc_timerslack_fops;

/* The text that was written, white space cut off; -EINVAL when it is longer than @size - 1. */
__must_check int proc_get_text(struct iov_iter *from, char *buf, size_t size);

int proc_pid_stat(struct seq_file *m, struct task_struct *t);
int proc_pid_status(struct seq_file *m, struct task_struct *t);
int proc_pid_limits(struct seq_file *m, struct task_struct *t);
int proc_pid_wchan(struct seq_file *m, struct task_struct *t);
int proc_pid_stack(struct seq_file *m, struct task_struct *t);
int proc_pid_io(struct seq_file *m, struct task_struct *t);
int proc_pid_timers(struct seq_file *m, struct task_struct *t);
char task_state_char(const struct task_struct *t);

/* PROCMAP_QUERY of the regions of @mm, which is counted.  => takes mmap_lock; 0 or -errno */
int procmap_query(struct mm_struct *mm, void __user *arg);

/* Values under /proc/sys (sysctl.c). */
#define CTL_STR(n, p, m)	{ .name = n, .data = p, .maxlen = sizeof(p), .mode = m, .handler = proc_dostring }
#define CTL_INT(n, p, m, lo, hi) \
	{ .name = n, .data = &(p), .maxlen = sizeof(p), .mode = m, .handler = proc_dointvec, .min = lo, .max = hi }
#define CTL_ULONG(n, p, m) \
	{ .name = n, .data = &(p), .maxlen = sizeof(p), .mode = m, .handler = proc_doulongvec }
#define CTL_FN(n, f, m)	{ .name = n, .mode = m, .handler = f }
/* The next number of *@s, which moves past it; false at the end or at something else, which *rc then is. */
bool ctl_next_number(char **s, long *v, int *rc);
int ctl_show_long(char *buf, size_t *len, long v);
/* One non-negative number, for handlers that do something with it. */
int ctl_parse_one(char *buf, long *v);
enum { SYSCTL_WRITES_LEGACY = -1, SYSCTL_WRITES_WARN, SYSCTL_WRITES_STRICT };
extern int sysctl_writes_strict;

void proc_system_init(void);
void proc_interrupts_init(void);
void proc_memory_init(void);
void proc_kpage_init(void);
void proc_kallsyms_init(void);
void proc_namespaces_init(void);
void proc_sysctl_init(void);
void proc_sysctl_kernel_init(void);
int vm_reclaim_sysctl_init(void);
void proc_mounts_init(void);

#endif
