/*
 * fs/proc/root.c - /proc itself: its mounts, what each of them hides, and the top directory.
 *
 * MODEL     Every mount is an instance with names and options of its own; all show the same tree.
 *             hidepid=1 (noaccess)      others' /proc/PID cannot be entered
 *             hidepid=2 (invisible)     ... nor seen
 *             hidepid=4 (ptraceable)    only what the reader might trace is there, gid= or not
 *             gid=N                     who is in this group is exempt from 1 and 2
 *             subset=pid                processes, self and thread-self, and nothing else
 * INVARIANTS
 *   R1  An option that a remount does not name stays as it was.
 * LOCKING   A remount stores each option as one word under namespace_sem; readers take them as they come.
 * TESTS     test/user/t_procfs.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/proc/internal.h"
#include "fs/dcache.h"
#include "fs/file.h"
#include "fs/libfs.h"
#include "include/uapi/dirent.h"
#include "include/uapi/statfs.h"
#include "kernel/task/access.h"
#include "kernel/task/cred.h"
#include "kernel/task/pid.h"
#include "lib/kstrtox.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "mm/slab/slab.h"

static struct kmem_cache *proc_inode_cache;

struct proc_dir_entry proc_root = { .name = "/proc", .mode = S_IFDIR | 0555, .ino = 1, .nlink = 2 };

/* ---- options --------------------------------------------------------------------------------- */

struct proc_fs_info {
	enum hidepid hidepid;
	gid_t gid;
	bool pid_only;
};

static struct proc_fs_info *proc_sb_info(const struct super_block *sb) { return sb->s_fs_info; }

static const struct { enum hidepid value; const char *name; } hidepid_names[] = {
	{ HIDEPID_OFF, "off" }, { HIDEPID_NO_ACCESS, "noaccess" }, { HIDEPID_INVISIBLE, "invisible" },
	{ HIDEPID_NOT_PTRACEABLE, "ptraceable" },
};

static int parse_hidepid(const char *text, enum hidepid *out)
{
	unsigned number;
	bool is_number = !kstrtouint(text, 10, &number);

	for (unsigned i = 0; i < ARRAY_SIZE(hidepid_names); i++)
		if (is_number ? number == hidepid_names[i].value : !strcmp(text, hidepid_names[i].name)) {
			*out = hidepid_names[i].value;
			return 0;
		}
	pr_err("proc: unknown value of hidepid - %s\n", text);
	return -EINVAL;
}

static int parse_option(struct proc_fs_info *o, const char *key, char *value)
{
	if (!strcmp(key, "gid"))
		return kstrtouint(value, 0, &o->gid) || o->gid == (gid_t)-1 ? -EINVAL : 0;
	if (!strcmp(key, "hidepid"))
		return parse_hidepid(value, &o->hidepid);
	if (!strcmp(key, "subset") && !strcmp(value, "pid")) {
		o->pid_only = true;
		return 0;
	}
	pr_err("proc: Unknown parameter '%s'\n", key);
	return -EINVAL;
}

static int parse_options(struct proc_fs_info *o, char *data)
{
	char *word, *value;
	int rc = 0;

	while (!rc && (word = strsep(&data, ","))) {
		if (!*word)
			continue;
		value = strchr(word, '=');
		if (value)
			*value++ = 0;
		rc = parse_option(o, word, value ? value : word + strlen(word));
	}
	return rc;
}

static void proc_show_options(struct super_block *sb, char *buf, size_t n)
{
	const struct proc_fs_info *o = proc_sb_info(sb);
	size_t len = 0;

	if (o->gid)
		len += scnprintf(buf + len, n - len, ",gid=%u", o->gid);
	for (unsigned i = 1; i < ARRAY_SIZE(hidepid_names); i++)
		if (o->hidepid == hidepid_names[i].value)
			len += scnprintf(buf + len, n - len, ",hidepid=%s", hidepid_names[i].name);
	if (o->pid_only)
		scnprintf(buf + len, n - len, ",subset=pid");
}

bool proc_shows_task(const struct super_block *sb, struct task_struct *t, enum hidepid from)
{
	const struct proc_fs_info *o = proc_sb_info(sb);
	enum hidepid hidepid = READ_ONCE(o->hidepid);

	if (hidepid != HIDEPID_NOT_PTRACEABLE && (hidepid < from || in_group_p(READ_ONCE(o->gid))))
		return true;
	return ptrace_may_access(t, PTRACE_MODE_READ_FSCREDS);
}

enum hidepid proc_hidepid(const struct super_block *sb) { return READ_ONCE(proc_sb_info(sb)->hidepid); }

static bool pid_only(const struct super_block *sb) { return READ_ONCE(proc_sb_info(sb)->pid_only); }

/* ---- the top directory ----------------------------------------------------------------------- */

