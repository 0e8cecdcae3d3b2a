/*
 * fs/mount.c - mounts: attaching, finding and detaching trees.
 *
 * MODEL     See fs/mount.h.  A mount that is attached has one reference for it, and holds its parent mount
 *           and the dentry it stands on.  Detaching drops these; the mount itself lives on while files or
 *           working directories use it.
 * INVARIANTS
 *   M1  A mount is on both hashes, among its parent's children and in mount_list iff it is attached (the first one:
 *       list only).
 *       The list is in order of making: a mount that moves keeps its line in /proc/mounts.
 *   M2  DCACHE_MOUNTED is set on a dentry while some mount stands on it.
 *   M3  mnt_count falls to 0 only under dcache_lock: a lazy walk may take a reference from it.
 *   M4  A mount with mnt_writers is not read-only: a writer counts itself, then looks at the flags; who
 *       makes it read-only sets the flag, then looks at the count.
 * LOCKING   namespace_sem, then dcache_lock, for changes.
 * COST      attaching and detaching do not depend on how many mounts there are; a tree of them comes and
 *           goes with its hart on offer after each.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/mount.h"
#include "fs/fs_struct.h"
#include "fs/namei.h"
#include "fs/tmpfs.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "include/uapi/mount.h"
#include "kernel/task/cred.h"
#include "lib/hash.h"
#include "lib/string.h"
#include "mm/slab/slab.h"

#define MOUNT_HASH_BITS	8

struct rw_semaphore namespace_sem;
LIST_HEAD(mount_list);
DECLARE_WAIT_QUEUE_HEAD(mount_wait);
unsigned mount_event;			/* (dcache_lock to write) */
struct vfsmount *root_mnt;
int sysctl_mount_max = 100000;
static unsigned nr_mounts;		/* (namespace_sem) that are attached */
static struct hlist_head mount_hash[1 << MOUNT_HASH_BITS], mountpoint_hash[1 << MOUNT_HASH_BITS];

static struct hlist_head *mnt_bucket(const struct vfsmount *mnt, const struct dentry *d)
{
	return &mount_hash[hash_64((unsigned long)mnt / 64 + (unsigned long)d, MOUNT_HASH_BITS)];
}

static struct hlist_head *mountpoint_bucket(const struct dentry *d)
{
	return &mountpoint_hash[hash_64((unsigned long)d, MOUNT_HASH_BITS)];
}

struct vfsmount *__lookup_mnt(struct vfsmount *mnt, struct dentry *d)
{
	struct vfsmount *m;

	hlist_for_each_entry(m, mnt_bucket(mnt, d), mnt_hash)
		if (m->mnt_parent == mnt && m->mnt_mountpoint == d)
			return m;
	return NULL;
}

int mnt_want_write(struct vfsmount *mnt)
{
	return (mnt->mnt_flags & MNT_READONLY) || (mnt->mnt_sb->s_flags & SB_RDONLY) ? -EROFS : 0;
}

int mnt_get_write_access(struct vfsmount *mnt)
{
	int rc;

	atomic_inc(&mnt->mnt_writers);		/* M4: a full barrier, pairs with make_readonly() */
	rc = mnt_want_write(mnt);
	if (rc)
		atomic_dec(&mnt->mnt_writers);
	return rc;
}

/* ---- life ------------------------------------------------------------------------------------ */

/* @sb's reference is taken over, also on failure. */
static struct vfsmount *alloc_mount(struct super_block *sb, struct dentry *root, const char *dev)
{
	static atomic_t last_id;
	struct vfsmount *m = kzalloc(sizeof(*m), GFP_KERNEL);

	if (!m)
		goto undo_sb;
	m->mnt_devname = kstrdup(dev && *dev ? dev : "none", GFP_KERNEL);
	if (!m->mnt_devname)
		goto undo_mount;
	m->mnt_sb = sb;
	m->mnt_root = dget(root);
	m->mnt_parent = m;
	m->mnt_mountpoint = root;
	m->mnt_id = atomic_inc_return(&last_id);
	atomic_set(&m->mnt_count, 1);
	INIT_LIST_HEAD(&m->mnt_list);
	INIT_LIST_HEAD(&m->mnt_mounts);
	INIT_LIST_HEAD(&m->mnt_child);
	return m;
undo_mount:
	kfree(m);
undo_sb:
	put_super(sb);
	return NULL;
}

