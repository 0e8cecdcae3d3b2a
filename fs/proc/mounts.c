/*
 * fs/proc/mounts.c - /proc/PID/mounts and mountinfo; /proc/mounts, filesystems.
 *
 * LOCKING   namespace_sem for reading while the list is shown.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/proc/internal.h"
#include "fs/file.h"
#include "fs/fs_struct.h"
#include "include/uapi/poll.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "mm/slab/slab.h"

#define ESCAPED	" \t\n\\#"

static void *mounts_start(__maybe_unused struct seq_file *m, loff_t *pos) ACQUIRE_SHARED(namespace_sem)
{
	struct vfsmount *mnt;
	loff_t i = *pos;

	down_read(&namespace_sem);
	list_for_each_entry(mnt, &mount_list, mnt_list)
		if (!i--)
			return mnt;
	return NULL;
}

static void *mounts_next(__maybe_unused struct seq_file *m, void *v, loff_t *pos)
{
	struct vfsmount *mnt = v;

	++*pos;
	return list_is_last(&mnt->mnt_list, &mount_list) ? NULL : list_next_entry(mnt, mnt_list);
}

static void mounts_stop(__maybe_unused struct seq_file *m, __maybe_unused void *v) RELEASE_SHARED(namespace_sem)
{
	up_read(&namespace_sem);
}

static void show_mnt_options(struct seq_file *m, const struct vfsmount *mnt)
{
	static const struct { unsigned flag; const char *text; } options[] = {
		{ MNT_NOSUID, ",nosuid" }, { MNT_NODEV, ",nodev" }, { MNT_NOEXEC, ",noexec" },
		{ MNT_NOATIME, ",noatime" }, { MNT_NODIRATIME, ",nodiratime" }, { MNT_RELATIME, ",relatime" },
		{ MNT_NOSYMFOLLOW, ",nosymfollow" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(options); i++)
		if (mnt->mnt_flags & options[i].flag)
			seq_puts(m, options[i].text);
}

static void show_sb_flags(struct seq_file *m, const struct super_block *sb)
{
	static const struct { unsigned long flag; const char *text; } flags[] = {
		{ SB_SYNCHRONOUS, ",sync" }, { SB_DIRSYNC, ",dirsync" }, { SB_LAZYTIME, ",lazytime" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(flags); i++)
		if (sb->s_flags & flags[i].flag)
			seq_puts(m, flags[i].text);
}

static void show_sb_options(struct seq_file *m, struct super_block *sb)
{
	char buf[160] = "";

	if (sb->s_op && sb->s_op->show_options)
		sb->s_op->show_options(sb, buf, sizeof(buf));
	seq_puts(m, buf);
}

static bool mnt_rdonly(const struct vfsmount *mnt) { return mnt->mnt_flags & MNT_READONLY; }
static bool sb_rdonly(const struct super_block *sb) { return sb->s_flags & SB_RDONLY; }

static int show_mounts(struct seq_file *m, void *v)
{
	struct vfsmount *mnt = v;
	struct path path = { mnt, mnt->mnt_root };
	int rc;

	seq_escape(m, mnt->mnt_devname, ESCAPED);
	seq_putc(m, ' ');
	rc = seq_path_root(m, &path, ESCAPED);
	if (rc)
		return rc;
	seq_printf(m, " %s %s", mnt->mnt_sb->s_type->name,
		   mnt_rdonly(mnt) || sb_rdonly(mnt->mnt_sb) ? "ro" : "rw");
	show_sb_flags(m, mnt->mnt_sb);
	show_mnt_options(m, mnt);
	show_sb_options(m, mnt->mnt_sb);
	seq_puts(m, " 0 0\n");
	return 0;
}

static int show_mountinfo(struct seq_file *m, void *v)
{
	struct vfsmount *mnt = v;
	struct super_block *sb = mnt->mnt_sb;
	struct path path = { mnt, mnt->mnt_root };
	int rc;

	seq_printf(m, "%i %i %u:%u ", mnt->mnt_id, mnt->mnt_parent->mnt_id, MAJOR(sb->s_dev), MINOR(sb->s_dev));
	seq_dentry(m, mnt->mnt_root, ESCAPED);
	seq_putc(m, ' ');
	rc = seq_path_root(m, &path, ESCAPED);
	if (rc)
		return rc;
	seq_puts(m, mnt_rdonly(mnt) ? " ro" : " rw");
	show_mnt_options(m, mnt);
	seq_printf(m, " - %s ", sb->s_type->name);
	seq_escape(m, mnt->mnt_devname, ESCAPED);
	seq_puts(m, sb_rdonly(sb) ? " ro" : " rw");
	show_sb_flags(m, sb);
	show_sb_options(m, sb);
	seq_putc(m, '\n');
	return 0;
}

static int show_mountstats(struct seq_file *m, void *v)
{
	struct vfsmount *mnt = v;
	struct path path = { mnt, mnt->mnt_root };
	int rc;

	seq_puts(m, "device ");
	seq_escape(m, mnt->mnt_devname, ESCAPED);
	seq_puts(m, " mounted on ");
	rc = seq_path_root(m, &path, ESCAPED);
	if (rc)
		return rc;
	seq_printf(m, " with fstype %s\n", mnt->mnt_sb->s_type->name);
	return 0;
}

static const struct seq_operations mountstats_ops = { mounts_start, mounts_stop, mounts_next, show_mountstats };
static const struct seq_operations mounts_ops = { mounts_start, mounts_stop, mounts_next, show_mounts };
static const struct seq_operations mountinfo_ops = { mounts_start, mounts_stop, mounts_next, show_mountinfo };

static int open_mounts(struct file *f, const struct seq_operations *ops)
{
	int rc = seq_open(f, ops);

	if (!rc)
		((struct seq_file *)f->private_data)->poll_event = READ_ONCE(mount_event);
	return rc;
}

static int mounts_open(__maybe_unused struct inode *inode, struct file *f) { return open_mounts(f, &mounts_ops); }
static int mountinfo_open(__maybe_unused struct inode *inode, struct file *f)
{ return open_mounts(f, &mountinfo_ops); }

/* Always readable; after a change once more than that. */
static unsigned mounts_poll(struct file *f, struct poll_table *pt)
{
	struct seq_file *m = f->private_data;
	unsigned event;

	poll_wait(f, &mount_wait, pt);
	event = READ_ONCE(mount_event);
	if (xchg(&m->poll_event, event) != event)
		return EPOLLIN | EPOLLRDNORM | EPOLLERR | EPOLLPRI;
	return EPOLLIN | EPOLLRDNORM;
}

