/*
 * fs/initramfs.c - fill the root file system from the initrd: cpio archives, one after another, each plain or
 * in a gzip member.
 *
 * MODEL     Each member is made by its name, in order, relative to the root.  Names of one file (same
 *           archive, device and inode) are hard links; the data comes with any of them.  Times
 *           of directories are set last, for making names in them changes these.
 *           What is there already and is of another kind is removed first.
 * FAILURE   A member that cannot be made is left out, as on Linux, but a lack of memory or something
 *           that is no archive ends the unpacking with a message.
 * COST      content is copied once, in pages; a plain archive is not copied at all, one that was compressed is
 *           memory of its own until it is read.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/vfs.h"
#include "fs/file.h"
#include "fs/fs_struct.h"
#include "fs/namei.h"
#include "include/machine.h"
#include "lib/cpio.h"
#include "lib/inflate.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/kmap/ioremap.h"
#include "mm/kmap/vmalloc.h"
#include "mm/phys/init.h"
#include "mm/slab/slab.h"

struct seen_link {		/* a file that may get further names */
	struct seen_link *next;
	u32 ino, maj, min;
	unsigned archive;
	const char *name;	/* in the archive */
};

struct dir_time {
	struct dir_time *next;
	struct path path;
	s64 mtime;
};

struct unpack {
	struct seen_link *links[32];
	struct dir_time *dirs;
};

/* ---- one name -------------------------------------------------------------------------------- */

static int make_dir(const char *name, umode_t mode)
{
	struct path parent;
	struct dentry *d = kern_path_create(name, &parent);
	int rc;

	if (IS_ERR(d))
		return PTR_ERR(d);
	rc = vfs_mkdir(parent.dentry->d_inode, d, mode);
	done_path_create(&parent, d);
	return rc;
}

static int make_node(const char *name, umode_t mode, dev_t dev)
{
	struct path parent;
	struct dentry *d = filename_create(AT_FDCWD, name, &parent, 0);
	int rc;

	if (IS_ERR(d))
		return PTR_ERR(d);
	rc = vfs_mknod(parent.dentry->d_inode, d, mode, dev);
	done_path_create(&parent, d);
	return rc;
}

static int make_symlink(const char *name, const struct cpio_entry *e)
{
	char *target;
	struct path parent;
	struct dentry *d;
	int rc;

	if (e->size >= PATH_MAX)
		return -ENAMETOOLONG;
	target = kstrndup(e->data, e->size, GFP_KERNEL);
	if (!target)
		return -ENOMEM;
	d = filename_create(AT_FDCWD, name, &parent, 0);
	if (IS_ERR(d)) {
		rc = PTR_ERR(d);
	} else {
		rc = vfs_symlink(parent.dentry->d_inode, d, target);
		done_path_create(&parent, d);
	}
	kfree(target);
	return rc;
}

static int make_link(const char *old_name, const char *name)
{
	struct path old, parent;
	struct dentry *d;
	int rc = kern_path(old_name, 0, &old);

	if (rc)
		return rc;
	d = filename_create(AT_FDCWD, name, &parent, 0);
	if (IS_ERR(d)) {
		rc = PTR_ERR(d);
	} else {
		rc = vfs_link(old.dentry, parent.dentry->d_inode, d);
		done_path_create(&parent, d);
	}
	path_put(&old);
	return rc;
}

static void remove_name(const char *name, bool is_dir)
{
	struct path path;
	struct inode *dir;
	struct dentry *parent;

	if (kern_path(name, 0, &path))
		return;
	parent = dget_parent(path.dentry);
	dir = parent->d_inode;
	down_write(&dir->i_rwsem);
	if (is_dir)
		(void)vfs_rmdir(dir, path.dentry);
	else
		(void)vfs_unlink(dir, path.dentry);
	up_write(&dir->i_rwsem);
	dput(parent);
	path_put(&path);
}

/* Remove @name if it is there and not of the type of @mode. */
static void clean_path(const char *name, umode_t mode)
{
	struct path path;
	umode_t have;

	if (kern_path(name, 0, &path))
		return;
	have = path.dentry->d_inode->i_mode;
	path_put(&path);
	if ((have ^ mode) & S_IFMT)
		remove_name(name, S_ISDIR(have));
}

/* ---- one member ------------------------------------------------------------------------------ */