static void free_mount(struct vfsmount *m)
{
	dput(m->mnt_root);
	put_super(m->mnt_sb);
	kfree(m->mnt_devname);
	kfree(m);
}

void mntput(struct vfsmount *m)
{
	bool last;
	int c;

	if (!m)
		return;
	c = atomic_read(&m->mnt_count);
	while (c > 1)
		if (atomic_try_cmpxchg(&m->mnt_count, &c, c - 1))
			return;
	write_lock(&dcache_lock);		/* M3 */
	last = atomic_dec_and_test(&m->mnt_count);
	write_unlock(&dcache_lock);
	if (last)
		free_mount(m);
}

struct vfsmount *kern_mount(struct file_system_type *type)
{
	struct super_block *sb = type->mount(type, 0, type->name, NULL);
	struct vfsmount *m;

	if (IS_ERR(sb))
		return NULL;
	m = alloc_mount(sb, sb->s_root, type->name);
	if (m)
		m->mnt_flags = MNT_INTERNAL;
	return m;
}

/* ---- attaching and detaching ----------------------------------------------------------------- */

static void list_insert(struct vfsmount *m) REQUIRES(dcache_lock)
{
	struct vfsmount *after;

	list_for_each_entry_reverse(after, &mount_list, mnt_list)
		if (after->mnt_id < m->mnt_id)
			break;
	list_add(&m->mnt_list, &after->mnt_list);
}

/* The list has changed: who polls a file that shows it is told. */
static void mounts_changed(void) REQUIRES(dcache_lock)
{
	WRITE_ONCE(mount_event, mount_event + 1);
	wake_up_poll(&mount_wait, 0);
}

/* => namespace_sem(w); takes over the caller's reference to @m */
static void attach_mnt(struct vfsmount *m, const struct path *where)
{
	path_get(where);
	write_lock(&dcache_lock);
	m->mnt_parent = where->mnt;
	m->mnt_mountpoint = where->dentry;
	where->dentry->d_flags |= DCACHE_MOUNTED;
	hlist_add_head(&m->mnt_hash, mnt_bucket(where->mnt, where->dentry));	/* M1 */
	hlist_add_head(&m->mnt_mp, mountpoint_bucket(where->dentry));
	list_add_tail(&m->mnt_child, &where->mnt->mnt_mounts);
	list_insert(m);
	nr_mounts++;
	mounts_changed();
	write_unlock(&dcache_lock);
}

/* M2: clear the flag when no mount stands on @d any more. */
static void mountpoint_left(struct dentry *d) REQUIRES(dcache_lock)
{
	struct vfsmount *m;

	hlist_for_each_entry(m, mountpoint_bucket(d), mnt_mp)
		if (m->mnt_mountpoint == d)
			return;
	d->d_flags &= ~DCACHE_MOUNTED;
}

/* *@old is what the mount stood on: the caller puts it, after namespace_sem. */
static void detach_mnt(struct vfsmount *m, struct path *old)
{
	write_lock(&dcache_lock);
	*old = (struct path){ m->mnt_parent, m->mnt_mountpoint };
	hlist_del(&m->mnt_hash);	/* M1 */
	hlist_del(&m->mnt_mp);
	list_del_init(&m->mnt_child);
	list_del_init(&m->mnt_list);
	nr_mounts--;
	m->mnt_parent = m;
	m->mnt_mountpoint = m->mnt_root;
	mountpoint_left(old->dentry);
	mounts_changed();
	write_unlock(&dcache_lock);
}

/* Some mount whose parent is @mnt (on @d, unless that is NULL), or NULL.  => namespace_sem */
static struct vfsmount *child_mount(struct vfsmount *mnt, struct dentry *d)
{
	struct vfsmount *m;

	list_for_each_entry(m, &mnt->mnt_mounts, mnt_child)
		if (!d || m->mnt_mountpoint == d)
			return m;
	return NULL;
}

bool mnt_has_children(struct vfsmount *mnt, struct dentry *d)
{
	return child_mount(mnt, d) != NULL;
}

