/*
 * fs/sysfs_fdt.c - /sys/firmware: the device tree, as the blob and as a folder for each node.
 *
 * MODEL     `fdt` is the blob.  Below devicetree/base the root's folder has a file for each property, with its
 *           bytes as they are, and a folder for each child.  A node without a property "name" gets one: its name
 *           without the unit address.  Nothing is built: an entry is found by a walk over the node each time, its
 *           inode is made when it is looked up, and forgotten when nobody uses it.  A value's inode points into
 *           the blob.
 *           The walk is over the properties in file order, then "name", then the children.  A name that was there
 *           before is shown as "name#1", "name#2", as Linux shows it: a property may be called like a child.
 *           Inode numbers are the offsets of the tokens, so that they stay what they are.
 * INVARIANTS
 *   F1  The blob lies in reserved memory, and does not change once programs run.
 *   F2  The tree may lie: a name that cannot be a file's is not shown, nor are nodes below FDT_MAX_DEPTH.
 * LOCKING   None (F1).
 * COST      A look-up walks over the node with all below it; so does a listing, for each name again.
 * TESTS     test/user/t_devtree.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/file.h"
#include "fs/inode.h"
#include "fs/libfs.h"
#include "fs/namei.h"
#include "fs/sysfs.h"
#include "include/machine.h"
#include "include/uapi/dirent.h"
#include "kernel/sched/sched.h"
#include "kernel/signal/signal.h"
#include "lib/fdt.h"
#include "lib/string.h"
#include "lib/vsprintf.h"

#define TWINS_MAX	16		/* more of one name are not shown, nor are they on Linux */
#define INO_BASE	(1ul << 32)	/* above what get_next_ino() gives other files of sysfs */

/* ---- entries ------------------------------------------------------------------------------------- */

/* A walk over the folder of a node, and what it stands at. */
struct entry {
	int node, depth;
	int pos;			/* fdt_next_prop()'s */
	bool has_name;			/* a property "name" was seen, or made */
	int child;			/* FDT_NONE: it stands at a property */
	const char *name;
	const void *val;		/* NULL: of the "name" that we make */
	int len;
	unsigned long ino;
};

static struct entry entry_start(const struct inode *dir)
{
	unsigned long at = (unsigned long)dir->i_private;

	return (struct entry){ .node = (u32)at, .depth = at >> 32, .child = FDT_NONE };
}

static void *child_private(const struct entry *e)
{
	return (void *)((unsigned long)(e->depth + 1) << 32 | (unsigned)e->child);
}

static bool next_prop(struct entry *e)
{
	if (fdt_next_prop(&boot_fdt, e->node, &e->pos, &e->name, &e->val, &e->len) > 0) {
		e->has_name |= !strcmp(e->name, "name");
		e->ino = INO_BASE + ((const u8 *)e->val - boot_fdt.blob);	/* 12 bytes behind its token */
		return true;
	}
	if (e->has_name)
		return false;
	e->has_name = true;
	e->name = "name";
	e->val = NULL;
	e->ino = INO_BASE + boot_fdt.off_struct + e->node + 1;
	return true;
}

static bool next_child(struct entry *e)
{
	if (e->depth >= FDT_MAX_DEPTH)
		return false;
	e->child = e->child < 0 ? fdt_first_child(&boot_fdt, e->node) : fdt_next_sibling(&boot_fdt, e->child);
	if (e->child < 0)
		return false;
	e->name = fdt_node_name(&boot_fdt, e->child);
	e->ino = INO_BASE + boot_fdt.off_struct + e->child + 2;
	return true;
}

static bool is_file_name(const char *name)
{
	return *name && strlen(name) <= NAME_MAX && !strchr(name, '/') && strcmp(name, ".") && strcmp(name, "..");
}

/* Step to the next entry whose name can be a file's; false: that was the last. */
static bool entry_next(struct entry *e)
{
	do {
		if ((e->child >= 0 || !next_prop(e)) && !next_child(e))
			return false;
	} while (!is_file_name(e->name));
	return true;
}

/* How many before @e have its name, at most TWINS_MAX. */
static unsigned twins_before(const struct inode *dir, const struct entry *e)
{
	struct entry it = entry_start(dir);
	unsigned n = 0;

	while (n < TWINS_MAX && entry_next(&it) && it.ino != e->ino)
		n += !strcmp(it.name, e->name);
	return n;
}

