/*
 * fs/fdtable.c - descriptor tables: numbers, growth, fork, exec and exit.
 *
 * MODEL     A table begins with 64 descriptors inside its own object, and doubles into arrays of its own.
 *           open_fds has a bit for each number in use (also one that is reserved while its file is being
 *           made), close_on_exec for those that exec closes.
 * INVARIANTS
 *   T1  fd[n] set implies bit n of open_fds; bits at and beyond max_fds do not exist.
 *   T2  No number below next_fd is free.
 * LOCKING   files->lock for every change.  Reading without it: only by the one task that uses the
 *           table (fs/fdtable.h); others take the lock and count the file.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/fdtable.h"
#include "fs/file.h"
#include "include/syscall.h"
#include "lib/string.h"
#include "mm/slab/slab.h"

#define NR_OPEN_INLINE	64u
#define BITS		64u

unsigned sysctl_nr_open = 1024 * 1024;

struct files_object {
	struct files_struct files;
	struct file *fd[NR_OPEN_INLINE];
	unsigned long open_fds, close_on_exec;
};

static struct kmem_cache *files_cache;
static struct files_object init_files_object;

static void files_object_setup(struct files_object *o)
{
	atomic_set(&o->files.count, 1);
	spin_lock_init(&o->files.lock, RANK_FILES);
	o->files.max_fds = NR_OPEN_INLINE;
	o->files.next_fd = 0;
	o->files.fd = o->fd;
	o->files.open_fds = &o->open_fds;
	o->files.close_on_exec = &o->close_on_exec;
}

static inline struct files_object *files_object(struct files_struct *files)
{
	return container_of(files, struct files_object, files);
}

static void free_arrays(struct files_struct *files)
{
	if (files->fd != files_object(files)->fd) {
		kvfree(files->fd);
		kvfree(files->open_fds);
	}
}

struct fd_arrays { struct file **fd; unsigned long *open_fds; unsigned max; };

static bool alloc_arrays(struct fd_arrays *a, unsigned max)
{
	a->max = max;
	a->fd = kvzalloc(max * sizeof(*a->fd), GFP_KERNEL);
	if (!a->fd)
		return false;
	a->open_fds = kvzalloc(max / BITS * 2 * sizeof(long), GFP_KERNEL);
	if (!a->open_fds) {
		kvfree(a->fd);
		return false;
	}
	return true;
}

/* Put @a in place of the table's arrays. */
static void install_arrays(struct files_struct *files, struct fd_arrays *a) REQUIRES(files->lock)
{
	unsigned long *cloexec = a->open_fds + a->max / BITS;

	memcpy(a->fd, files->fd, files->max_fds * sizeof(*a->fd));
	memcpy(a->open_fds, files->open_fds, files->max_fds / 8);
	memcpy(cloexec, files->close_on_exec, files->max_fds / 8);
	files->fd = a->fd;
	files->open_fds = a->open_fds;
	files->close_on_exec = cloexec;
	files->max_fds = a->max;
}

/* Room for descriptor @nr.  => files->lock dropped in between; 0, -EMFILE, -ENOMEM */
static int expand_files(struct files_struct *files, unsigned nr) REQUIRES(files->lock)
{
	unsigned long *old_bits;
	struct file **old_fd;
	struct fd_arrays a;

	if (nr >= sysctl_nr_open)
		return -EMFILE;
	spin_unlock(&files->lock);
	if (!alloc_arrays(&a, roundup_pow_of_two(max(nr + 1, 2 * NR_OPEN_INLINE)))) {
		spin_lock(&files->lock);
		return -ENOMEM;
	}
	spin_lock(&files->lock);
	if (files->max_fds >= a.max) {		/* another thread was first */
		kvfree(a.fd);
		kvfree(a.open_fds);
		return 0;
	}
	old_fd = files->fd;
	old_bits = files->open_fds;
	install_arrays(files, &a);
	if (old_fd != files_object(files)->fd) {
		kvfree(old_fd);
		kvfree(old_bits);
	}
	return 0;
}

/* The lowest free number >= @start, or max_fds. */
static unsigned find_next_fd(struct files_struct *files, unsigned start)
{
	unsigned w = start / BITS, n = files->max_fds / BITS;
	unsigned long free;

	if (w >= n)
		return max(start, files->max_fds);
	free = ~files->open_fds[w] & (~0ul << (start % BITS));
	while (!free) {
		if (++w == n)
			return files->max_fds;
		free = ~files->open_fds[w];
	}
	return w * BITS + __builtin_ctzl(free);
}

static inline void fd_bit(unsigned long *map, unsigned fd, bool on)
{
	if (on)
		map[fd / BITS] |= 1ul << (fd % BITS);
	else
		map[fd / BITS] &= ~(1ul << (fd % BITS));
}

