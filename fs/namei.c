/*
 * fs/namei.c - the path walk: from a name to a (mount, dentry).
 *
 * MODEL     The walk begins lazy: it holds dcache_lock for reading, under which no dentry and no mount can go away,
 *           and moves along without counting anything.  What may sleep (a look-up in a file system,
 *           a permission or link of its own) first turns it into a counted walk (unlazy), which
 *           takes the lock only for each step.
 *           A symbolic link in the middle pushes the rest of the name on nd->rest and goes on with
 *           the link's text; links and their texts are held until the walk ends.
 * INVARIANTS
 *   N1  lazy: dcache_lock is held, nd->path and nd->root are not counted; otherwise both are.
 *   N2  nr_links counts every link followed, at most MAXSYMLINKS; each has its entry in held[].
 *   N3  Between two links the walk is of one text, PATH_MAX at most.  At a link it offers the hart, and is lazy
 *       no longer if somebody wants that, or from link LAZY_LINKS on: a path of 40 full texts has 80,000 steps.
 * LOCKING   see MODEL; the lock goes with nd->lazy, which the lock analysis cannot see, so what takes or
 *           drops it is exempt.  A slow look-up holds the directory's i_rwsem for writing: one dentry per name.
 * COST      a cached component: the hash of its name, one chain, no atomic operation.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/namei.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/fs_struct.h"
#include "fs/nameidata.h"
#include "include/uaccess.h"
#include "kernel/sched/sched.h"
#include "kernel/task/cred.h"
#include "lib/string.h"
#include "mm/slab/slab.h"

#define LAZY_LINKS 8u		/* for so many texts dcache_lock's writers wait */

static struct kmem_cache *names_cache;

/* ---- names ----------------------------------------------------------------------------------- */

char *getname_flags(const char __user *uname, unsigned lookup_flags)
{
	char *name = kmem_cache_alloc(names_cache, GFP_KERNEL);
	long len;

	if (!name)
		return ERR_PTR(-ENOMEM);
	len = strncpy_from_user(name, uname, PATH_MAX);
	if (likely(len > 0 && len < PATH_MAX))
		return name;
	if (len == 0 && (lookup_flags & LOOKUP_EMPTY))
		return name;
	putname(name);
	if (len < 0)
		return ERR_PTR(len);
	return ERR_PTR(len ? -ENAMETOOLONG : -ENOENT);
}

char *getname(const char __user *name) { return getname_flags(name, 0); }

char *getname_kernel(const char *from)
{
	char *name = kmem_cache_alloc(names_cache, GFP_KERNEL);

	if (!name)
		return ERR_PTR(-ENOMEM);
	if (strscpy(name, from, PATH_MAX) < 0) {
		putname(name);
		return ERR_PTR(-ENAMETOOLONG);
	}
	return name;
}

void putname(char *name)
{
	if (!IS_ERR(name) && name)
		kmem_cache_free(names_cache, name);
}

void __init namei_init(void)
{
	names_cache = kmem_cache_create("names_cache", PATH_MAX, 0, SLAB_HWCACHE_ALIGN | SLAB_PANIC, NULL);
}

/* ---- the state of a walk --------------------------------------------------------------------- */

void nd_unlazy(struct nameidata *nd) NO_LOCK_ANALYSIS
{
	if (!nd->lazy)
		return;
	path_get(&nd->path);
	path_get(&nd->root);
	read_unlock(&dcache_lock);
	nd->lazy = false;
}

static void nd_release_links(struct nameidata *nd)
{
	for (unsigned i = 0; i < nd->nr_links; i++) {
		dput(nd->held[i].dentry);
		putname(nd->held[i].buf);
	}
	fdput(nd->fd);
}

/* The walk failed, or its result is not wanted. */
void nd_drop(struct nameidata *nd) NO_LOCK_ANALYSIS
{
	if (nd->lazy) {
		read_unlock(&dcache_lock);
	} else {
		path_put(&nd->path);
		path_put(&nd->root);
	}
	nd_release_links(nd);
}

/* The walk succeeded: *@out is a counted path. */
void nd_finish(struct nameidata *nd, struct path *out) NO_LOCK_ANALYSIS
{
	if (nd->lazy) {
		path_get(&nd->path);
		read_unlock(&dcache_lock);
	} else {
		path_put(&nd->root);
	}
	*out = nd->path;
	nd_release_links(nd);
}

