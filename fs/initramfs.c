/*
 * fs/initramfs.c - fill the root file system from the initrd: cpio archives, one after another, each plain or
 * compressed (lib/decompress.c).
 *
 * MODEL     Each member is made by its name, in order, relative to the root.  Names of one file (same
 *           archive, device and inode) are hard links; the data comes with any of them.  Times
 *           of directories are set last, for making names in them changes these.
 *           What is there already and is of another kind is removed first.
 * FAILURE   A member that cannot be made is left out, as on Linux, but a lack of memory or something
 *           that is no archive ends the unpacking with a message.
 *           What an archive becomes may take half of the free memory.
 * COST      content is copied once, in pages; a plain archive is not copied at all, one that was compressed is
 *           memory of its own until it is read.
 *
 * TESTS     test/boot/initramfs.py; test/host/lib (what reads archives and undoes compression)
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/vfs.h"
#include "fs/file.h"
#include "fs/fs_struct.h"
#include "fs/namei.h"
#include "include/machine.h"
#include "lib/cpio.h"
#include "lib/decompress.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/kmap/ioremap.h"
#include "mm/kmap/vmalloc.h"
#include "mm/phys/init.h"
#include "mm/phys/vmstat.h"
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

static void say_not_archive(const u8 *p, size_t n)
{
	const char *command, *kind = foreign_compression(p, n, &command);

	if (kind) {
		pr_err("Initramfs unpacking failed: compression method %s not configured\n", kind);
		pr_err("initramfs: this kernel takes it packed anew: %s INITRD | zstd >NEW (or gzip)\n", command);
	} else {
		pr_err("Initramfs unpacking failed: invalid magic at start of compressed archive\n");
	}
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

/* What an archive becomes, and the files of it, must both find room: a bomb ends with a message. */
static bool fits(size_t bytes)
{
	size_t free = nr_free_pages() * PAGE_SIZE;

	if (bytes <= free / 2)
		return true;
	pr_err("Initramfs unpacking failed: %zu MiB unpacked, and %zu MiB of memory are free\n", bytes >> 20,
	       free >> 20);
	return false;
}

/* The whole of what @d finds at @p, as memory of its own (NULL: it is empty). */
static int decompress(const struct decompressor *d, const u8 *p, size_t n, u8 **out, size_t *bytes, size_t *used)
{
	void *work = vmalloc(d->work_bytes);
	int rc = work ? d->run(work, p, n, NULL, 0, used, bytes) : -ENOMEM;

	*out = NULL;
	if (!rc && *bytes) {
		rc = -E2BIG;
		if (fits(*bytes)) {
			*out = vmalloc(*bytes);
			rc = *out ? d->run(work, p, n, *out, *bytes, used, bytes) : -ENOMEM;
		}
	}
	vfree(work);
	if (rc == -ENOMEM)
		pr_err("Initramfs unpacking failed: out of memory\n");
	else if (rc && rc != -E2BIG)
		pr_err("Initramfs unpacking failed: invalid %s data\n", d->name);
	return rc;
}

/* The same for what is compressed: it becomes memory, which is read, and freed. */
static ssize_t unpack_compressed(struct unpack *u, const struct decompressor *d, const u8 *p, size_t n)
{
	size_t bytes, used;
	u8 *out;
	ssize_t rc = decompress(d, p, n, &out, &bytes, &used);

	if (!rc && bytes) {
		rc = unpack_cpio(u, out, bytes);
		if (rc >= 0 && (size_t)rc < bytes)
			say_not_archive(out + rc, bytes - rc);
	}
	vfree(out);
	return rc < 0 ? rc : (ssize_t)used;
}

/* Pieces follow each other, with zeros between; one that is not compressed begins on a multiple of 4 bytes. */
static void unpack_to_rootfs(const u8 *start, size_t bytes)
{
	static struct unpack u __initdata;
	const u8 *p = start, *end = start + bytes;

	while (p < end) {
		const struct decompressor *d = decompressor_of(p, end - p);
		ssize_t done;

		if (!*p) {
			p++;
			continue;
		}
		if (d)
			done = unpack_compressed(&u, d, p, end - p);
		else
			done = *p == '0' && (p - start) % 4 == 0 ? unpack_cpio(&u, p, end - p) : 0;
		if (!done)
			say_not_archive(p, end - p);
		if (done <= 0)
			break;
		p += done;
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
