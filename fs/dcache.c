/*
 * fs/dcache.c - names: the tree of dentries, and the hash that finds a child by name.
 *
 * MODEL     See fs/dcache.h.  A dentry whose last user goes is freed at once if it is unhashed or its
 *           file system does not want it cached; otherwise it waits on the LRU, where it costs only
 *           memory, until dcache_shrink() takes it.
 * INVARIANTS
 *   D1  DCACHE_HASHED iff on a hash chain; found by look-up only then.
 *   D2  A positive dentry stays so until its last reference goes: unlink unhashes it.
 *   D3  A child holds a reference to its parent: a directory outlives its names.
 *   D4  d_subdirs is ordered by d_off, newest (greatest) first.
 * LOCKING   dcache_lock for all of it, for reading to look, for writing to change; d_count goes to 0 only with
 *           it held for writing, and up from 0 only with it held.
 * COST      dput() of a dentry with other users: one compare-and-swap, no lock.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/dcache.h"
#include "fs/inode.h"
#include "lib/hash.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/slab/slab.h"

DEFINE_RWLOCK(dcache_lock, RANK_FILES);
unsigned long nr_dentry, nr_dentry_unused;

static struct kmem_cache *dentry_cache;
static struct hlist_head *dentry_hash;
static unsigned dentry_hash_bits;
static LIST_HEAD(dentry_lru);		/* oldest at the tail */

unsigned name_hash(const char *name, unsigned len)
{
	unsigned h = 0;

	for (unsigned i = 0; i < len; i++)
		h = (h + (u8)name[i]) * 0x9e3779b1u;
	return h;
}

static struct hlist_head *d_bucket(const struct dentry *parent, unsigned hash)
{
	u64 x = ((u64)(unsigned long)parent >> 6) ^ hash;

	return &dentry_hash[hash_64(x, dentry_hash_bits)];
}

static void __d_hash(struct dentry *d) REQUIRES(dcache_lock)
{
	INV(D1, !(d->d_flags & DCACHE_HASHED));
	hlist_add_head(&d->d_hashlink, d_bucket(d->d_parent, d->d_namehash));
	d->d_flags |= DCACHE_HASHED;
}

static void __d_unhash(struct dentry *d) REQUIRES(dcache_lock)
{
	if (d->d_flags & DCACHE_HASHED) {
		hlist_del(&d->d_hashlink);
		d->d_flags &= ~DCACHE_HASHED;
	}
}

static struct dentry *dentry_new(struct super_block *sb, const struct qstr *name)
{
	struct dentry *d = kmem_cache_alloc(dentry_cache, GFP_KERNEL);
	char *text;

	if (!d)
		return NULL;
	text = d->d_iname;
	if (name->len >= DNAME_INLINE) {
		text = kmalloc(name->len + 1, GFP_KERNEL);
		if (!text) {
			kmem_cache_free(dentry_cache, d);
			return NULL;
		}
	}
	memcpy(text, name->name, name->len);
	text[name->len] = 0;
	atomic_set(&d->d_count, 1);
	d->d_flags = 0;
	d->d_parent = d;
	d->d_inode = NULL;
	d->d_name = text;
	d->d_len = name->len;
	d->d_namehash = name->hash;
	INIT_LIST_HEAD(&d->d_child);
	INIT_LIST_HEAD(&d->d_subdirs);
	INIT_LIST_HEAD(&d->d_alias);
	d->d_sb = sb;
	d->d_op = sb->s_d_op;
	d->d_fsdata = NULL;
	d->d_off = 0;
	return d;
}

static void dentry_free(struct dentry *d)
{
	if (d->d_name != d->d_iname)
		kfree(d->d_name);
	kmem_cache_free(dentry_cache, d);
}

/* Link @d as the newest name of @parent (D3, D4). */
static void __d_link_child(struct dentry *d, struct dentry *parent) REQUIRES(dcache_lock)
{
	static u64 next_off = 4;	/* 0..3 are positions of "." and "..", the start and the end */

	d->d_parent = parent;
	d->d_off = next_off++;
	list_add(&d->d_child, &parent->d_subdirs);
}

struct dentry *d_alloc(struct dentry *parent, const struct qstr *name)
{
	struct dentry *d = dentry_new(parent->d_sb, name);

	if (!d)
		return NULL;
	dget(parent);
	write_lock(&dcache_lock);
	nr_dentry++;
	__d_link_child(d, parent);
	write_unlock(&dcache_lock);
	return d;
}

struct dentry *d_alloc_pseudo(struct super_block *sb, const char *name)
{
	struct qstr q = { name, strlen(name), 0 };
	struct dentry *d = dentry_new(sb, &q);

	if (d) {
		write_lock(&dcache_lock);
		nr_dentry++;
		write_unlock(&dcache_lock);
	}
	return d;
}

struct dentry *d_make_root(struct inode *inode)
{
	struct dentry *d;