const struct file_operations proc_mounts_fops = {
	.open = mounts_open, .read = seq_read, .llseek = no_seek_end_llseek, .release = seq_release,
	.poll = mounts_poll,
};
const struct file_operations proc_mountinfo_fops = {
	.open = mountinfo_open, .read = seq_read, .llseek = no_seek_end_llseek, .release = seq_release,
	.poll = mounts_poll,
};

static int mountstats_open(__maybe_unused struct inode *inode, struct file *f)
{ return seq_open(f, &mountstats_ops); }

const struct file_operations proc_mountstats_fops = {
	.open = mountstats_open, .read = seq_read, .llseek = no_seek_end_llseek, .release = seq_release,
};

static int filesystems_show(struct seq_file *m, __maybe_unused void *v)
{
	struct file_system_type *t;

	list_for_each_entry(t, &file_systems, link)
		seq_printf(m, "%s\t%s\n", t->fs_flags & FS_REQUIRES_DEV ? "" : "nodev", t->name);
	return 0;
}

static const char *link_self(char *buf)
{
	snprintf(buf, 16, "%d", current->tgid);
	return buf;
}

static const char *link_thread_self(char *buf)
{
	snprintf(buf, 40, "%d/task/%d", current->tgid, current->pid);
	return buf;
}

static const char *link_mounts(__maybe_unused char *buf) { return "self/mounts"; }

static const char *link_device_tree(__maybe_unused char *buf) { return "/sys/firmware/devicetree/base"; }

void __init proc_mounts_init(void)
{
	proc_symlink("self", NULL, link_self);
	proc_symlink("thread-self", NULL, link_thread_self);
	proc_symlink("mounts", NULL, link_mounts);
	proc_symlink("device-tree", NULL, link_device_tree);
	proc_create_single("filesystems", 0, NULL, filesystems_show);
}