static void set_attributes(const struct path *path, const struct cpio_entry *e)
{
	struct inode *inode = path->dentry->d_inode;

	inode->i_uid = e->uid;
	inode->i_gid = e->gid;
	if (!S_ISLNK(inode->i_mode))
		inode->i_mode = (inode->i_mode & S_IFMT) | (e->mode & S_IALLUGO);
	inode->i_atime = inode->i_mtime = (struct timespec64){ e->mtime, 0 };
}

/* The name under which this file was seen first, or NULL; then it is remembered.  -ENOMEM in *@rc */
static const char *find_link(struct unpack *u, const struct cpio_entry *e, int *rc)
{
	struct seen_link **head = &u->links[(e->ino + e->min) % ARRAY_SIZE(u->links)], *s;

	if (e->nlink < 2)
		return NULL;
	for (s = *head; s; s = s->next)
		if (s->ino == e->ino && s->maj == e->maj && s->min == e->min && s->archive == e->archive)
			return s->name;
	s = kmalloc(sizeof(*s), GFP_KERNEL);
	if (!s) {
		*rc = -ENOMEM;
		return NULL;
	}
	*s = (struct seen_link){ *head, e->ino, e->maj, e->min, e->archive, e->name };
	*head = s;
	return NULL;
}

static int write_data(struct file *f, const struct cpio_entry *e)
{
	loff_t pos = 0;

	while ((size_t)pos < e->size) {
		ssize_t n = kernel_write(f, (const char *)e->data + pos, e->size - pos, &pos);

		if (n <= 0)
			return n ? n : -EIO;
	}
	return 0;
}

static int unpack_file(struct unpack *u, const struct cpio_entry *e)
{
	int rc = 0, flags = O_WRONLY | O_CREAT;
	const char *first = find_link(u, e, &rc);
	struct file *f;

	if (rc)
		return rc;
	if (first) {
		rc = make_link(first, e->name);
		if (!e->size || rc)
			return rc;
	}
	f = filp_open(e->name, flags | (first ? 0 : O_TRUNC), e->mode);
	if (IS_ERR(f))
		return PTR_ERR(f);
	rc = write_data(f, e);
	set_attributes(&f->f_path, e);
	fput(f);
	return rc;
}

/* Directories that exist (".") get their mode too. */
static int unpack_dir(struct unpack *u, const struct cpio_entry *e)
{
	struct dir_time *t = kmalloc(sizeof(*t), GFP_KERNEL);
	int rc;

	if (!t)
		return -ENOMEM;
	rc = make_dir(e->name, e->mode);
	if (!rc || rc == -EEXIST)
		rc = kern_path(e->name, LOOKUP_DIRECTORY, &t->path);
	if (rc) {
		kfree(t);
		return rc;
	}
	set_attributes(&t->path, e);
	t->mtime = e->mtime;
	t->next = u->dirs;
	u->dirs = t;
	return 0;
}

static int finish_member(const struct cpio_entry *e, int rc)
{
	struct path path;

	if (!rc)
		rc = kern_path(e->name, 0, &path);
	if (rc)
		return rc;
	set_attributes(&path, e);
	path_put(&path);
	return 0;
}

static int unpack_special(struct unpack *u, const struct cpio_entry *e)
{
	int rc = 0;
	const char *first = find_link(u, e, &rc);

	if (rc)
		return rc;
	if (first)
		return make_link(first, e->name);
	return finish_member(e, make_node(e->name, e->mode, MKDEV(e->rmaj, e->rmin)));
}

static int unpack_member(struct unpack *u, const struct cpio_entry *e)
{
	clean_path(e->name, e->mode);
	switch (e->mode & S_IFMT) {
	case S_IFREG:
		return unpack_file(u, e);
	case S_IFDIR:
		return unpack_dir(u, e);
	case S_IFLNK:
		remove_name(e->name, false);
		return finish_member(e, make_symlink(e->name, e));
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return unpack_special(u, e);
	}
	return 0;
}

/* Further names of files seen so far will not come: what is remembered of them lies in their archive. */
static void forget_links(struct unpack *u)
{
	for (unsigned i = 0; i < ARRAY_SIZE(u->links); i++) {
		for (struct seen_link *l = u->links[i], *next; l; l = next) {
			next = l->next;
			kfree(l);
		}
		u->links[i] = NULL;
	}
}

static void set_dir_times(struct unpack *u)
{
	for (struct dir_time *t = u->dirs, *next; t; t = next) {
		next = t->next;
		t->path.dentry->d_inode->i_mtime = (struct timespec64){ t->mtime, 0 };
		path_put(&t->path);
		kfree(t);
	}
}

/* ---- archives -------------------------------------------------------------------------------- */