	if (!inode)
		return NULL;
	d = d_alloc_pseudo(inode->i_sb, "/");
	if (!d) {
		iput(inode);
		return NULL;
	}
	d_instantiate(d, inode);
	return d;
}

static void __d_instantiate(struct dentry *d, struct inode *inode) REQUIRES(dcache_lock)
{
	d->d_inode = inode;
	if (inode)
		list_add(&d->d_alias, &inode->i_dentry);
}

void d_add_pinned(struct dentry *d, struct inode *inode)
{
	write_lock(&dcache_lock);
	__d_instantiate(d, inode);
	if (!(d->d_flags & DCACHE_HASHED))
		__d_hash(d);
	d->d_flags |= DCACHE_PINNED;
	atomic_inc(&d->d_count);
	write_unlock(&dcache_lock);
}

void d_instantiate(struct dentry *d, struct inode *inode)
{
	write_lock(&dcache_lock);
	__d_instantiate(d, inode);
	write_unlock(&dcache_lock);
}

void d_add(struct dentry *d, struct inode *inode)
{
	write_lock(&dcache_lock);
	__d_instantiate(d, inode);
	if (!(d->d_flags & DCACHE_HASHED))
		__d_hash(d);
	write_unlock(&dcache_lock);
}

void d_unpin(struct dentry *d)
{
	bool pinned;

	write_lock(&dcache_lock);
	pinned = d->d_flags & DCACHE_PINNED;
	d->d_flags &= ~DCACHE_PINNED;
	write_unlock(&dcache_lock);
	if (pinned)
		dput(d);
}

struct dentry *__d_lookup(struct dentry *parent, const struct qstr *name)
{
	struct dentry *d;

	hlist_for_each_entry(d, d_bucket(parent, name->hash), d_hashlink)
		if (d->d_namehash == name->hash && d->d_parent == parent && d->d_len == name->len &&
		    !memcmp(d->d_name, name->name, name->len))
			return d;
	return NULL;
}

struct dentry *d_lookup(struct dentry *parent, const struct qstr *name)
{
	struct dentry *d;

	read_lock(&dcache_lock);
	d = dget(__d_lookup(parent, name));
	read_unlock(&dcache_lock);
	return d;
}

struct dentry *dget_parent(struct dentry *d)
{
	struct dentry *p;

	read_lock(&dcache_lock);
	p = dget(d->d_parent);
	read_unlock(&dcache_lock);
	return p;
}

/* Take @d, which nobody uses, out of everything.  => dcache_lock is dropped; parent to dput(), or NULL */
static struct dentry *dentry_kill(struct dentry *d) RELEASE(dcache_lock)
{
	struct dentry *parent = d->d_parent != d ? d->d_parent : NULL;
	struct inode *inode = d->d_inode;

	INV(D3, list_empty(&d->d_subdirs));
	__d_unhash(d);
	if (d->d_flags & DCACHE_LRU) {
		list_del(&d->d_lru);
		nr_dentry_unused--;
	}
	d->d_flags = DCACHE_DEAD;
	list_del_init(&d->d_child);
	list_del_init(&d->d_alias);
	nr_dentry--;
	write_unlock(&dcache_lock);
	if (inode)
		iput(inode);
	dentry_free(d);
	return parent;
}

/* The slow end of dput(): @d may have lost its last user. */
static struct dentry *dput_last(struct dentry *d)
{
	write_lock(&dcache_lock);
	if (!atomic_dec_and_test(&d->d_count)) {
		write_unlock(&dcache_lock);
		return NULL;
	}
	if (d_unhashed(d) || (d->d_flags & DCACHE_UNCACHED) ||
	    (d->d_op && d->d_op->delete_ && d->d_op->delete_(d)))
		return dentry_kill(d);
	if (!(d->d_flags & DCACHE_LRU)) {
		d->d_flags |= DCACHE_LRU;
		list_add(&d->d_lru, &dentry_lru);
		nr_dentry_unused++;
	}
	write_unlock(&dcache_lock);
	return NULL;
}

void dput(struct dentry *d)
{
	while (d) {
		int c = atomic_read(&d->d_count);

		while (c > 1)
			if (atomic_try_cmpxchg(&d->d_count, &c, c - 1))
				return;
		d = dput_last(d);
	}
}

void d_drop(struct dentry *d)
{
	write_lock(&dcache_lock);
	__d_unhash(d);
	write_unlock(&dcache_lock);
}

void d_delete(struct dentry *d)
{
	d_drop(d);		/* D2: it keeps its inode */
	d_unpin(d);
}

/* ---- renaming -------------------------------------------------------------------------------- */

static void swap_names(struct dentry *a, struct dentry *b)
{
	char tmp[DNAME_INLINE];
	const char *an = a->d_name == a->d_iname ? b->d_iname : a->d_name;
	const char *bn = b->d_name == b->d_iname ? a->d_iname : b->d_name;

	memcpy(tmp, a->d_iname, DNAME_INLINE);
	memcpy(a->d_iname, b->d_iname, DNAME_INLINE);
	memcpy(b->d_iname, tmp, DNAME_INLINE);
	a->d_name = bn;
	b->d_name = an;
	swap(a->d_len, b->d_len);
	swap(a->d_namehash, b->d_namehash);
}