bool path_is_mountpoint(const struct path *path)
{
	return path->dentry == path->mnt->mnt_root && path->mnt->mnt_parent != path->mnt;
}

bool path_is_under(const struct path *path, const struct path *root)
{
	struct vfsmount *m = path->mnt;
	struct dentry *d = path->dentry;

	while (m != root->mnt) {
		if (m->mnt_parent == m)
			return false;
		d = m->mnt_mountpoint;
		m = m->mnt_parent;
	}
	return is_subdir(d, root->dentry);
}

/* => namespace_sem(w); the tree below @top first, from its leaves */
static void umount_tree(struct vfsmount *top)
{
	struct vfsmount *m = top, *child, *parent;
	struct path old;
	bool last;

	do {
		while ((child = child_mount(m, NULL)))
			m = child;
		last = m == top;
		parent = m->mnt_parent;		/* in the tree, or not ours: it stays */
		detach_mnt(m, &old);
		path_put(&old);
		mntput(m);
		m = parent;
		cond_resched();
	} while (!last);
}

/* ---- mount(2) -------------------------------------------------------------------------------- */

static unsigned mnt_flags_of(unsigned long flags)
{
	unsigned f = 0;

	if (!(flags & MS_NOATIME))
		f |= MNT_RELATIME;
	if (flags & MS_NOSUID)
		f |= MNT_NOSUID;
	if (flags & MS_NODEV)
		f |= MNT_NODEV;
	if (flags & MS_NOEXEC)
		f |= MNT_NOEXEC;
	if (flags & MS_NOATIME)
		f |= MNT_NOATIME;
	if (flags & MS_NODIRATIME)
		f |= MNT_NODIRATIME;
	if (flags & MS_STRICTATIME)
		f &= ~(MNT_RELATIME | MNT_NOATIME);
	if (flags & MS_RDONLY)
		f |= MNT_READONLY;
	if (flags & MS_NOSYMFOLLOW)
		f |= MNT_NOSYMFOLLOW;
	return f;
}

/* A remount that says nothing of access times leaves them as they are. */
static unsigned remount_flags(const struct vfsmount *m, unsigned long flags)
{
	const unsigned atime = MNT_NOATIME | MNT_NODIRATIME | MNT_RELATIME;
	unsigned f = mnt_flags_of(flags);

	if (flags & (MS_NOATIME | MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME))
		return f;
	return (f & ~atime) | (m->mnt_flags & atime);
}

/* Put @m, whose reference is taken over, on @where. */
static int graft(struct vfsmount *m, const struct path *where)
{
	int rc = 0;

	down_write(&namespace_sem);
	if (S_ISDIR(m->mnt_root->d_inode->i_mode) != S_ISDIR(where->dentry->d_inode->i_mode))
		rc = -ENOTDIR;
	else if (d_unlinked(where->dentry))
		rc = -ENOENT;
	else if (m->mnt_sb == where->mnt->mnt_sb && where->dentry == where->mnt->mnt_root &&
		 where->mnt->mnt_root == m->mnt_root)
		rc = -EBUSY;		/* the same tree is there already */
	else
		attach_mnt(m, where);
	up_write(&namespace_sem);
	if (rc)
		mntput(m);
	return rc;
}

static int do_new_mount(const struct path *where, const char *type, unsigned long flags, const char *dev, char *data)
{
	struct file_system_type *t = type ? get_fs_type(type) : NULL;
	struct super_block *sb;
	struct vfsmount *m;

	if (!type)
		return -EINVAL;
	if (!t)
		return -ENODEV;
	sb = t->mount(t, flags & (SB_RDONLY | SB_SYNCHRONOUS | SB_DIRSYNC | SB_LAZYTIME), dev, data);
	if (IS_ERR(sb))
		return PTR_ERR(sb);
	m = alloc_mount(sb, sb->s_root, dev);
	if (!m)
		return -ENOMEM;
	m->mnt_flags = mnt_flags_of(flags);
	return graft(m, where);
}

static struct vfsmount *clone_mount(struct vfsmount *old, struct dentry *root)
{
	struct vfsmount *m;