static int __alloc_fd(struct files_struct *files, unsigned start, unsigned end, unsigned flags)
{
	unsigned fd;
	int rc = -EMFILE;

	spin_lock(&files->lock);
	for (;;) {
		fd = find_next_fd(files, max(start, files->next_fd));
		if (fd >= end)
			goto out;
		if (fd < files->max_fds)
			break;
		rc = expand_files(files, fd);
		if (rc)
			goto out;
		rc = -EMFILE;
	}
	if (start <= files->next_fd)
		files->next_fd = fd + 1;
	fd_bit(files->open_fds, fd, true);
	fd_bit(files->close_on_exec, fd, flags & O_CLOEXEC);
	INV(T2, find_next_fd(files, 0) >= files->next_fd);
	rc = fd;
out:
	spin_unlock(&files->lock);
	return rc;
}

int alloc_fd(unsigned start, unsigned flags)
{
	return __alloc_fd(current->files, start, min(task_rlimit(RLIMIT_NOFILE), 1ul << 30), flags);
}

int get_unused_fd_flags(unsigned flags) { return alloc_fd(0, flags); }

/* => files->lock held */
static void __put_unused_fd(struct files_struct *files, unsigned fd)
{
	fd_bit(files->open_fds, fd, false);
	if (fd < files->next_fd)
		files->next_fd = fd;
}

void put_unused_fd(unsigned fd)
{
	struct files_struct *files = current->files;

	spin_lock(&files->lock);
	__put_unused_fd(files, fd);
	spin_unlock(&files->lock);
}

void fd_install(unsigned fd, struct file *file)
{
	struct files_struct *files = current->files;

	spin_lock(&files->lock);
	INV(T1, !files->fd[fd]);
	files->fd[fd] = file;
	spin_unlock(&files->lock);
}

int receive_fd(struct file *file, unsigned flags)
{
	int fd = get_unused_fd_flags(flags);

	if (fd >= 0)
		fd_install(fd, get_file(file));
	return fd;
}

int filp_close(struct file *file, struct files_struct *files)
{
	int rc = 0;

	if (file->f_op->flush)
		rc = file->f_op->flush(file);
	if (unlikely(!list_empty(&file->f_inode->i_flock)))
		locks_remove_posix(file, files);
	fput(file);
	return rc;
}

/* Take the file of @fd out.  => files->lock held */
static struct file *pick_file(struct files_struct *files, unsigned fd)
{
	struct file *f = fd < files->max_fds ? files->fd[fd] : NULL;

	if (f) {
		files->fd[fd] = NULL;
		__put_unused_fd(files, fd);
	}
	return f;
}

int close_fd(unsigned fd)
{
	struct files_struct *files = current->files;
	struct file *f;

	spin_lock(&files->lock);
	f = pick_file(files, fd);
	spin_unlock(&files->lock);
	return f ? filp_close(f, files) : -EBADF;
}

SYSCALL_DEFINE1(close, unsigned, fd)
{
	int rc = close_fd(fd);

	/* The descriptor is gone: a restart would close another one. */
	if (rc == -ERESTARTSYS || rc == -ERESTARTNOINTR || rc == -ERESTARTNOHAND)
		rc = -EINTR;
	return rc;
}

#define CLOSE_RANGE_UNSHARE	2u
#define CLOSE_RANGE_CLOEXEC	4u

static void range_cloexec(struct files_struct *files, unsigned fd, unsigned last)
{
	spin_lock(&files->lock);
	for (; fd <= last && fd < files->max_fds; fd++) {
		fd_bit(files->close_on_exec, fd, true);
		if (fd % BITS == 0)
			cond_resched_lock(&files->lock);
	}
	spin_unlock(&files->lock);
}

static void range_close(struct files_struct *files, unsigned fd, unsigned last)
{
	for (; fd <= last && fd < files->max_fds; fd++) {
		struct file *f;

		spin_lock(&files->lock);
		f = pick_file(files, fd);
		spin_unlock(&files->lock);
		if (f)
			filp_close(f, files);
		cond_resched();
	}
}

SYSCALL_DEFINE3(close_range, unsigned, first, unsigned, last, unsigned, flags)
{
	int rc;

	if ((flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)) || first > last)
		return -EINVAL;
	if (flags & CLOSE_RANGE_UNSHARE) {
		rc = unshare_files();
		if (rc)
			return rc;
	}
	if (flags & CLOSE_RANGE_CLOEXEC)
		range_cloexec(current->files, first, last);
	else
		range_close(current->files, first, last);
	return 0;
}

/* ---- looking up ------------------------------------------------------------------------------ */