/* The name of @e as it is shown, into @buf (NAME_MAX + 1 bytes); its length, 0: it is not. */
static int shown_name(const struct inode *dir, const struct entry *e, char *buf)
{
	unsigned twins = twins_before(dir, e);
	int n;

	if (twins == TWINS_MAX)
		return 0;
	n = snprintf(buf, NAME_MAX + 1, twins ? "%s#%u" : "%s", e->name, twins);
	return n <= NAME_MAX ? n : 0;
}

/* Is @d's the name of @e as it is shown? */
static bool is_called(const struct inode *dir, const struct entry *e, const struct dentry *d)
{
	size_t n = strlen(e->name);
	char buf[NAME_MAX + 1];

	if (d->d_len < n || memcmp(d->d_name, e->name, n) || (d->d_len > n && d->d_name[n] != '#'))
		return false;
	return shown_name(dir, e, buf) == (int)d->d_len && !memcmp(buf, d->d_name, d->d_len);
}

/* ---- the "name" of a node that has none ------------------------------------------------------------ */

/* Bytes of @name up to the unit address; the root's was checked by nobody. */
static int base_len(const char *name)
{
	const char *at = strrchr(name, '@');

	return min(at ? (size_t)(at - name) : strlen(name), (size_t)NAME_MAX);
}

static ssize_t name_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	const struct inode *inode = f->f_inode;
	char buf[NAME_MAX + 1] = "";

	memcpy(buf, inode->i_private, inode->i_size - 1);
	return simple_read_from_buffer(to, pos, buf, inode->i_size);
}

static const struct file_operations name_fops = {
	.open = attrfs_open, .read = name_read, .llseek = no_seek_end_llseek,
};
static const struct inode_operations file_iops = { .setattr = simple_setattr };

/* ---- folders ------------------------------------------------------------------------------------- */

static const struct inode_operations node_iops;
static const struct file_operations node_fops;

static void set_folder(struct inode *inode, const struct entry *e)
{
	inode->i_mode = S_IFDIR | 0755;
	inode->i_nlink = 2;
	inode->i_private = child_private(e);
	inode->i_op = &node_iops;
	inode->i_fop = &node_fops;
}

static void set_value(struct inode *inode, const struct entry *e)
{
	const char *name = fdt_node_name(&boot_fdt, e->node);

	inode->i_mode = S_IFREG | (strncmp(e->name, "security-", 9) ? 0444 : 0400);
	inode->i_op = &file_iops;
	inode->i_fop = e->val ? &attrfs_bytes_fops : &name_fops;
	inode->i_private = e->val ? (void *)e->val : (void *)name;
	inode->i_size = e->val ? e->len : base_len(name) + 1;
}

static struct dentry *node_lookup(struct inode *dir, struct dentry *d, __maybe_unused unsigned flags)
{
	struct entry e = entry_start(dir);
	struct inode *inode = NULL;
	bool found;

	do {
		found = entry_next(&e);
	} while (found && !is_called(dir, &e, d));
	if (found) {
		inode = new_inode(d->d_sb);
		if (!inode)
			return ERR_PTR(-ENOMEM);
		inode->i_ino = e.ino;
		if (e.child >= 0)
			set_folder(inode, &e);
		else
			set_value(inode, &e);
	}
	d_add(d, inode);
	return NULL;
}

/* The position is 2 and the number of the entry, shown or not. */
static int node_readdir(struct file *f, struct dir_context *ctx)
{
	struct inode *dir = f->f_inode;
	struct entry e = entry_start(dir);
	char name[NAME_MAX + 1];
	int n;

	if (!dir_emit_dots(f, ctx))
		return 0;
	for (loff_t at = 2; entry_next(&e); at++) {
		if (at < ctx->pos)
			continue;
		if (fatal_signal_pending())
			return -EINTR;
		cond_resched();
		n = shown_name(dir, &e, name);
		if (n && !dir_emit(ctx, name, n, e.ino, e.child >= 0 ? DT_DIR : DT_REG))
			break;
		ctx->pos = at + 1;
	}
	return 0;
}

static int node_getattr(const struct path *path, struct kstat *st)
{
	struct entry e = entry_start(path->dentry->d_inode);

	generic_fillattr(path->dentry->d_inode, st);
	while (entry_next(&e))
		st->nlink += e.child >= 0;
	return 0;
}

static const struct inode_operations node_iops = { .lookup = node_lookup, .getattr = node_getattr };
static const struct file_operations node_fops = {
	.iterate = node_readdir, .read = generic_read_dir, .llseek = no_seek_end_llseek,
};

int sysfs_fdt_init(void)
{
	return sysfs_create_bytes("firmware/fdt", 0400, boot_dtb, boot_dtb_bytes) |
	       sysfs_create_live_dir("firmware/devicetree/base", &node_iops, &node_fops);
}
