/*
 * fs/sysfs_slab.c - /sys/kernel/slab: a directory for each cache, a file for each of its attributes.
 *
 * MODEL     Names are made when they are looked up, and forgotten when nobody uses them: a thousand files
 *           that stand ready would cost more memory than many caches.  A file is told by its own name and its
 *           directory's; the cache is looked for each time, and one that is gone reads as ENODEV.
 *           The directory of a cache that others may be merged with is named by its id (":0000192"), and all its
 *           names, the first too, are links to it; that of any other has its name.
 *           The attributes come from the slab back end (slab_attrs); one without any has no directory here.
 * LOCKING   slab_mutex, by for_each_cache(), keeps the caches alive while an attribute is shown or set.  Nothing
 *           is copied to or from a program under it.
 * TESTS     test/user/t_slab.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/file.h"
#include "fs/inode.h"
#include "fs/libfs.h"
#include "fs/namei.h"
#include "fs/sysfs.h"
#include "include/uapi/dirent.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "mm/slab/slab.h"

#define CACHE_NAME_MAX	64

/* ---- names --------------------------------------------------------------------------------------- */

/* What is looked for: a cache or an alias, by name, or by its place among them all. */
struct search {
	const char *name;		/* NULL: the @nr-th */
	unsigned len, nr;
	char found[CACHE_NAME_MAX];	/* the cache's or the alias' name */
	char target[CACHE_NAME_MAX];	/* the alias' cache; empty: it is a cache */
};

static bool is_wanted(struct search *s, const char *name)
{
	if (s->name)
		return strlen(name) == s->len && !memcmp(name, s->name, s->len);
	return !s->nr--;
}

static int look_at_alias(const char *alias, struct kmem_cache *cache, void *data)
{
	struct search *s = data;

	if (!is_wanted(s, alias))
		return 0;
	snprintf(s->found, sizeof(s->found), "%s", alias);
	kmem_cache_id(cache, s->target, sizeof(s->target));
	return 1;
}

/* Its directory, and the link that its first name is if the directory has another. */
static int look_at_cache(struct kmem_cache *cache, void *data)
{
	struct search *s = data;
	char id[CACHE_NAME_MAX];

	kmem_cache_id(cache, id, sizeof(id));
	if (is_wanted(s, id)) {
		strscpy(s->found, id, sizeof(s->found));
		return 1;
	}
	return kmem_cache_has_id(cache) ? look_at_alias(kmem_cache_name(cache), cache, data) : 0;
}

static bool search(struct search *s)
{
	return for_each_cache(look_at_cache, s) || for_each_cache_alias(look_at_alias, s);
}

static const struct slab_attr *attr_of(const struct dentry *d)
{
	const struct slab_attr *a = slab_attrs;

	while (a->name && (strlen(a->name) != d->d_len || memcmp(a->name, d->d_name, d->d_len)))
		a++;
	return a->name ? a : NULL;
}

/* ---- attribute files ------------------------------------------------------------------------------ */

struct attr_call {
	const struct dentry *file;
	char *buf;
	size_t n;			/* to store */
	bool store;
	ssize_t rc;
};

static int call_attr(struct kmem_cache *s, void *data)
{
	struct attr_call *c = data;
	const struct slab_attr *a = attr_of(c->file);
	const struct dentry *dir = c->file->d_parent;
	char name[CACHE_NAME_MAX];

	if (kmem_cache_has_id(s) != (dir->d_name[0] == ':'))
		return 0;
	kmem_cache_id(s, name, sizeof(name));
	if (strlen(name) != dir->d_len || memcmp(name, dir->d_name, dir->d_len))
		return 0;
	if (c->store)
		c->rc = a->store ? a->store(s, c->buf, c->n) : -EIO;
	else
		c->rc = a->show ? a->show(s, c->buf) : 0;
	return 1;
}

static ssize_t slab_file_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct attr_call c = { .file = f->f_path.dentry, .rc = -ENODEV };

	c.buf = (char *)get_zeroed_page(GFP_KERNEL);
	if (!c.buf)
		return -ENOMEM;
	for_each_cache(call_attr, &c);
	if (c.rc >= 0)
		c.rc = simple_read_from_buffer(to, pos, c.buf, c.rc);
	free_page((unsigned long)c.buf);
	return c.rc;
}