static struct file *files_get(struct files_struct *files, unsigned fd, unsigned refuse)
{
	struct file *f = NULL;

	spin_lock(&files->lock);
	if (fd < files->max_fds && (f = files->fd[fd])) {
		if (f->f_mode & refuse)
			f = NULL;
		else
			get_file(f);
	}
	spin_unlock(&files->lock);
	return f;
}

struct file *__fget_shared(unsigned fd, unsigned refuse) { return files_get(current->files, fd, refuse); }
struct file *fget(unsigned fd) { return files_get(current->files, fd, FMODE_PATH); }
struct file *fget_raw(unsigned fd) { return files_get(current->files, fd, 0); }

/* Another task's table, counted; NULL when it has none any more. */
static struct files_struct *get_files_struct(struct task_struct *t)
{
	struct files_struct *files;
	unsigned long irq;

	task_lock_irqsave(t, irq);
	files = t->files;
	if (files)
		atomic_inc(&files->count);
	task_unlock_irqrestore(t, irq);
	return files;
}

unsigned task_max_fds(struct task_struct *t)
{
	unsigned long irq;
	unsigned nr;

	task_lock_irqsave(t, irq);
	nr = t->files ? READ_ONCE(t->files->max_fds) : 0;
	task_unlock_irqrestore(t, irq);
	return nr;
}

struct file *fget_task(struct task_struct *t, unsigned fd)
{
	struct files_struct *files = get_files_struct(t);
	struct file *f;

	if (!files)
		return NULL;
	f = files_get(files, fd, 0);
	put_files_struct(files);
	return f;
}

struct file *fget_task_next(struct task_struct *t, unsigned *fd, bool *cloexec)
{
	struct files_struct *files = get_files_struct(t);
	struct file *f = NULL;

	if (!files)
		return NULL;
	spin_lock(&files->lock);
	for (; *fd < files->max_fds && !f; ++*fd)
		f = files->fd[*fd];
	if (f) {
		--*fd;
		get_file(f);
		if (cloexec)
			*cloexec = files->close_on_exec[*fd / BITS] >> (*fd % BITS) & 1;
	}
	spin_unlock(&files->lock);
	put_files_struct(files);
	return f;
}

/* ---- fork, exec, exit ------------------------------------------------------------------------ */

/*
 * Copy what is open of @old, whose lock is held (and let go in between where that changes nothing), into @new,
 * which has room for it.  A number that another thread
 * reserves for a file that it is opening is free in the copy (T2).
 */
static void copy_fds(struct files_struct *new, struct files_struct *old)
{
	unsigned words = min(old->max_fds, new->max_fds) / BITS;

	new->next_fd = old->next_fd <= new->max_fds ? old->next_fd : 0;
	for (unsigned w = 0; w < words; w++) {
		unsigned long open = old->open_fds[w], kept = open;
		unsigned fd = w * BITS;

		/* Bit by bit: descriptors lie close together, and to find the next bit is a call on many harts. */
		for (unsigned long m = open; m; m >>= 1, fd++) {
			struct file *f = old->fd[fd];

			if (!(m & 1))
				continue;
			if (likely(f)) {
				new->fd[fd] = get_file(f);
				continue;
			}
			kept &= ~(1ul << fd % BITS);
			new->next_fd = min(new->next_fd, fd);
		}
		new->open_fds[w] = kept;
		new->close_on_exec[w] = old->close_on_exec[w] & kept;
		if (atomic_read(&old->count) == 1)	/* nobody else opens or closes: others only look */
			cond_resched_lock(&old->lock);
	}
}

/* Descriptors that a copy of @files needs room for: up to the last open one. */
static unsigned fds_needed(struct files_struct *files)
{
	unsigned w = files->max_fds / BITS;

	while (w > 1 && !files->open_fds[w - 1])
		w--;
	return w * BITS;
}

struct files_struct *dup_fd(struct files_struct *old)
{
	struct files_object *o = kmem_cache_zalloc(files_cache, GFP_KERNEL);
	struct fd_arrays a;
	unsigned need;

	if (!o)
		return ERR_PTR(-ENOMEM);
	files_object_setup(o);
	spin_lock(&old->lock);
	while (unlikely((need = fds_needed(old)) > o->files.max_fds)) {
		bool allowed = need <= ALIGN(READ_ONCE(sysctl_nr_open), BITS);

		spin_unlock(&old->lock);
		free_arrays(&o->files);
		if (!allowed || !alloc_arrays(&a, roundup_pow_of_two(need))) {
			kmem_cache_free(files_cache, o);
			return ERR_PTR(allowed ? -ENOMEM : -EMFILE);
		}
		o->files.fd = a.fd;
		o->files.open_fds = a.open_fds;
		o->files.close_on_exec = a.open_fds + a.max / BITS;
		o->files.max_fds = a.max;
		spin_lock(&old->lock);
	}
	copy_fds(&o->files, old);
	spin_unlock(&old->lock);
	return &o->files;
}