/* May a walk of @name begin at @f?  A file gets a new name by its descriptor from who opened it, or by capability. */
static int start_allowed(const struct file *f, const char *name, unsigned flags)
{
	if (*name)
		return S_ISDIR(f->f_inode->i_mode) ? 0 : -ENOTDIR;
	if ((flags & LOOKUP_LINKAT_EMPTY) && f->f_cred_id != current_cred()->id && !capable(CAP_DAC_READ_SEARCH))
		return -ENOENT;
	return 0;
}

/* Start at the root, the working directory, or @dfd.  On success dcache_lock is held (N1). */
static int nd_start(struct nameidata *nd, int dfd, const char *name, unsigned flags) NO_LOCK_ANALYSIS
{
	bool absolute = *name == '/';
	int rc;

	nd->flags = flags;
	nd->depth = nd->nr_links = 0;
	nd->at_end = false;
	nd->last_type = LAST_ROOT;
	nd->fd = (struct fd){ NULL, 0 };
	if (absolute && (flags & LOOKUP_BENEATH))
		return -EXDEV;
	if (dfd != AT_FDCWD && (!absolute || (flags & LOOKUP_IN_ROOT))) {
		nd->fd = fdget_raw(dfd);
		if (!nd->fd.file)
			return -EBADF;
		rc = start_allowed(nd->fd.file, name, flags);
		if (rc) {
			fdput(nd->fd);
			return rc;
		}
	}
	read_lock(&dcache_lock);
	nd->lazy = true;
	nd->root = current->fs->root;
	if (nd->fd.file)
		nd->path = nd->fd.file->f_path;
	else
		nd->path = absolute && !(flags & LOOKUP_IN_ROOT) ? nd->root : current->fs->pwd;
	if (flags & (LOOKUP_IN_ROOT | LOOKUP_BENEATH))
		nd->root = nd->path;
	return 0;
}

/* What a look-up says of a name that is not among all the names there are, without asking the file system. */
static inline int not_there(const struct qstr *name) { return name->len > NAME_MAX ? -ENAMETOOLONG : -ENOENT; }

/* ---- one step -------------------------------------------------------------------------------- */

static void cross_mounts(struct path *p) REQUIRES_SHARED(dcache_lock)
{
	while (p->dentry->d_flags & DCACHE_MOUNTED) {
		struct vfsmount *m = __lookup_mnt(p->mnt, p->dentry);

		if (!m)
			break;
		p->mnt = m;
		p->dentry = m->mnt_root;
	}
}

/* Make @to, not counted and valid under dcache_lock, the place we are at.  => lock dropped unless lazy */
static void nd_move_locked(struct nameidata *nd, const struct path *to) RELEASE_SHARED(dcache_lock) NO_LOCK_ANALYSIS
{
	struct path old = nd->path;

	nd->path = *to;
	if (nd->lazy)
		return;
	path_get(to);
	read_unlock(&dcache_lock);
	path_put(&old);
}

static int follow_dotdot(struct nameidata *nd) NO_LOCK_ANALYSIS
{
	struct path p;

	if (!nd->lazy)
		read_lock(&dcache_lock);
	p = nd->path;
	for (;;) {
		if (p.dentry == nd->root.dentry && p.mnt == nd->root.mnt) {
			if (nd->flags & LOOKUP_BENEATH) {
				if (!nd->lazy)
					read_unlock(&dcache_lock);
				return -EXDEV;
			}
			break;
		}
		if (p.dentry != p.mnt->mnt_root) {
			p.dentry = p.dentry->d_parent;
			break;
		}
		if (p.mnt->mnt_parent == p.mnt)
			break;
		p.dentry = p.mnt->mnt_mountpoint;
		p.mnt = p.mnt->mnt_parent;
	}
	cross_mounts(&p);
	if ((nd->flags & LOOKUP_NO_XDEV) && p.mnt != nd->path.mnt) {
		if (!nd->lazy)
			read_unlock(&dcache_lock);
		return -EXDEV;
	}
	nd_move_locked(nd, &p);
	return 0;
}