	atomic_inc(&old->mnt_sb->s_count);
	m = alloc_mount(old->mnt_sb, root, old->mnt_devname);
	if (m)
		m->mnt_flags = old->mnt_flags & ~MNT_INTERNAL;
	return m;
}

/* The child of @mnt that follows @after (NULL: the first), or NULL.  => namespace_sem */
static struct vfsmount *next_child(struct vfsmount *mnt, struct vfsmount *after)
{
	struct list_head *next = after ? after->mnt_child.next : mnt->mnt_mounts.next;

	return next == &mnt->mnt_mounts ? NULL : list_entry(next, struct vfsmount, mnt_child);
}

/* MS_REC: the mounts below @from, as they stand below @from->dentry, are put below @top too. */
static int clone_below(const struct path *from, struct vfsmount *top)
{
	struct vfsmount *old = from->mnt, *new = top, *child = NULL;

	for (;;) {
		struct path where = { new, NULL };

		child = next_child(old, child);
		if (!child) {
			if (old == from->mnt)
				return 0;
			child = old;			/* go on beside it */
			old = old->mnt_parent;
			new = new->mnt_parent;
			continue;
		}
		where.dentry = child->mnt_mountpoint;
		if (old == from->mnt && !is_subdir(where.dentry, from->dentry))
			continue;
		new = clone_mount(child, child->mnt_root);
		if (!new)
			return -ENOMEM;
		attach_mnt(new, &where);
		old = child;
		child = NULL;
		cond_resched();
	}
}

static int mount_source(const char *name, struct path *from)
{
	return name && *name ? kern_path(name, LOOKUP_FOLLOW, from) : -EINVAL;
}

static int do_bind(const struct path *where, const char *from_name, bool recursive)
{
	struct vfsmount *m;
	struct path from;
	int rc = mount_source(from_name, &from);

	if (rc)
		return rc;
	m = clone_mount(from.mnt, from.dentry);
	rc = -ENOMEM;
	if (!m)
		goto out;
	down_write(&namespace_sem);
	rc = -ENOTDIR;
	if (S_ISDIR(from.dentry->d_inode->i_mode) != S_ISDIR(where->dentry->d_inode->i_mode)) {
		up_write(&namespace_sem);
		mntput(m);
		goto out;
	}
	rc = recursive ? clone_below(&from, m) : 0;
	attach_mnt(m, where);
	if (rc)
		umount_tree(m);
	up_write(&namespace_sem);
out:
	path_put(&from);
	return rc;
}

static int do_move_mount(const struct path *where, const char *from_name)
{
	struct path from, left;
	int rc = mount_source(from_name, &from);

	if (rc)
		return rc;
	down_write(&namespace_sem);
	if (!path_is_mountpoint(&from))
		rc = -EINVAL;
	else if (S_ISDIR(where->dentry->d_inode->i_mode) != S_ISDIR(from.dentry->d_inode->i_mode))
		rc = -EINVAL;
	else if (path_is_under(where, &from))
		rc = -ELOOP;
	if (!rc) {
		detach_mnt(from.mnt, &left);
		attach_mnt(from.mnt, where);
	}
	up_write(&namespace_sem);
	if (!rc)
		path_put(&left);
	path_put(&from);
	return rc;
}

/* Does somebody still write to @sb, or keep a file that goes when it is closed?  => namespace_sem */
static bool sb_has_writers(struct super_block *sb)
{
	struct vfsmount *m;
	struct inode *inode;
	bool busy = false;

	list_for_each_entry(m, &mount_list, mnt_list)
		if (m->mnt_sb == sb && atomic_read(&m->mnt_writers))
			return true;
	spin_lock(&sb->s_inode_lock);
	list_for_each_entry(inode, &sb->s_inodes, i_sb_list)
		busy |= !inode->i_nlink;
	spin_unlock(&sb->s_inode_lock);
	return busy;
}