/* What an archive that we cannot read begins with. */
static const char *compression_of(const u8 *p, size_t n)
{
	static const struct { const char *name; u8 magic[4]; unsigned len; } known[] = {
		{ "xz", { 0xfd, '7', 'z', 'X' }, 4 },
		{ "bzip2", { 'B', 'Z', 'h' }, 3 }, { "zstd", { 0x28, 0xb5, 0x2f, 0xfd }, 4 },
		{ "lz4", { 0x02, 0x21, 0x4c, 0x18 }, 4 }, { "lzma", { 0x5d, 0, 0 }, 3 },
		{ "lzo", { 0x89, 'L', 'Z', 'O' }, 4 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(known); i++)
		if (n >= known[i].len && !memcmp(p, known[i].magic, known[i].len))
			return known[i].name;
	return NULL;
}

static void say_not_archive(const u8 *p, size_t n)
{
	const char *kind = compression_of(p, n);

	if (kind)
		pr_err("Initramfs unpacking failed: compression method %s not configured\n", kind);
	else
		pr_err("Initramfs unpacking failed: invalid magic at start of compressed archive\n");
}

/*
 * Make what the archives at @p say, up to what is no cpio.
 * => bytes that were read: all, if nothing else follows; -errno after a message
 */
static ssize_t unpack_cpio(struct unpack *u, const u8 *p, size_t n)
{
	struct cpio_iter it;
	struct cpio_entry e;
	int rc;

	cpio_init(&it, p, n);
	while ((rc = cpio_next(&it, &e)) > 0) {
		rc = unpack_member(u, &e);
		if (rc == -ENOMEM || rc == -ENOSPC) {
			pr_err("Initramfs unpacking failed: write error (%d) at %.80s\n", rc, e.name);
			break;
		}
		if (rc)
			pr_warn("initramfs: %.80s left out (%d)\n", e.name, rc);
	}
	if (rc == -EINVAL && it.error)
		pr_err("Initramfs unpacking failed: %s\n", it.error);
	forget_links(u);
	return rc < 0 && (rc != -EINVAL || it.error) ? rc : it.p - p;
}

/* The same for a gzip member: it becomes memory, which is read, and freed. */
static ssize_t unpack_gzip(struct unpack *u, const u8 *p, size_t n)
{
	struct gunzip *g = kmalloc(sizeof(*g), GFP_KERNEL);
	size_t used, bytes;
	u8 *out = NULL;
	ssize_t rc = -ENOMEM;

	if (g)
		rc = gunzip(g, p, n, NULL, 0, &used, &bytes);
	if (!rc && bytes) {
		out = vmalloc(bytes);
		rc = out ? gunzip(g, p, n, out, bytes, &used, &bytes) : -ENOMEM;
	}
	kfree(g);
	if (rc) {
		pr_err("Initramfs unpacking failed: %s\n", rc == -ENOMEM ? "out of memory" : "invalid gzip data");
	} else if (bytes) {
		rc = unpack_cpio(u, out, bytes);
		if (rc >= 0 && (size_t)rc < bytes)
			say_not_archive(out + rc, bytes - rc);
	}
	vfree(out);
	return rc < 0 ? rc : (ssize_t)used;
}

static void unpack_to_rootfs(const u8 *p, size_t n)
{
	static struct unpack u __initdata;

	while (n) {
		ssize_t done = gzip_is_member(p, n) ? unpack_gzip(&u, p, n) : unpack_cpio(&u, p, n);

		if (done < 0)
			break;
		p += done;
		n -= done;
		if (n && !gzip_is_member(p, n)) {
			say_not_archive(p, n);
			break;
		}
	}
	set_dir_times(&u);
}

static void default_rootfs(void)
{
	(void)make_dir("/dev", 0755);
	(void)make_node("/dev/console", S_IFCHR | S_IRUSR | S_IWUSR, MKDEV(5, 1));
	(void)make_dir("/root", 0700);
}

void populate_rootfs(void)
{
	int umask = current->fs->umask;
	void *archive;

	current->fs->umask = 0;
	default_rootfs();
	if (phys_is_ram(initrd_start, initrd_end)) {
		pr_info("Unpacking initramfs...\n");
		archive = memremap(initrd_start, initrd_end - initrd_start);
		if (archive)
			unpack_to_rootfs(archive, initrd_end - initrd_start);
		else
			pr_err("initramfs: no room to map it\n");
		memunmap(archive);
		vm_area_purge();
		free_reserved_area(initrd_start, initrd_end, "initrd");
	}
	current->fs->umask = umask;
}