static const char *link_to_root(struct nameidata *nd, const char *text)
{
	if (nd->flags & LOOKUP_BENEATH)
		return ERR_PTR(-EXDEV);
	if ((nd->flags & LOOKUP_NO_XDEV) && nd->path.mnt != nd->root.mnt)
		return ERR_PTR(-EXDEV);
	if (nd->lazy) {
		nd->path = nd->root;
	} else {
		path_get(&nd->root);
		path_put(&nd->path);
		nd->path = nd->root;
	}
	while (*text == '/')
		text++;
	return text;
}

int sysctl_protected_symlinks = 1;

/*
 * The link at the end of a path, in a directory where all may write and only owners remove (/tmp): it must be
 * the caller's or the directory owner's, or else who made it would choose what others open.
 */
static bool may_follow_link(const struct inode *dir, const struct inode *link)
{
	if (!sysctl_protected_symlinks || link->i_uid == current_fsuid() || link->i_uid == dir->i_uid)
		return true;
	return (dir->i_mode & (S_ISVTX | S_IWOTH)) != (S_ISVTX | S_IWOTH);
}

/* A link that leads to an object: go there. */
static const char *link_jump(struct nameidata *nd, struct dentry *link)
{
	struct path to;
	int rc;

	if (nd->flags & (LOOKUP_NO_MAGICLINKS | LOOKUP_NO_SYMLINKS))
		return ERR_PTR(-ELOOP);
	if (nd->flags & (LOOKUP_BENEATH | LOOKUP_IN_ROOT))
		return ERR_PTR(-EXDEV);
	rc = link->d_inode->i_op->jump_link(link, &to);
	if (rc)
		return ERR_PTR(rc);
	if ((nd->flags & LOOKUP_NO_XDEV) && to.mnt != nd->path.mnt) {
		path_put(&to);
		return ERR_PTR(-EXDEV);
	}
	path_put(&nd->path);
	nd->path = to;
	return NULL;
}

/* A text of up to PATH_MAX begins: others may want the hart, or dcache_lock (N3). */
static void pause_at_link(struct nameidata *nd)
{
	if (unlikely(need_resched()) || unlikely(nd->nr_links >= LAZY_LINKS))
		nd_unlazy(nd);
	if (!nd->lazy)
		cond_resched();
}

/*
 * Follow @link, a counted reference that the walk takes over.
 * => the text to walk from nd->path, NULL when we are there already, or ERR_PTR
 */
static const char *pick_link(struct nameidata *nd, struct dentry *link)
{
	struct inode *inode = link->d_inode;
	const char *text = inode->i_link;
	unsigned i = nd->nr_links++;

	INV(N2, i < MAXSYMLINKS);
	nd->held[i].dentry = link;
	nd->held[i].buf = NULL;
	if (nd->at_end && !may_follow_link(nd->path.dentry->d_inode, inode))
		return ERR_PTR(-EACCES);
	pause_at_link(nd);
	if (!text) {
		nd_unlazy(nd);
		if (inode->i_op->jump_link)
			return link_jump(nd, link);
		if (!inode->i_op->get_link)
			return ERR_PTR(-EINVAL);
		nd->held[i].buf = kmem_cache_alloc(names_cache, GFP_KERNEL);
		if (!nd->held[i].buf)
			return ERR_PTR(-ENOMEM);
		text = inode->i_op->get_link(link, inode, nd->held[i].buf);
		if (IS_ERR(text))
			return text;
	}
	if (!*text)
		return ERR_PTR(-ENOENT);
	return *text == '/' ? link_to_root(nd, text) : text;
}

static bool link_allowed(struct nameidata *nd)
{
	return nd->nr_links < MAXSYMLINKS && !(nd->flags & LOOKUP_NO_SYMLINKS) &&
	       !(nd->path.mnt->mnt_flags & MNT_NOSYMFOLLOW);
}

/*
 * Step to @d, a counted reference that is consumed.  Not lazy.
 * => as pick_link()
 */
