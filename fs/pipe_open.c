/*
 * fs/pipe_open.c - opening the ends of pipes and FIFOs; pipe2(2).
 *
 * MODEL     A FIFO's pipe lives from its first open file to its last.  An end that is opened waits until the
 *           other has been opened since (r_counter, w_counter): the partner may be gone again by then.
 *           A pipe(2) is an inode of a file system that nobody mounts, with both ends open from the start.
 * LOCKING   inode->i_lock for i_pipe and pipe->files; pipe->mutex for the rest.
 * TESTS     test/user/t_pipe.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/pipe.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/libfs.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "include/uapi/statfs.h"
#include "kernel/task/cred.h"
#include "lib/vsprintf.h"

static struct vfsmount *pipe_mnt;

/* ---- FIFOs ----------------------------------------------------------------------------------- */

/* Wait until *@counter moves: the other end was opened, and maybe closed again. */
static int wait_for_partner(struct pipe_inode_info *p, wait_queue_head_t *q, unsigned *counter)
	REQUIRES(p->mutex)
{
	unsigned seen = *counter;

	while (*counter == seen) {
		int rc = pipe_sleep(p, q);

		if (rc)
			return rc;
	}
	return 0;
}

/* Opened again through /proc/PID/fd, a pipe(2) never waits for its other end. */
static bool is_fifo(const struct file *f)
{
	return f->f_inode->i_sb->s_magic != PIPEFS_MAGIC;
}

static int fifo_open_read(struct file *f, struct pipe_inode_info *p) REQUIRES(p->mutex)
{
	p->r_counter++;
	if (!p->readers++)
		wake_up_all(&p->wr_wait);
	if (p->writers || !is_fifo(f))
		return 0;
	if (f->f_flags & O_NONBLOCK) {
		f->f_ra.size = p->w_counter;	/* see pipe_poll() */
		return 0;
	}
	return wait_for_partner(p, &p->rd_wait, &p->w_counter);
}

static int fifo_open_write(struct file *f, struct pipe_inode_info *p) REQUIRES(p->mutex)
{
	bool alone = !p->readers && is_fifo(f);

	if ((f->f_flags & O_NONBLOCK) && alone)
		return -ENXIO;
	p->w_counter++;
	if (!p->writers++)
		wake_up_all(&p->rd_wait);
	return !alone ? 0 : wait_for_partner(p, &p->wr_wait, &p->r_counter);
}

static int fifo_open_ends(struct file *f, struct pipe_inode_info *p) REQUIRES(p->mutex)
{
	int rc;

	switch (f->f_mode & (FMODE_READ | FMODE_WRITE)) {
	case FMODE_READ:
		rc = fifo_open_read(f, p);
		if (rc && !--p->readers)
			wake_up_all(&p->wr_wait);
		return rc;
	case FMODE_WRITE:
		rc = fifo_open_write(f, p);
		if (rc && rc != -ENXIO && !--p->writers)
			wake_up_all(&p->rd_wait);
		return rc;
	case FMODE_READ | FMODE_WRITE:
		p->readers++;
		p->writers++;
		p->r_counter++;
		p->w_counter++;
		wake_up_all(&p->rd_wait);
		wake_up_all(&p->wr_wait);
		return 0;
	}
	return -EINVAL;
}

/* The pipe of @inode, one more open file of it, if there is one already. */
static struct pipe_inode_info *find_pipe_info(struct inode *inode)
{
	struct pipe_inode_info *p;

	spin_lock(&inode->i_lock);
	p = inode->i_pipe;
	if (p)
		p->files++;
	spin_unlock(&inode->i_lock);
	return p;
}

static struct pipe_inode_info *find_or_make_pipe_info(struct inode *inode)
{
	struct pipe_inode_info *p = find_pipe_info(inode), *fresh;

	if (p)
		return p;
	fresh = alloc_pipe_info();
	if (!fresh)
		return NULL;
	spin_lock(&inode->i_lock);
	p = inode->i_pipe;
	if (!p) {
		p = inode->i_pipe = fresh;
		fresh = NULL;
	}
	p->files++;
	spin_unlock(&inode->i_lock);
	if (fresh)
		free_pipe_info(fresh);
	return p;
}