void put_files_struct(struct files_struct *files)
{
	if (!atomic_dec_and_test(&files->count))
		return;
	for (unsigned w = 0; w < files->max_fds / BITS; w++) {
		struct file **fd = &files->fd[w * BITS];

		if (w)		/* who has few is through before its parent, which it may have woken, runs */
			cond_resched();
		for (unsigned long m = files->open_fds[w]; m; m >>= 1, fd++)
			if (m & 1 && *fd)
				filp_close(*fd, files);
	}
	free_arrays(files);
	kmem_cache_free(files_cache, files_object(files));
}

static void set_task_files(struct task_struct *t, struct files_struct *files)
{
	struct files_struct *old;
	unsigned long irq;

	task_lock_irqsave(t, irq);
	old = t->files;
	t->files = files;
	task_unlock_irqrestore(t, irq);
	if (old)
		put_files_struct(old);
}

void exit_files(struct task_struct *t)
{
	set_task_files(t, NULL);
}

int unshare_files(void)
{
	struct files_struct *new;

	if (atomic_read(&current->files->count) == 1)
		return 0;
	new = dup_fd(current->files);
	if (IS_ERR(new))
		return PTR_ERR(new);
	set_task_files(current, new);
	return 0;
}

bool get_close_on_exec(unsigned fd)
{
	struct files_struct *files = current->files;
	bool set;

	spin_lock(&files->lock);
	set = fd < files->max_fds && (files->close_on_exec[fd / 64] >> (fd % 64) & 1);
	spin_unlock(&files->lock);
	return set;
}

void do_close_on_exec(struct files_struct *files)
{
	spin_lock(&files->lock);
	for (unsigned w = 0; w < files->max_fds / BITS; w++) {
		unsigned long m = files->close_on_exec[w];

		files->close_on_exec[w] = 0;
		for (; m; m &= m - 1) {
			struct file *f = pick_file(files, w * BITS + __builtin_ctzl(m));

			if (!f)
				continue;
			spin_unlock(&files->lock);
			filp_close(f, files);
			cond_resched();
			spin_lock(&files->lock);
		}
	}
	spin_unlock(&files->lock);
}

/* ---- dup ------------------------------------------------------------------------------------- */

SYSCALL_DEFINE1(dup, unsigned, oldfd)
{
	struct file *f = fget_raw(oldfd);
	int fd;

	if (!f)
		return -EBADF;
	fd = get_unused_fd_flags(0);
	if (fd >= 0)
		fd_install(fd, f);
	else
		fput(f);
	return fd;
}

/* Make @fd mean @file, one reference to which is taken over; what it meant is closed. */
static int do_dup2(struct files_struct *files, struct file *file, unsigned fd, unsigned flags)
{
	struct file *old;
	int rc = 0;

	spin_lock(&files->lock);
	while (fd >= files->max_fds && !rc)
		rc = expand_files(files, fd);
	old = rc ? NULL : files->fd[fd];
	if (!rc && !old && (files->open_fds[fd / BITS] >> (fd % BITS) & 1))
		rc = -EBUSY;		/* being opened by another thread */
	if (rc) {
		spin_unlock(&files->lock);
		fput(file);
		return rc;
	}
	files->fd[fd] = file;
	fd_bit(files->open_fds, fd, true);
	fd_bit(files->close_on_exec, fd, flags & O_CLOEXEC);
	spin_unlock(&files->lock);
	if (old)
		filp_close(old, files);
	return fd;
}

int replace_fd(unsigned fd, struct file *file, unsigned flags)
{
	if (fd >= task_rlimit(RLIMIT_NOFILE))
		return -EBADF;
	return do_dup2(current->files, get_file(file), fd, flags);
}

SYSCALL_DEFINE3(dup3, unsigned, oldfd, unsigned, newfd, int, flags)
{
	struct file *f;

	if ((flags & ~O_CLOEXEC) || oldfd == newfd)
		return -EINVAL;
	if (newfd >= task_rlimit(RLIMIT_NOFILE))
		return -EBADF;
	f = fget_raw(oldfd);
	if (!f)
		return -EBADF;
	return do_dup2(current->files, f, newfd, flags);
}

void __init files_init(void)
{
	files_cache = kmem_cache_create("files_cache", sizeof(struct files_object), 0,
					SLAB_HWCACHE_ALIGN | SLAB_PANIC, NULL);
	files_object_setup(&init_files_object);
	current->files = &init_files_object.files;
}
