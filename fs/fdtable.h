/*
 * fs/fdtable.h - descriptor tables, and the quick way from a number to a file.
 *
 * MODEL     A table that one task uses needs no lock to be read: only that task changes it, and what
 *           it is doing now is this very call.  So fdget() borrows the file without counting.  When
 *           the table is shared, it counts under the table's lock.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_FDTABLE_H
#define VELLUM_FS_FDTABLE_H

#include "include/fs.h"
#include "kernel/task/task.h"

#define FDPUT_FPUT	1
#define FDPUT_POS	2

struct fd { struct file *file; unsigned flags; };

extern unsigned sysctl_nr_open;
void files_init(void);

/* Tasks: fork, exit, exec, unshare(CLONE_FILES). */
struct files_struct *dup_fd(struct files_struct *old);	/* a copy; ERR_PTR: -ENOMEM, -EMFILE */
void put_files_struct(struct files_struct *files);
void exit_files(struct task_struct *t);
int unshare_files(void);				/* before exec: an own table; 0 or as dup_fd() */
void do_close_on_exec(struct files_struct *files);
bool get_close_on_exec(unsigned fd);			/* of the running task's open number */

/* Numbers: the lowest free one >= @start; flags: O_CLOEXEC. */
int get_unused_fd_flags(unsigned flags);
int alloc_fd(unsigned start, unsigned flags);
void put_unused_fd(unsigned fd);
void fd_install(unsigned fd, struct file *file);	/* takes over the reference */
int close_fd(unsigned fd);
int filp_close(struct file *file, struct files_struct *files);
int replace_fd(unsigned fd, struct file *file, unsigned flags);	/* dup2 */
int receive_fd(struct file *file, unsigned flags);	/* a new number for a counted copy */
/* Descriptors that the table of @t has room for; 0: it has none any more. */
unsigned task_max_fds(struct task_struct *t);
struct file *fget_task(struct task_struct *t, unsigned fd);
/* The first open number >= *fd of @t, counted; NULL when there is none. */
struct file *fget_task_next(struct task_struct *t, unsigned *fd, bool *cloexec);

struct file *__fget_shared(unsigned fd, unsigned refuse);

static __always_inline struct fd __fdget(unsigned fd, unsigned refuse)
{
	struct files_struct *files = current->files;
	struct file *f;

	if (likely(atomic_read(&files->count) == 1)) {
		f = likely(fd < files->max_fds) ? files->fd[fd] : NULL;
		if (unlikely(!f || (f->f_mode & refuse)))
			f = NULL;
		return (struct fd){ f, 0 };
	}
	f = __fget_shared(fd, refuse);
	return (struct fd){ f, f ? FDPUT_FPUT : 0 };
}
static __always_inline struct fd fdget(unsigned fd) { return __fdget(fd, FMODE_PATH); }
static __always_inline struct fd fdget_raw(unsigned fd) { return __fdget(fd, 0); }

/*
 * The same for a call that uses and moves f_pos, whose lock a file with one user does not need; and a file whose
 * reader may wait for another one's write must not have: a terminal, an eventfd.
 */
static __always_inline struct fd fdget_pos(unsigned fd) NO_LOCK_ANALYSIS
{
	struct fd f = fdget(fd);

	if (f.file && (f.file->f_mode & FMODE_ATOMIC_POS) && atomic_read(&f.file->f_count) > 1) {
		mutex_lock(&f.file->f_pos_lock);
		f.flags |= FDPUT_POS;
	}
	return f;
}

static __always_inline void fdput(struct fd f)
{
	if (unlikely(f.flags & FDPUT_FPUT))
		fput(f.file);
}

static __always_inline void fdput_pos(struct fd f) NO_LOCK_ANALYSIS
{
	if (unlikely(f.flags & FDPUT_POS))
		mutex_unlock(&f.file->f_pos_lock);
	fdput(f);
}

#endif