int fifo_open(struct inode *inode, struct file *f)
{
	struct pipe_inode_info *p = find_or_make_pipe_info(inode);
	int rc;

	if (!p)
		return -ENOMEM;
	f->private_data = p;
	stream_open(inode, f);
	mutex_lock(&p->mutex);
	rc = fifo_open_ends(f, p);
	mutex_unlock(&p->mutex);
	if (rc)
		put_pipe_info(inode, p);
	return rc;
}

/* ---- pipe2(2) -------------------------------------------------------------------------------- */

static struct inode *pipe_inode(void)
{
	struct inode *inode = new_inode(pipe_mnt->mnt_sb);
	struct pipe_inode_info *p;

	if (!inode)
		return NULL;
	p = alloc_pipe_info();
	if (!p) {
		iput(inode);
		return NULL;
	}
	p->files = 2;
	p->readers = p->writers = 1;
	inode->i_pipe = p;
	inode->i_mode = S_IFIFO | S_IRUSR | S_IWUSR;
	inode->i_uid = current_fsuid();
	inode->i_gid = current_fsgid();
	inode->i_fop = &pipefifo_fops;
	return inode;
}

static struct file *pipe_end(struct file *other, int flags)
{
	struct file *f = alloc_empty_file(flags);

	if (!f)
		return NULL;
	f->f_path = other->f_path;
	path_get(&f->f_path);
	f->f_inode = other->f_inode;
	f->f_mapping = other->f_mapping;
	f->f_op = &pipefifo_fops;
	return f;
}

int create_pipe_files(struct file **res, int flags)
{
	struct inode *inode = pipe_inode();
	struct pipe_inode_info *p;
	struct file *w, *r;

	if (!inode)
		return -ENFILE;
	p = inode->i_pipe;
	w = alloc_file_pseudo(inode, pipe_mnt, "", O_WRONLY | (flags & (O_NONBLOCK | O_DIRECT)), &pipefifo_fops);
	if (IS_ERR(w)) {
		free_pipe_info(p);
		return PTR_ERR(w);
	}
	w->private_data = p;
	stream_open(inode, w);
	r = pipe_end(w, O_RDONLY | (flags & O_NONBLOCK));
	if (!r) {
		p->files = 1;
		p->readers = 0;
		fput(w);
		return -ENFILE;
	}
	r->private_data = p;
	stream_open(inode, r);
	r->f_mode |= FMODE_NOWAIT;
	w->f_mode |= FMODE_NOWAIT;
	res[0] = r;
	res[1] = w;
	return 0;
}

int do_pipe_flags(int *fd, int flags)
{
	struct file *files[2];
	int rc;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -EINVAL;
	rc = create_pipe_files(files, flags);
	if (rc)
		return rc;
	fd[0] = rc = get_unused_fd_flags(flags);
	if (rc < 0)
		goto undo_files;
	fd[1] = rc = get_unused_fd_flags(flags);
	if (rc < 0)
		goto undo_fd;
	fd_install(fd[0], files[0]);
	fd_install(fd[1], files[1]);
	return 0;
undo_fd:
	put_unused_fd(fd[0]);
undo_files:
	fput(files[0]);
	fput(files[1]);
	return rc;
}

SYSCALL_DEFINE2(pipe2, int __user *, ufd, int, flags)
{
	int fd[2];
	int rc = do_pipe_flags(fd, flags);

	if (rc)
		return rc;
	if (copy_to_user(ufd, fd, sizeof(fd))) {
		close_fd(fd[0]);
		close_fd(fd[1]);
		return -EFAULT;
	}
	return 0;
}

static void pipe_dname(struct dentry *d, char *buf, size_t n)
{
	snprintf(buf, n, "pipe:[%lu]", (unsigned long)d->d_inode->i_ino);
}
static const struct dentry_operations pipe_dentry_ops = { .dname = pipe_dname };

void __init pipe_init(void)
{
	pipe_cache_init();
	pipe_mnt = pseudo_mount("pipefs", PIPEFS_MAGIC, &pipe_dentry_ops, NULL);
}