/* => namespace_sem(w); 0 or -EBUSY, and @m (or the whole of its instance) is as it was */
static int make_readonly(struct vfsmount *m, bool whole)
{
	struct super_block *sb = m->mnt_sb;
	int rc = 0;

	if (!whole) {
		unsigned old = m->mnt_flags;

		m->mnt_flags |= MNT_READONLY;
		smp_mb();			/* M4: pairs with mnt_get_write_access() */
		if (!atomic_read(&m->mnt_writers))
			return 0;
		m->mnt_flags = old;
		return -EBUSY;
	}
	if (sb->s_flags & SB_RDONLY)
		return 0;
	if (sb->s_op && sb->s_op->write_inode)
		(void)!sync_filesystem(sb);
	sb->s_flags |= SB_RDONLY;
	smp_mb();
	if (sb_has_writers(sb)) {
		sb->s_flags &= ~SB_RDONLY;
		return -EBUSY;
	}
	if (sb->s_op && sb->s_op->make_readonly)
		rc = sb->s_op->make_readonly(sb);
	if (rc)
		sb->s_flags &= ~SB_RDONLY;
	return rc;
}

static int do_remount(const struct path *path, unsigned long flags, char *data)
{
	const unsigned long changeable = SB_RDONLY | SB_SYNCHRONOUS | SB_LAZYTIME;
	struct super_block *sb = path->mnt->mnt_sb;
	bool whole = !(flags & MS_BIND);
	int rc = 0;

	if (path->dentry != path->mnt->mnt_root)
		return -EINVAL;
	down_write(&namespace_sem);
	if (whole && sb->s_op && sb->s_op->remount)
		rc = sb->s_op->remount(sb, flags, data);
	if (!rc && (flags & MS_RDONLY))
		rc = make_readonly(path->mnt, whole);
	if (!rc && whole)
		sb->s_flags = (sb->s_flags & ~changeable) | (flags & changeable);
	if (!rc)
		path->mnt->mnt_flags = remount_flags(path->mnt, flags);
	up_write(&namespace_sem);
	return rc;
}

/* There is one namespace, so every mount is private and there is nobody to propagate to. */
static int do_change_type(const struct path *path, unsigned long flags)
{
	if (path->dentry != path->mnt->mnt_root)
		return -EINVAL;
	return flags & (MS_PRIVATE | MS_SLAVE) ? 0 : -EINVAL;
}

static int mount_at(const struct path *where, const char *dev, const char *type, unsigned long flags, char *data)
{
	if (flags & MS_REMOUNT)
		return do_remount(where, flags, data);
	if (flags & MS_BIND)
		return do_bind(where, dev, flags & MS_REC);
	if (flags & (MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE))
		return do_change_type(where, flags);
	if (flags & MS_MOVE)
		return do_move_mount(where, dev);
	return do_new_mount(where, type, flags, dev, data);
}

int do_mount(const char *dev, const char *dir, const char *type, unsigned long flags, char *data)
{
	struct path where;
	int rc;

	if ((flags & MS_MGC_MSK) == MS_MGC_VAL)
		flags &= ~(unsigned long)MS_MGC_MSK;
	rc = kern_path(dir, LOOKUP_FOLLOW, &where);
	if (rc)
		return rc;
	rc = !capable(CAP_SYS_ADMIN) ? -EPERM : nr_mounts >= (unsigned)sysctl_mount_max ? -ENOSPC :
		mount_at(&where, dev, type, flags, data);
	path_put(&where);
	return rc;
}

/* A string argument that may be NULL.  => *out is NULL then; 0 or -errno */
static int optional_name(const char __user *u, char **out)
{
	*out = NULL;
	if (!u)
		return 0;
	*out = getname_flags(u, LOOKUP_EMPTY);
	if (IS_ERR(*out)) {
		int rc = PTR_ERR(*out);

		*out = NULL;
		return rc;
	}
	return 0;
}