const char *nd_step(struct nameidata *nd, struct dentry *d, bool follow)
{
	struct path next = { nd->path.mnt, d };
	struct inode *inode = d->d_inode;

	if (!inode) {
		dput(d);
		return ERR_PTR(-ENOENT);
	}
	if (follow && S_ISLNK(inode->i_mode)) {
		if (!link_allowed(nd)) {
			dput(d);
			return ERR_PTR(-ELOOP);
		}
		return pick_link(nd, d);
	}
	read_lock(&dcache_lock);
	cross_mounts(&next);
	if ((nd->flags & LOOKUP_NO_XDEV) && next.mnt != nd->path.mnt) {
		read_unlock(&dcache_lock);
		dput(d);
		return ERR_PTR(-EXDEV);
	}
	nd_move_locked(nd, &next);
	dput(d);
	return NULL;
}

/* Ask the file system for @name in @dir (i_rwsem held for writing).  Counted, or ERR_PTR. */
struct dentry *lookup_uncached(struct dentry *dir, const struct qstr *name, unsigned flags)
{
	struct inode *inode = dir->d_inode;
	struct dentry *d, *other;

	if (!inode->i_op->lookup)
		return ERR_PTR(-ENOTDIR);
	if (inode->i_nlink == 0)	/* removed meanwhile */
		return ERR_PTR(-ENOENT);
	d = d_alloc(dir, name);
	if (!d)
		return ERR_PTR(-ENOMEM);
	other = inode->i_op->lookup(inode, d, flags);
	if (other) {
		dput(d);
		return other;
	}
	return d;
}

/* From the cache, if it still holds.  Counted, or NULL. */
struct dentry *lookup_cached(struct dentry *dir, const struct qstr *name, unsigned flags)
{
	struct dentry *d = d_lookup(dir, name);

	if (d && d->d_op && d->d_op->revalidate && !d->d_op->revalidate(d, flags)) {
		d_drop(d);
		dput(d);
		return NULL;
	}
	return d;
}

static struct dentry *lookup_slow(struct dentry *dir, const struct qstr *name, unsigned flags)
{
	struct inode *inode = dir->d_inode;
	struct dentry *d = lookup_cached(dir, name, flags);

	if (d)
		return d;
	if (inode->i_flags & S_COMPLETE)
		return ERR_PTR(not_there(name));
	down_write(&inode->i_rwsem);
	d = lookup_cached(dir, name, flags);
	if (!d)
		d = lookup_uncached(dir, name, flags);
	up_write(&inode->i_rwsem);
	return d;
}

static const char *walk_dots(struct nameidata *nd)
{
	int rc = nd->last_type == LAST_DOTDOT ? follow_dotdot(nd) : 0;

	return rc ? ERR_PTR(rc) : NULL;
}

static const char *walk_counted(struct nameidata *nd, bool follow)
{
	struct dentry *d = lookup_slow(nd->path.dentry, &nd->last, nd->flags);

	return IS_ERR(d) ? (const char *)d : nd_step(nd, d, follow);
}

/* Go to nd->last, below where we are.  => as pick_link() */
const char *walk_component(struct nameidata *nd, bool follow)
{
	struct path next = nd->path;
	struct dentry *d;

	if (unlikely(nd->last_type != LAST_NORM))
		return walk_dots(nd);
	if (!nd->lazy)
		return walk_counted(nd, follow);
	read_assert_held(&dcache_lock);		/* N1 */
	d = __d_lookup(nd->path.dentry, &nd->last);
	if (unlikely(!d)) {
		if (nd->path.dentry->d_inode->i_flags & S_COMPLETE)
			return ERR_PTR(not_there(&nd->last));
		nd_unlazy(nd);
		return walk_counted(nd, follow);
	}
	if (unlikely(d->d_op && d->d_op->revalidate)) {
		nd_unlazy(nd);
		return walk_counted(nd, follow);
	}
	if (!d->d_inode)
		return ERR_PTR(-ENOENT);
	if (S_ISLNK(d->d_inode->i_mode) && follow)
		return link_allowed(nd) ? pick_link(nd, dget(d)) : ERR_PTR(-ELOOP);
	next.dentry = d;
	cross_mounts(&next);
	if ((nd->flags & LOOKUP_NO_XDEV) && next.mnt != nd->path.mnt)
		return ERR_PTR(-EXDEV);
	nd->path = next;
	return NULL;
}