static ssize_t slab_file_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	struct attr_call c = { .file = f->f_path.dentry, .store = true, .rc = -ENODEV };

	c.n = min(from->count, (size_t)PAGE_SIZE - 1);
	c.buf = (char *)get_zeroed_page(GFP_KERNEL);
	if (!c.buf)
		return -ENOMEM;
	if (copy_from_iter(c.buf, c.n, from) == c.n)
		for_each_cache(call_attr, &c);
	else
		c.rc = -EFAULT;
	free_page((unsigned long)c.buf);
	if (c.rc > 0)
		*pos += c.rc;
	return c.rc;
}

static const struct file_operations slab_file_fops = {
	.open = attrfs_open, .read = slab_file_read, .write = slab_file_write, .llseek = no_seek_end_llseek,
};
static const struct inode_operations slab_file_iops = { .setattr = simple_setattr };

/* ---- the directory of a cache ---------------------------------------------------------------------- */

static struct dentry *add_inode(struct dentry *d, umode_t mode, const struct inode_operations *iops,
				const struct file_operations *fops)
{
	struct inode *inode = new_inode(d->d_sb);

	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode->i_mode = mode;
	inode->i_op = iops;
	inode->i_fop = fops;
	inode->i_nlink = S_ISDIR(mode) ? 2 : 1;
	inode->i_size = S_ISREG(mode) ? PAGE_SIZE : 0;
	d_add(d, inode);
	return NULL;
}

static struct dentry *no_such_name(struct dentry *d)
{
	d_add(d, NULL);
	return NULL;
}

static struct dentry *cache_lookup(__maybe_unused struct inode *dir, struct dentry *d, __maybe_unused unsigned flags)
{
	const struct slab_attr *a = attr_of(d);

	if (!a)
		return no_such_name(d);
	return add_inode(d, S_IFREG | (a->store ? 0600 : 0400), &slab_file_iops, &slab_file_fops);
}

static int cache_readdir(struct file *f, struct dir_context *ctx)
{
	if (!dir_emit_dots(f, ctx))
		return 0;
	for (unsigned i = 0; slab_attrs[i].name; i++) {
		if (i + 2 < ctx->pos)
			continue;
		if (!dir_emit(ctx, slab_attrs[i].name, strlen(slab_attrs[i].name), get_next_ino(), DT_REG))
			break;
		ctx->pos++;
	}
	return 0;
}

static const struct inode_operations cache_iops = { .lookup = cache_lookup };
static const struct file_operations cache_fops = {
	.iterate = cache_readdir, .read = generic_read_dir, .llseek = no_seek_end_llseek,
};

/* ---- the directory of all ---------------------------------------------------------------------------- */

static const char *alias_target(struct dentry *d, __maybe_unused struct inode *inode, char *buf)
{
	struct search s = { .name = d->d_name, .len = d->d_len };

	if (!search(&s) || !s.target[0])
		return ERR_PTR(-ENOENT);
	snprintf(buf, PAGE_SIZE, "%s", s.target);
	return buf;
}
static const struct inode_operations alias_iops = { .get_link = alias_target };

static struct dentry *slab_lookup(__maybe_unused struct inode *dir, struct dentry *d, __maybe_unused unsigned flags)
{
	struct search s = { .name = d->d_name, .len = d->d_len };

	if (!search(&s))
		return no_such_name(d);
	return s.target[0] ? add_inode(d, S_IFLNK | S_IRWXUGO, &alias_iops, NULL)
			   : add_inode(d, S_IFDIR | 0755, &cache_iops, &cache_fops);
}

static int slab_readdir(struct file *f, struct dir_context *ctx)
{
	if (!dir_emit_dots(f, ctx))
		return 0;
	for (;; ctx->pos++) {
		struct search s = { .nr = ctx->pos - 2 };

		if (!search(&s) ||
		    !dir_emit(ctx, s.found, strlen(s.found), get_next_ino(), s.target[0] ? DT_LNK : DT_DIR))
			return 0;
	}
}

static const struct inode_operations slab_iops = { .lookup = slab_lookup };
static const struct file_operations slab_fops = {
	.iterate = slab_readdir, .read = generic_read_dir, .llseek = no_seek_end_llseek,
};

int sysfs_slab_init(void)
{
	return slab_attrs[0].name ? sysfs_create_live_dir("kernel/slab", &slab_iops, &slab_fops) : 0;
}
