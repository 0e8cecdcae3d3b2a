/*
 * fs/proc/proc.h - /proc: entries that others add, and what its own files share.
 *
 * MODEL     A proc_dir_entry is a name of the static tree.  Per-process directories are made on
 *           look-up from tables (fs/proc/base.c) and hold a counted reference to their task.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_PROC_H
#define VELLUM_FS_PROC_H

#include "fs/mount.h"
#include "fs/seq_file.h"
#include "kernel/task/task.h"

struct proc_dir_entry {
	const char *name;
	unsigned namelen;
	umode_t mode;			/* (P) as are uid and gid: what chmod() and chown() left */
	uid_t uid;
	gid_t gid;
	ino_t ino;
	unsigned nlink;
	struct proc_dir_entry *parent, *next, *subdir;
	const struct file_operations *fops;
	const struct inode_operations *iops;
	int (*show)(struct seq_file *, void *);
	const struct seq_operations *seq_ops;
	const char *(*link)(char *buf);		/* target of a link */
	void *data;
};

/* The process whose folder /proc/PID @f is, counted; NULL: it is something else. */
struct task_struct *proc_tgid_task(const struct file *f);

/* @parent NULL: /proc itself.  @name may hold slashes for directories that exist.  NULL on failure. */
struct proc_dir_entry *proc_mkdir(const char *name, struct proc_dir_entry *parent);
struct proc_dir_entry *proc_create(const char *name, umode_t mode, struct proc_dir_entry *parent,
				   const struct file_operations *fops, void *data);
struct proc_dir_entry *proc_create_single(const char *name, umode_t mode, struct proc_dir_entry *parent,
					  int (*show)(struct seq_file *, void *));
struct proc_dir_entry *proc_create_seq(const char *name, umode_t mode, struct proc_dir_entry *parent,
				       const struct seq_operations *ops);
/* Reads only, as Linux has it of some: no splice, no sendfile.  @p of the two above, or NULL */
void proc_forbid_splice(struct proc_dir_entry *p);
struct proc_dir_entry *proc_symlink(const char *name, struct proc_dir_entry *parent,
				    const char *(*link)(char *buf));
extern struct proc_dir_entry proc_root;
static inline struct proc_dir_entry *PDE(const struct inode *inode) { return inode->i_private; }

/* One value under /proc/sys. */
struct ctl_table {
	const char *name;
	void *data;
	int maxlen;
	umode_t mode;
	int (*handler)(const struct ctl_table *t, bool write, char *buf, size_t *len);
	long min, max;			/* of integer handlers; both 0: no limits */
	void (*changed)(void);		/* after a write */
	bool (*may_write)(void);	/* asked at open besides the mode, which then says who may read */
};
/* A directory "kernel", "vm/foo" with these values. */
int register_sysctl(const char *dir, const struct ctl_table *table, unsigned n);
int proc_dostring(const struct ctl_table *t, bool write, char *buf, size_t *len);
int proc_dointvec(const struct ctl_table *t, bool write, char *buf, size_t *len);
int proc_doulongvec(const struct ctl_table *t, bool write, char *buf, size_t *len);

extern int kptr_restrict;
bool kptr_shown(void);		/* may the caller know addresses of the kernel? */
void proc_init(void);
extern struct file_system_type proc_fs_type;

#endif