#define FIRST_STATIC	2
#define FIRST_PROCESS	256

/* The links that every instance has: to the caller's own process and thread. */
static bool is_own_link(const char *name, size_t len)
{
	return (len == 4 && !memcmp(name, "self", 4)) || (len == 11 && !memcmp(name, "thread-self", 11));
}

static bool shown_in(const struct super_block *sb, const char *name, size_t len)
{
	return !pid_only(sb) || is_own_link(name, len);
}

static struct dentry *root_lookup(struct inode *dir, struct dentry *d, unsigned flags)
{
	struct dentry *r = ERR_PTR(-ENOENT);

	if (shown_in(d->d_sb, d->d_name, d->d_len))
		r = proc_static_lookup(dir, d, flags);
	return IS_ERR(r) ? proc_pid_lookup(d, false, NULL) : r;
}

static int root_readdir(struct file *f, struct dir_context *ctx)
{
	if (ctx->pos < FIRST_PROCESS) {
		if (!dir_emit_dots(f, ctx) ||
		    !proc_static_readdir(f, ctx, FIRST_STATIC, pid_only(f->f_inode->i_sb) ? is_own_link : NULL))
			return 0;
		ctx->pos = FIRST_PROCESS;
	}
	return proc_pid_readdir(f, ctx);
}

static int root_getattr(const struct path *path, struct kstat *st)
{
	generic_fillattr(path->dentry->d_inode, st);
	st->nlink = proc_root.nlink + nr_threads;
	st->blksize = 1024;
	return 0;
}

static const struct inode_operations root_iops = { .lookup = root_lookup, .getattr = root_getattr };
static const struct file_operations root_fops = {
	.iterate = root_readdir, .read = generic_read_dir, .llseek = no_seek_end_llseek,
};

/* ---- instances ------------------------------------------------------------------------------- */

static struct inode *proc_alloc_inode(__maybe_unused struct super_block *sb)
{
	struct proc_inode *pi = kmem_cache_zalloc(proc_inode_cache, GFP_KERNEL);

	return pi ? &pi->vfs : NULL;
}

static void proc_free_inode(struct inode *inode) { kmem_cache_free(proc_inode_cache, PROC_I(inode)); }

static void proc_evict_inode(struct inode *inode)
{
	if (PROC_I(inode)->task)
		put_task_struct(PROC_I(inode)->task);
}

static void proc_put_super(struct super_block *sb) { kfree(sb->s_fs_info); }

static int proc_remount(struct super_block *sb, __maybe_unused unsigned long flags, char *data)
{
	struct proc_fs_info *now = proc_sb_info(sb), o = *now;		/* R1 */
	int rc = parse_options(&o, data);

	if (rc)
		return rc;
	WRITE_ONCE(now->gid, o.gid);
	WRITE_ONCE(now->hidepid, o.hidepid);
	WRITE_ONCE(now->pid_only, o.pid_only);
	dcache_shrink(sb, ~0ul);	/* names that subset=pid takes away */
	return 0;
}

static const struct super_operations proc_super_ops = {
	.alloc_inode = proc_alloc_inode,
	.free_inode = proc_free_inode,
	.evict_inode = proc_evict_inode,
	.put_super = proc_put_super,
	.statfs = simple_statfs,
	.remount = proc_remount,
	.show_options = proc_show_options,
};

static struct super_block *proc_mount(struct file_system_type *type, unsigned long flags,
				      __maybe_unused const char *dev, char *data)
{
	struct proc_fs_info *info = kzalloc(sizeof(*info), GFP_KERNEL);
	struct super_block *sb;
	int rc = info ? parse_options(info, data) : -ENOMEM;

	sb = rc ? NULL : alloc_super(type, flags);
	if (!sb) {
		kfree(info);
		return ERR_PTR(rc ? rc : -ENOMEM);
	}
	sb->s_fs_info = info;
	sb->s_op = &proc_super_ops;
	sb->s_magic = PROC_SUPER_MAGIC;
	sb->s_blocksize = 1024;
	sb->s_maxbytes = INT32_MAX;
	sb->s_root = d_make_root(proc_entry_inode(sb, &proc_root));
	if (sb->s_root)
		return sb;
	put_super(sb);
	return ERR_PTR(-ENOMEM);
}

struct file_system_type proc_fs_type = { .name = "proc", .mount = proc_mount };

void __init proc_init(void)
{
	proc_inode_cache = kmem_cache_create("proc_inode_cache", sizeof(struct proc_inode), 0,
					     SLAB_RECLAIM_ACCOUNT | SLAB_PANIC, NULL);
	proc_root.parent = &proc_root;
	proc_root.iops = &root_iops;
	proc_root.fops = &root_fops;
	proc_mounts_init();
	proc_namespaces_init();
	proc_system_init();
	proc_sysctl_init();
}