/* The options page: what can be read of it, NUL-terminated. */
static int copy_options(const void __user *u, char **out)
{
	char *page;
	size_t left;

	*out = NULL;
	if (!u)
		return 0;
	page = (char *)get_zeroed_page(GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	left = copy_from_user(page, u, PAGE_SIZE - 1);
	if (left == PAGE_SIZE - 1) {
		free_page((unsigned long)page);
		return -EFAULT;
	}
	*out = page;
	return 0;
}

SYSCALL_DEFINE5(mount, const char __user *, udev, const char __user *, udir, const char __user *, utype,
		unsigned long, flags, void __user *, udata)
{
	char *dev = NULL, *dir, *type = NULL, *data = NULL;
	int rc;

	dir = getname(udir);
	if (IS_ERR(dir))
		return PTR_ERR(dir);
	rc = optional_name(utype, &type);
	if (!rc)
		rc = optional_name(udev, &dev);
	if (!rc)
		rc = copy_options(udata, &data);
	if (!rc)
		rc = do_mount(dev, dir, type, flags, data);
	if (data)
		free_page((unsigned long)data);
	putname(dev);
	putname(type);
	putname(dir);
	return rc;
}

/* ---- umount2(2) ------------------------------------------------------------------------------ */

static int do_umount(const struct path *path, int flags)
{
	struct vfsmount *m = path->mnt;
	int rc = 0;

	if (path->dentry != m->mnt_root)
		return -EINVAL;
	if (m->mnt_parent == m)
		return -EINVAL;		/* the first mount, or one that is detached already */
	down_write(&namespace_sem);
	if (m->mnt_parent == m)
		rc = -EINVAL;
	/* Besides the tree's reference there is the caller's. */
	else if (!(flags & MNT_DETACH) && (mnt_has_children(m, NULL) || atomic_read(&m->mnt_count) > 2))
		rc = -EBUSY;
	else
		umount_tree(m);
	up_write(&namespace_sem);
	return rc;
}

SYSCALL_DEFINE2(umount2, const char __user *, name, int, flags)
{
	struct path path;
	int rc;

	if (flags & ~(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW))
		return -EINVAL;
	rc = user_path_at(AT_FDCWD, name, flags & UMOUNT_NOFOLLOW ? 0 : LOOKUP_FOLLOW, &path);
	if (rc)
		return rc;
	if (!capable(CAP_SYS_ADMIN))
		rc = -EPERM;
	else if (flags & MNT_EXPIRE)
		rc = -EINVAL;		/* mounts do not age */
	else
		rc = do_umount(&path, flags);
	path_put(&path);
	return rc;
}

/* ---- pivot_root(2) --------------------------------------------------------------------------- */

/* @new_ becomes the root of the namespace, the old root is put on @put_old. */
static int do_pivot_root(const struct path *new_, const struct path *put_old, const struct path *root)
{
	struct path left_new, left_root;

	if (!path_is_mountpoint(new_) || !path_is_mountpoint(root))
		return -EINVAL;
	if (new_->mnt == root->mnt || put_old->mnt == root->mnt)
		return -EBUSY;
	if (!path_is_under(put_old, new_))
		return -EINVAL;
	detach_mnt(new_->mnt, &left_new);
	detach_mnt(root->mnt, &left_root);
	attach_mnt(root->mnt, put_old);
	attach_mnt(new_->mnt, &left_root);
	path_put(&left_new);
	path_put(&left_root);
	return 0;
}

SYSCALL_DEFINE2(pivot_root, const char __user *, unew, const char __user *, uput)
{
	struct path new_, put_old, root;
	int rc;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	rc = user_path_at(AT_FDCWD, unew, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &new_);
	if (rc)
		return rc;
	rc = user_path_at(AT_FDCWD, uput, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &put_old);
	if (rc)
		goto put_new;
	get_fs_root(current->fs, &root);
	down_write(&namespace_sem);
	rc = do_pivot_root(&new_, &put_old, &root);
	up_write(&namespace_sem);
	if (!rc)
		chroot_fs_refs(&root, &new_);
	path_put(&root);
	path_put(&put_old);
put_new:
	path_put(&new_);
	return rc;
}

/* ---- start ----------------------------------------------------------------------------------- */

/* The first mount, and the running task's root. */
void __init mnt_init(void)
{
	struct path root;

	init_rwsem(&namespace_sem, RANK_VFS);
	root_mnt = kern_mount(&rootfs_fs_type);
	if (!root_mnt)
		panic("cannot mount the root file system");
	root_mnt->mnt_flags = 0;
	list_add_tail(&root_mnt->mnt_list, &mount_list);
	root = (struct path){ root_mnt, root_mnt->mnt_root };
	spin_lock_init(&init_fs.lock, RANK_FILES);
	current->fs = &init_fs;
	set_fs_root(&init_fs, &root);
	set_fs_pwd(&init_fs, &root);
}