/*
 * @d gets the name of @target, which keeps it too: it may be open, and is shown by it.  Only a long name
 * changes hands.  => memory to free when dcache_lock is dropped, or NULL
 */
static const char *take_name(struct dentry *d, struct dentry *target)
{
	const char *old = d->d_name == d->d_iname ? NULL : d->d_name;

	if (target->d_name != target->d_iname) {
		swap_names(d, target);
		return NULL;
	}
	memcpy(d->d_iname, target->d_iname, DNAME_INLINE);
	d->d_name = d->d_iname;
	d->d_len = target->d_len;
	d->d_namehash = target->d_namehash;
	return old;
}

/* @d takes the name and the directory of @target, which is unhashed. */
void d_move(struct dentry *d, struct dentry *target)
{
	struct dentry *from = d->d_parent;
	const char *old_name;

	write_lock(&dcache_lock);
	__d_unhash(d);
	__d_unhash(target);
	old_name = take_name(d, target);
	list_del(&d->d_child);
	atomic_inc(&target->d_parent->d_count);
	atomic_dec(&from->d_count);	/* not the last: the caller holds it */
	__d_link_child(d, target->d_parent);
	__d_hash(d);
	write_unlock(&dcache_lock);
	kfree(old_name);
}

void d_exchange(struct dentry *a, struct dentry *b)
{
	struct dentry *pa = a->d_parent, *pb = b->d_parent;

	write_lock(&dcache_lock);
	__d_unhash(a);
	__d_unhash(b);
	swap_names(a, b);
	list_del(&a->d_child);
	list_del(&b->d_child);
	__d_link_child(b, pa);
	__d_link_child(a, pb);		/* the newer of the two */
	__d_hash(a);
	__d_hash(b);
	write_unlock(&dcache_lock);
}

bool is_subdir(struct dentry *d, struct dentry *ancestor)
{
	bool found = false;

	read_lock(&dcache_lock);
	for (;; d = d->d_parent) {
		if (d == ancestor) {
			found = true;
			break;
		}
		if (d->d_parent == d)
			break;
	}
	read_unlock(&dcache_lock);
	return found;
}

bool d_has_positive_child(struct dentry *dir)
{
	struct dentry *d;
	bool found = false;

	read_lock(&dcache_lock);
	list_for_each_entry(d, &dir->d_subdirs, d_child)
		if (d->d_inode && !d_unhashed(d)) {
			found = true;
			break;
		}
	read_unlock(&dcache_lock);
	return found;
}

/* ---- giving memory back ---------------------------------------------------------------------- */

/* Free the oldest unused dentry of @sb (NULL: any).  Returns false when there is none. */
static bool shrink_one(struct super_block *sb)
{
	struct dentry *d, *prev;

	write_lock(&dcache_lock);
	list_for_each_entry_safe_reverse(d, prev, &dentry_lru, d_lru) {
		if (sb && d->d_sb != sb)
			continue;
		if (atomic_read(&d->d_count)) {		/* in use again: not ours */
			list_del(&d->d_lru);
			d->d_flags &= ~DCACHE_LRU;
			nr_dentry_unused--;
			continue;
		}
		dput(dentry_kill(d));
		return true;
	}
	write_unlock(&dcache_lock);
	return false;
}

unsigned long dcache_shrink(struct super_block *sb, unsigned long nr)
{
	unsigned long freed = 0;

	while (freed < nr && shrink_one(sb)) {
		freed++;
		cond_resched();
	}
	return freed;
}

/* The last name below @root, newest leaf first, unlinked and counted; NULL: nothing is left. */
static struct dentry *prune_leaf(struct dentry *root)
{
	struct dentry *d = root;

	write_lock(&dcache_lock);
	while (!list_empty(&d->d_subdirs))
		d = list_first_entry(&d->d_subdirs, struct dentry, d_child);
	if (d != root) {
		atomic_inc(&d->d_count);
		__d_unhash(d);
		list_del_init(&d->d_child);
	}
	write_unlock(&dcache_lock);
	return d == root ? NULL : d;
}

void d_prune_tree(struct dentry *root)
{
	struct dentry *d;

	while ((d = prune_leaf(root))) {
		d_unpin(d);
		dput(d);
		cond_resched();
	}
}

void __init dcache_init(void)
{
	unsigned long heads = clamp(totalram_pages() / 16, 256ul, 65536ul);

	dentry_cache = kmem_cache_create("dentry", sizeof(struct dentry), 0,
					 SLAB_RECLAIM_ACCOUNT | SLAB_PANIC, NULL);
	dentry_hash_bits = ilog2(heads);
	dentry_hash = alloc_pages_exact(sizeof(*dentry_hash) << dentry_hash_bits, GFP_KERNEL | __GFP_ZERO);
	if (!dentry_hash)
		panic("no memory for the dentry hash");
}