static inline int may_lookup(struct nameidata *nd)
{
	struct inode *inode = nd->path.dentry->d_inode;

	if (likely(!inode->i_op->permission)) {
		if (likely((inode->i_mode & S_IXUGO) == S_IXUGO))
			return 0;
		return generic_permission(inode, MAY_EXEC);
	}
	nd_unlazy(nd);
	return inode_permission(inode, MAY_EXEC);
}

/* Cut the component at @name off into nd->last.  => what follows it, slashes skipped */
static const char *next_component(struct nameidata *nd, const char *name)
{
	const char *p = name;
	unsigned h = 0;

	do
		h = (h + (u8)*p) * 0x9e3779b1u;	/* as name_hash() */
	while (*++p && *p != '/');
	nd->last = (struct qstr){ name, p - name, h };
	nd->last_type = LAST_NORM;
	if (unlikely(*name == '.')) {
		if (nd->last.len == 1)
			nd->last_type = LAST_DOT;
		else if (nd->last.len == 2 && name[1] == '.')
			nd->last_type = LAST_DOTDOT;
	}
	while (*p == '/')
		p++;
	return p;
}

/* Walk all of @name but its last component, which is left in nd->last. */
int link_path_walk(const char *name, struct nameidata *nd)
{
	while (*name == '/')
		name++;
	if (!*name) {
		nd->last_type = LAST_ROOT;
		nd->last = (struct qstr){ "", 0, 0 };
		return 0;
	}
	for (;;) {
		const char *link;
		int rc = may_lookup(nd);

		if (rc)
			return rc;
		name = next_component(nd, name);
		if (!*name) {
			if (!nd->depth)
				return 0;
			name = nd->rest[--nd->depth];	/* a link's text is at its end */
		}
		link = walk_component(nd, true);
		if (unlikely(IS_ERR(link)))
			return PTR_ERR(link);
		if (link && *link) {
			nd->rest[nd->depth++] = name;
			name = link;
		}
		if (!S_ISDIR(nd->path.dentry->d_inode->i_mode))
			return -ENOTDIR;
	}
}

static int walk_to_end(struct nameidata *nd, const char *name)
{
	const char *link;

	do {
		int rc = link_path_walk(name, nd);

		if (rc)
			return rc;
		if (nd->last_type == LAST_NORM && nd->last.name[nd->last.len])	/* slashes at the end */
			nd->flags |= LOOKUP_FOLLOW | LOOKUP_DIRECTORY;
		nd->at_end = true;
		link = walk_component(nd, nd->flags & LOOKUP_FOLLOW);
		nd->at_end = false;
		if (IS_ERR(link))
			return PTR_ERR(link);
		name = link;
	} while (link);
	if ((nd->flags & LOOKUP_DIRECTORY) && !S_ISDIR(nd->path.dentry->d_inode->i_mode))
		return -ENOTDIR;
	return 0;
}

int filename_lookup(int dfd, const char *name, unsigned flags, struct path *path)
{
	struct nameidata nd;
	int rc = nd_start(&nd, dfd, name, flags);

	if (rc)
		return rc;
	rc = walk_to_end(&nd, name);
	if (rc)
		nd_drop(&nd);
	else
		nd_finish(&nd, path);
	return rc;
}

int nd_start_parent(struct nameidata *nd, int dfd, const char *name, unsigned flags)
{
	int rc = nd_start(nd, dfd, name, flags);

	if (rc)
		return rc;
	rc = link_path_walk(name, nd);
	if (rc)
		nd_drop(nd);
	return rc;
}

int user_path_at(int dfd, const char __user *uname, unsigned flags, struct path *path)
{
	char *name = getname_flags(uname, flags);
	int rc;

	if (IS_ERR(name))
		return PTR_ERR(name);
	rc = filename_lookup(dfd, name, flags, path);
	putname(name);
	return rc;
}

int kern_path(const char *name, unsigned flags, struct path *path)
{
	return filename_lookup(AT_FDCWD, name, flags, path);
}

struct dentry *lookup_one_len(const char *name, struct dentry *dir, int len)
{
	struct qstr q = qstr_make(name, len);
	struct dentry *d = lookup_cached(dir, &q, 0);

	return d ? d : lookup_uncached(dir, &q, LOOKUP_CREATE);
}
