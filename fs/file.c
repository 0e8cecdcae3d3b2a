/*
 * fs/file.c - open files: allocation, opening, the last reference.
 *
 * MODEL     A file is counted by descriptors, by calls in flight and by mappings.  fput() of the last one
 *           closes it there and then: it may sleep.  Only when closing one file lets go of another (a socket in
 *           whose queue there are sockets in whose queues ...) does the other wait on a list of the task until
 *           the first is closed: the stack does not grow with the chain.
 * INVARIANTS
 *   F1  A regular file that is open for writing counts in i_writecount.
 *   F2  FMODE_* says what may be done; operations need not check again.
 *   F3  A regular file that is open to read only counts in i_readcount.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/file.h"
#include "fs/fasync.h"
#include "fs/epoll.h"
#include "fs/fdtable.h"
#include "fs/leases.h"
#include "fs/namei.h"
#include "kernel/task/cred.h"
#include "lib/errseq.h"
#include "mm/slab/slab.h"

atomic_t nr_files;
unsigned long files_max;
static struct kmem_cache *filp_cache;
static const struct file_operations no_fops;

struct file *alloc_empty_file(int flags)
{
	struct file *f;

	if (unlikely((unsigned long)atomic_inc_return(&nr_files) > files_max && !capable(CAP_SYS_ADMIN)))
		goto undo_count;
	f = kmem_cache_zalloc(filp_cache, GFP_KERNEL);
	if (!f)
		goto undo_count;
	atomic_set(&f->f_count, 1);
	f->f_flags = flags;
	f->f_mode = (flags + 1) & (FMODE_READ | FMODE_WRITE);	/* F2 */
	f->f_op = &no_fops;
	f->f_cred_id = current_cred()->id;
	mutex_init(&f->f_pos_lock, RANK_VFS);
	INIT_LIST_HEAD(&f->f_ep);
	return f;
undo_count:
	atomic_dec(&nr_files);
	return NULL;
}

static void file_free(struct file *f)
{
	if (unlikely(f->f_owner))
		f_owner_free(f);
	kmem_cache_free(filp_cache, f);
	atomic_dec(&nr_files);
}

static bool counts_as_writer(const struct file *f)
{
	return (f->f_mode & FMODE_WRITE) && S_ISREG(f->f_inode->i_mode);
}

static bool counts_as_reader(const struct file *f)
{
	return (f->f_mode & (FMODE_READ | FMODE_WRITE)) == FMODE_READ && S_ISREG(f->f_inode->i_mode);
}

/* What kind of open @f is counts with its inode, and with its mount. */
static int count_open(struct file *f, struct vfsmount *mnt)
{
	int rc;

	if (counts_as_reader(f))
		atomic_inc(&f->f_inode->i_readcount);	/* F3 */
	if (!counts_as_writer(f))
		return 0;
	rc = get_write_access(f->f_inode);		/* F1 */
	if (rc)
		return rc;
	rc = mnt_get_write_access(mnt);
	if (rc)
		put_write_access(f->f_inode);
	return rc;
}

static void uncount_open(struct file *f, struct vfsmount *mnt)
{
	if (counts_as_reader(f)) {
		atomic_dec(&f->f_inode->i_readcount);
	} else if (counts_as_writer(f)) {
		put_write_access(f->f_inode);
		mnt_put_write_access(mnt);
	}
}

/* The last reference is gone. */
static void __fput(struct file *f)
{
	struct inode *inode = f->f_inode;

	if (inode) {
		if (unlikely(!list_empty(&f->f_ep)))
			eventpoll_release(f);
		if (unlikely(!list_empty(&inode->i_flock)))
			locks_remove_file(f);
		if (unlikely(inode->i_leases))
			leases_remove_file(f);
		if (unlikely(f->f_flags & FASYNC) && f->f_op->fasync)
			(void)f->f_op->fasync(-1, f, false);
		if (f->f_op->release)
			f->f_op->release(inode, f);
		uncount_open(f, f->f_path.mnt);
	}
	dput(f->f_path.dentry);
	mntput(f->f_path.mnt);
	file_free(f);
}

/* Close @f, and what that lets go of, one after the other. */
static __noinline void fput_last(struct file *f)
{
	struct task_struct *me = current;

	if (me->in_fput) {
		f->f_put_next = me->fput_list;
		me->fput_list = f;
		return;
	}
	me->in_fput = true;
	__fput(f);
	while (unlikely((f = me->fput_list))) {
		me->fput_list = f->f_put_next;
		__fput(f);
		cond_resched();
	}
	me->in_fput = false;
}

void fput(struct file *f)
{
	if (atomic_dec_and_test(&f->f_count))
		fput_last(f);
}

static void file_set_inode(struct file *f, struct inode *inode)
{
	f->f_inode = inode;
	f->f_mapping = inode->i_mapping;
	f->f_wb_err = errseq_sample(&f->f_mapping->wb_err);
	f->f_sb_err = errseq_sample(&inode->i_sb->s_wb_err);
	if (inode->i_sb->s_ra_pages)
		f->f_ra.ra_pages = READ_ONCE(*inode->i_sb->s_ra_pages);
}

