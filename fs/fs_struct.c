/*
 * fs/fs_struct.c - a task's root, working directory and umask.
 *
 * LOCKING   root and pwd change under dcache_lock, so that the lazy path walk, which holds it, may use
 *           them uncounted.  task->fs changes under task_lock() for the sake of other tasks that look.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/fs_struct.h"
#include "fs/fdtable.h"
#include "kernel/task/pid.h"
#include "mm/slab/slab.h"

struct fs_struct init_fs = { .count = ATOMIC_INIT(1), .users = ATOMIC_INIT(1), .umask = 0022 };

static void fs_get_path(const struct path *from, struct path *to)
{
	read_lock(&dcache_lock);
	*to = *from;
	path_get(to);
	read_unlock(&dcache_lock);
}

static void fs_set_path(struct path *where, const struct path *path)
{
	struct path old;

	path_get(path);
	write_lock(&dcache_lock);
	old = *where;
	*where = *path;
	write_unlock(&dcache_lock);
	if (old.dentry)
		path_put(&old);
}

void get_fs_root(struct fs_struct *fs, struct path *root) { fs_get_path(&fs->root, root); }
void get_fs_pwd(struct fs_struct *fs, struct path *pwd) { fs_get_path(&fs->pwd, pwd); }
void set_fs_root(struct fs_struct *fs, const struct path *path) { fs_set_path(&fs->root, path); }
void set_fs_pwd(struct fs_struct *fs, const struct path *path) { fs_set_path(&fs->pwd, path); }

struct fs_struct *copy_fs_struct(struct fs_struct *old)
{
	struct fs_struct *fs = kmalloc(sizeof(*fs), GFP_KERNEL);

	if (!fs)
		return NULL;
	atomic_set(&fs->count, 1);
	atomic_set(&fs->users, 1);
	spin_lock_init(&fs->lock, RANK_FILES);
	read_lock(&dcache_lock);
	fs->root = old->root;
	fs->pwd = old->pwd;
	fs->umask = old->umask;
	path_get(&fs->root);
	path_get(&fs->pwd);
	read_unlock(&dcache_lock);
	return fs;
}

void put_fs_struct(struct fs_struct *fs)
{
	if (!fs || !atomic_dec_and_test(&fs->count))
		return;
	path_put(&fs->root);
	path_put(&fs->pwd);
	kfree(fs);
}

static void set_task_fs(struct task_struct *t, struct fs_struct *fs)
{
	struct fs_struct *old;
	unsigned long irq;

	task_lock_irqsave(t, irq);
	old = t->fs;
	t->fs = fs;
	task_unlock_irqrestore(t, irq);
	if (!old)
		return;
	atomic_dec(&old->users);
	put_fs_struct(old);
}

void share_fs_struct(struct fs_struct *fs)
{
	atomic_inc(&fs->users);
	atomic_inc(&fs->count);
}

bool fs_struct_shared(const struct fs_struct *fs) { return atomic_read(&fs->users) > 1; }

void exit_fs(struct task_struct *t) { set_task_fs(t, NULL); }

int unshare_fs_struct(void)
{
	struct fs_struct *fs;

	if (!fs_struct_shared(current->fs))
		return 0;
	fs = copy_fs_struct(current->fs);
	if (!fs)
		return -ENOMEM;
	set_task_fs(current, fs);
	return 0;
}

struct fs_struct *get_task_fs(struct task_struct *t)
{
	struct fs_struct *fs;
	unsigned long irq;

	task_lock_irqsave(t, irq);
	fs = t->fs;
	if (fs)
		atomic_inc(&fs->count);
	task_unlock_irqrestore(t, irq);
	return fs;
}

static bool same_path(const struct path *a, const struct path *b)
{
	return a->dentry == b->dentry && a->mnt == b->mnt;
}

static void replace_refs(struct fs_struct *fs, const struct path *old, const struct path *new_)
{
	if (same_path(&fs->root, old))
		set_fs_root(fs, new_);
	if (same_path(&fs->pwd, old))
		set_fs_pwd(fs, new_);
}

void chroot_fs_refs(const struct path *old, const struct path *new_)
{
	pid_t pid = 0;

	for (;;) {
		struct task_struct *t = find_get_task_from(pid + 1);
		struct fs_struct *fs;

		if (!t)
			return;
		pid = t->pid;
		fs = get_task_fs(t);
		if (fs) {
			replace_refs(fs, old, new_);
			put_fs_struct(fs);
		}
		put_task_struct(t);
	}
}