int do_dentry_open(struct file *f, const struct path *path)
{
	struct inode *inode = path->dentry->d_inode;
	int rc;

	if (unlikely(f->f_flags & O_PATH)) {
		f->f_mode = FMODE_PATH;
		f->f_path = *path;
		file_set_inode(f, inode);
		goto done;
	}
	f->f_inode = inode;
	rc = count_open(f, path->mnt);
	if (rc) {
		f->f_inode = NULL;
		return rc;
	}
	f->f_op = inode->i_fop;
	f->f_mode |= FMODE_LSEEK | FMODE_PREAD;
	if (S_ISREG(inode->i_mode) || S_ISDIR(inode->i_mode))
		f->f_mode |= FMODE_ATOMIC_POS;
	if (f->f_flags & FMODE_EXEC_OPEN)
		f->f_mode |= FMODE_EXEC;
	f->f_path = *path;
	file_set_inode(f, inode);
	rc = break_lease(inode, f->f_flags);
	if (!rc && f->f_op->open)
		rc = f->f_op->open(inode, f);
	if (rc)
		goto undo;
	if (unlikely((f->f_flags & O_DIRECT) && !(f->f_mode & FMODE_CAN_ODIRECT))) {
		rc = -EINVAL;
		if (f->f_op->release)
			f->f_op->release(inode, f);
		goto undo;
	}
	if (!f->f_op->llseek)
		f->f_mode &= ~FMODE_LSEEK;
	f->f_flags &= ~(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC | FMODE_EXEC_OPEN);
done:
	path_get(path);
	return 0;
undo:
	uncount_open(f, path->mnt);
	f->f_path = (struct path){ NULL, NULL };
	f->f_inode = NULL;
	return rc;
}

struct file *dentry_open(const struct path *path, int flags)
{
	struct file *f = alloc_empty_file(flags);
	int rc;

	if (!f)
		return ERR_PTR(-ENFILE);
	rc = do_dentry_open(f, path);
	if (rc) {
		file_free(f);
		return ERR_PTR(rc);
	}
	return f;
}

struct file *alloc_file_pseudo(struct inode *inode, struct vfsmount *mnt, const char *name, int flags,
			       const struct file_operations *fops)
{
	struct dentry *d = d_alloc_pseudo(mnt->mnt_sb, name);
	struct file *f;

	if (!d)
		goto undo_inode;
	f = alloc_empty_file(flags);
	if (!f)
		goto undo_dentry;
	d_instantiate(d, inode);
	f->f_path = (struct path){ mntget(mnt), d };
	file_set_inode(f, inode);
	f->f_op = fops;
	if (fops->llseek)
		f->f_mode |= FMODE_LSEEK;
	if (counts_as_writer(f)) {
		atomic_inc(&inode->i_writecount);	/* F1; nobody executes a file that is new */
		atomic_inc(&mnt->mnt_writers);
	} else if (counts_as_reader(f)) {
		atomic_inc(&inode->i_readcount);	/* F3 */
	}
	return f;
undo_dentry:
	dput(d);
undo_inode:
	iput(inode);
	return ERR_PTR(-ENFILE);
}

struct file *filp_open(const char *name, int flags, umode_t mode)
{
	static const u8 acc[4] = { MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE, MAY_READ | MAY_WRITE };
	struct open_flags op = {
		.open_flag = flags | O_LARGEFILE,
		.mode = mode,
		.acc_mode = acc[flags & O_ACCMODE] | MAY_OPEN,
		.lookup_flags = flags & O_DIRECTORY ? LOOKUP_DIRECTORY : 0,
	};

	return do_filp_open(AT_FDCWD, name, &op);
}

struct file *open_exec_at(int dfd, const char *name, unsigned at_flags)
{
	struct open_flags op = {
		.open_flag = O_LARGEFILE | O_RDONLY | FMODE_EXEC_OPEN |
			     (at_flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0),
		.acc_mode = MAY_EXEC | MAY_OPEN,
		.lookup_flags = at_flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0,
	};
	struct file *f = do_filp_open(dfd, name, &op);
	int rc;

	if (IS_ERR(f))
		return f;
	rc = S_ISREG(f->f_inode->i_mode) ? deny_write_access(f) : -EACCES;
	if (rc) {
		fput(f);
		return ERR_PTR(rc);
	}
	return f;
}

struct file *open_exec(const char *name) { return open_exec_at(AT_FDCWD, name, 0); }

int nonseekable_open(__maybe_unused struct inode *inode, struct file *f)
{
	f->f_mode &= ~(FMODE_LSEEK | FMODE_PREAD);
	return 0;
}

int stream_open(__maybe_unused struct inode *inode, struct file *f)
{
	f->f_mode = (f->f_mode & ~(FMODE_LSEEK | FMODE_PREAD)) | FMODE_STREAM;
	return 0;
}

void __init file_init(void)
{
	filp_cache = kmem_cache_create("filp", sizeof(struct file), 0, SLAB_HWCACHE_ALIGN | SLAB_PANIC, NULL);
	files_max = max(totalram_pages() * (PAGE_SIZE / 1024) / 10, 8192ul);
}
